/*
 * POST /invoke (spec/03 section 7): one route, and the admitted capabilities choose the operation. Nothing of
 * the body is read, and nothing about the data revealed, before the token is admitted.
 */
#include "base/arena.h"
#include "base/try.h"
#include "http/multipart.h"
#include "node/answer.h"
#include "node/decrypt.h"
#include "node/journal.h"
#include "node/kv_write.h"
#include "node/mutation.h"
#include "node/quota_gate.h"
#include "node/routes.h"
#include "node/spaces.h"
#include "node/sql.h"

/* Have all spaces that the token names been seen as hosted before? */
static bool invoke_spaces_seen(const struct hosted *hosted, const struct deputy_token *token)
{
    for (size_t i = 0; i < token->capability_count; i++) {
        const struct deputy_resource *resource = &token->capabilities[i].resource;
        if (resource->kind == DEPUTY_RESOURCE_SPACE && !hosted_seen(hosted, &resource->space))
            return false;
    }
    return true;
}

static void invoke_see_spaces(struct hosted *hosted, const struct space_list *spaces)
{
    for (size_t i = 0; i < spaces->count; i++)
        hosted_see(hosted, &spaces->spaces[i], spaces->texts[i]);
}

/* All named spaces must be hosted. */
static enum deputy_error invoke_hosted(struct deputy_arena *arena, const struct admission *admission)
{
    struct space_list spaces;
    struct store_read *read = NULL;
    if (invoke_spaces_seen(admission->on->hosted, admission->token))
        return DEPUTY_OK;
    TRY(spaces_of_token(arena, &spaces, admission->token));
    TRY(store_read_begin(&read, admission->on->node->store, NULL));
    enum deputy_error error = spaces_hosted(read, &spaces);
    store_read_end(read);
    if (error == DEPUTY_OK)
        invoke_see_spaces(admission->on->hosted, &spaces);
    return error;
}

static enum deputy_error invoke_prepare(
        struct http_exchange *x, struct deputy_refusal *refusal, struct kv_request *request)
{
    struct deputy_arena *arena = http_arena(x);
    bool multipart = multipart_is(http_header(x, "content-type"));
    TRY(kv_operation_of(arena, &request->operation, refusal, &request->admission, multipart));
    refusal->code = invoke_hosted(arena, &request->admission);
    TRY(refusal->code);
    TRY(kv_headers_read(&request->headers, refusal, x, &request->operation));
    refusal->code = admission_use_up(arena, &request->replay, &request->admission);
    return refusal->code;
}

static enum http_flow invoke_nothing(struct http_exchange *x, struct kv_request *request)
{
    admission_end(&request->admission);
    http_reply(x, 200, NULL, deputy_slice_text(""));
    return HTTP_DONE;
}

static enum http_flow invoke_read(struct http_exchange *x, struct kv_request *request)
{
    switch (request->operation.action) {
    case KV_GET:
    case KV_METADATA:
        return request->operation.batch ? kv_batch_read(x, request) : kv_read(x, request);
    case KV_LIST:
        return kv_list(x, request);
    case KV_CAPABILITIES:
        return capabilities_read(x, request);
    default:
        return invoke_nothing(x, request);
    }
}

/* A read under replay = strict: answered once its use is on disk. */
static enum deputy_error strict_apply(struct mutation *mutation, struct store_write *write)
{
    const struct kv_request *request = mutation->ctx;
    TRY(admit_again(mutation->arena, &mutation->refusal, &mutation->admission, write));
    return store_replay_insert(write, &request->replay);
}

static void strict_answer(struct mutation *mutation)
{
    invoke_read(mutation->x, mutation->ctx);
}

static enum http_flow invoke_read_strictly(struct http_exchange *x, struct kv_request *request)
{
    struct mutation mutation = {
            .admission = request->admission,
            .apply = strict_apply,
            .answer = strict_answer,
            .route = ANSWER_INVOKE,
            .ctx = request,
    };
    request->admission.entry = NULL; /* it is the mutation's now */
    return mutation_submit(x, &mutation, sizeof request->replay);
}

