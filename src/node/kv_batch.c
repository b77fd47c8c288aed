/*
 * kv/put of several values in one multipart body (spec/03 section 8.4). The body is taken apart on a pool
 * thread, one piece at a time, and nothing is read meanwhile; each value goes through a blob writer, so
 * memory is bounded whatever the body's length. Nothing is stored before all parts are there, and then all
 * are, in one transaction.
 */
#include "base/arena.h"
#include "base/codec.h"
#include "base/json_write.h"
#include "base/try.h"
#include "http/escape.h"
#include "http/multipart.h"
#include "node/answer.h"
#include "node/kv_write.h"
#include <stdlib.h>

enum {
    BATCH_HELD_MAX = 4 * 1024 * 1024,   /* values in memory; what comes behind them goes to files */
    BATCH_ARENA_MAX = 64 * 1024 * 1024, /* with names and headers of as many parts as a token names */
    BATCH_ANSWER_MAX = DEPUTY_TOKEN_MAX_BYTES * 6 + 1024, /* every byte of a path escaped */
};

struct batch_part {
    struct kv_item item;
    bool present;
    struct store_value value;
    struct deputy_slice metadata;
};

struct kv_batch {
    struct http_exchange *x;
    struct kv_request *request;
    struct deputy_arena *arena; /* of the pool thread while it works; holds what the parts hold */
    struct batch_part *parts;   /* one for each capability, by path */
    size_t count;
    struct batch_part *current; /* NULL between parts */
    struct blob_writer *writer; /* of the current part */
    uint64_t received;
    size_t held; /* bytes of values in the arena */
    struct deputy_slice piece;
    struct deputy_refusal refusal;
    struct multipart multipart;
};

/* ---- life ---- */

static int by_path(const void *a, const void *b)
{
    return deputy_slice_compare(
            ((const struct batch_part *)a)->item.key, ((const struct batch_part *)b)->item.key);
}

static enum deputy_error batch_create(
        struct kv_batch **out, struct http_exchange *x, struct kv_request *request)
{
    const struct kv_operation *operation = &request->operation;
    struct kv_batch *batch = ARENA_NEW(http_arena(x), struct kv_batch);
    ENSURE(batch != NULL, DEPUTY_E_NOMEM);
    *batch = (struct kv_batch){.x = x, .request = request, .count = operation->count};
    batch->parts = ARENA_ARRAY(http_arena(x), struct batch_part, operation->count);
    ENSURE(batch->parts != NULL, DEPUTY_E_NOMEM);
    for (size_t i = 0; i < operation->count; i++)
        batch->parts[i].item = operation->items[i];
    qsort(batch->parts, batch->count, sizeof *batch->parts, by_path);
    ENSURE(multipart_begin(&batch->multipart, http_header(x, "content-type")) == DEPUTY_OK,
            DEPUTY_E_INVALID_INPUTS);
    TRY(deputy_arena_create(&batch->arena, BATCH_ARENA_MAX));
    *out = batch;
    return DEPUTY_OK;
}

/* Frees what the batch holds, but not the request's admission. */
static void batch_release(void *ctx)
{
    struct kv_batch *batch = ctx;
    blob_writer_close(batch->writer);
    deputy_arena_destroy(batch->arena);
    batch->writer = NULL;
    batch->arena = NULL;
}

static void batch_drop(struct kv_batch *batch)
{
    admission_end(&batch->request->admission);
    batch_release(batch);
}

/* The refusal points into the batch's arena, and the answer ends the memory in which the batch lies. */
static void batch_fail(struct kv_batch *batch, enum deputy_error error)
{
    struct deputy_refusal refusal = batch->refusal;
    struct deputy_arena *arena = batch->arena;
    batch->arena = NULL;
    if (refusal.code != error)
        refusal = (struct deputy_refusal){.code = error};
    batch_drop(batch);
    answer_refusal(batch->x, ANSWER_INVOKE, &refusal);
    deputy_arena_destroy(arena);
}

static enum deputy_error batch_refuse(
        struct kv_batch *batch, enum deputy_error error, struct deputy_slice about)
{
    batch->refusal = (struct deputy_refusal){error, {about}};
    return error;
}

/* ---- parts, on a pool thread ---- */

