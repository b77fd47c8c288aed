/*
 * POST /signed/kv (spec/03 section 11): a URL that reads one value for a short time, without a token. It
 * grants no more than the invocation it is made with: not longer, not another value, and not after a
 * revocation.
 */
#include "node/signed_url.h"
#include "base/arena.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/time.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "node/kv.h"
#include "node/mutation.h"
#include "node/routes.h"
#include <deputy/ability.h>

enum {
    SIGNED_BODY_MAX = 64 * 1024,
    SIGNED_ANSWER_MAX = 1024,
    SIGNED_TTL_MAX = 300, /* seconds, and what holds when the request does not say */
    SIGNED_SECRET_BYTES = 32
};

struct signed_url {
    struct node_loop *on;
    struct admission admission;
    struct deputy_space space;
    struct store_ticket ticket;
    bool has_hash;
    int64_t ttl;
    struct store_replay replay;
    uint8_t secret[SIGNED_SECRET_BYTES]; /* what the URL carries */
};

/* ---- the body ---- */

/* A member under either of its names: the reference's, and that of the clients in use. */
static enum deputy_error member_of(
        const struct json_value **out, const struct json_value *body, const char *name, const char *also)
{
    const struct json_value *first = json_member(body, name), *second = json_member(body, also);
    ENSURE(first == NULL || second == NULL || json_equal(first, second), DEPUTY_E_INVALID_INPUTS);
    *out = first != NULL ? first : second;
    if (json_is(*out, JSON_NULL))
        *out = NULL;
    return DEPUTY_OK;
}

static struct deputy_slice trim(struct deputy_slice text)
{
    while (text.len > 0 && text.ptr[0] == ' ')
        text = deputy_slice_bytes(text.ptr + 1, text.len - 1);
    while (text.len > 0 && text.ptr[text.len - 1] == ' ')
        text.len--;
    return text;
}

