/* /hooks/webhooks: who is called when something is written (spec/03 section 13.4). */
#include "base/arena.h"
#include "base/time.h"
#include "base/try.h"
#include "crypto/secret.h"
#include "http/guard.h"
#include "node/hooks.h"
#include "node/mutation.h"
#include "node/routes.h"
#include "node/spaces.h"
#include "store/webhook.h"

enum { WEBHOOK_BODY_MAX = 64 * 1024, WEBHOOK_ANSWER_MAX = 8 * 1024 * 1024, WEBHOOK_SECRET_MAX = 1024 };

/* ---- as others see it ---- */

static enum deputy_error put_time(
        struct deputy_arena *arena, struct deputy_slice *out, struct deputy_time time)
{
    struct buf text = buf_make(arena, 64);
    time_put_iso(&text, time);
    return buf_finish(&text, out);
}

static struct hook_scope scope_of(const struct store_webhook *webhook)
{
    return (struct hook_scope){.space = webhook->space,
            .service = webhook->service,
            .prefix = webhook->prefix,
            .abilities = webhook->abilities};
}

static enum deputy_error put_webhook(
        struct deputy_arena *arena, struct json_writer *json, const struct store_webhook *webhook)
{
    struct deputy_cid cid;
    struct deputy_slice id, created;
    struct hook_scope scope = scope_of(webhook);
    memcpy(cid.digest, webhook->digest, sizeof cid.digest);
    TRY(deputy_cid_format(arena, &id, &cid, DEPUTY_CID_BASE32));
    TRY(put_time(arena, &created, webhook->created));
    json_object_begin(json);
    json_key(json, "id");
    json_text(json, id);
    json_key(json, "subscriberDid");
    json_text(json, webhook->subscriber);
    hook_scope_put(json, &scope);
    json_key(json, "callbackUrl");
    json_text(json, webhook->url);
    json_key(json, "secretKeyId");
    json_text_z(json, "primary");
    json_key(json, "active");
    json_bool(json, true);
    json_key(json, "createdAt");
    json_text(json, created);
    json_object_end(json);
    return DEPUTY_OK;
}

static void reply_built(struct http_exchange *x, struct buf *out, enum deputy_error error)
{
    if (error == DEPUTY_OK)
        answer_json(x, 200, out);
    else
        answer_error(x, ANSWER_INVOKE, error);
}

/* ---- registering ---- */

struct webhook_request {
    struct http_exchange *x;
    struct admission admission;
    struct store_webhook webhook;
    const char *host;
    enum deputy_error error;
    struct deputy_refusal refusal;
};

/* Absent, null and empty are the same here. */
static enum deputy_error text_required(
        struct deputy_slice *out, const struct json_value *body, const char *name, enum deputy_error missing)
{
    const struct json_value *value = json_member(body, name);
    ENSURE(value != NULL && !json_is(value, JSON_NULL), missing);
    ENSURE(json_to_text(out, value) == DEPUTY_OK, DEPUTY_E_INVALID_INPUTS);
    ENSURE(out->len > 0, missing);
    return DEPUTY_OK;
}

static enum deputy_error url_check(struct webhook_request *request)
{
    const char *why = "";
    const struct node *node = request->admission.on->node;
    enum deputy_error error =
            node->webhooks.any_address
                    ? guard_url_is_web(request->webhook.url, &why)
                    : guard_url_check(http_arena(request->x), &request->host, request->webhook.url, &why);
    if (error == DEPUTY_E_GUARD_URL)
        request->refusal = (struct deputy_refusal){error, {deputy_slice_text(why)}};
    return error;
}

static enum deputy_error secret_seal(struct webhook_request *request, struct deputy_slice secret)
{
    uint8_t key[STORE_WEBHOOK_KEY_BYTES];
    ENSURE(secret.len <= WEBHOOK_SECRET_MAX, DEPUTY_E_INVALID_INPUTS);
    identity_derive(request->admission.on->node->identity, IDENTITY_WEBHOOKS, key);
    enum deputy_error error =
            store_webhook_seal_secret(http_arena(request->x), &request->webhook.secret, key, secret);
    secret_wipe(key, sizeof key);
    return error;
}

static enum deputy_error scope_check(struct webhook_request *request, const struct json_value *body)
{
    struct hook_scope scope;
    struct hook_proofs proofs = {.count = 0};
    struct store_webhook *webhook = &request->webhook;
    TRY(hook_scope_read(http_arena(request->x), &scope, body));
    ENSURE(hook_scope_granted(&proofs, &request->admission.decision, "tinycloud.hooks/register", &scope),
            DEPUTY_E_WEBHOOK_SCOPE);
    webhook->space = scope.space;
    webhook->service = scope.service;
    webhook->prefix = scope.prefix;
    webhook->abilities = scope.abilities;
    return arena_copy(http_arena(request->x), &webhook->proofs,
            deputy_slice_bytes(proofs.cids, proofs.count * sizeof proofs.cids[0]));
}

