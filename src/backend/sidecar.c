#include "backend/sidecar.h"
#include "backend/answer.h"
#include "backend/handin.h"
#include "backend/public.h"
#include "backend/session.h"
#include "base/arena.h"
#include "base/codec.h"
#include "base/json_write.h"
#include "base/try.h"

enum { BODY_MAX = 6 * INTAKE_MAX_BYTES + 4096, ANSWER_MAX = 64 * 1024 };

/* ---- how it answers ---- */

static void put_cors(struct http_exchange *x)
{
    http_reply_header(x, "Access-Control-Allow-Origin", deputy_slice_text("*"));
    http_reply_header(x, "Access-Control-Allow-Methods", deputy_slice_text("POST, GET, OPTIONS"));
    http_reply_header(x, "Access-Control-Allow-Headers", deputy_slice_text("Content-Type"));
    http_reply_header(x, "Access-Control-Max-Age", deputy_slice_text("600"));
}

/* {"error": {"code", "message"}} */
static enum http_flow refuse(struct http_exchange *x, int status, const char *code,
        struct deputy_slice message, enum deputy_error reason)
{
    struct buf out = buf_make(http_arena(x), ANSWER_MAX);
    struct json_writer writer = json_writer_make(&out);
    http_set_reason(x, reason);
    json_object_begin(&writer);
    json_key(&writer, "error");
    json_object_begin(&writer);
    json_key(&writer, "code");
    json_text_z(&writer, code);
    json_key(&writer, "message");
    json_text(&writer, message);
    json_object_end(&writer);
    json_object_end(&writer);
    return frame_answer(x, status, &out);
}

static enum http_flow preflight(
        struct http_exchange *x, struct backend_loop *on, const struct frame_request *request)
{
    (void)on;
    (void)request;
    put_cors(x);
    http_reply(x, 204, NULL, deputy_slice_text(""));
    return HTTP_DONE;
}

static enum http_flow answer_info(
        struct http_exchange *x, struct backend_loop *on, const struct frame_request *request)
{
    (void)request;
    put_cors(x);
    http_reply(x, 200, FRAME_JSON, on->backend->info.body);
    return HTTP_DONE;
}

/* ---- whose grant ---- */

struct asking {
    struct errand errand;
    struct sidecar_look look;
    enum deputy_error result;
};

static void look(void *ctx)
{
    struct asking *asking = ctx;
    struct backend *backend = asking->errand.on->backend;
    asking->result = sidecar_look(asking->errand.arena, &asking->look, backend, &backend->public_of->sidecar);
}

/* ---- GET /health ---- */

static void health_looked(void *ctx)
{
    struct asking *asking = ctx;
    struct backend *backend = asking->errand.on->backend;
    struct buf out = buf_make(asking->errand.arena, ANSWER_MAX);
    struct json_writer writer = json_writer_make(&out);
    struct buf refresh = buf_make(asking->errand.arena, ANSWER_MAX);
    struct json_writer nested = json_writer_make(&refresh);
    enum deputy_error error = sidecar_put_state(&nested, "refresh", &backend->public_of->sidecar);
    struct deputy_slice text = {NULL, 0};
    if (asking->result != DEPUTY_OK)
        error = asking->result;
    json_object_begin(&writer);
    json_key(&writer, "ok");
    json_bool(&writer, error == DEPUTY_OK);
    json_key(&writer, "agentDid");
    json_text(&writer, backend_identity_did(backend->identity));
    json_key(&writer, "hasDelegation");
    json_bool(&writer, asking->look.found);
    sidecar_put_ms(&writer, "lastGrantAt", asking->look.found ? sidecar_ms(asking->look.grant.granted) : 0);
    sidecar_put_error(&writer, error);
    if (buf_finish(&refresh, &text) == DEPUTY_OK) {
        buf_put_byte(&out, ',');
        buf_put(&out, text);
    }
    json_object_end(&writer);
    frame_answer(asking->errand.x, 200, &out);
    errand_end(&asking->errand);
}

static enum http_flow answer_health(
        struct http_exchange *x, struct backend_loop *on, const struct frame_request *request)
{
    put_cors(x);
    struct asking *asking = errand_begin(x, on, request, sizeof *asking);
    return asking == NULL ? HTTP_DONE : errand_run(&asking->errand, look, health_looked);
}

/* ---- POST /delegation ---- */

static void owner_note(const struct errand *errand)
{
    const struct backend *backend = errand->on->backend;
    struct sidecar_state *state = &backend->public_of->sidecar;
    sidecar_name(state, errand->owner);
    sidecar_note_begin(state, backend_now(backend));
    sidecar_note_end(state, DEPUTY_OK, backend_now(backend));
}

static void handed_in(struct handin *handin)
{
    struct errand *errand = &handin->errand;
    const struct deputy_authority *authority = &handin->taken.items[0].authority;
    struct buf out = buf_make(errand->arena, ANSWER_MAX);
    struct json_writer writer = json_writer_make(&out);
    struct deputy_slice cid;
    enum deputy_error result = deputy_cid_format(errand->arena, &cid, &authority->cid, DEPUTY_CID_BASE32);
    if (result != DEPUTY_OK)
        buf_fail(&out, result);
    json_object_begin(&writer);
    json_key(&writer, "ok");
    json_bool(&writer, true);
    json_key(&writer, "agentDid");
    json_text(&writer, backend_identity_did(errand->on->backend->identity));
    json_key(&writer, "delegationCid");
    json_text(&writer, result == DEPUTY_OK ? cid : deputy_slice_text(""));
    json_key(&writer, "spaceId");
    json_text(&writer, authority->space);
    json_object_end(&writer);
    owner_note(errand);
    frame_answer(errand->x, 200, &out);
}

