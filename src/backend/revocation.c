#include "backend/revocation.h"
#include "backend/call_parts.h"
#include "backend/fetch.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/time.h"
#include "base/try.h"
#include "run/log.h"
#include "run/metrics.h"
#include <deputy/ucan.h>
#include <stdlib.h>

enum { REVOCATION_ARENA = 1024 * 1024, ANSWER_MAX = 4096, RESOURCE_MAX = 256 };

struct revocation {
    struct backend_loop *on;
    struct deputy_arena *arena;
    struct session *session;
    size_t next, count;
    size_t left;             /* that the node has not taken */
    enum deputy_error error; /* the last that kept one from being taken */
    uint64_t until_ms;
    struct fetch fetch;
    void (*then)(void *ctx);
    void *ctx;
};

/* ---- the end ---- */

static void revocation_free(struct revocation *revocation)
{
    session_release(revocation->session);
    deputy_arena_destroy(revocation->arena);
    free(revocation);
}

static void log_left(const struct revocation *revocation)
{
    log_event(LOG_WARNING, "revocation.failed", LOG_ERROR(revocation->error),
            LOG_COUNT("left", revocation->left), LOG_END);
}

static void revocation_end(struct revocation *revocation)
{
    void (*then)(void *ctx) = revocation->then;
    void *ctx = revocation->ctx;
    if (revocation->left > 0)
        log_left(revocation);
    revocation_free(revocation);
    if (then != NULL)
        then(ctx);
}

static void note(struct revocation *revocation, enum deputy_error error, const char *outcome)
{
    revocation->left += error != DEPUTY_OK;
    if (error != DEPUTY_OK)
        revocation->error = error;
    metrics_count(
            revocation->on->metrics, METRIC_BACKEND_REVOCATION, (struct metric_labels){.first = outcome});
}

/* The node cannot be asked, or not any more: no use in going on. */
static void give_up(struct revocation *revocation, enum deputy_error error)
{
    for (; revocation->next < revocation->count; revocation->next++)
        note(revocation, error, "unreached");
    revocation_end(revocation);
}

/* ---- one of them ---- */

static enum deputy_error header_make(struct revocation *revocation, struct deputy_slice *header)
{
    struct deputy_arena *arena = revocation->arena;
    const struct backend *backend = revocation->on->backend;
    const struct deputy_session_key *key = &backend->session;
    struct deputy_ucan_grant grant = {.ability = deputy_slice_text("tinycloud.delegation/revoke")};
    struct deputy_ucan_claims claims = {.issuer = key->did_url,
            .audience = key->did,
            .expiry = (double)time_add_ms(backend_now(backend), REQUEST_LIFE_MS).sec,
            .grants = &grant,
            .grant_count = 1};
    struct buf resource = buf_make(arena, RESOURCE_MAX);
    struct deputy_slice cid;
    TRY(deputy_cid_format(
            arena, &cid, session_cid(revocation->session, revocation->next), DEPUTY_CID_BASE32));
    buf_put_text(&resource, "urn:cid:");
    buf_put(&resource, cid);
    TRY(buf_finish(&resource, &grant.resource));
    TRY(request_nonce(arena, &claims.nonce));
    return deputy_ucan_build(arena, header, key->key, key->kid, &claims);
}

static bool says_revoked(struct deputy_arena *arena, const struct fetch_answer *answer)
{
    const struct json_value *root;
    bool revoked = false;
    return answer->status == 200 && json_parse(arena, &root, answer->body) == DEPUTY_OK &&
           json_to_bool(&revoked, json_member(root, "revoked")) == DEPUTY_OK && revoked;
}

static enum deputy_error ask(struct revocation *revocation);

static void revocation_answered(void *ctx, const struct fetch_answer *answer)
{
    struct revocation *revocation = ctx;
    if (answer->error != DEPUTY_OK) {
        give_up(revocation, answer->error);
        return;
    }
    if (says_revoked(revocation->arena, answer))
        note(revocation, DEPUTY_OK, "taken");
    else
        note(revocation, DEPUTY_E_NODE_FAILED, "refused");
    revocation->next++;
    enum deputy_error result = DEPUTY_OK;
    if (revocation->next < revocation->count)
        result = ask(revocation);
    if (result != DEPUTY_OK)
        give_up(revocation, result);
    else if (revocation->next == revocation->count)
        revocation_end(revocation);
}

static enum deputy_error ask(struct revocation *revocation)
{
    uint64_t now_ms = loop_now_ms(revocation->on->loop);
    struct fetch_order order = {.method = "POST", .path = deputy_slice_text("/revoke"), .max = ANSWER_MAX};
    ENSURE(now_ms < revocation->until_ms, DEPUTY_E_GATEWAY_TIMEOUT);
    order.silence_ms = (uint32_t)(revocation->until_ms - now_ms);
    TRY(header_make(revocation, &order.authorization));
    return fetch_begin(
            &revocation->fetch, revocation->on, revocation->arena, &order, revocation_answered, revocation);
}

/* ---- the beginning ---- */

static struct revocation *revocation_make(struct backend_loop *on, struct session *session, size_t count)
{
    struct revocation *revocation = calloc(1, sizeof *revocation);
    if (revocation == NULL)
        return NULL;
    if (deputy_arena_create(&revocation->arena, REVOCATION_ARENA) != DEPUTY_OK) {
        free(revocation);
        return NULL;
    }
    revocation->on = on;
    revocation->session = session_retain(session);
    revocation->count = count;
    revocation->until_ms = loop_now_ms(on->loop) + REVOCATION_MS;
    return revocation;
}

bool revocation_begin(
        struct backend_loop *on, struct session *session, size_t count, void (*then)(void *ctx), void *ctx)
{
    struct revocation *revocation = count > 0 ? revocation_make(on, session, count) : NULL;
    if (revocation == NULL)
        return false;
    enum deputy_error result = ask(revocation);
    if (result != DEPUTY_OK) {
        give_up(revocation, result); /* `then` is not there yet */
        return false;
    }
    revocation->then = then;
    revocation->ctx = ctx;
    return true;
}
