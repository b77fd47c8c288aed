/* One operation on an owner's data: whether the session allows it, and the request that does it. */
#include "backend/call_parts.h"
#include "base/arena.h"
#include "base/try.h"
#include "crypto/random.h"
#include "grant/attempt.h"
#include "grant/permission.h"

enum { TEXT_MAX = 8192 };

/* ---- parts of requests ---- */

enum deputy_error owner_space(struct deputy_arena *arena, struct deputy_slice *id, const uint8_t owner[20],
        struct deputy_slice name)
{
    struct deputy_account account = {.chain = BACKEND_CHAIN};
    struct deputy_refusal refusal;
    memcpy(account.address, owner, sizeof account.address);
    return deputy_space_id(arena, id, &refusal, &account, name);
}

enum deputy_error request_nonce(struct deputy_arena *arena, struct deputy_slice *nonce)
{
    uint8_t random[16];
    random_bytes(random, sizeof random);
    return deputy_uuid_make(arena, nonce, random);
}

static void operation_describe(void *ctx, struct deputy_arena *arena, struct deputy_slice *text)
{
    const struct backend_operation *operation = ctx;
    struct buf out = buf_make(arena, TEXT_MAX);
    buf_put(&out, operation->service);
    buf_put_byte(&out, '/');
    buf_put(&out, operation->action);
    buf_put_text(&out, " on \"");
    buf_put(&out, operation->path);
    buf_put_text(&out, "\"");
    if (deputy_slice_present(operation->space)) {
        buf_put_text(&out, " in ");
        buf_put(&out, operation->space);
    }
    if (buf_finish(&out, text) != DEPUTY_OK)
        *text = (struct deputy_slice){NULL, 0};
}

/* tinycloud.<service>/<action> */
static enum deputy_error action_urn(
        struct deputy_arena *arena, struct deputy_slice *urn, const struct backend_operation *operation)
{
    struct buf out = buf_make(arena, TEXT_MAX);
    buf_put_text(&out, "tinycloud.");
    buf_put(&out, operation->service);
    buf_put_byte(&out, '/');
    buf_put(&out, operation->action);
    return buf_finish(&out, urn);
}

/* ---- signing ---- */

/* The delegation that gives it. */
static enum deputy_error operation_authority(struct deputy_arena *arena, struct deputy_authority *out,
        struct session *session, const struct backend_operation *operation)
{
    struct deputy_account owner = {.chain = BACKEND_CHAIN};
    struct shape_question question = {.owner = &owner,
            .space = operation->space,
            .service = operation->service,
            .path = operation->path,
            .action = operation->action};
    memcpy(owner.address, operation->owner, sizeof owner.address);
    if (!deputy_slice_present(question.space))
        question.space = shape_first_space(session->shape);
    ENSURE(deputy_slice_present(question.space), DEPUTY_E_SPACE_ABSENT);
    size_t place = shape_find(session->shape, session_given(session), &question);
    ENSURE(place != SIZE_MAX, DEPUTY_E_NOT_GRANTED);
    *out = (struct deputy_authority){.cid = *session_cid(session, session_given(session)[place])};
    return owner_space(arena, &out->space, operation->owner, question.space);
}

static enum deputy_error operation_header(struct deputy_arena *arena, struct deputy_slice *header,
        const struct backend *backend, struct session *session, const struct backend_operation *operation)
{
    struct deputy_authority authority;
    struct deputy_action action = {.service = operation->service, .path = operation->path};
    struct deputy_slice nonce;
    TRY(operation_authority(arena, &authority, session, operation));
    TRY(action_urn(arena, &action.action, operation));
    TRY(request_nonce(arena, &nonce));
    return deputy_session_invoke(arena, header, &backend->session, &authority, &action, 1,
            (struct deputy_slice){NULL, 0}, nonce, REQUEST_LIFE_MS, backend_now(backend));
}

static enum deputy_error operation_sign(const struct call_order *order, struct deputy_arena *arena,
        struct deputy_slice *header, struct backend_fault *fault, const struct backend *backend,
        struct session *session)
{
    enum deputy_error result = operation_header(arena, header, backend, session, order->sign_ctx);
    if (result == DEPUTY_OK)
        return DEPUTY_OK;
    if (result == DEPUTY_E_NOT_GRANTED)
        return fault_not_granted(fault, arena, order);
    return fault_set(fault, result, error_is_of_memory(result) ? BLAME_BACKEND : BLAME_REQUEST);
}

static bool only_reads(const struct backend_operation *operation)
{
    static const char *const actions[] = {"get", "list", "metadata", "read"};
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (deputy_slice_equal(operation->action, deputy_slice_text(actions[i])))
            return true;
    }
    return false;
}

struct call_order operation_order(const struct backend_operation *operation)
{
    return (struct call_order){.owner = operation->owner,
            .path = deputy_slice_text("/invoke"),
            .sign = operation_sign,
            .describe = operation_describe,
            .sign_ctx = (void *)(uintptr_t)operation,
            .headers = operation->headers,
            .header_count = operation->header_count,
            .body = operation->body,
            .sends_parts = operation->sends_parts,
            .body_length = operation->body_length,
            .response_max = operation->response_max,
            .once = !only_reads(operation)};
}

enum deputy_error backend_call_begin(struct backend_call **out, struct backend_loop *on,
        struct deputy_arena *arena, const struct backend_operation *operation,
        const struct backend_call_events *events, void *ctx)
{
    struct call_order *order = ARENA_NEW(arena, struct call_order);
    ENSURE(order != NULL, arena_error(arena));
    *order = operation_order(operation);
    return call_begin(out, on, arena, order, events, ctx);
}

/* ---- the whole answer ---- */

struct whole {
    struct buf body;
    int status;
    call_whole_fn *then;
    void *ctx;
};

static void whole_on_head(void *ctx, const struct http_response *head)
{
    ((struct whole *)ctx)->status = head->status;
}

static enum http_read whole_on_part(void *ctx, struct deputy_slice part)
{
    buf_put(&((struct whole *)ctx)->body, part);
    return HTTP_READ_ON;
}

static void whole_on_end(void *ctx, const struct backend_fault *fault)
{
    struct whole *whole = ctx;
    struct backend_fault own;
    struct deputy_slice body = {NULL, 0};
    if (fault == NULL && buf_finish(&whole->body, &body) != DEPUTY_OK) {
        fault_set(&own, whole->body.error, BLAME_BACKEND);
        fault = &own;
    }
    whole->then(whole->ctx, fault, whole->status, body);
}

enum deputy_error call_whole(struct backend_loop *on, struct deputy_arena *arena,
        const struct call_order *order, call_whole_fn *then, void *ctx)
{
    const struct backend_call_events events = {
            .on_head = whole_on_head, .on_part = whole_on_part, .on_end = whole_on_end};
    struct whole *whole = ARENA_NEW(arena, struct whole);
    struct backend_call *call;
    ENSURE(whole != NULL, arena_error(arena));
    *whole = (struct whole){.body = buf_make(arena, order->response_max), .then = then, .ctx = ctx};
    return call_begin(&call, on, arena, order, &events, whole);
}