static struct batch_part *batch_find(struct kv_batch *batch, struct deputy_slice path)
{
    const struct batch_part wanted = {.item.key = path};
    return bsearch(&wanted, batch->parts, batch->count, sizeof *batch->parts, by_path);
}

/* The name of a part is a path, percent-encoded once. */
static enum deputy_error part_path(struct kv_batch *batch, struct deputy_slice *path)
{
    struct deputy_slice name;
    ENSURE(deputy_slice_present(batch->multipart.name), DEPUTY_E_KV_PART_NAMELESS);
    TRY(arena_copy(batch->arena, &name, batch->multipart.name));
    if (escape_decode(batch->arena, path, name, ESCAPE_PATH) != DEPUTY_OK)
        return batch_refuse(batch, DEPUTY_E_KV_PART_NAME, deputy_slice_text("incomplete escape"));
    if (!utf8_valid(*path))
        return batch_refuse(batch, DEPUTY_E_KV_PART_NAME, deputy_slice_text("invalid UTF-8"));
    return DEPUTY_OK;
}

static enum deputy_error part_begin(struct kv_batch *batch)
{
    struct deputy_slice path;
    TRY(part_path(batch, &path));
    struct batch_part *part = batch_find(batch, path);
    if (part == NULL)
        return batch_refuse(batch, DEPUTY_E_KV_PART_UNAUTHORIZED, path);
    if (part->present)
        return batch_refuse(batch, DEPUTY_E_KV_PART_DUPLICATE, path);
    batch->current = part;
    TRY(kv_metadata_of_part(batch->arena, &part->metadata, batch->multipart.fields, batch->multipart.count));
    return blob_writer_open(&batch->writer, batch->request->admission.on->node->store);
}

/* A short value moves from the writer's buffer into the arena, so that it takes the room it needs. */
static enum deputy_error part_end(struct kv_batch *batch)
{
    struct store_value *value = &batch->current->value;
    if (batch->held > BATCH_HELD_MAX)
        TRY(blob_writer_spill(batch->writer));
    TRY(blob_writer_finish(batch->writer, value));
    TRY(arena_copy(batch->arena, &value->bytes, value->bytes));
    batch->held += value->bytes.len;
    batch->current->present = true;
    batch->current = NULL;
    blob_writer_close(batch->writer);
    batch->writer = NULL;
    return DEPUTY_OK;
}

static enum deputy_error piece_step(struct kv_batch *batch, enum multipart_step step)
{
    switch (step) {
    case MULTIPART_PART:
        return part_begin(batch);
    case MULTIPART_DATA:
        return blob_writer_append(batch->writer, batch->multipart.data);
    case MULTIPART_PART_END:
        return part_end(batch);
    case MULTIPART_BAD:
        return DEPUTY_E_INVALID_INPUTS;
    case MULTIPART_MORE:
        break;
    }
    return DEPUTY_OK;
}

static void piece_take(void *ctx)
{
    struct kv_batch *batch = ctx;
    struct deputy_slice rest = batch->piece;
    enum multipart_step step;
    enum deputy_error error;
    do {
        step = multipart_next(&batch->multipart, &rest);
        error = piece_step(batch, step);
    } while (error == DEPUTY_OK && step != MULTIPART_MORE);
    if (error != batch->refusal.code)
        batch->refusal = (struct deputy_refusal){.code = error};
}

static void piece_taken(void *ctx)
{
    struct kv_batch *batch = ctx;
    if (batch->refusal.code != DEPUTY_OK)
        batch_fail(batch, batch->refusal.code);
    else
        http_body_resume(batch->x);
}

static enum http_read batch_piece(struct http_exchange *x, void *ctx, struct deputy_slice piece)
{
    struct kv_batch *batch = ctx;
    batch->received += piece.len;
    batch->piece = piece;
    enum deputy_error error = batch->received > KV_VALUE_MAX
                                      ? DEPUTY_E_KV_VALUE_SIZE
                                      : loop_offload(http_loop(x), piece_take, piece_taken, batch);
    if (error != DEPUTY_OK)
        batch_fail(batch, error);
    return HTTP_READ_PAUSE;
}

/* ---- all of them ---- */

