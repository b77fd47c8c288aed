/* POST /hooks/tickets and GET /hooks/events (spec/03 sections 13.2, 13.3). */
#include "base/arena.h"
#include "base/time.h"
#include "base/try.h"
#include "crypto/secret.h"
#include "node/answer.h"
#include "node/hook_ticket.h"
#include "node/hooks.h"
#include "node/routes.h"
#include "node/spaces.h"

enum { TICKETS_BODY_MAX = 64 * 1024, TICKETS_ANSWER_MAX = 512 * 1024 };

#define TICKET_ABILITY "tinycloud.hooks/subscribe"

/* ---- what is asked for ---- */

static enum deputy_error ttl_read(int64_t *out, const struct json_value *body, int64_t most)
{
    const struct json_value *ttl = json_member(body, "ttlSeconds");
    *out = most;
    if (ttl == NULL || json_is(ttl, JSON_NULL))
        return DEPUTY_OK;
    ENSURE(json_to_int64(out, ttl) == DEPUTY_OK && *out >= 0, DEPUTY_E_INVALID_INPUTS);
    *out = *out < most ? *out : most;
    return DEPUTY_OK;
}

static enum deputy_error scopes_read(
        struct deputy_arena *arena, struct hook_ticket *out, const struct json_value *list, size_t most)
{
    ENSURE(json_is(list, JSON_ARRAY), DEPUTY_E_INVALID_INPUTS);
    ENSURE(list->count > 0, DEPUTY_E_HOOK_NO_SCOPE);
    ENSURE(list->count <= most, DEPUTY_E_HOOK_SCOPES);
    struct hook_scope *scopes = ARENA_ARRAY(arena, struct hook_scope, list->count);
    ENSURE(scopes != NULL, arena_error(arena));
    JSON_EACH (scope, list)
        TRY(hook_scope_read(arena, &scopes[out->count++], scope));
    out->scopes = scopes;
    return DEPUTY_OK;
}

static enum deputy_error scopes_check(struct hook_ticket *ticket, const struct admission *admission)
{
    struct store_read *read = NULL;
    enum deputy_error error = DEPUTY_OK;
    for (size_t i = 0; i < ticket->count; i++)
        ENSURE(hook_scope_granted(&ticket->proofs, &admission->decision, TICKET_ABILITY, &ticket->scopes[i]),
                DEPUTY_E_HOOK_SCOPE);
    TRY(store_read_begin(&read, admission->on->node->store, NULL));
    for (size_t i = 0; i < ticket->count && error == DEPUTY_OK; i++) {
        struct deputy_slice space = ticket->scopes[i].space;
        error = spaces_hosted(read, &(struct space_list){.texts = &space, .count = 1});
    }
    store_read_end(read);
    return error;
}

/* It ends with the invocation and what that rests on, and never later than the settings allow. */
static enum deputy_error ticket_window(
        struct hook_ticket *ticket, const struct admission *admission, int64_t ttl)
{
    ticket->issued = node_now(admission->on->node).sec;
    ticket->expires = ticket->issued + ttl;
    ticket->has_parent_expiry = admission->decision.has_end;
    ticket->parent_expires = admission->decision.ends.sec;
    if (ticket->has_parent_expiry && ticket->parent_expires < ticket->expires)
        ticket->expires = ticket->parent_expires;
    ENSURE(ticket->expires > ticket->issued, DEPUTY_E_HOOK_TICKET_OVER);
    return DEPUTY_OK;
}

static enum deputy_error ticket_make(
        struct http_exchange *x, struct hook_ticket *ticket, const struct admission *admission)
{
    const struct hook_limits *limits = hooks_limits(admission->on->node->hooks);
    const struct json_value *body;
    int64_t ttl;
    ENSURE(json_parse(http_arena(x), &body, http_body(x)) == DEPUTY_OK, DEPUTY_E_INVALID_INPUTS);
    TRY(scopes_read(http_arena(x), ticket, json_member(body, "subscriptions"), limits->scopes_per_ticket));
    TRY(ttl_read(&ttl, body, limits->ticket_ttl_s));
    TRY(scopes_check(ticket, admission));
    TRY(ticket_window(ticket, admission, ttl));
    return deputy_principal_format(http_arena(x), &ticket->subscriber, &admission->token->issuer);
}

