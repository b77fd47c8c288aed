/*
 * A call waits for its owner's session, is signed and sent. The head of the node's answer decides whether the
 * answer is passed on, is a fault, or says that the session is not known any more.
 */
#include "backend/call_parts.h"
#include "backend/fetch.h"
#include "base/arena.h"
#include "base/try.h"

enum { SAID_MAX = 256, UNWANTED_MAX = 64 * 1024 };

struct backend_call {
    struct backend_loop *on;
    struct deputy_arena *arena;
    const struct call_order *order;
    struct backend_call_events events;
    void *ctx;
    struct session *session;    /* while it is in use */
    struct session_user user;   /* likewise */
    struct http_call *http;     /* while it is under way */
    void (*on_sent)(void *ctx); /* of the part that is under way; NULL: nobody wants to know */
    struct loop_task letter;
    bool letter_out; /* nothing may end before it is read */
    bool cut_out;    /* nor before this one, which says that the owner has withdrawn */
    bool withdrawn;  /* it was read */
    bool begun;      /* backend_call_begin has returned, or is about to */
    bool cancelled;
    bool ready;   /* a body in parts may be given, and may have been */
    bool again;   /* the session was activated once more for this call */
    bool passing; /* the answer is passed on */
    int status;   /* of an answer that is not */
    size_t unwanted;
    size_t said_len;
    uint8_t said[SAID_MAX]; /* how it begins */
    bool over;
    bool failed;
    struct backend_fault fault;
};

enum deputy_error fault_set(struct backend_fault *fault, enum deputy_error code, enum backend_blame blame)
{
    *fault = (struct backend_fault){{.code = code}, blame};
    return code;
}

enum deputy_error fault_not_granted(
        struct backend_fault *fault, struct deputy_arena *arena, const struct call_order *order)
{
    fault_set(fault, DEPUTY_E_NOT_GRANTED, BLAME_GRANT);
    order->describe(order->sign_ctx, arena, &fault->refusal.args[0]);
    return DEPUTY_E_NOT_GRANTED;
}

/* ---- the end ---- */

static void call_tell_end(struct backend_call *call)
{
    call->events.on_end(call->ctx, call->failed ? &call->fault : NULL);
}

static void call_read_letter(void *ctx)
{
    struct backend_call *call = ctx;
    call->letter_out = false;
    if (call->over && !call->cut_out)
        call_tell_end(call);
    else if (!call->over && call->ready)
        call->events.on_ready(call->ctx);
}

static void call_post_letter(struct backend_call *call)
{
    call->letter_out = true;
    call->letter = (struct loop_task){.run = call_read_letter, .ctx = call};
    loop_post(call->on->loop, &call->letter);
}

/* The owner has withdrawn: what is under way for him ends. */
static void call_read_cut(void *ctx)
{
    struct backend_call *call = ctx;
    call->cut_out = false;
    call->withdrawn = true;
    if (call->over && !call->letter_out)
        call_tell_end(call);
    else if (!call->over && call->http != NULL)
        http_call_cancel(call->http);
}

static void call_leave_session(struct backend_call *call)
{
    if (call->user.session != NULL)
        call->cut_out = session_leave(call->on->backend->sessions, &call->user) && !call->withdrawn;
    call->user.session = NULL;
    if (call->session != NULL)
        session_release(call->session);
    call->session = NULL;
}

/* fault NULL: the answer is complete. */
static void call_end(struct backend_call *call, const struct backend_fault *fault)
{
    call_leave_session(call);
    call->over = true;
    call->failed = fault != NULL;
    if (fault != NULL)
        call->fault = *fault;
    if (!call->begun)
        call_post_letter(call);
    else if (!call->letter_out && !call->cut_out)
        call_tell_end(call);
}

static void call_fail(struct backend_call *call, enum deputy_error code, enum backend_blame blame)
{
    struct backend_fault fault;
    fault_set(&fault, code, blame);
    call_end(call, &fault);
}

static void call_fail_transport(struct backend_call *call, enum deputy_error result)
{
    if (call->cancelled)
        call_fail(call, DEPUTY_E_CALL_CANCELLED, BLAME_REQUEST);
    else if (call->withdrawn)
        call_fail(call, DEPUTY_E_NO_DELEGATION, BLAME_GRANT);
    else if (result == DEPUTY_E_HTTP_TIMEOUT)
        call_fail(call, DEPUTY_E_GATEWAY_TIMEOUT, BLAME_NODE);
    else if (result == DEPUTY_E_HTTP_TOO_LARGE)
        call_fail(call, result, BLAME_DATA);
    else if (result == DEPUTY_E_HTTP_BUSY)
        call_fail(call, DEPUTY_E_NODE_BUSY, BLAME_BACKEND);
    else if (result == DEPUTY_E_ARGUMENT)
        call_fail(call, result, BLAME_REQUEST);
    else if (result == DEPUTY_E_NOMEM || result == DEPUTY_E_LIMIT)
        call_fail(call, result, BLAME_BACKEND);
    else
        call_fail(call, DEPUTY_E_NODE_FAILED, BLAME_NODE);
}

