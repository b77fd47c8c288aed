#include "node/hook_ticket.h"
#include "base/arena.h"
#include "base/codec.h"
#include "base/try.h"
#include "crypto/hash.h"

enum { TICKET_MAX = 256 * 1024, TICKET_VERSION = 1 };

/* ---- sealing ---- */

static void put_scopes(struct json_writer *json, const struct hook_ticket *ticket)
{
    json_key(json, "scopes");
    json_array_begin(json);
    for (size_t i = 0; i < ticket->count; i++) {
        json_object_begin(json);
        hook_scope_put(json, &ticket->scopes[i]);
        json_object_end(json);
    }
    json_array_end(json);
}

static enum deputy_error put_proofs(
        struct deputy_arena *arena, struct json_writer *json, const struct hook_proofs *proofs)
{
    if (proofs->count == 0)
        return DEPUTY_OK;
    json_key(json, "prf");
    json_array_begin(json);
    for (size_t i = 0; i < proofs->count; i++) {
        struct deputy_slice cid;
        TRY(deputy_cid_format(arena, &cid, &proofs->cids[i], DEPUTY_CID_BASE32));
        json_text(json, cid);
    }
    json_array_end(json);
    return DEPUTY_OK;
}

static enum deputy_error payload_make(
        struct deputy_arena *arena, struct deputy_slice *out, const struct hook_ticket *ticket)
{
    struct buf text = buf_make(arena, TICKET_MAX);
    struct json_writer json = json_writer_make(&text);
    json_object_begin(&json);
    json_key(&json, "v");
    json_int(&json, TICKET_VERSION);
    json_key(&json, "sub");
    json_text(&json, ticket->subscriber);
    put_scopes(&json, ticket);
    json_key(&json, "iat");
    json_int(&json, ticket->issued);
    json_key(&json, "exp");
    json_int(&json, ticket->expires);
    json_key(&json, "parentExp");
    if (ticket->has_parent_expiry)
        json_int(&json, ticket->parent_expires);
    else
        json_null(&json);
    TRY(put_proofs(arena, &json, &ticket->proofs));
    json_object_end(&json);
    return buf_finish(&text, out);
}

enum deputy_error hook_ticket_seal(struct deputy_arena *arena, struct deputy_slice *out,
        const uint8_t key[HOOK_TICKET_KEY_BYTES], const struct hook_ticket *ticket)
{
    uint8_t mac[HASH_BYTES];
    struct deputy_slice payload;
    struct buf text = buf_make(arena, TICKET_MAX);
    TRY(payload_make(arena, &payload, ticket));
    base64url_put(&text, payload, BASE64_UNPADDED);
    ENSURE(text.error == DEPUTY_OK, text.error);
    hmac_sha256(mac, deputy_slice_bytes(key, HOOK_TICKET_KEY_BYTES), deputy_slice_bytes(text.ptr, text.len));
    buf_put_byte(&text, '.');
    base64url_put(&text, deputy_slice_bytes(mac, sizeof mac), BASE64_UNPADDED);
    return buf_finish(&text, out);
}

/* ---- opening ---- */

static enum deputy_error scopes_read(
        struct deputy_arena *arena, struct hook_ticket *out, const struct json_value *list)
{
    ENSURE(json_is(list, JSON_ARRAY) && list->count > 0, DEPUTY_E_HOOK_TICKET_PAYLOAD);
    struct hook_scope *scopes = ARENA_ARRAY(arena, struct hook_scope, list->count);
    ENSURE(scopes != NULL, arena_error(arena));
    JSON_EACH (scope, list)
        TRY(hook_scope_read(arena, &scopes[out->count++], scope));
    out->scopes = scopes;
    return DEPUTY_OK;
}

static enum deputy_error proofs_read(struct hook_proofs *out, const struct json_value *list)
{
    if (list == NULL)
        return DEPUTY_OK;
    ENSURE(json_is(list, JSON_ARRAY) && list->count <= HOOK_PROOFS_MAX, DEPUTY_E_HOOK_TICKET_PAYLOAD);
    JSON_EACH (cid, list) {
        struct deputy_slice text;
        TRY(json_to_text(&text, cid));
        TRY(deputy_cid_parse(&out->cids[out->count++], text));
    }
    return DEPUTY_OK;
}

static enum deputy_error payload_read(
        struct deputy_arena *arena, struct hook_ticket *out, struct deputy_slice payload)
{
    const struct json_value *json;
    int64_t version;
    TRY(json_parse(arena, &json, payload));
    TRY(json_to_int64(&version, json_member(json, "v")));
    ENSURE(version == TICKET_VERSION, DEPUTY_E_HOOK_TICKET_PAYLOAD);
    TRY(json_to_text(&out->subscriber, json_member(json, "sub")));
    TRY(json_to_int64(&out->issued, json_member(json, "iat")));
    TRY(json_to_int64(&out->expires, json_member(json, "exp")));
    const struct json_value *parent = json_member(json, "parentExp");
    out->has_parent_expiry = json_to_int64(&out->parent_expires, parent) == DEPUTY_OK;
    TRY(scopes_read(arena, out, json_member(json, "scopes")));
    return proofs_read(&out->proofs, json_member(json, "prf"));
}

static enum deputy_error mac_check(
        struct deputy_slice payload, struct deputy_slice mac_text, const uint8_t *key)
{
    uint8_t given[HASH_BYTES], mac[HASH_BYTES];
    ENSURE(base64url_read_fixed(given, sizeof given, mac_text) == DEPUTY_OK, DEPUTY_E_HOOK_TICKET_FORM);
    hmac_sha256(mac, deputy_slice_bytes(key, HOOK_TICKET_KEY_BYTES), payload);
    ENSURE(bytes_equal_secret(mac, given, sizeof mac), DEPUTY_E_HOOK_TICKET_SIGNATURE);
    return DEPUTY_OK;
}

enum deputy_error hook_ticket_open(struct deputy_arena *arena, struct hook_ticket *out,
        const uint8_t key[HOOK_TICKET_KEY_BYTES], struct deputy_slice text, int64_t now)
{
    *out = (struct hook_ticket){0};
    const uint8_t *dot = text.len > 0 ? memchr(text.ptr, '.', text.len) : NULL;
    ENSURE(dot != NULL && text.len <= TICKET_MAX, DEPUTY_E_HOOK_TICKET_FORM);
    struct deputy_slice first = deputy_slice_bytes(text.ptr, (size_t)(dot - text.ptr)), payload;
    TRY(mac_check(first, deputy_slice_bytes(dot + 1, text.len - first.len - 1), key));
    ENSURE(base64url_read(arena, &payload, first, BASE64_UNPADDED) == DEPUTY_OK &&
                    payload_read(arena, out, payload) == DEPUTY_OK,
            DEPUTY_E_HOOK_TICKET_PAYLOAD);
    ENSURE(now < out->expires, DEPUTY_E_HOOK_TICKET_EXPIRED);
    return DEPUTY_OK;
}
