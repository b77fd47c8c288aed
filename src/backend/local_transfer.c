/*
 * The exchange can end before the call does (when the app breaks off in the middle of a body), and the call
 * before the exchange; so a transfer has memory of its own, which goes with the call.
 */
#include "backend/local_transfer.h"
#include "backend/answer.h"
#include "backend/local_gate.h"
#include "backend/local_node.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/try.h"
#include "http/range.h"

enum { TRANSFER_ARENA = 32 * 1024 * 1024, SAID_MAX = 1024 };

struct transfer {
    struct http_exchange *x; /* NULL: it has ended */
    struct deputy_arena *arena;
    struct local_request request;
    struct backend_operation operation;
    struct backend_call *call;
    const struct http_response *head; /* lives as long as the call */
    bool cancelled;                   /* whatever follows is not passed on */
    bool begun;                       /* the answer is under way */
    bool enough;                      /* all that was asked for has been passed on */
    uint64_t size, skip, left;        /* of the value when a part is asked for; before the part, and of it */
    struct range range;
    struct buf kept; /* of an answer that is not passed on */
};

static void transfer_cancel(struct transfer *transfer)
{
    if (transfer->cancelled)
        return;
    transfer->cancelled = true;
    backend_call_cancel(transfer->call);
}

/* ---- the head of the node's answer ---- */

static bool is_refusal(const struct transfer *transfer)
{
    return transfer->head != NULL && transfer->head->status >= 400;
}

/* What a data node answers to such a request, beside refusals. */
static bool is_expected(const struct transfer *transfer)
{
    int status = transfer->head->status;
    return status == 200 || (status == 304 && transfer->request.headers == LOCAL_HEADERS_READ);
}

static bool is_streamed(const struct transfer *transfer)
{
    return transfer->request.form == LOCAL_STREAMED || transfer->request.form == LOCAL_RANGED;
}

/* A part can be cut out of a value whose length is known; else all of it is sent. */
static void range_choose(struct transfer *transfer)
{
    const struct http_exchange *x = transfer->x;
    uint64_t size = local_node_length(transfer->head);
    transfer->left = size;
    if (transfer->request.form != LOCAL_RANGED || size == UINT64_MAX || transfer->head->status != 200)
        return;
    transfer->range = range_read(http_header(x, "range"), http_header(x, "if-range"),
            http_response_header(transfer->head, "etag"), size);
    if (transfer->range.kind == RANGE_WHOLE)
        return;
    transfer->size = size;
    transfer->skip = transfer->range.first;
    transfer->left = transfer->range.length;
    if (transfer->range.kind == RANGE_UNSATISFIABLE)
        transfer_cancel(transfer);
}

/* With the first byte that is passed on, so that what goes wrong before it is still answered as an error. */
static void stream_begin(struct transfer *transfer)
{
    int status = transfer->range.kind == RANGE_PART ? 206 : transfer->head->status;
    local_node_headers(transfer->x, transfer->head);
    if (transfer->request.form == LOCAL_RANGED)
        http_reply_header(transfer->x, "Accept-Ranges", deputy_slice_text("bytes"));
    if (status == 206)
        range_reply_header(transfer->x, &transfer->range, transfer->size);
    http_reply_begin(transfer->x, status);
    transfer->begun = true;
    if (status != 304 && transfer->left != UINT64_MAX)
        http_reply_length(transfer->x, transfer->left);
}

static void on_head(void *ctx, const struct http_response *head)
{
    struct transfer *transfer = ctx;
    transfer->head = head;
    transfer->kept = buf_make(transfer->arena, head->status >= 400 ? SAID_MAX : LOCAL_WHOLE_MAX);
    if (transfer->x == NULL || transfer->cancelled || is_refusal(transfer))
        return;
    if (!is_expected(transfer))
        transfer_cancel(transfer);
    else if (is_streamed(transfer))
        range_choose(transfer);
}

/* ---- its body ---- */

static void keep(struct transfer *transfer, struct deputy_slice part)
{
    size_t room = transfer->kept.max - transfer->kept.len;
    if (is_refusal(transfer) && part.len > room)
        part.len = room;
    buf_put(&transfer->kept, part);
    if (is_refusal(transfer) && transfer->kept.len == transfer->kept.max)
        transfer_cancel(transfer); /* the beginning says enough */
}