/* ---- a session that the node does not know any more ---- */

static void call_on_session(void *ctx, const struct backend_fault *fault, struct session *session);

static bool said_is(const struct backend_call *call, enum deputy_error code)
{
    return deputy_slice_equal(
            deputy_slice_bytes(call->said, call->said_len), deputy_slice_text(deputy_error_info(code)->text));
}

/* The node may have lost what it knew, or the delegation may have been revoked: which of them is found out by
 * taking the grant into use again. That is of no use when the clocks differ. */
static void call_unauthorized(struct backend_call *call)
{
    struct backend *backend = call->on->backend;
    if (said_is(call, DEPUTY_E_INVOCATION_TIME) || said_is(call, DEPUTY_E_LIFETIME_EXCEEDED)) {
        call_fail(call, DEPUTY_E_NODE_CLOCK, BLAME_BACKEND);
        return;
    }
    session_drop_this(backend->sessions, call->session);
    call_leave_session(call);
    if (call->cut_out || call->withdrawn) {
        call_fail(call, DEPUTY_E_NO_DELEGATION, BLAME_GRANT);
        return;
    }
    if (call->again) {
        call_fail(call, DEPUTY_E_CALL_REFUSED, BLAME_GRANT);
        return;
    }
    call->again = true;
    call->status = 0;
    call->ready = call->ready && !call->letter_out; /* nobody was told yet that it may be given */
    enum deputy_error result = session_open(call->on, call->order->owner, call_on_session, call);
    if (result != DEPUTY_OK)
        call_fail(call, result, BLAME_BACKEND);
}

/* ---- the node's answer ---- */

/* What the node says about the request itself is for the app; what else it says is a fault. */
static bool passes(int status)
{
    if (status >= 200 && status < 300)
        return true;
    return status == 304 || (status >= 400 && status < 500 && status != 401 && status != 403 &&
                                    status != 407 && status != 408 && status != 429);
}

static void call_on_head(void *ctx, const struct http_response *head)
{
    struct backend_call *call = ctx;
    call->passing = !call->cancelled && passes(head->status);
    call->status = head->status;
    call->said_len = 0;
    call->unwanted = 0;
    if (call->passing && call->events.on_head != NULL)
        call->events.on_head(call->ctx, head);
}

static void call_keep_said(struct backend_call *call, struct deputy_slice part)
{
    size_t room = SAID_MAX - call->said_len;
    size_t take = part.len < room ? part.len : room;
    if (take > 0)
        memcpy(call->said + call->said_len, part.ptr, take);
    call->said_len += take;
    call->unwanted += part.len;
    if (call->unwanted > UNWANTED_MAX)
        http_call_cancel(call->http);
}

static enum http_read call_on_part(void *ctx, struct deputy_slice part)
{
    struct backend_call *call = ctx;
    if (call->passing && !call->cancelled)
        return call->events.on_part != NULL ? call->events.on_part(call->ctx, part) : HTTP_READ_ON;
    if (!call->passing)
        call_keep_said(call, part);
    return HTTP_READ_ON;
}

/* An answer that was not passed on, however far it came. */
static void call_judge(struct backend_call *call)
{
    struct backend_fault fault;
    switch (call->status) {
    case 401:
        call_unauthorized(call);
        return;
    case 403:
        fault_not_granted(&fault, call->arena, call->order);
        call_end(call, &fault);
        return;
    case 408:
    case 504:
        call_fail(call, DEPUTY_E_GATEWAY_TIMEOUT, BLAME_NODE);
        return;
    default:
        call_fail(call, DEPUTY_E_NODE_FAILED, BLAME_NODE);
    }
}

static void call_on_http_end(void *ctx, enum deputy_error result)
{
    struct backend_call *call = ctx;
    call->http = NULL;
    bool ended = call->cancelled || call->withdrawn;
    if (ended || call->status == 0 || (call->passing && result != DEPUTY_OK))
        call_fail_transport(call, result);
    else if (call->passing)
        call_end(call, NULL);
    else
        call_judge(call);
}

/* ---- sending ---- */