/* The CID of "did:space:service:prefix:url:createdAt". */
static enum deputy_error id_make(struct webhook_request *request)
{
    struct deputy_slice created, text;
    struct store_webhook *webhook = &request->webhook;
    struct buf all = buf_make(http_arena(request->x), WEBHOOK_BODY_MAX);
    webhook->created = node_now(request->admission.on->node);
    TRY(put_time(http_arena(request->x), &created, webhook->created));
    const struct deputy_slice parts[] = {
            webhook->subscriber, webhook->space, webhook->service, webhook->prefix, webhook->url, created};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        buf_put_text(&all, i > 0 ? ":" : "");
        buf_put(&all, parts[i]);
    }
    TRY(buf_finish(&all, &text));
    struct deputy_cid cid = deputy_cid_of_bytes(text);
    memcpy(webhook->digest, cid.digest, sizeof cid.digest);
    return DEPUTY_OK;
}

static enum deputy_error request_read(struct webhook_request *request)
{
    struct deputy_arena *arena = http_arena(request->x);
    const struct json_value *body;
    struct deputy_slice secret;
    ENSURE(json_parse(arena, &body, http_body(request->x)) == DEPUTY_OK, DEPUTY_E_INVALID_INPUTS);
    TRY(scope_check(request, body));
    TRY(text_required(&request->webhook.url, body, "callbackUrl", DEPUTY_E_WEBHOOK_NO_URL));
    TRY(text_required(&secret, body, "secret", DEPUTY_E_WEBHOOK_NO_SECRET));
    TRY(url_check(request));
    TRY(secret_seal(request, secret));
    TRY(deputy_principal_format(arena, &request->webhook.subscriber, &request->admission.token->issuer));
    return id_make(request);
}

static void request_fail(struct webhook_request *request, enum deputy_error error)
{
    struct deputy_refusal refusal = request->refusal;
    if (refusal.code != error)
        refusal = (struct deputy_refusal){.code = error};
    admission_end(&request->admission);
    answer_refusal(request->x, ANSWER_INVOKE, &refusal);
}

static enum deputy_error register_apply(struct mutation *mutation, struct store_write *write)
{
    const struct webhook_request *request = mutation->ctx;
    TRY(admit_again(mutation->arena, &mutation->refusal, &mutation->admission, write));
    enum deputy_error error =
            store_webhook_insert(write, &request->webhook, request->admission.on->node->webhooks.per_space);
    return error == DEPUTY_E_LIMIT ? DEPUTY_E_WEBHOOK_LIMIT : error;
}

static void register_answer(struct mutation *mutation)
{
    const struct webhook_request *request = mutation->ctx;
    struct buf out = buf_make(http_arena(mutation->x), WEBHOOK_ANSWER_MAX);
    struct json_writer json = json_writer_make(&out);
    enum deputy_error error = put_webhook(http_arena(mutation->x), &json, &request->webhook);
    reply_built(mutation->x, &out, error);
}

/* A name is looked up on a pool thread. */
static void host_look(void *ctx)
{
    struct webhook_request *request = ctx;
    request->error = request->host == NULL ? DEPUTY_OK : guard_host_check(request->host);
}

static void host_looked(void *ctx)
{
    struct webhook_request *request = ctx;
    if (request->error != DEPUTY_OK) {
        request_fail(request, request->error);
        return;
    }
    struct mutation mutation = {
            .admission = request->admission,
            .apply = register_apply,
            .answer = register_answer,
            .route = ANSWER_INVOKE,
            .ctx = request,
    };
    mutation_submit(request->x, &mutation, WEBHOOK_BODY_MAX);
}

static enum http_flow register_with_body(struct http_exchange *x, void *app)
{
    struct webhook_request *request = ARENA_NEW(http_arena(x), struct webhook_request);
    if (request == NULL) {
        http_reply_error(x, 503);
        return HTTP_DONE;
    }
    request->x = x;
    if (admit(&request->admission, &request->refusal, app, x, DEPUTY_USE_INVOKE) != DEPUTY_OK) {
        answer_refusal(x, ANSWER_INVOKE, &request->refusal);
        return HTTP_DONE;
    }
    enum deputy_error error = request_read(request);
    if (error == DEPUTY_OK)
        error = loop_offload(http_loop(x), host_look, host_looked, request);
    if (error == DEPUTY_OK)
        return HTTP_LATER;
    request_fail(request, error);
    return HTTP_DONE;
}

enum http_flow node_webhook_register(struct http_exchange *x, void *app)
{
    return admit_before_body(x, app, DEPUTY_USE_INVOKE, WEBHOOK_BODY_MAX, register_with_body);
}

/* ---- listing ---- */

static enum deputy_error list_load(struct http_exchange *x, struct store_webhook **out, size_t *count,
        const struct hook_scope *scope, const struct node_loop *on)
{
    struct store_read *read = NULL;
    struct deputy_slice space = scope->space;
    TRY(store_read_begin(&read, on->node->store, NULL));
    enum deputy_error error = spaces_hosted(read, &(struct space_list){.texts = &space, .count = 1});
    if (error == DEPUTY_OK)
        error = store_webhook_list(http_arena(x), out, count, read, space);
    store_read_end(read);
    return error;
}

