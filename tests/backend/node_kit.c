#include "backend/node_kit.h"
#include "base/arena.h"
#include "base/json_write.h"
#include "base/time.h"
#include "grant/authority.h"
#include <deputy/cacao.h>
#include <deputy/chain.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the node's side of a request ---- */

static struct deputy_slice kept(struct node *node, struct deputy_slice text)
{
    struct deputy_slice copy = {NULL, 0};
    arena_copy(node->issuer->arena, &copy, text);
    return copy;
}

static struct node_request *record(struct node *node, struct http_exchange *x, bool delegates)
{
    struct node_request *request = &node->requests[node->count++ % KIT_REQUESTS];
    *request = (struct node_request){.delegates = delegates,
            .authorization = kept(node, http_header(x, "authorization")),
            .body = kept(node, http_body(x)),
            .content_type = kept(node, http_header(x, "content-type"))};
    return request;
}

struct reply {
    int status;
    struct deputy_slice text;
};

static struct reply refused(struct node *node, const struct deputy_decision *decision)
{
    struct deputy_slice text = {NULL, 0};
    deputy_refusal_format(node->issuer->arena, &text, &decision->refusal);
    return (struct reply){401, text};
}

static bool is_stored(const struct issuer *issuer, const struct deputy_token *token, bool *revoked)
{
    for (size_t i = 0; i < issuer->row_count; i++) {
        if (!deputy_cid_equal(&issuer->rows[i].token->cid, &token->cid))
            continue;
        *revoked = issuer->rows[i].revoked;
        return true;
    }
    return false;
}

static struct reply named(struct node *node, const struct deputy_token *token)
{
    struct deputy_slice cid = {NULL, 0}, text = {NULL, 0};
    struct buf out = buf_make(node->issuer->arena, 4096);
    deputy_cid_format(node->issuer->arena, &cid, &token->cid, DEPUTY_CID_BASE32);
    buf_put_text(&out, "{\"cid\":\"");
    buf_put(&out, cid);
    buf_put_text(&out, "\",\"activated\":[],\"skipped\":[]}");
    buf_finish(&out, &text);
    return (struct reply){200, text};
}

static const struct deputy_token *read_token(
        struct node *node, const struct node_request *request, enum deputy_token_use use)
{
    const struct deputy_token *token;
    struct deputy_verified_token verified;
    struct deputy_arena *arena = node->issuer->arena;
    if (deputy_token_parse(arena, &token, use, request->authorization) != DEPUTY_OK ||
            deputy_token_verify(arena, &verified, token) != DEPUTY_OK)
        return NULL;
    return token;
}

static struct reply delegate_honestly(struct node *node, const struct node_request *request)
{
    const struct deputy_token *token = read_token(node, request, DEPUTY_TOKEN_DELEGATION);
    bool revoked = false;
    if (token == NULL)
        return (struct reply){401, T("Failed to verify signature")};
    bool known = is_stored(node->issuer, token, &revoked);
    if (revoked)
        return (struct reply){401, T("delegation-parent-revoked")};
    struct deputy_decision decision = issuer_decide(node->issuer, DEPUTY_USE_DELEGATE, token);
    if (decision.refusal.code != DEPUTY_OK)
        return refused(node, &decision);
    if (!known)
        issuer_store(node->issuer, token);
    return named(node, token);
}

static struct reply invoke_honestly(struct node *node, const struct node_request *request)
{
    const struct deputy_token *token = read_token(node, request, DEPUTY_TOKEN_INVOCATION);
    if (token == NULL)
        return (struct reply){401, T("Failed to verify signature")};
    struct deputy_decision decision = issuer_decide(node->issuer, DEPUTY_USE_INVOKE, token);
    if (decision.refusal.code != DEPUTY_OK)
        return refused(node, &decision);
    if (!deputy_slice_equal(token->capabilities[0].ability, T("tinycloud.kv/get")))
        return (struct reply){200, T("")};
    return node->value != NULL ? (struct reply){200, T(node->value)}
                               : (struct reply){404, T("Key not found")};
}

/* ---- its manners ---- */

