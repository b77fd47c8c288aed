/* kv/get and kv/metadata (spec/03 section 8.2). */
#include "base/arena.h"
#include "base/buf.h"
#include "base/try.h"
#include "node/answer.h"
#include "node/kv.h"

enum { KV_STREAM_PART = 256 * 1024 };

/* A value in a file on its way to the client: read on a pool thread, written on the loop, one part at a time.
 */
struct kv_stream {
    struct http_exchange *x;
    struct store *store;
    uint8_t hash[32];
    uint64_t offset;
    uint64_t end;
    size_t got;
    enum deputy_error error;
    uint8_t part[KV_STREAM_PART];
};

static void stream_next(struct kv_stream *stream);

static void stream_read(void *ctx)
{
    struct kv_stream *stream = ctx;
    uint64_t left = stream->end - stream->offset;
    size_t len = left < sizeof stream->part ? (size_t)left : sizeof stream->part;
    stream->error =
            blob_read_at(stream->store, stream->hash, stream->offset, stream->part, len, &stream->got);
}

static void stream_drained(struct http_exchange *x, void *ctx)
{
    (void)x;
    stream_next(ctx);
}

/* A file that ends early breaks the connection: the length was announced. */
static void stream_write(void *ctx)
{
    struct kv_stream *stream = ctx;
    if (stream->error != DEPUTY_OK || stream->got == 0) {
        http_reply_end(stream->x);
        return;
    }
    stream->offset += stream->got;
    switch (http_reply_write(stream->x, deputy_slice_bytes(stream->part, stream->got))) {
    case HTTP_WRITE_OK:
        stream_next(stream);
        break;
    case HTTP_WRITE_WAIT:
        http_reply_on_drain(stream->x, stream_drained, stream);
        break;
    case HTTP_WRITE_GONE:
        http_reply_end(stream->x);
        break;
    }
}

static void stream_next(struct kv_stream *stream)
{
    if (stream->offset == stream->end ||
            loop_offload(http_loop(stream->x), stream_read, stream_write, stream) != DEPUTY_OK)
        http_reply_end(stream->x);
}

static enum http_flow send_file(struct http_exchange *x, struct store *store, const struct store_value *value,
        int status, struct kv_span span)
{
    struct kv_stream *stream = ARENA_NEW(http_arena(x), struct kv_stream);
    if (stream == NULL) {
        http_reply_error(x, 503);
        return HTTP_DONE;
    }
    bool head = http_method(x) == HTTP_METHOD_HEAD;
    stream->x = x;
    stream->store = store;
    stream->offset = span.first;
    stream->end = head ? span.first : span.first + span.length;
    memcpy(stream->hash, value->hash, sizeof stream->hash);
    http_reply_begin(x, status);
    http_reply_length(x, span.length);
    stream_next(stream);
    return HTTP_LATER;
}

enum http_flow kv_send(struct http_exchange *x, struct store *store, const struct store_value *value,
        int status, struct kv_span span)
{
    if (!deputy_slice_present(value->bytes))
        return send_file(x, store, value, status, span);
    http_reply(x, status, NULL, deputy_slice_bytes(value->bytes.ptr + span.first, (size_t)span.length));
    return HTTP_DONE;
}

static struct deputy_slice trim(struct deputy_slice text)
{
    while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t')) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
        text.len--;
    return text;
}

bool kv_etag_listed(struct deputy_slice list, struct deputy_slice etag)
{
    if (deputy_slice_equal(trim(list), deputy_slice_text("*")))
        return true;
    while (list.len > 0) {
        const uint8_t *comma = memchr(list.ptr, ',', list.len);
        size_t len = comma != NULL ? (size_t)(comma - list.ptr) : list.len;
        struct deputy_slice item = trim(deputy_slice_bytes(list.ptr, len));
        if (item.len > 2 && memcmp(item.ptr, "W/", 2) == 0)
            item = deputy_slice_bytes(item.ptr + 2, item.len - 2);
        if (deputy_slice_equal(item, etag))
            return true;
        size_t step = comma != NULL ? len + 1 : len;
        list = deputy_slice_bytes(list.ptr + step, list.len - step);
    }
    return false;
}

enum deputy_error kv_check_size(struct deputy_arena *arena, struct deputy_refusal *refusal,
        const struct kv_headers *headers, const struct store_object *object)
{
    if (!headers->has_max_response || object->value.size <= headers->max_response)
        return DEPUTY_OK;
    struct buf size = buf_make(arena, 32), limit = buf_make(arena, 32);
    buf_put_decimal(&size, object->value.size);
    buf_put_decimal(&limit, headers->max_response);
    refusal->code = DEPUTY_E_KV_RESPONSE_SIZE;
    TRY(buf_finish(&size, &refusal->args[0]));
    TRY(buf_finish(&limit, &refusal->args[1]));
    return refusal->code;
}

/* Looks the key up; a metadata request does not read the value. */
static enum deputy_error kv_lookup(
        struct deputy_arena *arena, struct store_object *out, const struct kv_request *request)
{
    const struct kv_item *item = request->operation.items;
    struct store_read *read = NULL;
    TRY(store_read_begin(&read, request->admission.on->node->store, NULL));
    enum deputy_error error = request->operation.action == KV_GET
                                      ? store_kv_get(arena, out, read, item->space, item->key)
                                      : store_kv_head(arena, out, read, item->space, item->key);
    store_read_end(read);
    TRY(error);
    return out->found ? DEPUTY_OK : DEPUTY_E_KV_NOT_FOUND;
}

static enum http_flow kv_reply(
        struct http_exchange *x, const struct kv_request *request, const struct store_object *object)
{
    struct deputy_slice etag;
    if (kv_reply_headers(x, object) != DEPUTY_OK ||
            kv_etag(http_arena(x), &etag, object->value.hash) != DEPUTY_OK) {
        http_reply_error(x, 500);
        return HTTP_DONE;
    }
    if (request->operation.action == KV_METADATA) {
        http_reply(x, 200, NULL, deputy_slice_text(""));
        return HTTP_DONE;
    }
    http_reply_header(x, "Cache-Control", deputy_slice_text("private, no-cache"));
    if (deputy_slice_present(request->headers.if_none_match) &&
            kv_etag_listed(request->headers.if_none_match, etag)) {
        http_reply(x, 304, NULL, deputy_slice_text(""));
        return HTTP_DONE;
    }
    return kv_send(x, request->admission.on->node->store, &object->value, 200,
            (struct kv_span){0, object->value.size});
}

enum http_flow kv_read(struct http_exchange *x, struct kv_request *request)
{
    struct store_object object;
    struct deputy_refusal refusal = {.code = DEPUTY_OK};
    refusal.code = kv_lookup(http_arena(x), &object, request);
    if (refusal.code == DEPUTY_OK && request->operation.action == KV_GET)
        refusal.code = kv_check_size(http_arena(x), &refusal, &request->headers, &object);
    admission_end(&request->admission);
    if (refusal.code == DEPUTY_OK)
        return kv_reply(x, request, &object);
    answer_refusal(x, ANSWER_INVOKE, &refusal);
    return HTTP_DONE;
}