/* A digest as hex, or as an ETag with or without its quotes. */
static enum deputy_error read_digest(uint8_t out[32], const struct json_value *value)
{
    static const char prefix[] = "blake3-";
    struct deputy_slice text;
    ENSURE(json_to_text(&text, value) == DEPUTY_OK, DEPUTY_E_INVALID_INPUTS);
    text = trim(text);
    if (text.len >= 2 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"')
        text = deputy_slice_bytes(text.ptr + 1, text.len - 2);
    if (text.len > sizeof prefix - 1 && memcmp(text.ptr, prefix, sizeof prefix - 1) == 0)
        text = deputy_slice_bytes(text.ptr + sizeof prefix - 1, text.len - (sizeof prefix - 1));
    return hex_read_fixed(out, 32, text) == DEPUTY_OK ? DEPUTY_OK : DEPUTY_E_SIGNED_HASH;
}

static enum deputy_error read_binding(struct signed_url *url, const struct json_value *body)
{
    const struct json_value *hash, *etag = json_member(body, "etag");
    uint8_t other[32];
    TRY(member_of(&hash, body, "contentHash", "content_hash"));
    if (json_is(etag, JSON_NULL))
        etag = NULL;
    url->has_hash = hash != NULL || etag != NULL;
    if (!url->has_hash)
        return DEPUTY_OK;
    TRY(read_digest(url->ticket.hash, hash != NULL ? hash : etag));
    TRY(read_digest(other, etag != NULL ? etag : hash));
    ENSURE(memcmp(other, url->ticket.hash, sizeof other) == 0, DEPUTY_E_SIGNED_DIFFER);
    return DEPUTY_OK;
}

static enum deputy_error read_ttl(struct signed_url *url, const struct json_value *body)
{
    const struct json_value *ttl;
    TRY(member_of(&ttl, body, "ttlSeconds", "ttl_seconds"));
    url->ttl = SIGNED_TTL_MAX;
    ENSURE(ttl == NULL || json_to_int64(&url->ttl, ttl) == DEPUTY_OK, DEPUTY_E_INVALID_INPUTS);
    if (url->ttl > SIGNED_TTL_MAX)
        url->ttl = SIGNED_TTL_MAX;
    return url->ttl > 0 ? DEPUTY_OK : DEPUTY_E_SIGNED_IMMEDIATELY;
}

static enum deputy_error url_read_body(
        struct deputy_arena *arena, struct signed_url *url, struct deputy_slice bytes)
{
    const struct json_value *body, *uses;
    struct deputy_slice space;
    ENSURE(json_parse(arena, &body, bytes) == DEPUTY_OK && json_is(body, JSON_OBJECT),
            DEPUTY_E_INVALID_INPUTS);
    TRY(member_of(&uses, body, "maxUses", "max_uses"));
    ENSURE(uses == NULL, DEPUTY_E_SIGNED_USES);
    ENSURE(json_to_text(&space, json_member(body, "space")) == DEPUTY_OK, DEPUTY_E_INVALID_INPUTS);
    ENSURE(json_to_text(&url->ticket.key, json_member(body, "path")) == DEPUTY_OK, DEPUTY_E_INVALID_INPUTS);
    ENSURE(deputy_space_parse(&url->space, space) == DEPUTY_OK, DEPUTY_E_PEER_SPACE);
    TRY(deputy_space_format(arena, &url->ticket.space, &url->space));
    TRY(read_binding(url, body));
    return read_ttl(url, body);
}

/* ---- what it may be for ---- */

/* The resource <space>/kv/<path>; a path that is none there names nothing. */
static enum deputy_error resource_of(
        struct deputy_arena *arena, struct deputy_resource *out, const struct store_ticket *ticket)
{
    struct deputy_slice text;
    struct buf uri = buf_make(arena, SIGNED_BODY_MAX + 1024);
    buf_put(&uri, ticket->space);
    buf_put_text(&uri, "/kv/");
    buf_put(&uri, ticket->key);
    TRY(buf_finish(&uri, &text));
    ENSURE(deputy_resource_parse(out, text) == DEPUTY_OK && out->kind == DEPUTY_RESOURCE_SPACE &&
                    deputy_slice_present(out->path) && deputy_slice_equal(out->path, ticket->key) &&
                    !deputy_slice_present(out->query) && !deputy_slice_present(out->fragment),
            DEPUTY_E_SIGNED_PATH);
    return DEPUTY_OK;
}

enum deputy_error signed_scope_check(
        struct deputy_arena *arena, const struct deputy_decision *decision, const struct store_ticket *ticket)
{
    struct deputy_resource resource;
    TRY(resource_of(arena, &resource, ticket));
    for (size_t i = 0; i < decision->grant_count; i++) {
        const struct deputy_capability *held = decision->grants[i].capability;
        if (deputy_ability_matches(held->ability, deputy_slice_text("tinycloud.kv/get")) &&
                deputy_resource_extends(&resource, &held->resource))
            return DEPUTY_OK;
    }
    return DEPUTY_E_SIGNED_SCOPE;
}

/* The value must be there; without a hash the ticket is for what is there now. */
static enum deputy_error url_bind(struct deputy_arena *arena, struct signed_url *url, struct store_read *read)
{
    struct store_object object;
    bool hosted;
    TRY(store_space_exists(read, &hosted, url->ticket.space));
    ENSURE(hosted, DEPUTY_E_STORE_SPACE);
    TRY(store_kv_head(arena, &object, read, url->ticket.space, url->ticket.key));
    ENSURE(object.found, DEPUTY_E_KV_NOT_FOUND);
    if (!url->has_hash)
        memcpy(url->ticket.hash, object.value.hash, sizeof url->ticket.hash);
    return DEPUTY_OK;
}

/* Not behind the end of the invocation, nor of anything that it rests on. */
static enum deputy_error url_limit(struct signed_url *url)
{
    const struct deputy_decision *decision = &url->admission.decision;
    int64_t now = node_now(url->on->node).sec;
    url->ticket.expires = now + url->ttl;
    if (decision->has_end && decision->ends.sec < url->ticket.expires)
        url->ticket.expires = decision->ends.sec;
    return url->ticket.expires > now ? DEPUTY_OK : DEPUTY_E_SIGNED_IMMEDIATELY;
}

static enum deputy_error url_prepare(struct http_exchange *x, struct signed_url *url)
{
    struct deputy_arena *arena = http_arena(x);
    struct store_read *read = NULL;
    ENSURE(!kv_changes(&url->admission.decision), DEPUTY_E_INVALID_INPUTS);
    TRY(url_read_body(arena, url, http_body(x)));
    TRY(signed_scope_check(arena, &url->admission.decision, &url->ticket));
    TRY(store_read_begin(&read, url->on->node->store, NULL));
    enum deputy_error error = url_bind(arena, url, read);
    store_read_end(read);
    TRY(error);
    TRY(url_limit(url));
    url->ticket.invocation = url->admission.header;
    random_bytes(url->secret, sizeof url->secret);
    blake3(url->ticket.id, deputy_slice_bytes(url->secret, sizeof url->secret));
    return admission_use_up(arena, &url->replay, &url->admission);
}

/* ---- making it ---- */

static enum deputy_error url_apply(struct mutation *mutation, struct store_write *write)
{
    const struct signed_url *url = mutation->ctx;
    TRY(admit_again(mutation->arena, &mutation->refusal, &mutation->admission, write));
    TRY(store_replay_insert(write, &url->replay));
    return store_ticket_insert(write, &url->ticket);
}

static enum deputy_error url_format(
        struct deputy_arena *arena, struct deputy_slice *text, const struct signed_url *url)
{
    struct deputy_slice id, path, expires;
    struct buf encoded = buf_make(arena, 64), place = buf_make(arena, 128), time = buf_make(arena, 64);
    base64url_put(&encoded, deputy_slice_bytes(url->secret, sizeof url->secret), BASE64_UNPADDED);
    TRY(buf_finish(&encoded, &id));
    buf_put_text(&place, "/signed/kv/");
    buf_put(&place, id);
    TRY(buf_finish(&place, &path));
    time_put_utc(&time, (struct deputy_time){url->ticket.expires, 0});
    TRY(buf_finish(&time, &expires));
    struct buf out = buf_make(arena, SIGNED_ANSWER_MAX);
    struct json_writer json = json_writer_make(&out);
    json_object_begin(&json);
    json_key(&json, "url");
    json_text(&json, path);
    json_key(&json, "ticketId");
    json_text(&json, id);
    json_key(&json, "expiresAt");
    json_text(&json, expires);
    json_object_end(&json);
    return buf_finish(&out, text);
}

static void url_answer(struct mutation *mutation)
{
    struct deputy_slice text;
    if (url_format(http_arena(mutation->x), &text, mutation->ctx) == DEPUTY_OK)
        http_reply_json(mutation->x, 200, text);
    else
        http_reply_error(mutation->x, 500);
}

static enum http_flow url_with_body(struct http_exchange *x, void *app)
{
    struct signed_url *url = app;
    struct deputy_refusal refusal;
    enum deputy_error error = admit(&url->admission, &refusal, url->on, x, DEPUTY_USE_INVOKE);
    if (error == DEPUTY_OK) {
        error = url_prepare(x, url);
        if (error == DEPUTY_OK) {
            struct mutation mutation = {.admission = url->admission,
                    .apply = url_apply,
                    .answer = url_answer,
                    .route = ANSWER_INVOKE,
                    .ctx = url};
            return mutation_submit(x, &mutation, sizeof *url + url->ticket.invocation.len);
        }
        admission_end(&url->admission);
        refusal = (struct deputy_refusal){.code = error};
    }
    answer_refusal(x, ANSWER_INVOKE, &refusal);
    return HTTP_DONE;
}

/* Judged before the body is read, and again when it is there: nothing is held while it comes. */
enum http_flow node_signed_url(struct http_exchange *x, void *app)
{
    struct deputy_refusal refusal = {.code = DEPUTY_E_NOMEM};
    struct signed_url *url = ARENA_NEW(http_arena(x), struct signed_url);
    if (url != NULL && admit(&url->admission, &refusal, app, x, DEPUTY_USE_INVOKE) == DEPUTY_OK) {
        admission_end(&url->admission);
        url->on = app;
        http_body_collect(x, SIGNED_BODY_MAX, url_with_body, url);
        return HTTP_LATER;
    }
    answer_refusal(x, ANSWER_INVOKE, &refusal);
    return HTTP_DONE;
}
