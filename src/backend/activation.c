#include "backend/activation.h"
#include "backend/revocation.h"
#include "backend/session_table.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/try.h"
#include "run/log.h"

enum { ANSWER_MAX = 64 * 1024 };

/* ---- the end ---- */

/* Where the grant went meanwhile, what the node has taken of it is taken back. */
static void activation_end(struct activation *activation, struct ending fault)
{
    struct session *session = activation->session;
    if (fault.code == DEPUTY_E_GRANT_OVERTAKEN && activation->next > 0)
        revocation_begin(activation->on, session, activation->next, NULL, NULL);
    if (fault.code != DEPUTY_OK && session != NULL) {
        session_release(session);
        session = NULL;
    }
    deputy_arena_destroy(activation->arena);
    activation->arena = NULL;
    activation->ended(activation->ctx, session, fault);
}

static struct ending fault_of_node(enum deputy_error code)
{
    return (struct ending){code, BLAME_NODE};
}

/* ---- what the node says ---- */

/* The answer names the CID: as JSON, or as text alone, which older nodes send. */
static bool names_cid(struct deputy_arena *arena, struct deputy_slice body, const struct deputy_cid *expected)
{
    const struct json_value *root;
    struct deputy_slice text = body;
    struct deputy_cid cid;
    if (json_parse(arena, &root, body) == DEPUTY_OK &&
            json_to_text(&text, json_member(root, "cid")) != DEPUTY_OK)
        return false;
    return deputy_cid_parse(&cid, text) == DEPUTY_OK && deputy_cid_equal(&cid, expected);
}

/* DEPUTY_OK, DELEGATION_REFUSED for the definite no, or what kept the node from saying either. */
static enum deputy_error verdict_of(
        struct deputy_arena *arena, const struct fetch_answer *answer, const struct deputy_cid *posted)
{
    ENSURE(answer->error != DEPUTY_E_HTTP_TIMEOUT, DEPUTY_E_GATEWAY_TIMEOUT);
    ENSURE(answer->error == DEPUTY_OK, DEPUTY_E_ACTIVATION_FAILED);
    ENSURE(answer->status != 400 && answer->status != 401 && answer->status != 403,
            DEPUTY_E_DELEGATION_REFUSED);
    ENSURE(answer->status != 504, DEPUTY_E_GATEWAY_TIMEOUT);
    bool taken = answer->status >= 200 && answer->status < 300 && names_cid(arena, answer->body, posted);
    return taken ? DEPUTY_OK : DEPUTY_E_ACTIVATION_FAILED;
}

static void log_refusal(const struct activation *activation, enum deputy_error verdict, int status)
{
    log_event(LOG_INFO, "activation.failed", LOG_ERROR(verdict),
            LOG_COUNT("status", status > 0 ? (uint64_t)status : 0), LOG_COUNT("post", activation->next),
            LOG_END);
}

/* ---- the posts ---- */

static void activation_post(struct activation *activation);

/*
 * A node that does not take what the backend hands on may not know the owner's word behind it, which is
 * posted then, and the backend's once more. What the node will not take after that it does not honour.
 */
static void activation_answered(void *ctx, const struct fetch_answer *answer)
{
    struct activation *activation = ctx;
    const struct activation_post *post = &activation->posts[activation->next];
    enum deputy_error verdict = verdict_of(
            activation->arena, answer, activation->registers ? &post->received_cid : &post->handed_on_cid);
    if (verdict == DEPUTY_E_DELEGATION_REFUSED && !activation->registers && !activation->registered) {
        activation->registers = true;
    } else if (verdict == DEPUTY_E_DELEGATION_REFUSED) {
        log_refusal(activation, verdict, answer->status);
        activation_end(activation, (struct ending){verdict, BLAME_GRANT});
        return;
    } else if (verdict != DEPUTY_OK) {
        log_refusal(activation, verdict, answer->status);
        activation_end(activation, fault_of_node(verdict));
        return;
    } else if (activation->registers) {
        activation->registers = false;
        activation->registered = true;
    } else {
        activation->registered = false;
        activation->next++;
    }
    activation_post(activation);
}

