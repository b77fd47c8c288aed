#include "backend/workspace.h"
#include "backend/handin.h"
#include "backend/public.h"
#include "backend/session.h"
#include "base/json_write.h"
#include "base/time.h"
#include "grant/text.h"

enum { ANSWER_MAX = 64 * 1024 };

enum readable { READABLE_UNKNOWN, READABLE_YES, READABLE_NO };

struct looking;

struct look_secret {
    struct looking *looking;
    enum readable readable;
    enum deputy_error error; /* when it is unknown and was asked for */
};

/* One request. It ends when it was answered and nobody will call back any more. */
struct looking {
    struct errand errand;
    struct grant found;
    enum deputy_error result;
    const char *activation;
    enum deputy_error fault; /* of taking the grant into use */
    struct loop_timer *timer;
    size_t awaited; /* callbacks */
    bool answered;
    struct look_secret secrets[WORKSPACE_SECRETS_MAX];
};

enum deputy_error workspace_secret_read(struct workspace_secret *out, struct deputy_slice text)
{
    size_t equals = text_find(text, '=');
    struct deputy_slice place = text_after(text, equals < text.len ? equals + 1 : text.len);
    size_t slash = text_find(place, '/');
    *out = (struct workspace_secret){.label = deputy_slice_bytes(text.ptr, equals), .name = place};
    if (slash < place.len) {
        out->scope = deputy_slice_bytes(place.ptr, slash);
        out->name = text_after(place, slash + 1);
    }
    bool whole = out->label.len > 0 && out->name.len > 0 && (slash == place.len || out->scope.len > 0);
    return whole ? DEPUTY_OK : DEPUTY_E_ARGUMENT;
}

/* ---- the answer ---- */

static const char *state_name(enum grant_state state)
{
    static const char *const names[] = {[GRANT_NONE] = "none",
            [GRANT_EXPIRED] = "expired",
            [GRANT_STALE] = "stale",
            [GRANT_ACTIVE] = "active"};
    return names[state];
}

static void put_error(struct json_writer *writer, enum deputy_error error)
{
    if (error == DEPUTY_OK)
        return;
    json_key(writer, "error");
    json_text_z(writer, deputy_error_info(error)->name);
}

static void put_delegation(struct json_writer *writer, const struct looking *looking)
{
    bool active = looking->found.state == GRANT_ACTIVE;
    struct buf time = buf_make(looking->errand.arena, 64);
    struct deputy_slice text;
    json_key(writer, "delegation");
    json_object_begin(writer);
    json_key(writer, "status");
    json_text_z(writer, state_name(looking->found.state));
    json_key(writer, "stored");
    json_bool(writer, active);
    json_key(writer, "validPolicy");
    json_bool(writer, active);
    json_key(writer, "expiresAt");
    time_put_iso(&time, looking->found.expires);
    if (looking->found.state == GRANT_NONE || buf_finish(&time, &text) != DEPUTY_OK)
        json_null(writer);
    else
        json_text(writer, text);
    json_key(writer, "activation");
    json_text_z(writer, looking->activation);
    put_error(writer, looking->fault);
    json_object_end(writer);
}

static void put_secrets(struct json_writer *writer, const struct looking *looking)
{
    const struct workspace_state *state = &looking->errand.on->backend->public_of->workspace;
    json_key(writer, "backendReadableSecrets");
    json_object_begin(writer);
    for (size_t i = 0; i < state->count; i++) {
        const struct look_secret *secret = &looking->secrets[i];
        json_key_slice(writer, state->secrets[i].label);
        json_object_begin(writer);
        json_key(writer, "readable");
        if (secret->readable == READABLE_UNKNOWN)
            json_null(writer);
        else
            json_bool(writer, secret->readable == READABLE_YES);
        put_error(writer, secret->error);
        json_object_end(writer);
    }
    json_object_end(writer);
}

/* What an application of its own would know; the backend alone does not look into its data. */
static void put_application(struct json_writer *writer)
{
    json_key(writer, "googleMeet");
    json_object_begin(writer);
    json_key(writer, "available");
    json_bool(writer, false);
    json_key(writer, "connected");
    json_null(writer);
    json_object_end(writer);
    json_key(writer, "conversations");
    json_object_begin(writer);
    json_key(writer, "hasAny");
    json_null(writer);
    json_key(writer, "total");
    json_null(writer);
    json_object_end(writer);
}