/* SQL acts on its own capabilities; what it needs of the way in is the same. */
static enum http_flow invoke_sql(struct http_exchange *x, struct kv_request *request)
{
    struct deputy_refusal refusal = {.code = invoke_hosted(http_arena(x), &request->admission)};
    if (refusal.code == DEPUTY_OK)
        refusal.code = admission_use_up(http_arena(x), &request->replay, &request->admission);
    http_set_topic(x, "tinycloud.sql");
    if (refusal.code == DEPUTY_OK)
        return sql_serve(x, &request->admission, &request->replay);
    admission_end(&request->admission);
    answer_refusal(x, ANSWER_INVOKE, &refusal);
    return HTTP_DONE;
}

struct waiting_put {
    struct quota_gate gate;
    struct http_exchange *x;
    struct kv_request *request;
};

static enum http_flow put_go(struct http_exchange *x, struct kv_request *request)
{
    return request->operation.batch ? kv_batch_put(x, request) : kv_put(x, request);
}

static void put_go_on(void *ctx)
{
    const struct waiting_put *put = ctx;
    put_go(put->x, put->request);
}

/* The spaces that the values go to. */
static struct waiting_put *put_gate(struct http_exchange *x, struct kv_request *request)
{
    const struct kv_operation *operation = &request->operation;
    struct waiting_put *put = ARENA_NEW(http_arena(x), struct waiting_put);
    struct deputy_slice *spaces = ARENA_ARRAY(http_arena(x), struct deputy_slice, operation->count);
    if (put == NULL || spaces == NULL)
        return NULL;
    for (size_t i = 0; i < operation->count; i++)
        spaces[i] = operation->items[i].space;
    *put = (struct waiting_put){.x = x, .request = request};
    put->gate = (struct quota_gate){
            .wait = {.loop = http_loop(x)},
            .quota = request->admission.on->node->quota,
            .spaces = spaces,
            .count = operation->count,
            .then = put_go_on,
            .ctx = put,
    };
    return put;
}

/* Nothing of the body is read before it is known what its spaces may hold. */
static enum http_flow invoke_put(struct http_exchange *x, struct kv_request *request)
{
    if (!quota_has_service(request->admission.on->node->quota))
        return put_go(x, request);
    struct waiting_put *put = put_gate(x, request);
    if (put == NULL)
        return kv_no_memory(x, request);
    return quota_gate_closed(&put->gate) ? HTTP_LATER : put_go(x, request);
}

static enum http_flow invoke_act(struct http_exchange *x, struct kv_request *request)
{
    if (request->operation.action == KV_PUT)
        return invoke_put(x, request);
    if (request->operation.action == KV_DELETE)
        return kv_delete(x, request);
    if (request->admission.on->node->strict_replay)
        return invoke_read_strictly(x, request);
    journal_add(request->admission.on->journal, &request->replay);
    return invoke_read(x, request);
}

enum http_flow node_invoke(struct http_exchange *x, void *app)
{
    struct deputy_refusal refusal = {.code = DEPUTY_E_NOMEM};
    struct kv_request *request = ARENA_NEW(http_arena(x), struct kv_request);
    if (request != NULL && admit_invocation(&request->admission, &refusal, app, x) == DEPUTY_OK) {
        if (request->admission.use == DEPUTY_USE_DECRYPT)
            return decrypt_invoke(x, &request->admission);
        if (sql_asked(&request->admission.decision))
            return invoke_sql(x, request);
        if (invoke_prepare(x, &refusal, request) == DEPUTY_OK) {
            http_set_topic(x, kv_action_name(request->operation.action));
            return invoke_act(x, request);
        }
        admission_end(&request->admission);
    }
    bool decrypt = request != NULL && request->admission.use == DEPUTY_USE_DECRYPT;
    answer_refusal(x, decrypt ? ANSWER_DECRYPT : ANSWER_INVOKE, &refusal);
    return HTTP_DONE;
}