static void on_drain(struct http_exchange *x, void *ctx)
{
    struct transfer *transfer = ctx;
    (void)x;
    if (transfer->call != NULL)
        backend_call_resume(transfer->call);
}

static enum http_read pass(struct transfer *transfer, struct deputy_slice part)
{
    uint64_t skipped = transfer->skip < part.len ? transfer->skip : part.len;
    transfer->skip -= skipped;
    part = deputy_slice_bytes(part.ptr + skipped, part.len - (size_t)skipped);
    if (transfer->range.kind == RANGE_PART && part.len > transfer->left)
        part.len = (size_t)transfer->left;
    if (part.len == 0)
        return HTTP_READ_ON;
    if (!transfer->begun)
        stream_begin(transfer);
    if (transfer->range.kind == RANGE_PART)
        transfer->left -= part.len;
    transfer->enough = transfer->range.kind == RANGE_PART && transfer->left == 0;
    enum http_write written = http_reply_write(transfer->x, part);
    if (written == HTTP_WRITE_GONE)
        transfer_cancel(transfer);
    return written == HTTP_WRITE_WAIT ? HTTP_READ_PAUSE : HTTP_READ_ON;
}

static enum http_read on_part(void *ctx, struct deputy_slice part)
{
    struct transfer *transfer = ctx;
    if (transfer->x == NULL || transfer->cancelled)
        return HTTP_READ_ON;
    if (transfer->enough) { /* what follows is not wanted, and what was written is out */
        transfer_cancel(transfer);
        return HTTP_READ_ON;
    }
    if (is_streamed(transfer) && !is_refusal(transfer))
        return pass(transfer, part);
    keep(transfer, part);
    return HTTP_READ_ON;
}

/* ---- the body of the request ---- */

static void on_sent(void *ctx)
{
    struct transfer *transfer = ctx;
    if (transfer->x != NULL && !transfer->cancelled)
        http_body_resume(transfer->x);
}

static void on_last_sent(void *ctx)
{
    (void)ctx;
}

static enum http_read upload_part(struct http_exchange *x, void *ctx, struct deputy_slice part)
{
    struct transfer *transfer = ctx;
    (void)x;
    if (!transfer->cancelled)
        backend_call_send(transfer->call, part, false, on_sent);
    return HTTP_READ_PAUSE;
}

/* When the app breaks off, the node must not take what it has for the whole. */
static void upload_end(struct http_exchange *x, void *ctx, enum deputy_error result)
{
    struct transfer *transfer = ctx;
    (void)x;
    if (result == DEPUTY_OK) {
        backend_call_send(transfer->call, deputy_slice_text(""), true, on_last_sent);
        return;
    }
    transfer->x = NULL;
    transfer_cancel(transfer);
}

static void on_ready(void *ctx)
{
    struct transfer *transfer = ctx;
    if (transfer->x != NULL && !transfer->cancelled)
        http_body_stream(transfer->x, upload_part, upload_end, transfer);
}

/* ---- the end ---- */

/* To HEAD the length of the value is not known, which is not to say that it is 0. */
static void answer_bare(struct transfer *transfer)
{
    struct http_exchange *x = transfer->x;
    local_node_headers(x, transfer->head);
    http_reply_begin(x, transfer->request.status);
    if (http_method(x) == HTTP_METHOD_HEAD)
        http_reply_write(x, deputy_slice_text(""));
    http_reply_end(x);
}

static void answer_kept(struct transfer *transfer)
{
    struct http_exchange *x = transfer->x;
    struct deputy_slice kept;
    if (is_streamed(transfer) && !is_refusal(transfer)) { /* it is empty */
        stream_begin(transfer);
        http_reply_end(x);
        return;
    }
    if (buf_finish(&transfer->kept, &kept) != DEPUTY_OK ||
            arena_copy(http_arena(x), &kept, kept) != DEPUTY_OK)
        local_refuse(x, DEPUTY_E_NOMEM, BLAME_BACKEND);
    else if (is_refusal(transfer))
        local_node_refusal(x, transfer->head->status, kept);
    else if (transfer->request.form == LOCAL_WHOLE)
        transfer->request.whole(x, transfer->head, kept);
    else
        answer_bare(transfer);
}

static void answer_unsatisfiable(struct transfer *transfer)
{
    range_reply_header(transfer->x, &transfer->range, transfer->size);
    local_refuse(transfer->x, DEPUTY_E_LOCAL_RANGE, BLAME_REQUEST);
}

