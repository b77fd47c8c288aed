/*
 * The body of a put. A small one of known length is collected and becomes a row; any other is streamed
 * through a blob writer on a pool thread, one part at a time: while a part is being written nothing is read
 * from the peer.
 */
#include "base/arena.h"
#include "base/try.h"
#include "node/answer.h"
#include "node/kv_write.h"

struct kv_upload {
    struct http_exchange *x;
    struct kv_request *request;
    struct blob_writer *writer;
    uint64_t received;
    struct deputy_slice part; /* being written */
    struct store_value value; /* when finished */
    enum deputy_error error;
};

/* Frees what the upload holds; the exchange is ended by whoever calls. */
static void upload_drop(struct kv_upload *upload)
{
    blob_writer_close(upload->writer);
    upload->writer = NULL;
    admission_end(&upload->request->admission);
}

static void upload_refuse(struct kv_upload *upload, const struct deputy_refusal *refusal)
{
    upload_drop(upload);
    answer_refusal(upload->x, ANSWER_INVOKE, refusal);
}

static void upload_fail(struct kv_upload *upload, enum deputy_error error)
{
    struct deputy_refusal refusal = {.code = error};
    upload_refuse(upload, &refusal);
}

static void part_write(void *ctx)
{
    struct kv_upload *upload = ctx;
    upload->error = DEPUTY_OK;
    if (upload->writer == NULL)
        upload->error = blob_writer_open(&upload->writer, upload->request->admission.on->node->store);
    if (upload->error == DEPUTY_OK)
        upload->error = blob_writer_append(upload->writer, upload->part);
}

static void part_written(void *ctx)
{
    struct kv_upload *upload = ctx;
    if (upload->error != DEPUTY_OK)
        upload_fail(upload, upload->error);
    else
        http_body_resume(upload->x);
}

/* What came so far must fit, whatever length was announced. */
static enum deputy_error upload_check(const struct kv_upload *upload, struct deputy_refusal *refusal)
{
    refusal->code = upload->received > KV_VALUE_MAX ? DEPUTY_E_KV_VALUE_SIZE : DEPUTY_OK;
    TRY(refusal->code);
    return quota_room_check(http_arena(upload->x), refusal, &upload->request->room, upload->received);
}

static enum http_read upload_part(struct http_exchange *x, void *ctx, struct deputy_slice part)
{
    struct kv_upload *upload = ctx;
    upload->received += part.len;
    upload->part = part;
    struct deputy_refusal refusal;
    if (upload_check(upload, &refusal) == DEPUTY_OK)
        refusal.code = loop_offload(http_loop(x), part_write, part_written, upload);
    if (refusal.code != DEPUTY_OK)
        upload_refuse(upload, &refusal);
    return HTTP_READ_PAUSE;
}

static void value_finish(void *ctx)
{
    struct kv_upload *upload = ctx;
    upload->error = DEPUTY_OK;
    if (upload->writer == NULL)
        upload->error = blob_writer_open(&upload->writer, upload->request->admission.on->node->store);
    if (upload->error == DEPUTY_OK)
        upload->error = blob_writer_finish(upload->writer, &upload->value);
}

static void value_finished(void *ctx)
{
    struct kv_upload *upload = ctx;
    if (upload->error != DEPUTY_OK)
        upload_fail(upload, upload->error);
    else
        kv_put_value(upload->x, upload->request, &upload->value, upload->writer);
}

static void upload_end(struct http_exchange *x, void *ctx, enum deputy_error result)
{
    struct kv_upload *upload = ctx;
    if (result != DEPUTY_OK) { /* the peer broke off: the exchange is over, and nothing is stored */
        upload_drop(upload);
        return;
    }
    enum deputy_error error = loop_offload(http_loop(x), value_finish, value_finished, upload);
    if (error != DEPUTY_OK)
        upload_fail(upload, error);
}

static enum http_flow put_streamed(struct http_exchange *x, struct kv_request *request)
{
    struct kv_upload *upload = ARENA_NEW(http_arena(x), struct kv_upload);
    if (upload == NULL)
        return kv_no_memory(x, request);
    upload->x = x;
    upload->request = request;
    http_body_stream(x, upload_part, upload_end, upload);
    return HTTP_LATER;
}

struct kv_small {
    struct kv_request *request;
    uint8_t *bytes;
    size_t len;
    size_t cap;
};

static enum http_read small_part(struct http_exchange *x, void *ctx, struct deputy_slice part)
{
    (void)x;
    struct kv_small *small = ctx;
    if (part.len <= small->cap - small->len) { /* it is: the length was announced, and holds */
        memcpy(small->bytes + small->len, part.ptr, part.len);
        small->len += part.len;
    }
    return HTTP_READ_ON;
}

static void small_end(struct http_exchange *x, void *ctx, enum deputy_error result)
{
    struct kv_small *small = ctx;
    struct store_value value;
    if (result != DEPUTY_OK) {
        admission_end(&small->request->admission);
        return;
    }
    enum deputy_error error = store_value_inline(&value, deputy_slice_bytes(small->bytes, small->len));
    if (error == DEPUTY_OK) {
        kv_put_value(x, small->request, &value, NULL);
        return;
    }
    admission_end(&small->request->admission);
    answer_error(x, ANSWER_INVOKE, error);
}

static enum http_flow put_small(struct http_exchange *x, struct kv_request *request)
{
    struct kv_small *small = ARENA_NEW(http_arena(x), struct kv_small);
    size_t len = (size_t)http_body_length(x);
    uint8_t *bytes = small != NULL ? arena_alloc_bytes(http_arena(x), len + 1) : NULL;
    if (bytes == NULL)
        return kv_no_memory(x, request);
    *small = (struct kv_small){.request = request, .bytes = bytes, .cap = len};
    http_body_stream(x, small_part, small_end, small);
    return HTTP_LATER;
}

enum deputy_error kv_put_room(
        struct http_exchange *x, struct deputy_refusal *refusal, struct kv_request *request, uint64_t bytes)
{
    const struct node *node = request->admission.on->node;
    struct store_read *read = NULL;
    if (!quota_effective(node->quota, request->operation.items->space).limited)
        return DEPUTY_OK;
    refusal->code = store_read_begin(&read, node->store, NULL);
    TRY(refusal->code);
    refusal->code = quota_room_of(&request->room, node->quota, read, request->operation.items->space);
    store_read_end(read);
    TRY(refusal->code);
    return quota_room_check(http_arena(x), refusal, &request->room, bytes);
}

static enum deputy_error put_prepare(
        struct http_exchange *x, struct deputy_refusal *refusal, struct kv_request *request, uint64_t length)
{
    refusal->code = kv_metadata_read(http_arena(x), &request->metadata, x);
    if (refusal->code == DEPUTY_OK && length != UINT64_MAX && length > KV_VALUE_MAX)
        refusal->code = DEPUTY_E_KV_VALUE_SIZE;
    TRY(refusal->code);
    return kv_put_room(x, refusal, request, length != UINT64_MAX ? length : 0);
}

enum http_flow kv_put(struct http_exchange *x, struct kv_request *request)
{
    uint64_t length = http_body_length(x);
    struct deputy_refusal refusal = {.code = DEPUTY_OK};
    if (put_prepare(x, &refusal, request, length) != DEPUTY_OK) {
        admission_end(&request->admission);
        answer_refusal(x, ANSWER_INVOKE, &refusal);
        return HTTP_DONE;
    }
    return length <= STORE_INLINE_MAX ? put_small(x, request) : put_streamed(x, request);
}
