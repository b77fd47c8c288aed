#include "token/ucan.h"
#include "base/arena.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/time.h"
#include "base/try.h"
#include "token/caps.h"
#include "token/jwk.h"

/* The compact form: header, payload and signature, each base64url, with a dot between. */
struct ucan_parts {
    struct deputy_slice header;
    struct deputy_slice payload;
    struct deputy_slice signature;
};

/* Takes what stands before the next dot, and the dot. */
static bool part_take(struct deputy_slice *text, struct deputy_slice *part)
{
    const uint8_t *dot = text->len == 0 ? NULL : memchr(text->ptr, '.', text->len);
    if (dot == NULL)
        return false;
    *part = deputy_slice_bytes(text->ptr, (size_t)(dot - text->ptr));
    *text = deputy_slice_bytes(dot + 1, text->len - part->len - 1);
    return true;
}

static enum deputy_error ucan_split(struct ucan_parts *out, struct deputy_slice text)
{
    out->signature = text;
    ENSURE(part_take(&out->signature, &out->header), DEPUTY_E_UCAN_PARTS);
    ENSURE(part_take(&out->signature, &out->payload), DEPUTY_E_UCAN_PARTS);
    ENSURE(out->signature.len == 0 || memchr(out->signature.ptr, '.', out->signature.len) == NULL,
            DEPUTY_E_UCAN_PARTS);
    return DEPUTY_OK;
}

static enum deputy_error part_decode(struct deputy_arena *arena, struct deputy_slice *json,
        const struct json_value **object, struct deputy_slice part)
{
    TRY(base64url_read(arena, json, part, BASE64_UNPADDED));
    TRY(json_parse(arena, object, *json));
    ENSURE((*object)->kind == JSON_OBJECT, DEPUTY_E_UCAN_OBJECT);
    return DEPUTY_OK;
}

/* The member, or NULL when it is absent or null: for optional members these are the same. */
static const struct json_value *optional(const struct json_value *object, const char *name)
{
    const struct json_value *member = json_member(object, name);
    return json_is(member, JSON_NULL) ? NULL : member;
}

static enum deputy_error jwk_take(
        struct deputy_arena *arena, struct deputy_ucan *out, const struct json_value *header)
{
    const struct json_value *jwk = optional(header, "jwk");
    if (jwk == NULL)
        return DEPUTY_OK;
    TRY(jwk_check(arena, jwk));
    const struct json_value *alg = json_member(jwk, "alg");
    out->jwk = jwk->raw;
    if (alg != NULL)
        out->jwk_algorithm = alg->text;
    return DEPUTY_OK;
}

static enum deputy_error header_take(
        struct deputy_arena *arena, struct deputy_ucan *out, const struct json_value *header)
{
    ENSURE(json_member(header, "crit") == NULL, DEPUTY_E_UCAN_CRIT);
    ENSURE(json_member(header, "b64") == NULL, DEPUTY_E_UCAN_B64);
    ENSURE(json_text_is(json_member(header, "typ"), "JWT"), DEPUTY_E_UCAN_TYP);
    ENSURE(json_text_is(json_member(header, "ucv"), "0.10.0"), DEPUTY_E_UCAN_UCV);
    ENSURE(json_to_text(&out->algorithm, json_member(header, "alg")) == DEPUTY_OK, DEPUTY_E_UCAN_ALG);
    ENSURE(jws_algorithm_known(out->algorithm), DEPUTY_E_UCAN_ALG);
    return jwk_take(arena, out, header);
}

/* The issuer may be a DID URL: its fragment names the key. A path or query is the verifier's to refuse. */
static enum deputy_error issuer_take(
        struct deputy_token *token, struct deputy_ucan *out, const struct json_value *payload)
{
    struct deputy_did did;
    ENSURE(json_to_text(&out->issuer, json_member(payload, "iss")) == DEPUTY_OK, DEPUTY_E_UCAN_ISSUER);
    ENSURE(deputy_did_parse(&did, out->issuer) == DEPUTY_OK, DEPUTY_E_UCAN_ISSUER);
    token->issuer = deputy_principal_of(out->issuer);
    return DEPUTY_OK;
}

static enum deputy_error audience_take(
        struct deputy_token *token, struct deputy_ucan *out, const struct json_value *payload)
{
    struct deputy_did did;
    ENSURE(json_to_text(&out->audience, json_member(payload, "aud")) == DEPUTY_OK, DEPUTY_E_UCAN_AUDIENCE);
    ENSURE(deputy_did_parse(&did, out->audience) == DEPUTY_OK, DEPUTY_E_UCAN_AUDIENCE);
    ENSURE(did.did.len == out->audience.len, DEPUTY_E_UCAN_AUDIENCE);
    token->audience = deputy_principal_of(out->audience);
    return DEPUTY_OK;
}

