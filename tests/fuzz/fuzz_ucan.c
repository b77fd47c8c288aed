/*
 * UCANs both ways. An input is the JSON of a header and, after a NUL, that of a payload, so that the search
 * needs no base64; an input without a NUL is the text of a token.
 */
#include "base/arena.h"
#include "base/codec.h"
#include "base/json.h"
#include "property.h"
#include "token/ucan.h"
#include <deputy/ability.h>

enum { TEXT_MAX = 4 * 1024 * 1024 };

static struct deputy_slice token_text(struct deputy_slice input)
{
    struct buf out = buf_make(fuzz_arena_kept(), TEXT_MAX);
    static const uint8_t signature[64];
    struct deputy_slice text, header = fuzz_field(&input, '\0');
    base64url_put(&out, header, BASE64_UNPADDED);
    buf_put_byte(&out, '.');
    base64url_put(&out, input, BASE64_UNPADDED);
    buf_put_byte(&out, '.');
    base64url_put(&out, deputy_slice_bytes(signature, sizeof signature), BASE64_UNPADDED);
    HOLDS(buf_finish(&out, &text) == DEPUTY_OK);
    return text;
}

/* Sorted, each once, on a URI and an ability that are well formed. */
static void capabilities_hold(const struct deputy_token *token)
{
    HOLDS(token->capability_count <= DEPUTY_TOKEN_MAX_CAPABILITIES);
    for (size_t i = 0; i < token->capability_count; i++) {
        const struct deputy_capability *cap = &token->capabilities[i];
        struct deputy_resource resource;
        HOLDS(deputy_ability_parse(NULL, NULL, cap->ability) == DEPUTY_OK);
        HOLDS(deputy_resource_parse(&resource, cap->resource.written) == DEPUTY_OK);
        HOLDS(deputy_resource_equal(&resource, &cap->resource));
        if (i == 0)
            continue;
        int order = deputy_slice_compare(cap[-1].resource.written, cap->resource.written);
        HOLDS(order < 0 || (order == 0 && deputy_slice_compare(cap[-1].ability, cap->ability) < 0));
    }
}

static void fields_hold(const struct deputy_token *token)
{
    struct deputy_did did;
    HOLDS(deputy_did_parse(&did, token->ucan->issuer) == DEPUTY_OK);
    HOLDS(deputy_did_parse(&did, token->ucan->audience) == DEPUTY_OK);
    HOLDS(did.did.len == token->ucan->audience.len);
    HOLDS(token->window.has_expiry && token->window.expiry.sec >= 0);
    HOLDS(token->proof_count <= DEPUTY_TOKEN_MAX_PROOFS);
    capabilities_hold(token);
}

static struct deputy_key *fuzz_key(void)
{
    static struct deputy_key *key = NULL;
    static const uint8_t seed[32] = {1};
    if (key == NULL)
        HOLDS(deputy_key_import(&key, DEPUTY_KEY_ED25519, seed) == DEPUTY_OK);
    return key;
}

/* The claims of the token; false when it cites a CID that we cannot write. */
static bool claims_of(struct deputy_ucan_claims *out, const struct deputy_token *token)
{
    struct deputy_arena *arena = fuzz_arena_kept();
    struct deputy_ucan_grant *grants = ARENA_ARRAY(arena, struct deputy_ucan_grant, token->capability_count);
    struct deputy_cid *proofs = ARENA_ARRAY(arena, struct deputy_cid, token->proof_count);
    HOLDS(grants != NULL && proofs != NULL);
    for (size_t i = 0; i < token->capability_count; i++)
        grants[i] = (struct deputy_ucan_grant){token->capabilities[i].resource.written,
                token->capabilities[i].ability, token->capabilities[i].caveats};
    for (size_t i = 0; i < token->proof_count; i++) {
        proofs[i] = token->proofs[i].cid;
        if (token->proofs[i].foreign)
            return false;
    }
    *out = (struct deputy_ucan_claims){.issuer = token->ucan->issuer,
            .audience = token->ucan->audience,
            .expiry = token->ucan->expiry,
            .has_not_before = token->ucan->has_not_before,
            .not_before = token->ucan->not_before,
            .nonce = token->nonce,
            .facts = token->facts,
            .proofs = proofs,
            .proof_count = token->proof_count,
            .grants = grants,
            .grant_count = token->capability_count};
    return true;
}