/* "b, c": the paths that were signed and did not come. */
static enum deputy_error check_complete(struct kv_batch *batch)
{
    struct deputy_slice text;
    struct buf missing = buf_make(batch->arena, BATCH_ANSWER_MAX);
    ENSURE(multipart_over(&batch->multipart), DEPUTY_E_INVALID_INPUTS);
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->parts[i].present)
            continue;
        buf_put_text(&missing, missing.len > 0 ? ", " : "");
        buf_put(&missing, batch->parts[i].item.key);
    }
    TRY(buf_finish(&missing, &text));
    return text.len == 0 ? DEPUTY_OK : batch_refuse(batch, DEPUTY_E_KV_PART_MISSING, text);
}

/* The sum of the parts of each space must fit; asked once for each, at its first part. */
static enum deputy_error check_room(struct mutation *mutation, struct store_write *write, size_t at)
{
    const struct kv_batch *batch = mutation->ctx;
    struct deputy_slice space = batch->parts[at].item.space;
    uint64_t sum = 0;
    for (size_t i = 0; i < batch->count; i++) {
        if (!deputy_slice_equal(batch->parts[i].item.space, space))
            continue;
        if (i < at)
            return DEPUTY_OK;
        sum += batch->parts[i].value.size;
    }
    return kv_change_room(mutation, write, space, sum);
}

static enum deputy_error batch_apply(struct mutation *mutation, struct store_write *write)
{
    const struct kv_batch *batch = mutation->ctx;
    TRY(kv_change_begin(mutation, write, batch->request));
    for (size_t i = 0; i < batch->count; i++) {
        const struct batch_part *part = &batch->parts[i];
        struct store_put put = {
                .space = part->item.space,
                .key = part->item.key,
                .value = part->value,
                .metadata = part->metadata,
                .cause = kv_cause(mutation->admission.token),
        };
        TRY(check_room(mutation, write, i));
        TRY(store_kv_set(write, &put));
        TRY(kv_change_tell(mutation, write, &part->item, HOOK_KV_PUT));
    }
    return DEPUTY_OK;
}

static void batch_answer(struct mutation *mutation)
{
    const struct kv_batch *batch = mutation->ctx;
    struct buf out = buf_make(http_arena(mutation->x), BATCH_ANSWER_MAX);
    struct json_writer json = json_writer_make(&out);
    json_object_begin(&json);
    json_key(&json, "written");
    json_array_begin(&json);
    for (size_t i = 0; i < batch->count; i++)
        json_text(&json, batch->parts[i].item.key);
    json_array_end(&json);
    json_key(&json, "count");
    json_int(&json, (int64_t)batch->count);
    json_object_end(&json);
    answer_json(mutation->x, 200, &out);
}

static void batch_end(struct http_exchange *x, void *ctx, enum deputy_error result)
{
    struct kv_batch *batch = ctx;
    if (result != DEPUTY_OK) { /* the peer broke off: the exchange is over, and nothing is stored */
        batch_drop(batch);
        return;
    }
    enum deputy_error error = check_complete(batch);
    if (error != DEPUTY_OK) {
        batch_fail(batch, error);
        return;
    }
    struct mutation mutation = {
            .admission = batch->request->admission,
            .apply = batch_apply,
            .answer = batch_answer,
            .route = ANSWER_INVOKE,
            .ctx = batch,
            .end = batch_release,
    };
    mutation_submit(x, &mutation, batch->held + batch->request->admission.token->bytes.len);
}

enum http_flow kv_batch_put(struct http_exchange *x, struct kv_request *request)
{
    struct kv_batch *batch = NULL;
    uint64_t length = http_body_length(x);
    struct deputy_refusal refusal = {.code = DEPUTY_OK};
    if (length != UINT64_MAX && length > KV_VALUE_MAX)
        refusal.code = DEPUTY_E_KV_VALUE_SIZE;
    else if (kv_put_room(x, &refusal, request, 0) == DEPUTY_OK)
        refusal.code = batch_create(&batch, x, request);
    if (refusal.code != DEPUTY_OK) {
        admission_end(&request->admission);
        answer_refusal(x, ANSWER_INVOKE, &refusal);
        return HTTP_DONE;
    }
    http_body_stream(x, batch_piece, batch_end, batch);
    return HTTP_LATER;
}
