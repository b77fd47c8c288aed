/* POST /delegate (spec/02 section 5, spec/03 section 6.1): stores a delegation that the chain admits. */
#include "base/arena.h"
#include "base/json_write.h"
#include "base/try.h"
#include "node/mutation.h"
#include "node/projection.h"
#include "node/routes.h"
#include "node/spaces.h"

enum { DELEGATE_ANSWER_MAX = 1 << 20 };

struct delegate_result {
    struct space_list activated;
    struct space_list skipped;
};

static bool is_host_capability(const struct deputy_capability *capability)
{
    const struct deputy_resource *resource = &capability->resource;
    return deputy_slice_equal(capability->ability, deputy_slice_text("tinycloud.space/host")) &&
           resource->kind == DEPUTY_RESOURCE_SPACE &&
           deputy_slice_equal(resource->service, deputy_slice_text("space")) &&
           !deputy_slice_present(resource->path) && !deputy_slice_present(resource->query) &&
           !deputy_slice_present(resource->fragment);
}

/* A host delegation must be made out to this node: its key for the space, or its own. */
static enum deputy_error delegate_check_host(
        struct mutation *mutation, const struct deputy_token *token, struct deputy_slice space)
{
    struct deputy_slice did;
    const struct node *node = mutation->admission.on->node;
    TRY(identity_did(mutation->arena, &did, node->identity, space));
    struct deputy_principal host = deputy_principal_of(did), self = deputy_principal_of(node->did);
    if (deputy_principal_equal(&token->audience, &host) || deputy_principal_equal(&token->audience, &self))
        return DEPUTY_OK;
    mutation->refusal = (struct deputy_refusal){DEPUTY_E_HOST_AUDIENCE, {space}};
    return DEPUTY_E_HOST_AUDIENCE;
}

/* Hosts the spaces that a host delegation names. */
static enum deputy_error delegate_host(
        struct mutation *mutation, struct store_write *write, const struct deputy_token *token)
{
    for (size_t i = 0; i < token->capability_count; i++) {
        if (!is_host_capability(&token->capabilities[i]))
            continue;
        struct deputy_slice space;
        bool created;
        TRY(deputy_space_format(mutation->arena, &space, &token->capabilities[i].resource.space));
        TRY(delegate_check_host(mutation, token, space));
        TRY(store_space_insert(write, space, &created));
    }
    return DEPUTY_OK;
}

static enum deputy_error delegate_insert(
        struct mutation *mutation, struct store_write *write, const struct deputy_token *token, bool *created)
{
    struct store_delegation row;
    TRY(projection_of(mutation->arena, &row, token));
    enum deputy_error error = store_delegation_insert(write, created, &row);
    if (error == DEPUTY_E_PARENT_REVOKED) { /* itself, or the same signed message in another encoding (H1) */
        mutation->refusal.code = error;
        TRY(deputy_cid_format(mutation->arena, &mutation->refusal.args[0], &token->cid, DEPUTY_CID_BASE32));
    }
    return error;
}

/* Sorts the named spaces: those that a new delegation reaches, and those that are not hosted. */
static enum deputy_error delegate_sort_spaces(
        struct mutation *mutation, struct store_write *write, const struct deputy_token *token, bool created)
{
    struct space_list named;
    struct delegate_result *result = ARENA_NEW(mutation->arena, struct delegate_result);
    ENSURE(result != NULL, arena_error(mutation->arena));
    TRY(spaces_of_token(mutation->arena, &named, token));
    result->activated.texts = ARENA_ARRAY(mutation->arena, struct deputy_slice, named.count);
    result->skipped.texts = ARENA_ARRAY(mutation->arena, struct deputy_slice, named.count);
    ENSURE(result->activated.texts != NULL && result->skipped.texts != NULL, arena_error(mutation->arena));
    for (size_t i = 0; i < named.count; i++) {
        bool hosted = false;
        TRY(store_space_exists(store_write_view(write), &hosted, named.texts[i]));
        struct space_list *list = hosted ? &result->activated : &result->skipped;
        if (!hosted || created)
            list->texts[list->count++] = named.texts[i];
    }
    mutation->ctx = result;
    return DEPUTY_OK;
}

static enum deputy_error delegate_apply(struct mutation *mutation, struct store_write *write)
{
    const struct deputy_token *token = mutation->admission.token;
    bool created = false;
    TRY(admit_again(mutation->arena, &mutation->refusal, &mutation->admission, write));
    TRY(delegate_host(mutation, write, token));
    TRY(delegate_insert(mutation, write, token, &created));
    return delegate_sort_spaces(mutation, write, token, created);
}

static void put_spaces(struct json_writer *json, const char *name, const struct space_list *spaces)
{
    json_key(json, name);
    json_array_begin(json);
    for (size_t i = 0; i < spaces->count; i++)
        json_text(json, spaces->texts[i]);
    json_array_end(json);
}

static void delegate_answer(struct mutation *mutation)
{
    struct deputy_arena *arena = http_arena(mutation->x);
    const struct delegate_result *result = mutation->ctx;
    struct deputy_slice cid = {NULL, 0};
    struct buf out = buf_make(arena, DELEGATE_ANSWER_MAX);
    struct json_writer json = json_writer_make(&out);
    buf_fail(&out, deputy_cid_format(arena, &cid, &mutation->admission.token->cid, DEPUTY_CID_BASE32));
    json_object_begin(&json);
    json_key(&json, "cid");
    json_text(&json, cid);
    put_spaces(&json, "activated", &result->activated);
    put_spaces(&json, "skipped", &result->skipped);
    json_object_end(&json);
    answer_json(mutation->x, 200, &out);
}

enum http_flow node_delegate(struct http_exchange *x, void *app)
{
    struct mutation mutation = {.apply = delegate_apply, .answer = delegate_answer, .route = ANSWER_DELEGATE};
    struct deputy_refusal refusal;
    if (admit(&mutation.admission, &refusal, app, x, DEPUTY_USE_DELEGATE) != DEPUTY_OK) {
        answer_refusal(x, ANSWER_DELEGATE, &refusal);
        return HTTP_DONE;
    }
    return mutation_submit(x, &mutation, mutation.admission.token->bytes.len);
}
