/*
 * kv/get or kv/metadata of several values (spec/03 section 8.5). The rows are one snapshot; the answer is
 * made on a pool thread, since values may lie in files, into room that was reserved for all of it beforehand.
 */
#include "base/arena.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/try.h"
#include "node/answer.h"
#include "node/kv.h"
#include <stdlib.h>

enum {
    READ_TOTAL_MAX = 32 * 1024 * 1024, /* of all values together */
    READ_PIECE = 48 * 1024,            /* of a file; a multiple of 3, so that its base64 needs no padding */
    READ_RESULT_OVERHEAD = 512,        /* what an answer takes beside key, metadata and value */
    READ_SCRATCH_MAX = 1024 * 1024,    /* for the metadata of one value */
    READ_FIELDS_MAX = 128
};

struct batch_read {
    struct http_exchange *x;
    struct store *store;
    const struct kv_operation *operation;
    struct store_object *objects; /* one for each item */
    struct buf out;
    enum deputy_error error;
};

/* ---- what is asked for ---- */

static enum deputy_error objects_find(struct deputy_arena *arena, struct batch_read *batch,
        struct deputy_refusal *refusal, struct store_read *read, const struct kv_request *request)
{
    bool whole = batch->operation->action == KV_GET;
    uint64_t total = 0;
    for (size_t i = 0; i < batch->operation->count; i++) {
        const struct kv_item *item = &batch->operation->items[i];
        struct store_object *object = &batch->objects[i];
        TRY(whole ? store_kv_get(arena, object, read, item->space, item->key)
                  : store_kv_head(arena, object, read, item->space, item->key));
        if (!whole || !object->found)
            continue;
        TRY(kv_check_size(arena, refusal, &request->headers, object));
        total += object->value.size;
        ENSURE(total <= READ_TOTAL_MAX, DEPUTY_E_KV_BATCH_SIZE);
    }
    return DEPUTY_OK;
}

static size_t answer_bound(const struct batch_read *batch)
{
    size_t bound = READ_RESULT_OVERHEAD;
    for (size_t i = 0; i < batch->operation->count; i++) {
        const struct store_object *object = &batch->objects[i];
        bound += READ_RESULT_OVERHEAD + 12 * batch->operation->items[i].key.len; /* escaped, and twice */
        if (object->found)
            bound += 2 * object->metadata.len + (size_t)object->value.size / 3 * 4 + 4;
    }
    return bound;
}

static enum deputy_error batch_prepare(
        struct batch_read *batch, struct deputy_refusal *refusal, const struct kv_request *request)
{
    struct deputy_arena *arena = http_arena(batch->x);
    struct store_read *read = NULL;
    batch->objects = ARENA_ARRAY(arena, struct store_object, batch->operation->count);
    ENSURE(batch->objects != NULL, DEPUTY_E_NOMEM);
    TRY(store_read_begin(&read, batch->store, NULL));
    enum deputy_error error = objects_find(arena, batch, refusal, read, request);
    store_read_end(read);
    TRY(error);
    size_t bound = answer_bound(batch);
    batch->out = buf_make(arena, bound);
    return buf_reserve(&batch->out, bound) ? DEPUTY_OK : DEPUTY_E_NOMEM;
}

/* ---- the answer, on a pool thread: no allocation from the exchange's arena ---- */

static int by_name(const void *a, const void *b)
{
    return deputy_slice_compare(((const struct http_field *)a)->name, ((const struct http_field *)b)->name);
}

/* Metadata, ETag and the length of what is sent, by name. */
static enum deputy_error put_headers(
        struct deputy_arena *scratch, struct json_writer *json, const struct store_object *object, bool whole)
{
    struct http_field fields[READ_FIELDS_MAX];
    struct buf length = buf_make(scratch, 32);
    const struct json_value *metadata;
    size_t count = 0;
    TRY(json_parse(scratch, &metadata, object->metadata));
    ENSURE(metadata->count <= READ_FIELDS_MAX - 2, DEPUTY_E_STORE_CORRUPT);
    JSON_EACH (member, metadata)
        fields[count++] = (struct http_field){member->key, member->text};
    fields[count].name = deputy_slice_text("etag");
    TRY(kv_etag(scratch, &fields[count++].value, object->value.hash));
    if (whole) {
        buf_put_decimal(&length, object->value.size);
        fields[count].name = deputy_slice_text("content-length");
        TRY(buf_finish(&length, &fields[count++].value));
    }
    qsort(fields, count, sizeof fields[0], by_name);
    json_key(json, "headers");
    json_object_begin(json);
    for (size_t i = 0; i < count; i++) {
        json_key_slice(json, fields[i].name);
        json_text(json, fields[i].value);
    }
    json_object_end(json);
    return DEPUTY_OK;
}