static void told(struct handin *handin)
{
    struct errand *errand = &handin->errand;
    struct deputy_refusal refusal = handin->refusal;
    bool failed = handin->refused_by_node || handin->ours;
    if (handin->result == DEPUTY_OK) {
        handed_in(handin);
        return;
    }
    if (refusal.code != handin->result)
        refusal = (struct deputy_refusal){.code = handin->result};
    refuse(errand->x, failed ? 500 : 400, failed ? "activation_failed" : "invalid_delegation",
            backend_refusal_text(errand->arena, &refusal), handin->result);
}

/* NULL: the body is {"serialized": text}. */
static const char *body_read(struct http_exchange *x, struct deputy_slice *serialized)
{
    const struct json_value *body;
    if (json_parse(http_arena(x), &body, http_body(x)) != DEPUTY_OK)
        return "invalid_json";
    bool text = json_to_text(serialized, json_member(body, "serialized")) == DEPUTY_OK;
    return text && serialized->len > 0 ? NULL : "invalid_body";
}

/* A request that waits for its body. */
struct waiting {
    struct backend_loop *on;
    const struct frame_request *request;
};

static enum http_flow body_take(struct http_exchange *x, void *app)
{
    static const char *const messages[] = {
            "Body must be JSON.", "Body must be { serialized: string } (non-empty)."};
    const struct waiting *waiting = app;
    struct deputy_slice serialized;
    const char *wrong = body_read(x, &serialized);
    if (wrong != NULL)
        return refuse(x, 400, wrong, deputy_slice_text(messages[strcmp(wrong, "invalid_body") == 0]),
                DEPUTY_E_JSON_TYPE);
    struct handin *handin = errand_begin(x, waiting->on, waiting->request, sizeof *handin);
    if (handin == NULL)
        return HTTP_DONE;
    handin->serialized = serialized;
    handin->names_owner = true;
    handin->must_activate = true;
    handin->told = told;
    return handin_run(handin);
}

static enum http_flow refuse_intake(struct http_exchange *x, const char *what)
{
    return refuse(x, 404, "not_found", deputy_slice_text(what), DEPUTY_OK);
}

static enum http_flow answer_delegation(
        struct http_exchange *x, struct backend_loop *on, const struct frame_request *request)
{
    put_cors(x);
    if (!on->backend->public_of->sidecar.intake)
        return refuse_intake(x, "POST /delegation");
    struct waiting *waiting = ARENA_NEW(http_arena(x), struct waiting);
    if (waiting == NULL)
        return frame_refuse_for(x, &frame_internal, arena_error(http_arena(x)));
    *waiting = (struct waiting){on, request};
    http_body_collect(x, BODY_MAX, body_take, waiting);
    return HTTP_LATER;
}

/* ---- POST /refresh ---- */

static void refresh_answer(struct asking *asking)
{
    struct buf out = buf_make(asking->errand.arena, ANSWER_MAX);
    struct json_writer writer = json_writer_make(&out);
    json_object_begin(&writer);
    json_key(&writer, "ok");
    json_bool(&writer, true);
    sidecar_put_state(&writer, "state", &asking->errand.on->backend->public_of->sidecar);
    json_object_end(&writer);
    frame_answer(asking->errand.x, 200, &out);
    errand_end(&asking->errand);
}

/* What came of it is in the state already: refresh.c hears of all that is taken into use. */
static void renewed(void *ctx, const struct backend_fault *fault, struct session *session)
{
    if (fault == NULL)
        session_release(session);
    refresh_answer(ctx);
}

static void refresh_looked(void *ctx)
{
    struct asking *asking = ctx;
    struct errand *errand = &asking->errand;
    if (asking->result != DEPUTY_OK || !asking->look.found) {
        refuse(errand->x, 409, "no_delegation", deputy_slice_text("No delegation has been granted yet."),
                asking->result);
        errand_end(errand);
        return;
    }
    enum deputy_error result = session_renew(errand->on, asking->look.owner, renewed, asking);
    if (result == DEPUTY_OK)
        return;
    sidecar_note_end(&errand->on->backend->public_of->sidecar, result, backend_now(errand->on->backend));
    refresh_answer(asking);
}

static enum http_flow answer_refresh(
        struct http_exchange *x, struct backend_loop *on, const struct frame_request *request)
{
    put_cors(x);
    if (!on->backend->public_of->sidecar.intake)
        return refuse_intake(x, "POST /refresh");
    struct asking *asking = errand_begin(x, on, request, sizeof *asking);
    return asking == NULL ? HTTP_DONE : errand_run(&asking->errand, look, refresh_looked);
}

#define ANYBODYS(method_, pattern_, handler_)                                                                \
    {                                                                                                        \
        .method = (method_), .pattern = (pattern_), .who = FRAME_EVERYBODY, .handler = (handler_)            \
    }

static const struct frame_route routes[] = {
        ANYBODYS(HTTP_METHOD_GET, "/info", answer_info),
        ANYBODYS(HTTP_METHOD_GET, "/health", answer_health),
        ANYBODYS(HTTP_METHOD_POST, "/delegation", answer_delegation),
        ANYBODYS(HTTP_METHOD_POST, "/refresh", answer_refresh),
        ANYBODYS(HTTP_METHOD_OPTIONS, "/info", preflight),
        ANYBODYS(HTTP_METHOD_OPTIONS, "/health", preflight),
        ANYBODYS(HTTP_METHOD_OPTIONS, "/delegation", preflight),
        ANYBODYS(HTTP_METHOD_OPTIONS, "/refresh", preflight),
};

const struct frame_table sidecar_routes = {routes, sizeof routes / sizeof routes[0]};
