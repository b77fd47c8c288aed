#include "node/webhook_post.h"
#include "base/arena.h"
#include "base/codec.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "crypto/secret.h"
#include "http/client.h"
#include "node/hook_scope.h"
#include "run/log.h"
#include "store/webhook.h"
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum {
    POST_POLL_S = 1,
    POST_ARENA = 64 * 1024 * 1024,
    POST_ANSWER_MAX = 64 * 1024, /* of a receiver; nobody reads it */
    POST_TEXT_MAX = 1024,
};

struct post_worker {
    struct webhook_post *post;
    struct deputy_arena *arena;
    pthread_t thread;
    bool started;
};

struct webhook_post {
    const struct node *node;
    pthread_mutex_t lock; /* over who takes what */
    pthread_cond_t woken;
    atomic_bool stopping;
    int64_t busy[WEBHOOK_POST_THREADS]; /* webhooks being delivered to; 0: none */
    struct post_worker workers[WEBHOOK_POST_THREADS];
};

int64_t webhook_delay(int64_t failures)
{
    static const int64_t delays[] = {30, 120, 600, 3600};
    const int64_t last = sizeof delays / sizeof delays[0] - 1;
    int64_t at = failures < 1 ? 0 : failures - 1;
    return delays[at < last ? at : last];
}

/* ---- one delivery ---- */

/* What becomes of it. */
enum post_outcome { POST_DELIVERED, POST_RETRY, POST_DEAD, POST_AUTHORITY_ENDED };

static enum deputy_error secret_open(struct deputy_arena *arena, struct deputy_slice *out,
        const struct node *node, struct deputy_slice sealed)
{
    uint8_t key[STORE_WEBHOOK_KEY_BYTES];
    identity_derive(node->identity, IDENTITY_WEBHOOKS, key);
    enum deputy_error error = store_webhook_open_secret(arena, out, key, sealed);
    secret_wipe(key, sizeof key);
    return error;
}

/* "sha256=<hex>" over the exact bytes of the body. */
static enum deputy_error signature_make(struct deputy_arena *arena, struct deputy_slice *out,
        const struct node *node, const struct store_delivery *delivery)
{
    uint8_t mac[HASH_BYTES];
    struct deputy_slice secret;
    struct buf text = buf_make(arena, POST_TEXT_MAX);
    TRY(secret_open(arena, &secret, node, delivery->webhook.secret));
    hmac_sha256(mac, secret, delivery->body);
    secret_wipe((void *)(uintptr_t)secret.ptr, secret.len);
    buf_put_text(&text, "sha256=");
    hex_put(&text, deputy_slice_bytes(mac, sizeof mac));
    return buf_finish(&text, out);
}

static enum deputy_error cid_text(
        struct deputy_arena *arena, struct deputy_slice *out, const uint8_t digest[STORE_DIGEST_BYTES])
{
    struct deputy_cid cid;
    memcpy(cid.digest, digest, sizeof cid.digest);
    return deputy_cid_format(arena, out, &cid, DEPUTY_CID_BASE32);
}

/* The CID of "<subscription id>:<event id>". */
static enum deputy_error delivery_id(struct deputy_arena *arena, struct deputy_slice *out,
        struct deputy_slice subscription, struct deputy_slice event)
{
    uint8_t digest[HASH_BYTES];
    const struct deputy_slice parts[] = {subscription, deputy_slice_text(":"), event};
    blake3_parts(digest, parts, sizeof parts / sizeof parts[0]);
    return cid_text(arena, out, digest);
}

static enum deputy_error url_text(struct deputy_arena *arena, const char **out, struct deputy_slice url)
{
    uint8_t *text = arena_alloc(arena, url.len + 1);
    ENSURE(text != NULL, arena_error(arena));
    memcpy(text, url.ptr, url.len);
    *out = (const char *)text;
    return DEPUTY_OK;
}