static enum deputy_error headers_make(
        struct backend_call *call, struct http_client_header **out, struct deputy_slice authorization)
{
    const struct call_order *order = call->order;
    struct http_client_header *headers =
            ARENA_ARRAY(call->arena, struct http_client_header, order->header_count + 1);
    ENSURE(headers != NULL, arena_error(call->arena));
    headers[0] = (struct http_client_header){deputy_slice_text("Authorization"), authorization};
    if (order->header_count > 0)
        memcpy(headers + 1, order->headers, order->header_count * sizeof *headers);
    *out = headers;
    return DEPUTY_OK;
}

static enum deputy_error call_transmit(struct backend_call *call, struct deputy_slice authorization)
{
    const struct call_order *order = call->order;
    const uint32_t silence_ms = call->on->backend->node_ms;
    struct http_client_header *headers = NULL;
    struct http_call_plan plan = {.method = "POST",
            .header_count = order->header_count + 1,
            .body = order->body,
            .sends_parts = order->sends_parts,
            .body_length = order->body_length,
            .once = order->once,
            .head_ms = silence_ms,
            .stall_ms = silence_ms,
            .response_max = order->response_max,
            .events = {call_on_head, call_on_part, call_on_http_end},
            .ctx = call};
    TRY(headers_make(call, &headers, authorization));
    plan.headers = headers;
    TRY(node_url(call->arena, &plan.url, call->on->backend, order->path));
    return http_call_begin(&call->http, call->on->caller, &plan);
}

/* Within backend_call_begin nothing is told: a letter does it. */
static void call_tell_ready(struct backend_call *call)
{
    call->ready = true;
    if (call->begun)
        call->events.on_ready(call->ctx);
    else
        call_post_letter(call);
}

static void call_send(struct backend_call *call)
{
    call->user = (struct session_user){.loop = call->on->loop, .letter = {.run = call_read_cut, .ctx = call}};
    if (!session_use(call->on->backend->sessions, call->session, &call->user)) {
        call_fail(call, DEPUTY_E_NO_DELEGATION, BLAME_GRANT);
        return;
    }
    struct backend_fault fault = {{.code = DEPUTY_OK}, BLAME_BACKEND};
    struct deputy_slice authorization = {NULL, 0};
    if (call->order->sign(call->order, call->arena, &authorization, &fault, call->on->backend,
                call->session) != DEPUTY_OK) {
        call_end(call, &fault);
        return;
    }
    enum deputy_error result = call_transmit(call, authorization);
    if (result != DEPUTY_OK)
        call_fail_transport(call, result);
    else if (call->order->sends_parts)
        call_tell_ready(call);
}

static void call_on_session(void *ctx, const struct backend_fault *fault, struct session *session)
{
    struct backend_call *call = ctx;
    call->session = session;
    if (call->cancelled)
        call_fail(call, DEPUTY_E_CALL_CANCELLED, BLAME_REQUEST);
    else if (fault != NULL)
        call_end(call, fault);
    else if (call->ready)
        call_fail(call, DEPUTY_E_SEND_AGAIN, BLAME_NODE);
    else
        call_send(call);
}

/* ---- for whoever calls ---- */

enum deputy_error call_begin(struct backend_call **out, struct backend_loop *on, struct deputy_arena *arena,
        const struct call_order *order, const struct backend_call_events *events, void *ctx)
{
    struct backend_call *call = ARENA_NEW(arena, struct backend_call);
    ENSURE(call != NULL, arena_error(arena));
    *call = (struct backend_call){.on = on, .arena = arena, .order = order, .events = *events, .ctx = ctx};
    call->session = session_at_hand(on, order->owner);
    if (call->session != NULL)
        call_send(call);
    else
        TRY(session_open(on, order->owner, call_on_session, call));
    call->begun = true;
    *out = call;
    return DEPUTY_OK;
}

void backend_call_resume(struct backend_call *call)
{
    if (call->http != NULL)
        http_call_resume(call->http);
}

static void call_on_sent(void *ctx)
{
    struct backend_call *call = ctx;
    void (*on_sent)(void *ctx) = call->on_sent;
    call->on_sent = NULL;
    if (on_sent != NULL && !call->cancelled)
        on_sent(call->ctx);
}

/* Once the node has answered, the body is of no use any more: the end follows. */
void backend_call_send(
        struct backend_call *call, struct deputy_slice part, bool last, void (*on_sent)(void *ctx))
{
    call->on_sent = on_sent;
    if (call->http != NULL)
        http_call_send(call->http, part, last, call_on_sent);
}

void backend_call_cancel(struct backend_call *call)
{
    if (call->over || call->cancelled)
        return;
    call->cancelled = true;
    if (call->http != NULL)
        http_call_cancel(call->http);
}
