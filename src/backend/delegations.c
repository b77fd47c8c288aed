#include "backend/delegations.h"
#include "backend/handin.h"
#include "backend/revocation.h"
#include "base/json_write.h"
#include "base/time.h"

/* A text of INTAKE_MAX_BYTES, each of which may be written as \u0022, and what stands around it. */
enum { POST_BODY_MAX = 6 * INTAKE_MAX_BYTES + 4096, ANSWER_MAX = 4096 };

static void put_expiry(struct errand *errand, struct json_writer *writer, struct deputy_time expires)
{
    struct buf out = buf_make(errand->arena, 64);
    struct deputy_slice text;
    json_key(writer, "expiresAt");
    time_put_iso(&out, expires);
    if (buf_finish(&out, &text) == DEPUTY_OK)
        json_text(writer, text);
    else
        buf_fail(writer->out, out.error);
}

/* {"status", "expiresAt", "activation"}; the last two NULL for none. */
static void answer_state(
        struct errand *errand, const char *status, const struct deputy_time *expires, const char *activation)
{
    struct buf out = buf_make(errand->arena, ANSWER_MAX);
    struct json_writer writer = json_writer_make(&out);
    json_object_begin(&writer);
    json_key(&writer, "status");
    json_text_z(&writer, status);
    if (expires != NULL) {
        put_expiry(errand, &writer, *expires);
    } else {
        json_key(&writer, "expiresAt");
        json_null(&writer);
    }
    if (activation != NULL) {
        json_key(&writer, "activation");
        json_text_z(&writer, activation);
    }
    json_object_end(&writer);
    frame_answer(errand->x, 200, &out);
}

/* ---- POST ---- */

static const struct frame_error invalid_delegation = {
        400, "invalid_delegation", "Failed to process delegation", DEPUTY_E_ARGUMENT};
static const struct frame_error too_short = {400, "delegation_expired_at_grant",
        "Delegation is already expired or expires too soon to store. Create a fresh delegation and try "
        "again.",
        DEPUTY_E_GRANT_SHORT};
static const struct frame_error overtaken = {409, "delegation_overtaken",
        "A newer grant, or its withdrawal, came first", DEPUTY_E_GRANT_OVERTAKEN};
static const struct frame_error store_error = {
        503, "store_error", "The delegation could not be stored", DEPUTY_E_STORE_IO};

static bool is_of_backend(enum deputy_error error)
{
    return error == DEPUTY_E_NOMEM || error == DEPUTY_E_INTERNAL;
}

/* The owner's own fault is one code, whatever it is: the log has the reason. */
static const struct frame_error *error_of(const struct handin *handin)
{
    if (is_of_backend(handin->result))
        return &frame_internal;
    if (handin->result == DEPUTY_E_GRANT_SHORT)
        return &too_short;
    if (handin->result == DEPUTY_E_GRANT_OVERTAKEN)
        return &overtaken;
    return handin->ours ? &store_error : &invalid_delegation;
}

static void post_told(struct handin *handin)
{
    if (handin->result == DEPUTY_OK)
        answer_state(
                &handin->errand, "active", &handin->taken.expires, handin->pending ? "pending" : "active");
    else
        frame_refuse_for(handin->errand.x, error_of(handin), handin->result);
}

static enum http_flow answer_post(
        struct http_exchange *x, struct backend_loop *on, const struct frame_request *request)
{
    static const struct frame_error no_text = {
            400, "invalid_body", "Request body must include a 'serialized' string field", DEPUTY_E_JSON_TYPE};
    struct deputy_slice serialized;
    if (json_to_text(&serialized, json_member(request->body, "serialized")) != DEPUTY_OK ||
            serialized.len == 0)
        return frame_refuse(x, &no_text);
    struct handin *handin = errand_begin(x, on, request, sizeof *handin);
    if (handin == NULL)
        return HTTP_DONE;
    handin->serialized = serialized;
    handin->told = post_told;
    return handin_run(handin);
}

/* ---- status ---- */

struct asking {
    struct errand errand;
    struct grant found;
    struct session *used; /* until it was withdrawn; NULL: nothing */
    enum deputy_error result;
};

static void status_find(void *ctx)
{
    struct asking *asking = ctx;
    asking->result = handin_find(&asking->errand, &asking->found);
}

static void status_found(void *ctx)
{
    static const struct frame_error failed = {
            500, "status_check_failed", "Failed to check delegation status", DEPUTY_E_STORE_IO};
    struct asking *asking = ctx;
    struct errand *errand = &asking->errand;
    if (asking->result != DEPUTY_OK)
        frame_refuse_for(errand->x, &failed, asking->result);
    else if (asking->found.state == GRANT_ACTIVE)
        answer_state(errand, "active", &asking->found.expires, NULL);
    else if (asking->found.state == GRANT_EXPIRED)
        answer_state(errand, "expired", &asking->found.expires, NULL);
    else
        answer_state(errand, "none", NULL, NULL);
    errand_end(errand);
}

static enum http_flow answer_status(
        struct http_exchange *x, struct backend_loop *on, const struct frame_request *request)
{
    struct asking *asking = errand_begin(x, on, request, sizeof *asking);
    return asking == NULL ? HTTP_DONE : errand_run(&asking->errand, status_find, status_found);
}

/* ---- DELETE ---- */

static void withdraw(void *ctx)
{
    struct asking *asking = ctx;
    asking->result = handin_withdraw(&asking->errand, &asking->used);
}

/* Whatever the node says to that. */
static void withdrawn(void *ctx)
{
    static const struct frame_error failed = {
            500, "revoke_failed", "Failed to revoke delegation", DEPUTY_E_STORE_IO};
    struct asking *asking = ctx;
    if (asking->result != DEPUTY_OK)
        frame_refuse_for(asking->errand.x, &failed, asking->result);
    else
        answer_state(&asking->errand, "none", NULL, NULL);
    errand_end(&asking->errand);
}

/* The record is gone, so the answer is certain; it waits for the node for a little while. */
static void take_back(void *ctx)
{
    struct asking *asking = ctx;
    struct session *used = asking->used;
    bool follows = used != NULL && revocation_begin(asking->errand.on, used, used->count, withdrawn, asking);
    if (used != NULL)
        session_release(used);
    if (!follows)
        withdrawn(asking);
}

static enum http_flow answer_delete(
        struct http_exchange *x, struct backend_loop *on, const struct frame_request *request)
{
    struct asking *asking = errand_begin(x, on, request, sizeof *asking);
    return asking == NULL ? HTTP_DONE : errand_run(&asking->errand, withdraw, take_back);
}

static const struct frame_route routes[] = {
        {HTTP_METHOD_POST, "/api/delegations", FRAME_WRITE, FRAME_OWNERS, POST_BODY_MAX, answer_post},
        {HTTP_METHOD_DELETE, "/api/delegations", FRAME_WRITE, FRAME_OWNERS, 0, answer_delete},
        {HTTP_METHOD_GET, "/api/delegations/status", FRAME_GENERAL, FRAME_OWNERS, 0, answer_status},
};

const struct frame_table delegation_routes = {routes, sizeof routes / sizeof routes[0]};