static void activation_post(struct activation *activation)
{
    struct activation_post *post = &activation->posts[activation->next];
    if (!activation->goes_on(activation->ctx)) {
        activation_end(activation, (struct ending){DEPUTY_E_GRANT_OVERTAKEN, BLAME_GRANT});
        return;
    }
    if (activation->next == activation->session->count) {
        activation_end(activation, (struct ending){DEPUTY_OK, BLAME_NODE});
        return;
    }
    const struct fetch_order order = {.method = "POST",
            .path = deputy_slice_text("/delegate"),
            .authorization = activation->registers ? post->received : post->handed_on,
            .max = ANSWER_MAX};
    enum deputy_error result = fetch_begin(
            &activation->fetch, activation->on, activation->arena, &order, activation_answered, activation);
    if (result != DEPUTY_OK)
        activation_end(activation,
                (struct ending){result == DEPUTY_E_HTTP_BUSY ? DEPUTY_E_NODE_BUSY : result, BLAME_BACKEND});
}

/* ---- the pool ---- */

static void pool_join(struct activation *activation)
{
    struct sessions *sessions = activation->on->backend->sessions;
    pthread_mutex_lock(&sessions->lock);
    activation->pool_next = sessions->pool;
    activation->pool_link = &sessions->pool;
    if (activation->pool_next != NULL)
        activation->pool_next->pool_link = &activation->pool_next;
    sessions->pool = activation;
    sessions->preparing++;
    pthread_mutex_unlock(&sessions->lock);
}

/* It is on its loop again. */
static void pool_leave(struct activation *activation)
{
    struct sessions *sessions = activation->on->backend->sessions;
    pthread_mutex_lock(&sessions->lock);
    *activation->pool_link = activation->pool_next;
    if (activation->pool_next != NULL)
        activation->pool_next->pool_link = activation->pool_link;
    pthread_mutex_unlock(&sessions->lock);
}

static void pool_done(struct activation *activation)
{
    struct sessions *sessions = activation->on->backend->sessions;
    pthread_mutex_lock(&sessions->lock);
    sessions->preparing--;
    pthread_cond_broadcast(&sessions->prepared);
    pthread_mutex_unlock(&sessions->lock);
}

void activations_orphan(struct sessions *sessions)
{
    pthread_mutex_lock(&sessions->lock);
    while (sessions->preparing > 0)
        pthread_cond_wait(&sessions->prepared, &sessions->lock);
    for (struct activation *activation = sessions->pool; activation != NULL;
            activation = activation->pool_next)
        activation->orphaned = true;
    pthread_mutex_unlock(&sessions->lock);
}

/* A loop that is destroyed still brings what the pool has done, when nothing else is there any more. */
static void activation_discard(struct activation *activation)
{
    if (activation->session != NULL)
        session_release(activation->session);
    deputy_arena_destroy(activation->arena);
    activation->discard(activation->ctx);
}

/* ---- the beginning ---- */

static void prepare_on_pool(void *ctx)
{
    activation_prepare(ctx);
    pool_done(ctx);
}

static void prepared_on_loop(void *ctx)
{
    struct activation *activation = ctx;
    if (activation->orphaned) {
        activation_discard(activation);
        return;
    }
    pool_leave(activation);
    if (activation->fault.code != DEPUTY_OK)
        activation_end(activation, activation->fault);
    else
        activation_post(activation);
}

enum deputy_error activation_begin(struct activation *activation)
{
    pool_join(activation);
    enum deputy_error result =
            loop_offload(activation->on->loop, prepare_on_pool, prepared_on_loop, activation);
    if (result != DEPUTY_OK) {
        pool_done(activation);
        pool_leave(activation);
    }
    return result;
}