/* An answer under way can only be broken off, which its reader sees: it must not seem to be complete. */
static void answer_break(struct http_exchange *x)
{
    http_reply_error(x, 502);
}

/* The node's answer is here: all of it, or as much of a refusal as is told. */
static bool is_answered(const struct transfer *transfer, const struct backend_fault *fault)
{
    if (is_refusal(transfer))
        return fault == NULL || transfer->cancelled;
    return transfer->head != NULL && fault == NULL && !transfer->cancelled;
}

static void answer(struct transfer *transfer, const struct backend_fault *fault)
{
    struct http_exchange *x = transfer->x;
    http_on_close(x, NULL, NULL);
    http_reply_on_drain(x, NULL, NULL);
    if (transfer->begun && (fault == NULL || transfer->enough))
        http_reply_end(x);
    else if (transfer->begun)
        answer_break(x);
    else if (transfer->range.kind == RANGE_UNSATISFIABLE)
        answer_unsatisfiable(transfer);
    else if (is_answered(transfer, fault))
        answer_kept(transfer);
    else if (fault != NULL && !transfer->cancelled)
        backend_answer_fault(x, fault);
    else
        local_refuse(x, DEPUTY_E_NODE_FAILED, BLAME_NODE);
}

static void on_end(void *ctx, const struct backend_fault *fault)
{
    struct transfer *transfer = ctx;
    transfer->call = NULL;
    if (transfer->x != NULL)
        answer(transfer, fault);
    deputy_arena_destroy(transfer->arena);
}

static void on_close(struct http_exchange *x, void *ctx)
{
    (void)x;
    transfer_cancel(ctx);
}

/* ---- the beginning ---- */

static enum deputy_error copy_texts(struct transfer *transfer)
{
    struct local_request *request = &transfer->request;
    TRY(arena_copy(transfer->arena, &request->space, request->space));
    TRY(arena_copy(transfer->arena, &request->path, request->path));
    for (size_t i = 0; i < request->more_count; i++)
        TRY(arena_copy(transfer->arena, &request->more[i].value, request->more[i].value));
    return DEPUTY_OK;
}

static enum deputy_error operation_make(struct transfer *transfer)
{
    const struct local_request *request = &transfer->request;
    struct backend_operation *operation = &transfer->operation;
    *operation = (struct backend_operation){.space = request->space,
            .service = deputy_slice_text(request->service),
            .path = request->path,
            .action = deputy_slice_text(request->action),
            .body = request->body,
            .sends_parts = request->uploads,
            .body_length = http_body_length(transfer->x),
            .response_max = is_streamed(transfer) ? 0 : LOCAL_WHOLE_MAX};
    memcpy(operation->owner, request->owner, sizeof operation->owner);
    return local_node_request(
            transfer->arena, &operation->headers, &operation->header_count, transfer->x, request);
}

static enum deputy_error transfer_begin(struct transfer *transfer, struct backend_loop *on)
{
    static const struct backend_call_events events = {
            .on_head = on_head, .on_part = on_part, .on_end = on_end, .on_ready = on_ready};
    TRY(copy_texts(transfer));
    TRY(operation_make(transfer));
    TRY(backend_call_begin(&transfer->call, on, transfer->arena, &transfer->operation, &events, transfer));
    http_on_close(transfer->x, on_close, transfer);
    http_reply_on_drain(transfer->x, on_drain, transfer);
    return DEPUTY_OK;
}

enum http_flow local_transfer(
        struct http_exchange *x, struct backend_loop *on, const struct local_request *request)
{
    struct deputy_arena *arena;
    enum deputy_error error = deputy_arena_create(&arena, TRANSFER_ARENA);
    struct transfer *transfer = error == DEPUTY_OK ? ARENA_NEW(arena, struct transfer) : NULL;
    if (transfer == NULL) {
        if (error == DEPUTY_OK)
            deputy_arena_destroy(arena);
        return local_refuse(x, DEPUTY_E_NOMEM, BLAME_BACKEND);
    }
    *transfer = (struct transfer){.x = x, .arena = arena, .request = *request};
    error = transfer_begin(transfer, on);
    if (error == DEPUTY_OK)
        return HTTP_LATER;
    deputy_arena_destroy(arena);
    return local_refuse(x, error, error == DEPUTY_E_LOCAL_HEADERS ? BLAME_REQUEST : BLAME_BACKEND);
}
