/*
 * GET /signed/kv/<ticket> (spec/03 section 11). The invocation that the ticket was made with is judged again,
 * so the URL ends with whatever it rests on.
 */
#include "base/arena.h"
#include "base/codec.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "http/range.h"
#include "node/answer.h"
#include "node/kv.h"
#include "node/routes.h"
#include "node/signed_url.h"

enum { SIGNED_SECRET_BYTES = 32 };

/* ---- may it be read ---- */

static enum deputy_error ticket_find(struct deputy_arena *arena, struct store_ticket *ticket,
        struct store_read *read, struct deputy_slice text)
{
    uint8_t secret[SIGNED_SECRET_BYTES];
    bool found;
    ENSURE(base64url_read_fixed(secret, sizeof secret, text) == DEPUTY_OK, DEPUTY_E_SIGNED_TICKET);
    blake3(ticket->id, deputy_slice_bytes(secret, sizeof secret));
    TRY(store_ticket_find(arena, ticket, &found, read));
    return found ? DEPUTY_OK : DEPUTY_E_SIGNED_TICKET;
}

/* Decides on the kept invocation as if it came now. */
static enum deputy_error ticket_judge(struct http_exchange *x, struct deputy_refusal *refusal,
        struct node_loop *on, const struct store_ticket *ticket)
{
    struct admission admission;
    ENSURE(node_now(on->node).sec < ticket->expires, DEPUTY_E_SIGNED_EXPIRED);
    TRY(admit_kept(&admission, refusal, on, http_arena(x), ticket->invocation));
    enum deputy_error error = signed_scope_check(http_arena(x), &admission.decision, ticket);
    admission_end(&admission);
    return error == DEPUTY_OK ? DEPUTY_OK : DEPUTY_E_SIGNED_TICKET_SCOPE;
}

static enum deputy_error object_find(struct deputy_arena *arena, struct store_object *out,
        struct store_read *read, const struct store_ticket *ticket)
{
    TRY(store_kv_get(arena, out, read, ticket->space, ticket->key));
    ENSURE(out->found, DEPUTY_E_KV_NOT_FOUND);
    ENSURE(memcmp(out->value.hash, ticket->hash, sizeof ticket->hash) == 0, DEPUTY_E_SIGNED_CHANGED);
    return DEPUTY_OK;
}

/* Two snapshots, one after the other: judging takes one of its own. */
static enum deputy_error signed_find(struct http_exchange *x, struct store_object *out,
        struct deputy_refusal *refusal, struct node_loop *on)
{
    struct store_ticket ticket;
    struct store_read *read = NULL;
    TRY(store_read_begin(&read, on->node->store, NULL));
    enum deputy_error error = ticket_find(http_arena(x), &ticket, read, http_param(x, "ticket"));
    store_read_end(read);
    TRY(error);
    TRY(ticket_judge(x, refusal, on, &ticket));
    TRY(store_read_begin(&read, on->node->store, NULL));
    error = object_find(http_arena(x), out, read, &ticket);
    store_read_end(read);
    return error;
}

/* ---- the answer ---- */

static enum http_flow send_range(
        struct http_exchange *x, struct store *store, const struct store_object *object, struct range range)
{
    if (range.kind != RANGE_WHOLE && !range_reply_header(x, &range, object->value.size)) {
        http_reply_error(x, 500);
        return HTTP_DONE;
    }
    if (range.kind == RANGE_UNSATISFIABLE) {
        http_reply(x, 416, NULL, deputy_slice_text(""));
        return HTTP_DONE;
    }
    return kv_send(x, store, &object->value, range.kind == RANGE_PART ? 206 : 200,
            (struct kv_span){range.first, range.length});
}

static enum http_flow signed_reply(
        struct http_exchange *x, struct store *store, const struct store_object *object)
{
    struct deputy_slice etag, match = http_header(x, "if-none-match");
    if (kv_reply_headers(x, object) != DEPUTY_OK ||
            kv_etag(http_arena(x), &etag, object->value.hash) != DEPUTY_OK) {
        http_reply_error(x, 500);
        return HTTP_DONE;
    }
    http_reply_header(x, "Accept-Ranges", deputy_slice_text("bytes"));
    http_reply_header(x, "Cache-Control", deputy_slice_text("private, no-store"));
    if (deputy_slice_present(match) && kv_etag_listed(match, etag)) {
        http_reply(x, 304, NULL, deputy_slice_text(""));
        return HTTP_DONE;
    }
    return send_range(x, store, object,
            range_read(http_header(x, "range"), http_header(x, "if-range"), etag, object->value.size));
}

enum http_flow node_signed_read(struct http_exchange *x, void *app)
{
    struct node_loop *on = app;
    struct store_object object;
    struct deputy_refusal refusal = {.code = DEPUTY_OK};
    enum deputy_error error = signed_find(x, &object, &refusal, on);
    if (error == DEPUTY_OK)
        return signed_reply(x, on->node->store, &object);
    if (refusal.code != error)
        refusal = (struct deputy_refusal){.code = error};
    answer_refusal(x, ANSWER_INVOKE, &refusal);
    return HTTP_DONE;
}