/* ---- the answer ---- */

static enum deputy_error ticket_seal(struct deputy_arena *arena, struct deputy_slice *out,
        const struct node *node, const struct hook_ticket *ticket)
{
    uint8_t key[HOOK_TICKET_KEY_BYTES];
    identity_derive(node->identity, IDENTITY_HOOK_TICKETS, key);
    enum deputy_error error = hook_ticket_seal(arena, out, key, ticket);
    secret_wipe(key, sizeof key);
    return error;
}

/* Whole seconds: "2026-04-09T12:39:56Z". */
static enum deputy_error put_seconds(struct deputy_arena *arena, struct deputy_slice *out, int64_t seconds)
{
    static const size_t kept = sizeof "2026-04-09T12:39:56" - 1;
    struct buf text = buf_make(arena, 64);
    time_put_iso(&text, (struct deputy_time){.sec = seconds});
    ENSURE(text.error == DEPUTY_OK, text.error);
    text.len = kept;
    buf_put_byte(&text, 'Z');
    return buf_finish(&text, out);
}

static enum deputy_error ticket_answer(
        struct http_exchange *x, struct deputy_slice *out, const struct admission *admission)
{
    struct hook_ticket ticket = {0};
    struct deputy_slice text, expires;
    struct buf answer = buf_make(http_arena(x), TICKETS_ANSWER_MAX);
    struct json_writer json = json_writer_make(&answer);
    TRY(ticket_make(x, &ticket, admission));
    TRY(ticket_seal(http_arena(x), &text, admission->on->node, &ticket));
    TRY(put_seconds(http_arena(x), &expires, ticket.expires));
    json_object_begin(&json);
    json_key(&json, "ticket");
    json_text(&json, text);
    json_key(&json, "expiresAt");
    json_text(&json, expires);
    json_object_end(&json);
    return buf_finish(&answer, out);
}

static enum http_flow tickets_with_body(struct http_exchange *x, void *app)
{
    struct admission admission;
    struct deputy_refusal refusal;
    struct deputy_slice answer = {NULL, 0};
    if (admit(&admission, &refusal, app, x, DEPUTY_USE_INVOKE) == DEPUTY_OK) {
        refusal.code = ticket_answer(x, &answer, &admission);
        admission_end(&admission);
    }
    if (refusal.code == DEPUTY_OK)
        http_reply_json(x, 200, answer);
    else
        answer_refusal(x, ANSWER_INVOKE, &refusal);
    return HTTP_DONE;
}

enum http_flow node_hook_tickets(struct http_exchange *x, void *app)
{
    return admit_before_body(x, app, DEPUTY_USE_INVOKE, TICKETS_BODY_MAX, tickets_with_body);
}

/* ---- the stream ---- */

static enum deputy_error events_open(struct http_exchange *x, struct node_loop *on)
{
    uint8_t key[HOOK_TICKET_KEY_BYTES];
    struct hook_ticket ticket;
    identity_derive(on->node->identity, IDENTITY_HOOK_TICKETS, key);
    enum deputy_error error =
            hook_ticket_open(http_arena(x), &ticket, key, http_query(x, "ticket"), node_now(on->node).sec);
    secret_wipe(key, sizeof key);
    TRY(error);
    struct hook_subscription subscription = {
            .scopes = ticket.scopes,
            .count = ticket.count,
            .proofs = ticket.proofs,
            .expires = ticket.expires,
    };
    return hook_stream_open(on->hub, x, &subscription);
}

enum http_flow node_hook_events(struct http_exchange *x, void *app)
{
    enum deputy_error error = events_open(x, app);
    if (error == DEPUTY_OK)
        return HTTP_LATER;
    answer_error(x, ANSWER_INVOKE, error);
    return HTTP_DONE;
}