static enum deputy_error seconds_take(
        double *seconds, struct deputy_time *time, const struct json_value *member)
{
    TRY(json_to_double(seconds, member));
    return time_from_double(time, *seconds);
}

static enum deputy_error window_take(
        struct deputy_token *token, struct deputy_ucan *out, const struct json_value *payload)
{
    struct deputy_window *window = &token->window;
    const struct json_value *not_before = optional(payload, "nbf");
    window->has_expiry = true;
    ENSURE(seconds_take(&out->expiry, &window->expiry, json_member(payload, "exp")) == DEPUTY_OK,
            DEPUTY_E_UCAN_EXPIRY);
    if (not_before == NULL)
        return DEPUTY_OK;
    window->has_not_before = out->has_not_before = true;
    ENSURE(seconds_take(&out->not_before, &window->not_before, not_before) == DEPUTY_OK,
            DEPUTY_E_UCAN_NOT_BEFORE);
    return DEPUTY_OK;
}

/* One of the facts says that the delegation may not be a parent (spec/02 section 10). */
static bool is_terminal(const struct json_value *facts)
{
    JSON_EACH (fact, facts)
        if (json_text_is(json_member(fact, "xyz.tinycloud.policy/delegationMode"), "terminal"))
            return true;
    return false;
}

static enum deputy_error nonce_and_facts_take(struct deputy_token *token, const struct json_value *payload)
{
    const struct json_value *nonce = optional(payload, "nnc"), *facts = optional(payload, "fct");
    ENSURE(nonce == NULL || json_to_text(&token->nonce, nonce) == DEPUTY_OK, DEPUTY_E_UCAN_NONCE);
    if (facts == NULL)
        return DEPUTY_OK;
    ENSURE(facts->kind == JSON_ARRAY, DEPUTY_E_UCAN_FACTS);
    token->facts = facts->raw;
    token->terminal = is_terminal(facts);
    return DEPUTY_OK;
}

static enum deputy_error proof_take(struct deputy_proof *out, const struct json_value *text)
{
    ENSURE(text->kind == JSON_STRING, DEPUTY_E_PROOFS);
    enum deputy_error error = deputy_cid_parse(&out->cid, text->text);
    out->foreign = error == DEPUTY_E_CID_FOREIGN;
    return out->foreign ? DEPUTY_OK : error;
}

static enum deputy_error proofs_take(
        struct deputy_arena *arena, struct deputy_token *token, const struct json_value *list)
{
    ENSURE(json_is(list, JSON_ARRAY), DEPUTY_E_PROOFS);
    ENSURE(list->count <= DEPUTY_TOKEN_MAX_PROOFS, DEPUTY_E_PROOF_LIMIT);
    struct deputy_proof *proofs = ARENA_ARRAY(arena, struct deputy_proof, list->count), *next = proofs;
    ENSURE(proofs != NULL, arena_error(arena));
    JSON_EACH (text, list)
        TRY(proof_take(next++, text));
    token->proofs = proofs;
    token->proof_count = list->count;
    return DEPUTY_OK;
}

static enum deputy_error payload_take(struct deputy_arena *arena, struct deputy_token *token,
        struct deputy_ucan *out, const struct json_value *payload)
{
    TRY(issuer_take(token, out, payload));
    TRY(audience_take(token, out, payload));
    TRY(window_take(token, out, payload));
    TRY(nonce_and_facts_take(token, payload));
    TRY(proofs_take(arena, token, json_member(payload, "prf")));
    return caps_from_json(arena, &token->capabilities, &token->capability_count, json_member(payload, "att"),
            CAPS_ALLOW_CAVEATS);
}

enum deputy_error ucan_parse(struct deputy_arena *arena, struct deputy_token *out, struct deputy_slice text)
{
    struct ucan_parts parts;
    const struct json_value *header, *payload;
    struct deputy_ucan *ucan = ARENA_NEW(arena, struct deputy_ucan);
    ENSURE(ucan != NULL, arena_error(arena));
    TRY(ucan_split(&parts, text));
    ucan->signed_text = deputy_slice_bytes(text.ptr, parts.header.len + 1 + parts.payload.len);
    TRY(part_decode(arena, &ucan->header, &header, parts.header));
    TRY(header_take(arena, ucan, header));
    TRY(part_decode(arena, &ucan->payload, &payload, parts.payload));
    TRY(base64url_read(arena, &ucan->signature, parts.signature, BASE64_UNPADDED));
    *out = (struct deputy_token){.kind = DEPUTY_TOKEN_UCAN, .bytes = text, .ucan = ucan};
    out->cid = deputy_cid_of_bytes(text);
    return payload_take(arena, out, ucan, payload);
}