static enum deputy_error put_file(struct batch_read *batch, const struct store_value *value)
{
    uint8_t piece[READ_PIECE];
    size_t got;
    for (uint64_t at = 0; at < value->size; at += got) {
        TRY(blob_read_at(batch->store, value->hash, at, piece, sizeof piece, &got));
        ENSURE(got > 0, DEPUTY_E_STORE_CORRUPT);
        base64_put(&batch->out, deputy_slice_bytes(piece, got));
    }
    return DEPUTY_OK;
}

static enum deputy_error put_data(
        struct batch_read *batch, struct json_writer *json, const struct store_value *value)
{
    json_key(json, "dataBase64");
    json_raw(json, deputy_slice_text("\""));
    if (deputy_slice_present(value->bytes))
        base64_put(&batch->out, value->bytes);
    else
        TRY(put_file(batch, value));
    buf_put_byte(&batch->out, '"');
    return DEPUTY_OK;
}

static void put_missing(struct deputy_arena *scratch, struct json_writer *json, struct deputy_slice key)
{
    struct deputy_slice text;
    struct buf message = buf_make(scratch, READ_SCRATCH_MAX);
    buf_put_text(&message, "Key not found: ");
    buf_put(&message, key);
    json_key(json, "error");
    json_object_begin(json);
    json_key(json, "code");
    json_text_z(json, "KV_NOT_FOUND");
    json_key(json, "message");
    json_text(json, buf_finish(&message, &text) == DEPUTY_OK ? text : deputy_slice_text("Key not found"));
    json_object_end(json);
}

/* A row whose file is gone counts as no row. */
static bool is_there(const struct batch_read *batch, const struct store_object *object)
{
    uint8_t byte;
    size_t got;
    bool in_file = batch->operation->action == KV_GET && !deputy_slice_present(object->value.bytes);
    return object->found &&
           (!in_file || blob_read_at(batch->store, object->value.hash, 0, &byte, 1, &got) == DEPUTY_OK);
}

static enum deputy_error put_result(
        struct deputy_arena *scratch, struct batch_read *batch, struct json_writer *json, size_t i)
{
    const struct store_object *object = &batch->objects[i];
    struct deputy_slice key = batch->operation->items[i].key;
    bool there = is_there(batch, object), whole = batch->operation->action == KV_GET;
    json_object_begin(json);
    json_key(json, "key");
    json_text(json, key);
    json_key(json, "ok");
    json_bool(json, there);
    if (there && whole)
        TRY(put_data(batch, json, &object->value));
    if (there)
        TRY(put_headers(scratch, json, object, whole));
    else
        put_missing(scratch, json, key);
    json_object_end(json);
    return DEPUTY_OK;
}

static enum deputy_error put_results(struct deputy_arena *scratch, struct batch_read *batch)
{
    struct json_writer json = json_writer_make(&batch->out);
    json_object_begin(&json);
    json_key(&json, "results");
    json_array_begin(&json);
    for (size_t i = 0; i < batch->operation->count; i++) {
        deputy_arena_reset(scratch);
        TRY(put_result(scratch, batch, &json, i));
    }
    json_array_end(&json);
    json_object_end(&json);
    return DEPUTY_OK;
}

static void batch_build(void *ctx)
{
    struct batch_read *batch = ctx;
    struct deputy_arena *scratch = NULL;
    batch->error = deputy_arena_create(&scratch, READ_SCRATCH_MAX);
    if (batch->error == DEPUTY_OK)
        batch->error = put_results(scratch, batch);
    deputy_arena_destroy(scratch);
}

static void batch_built(void *ctx)
{
    struct batch_read *batch = ctx;
    if (batch->error == DEPUTY_OK)
        answer_json(batch->x, 200, &batch->out);
    else
        answer_error(batch->x, ANSWER_INVOKE, batch->error);
}

enum http_flow kv_batch_read(struct http_exchange *x, struct kv_request *request)
{
    struct deputy_refusal refusal = {.code = DEPUTY_OK};
    struct batch_read *batch = ARENA_NEW(http_arena(x), struct batch_read);
    enum deputy_error error = DEPUTY_E_NOMEM;
    if (batch != NULL) {
        *batch = (struct batch_read){
                .x = x, .store = request->admission.on->node->store, .operation = &request->operation};
        error = batch_prepare(batch, &refusal, request);
    }
    if (error == DEPUTY_OK)
        error = loop_offload(http_loop(x), batch_build, batch_built, batch);
    admission_end(&request->admission);
    if (error == DEPUTY_OK)
        return HTTP_LATER;
    if (refusal.code != error)
        refusal = (struct deputy_refusal){.code = error};
    answer_refusal(x, ANSWER_INVOKE, &refusal);
    return HTTP_DONE;
}