static enum deputy_error list_write(
        struct http_exchange *x, struct buf *out, const struct hook_scope *scope, const struct node_loop *on)
{
    struct store_webhook *webhooks = NULL;
    size_t count = 0;
    struct json_writer json = json_writer_make(out);
    TRY(list_load(x, &webhooks, &count, scope, on));
    json_array_begin(&json);
    for (size_t i = 0; i < count; i++) {
        struct hook_scope stored = scope_of(&webhooks[i]);
        if (hook_scope_encloses(scope, &stored))
            TRY(put_webhook(http_arena(x), &json, &webhooks[i]));
    }
    json_array_end(&json);
    return DEPUTY_OK;
}

static enum deputy_error list_scope(
        struct http_exchange *x, struct hook_scope *scope, const struct admission *admission)
{
    struct deputy_slice space = http_query(x, "space"), service = http_query(x, "service");
    ENSURE(deputy_slice_present(space) && deputy_slice_present(service), DEPUTY_E_WEBHOOK_QUERY);
    TRY(hook_scope_make(http_arena(x), scope, space, service, http_query(x, "prefix")));
    ENSURE(hook_scope_granted(NULL, &admission->decision, "tinycloud.hooks/list", scope),
            DEPUTY_E_WEBHOOK_SCOPE);
    return DEPUTY_OK;
}

enum http_flow node_webhook_list(struct http_exchange *x, void *app)
{
    struct admission admission;
    struct deputy_refusal refusal;
    struct hook_scope scope;
    if (admit(&admission, &refusal, app, x, DEPUTY_USE_INVOKE) != DEPUTY_OK) {
        answer_refusal(x, ANSWER_INVOKE, &refusal);
        return HTTP_DONE;
    }
    struct buf out = buf_make(http_arena(x), WEBHOOK_ANSWER_MAX);
    enum deputy_error error = list_scope(x, &scope, &admission);
    admission_end(&admission);
    if (error == DEPUTY_OK)
        error = list_write(x, &out, &scope, app);
    reply_built(x, &out, error);
    return HTTP_DONE;
}

/* ---- unregistering ---- */

struct webhook_removal {
    struct deputy_slice id; /* as the request wrote it */
    struct deputy_slice path;
};

/* Whoever holds nothing on its space does not learn that there is such a webhook. */
static enum deputy_error removal_check(const struct mutation *mutation, const struct store_webhook *webhook)
{
    static const char ability[] = "tinycloud.hooks/unregister";
    const struct webhook_removal *removal = mutation->ctx;
    const struct deputy_decision *decision = &mutation->admission.decision;
    struct hook_scope scope = scope_of(webhook);
    if (hook_scope_granted(NULL, decision, ability, &scope) ||
            hook_path_granted(decision, ability, webhook->space, removal->path))
        return DEPUTY_OK;
    bool known = hook_path_granted(decision, ability, webhook->space, (struct deputy_slice){NULL, 0});
    return known ? DEPUTY_E_WEBHOOK_SCOPE : DEPUTY_E_WEBHOOK_UNKNOWN;
}

static enum deputy_error removal_apply(struct mutation *mutation, struct store_write *write)
{
    const struct webhook_removal *removal = mutation->ctx;
    struct store_webhook webhook;
    struct deputy_cid cid;
    bool found;
    TRY(admit_again(mutation->arena, &mutation->refusal, &mutation->admission, write));
    ENSURE(deputy_cid_parse(&cid, removal->id) == DEPUTY_OK, DEPUTY_E_WEBHOOK_UNKNOWN);
    TRY(store_webhook_find(mutation->arena, &webhook, &found, store_write_view(write), cid.digest));
    ENSURE(found, DEPUTY_E_WEBHOOK_UNKNOWN);
    TRY(removal_check(mutation, &webhook));
    return store_webhook_end(write, webhook.id);
}

static void removal_answer(struct mutation *mutation)
{
    http_reply(mutation->x, 204, NULL, deputy_slice_text(""));
}

static enum deputy_error removal_make(struct http_exchange *x, struct webhook_removal *removal)
{
    struct buf path = buf_make(http_arena(x), WEBHOOK_BODY_MAX);
    removal->id = http_param(x, "id");
    buf_put_text(&path, "webhooks/");
    buf_put(&path, removal->id);
    return buf_finish(&path, &removal->path);
}

enum http_flow node_webhook_unregister(struct http_exchange *x, void *app)
{
    struct mutation mutation = {.apply = removal_apply, .answer = removal_answer, .route = ANSWER_INVOKE};
    struct deputy_refusal refusal = {.code = DEPUTY_E_NOMEM};
    struct webhook_removal *removal = ARENA_NEW(http_arena(x), struct webhook_removal);
    mutation.ctx = removal;
    if (removal == NULL || removal_make(x, removal) != DEPUTY_OK ||
            admit(&mutation.admission, &refusal, app, x, DEPUTY_USE_INVOKE) != DEPUTY_OK) {
        answer_refusal(x, ANSWER_INVOKE, &refusal);
        return HTTP_DONE;
    }
    return mutation_submit(x, &mutation, WEBHOOK_BODY_MAX);
}