static bool json_same(struct deputy_slice a, struct deputy_slice b)
{
    const struct json_value *left, *right;
    if (deputy_slice_present(a) != deputy_slice_present(b))
        return false;
    if (!deputy_slice_present(a))
        return true;
    HOLDS(json_parse(fuzz_arena_kept(), &left, a) == DEPUTY_OK);
    HOLDS(json_parse(fuzz_arena_kept(), &right, b) == DEPUTY_OK);
    return json_equal(left, right);
}

static void tokens_say_the_same(const struct deputy_token *a, const struct deputy_token *b)
{
    HOLDS(deputy_slice_equal(a->ucan->issuer, b->ucan->issuer));
    HOLDS(deputy_slice_equal(a->ucan->audience, b->ucan->audience));
    HOLDS(deputy_time_compare(a->window.expiry, b->window.expiry) == 0);
    HOLDS(a->window.has_not_before == b->window.has_not_before);
    HOLDS(deputy_time_compare(a->window.not_before, b->window.not_before) == 0);
    HOLDS(fuzz_same(a->nonce, b->nonce) && json_same(a->facts, b->facts) && a->terminal == b->terminal);
    HOLDS(a->capability_count == b->capability_count && a->proof_count == b->proof_count);
    for (size_t i = 0; i < a->capability_count; i++) {
        HOLDS(deputy_slice_equal(a->capabilities[i].resource.written, b->capabilities[i].resource.written));
        HOLDS(deputy_slice_equal(a->capabilities[i].ability, b->capabilities[i].ability));
        HOLDS(json_same(a->capabilities[i].caveats, b->capabilities[i].caveats));
    }
    for (size_t i = 0; i < a->proof_count; i++)
        HOLDS(deputy_cid_equal(&a->proofs[i].cid, &b->proofs[i].cid));
}

/* What was read can be built; what was built says the same, and built again it is the same text. */
static void token_is_built_again(const struct deputy_token *token)
{
    struct deputy_arena *arena = fuzz_arena_kept();
    struct deputy_ucan_claims claims;
    struct deputy_token built;
    struct deputy_slice jwt, again;
    if (!claims_of(&claims, token))
        return;
    enum deputy_error error = deputy_ucan_build(arena, &jwt, fuzz_key(), (struct deputy_slice){0}, &claims);
    if (error == DEPUTY_E_JSON_NUMBER)
        return; /* a number that canonical form cannot hold */
    HOLDS(error == DEPUTY_OK);
    HOLDS(ucan_parse(arena, &built, jwt) == DEPUTY_OK);
    tokens_say_the_same(token, &built);
    HOLDS(claims_of(&claims, &built));
    HOLDS(deputy_ucan_build(arena, &again, fuzz_key(), (struct deputy_slice){0}, &claims) == DEPUTY_OK);
    HOLDS(deputy_slice_equal(again, jwt));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct deputy_arena *arena = fuzz_arena();
    struct deputy_slice input = deputy_slice_bytes(data, size);
    struct deputy_token token;
    bool raw = size == 0 || memchr(data, '\0', size) == NULL;
    struct deputy_slice text = raw ? input : token_text(input);
    if (ucan_parse(arena, &token, text) != DEPUTY_OK)
        return 0;
    struct deputy_cid cid = deputy_cid_of_bytes(text);
    HOLDS(deputy_cid_equal(&token.cid, &cid));
    fields_hold(&token);
    enum deputy_error verified = ucan_verify(arena, &token);
    HOLDS(verified == DEPUTY_OK || verified == DEPUTY_E_SIGNATURE);
    token_is_built_again(&token);
    return 0;
}