static enum deputy_error delivery_send(struct post_worker *worker, const struct store_delivery *delivery)
{
    const struct node *node = worker->post->node;
    struct deputy_slice id, subscription, signature;
    struct http_response response;
    TRY(cid_text(worker->arena, &subscription, delivery->webhook.digest));
    TRY(delivery_id(worker->arena, &id, subscription, delivery->event));
    TRY(signature_make(worker->arena, &signature, node, delivery));
    const struct http_client_header headers[] = {
            {deputy_slice_text("Content-Type"), deputy_slice_text("application/json")},
            {deputy_slice_text("X-TinyCloud-Delivery-Id"), id},
            {deputy_slice_text("X-TinyCloud-Event-Id"), delivery->event},
            {deputy_slice_text("X-TinyCloud-Subscription-Id"), subscription},
            {deputy_slice_text("X-TinyCloud-Signature"), signature},
    };
    struct http_request request = {
            .method = "POST",
            .headers = headers,
            .header_count = sizeof headers / sizeof headers[0],
            .body = delivery->body,
            .timeout_ms = (uint32_t)(node->webhooks.timeout_s * 1000),
            .guarded = !node->webhooks.any_address,
            .cancel = &worker->post->stopping,
            .response_max = POST_ANSWER_MAX,
    };
    TRY(url_text(worker->arena, &request.url, delivery->webhook.url));
    TRY(http_fetch(worker->arena, &response, &request));
    return response.status >= 200 && response.status < 300 ? DEPUTY_OK : DEPUTY_E_HTTP_SYNTAX;
}

/* The delegations behind a webhook, as they stand now. */
static enum deputy_error authority_check(struct post_worker *worker, const struct store_webhook *webhook)
{
    const struct node *node = worker->post->node;
    struct hook_proofs proofs = {.count = webhook->proofs.len / STORE_DIGEST_BYTES};
    struct store_read *read = NULL;
    ENSURE(webhook->active && proofs.count <= HOOK_PROOFS_MAX, DEPUTY_E_HOOK_AUTHORITY);
    for (size_t i = 0; i < proofs.count; i++)
        memcpy(proofs.cids[i].digest, webhook->proofs.ptr + i * STORE_DIGEST_BYTES, STORE_DIGEST_BYTES);
    TRY(store_read_begin(&read, node->store, NULL));
    enum deputy_error error = hook_proofs_stand(worker->arena, &proofs, read, node_now(node));
    store_read_end(read);
    return error;
}

static enum post_outcome outcome_of(
        const struct post_worker *worker, const struct store_delivery *delivery, enum deputy_error error)
{
    if (error == DEPUTY_OK)
        return POST_DELIVERED;
    if (error == DEPUTY_E_HOOK_AUTHORITY)
        return POST_AUTHORITY_ENDED;
    bool hopeless =
            error == DEPUTY_E_GUARD_RESERVED || error == DEPUTY_E_HTTP_URL || error == DEPUTY_E_DECRYPT;
    return hopeless || delivery->attempts + 1 >= worker->post->node->webhooks.attempts ? POST_DEAD
                                                                                       : POST_RETRY;
}

/* ---- what the store is told ---- */

struct post_result {
    const struct store_delivery *delivery;
    enum post_outcome outcome;
};

static enum deputy_error result_apply(struct store_write *write, void *ctx)
{
    const struct post_result *result = ctx;
    const struct store_delivery *delivery = result->delivery;
    struct deputy_time due = store_write_now(write);
    due.sec += webhook_delay(delivery->attempts + 1);
    switch (result->outcome) {
    case POST_DELIVERED:
        return store_delivery_done(write, delivery);
    case POST_RETRY:
        return store_delivery_retry(write, delivery->id, due);
    case POST_AUTHORITY_ENDED:
        return store_webhook_end(write, delivery->webhook.id);
    default:
        return store_delivery_bury(write, delivery);
    }
}

/* A result that cannot be written is lost: the delivery is tried again. */
static void delivery_settle(
        struct post_worker *worker, const struct store_delivery *delivery, enum deputy_error error)
{
    struct post_result result = {delivery, outcome_of(worker, delivery, error)};
    if (error != DEPUTY_OK && atomic_load(&worker->post->stopping))
        return;
    if (error != DEPUTY_OK)
        log_event(LOG_WARNING, "webhook.undelivered", LOG_ERROR(error),
                LOG_COUNT("attempt", (uint64_t)delivery->attempts + 1),
                LOG_FLAG("again", result.outcome == POST_RETRY), LOG_END);
    store_run(worker->post->node->store, result_apply, &result);
}