static enum node_mood mood_now(struct node_manner *manner)
{
    if (manner->mood == NODE_HONEST)
        return NODE_HONEST;
    if (manner->after > 0) {
        manner->after--;
        return NODE_HONEST;
    }
    enum node_mood mood = manner->mood;
    if (manner->during > 0 && --manner->during == 0)
        manner->mood = NODE_HONEST;
    return mood;
}

static struct reply honest(struct node *node, const struct node_request *request)
{
    return request->delegates ? delegate_honestly(node, request) : invoke_honestly(node, request);
}

/* status 0: the honest one. */
static void answer(struct node *node, struct http_exchange *x, struct node_request *request, int status)
{
    struct reply reply = honest(node, request);
    request->status = status != 0 ? status : reply.status;
    node->open -= request->delegates;
    http_reply(x, request->status, "text/plain", reply.text);
}

static void cut(struct node *node, struct http_exchange *x, struct node_request *request)
{
    struct reply reply = honest(node, request);
    request->status = reply.status;
    node->open -= request->delegates;
    http_reply_begin(x, reply.status);
    http_reply_length(x, reply.text.len + 1);
    http_reply_write(x, reply.text);
    http_reply_end(x);
}

static void dribble(void *ctx)
{
    struct node *node = ctx;
    if (node->dribbling != NULL && http_reply_write(node->dribbling, T(" ")) == HTTP_WRITE_OK)
        return;
    loop_timer_stop(node->drops);
    if (node->dribbling != NULL)
        http_reply_end(node->dribbling);
    node->dribbling = NULL;
}

static enum http_flow dribble_begin(struct node *node, struct http_exchange *x, struct node_request *request)
{
    request->status = 200;
    node->open -= request->delegates;
    node->dribbling = x;
    http_reply_begin(x, 200);
    loop_timer_start(node->drops, 100, 100);
    return HTTP_LATER;
}

static enum http_flow take(struct node *node, struct http_exchange *x, bool delegates)
{
    struct node_request *request = record(node, x, delegates);
    struct node_manner *manner = delegates ? &node->delegate : &node->invoke;
    const struct node_manner told = *manner;
    node->open += delegates;
    node->most_open = node->open > node->most_open ? node->open : node->most_open;
    switch (mood_now(manner)) {
    case NODE_SAYS:
        request->status = told.status;
        node->open -= delegates;
        http_reply(x, told.status, "text/plain", T(told.text));
        return HTTP_DONE;
    case NODE_MISMATCHES:
        answer(node, x, request, told.status);
        return HTTP_DONE;
    case NODE_DRIBBLES:
        return dribble_begin(node, x, request);
    case NODE_CUT:
        cut(node, x, request);
        return HTTP_DONE;
    case NODE_SILENT:
    case NODE_HELD:
        node->held[node->held_count++] = x;
        return HTTP_LATER;
    default:
        answer(node, x, request, 0);
        return HTTP_DONE;
    }
}

static enum http_flow on_delegate(struct http_exchange *x, void *app)
{
    struct node *node = app;
    pthread_mutex_lock(&node->lock);
    enum http_flow flow = take(node, x, true);
    pthread_mutex_unlock(&node->lock);
    return flow;
}

static enum http_flow on_invoke(struct http_exchange *x, void *app)
{
    struct node *node = app;
    pthread_mutex_lock(&node->lock);
    enum http_flow flow = take(node, x, false);
    pthread_mutex_unlock(&node->lock);
    return flow;
}

static enum http_flow on_network(struct http_exchange *x, void *app)
{
    struct node *node = app;
    pthread_mutex_lock(&node->lock);
    node->described++;
    if (deputy_slice_present(node->descriptor))
        http_reply_json(x, 200, node->descriptor);
    else
        http_reply_text(x, 404, T("network not found"));
    pthread_mutex_unlock(&node->lock);
    return HTTP_DONE;
}

static enum http_flow on_decrypt(struct http_exchange *x, void *app)
{
    struct node *node = app;
    pthread_mutex_lock(&node->lock);
    struct node_request *request = record(node, x, false);
    struct deputy_slice answered = node->decrypt(node, request);
    if (deputy_slice_present(answered))
        http_reply_json(x, 200, answered);
    else
        http_reply_text(x, request->status, T("no"));
    pthread_mutex_unlock(&node->lock);
    return HTTP_DONE;
}

