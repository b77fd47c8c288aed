/* kv/put and kv/del: the change itself, on the writer (spec/03 sections 8.2, 8.3). */
#include "node/kv_write.h"
#include "base/arena.h"
#include "base/try.h"
#include "node/hooks.h"
#include "node/spaces.h"

struct kv_change {
    const struct kv_request *request;
    struct store_value value;   /* of a put */
    struct blob_writer *writer; /* that holds the value; NULL when it lies in the exchange */
    enum store_deleted deleted; /* of a delete */
    uint8_t hash[32];           /* of the new value, or of the deleted one */
};

/* Compare and write are one step: nothing comes between, since there is one writer. */
static enum deputy_error check_condition(
        struct deputy_arena *arena, struct store_write *write, const struct kv_request *request)
{
    struct store_object object;
    const struct kv_headers *headers = &request->headers;
    const struct kv_item *item = request->operation.items;
    if (!headers->create_only && !headers->has_match)
        return DEPUTY_OK;
    TRY(store_kv_head(arena, &object, store_write_view(write), item->space, item->key));
    if (headers->create_only)
        return object.found ? DEPUTY_E_KV_PRECONDITION : DEPUTY_OK;
    ENSURE(object.found && memcmp(object.value.hash, headers->match, 32) == 0, DEPUTY_E_KV_PRECONDITION);
    return DEPUTY_OK;
}

enum deputy_error kv_change_begin(
        struct mutation *mutation, struct store_write *write, const struct kv_request *request)
{
    TRY(admit_again(mutation->arena, &mutation->refusal, &mutation->admission, write));
    TRY(check_condition(mutation->arena, write, request));
    return store_replay_insert(write, &request->replay);
}

enum deputy_error kv_change_room(
        struct mutation *mutation, struct store_write *write, struct deputy_slice space, uint64_t bytes)
{
    struct quota_room room;
    TRY(quota_room_of(&room, mutation->admission.on->node->quota, store_write_view(write), space));
    return quota_room_check(mutation->arena, &mutation->refusal, &room, bytes);
}

enum deputy_error kv_change_tell(struct mutation *mutation, struct store_write *write,
        const struct kv_item *item, enum hook_ability ability)
{
    const struct hook_write what = {
            .space = item->space,
            .service = deputy_slice_text("kv"),
            .path = item->key,
            .ability = ability,
    };
    return hooks_record(mutation, write, &what);
}

static enum deputy_error put_apply(struct mutation *mutation, struct store_write *write)
{
    struct kv_change *change = mutation->ctx;
    const struct kv_request *request = change->request;
    struct store_put put = {
            .space = request->operation.items->space,
            .key = request->operation.items->key,
            .value = change->value,
            .metadata = request->metadata,
            .cause = kv_cause(mutation->admission.token),
    };
    TRY(kv_change_begin(mutation, write, request));
    TRY(kv_change_room(mutation, write, put.space, change->value.size));
    TRY(store_kv_set(write, &put));
    return kv_change_tell(mutation, write, request->operation.items, HOOK_KV_PUT);
}

static enum deputy_error delete_apply(struct mutation *mutation, struct store_write *write)
{
    struct kv_change *change = mutation->ctx;
    const struct kv_item *item = change->request->operation.items;
    TRY(kv_change_begin(mutation, write, change->request));
    TRY(store_kv_delete(write, &change->deleted, change->hash, item->space, item->key,
            kv_cause(mutation->admission.token)));
    if (change->deleted == STORE_DELETED)
        return kv_change_tell(mutation, write, item, HOOK_KV_DELETE);
    if (change->deleted == STORE_WAS_DELETED)
        return DEPUTY_OK;
    mutation->refusal = (struct deputy_refusal){DEPUTY_E_KV_NO_SUCH_KEY, {item->key}};
    return DEPUTY_E_KV_NO_SUCH_KEY;
}

static void reply_with_etag(struct mutation *mutation, const uint8_t hash[32])
{
    struct deputy_slice etag;
    if (kv_etag(http_arena(mutation->x), &etag, hash) == DEPUTY_OK)
        http_reply_header(mutation->x, "ETag", etag);
    http_reply(mutation->x, 200, NULL, deputy_slice_text(""));
}

static void put_answer(struct mutation *mutation)
{
    const struct kv_change *change = mutation->ctx;
    reply_with_etag(mutation, change->value.hash);
}

static void delete_answer(struct mutation *mutation)
{
    const struct kv_change *change = mutation->ctx;
    if (change->deleted == STORE_DELETED)
        reply_with_etag(mutation, change->hash);
    else
        http_reply(mutation->x, 200, NULL, deputy_slice_text(""));
}

static void change_end(void *ctx)
{
    struct kv_change *change = ctx;
    blob_writer_close(change->writer);
}

static enum http_flow submit(struct http_exchange *x, struct kv_request *request, struct kv_change *change,
        mutation_apply_fn *apply, mutation_answer_fn *answer)
{
    struct mutation mutation = {
            .admission = request->admission,
            .apply = apply,
            .answer = answer,
            .route = ANSWER_INVOKE,
            .ctx = change,
            .end = change_end,
    };
    return mutation_submit(x, &mutation, change->value.bytes.len + request->admission.token->bytes.len);
}

enum http_flow kv_no_memory(struct http_exchange *x, struct kv_request *request)
{
    admission_end(&request->admission);
    http_reply_error(x, 503);
    return HTTP_DONE;
}

enum http_flow kv_put_value(struct http_exchange *x, struct kv_request *request,
        const struct store_value *value, struct blob_writer *writer)
{
    struct kv_change *change = ARENA_NEW(http_arena(x), struct kv_change);
    if (change == NULL) {
        blob_writer_close(writer);
        return kv_no_memory(x, request);
    }
    *change = (struct kv_change){.request = request, .value = *value, .writer = writer};
    return submit(x, request, change, put_apply, put_answer);
}

enum http_flow kv_delete(struct http_exchange *x, struct kv_request *request)
{
    struct kv_change *change = ARENA_NEW(http_arena(x), struct kv_change);
    if (change == NULL)
        return kv_no_memory(x, request);
    change->request = request;
    return submit(x, request, change, delete_apply, delete_answer);
}