/* ---- the threads ---- */

static enum deputy_error delivery_look(struct post_worker *worker, struct store_delivery *out, bool *found)
{
    struct webhook_post *post = worker->post;
    struct store_read *read = NULL;
    *found = false;
    TRY(store_read_begin(&read, post->node->store, NULL));
    enum deputy_error error = store_delivery_next(
            worker->arena, out, found, read, node_now(post->node), post->busy, WEBHOOK_POST_THREADS);
    store_read_end(read);
    return error;
}

/* Under the lock. A row that is not ours is found with an error, and ends as one without authority. */
static bool delivery_take(struct post_worker *worker, struct store_delivery *out, enum deputy_error *error)
{
    bool found;
    deputy_arena_reset(worker->arena);
    *error = delivery_look(worker, out, &found);
    if (!found || (*error != DEPUTY_OK && *error != DEPUTY_E_STORE_SEAL))
        return false;
    worker->post->busy[worker - worker->post->workers] = out->webhook.id;
    return true;
}

static void post_wait(struct webhook_post *post)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += POST_POLL_S;
    pthread_cond_timedwait(&post->woken, &post->lock, &until);
}

static void delivery_handle(
        struct post_worker *worker, const struct store_delivery *delivery, enum deputy_error error)
{
    if (error == DEPUTY_E_STORE_SEAL)
        error = DEPUTY_E_HOOK_AUTHORITY;
    else
        error = authority_check(worker, &delivery->webhook);
    if (error == DEPUTY_OK)
        error = delivery_send(worker, delivery);
    delivery_settle(worker, delivery, error);
}

static void *worker_main(void *ctx)
{
    struct post_worker *worker = ctx;
    struct webhook_post *post = worker->post;
    pthread_mutex_lock(&post->lock);
    while (!atomic_load(&post->stopping)) {
        struct store_delivery delivery;
        enum deputy_error error;
        if (!delivery_take(worker, &delivery, &error)) {
            post_wait(post);
            continue;
        }
        pthread_mutex_unlock(&post->lock);
        delivery_handle(worker, &delivery, error);
        pthread_mutex_lock(&post->lock);
        post->busy[worker - post->workers] = 0;
    }
    pthread_mutex_unlock(&post->lock);
    return NULL;
}

static enum deputy_error workers_start(struct webhook_post *post)
{
    for (size_t i = 0; i < WEBHOOK_POST_THREADS; i++) {
        struct post_worker *worker = &post->workers[i];
        worker->post = post;
        TRY(deputy_arena_create(&worker->arena, POST_ARENA));
        ENSURE(pthread_create(&worker->thread, NULL, worker_main, worker) == 0, DEPUTY_E_NOMEM);
        worker->started = true;
    }
    return DEPUTY_OK;
}

enum deputy_error webhook_post_start(struct webhook_post **out, const struct node *node)
{
    struct webhook_post *post = calloc(1, sizeof *post);
    ENSURE(post != NULL, DEPUTY_E_NOMEM);
    post->node = node;
    pthread_mutex_init(&post->lock, NULL);
    pthread_cond_init(&post->woken, NULL);
    enum deputy_error error = workers_start(post);
    if (error != DEPUTY_OK) {
        webhook_post_stop(post);
        return error;
    }
    *out = post;
    return DEPUTY_OK;
}

void webhook_post_wake(struct webhook_post *post)
{
    pthread_cond_signal(&post->woken);
}

void webhook_post_stop(struct webhook_post *post)
{
    if (post == NULL)
        return;
    atomic_store(&post->stopping, true);
    pthread_cond_broadcast(&post->woken);
    for (size_t i = 0; i < WEBHOOK_POST_THREADS; i++) {
        if (post->workers[i].started)
            pthread_join(post->workers[i].thread, NULL);
        deputy_arena_destroy(post->workers[i].arena);
    }
    pthread_cond_destroy(&post->woken);
    pthread_mutex_destroy(&post->lock);
    free(post);
}