static const struct http_route routes[] = {
        {HTTP_METHOD_POST, "/delegate", HTTP_BODY_NONE, 0, on_delegate},
        {HTTP_METHOD_POST, "/invoke", HTTP_BODY_WHOLE, 1 << 20, on_invoke},
        {HTTP_METHOD_GET, "/encryption/networks/{id}", HTTP_BODY_NONE, 0, on_network},
        {HTTP_METHOD_POST, "/encryption/networks/{id}/decrypt", HTTP_BODY_WHOLE, 1 << 20, on_decrypt},
};

/* Answers those that it holds, in their order. Of silent ones the exchange ends too, for nobody. */
static void let_go(void *ctx)
{
    struct node *node = ctx;
    pthread_mutex_lock(&node->lock);
    for (size_t i = 0; i < node->held_count; i++) {
        struct node_request *request = NULL;
        for (size_t j = 0; j < node->count && request == NULL; j++) {
            if (node->requests[j].status == 0)
                request = &node->requests[j];
        }
        if (request != NULL)
            answer(node, node->held[i], request, 0);
    }
    node->held_count = 0;
    pthread_mutex_unlock(&node->lock);
}

/* Ends what is under way. */
static void leave(void *ctx)
{
    struct node *node = ctx;
    let_go(node);
    if (node->dribbling != NULL)
        http_reply_end(node->dribbling);
    loop_timer_destroy(node->drops);
}

void node_begin(struct node *node)
{
    static const struct http_config config;
    pthread_mutex_init(&node->lock, NULL);
    serve(&node->served, &config, routes, sizeof routes / sizeof routes[0], node);
    node->served.grace_ms = 50;
    assert_ok(loop_timer_create(&node->drops, node->served.loop, dribble, node));
}

void node_end(struct node *node)
{
    struct loop_task last = {.run = leave, .ctx = node};
    loop_post(node->served.loop, &last);
    served_end(&node->served);
    pthread_mutex_destroy(&node->lock);
}

void kit_let_go(struct kit *kit)
{
    kit->node.letter = (struct loop_task){.run = let_go, .ctx = &kit->node};
    loop_post(kit->node.served.loop, &kit->node.letter);
}

void kit_manner(struct kit *kit, struct node_manner *which, struct node_manner manner)
{
    pthread_mutex_lock(&kit->node.lock);
    *which = manner;
    pthread_mutex_unlock(&kit->node.lock);
}

void kit_wait_held(struct kit *kit, size_t count)
{
    for (unsigned i = 0; i < 2000; i++) {
        pthread_mutex_lock(&kit->node.lock);
        bool there = kit->node.held_count >= count;
        pthread_mutex_unlock(&kit->node.lock);
        if (there)
            return;
        kit_run_for(kit, 5);
    }
    fail_msg("the node never got %zu requests", count);
}

void kit_revoke(struct kit *kit, const struct deputy_token *token)
{
    pthread_mutex_lock(&kit->node.lock);
    issuer_revoke(kit->issuer, token);
    pthread_mutex_unlock(&kit->node.lock);
}

static size_t count_requests(struct kit *kit, bool delegates)
{
    size_t count = 0;
    pthread_mutex_lock(&kit->node.lock);
    for (size_t i = 0; i < kit->node.count; i++)
        count += kit->node.requests[i].delegates == delegates;
    pthread_mutex_unlock(&kit->node.lock);
    return count;
}

size_t kit_delegates(struct kit *kit)
{
    return count_requests(kit, true);
}

size_t kit_invokes(struct kit *kit)
{
    return count_requests(kit, false);
}

const struct deputy_token *kit_delegated(struct kit *kit, size_t n)
{
    const struct deputy_token *token = NULL;
    pthread_mutex_lock(&kit->node.lock);
    for (size_t i = 0; i < kit->node.count; i++) {
        if (kit->node.requests[i].delegates && n-- == 0)
            token = read_token(&kit->node, &kit->node.requests[i], DEPUTY_TOKEN_DELEGATION);
    }
    pthread_mutex_unlock(&kit->node.lock);
    assert_non_null(token);
    return token;
}