static void looking_answer(struct looking *looking)
{
    struct buf out = buf_make(looking->errand.arena, ANSWER_MAX);
    struct json_writer writer = json_writer_make(&out);
    looking->answered = true;
    json_object_begin(&writer);
    put_delegation(&writer, looking);
    put_secrets(&writer, looking);
    put_application(&writer);
    json_object_end(&writer);
    http_reply_header(looking->errand.x, "Cache-Control", deputy_slice_text("no-store"));
    frame_answer(looking->errand.x, 200, &out);
}

/* After each call back: the last one ends the errand. */
static void looking_settle(struct looking *looking)
{
    if (looking->awaited > 0)
        return;
    if (!looking->answered)
        looking_answer(looking);
    loop_timer_destroy(looking->timer);
    errand_end(&looking->errand);
}

/* ---- the secrets ---- */

static void secret_told(void *ctx, const struct backend_fault *fault, struct deputy_slice plaintext)
{
    struct look_secret *secret = ctx;
    struct looking *looking = secret->looking;
    (void)plaintext;
    if (fault == NULL)
        secret->readable = READABLE_YES;
    else if (fault->refusal.code == DEPUTY_E_SECRET_ABSENT)
        secret->readable = READABLE_NO;
    else
        secret->error = fault->refusal.code;
    looking->awaited--;
    looking_settle(looking);
}

static void secrets_ask(struct looking *looking)
{
    const struct errand *errand = &looking->errand;
    const struct workspace_state *state = &errand->on->backend->public_of->workspace;
    for (size_t i = 0; i < state->count; i++) {
        struct look_secret *secret = &looking->secrets[i];
        secret->looking = looking;
        secret->error = backend_secret_get(errand->on, errand->arena, errand->owner, state->secrets[i].name,
                state->secrets[i].scope, secret_told, secret);
        if (secret->error == DEPUTY_OK)
            looking->awaited++;
    }
}

/* ---- the grant ---- */

static void opened(void *ctx, const struct backend_fault *fault, struct session *session)
{
    struct looking *looking = ctx;
    looking->awaited--;
    loop_timer_stop(looking->timer);
    if (fault == NULL) {
        session_release(session);
        looking->activation = "active";
    } else {
        looking->activation = "failed";
        looking->fault = fault->refusal.code;
    }
    if (fault == NULL && !looking->answered)
        secrets_ask(looking);
    looking_settle(looking);
}

/* A node that takes its time does not keep the page waiting. */
static void waited_enough(void *ctx)
{
    struct looking *looking = ctx;
    looking->activation = "failed";
    looking->fault = DEPUTY_E_GATEWAY_TIMEOUT;
    looking_answer(looking);
}

static void grant_open(struct looking *looking)
{
    const struct errand *errand = &looking->errand;
    looking->fault = loop_timer_create(&looking->timer, errand->on->loop, waited_enough, looking);
    if (looking->fault == DEPUTY_OK)
        looking->fault = session_open(errand->on, errand->owner, opened, looking);
    if (looking->fault != DEPUTY_OK) {
        looking->activation = "failed";
        return;
    }
    looking->awaited++;
    loop_timer_start(looking->timer, WORKSPACE_WAIT_MS, 0);
}

static void looked(void *ctx)
{
    static const struct frame_error failed = {
            500, "workspace_state_failed", "Failed to load workspace state", DEPUTY_E_STORE_IO};
    struct looking *looking = ctx;
    if (looking->result != DEPUTY_OK) {
        frame_refuse_for(looking->errand.x, &failed, looking->result);
        errand_end(&looking->errand);
        return;
    }
    if (looking->found.state == GRANT_ACTIVE)
        grant_open(looking);
    looking_settle(looking);
}

static void look(void *ctx)
{
    struct looking *looking = ctx;
    looking->result = handin_find(&looking->errand, &looking->found);
}

static enum http_flow answer_workspace(
        struct http_exchange *x, struct backend_loop *on, const struct frame_request *request)
{
    struct looking *looking = errand_begin(x, on, request, sizeof *looking);
    if (looking == NULL)
        return HTTP_DONE;
    looking->activation = "unknown";
    return errand_run(&looking->errand, look, looked);
}

static const struct frame_route routes[] = {
        {HTTP_METHOD_GET, "/api/workspace-state", FRAME_GENERAL, FRAME_OWNERS, 0, answer_workspace},
};

const struct frame_table workspace_routes = {routes, sizeof routes / sizeof routes[0]};
