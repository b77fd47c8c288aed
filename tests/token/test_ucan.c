#include "base/arena.h"
#include "base/codec.h"
#include "support/vectors.h"
#include "token/ucan.h"
#include <stdio.h>

/* Ed25519, seed 32 x 0x22, as in spec/01 section 8.4. */
#define ISSUER "did:key:z6MkqGC3nWZhYieEVTVDKW5v588CiGfsDSmRVG9ZwwWTvLSK"
#define METHOD "z6MkqGC3nWZhYieEVTVDKW5v588CiGfsDSmRVG9ZwwWTvLSK"
#define HOLDER "did:key:z6Mkg49NtQR2LyYRDCQFK4w1VVHqhypZSSRo7HsyuN7SV7v5"
#define OWNER "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
#define CONVERSATIONS "tinycloud:pkh:eip155:1:" OWNER ":default/sql/xyz.tinycloud.listen/conversations"
#define PARENT_CID "bafkr4iglifjta4fae5ecx5jrmgrxrxhoz5luyu3o4v5b7aofqmfmzgfmay"

#define HEADER "{\"alg\":\"EdDSA\",\"typ\":\"JWT\",\"ucv\":\"0.10.0\"}"
#define JWK_X "oJql9HpnWYAv-VX43C0qFKXJnSO-l_hkEn_5ODRVpPA"

/* A member of a JSON object, value as JSON text; NULL for a member that is left out. */
struct member {
    const char *name;
    const char *value;
};

static const struct member header_members[] = {{"alg", "\"EdDSA\""}, {"typ", "\"JWT\""},
        {"ucv", "\"0.10.0\""}, {"jwk", NULL}, {"crit", NULL}, {"b64", NULL}, {"kid", "\"ignored\""},
        {NULL, NULL}};
static const struct member payload_members[] = {{"att", "{}"}, {"aud", "\"" HOLDER "\""},
        {"exp", "1783685100"}, {"fct", NULL}, {"iss", "\"" ISSUER "\""}, {"nbf", NULL}, {"nnc", NULL},
        {"prf", "[]"}, {"unknown", "[null]"}, {NULL, NULL}};

/* The object with one member replaced, or left out when the value is NULL. */
static const char *object_with(
        struct deputy_arena *arena, const struct member *members, const char *name, const char *value)
{
    struct buf out = buf_make(arena, 1 << 20);
    struct deputy_slice text;
    const char *separator = "{";
    for (; members->name != NULL; members++) {
        const char *used = strcmp(members->name, name) == 0 ? value : members->value;
        if (used == NULL)
            continue;
        buf_put_text(&out, separator);
        buf_put_byte(&out, '"');
        buf_put_text(&out, members->name);
        buf_put_text(&out, "\":");
        buf_put_text(&out, used);
        separator = ",";
    }
    buf_put(&out, deputy_slice_bytes("}", 2));
    assert_ok(buf_finish(&out, &text));
    return (const char *)text.ptr;
}

static const char *header_with(struct deputy_arena *arena, const char *name, const char *value)
{
    return object_with(arena, header_members, name, value);
}

static const char *payload_with(struct deputy_arena *arena, const char *name, const char *value)
{
    return object_with(arena, payload_members, name, value);
}

static struct deputy_key *key_of(enum deputy_key_kind kind, uint8_t fill)
{
    struct deputy_key *key = NULL;
    uint8_t secret[32];
    memset(secret, fill, sizeof secret);
    assert_ok(deputy_key_import(&key, kind, secret));
    return key;
}

/* header.payload of two JSON texts */
static void signed_text_put(struct buf *out, const char *header, const char *payload)
{
    base64url_encode(out, T(header), BASE64_UNPADDED);
    buf_put_byte(out, '.');
    base64url_encode(out, T(payload), BASE64_UNPADDED);
}

static struct deputy_slice token_with(
        struct deputy_arena *arena, const char *header, const char *payload, struct deputy_slice signature)
{
    struct buf out = buf_make(arena, 1 << 20);
    struct deputy_slice text;
    signed_text_put(&out, header, payload);
    buf_put_byte(&out, '.');
    base64url_encode(&out, signature, BASE64_UNPADDED);
    assert_ok(buf_finish(&out, &text));
    return text;
}

/* The two texts signed as they are, whatever they say. */
static struct deputy_slice token_signed(
        struct deputy_arena *arena, const struct deputy_key *key, const char *header, const char *payload)
{
    struct buf out = buf_make(arena, 1 << 20);
    struct deputy_slice text;
    uint8_t signature[64];
    signed_text_put(&out, header, payload);
    assert_ok(buf_finish(&out, &text));
    assert_ok(deputy_key_sign(signature, key, text));
    return token_with(arena, header, payload, deputy_slice_bytes(signature, sizeof signature));
}

static enum deputy_error parse_text(struct deputy_arena *arena, struct deputy_slice text)
{
    struct deputy_token token;
    return ucan_parse(arena, &token, text);
}

static enum deputy_error parse_json(struct deputy_arena *arena, const char *header, const char *payload)
{
    return parse_text(arena, token_with(arena, header, payload, T("")));
}

/* The claims of a token that was read: building them again must give the same text. */
static void claims_of(
        struct deputy_arena *arena, struct deputy_ucan_claims *out, const struct deputy_token *token)
{
    struct deputy_ucan_grant *grants = ARENA_ARRAY(arena, struct deputy_ucan_grant, token->capability_count);
    struct deputy_cid *proofs = ARENA_ARRAY(arena, struct deputy_cid, token->proof_count);
    for (size_t i = 0; i < token->capability_count; i++)
        grants[i] = (struct deputy_ucan_grant){token->capabilities[i].resource.written,
                token->capabilities[i].ability, token->capabilities[i].caveats};
    for (size_t i = 0; i < token->proof_count; i++)
        proofs[i] = token->proofs[i].cid;
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
}

static void vectors_are_read_and_their_signatures_hold(void **state)
{
    JSON_EACH (vector, check_vectors(*state, "tokens.json", "ucan")) {
        struct deputy_token token;
        struct deputy_slice cid;
        assert_ok(ucan_parse(*state, &token, check_text_of(vector, "token")));
        assert_ok(ucan_verify(*state, &token));
        assert_slice(token.ucan->header, check_text_of(vector, "headerJson"));
        assert_slice(token.ucan->payload, check_text_of(vector, "payloadJson"));
        assert_ok(deputy_cid_format(*state, &cid, &token.cid, DEPUTY_CID_BASE32));
        assert_slice(cid, check_text_of(vector, "cid"));
    }
}

static void vectors_to_reject_are_refused(void **state)
{
    JSON_EACH (vector, check_vectors(*state, "tokens.json", "ucan_reject"))
        assert_int_not_equal(parse_text(*state, check_text_of(vector, "token")), DEPUTY_OK);
}

/* spec/01 section 8.4 (b) */
#define EXAMPLE_B                                                                                            \
    "eyJhbGciOiJFZERTQSIsImp3ayI6eyJhbGciOiJFZERTQSIsImNydiI6IkVkMjU1MTkiLCJrdHkiOiJPS1AiLCJ4Ijoib0pxbDlIcG" \
    "5X"                                                                                                     \
    "WUF2LVZYNDNDMHFGS1hKblNPLWxfaGtFbl81T0RSVnBQQSJ9LCJ0eXAiOiJKV1QiLCJ1Y3YiOiIwLjEwLjAifQ."                \
    "eyJhdHQiOnsidGlueWNsb3VkOnBraDplaXAxNTU6MToweDdFNUY0NTUyMDkxQTY5MTI1ZDVEZkNiN2I4QzI2NTkwMjkzOTVCZGY6ZG" \
    "Vm"                                                                                                     \
    "YXVsdC9zcWwveHl6LnRpbnljbG91ZC5saXN0ZW4vY29udmVyc2F0aW9ucyI6eyJ0aW55Y2xvdWQuc3FsL3JlYWQiOlt7fV19fSwiYX" \
    "Vk"                                                                                                     \
    "IjoiZGlkOmtleTp6Nk1rcUdDM25XWmhZaWVFVlRWREtXNXY1ODhDaUdmc0RTbVJWRzlad3dXVHZMU0siLCJleHAiOjE3ODM2ODUxMD" \
    "Au"                                                                                                     \
    "MjUsImlzcyI6ImRpZDprZXk6ejZNa3FHQzNuV1poWWllRVZUVkRLVzV2NTg4Q2lHZnNEU21SVkc5Wnd3V1R2TFNLI3o2TWtxR0Mzbl" \
    "daaFlp"                                                                                                 \
    "ZUVWVFZES1c1djU4OENpR2ZzRFNtUlZHOVp3d1dUdkxTSyIsIm5uYyI6InVybjp1dWlkOjAwMDAwMDAwLTAwMDAtNDAwMC04MDAwLT" \
    "Aw"                                                                                                     \
    "MDAwMDAwMDAwMSIsInByZiI6WyJiYWZrcjRpZ2xpZmp0YTRmYWU1ZWN4NWpybWdyeHJ4aG96NWx1eXUzbzR2NWI3YW9mcW1mbXpnZm" \
    "1h"                                                                                                     \
    "eSJdfQ.DsNffDkWnqkHmQXSykH9SPl-al52ybKoMPHZzNppLQuU3pTYTiiq-KuGbA-pWYLOAao-Mtk-A_nEojYCvhmkDA"

static void example_b_is_built_byte_for_byte(void **state)
{
    struct deputy_key *key = key_of(DEPUTY_KEY_ED25519, 0x22);
    struct deputy_cid parent;
    struct deputy_slice jwt;
    assert_ok(deputy_cid_parse(&parent, T(PARENT_CID)));
    const struct deputy_ucan_grant grant = {T(CONVERSATIONS), T("tinycloud.sql/read"), {0}};
    const struct deputy_ucan_claims claims = {.issuer = T(ISSUER "#" METHOD),
            .audience = T(ISSUER),
            .expiry = 1783685100.25,
            .nonce = T("urn:uuid:00000000-0000-4000-8000-000000000001"),
            .proofs = &parent,
            .proof_count = 1,
            .grants = &grant,
            .grant_count = 1};
    assert_ok(deputy_ucan_build(*state, &jwt, key, (struct deputy_slice){0}, &claims));
    assert_text(jwt, EXAMPLE_B);
    deputy_key_destroy(key);
}

static void example_b_is_read(void **state)
{
    struct deputy_token token;
    struct deputy_slice cid;
    assert_ok(ucan_parse(*state, &token, T(EXAMPLE_B)));
    assert_int_equal(token.kind, DEPUTY_TOKEN_UCAN);
    assert_text(token.bytes, EXAMPLE_B);
    assert_ok(deputy_cid_format(*state, &cid, &token.cid, DEPUTY_CID_BASE32));
    assert_text(cid, "bafkr4iggrpu4xgqgbcqdt5bzi2w7civtunjggrnczgjfitn4q7amlamnty");
    assert_int_equal(token.capability_count, 1);
    assert_text(token.capabilities[0].resource.written, CONVERSATIONS);
    assert_int_equal(token.capabilities[0].resource.kind, DEPUTY_RESOURCE_SPACE);
    assert_text(token.capabilities[0].ability, "tinycloud.sql/read");
    assert_false(deputy_slice_present(token.capabilities[0].caveats));
    assert_int_equal(token.proof_count, 1);
    assert_false(token.proofs[0].foreign);
    assert_true(token.window.has_expiry && !token.window.has_not_before);
    assert_int_equal(token.window.expiry.sec, 1783685100);
    assert_int_equal(token.window.expiry.nsec, 249999872); /* seconds times 10^9, as a double */
    assert_text(token.nonce, "urn:uuid:00000000-0000-4000-8000-000000000001");
    assert_false(deputy_slice_present(token.facts));
    assert_false(token.terminal);
    assert_text(token.issuer.id, "key:" METHOD);
    assert_text(token.audience.id, "key:" METHOD);
    assert_text(token.ucan->issuer, ISSUER "#" METHOD);
    assert_text(token.ucan->audience, ISSUER);
    assert_text(token.ucan->algorithm, "EdDSA");
    assert_text(token.ucan->jwk_algorithm, "EdDSA");
    assert_int_equal(token.ucan->signed_text.len, strlen(EXAMPLE_B) - 87);
    assert_ok(ucan_verify(*state, &token));
}

/* Whoever holds the key of a vector makes the vector; of the others the payload is the same. */
static void vectors_are_built_again_from_what_was_read(void **state)
{
    struct deputy_key *key = key_of(DEPUTY_KEY_ED25519, 0x22);
    JSON_EACH (vector, check_vectors(*state, "tokens.json", "ucan")) {
        struct deputy_token token, again;
        struct deputy_ucan_claims claims;
        struct deputy_slice jwt;
        assert_ok(ucan_parse(*state, &token, check_text_of(vector, "token")));
        claims_of(*state, &claims, &token);
        assert_ok(deputy_ucan_build(*state, &jwt, key, (struct deputy_slice){0}, &claims));
        if (json_member(vector, "ed25519SeedHex") != NULL)
            assert_slice(jwt, check_text_of(vector, "token"));
        assert_ok(ucan_parse(*state, &again, jwt));
        assert_slice(again.ucan->payload, token.ucan->payload);
    }
    deputy_key_destroy(key);
}

static void building_what_was_read_gives_the_same_token_for_every_kind_of_key(void **state)
{
    static const enum deputy_key_kind kinds[] = {DEPUTY_KEY_ED25519, DEPUTY_KEY_SECP256K1};
    static const struct member full[] = {
            {"att", "{\"tinycloud:pkh:eip155:1:" OWNER ":default/kv/a/\":{\"tinycloud.kv/get\":[{}],"
                    "\"tinycloud.kv/put\":[{\"k\":\"\\u0001\\\"\\\\\"},{}]},\"urn:cid:x\":{\"a/b\":[{}]}}"},
            {"aud", "\"" HOLDER "\""}, {"exp", "1783685100.25"}, {"fct", "[{\"a\":[1,2.5,null,true]},\"x\"]"},
            {"iss", "\"" ISSUER "\""}, {"nbf", "0"}, {"nnc", "\"\xc3\xa9\""}, {"prf", "[\"" PARENT_CID "\"]"},
            {NULL, NULL}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct deputy_key *key = key_of(kinds[i], 0x22);
        struct deputy_token token;
        struct deputy_ucan_claims claims;
        struct deputy_slice jwt, again, payload;
        assert_ok(ucan_parse(
                *state, &token, token_signed(*state, key, HEADER, object_with(*state, full, "", NULL))));
        payload = token.ucan->payload;
        claims_of(*state, &claims, &token);
        assert_ok(deputy_ucan_build(*state, &jwt, key, T("default"), &claims));
        assert_ok(ucan_parse(*state, &token, jwt));
        assert_slice(token.ucan->payload, payload);
        claims_of(*state, &claims, &token);
        assert_ok(deputy_ucan_build(*state, &again, key, T("default"), &claims));
        assert_slice(again, jwt);
        deputy_key_destroy(key);
    }
}

static void header_of_a_built_token_names_the_key(void **state)
{
    static const struct {
        enum deputy_key_kind kind;
        const char *header;
    } cases[] = {
            {DEPUTY_KEY_ED25519,
                    "{\"alg\":\"EdDSA\",\"jwk\":{\"alg\":\"EdDSA\",\"crv\":\"Ed25519\",\"kid\":\"default\","
                    "\"kty\":\"OKP\",\"x\":\"" JWK_X "\"},\"typ\":\"JWT\",\"ucv\":\"0.10.0\"}"},
            {DEPUTY_KEY_SECP256K1,
                    "{\"alg\":\"ES256K\",\"jwk\":{\"alg\":\"ES256K\",\"crv\":\"secp256k1\",\"kid\":"
                    "\"default\","
                    "\"kty\":\"EC\",\"x\":\"Rm1_yuVj5csJoNGHC7WANEgEYXh5oUlJzyIoXxuuPyc\",\"y\":"
                    "\"ZygXbDxkMfju2kU43DfIZeJ4Tzqed9BE8z5Ad5fhJ4o\"},\"typ\":\"JWT\",\"ucv\":\"0.10.0\"}"},
            {DEPUTY_KEY_P256,
                    "{\"alg\":\"ES256\",\"jwk\":{\"alg\":\"ES256\",\"crv\":\"P-256\",\"kid\":\"default\","
                    "\"kty\":\"EC\","
                    "\"x\":\"1lqTl3yqPRsIGFL_V6eeRl8WYFdzBLrq1QXdOkhYnPM\",\"y\":"
                    "\"UBheiVNy32Ih6joTdVfkc_3bZ1XwW9UHw8Uz_OnJEoU\"},\"typ\":\"JWT\",\"ucv\":\"0.10.0\"}"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct deputy_key *key = key_of(cases[i].kind, 0x22);
        struct deputy_token token;
        struct deputy_slice jwt, did;
        assert_ok(deputy_key_did(*state, &did, key));
        const struct deputy_ucan_claims claims = {.issuer = did, .audience = T(HOLDER), .expiry = 1};
        assert_ok(deputy_ucan_build(*state, &jwt, key, T("default"), &claims));
        assert_ok(ucan_parse(*state, &token, jwt));
        assert_text(token.ucan->header, cases[i].header);
        assert_ok(ucan_verify(*state, &token));
        deputy_key_destroy(key);
    }
}

static void claims_that_would_not_be_read_are_not_signed(void **state)
{
    struct deputy_key *key = key_of(DEPUTY_KEY_ED25519, 0x22);
    struct deputy_cid proofs[DEPUTY_TOKEN_MAX_PROOFS + 1] = {0};
    struct deputy_ucan_grant bad[] = {{T("no uri"), T("a/b"), {0}}, {T("a:b"), T("ab"), {0}},
            {T("a:b"), T("a/b"), T("[]")}, {T("a:b"), T("a/b"), T("{}")}, {T("a:b"), T("a/b"), T("[{}")},
            {T("a:b"), T("a/b"), T("[{}],\"c/d\":[{}]")}, {T("a:b"), T("a/b"), T("[1]")},
            {T("a:\xff"), T("a/b"), {0}}, {T("a:b"), T("a/b"), T("[{\"v\":9007199254740993}]")}};
    const enum deputy_error grant_errors[] = {DEPUTY_E_URI, DEPUTY_E_ABILITY, DEPUTY_E_CAVEATS,
            DEPUTY_E_CAVEATS, DEPUTY_E_JSON_SYNTAX, DEPUTY_E_JSON_TRAILING, DEPUTY_E_CAVEATS, DEPUTY_E_UTF8,
            DEPUTY_E_JSON_NUMBER};
    const struct deputy_ucan_claims good = {.issuer = T(ISSUER), .audience = T(HOLDER), .expiry = 1};
    struct deputy_ucan_claims claims;
    struct deputy_slice jwt;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        claims = good;
        claims.grants = &bad[i];
        claims.grant_count = 1;
        assert_int_equal(
                deputy_ucan_build(*state, &jwt, key, (struct deputy_slice){0}, &claims), grant_errors[i]);
    }
#define REFUSED(error, field, value)                                                                         \
    claims = good;                                                                                           \
    claims.field = value;                                                                                    \
    assert_int_equal(deputy_ucan_build(*state, &jwt, key, (struct deputy_slice){0}, &claims), error)
    REFUSED(DEPUTY_E_UCAN_ISSUER, issuer, T("did:key:"));
    REFUSED(DEPUTY_E_UCAN_AUDIENCE, audience, T(HOLDER "#x"));
    REFUSED(DEPUTY_E_ARGUMENT, expiry, -1);
    REFUSED(DEPUTY_E_ARGUMENT, expiry, 253402300800.0);
    REFUSED(DEPUTY_E_ARGUMENT, expiry, (double)(0.0F / (float)(claims.expiry - 1)));
    REFUSED(DEPUTY_E_UCAN_FACTS, facts, T("{}"));
    REFUSED(DEPUTY_E_JSON_SYNTAX, facts, T("[}"));
    REFUSED(DEPUTY_E_UTF8, nonce, T("\xff"));
#undef REFUSED
    claims = good;
    claims.has_not_before = true;
    claims.not_before = -0.5;
    assert_int_equal(
            deputy_ucan_build(*state, &jwt, key, (struct deputy_slice){0}, &claims), DEPUTY_E_ARGUMENT);
    claims = good;
    claims.proofs = proofs;
    claims.proof_count = DEPUTY_TOKEN_MAX_PROOFS + 1;
    assert_int_equal(
            deputy_ucan_build(*state, &jwt, key, (struct deputy_slice){0}, &claims), DEPUTY_E_PROOF_LIMIT);
    deputy_key_destroy(key);
}

/* --- what a header may not say --- */

static const char good_jwk[] = "{\"alg\":\"EdDSA\",\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"" JWK_X "\"}";

struct refused {
    const char *name;
    const char *value;
    enum deputy_error error;
};

static void D82_header_that_is_not_exactly_right_is_refused(void **state)
{
    static const struct refused cases[] = {{"alg", NULL, DEPUTY_E_UCAN_ALG},
            {"alg", "null", DEPUTY_E_UCAN_ALG}, {"alg", "1", DEPUTY_E_UCAN_ALG},
            {"alg", "\"eddsa\"", DEPUTY_E_UCAN_ALG}, {"alg", "\"\"", DEPUTY_E_UCAN_ALG},
            {"alg", "\"zzz\"", DEPUTY_E_UCAN_ALG}, {"alg", "[\"EdDSA\"]", DEPUTY_E_UCAN_ALG},
            {"alg", "\"EdDSA\",\"alg\":\"EdDSA\"", DEPUTY_E_JSON_DUPLICATE}, {"typ", NULL, DEPUTY_E_UCAN_TYP},
            {"typ", "null", DEPUTY_E_UCAN_TYP}, {"typ", "\"jwt\"", DEPUTY_E_UCAN_TYP},
            {"typ", "\"JWT \"", DEPUTY_E_UCAN_TYP}, {"typ", "[]", DEPUTY_E_UCAN_TYP},
            {"ucv", NULL, DEPUTY_E_UCAN_UCV}, {"ucv", "\"0.9.0\"", DEPUTY_E_UCAN_UCV},
            {"ucv", "\"0.10\"", DEPUTY_E_UCAN_UCV}, {"ucv", "\"0.10.00\"", DEPUTY_E_UCAN_UCV},
            {"ucv", "0.10", DEPUTY_E_UCAN_UCV}, {"crit", "[\"exp\"]", DEPUTY_E_UCAN_CRIT},
            {"crit", "[\"b64\"]", DEPUTY_E_UCAN_CRIT}, {"crit", "[]", DEPUTY_E_UCAN_CRIT},
            {"crit", "null", DEPUTY_E_UCAN_CRIT}, {"b64", "false", DEPUTY_E_UCAN_B64},
            {"b64", "true", DEPUTY_E_UCAN_B64}, {"kid", "1,\"kid\":2", DEPUTY_E_JSON_DUPLICATE}};
    assert_ok(parse_json(*state, header_with(*state, "", NULL), payload_with(*state, "", NULL)));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *header = header_with(*state, cases[i].name, cases[i].value);
        if (parse_json(*state, header, payload_with(*state, "", NULL)) != cases[i].error)
            fail_msg("%s", header);
    }
}

static void D67_malformed_jwk_makes_the_token_undecodable(void **state)
{
    static const char *const bad[] = {"\"x\"", "1", "[]", "{}", "{\"crv\":\"Ed25519\"}",
            "{\"crv\":\"Ed25519\",\"kty\":\"OKP\"}",
            "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"not base64url!\"}",
            "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"" JWK_X "=\"}",
            "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":1}", "{\"kty\":\"OKP\",\"x\":\"" JWK_X "\"}",
            "{\"crv\":1,\"kty\":\"OKP\",\"x\":\"" JWK_X "\"}",
            "{\"alg\":\"zzz\",\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"" JWK_X "\"}",
            "{\"alg\":1,\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"" JWK_X "\"}",
            "{\"kid\":1,\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"" JWK_X "\"}", "{\"kty\":\"okp\"}",
            "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"" JWK_X "\"}",
            "{\"crv\":\"P-256\",\"kty\":\"EC\",\"y\":\"" JWK_X "\"}", "{\"kty\":\"RSA\",\"n\":\"AA\"}",
            "{\"kty\":\"RSA\",\"e\":\"AA\"}", "{\"kty\":\"oct\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *header = header_with(*state, "jwk", bad[i]);
        if (parse_json(*state, header, payload_with(*state, "", NULL)) != DEPUTY_E_JWK)
            fail_msg("%s", bad[i]);
    }
}

static void jwk_of_any_known_type_is_decodable(void **state)
{
    static const char *const good[] = {"null", good_jwk, "{\"crv\":\"X25519\",\"kty\":\"OKP\",\"x\":\"\"}",
            "{\"crv\":\"P-384\",\"kty\":\"EC\",\"x\":\"AA\",\"y\":\"AA\"}",
            "{\"kty\":\"RSA\",\"n\":\"AA\",\"e\":\"AQAB\"}",
            "{\"kty\":\"oct\",\"k\":\"AA\",\"alg\":\"HS256\",\"kid\":\"x\"}"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        const char *header = header_with(*state, "jwk", good[i]);
        if (parse_json(*state, header, payload_with(*state, "", NULL)) != DEPUTY_OK)
            fail_msg("%s", good[i]);
    }
}

/* --- what a payload may not say --- */

static void D81_D82_D86_payload_that_is_not_exactly_right_is_refused(void **state)
{
    static const struct refused cases[] = {{"iss", NULL, DEPUTY_E_UCAN_ISSUER},
            {"iss", "null", DEPUTY_E_UCAN_ISSUER}, {"iss", "1", DEPUTY_E_UCAN_ISSUER},
            {"iss", "\"\"", DEPUTY_E_UCAN_ISSUER}, {"iss", "\"https://example.com\"", DEPUTY_E_UCAN_ISSUER},
            {"iss", "\"did:key:\"", DEPUTY_E_UCAN_ISSUER}, {"iss", "\"DID:key:z6\"", DEPUTY_E_UCAN_ISSUER},
            {"iss", "\"did:key:z6#a#b\"", DEPUTY_E_UCAN_ISSUER},
            {"iss", "\"did:key:z6 \"", DEPUTY_E_UCAN_ISSUER},
            {"iss", "\"" ISSUER "\",\"iss\":\"" ISSUER "\"", DEPUTY_E_JSON_DUPLICATE},
            {"aud", NULL, DEPUTY_E_UCAN_AUDIENCE}, {"aud", "null", DEPUTY_E_UCAN_AUDIENCE},
            {"aud", "[\"" HOLDER "\"]", DEPUTY_E_UCAN_AUDIENCE},
            {"aud", "\"" HOLDER "#x\"", DEPUTY_E_UCAN_AUDIENCE},
            {"aud", "\"" HOLDER "#\"", DEPUTY_E_UCAN_AUDIENCE},
            {"aud", "\"" HOLDER "/\"", DEPUTY_E_UCAN_AUDIENCE},
            {"aud", "\"" HOLDER "?\"", DEPUTY_E_UCAN_AUDIENCE},
            {"aud", "\"did:key:\"", DEPUTY_E_UCAN_AUDIENCE},
            {"aud", "\"https://example.com\"", DEPUTY_E_UCAN_AUDIENCE},
            {"aud", "\"" HOLDER "\",\"aud\":\"" HOLDER "\"", DEPUTY_E_JSON_DUPLICATE},
            {"exp", NULL, DEPUTY_E_UCAN_EXPIRY}, {"exp", "null", DEPUTY_E_UCAN_EXPIRY},
            {"exp", "\"1783685100\"", DEPUTY_E_UCAN_EXPIRY}, {"exp", "true", DEPUTY_E_UCAN_EXPIRY},
            {"exp", "-1", DEPUTY_E_UCAN_EXPIRY}, {"exp", "-0.001", DEPUTY_E_UCAN_EXPIRY},
            {"exp", "253402300800", DEPUTY_E_UCAN_EXPIRY}, {"exp", "1e300", DEPUTY_E_UCAN_EXPIRY},
            {"exp", "1e999", DEPUTY_E_UCAN_EXPIRY}, {"exp", "01", DEPUTY_E_JSON_SYNTAX},
            {"exp", "NaN", DEPUTY_E_JSON_SYNTAX}, {"exp", "1,\"exp\":1", DEPUTY_E_JSON_DUPLICATE},
            {"nbf", "\"0\"", DEPUTY_E_UCAN_NOT_BEFORE}, {"nbf", "-1", DEPUTY_E_UCAN_NOT_BEFORE},
            {"nbf", "1e12", DEPUTY_E_UCAN_NOT_BEFORE}, {"nbf", "[]", DEPUTY_E_UCAN_NOT_BEFORE},
            {"nbf", "1,\"nbf\":1", DEPUTY_E_JSON_DUPLICATE}, {"nnc", "1", DEPUTY_E_UCAN_NONCE},
            {"nnc", "{}", DEPUTY_E_UCAN_NONCE}, {"nnc", "\"a\",\"nnc\":\"a\"", DEPUTY_E_JSON_DUPLICATE},
            {"fct", "{}", DEPUTY_E_UCAN_FACTS}, {"fct", "\"x\"", DEPUTY_E_UCAN_FACTS},
            {"fct", "[],\"fct\":[]", DEPUTY_E_JSON_DUPLICATE},
            {"fct", "[{\"a\":1,\"a\":1}]", DEPUTY_E_JSON_DUPLICATE}, {"prf", NULL, DEPUTY_E_PROOFS},
            {"prf", "null", DEPUTY_E_PROOFS}, {"prf", "\"" PARENT_CID "\"", DEPUTY_E_PROOFS},
            {"prf", "[{\"/\":\"" PARENT_CID "\"}]", DEPUTY_E_PROOFS}, {"prf", "[null]", DEPUTY_E_PROOFS},
            {"prf", "[\"\"]", DEPUTY_E_CID}, {"prf", "[\"b\"]", DEPUTY_E_CID},
            {"prf", "[\"not-a-cid\"]", DEPUTY_E_CID},
            {"prf", "[\"BAFKR4IGLIFJTA4FAE5ECX5JRMGRXRXHOZ5LUYU3O4V5B7AOFQMFMZGFMAY\"]", DEPUTY_E_CID},
            {"prf", "[],\"prf\":[]", DEPUTY_E_JSON_DUPLICATE}, {"att", NULL, DEPUTY_E_CAPABILITIES},
            {"att", "null", DEPUTY_E_CAPABILITIES}, {"att", "[]", DEPUTY_E_CAPABILITIES},
            {"att", "[{\"with\":\"a:b\",\"can\":\"a/b\"}]", DEPUTY_E_CAPABILITIES},
            {"att", "{},\"att\":{}", DEPUTY_E_JSON_DUPLICATE},
            {"unknown", "1,\"unknown\":1", DEPUTY_E_JSON_DUPLICATE}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *payload = payload_with(*state, cases[i].name, cases[i].value);
        if (parse_json(*state, HEADER, payload) != cases[i].error)
            fail_msg("%s", payload);
    }
}

static void optional_members_may_be_null(void **state)
{
    static const char *const names[] = {"nbf", "nnc", "fct"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct deputy_token token;
        const char *payload = payload_with(*state, names[i], "null");
        assert_ok(ucan_parse(*state, &token, token_with(*state, HEADER, payload, T(""))));
        assert_false(token.window.has_not_before);
        assert_false(deputy_slice_present(token.nonce));
        assert_false(deputy_slice_present(token.facts));
    }
}

static void times_are_doubles_of_seconds(void **state)
{
    static const struct {
        const char *text;
        int64_t sec;
        uint32_t nsec;
    } cases[] = {{"0", 0, 0}, {"-0", 0, 0}, {"0.5", 0, 500000000}, {"1.783685100e9", 1783685100, 0},
            {"17836851E2", 1783685100, 0}, {"4294967295", 4294967295, 0}, {"1e-9", 0, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct deputy_token token;
        const char *payload = payload_with(*state, "nbf", cases[i].text);
        assert_ok(ucan_parse(*state, &token, token_with(*state, HEADER, payload, T(""))));
        assert_true(token.window.has_not_before);
        assert_int_equal(token.window.not_before.sec, cases[i].sec);
        assert_int_equal(token.window.not_before.nsec, cases[i].nsec);
    }
    assert_ok(parse_json(*state, HEADER, payload_with(*state, "exp", "253402300799")));
}

static void order_and_white_space_of_the_signed_json_do_not_matter(void **state)
{
    struct deputy_key *key = key_of(DEPUTY_KEY_ED25519, 0x22);
    struct deputy_token token;
    struct deputy_slice text =
            token_signed(*state, key, " {\"ucv\" : \"0.10.0\",\n\"typ\":\"JWT\",\"alg\":\"EdDSA\"}\t",
                    "{ \"prf\":[ ], \"exp\":1 , \"iss\":\"" ISSUER
                    "\",\"aud\":\"did\\u003akey:z6Mk\",\"att\":{ } }\r\n");
    assert_ok(ucan_parse(*state, &token, text));
    assert_ok(ucan_verify(*state, &token));
    assert_text(token.audience.id, "key:z6Mk");
    deputy_key_destroy(key);
}

static void what_is_no_json_object_is_refused(void **state)
{
    static const struct refused cases[] = {{NULL, "", DEPUTY_E_JSON_SYNTAX},
            {NULL, "[]", DEPUTY_E_UCAN_OBJECT}, {NULL, "null", DEPUTY_E_UCAN_OBJECT},
            {NULL, "\"x\"", DEPUTY_E_UCAN_OBJECT}, {NULL, "{", DEPUTY_E_JSON_SYNTAX},
            {NULL, "{}x", DEPUTY_E_JSON_TRAILING}, {NULL, "{}{}", DEPUTY_E_JSON_TRAILING},
            {NULL, "{\"a\":\"\xff\"}", DEPUTY_E_UTF8}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(parse_json(*state, cases[i].value, payload_with(*state, "", NULL)), cases[i].error);
        assert_int_equal(parse_json(*state, HEADER, cases[i].value), cases[i].error);
    }
}

static void nesting_beyond_32_levels_is_refused(void **state)
{
    char facts[128];
    for (size_t depth = 30; depth <= 31; depth++) {
        memset(facts, '[', depth);
        memset(facts + depth, ']', depth);
        facts[2 * depth] = '\0';
        assert_ok(parse_json(*state, HEADER, payload_with(*state, "fct", facts)));
    }
    memset(facts, '[', 32);
    memset(facts + 32, ']', 32);
    facts[64] = '\0';
    assert_int_equal(parse_json(*state, HEADER, payload_with(*state, "fct", facts)), DEPUTY_E_JSON_DEPTH);
}

static void terminal_is_one_fact_with_one_spelling(void **state)
{
#define MODE "\"xyz.tinycloud.policy/delegationMode\":"
    static const struct {
        const char *facts;
        bool terminal;
    } cases[] = {{"[{" MODE "\"terminal\"}]", true}, {"[1,{\"a\":1," MODE "\"terminal\"}]", true},
            {"[{" MODE "\"\\u0074erminal\"}]", true}, {"[{" MODE "\"Terminal\"}]", false},
            {"[{" MODE "true}]", false}, {"[{" MODE "[\"terminal\"]}]", false},
            {"[{\"a\":{" MODE "\"terminal\"}}]", false}, {"[\"terminal\"]", false}, {"[]", false},
            {"[{" MODE "\"attenuable\"},{" MODE "\"terminal\"}]", true}};
#undef MODE
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct deputy_token token;
        const char *payload = payload_with(*state, "fct", cases[i].facts);
        assert_ok(ucan_parse(*state, &token, token_with(*state, HEADER, payload, T(""))));
        assert_text(token.facts, cases[i].facts);
        assert_int_equal(token.terminal, cases[i].terminal);
    }
}

static void D16_foreign_proofs_are_kept_and_marked(void **state)
{
    struct deputy_token token;
    const char *payload = payload_with(*state, "prf",
            "[\"" PARENT_CID "\",\"bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi\","
            "\"zb38SKeiJ5xduYNvFeDQfAxxEJwsA97zak68DjLM4UJCyrhWD\","
            "\"QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG\","
            "\"" PARENT_CID "\"]");
    assert_ok(ucan_parse(*state, &token, token_with(*state, HEADER, payload, T(""))));
    assert_int_equal(token.proof_count, 5);
    const bool foreign[] = {false, true, false, true, false};
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(token.proofs[i].foreign, foreign[i]);
    assert_true(deputy_cid_equal(&token.proofs[0].cid, &token.proofs[2].cid));
}

static void more_than_16_proofs_are_refused(void **state)
{
    for (size_t count = DEPUTY_TOKEN_MAX_PROOFS; count <= DEPUTY_TOKEN_MAX_PROOFS + 1; count++) {
        struct buf list = buf_make(*state, 1 << 16);
        struct deputy_slice text;
        for (size_t i = 0; i < count; i++)
            buf_put_text(&list, i == 0 ? "[\"" PARENT_CID "\"" : ",\"" PARENT_CID "\"");
        buf_put(&list, deputy_slice_bytes("]", 2));
        assert_ok(buf_finish(&list, &text));
        enum deputy_error error =
                parse_json(*state, HEADER, payload_with(*state, "prf", (const char *)text.ptr));
        assert_int_equal(error, count == DEPUTY_TOKEN_MAX_PROOFS ? DEPUTY_OK : DEPUTY_E_PROOF_LIMIT);
    }
}

/* --- the compact form --- */

static void anything_but_three_parts_is_refused(void **state)
{
    static const char *const texts[] = {"", "e30", ".", "e30.e30", "..", ".e30.e30", "e30.e30.e30.e30", "...",
            EXAMPLE_B ".", "." EXAMPLE_B};
    static const enum deputy_error errors[] = {DEPUTY_E_UCAN_PARTS, DEPUTY_E_UCAN_PARTS, DEPUTY_E_UCAN_PARTS,
            DEPUTY_E_UCAN_PARTS, DEPUTY_E_JSON_SYNTAX, DEPUTY_E_JSON_SYNTAX, DEPUTY_E_UCAN_PARTS,
            DEPUTY_E_UCAN_PARTS, DEPUTY_E_UCAN_PARTS, DEPUTY_E_UCAN_PARTS};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(parse_text(*state, T(texts[i])), errors[i]);
}

/* Puts something else in the place of the last character of a part. */
static struct deputy_slice with_part_end(struct deputy_arena *arena, unsigned part, const char *end)
{
    struct buf out = buf_make(arena, 1 << 16);
    struct deputy_slice text;
    const char *at = EXAMPLE_B;
    for (; *at != '\0'; at++) {
        bool last = at[1] == '.' || at[1] == '\0';
        if (!last || part-- != 0)
            buf_put_byte(&out, (uint8_t)*at);
        else
            buf_put_text(&out, end);
    }
    assert_ok(buf_finish(&out, &text));
    return text;
}

static void base64_in_any_but_its_one_form_is_refused_in_every_part(void **state)
{
    static const char *const ends[] = {
            "=", "A=", "==", "+", "/", " ", "\n", "A A", "%41", "\xc3\xa9", ",", "AAAAA="};
    for (unsigned part = 0; part < 3; part++)
        for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
            assert_int_equal(parse_text(*state, with_part_end(*state, part, ends[i])), DEPUTY_E_BASE64);
}

static void nonzero_trailing_bits_are_refused(void **state)
{
    /* The signature ends in "DA" for 0x0c: the last digit carries four bits that must be zero. */
    static const char last[] = "BCDEFGHIJKLMNOP";
    for (size_t i = 0; last[i] != '\0'; i++) {
        const char end[] = {last[i], '\0'};
        assert_int_equal(parse_text(*state, with_part_end(*state, 2, end)), DEPUTY_E_BASE64);
    }
    assert_ok(parse_text(*state, with_part_end(*state, 2, "Q")));
}

static void bearer_prefix_is_refused(void **state)
{
    assert_int_equal(parse_text(*state, T("Bearer " EXAMPLE_B)), DEPUTY_E_BASE64);
}

/* --- signatures --- */

static enum deputy_error parse_and_verify(struct deputy_arena *arena, struct deputy_slice text)
{
    struct deputy_token token;
    enum deputy_error error = ucan_parse(arena, &token, text);
    return error != DEPUTY_OK ? error : ucan_verify(arena, &token);
}

static void D63_no_character_of_a_token_may_change(void **state)
{
    struct deputy_arena *arena = check_arena();
    struct deputy_slice text;
    assert_ok(parse_and_verify(*state, T(EXAMPLE_B)));
    for (size_t i = 0; i < strlen(EXAMPLE_B); i++) {
        assert_ok(arena_copy(arena, &text, T(EXAMPLE_B)));
        uint8_t *byte = (uint8_t *)(uintptr_t)text.ptr + i;
        *byte = *byte == 'Q' ? 'g' : 'Q';
        assert_int_not_equal(parse_and_verify(arena, text), DEPUTY_OK);
        deputy_arena_reset(arena);
    }
    deputy_arena_destroy(arena);
}

static void D64_D65_algorithm_of_another_key_is_refused(void **state)
{
    static const char *const algorithms[] = {"none", "None", "HS256", "HS384", "HS512", "RS256", "PS256",
            "ES256", "ES384", "ES256K", "ES256K-R", "ESKeccakK", "ESKeccakKR", "EdBlake2b", "ESBlake2b",
            "ESBlake2bK"};
    struct deputy_key *key = key_of(DEPUTY_KEY_ED25519, 0x22);
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        char alg[32];
        snprintf(alg, sizeof alg, "\"%s\"", algorithms[i]);
        const char *header = header_with(*state, "alg", alg), *payload = payload_with(*state, "", NULL);
        assert_int_equal(
                parse_and_verify(*state, token_signed(*state, key, header, payload)), DEPUTY_E_SIGNATURE);
        assert_int_equal(
                parse_and_verify(*state, token_with(*state, header, payload, T(""))), DEPUTY_E_SIGNATURE);
    }
    assert_ok(parse_and_verify(*state,
            token_signed(*state, key, header_with(*state, "", NULL), payload_with(*state, "", NULL))));
    deputy_key_destroy(key);
}

static void signature_of_another_length_is_refused(void **state)
{
    static const uint8_t bytes[66];
    static const size_t lengths[] = {0, 1, 32, 63, 65, 66};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
        assert_int_equal(parse_and_verify(*state, token_with(*state, HEADER, payload_with(*state, "", NULL),
                                                          deputy_slice_bytes(bytes, lengths[i]))),
                DEPUTY_E_SIGNATURE);
}

static void D66_fragment_must_be_the_only_key_of_the_did(void **state)
{
    static const struct {
        const char *issuer;
        enum deputy_error error;
    } cases[] = {{ISSUER, DEPUTY_OK}, {ISSUER "#" METHOD, DEPUTY_OK}, {ISSUER "#", DEPUTY_E_SIGNATURE},
            {ISSUER "#other", DEPUTY_E_SIGNATURE}, {ISSUER "#z6Mk", DEPUTY_E_SIGNATURE},
            {ISSUER "#" METHOD "x", DEPUTY_E_SIGNATURE}, {ISSUER "/x", DEPUTY_E_SIGNATURE},
            {ISSUER "?x", DEPUTY_E_SIGNATURE}, {ISSUER "/x#" METHOD, DEPUTY_E_SIGNATURE},
            {ISSUER "?a=b#" METHOD, DEPUTY_E_SIGNATURE}, {HOLDER, DEPUTY_E_SIGNATURE},
            {HOLDER "#" METHOD, DEPUTY_E_SIGNATURE}, {"did:key:Z6Mk", DEPUTY_E_SIGNATURE},
            {"did:key:mMk", DEPUTY_E_SIGNATURE}, {"did:key:z", DEPUTY_E_SIGNATURE},
            {"did:web:example.com", DEPUTY_E_SIGNATURE}, {"did:jwk:e30#0", DEPUTY_E_SIGNATURE},
            {"did:ke:" METHOD, DEPUTY_E_SIGNATURE}};
    struct deputy_key *key = key_of(DEPUTY_KEY_ED25519, 0x22);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char issuer[256];
        snprintf(issuer, sizeof issuer, "\"%s\"", cases[i].issuer);
        struct deputy_slice text = token_signed(*state, key, HEADER, payload_with(*state, "iss", issuer));
        if (parse_and_verify(*state, text) != cases[i].error)
            fail_msg("%s", cases[i].issuer);
    }
    deputy_key_destroy(key);
}

static void D67_jwk_is_not_used_for_a_did_key_but_its_alg_must_agree(void **state)
{
    struct deputy_key *issuer = key_of(DEPUTY_KEY_ED25519, 0x22), *other = key_of(DEPUTY_KEY_ED25519, 0x33);
    const char *payload = payload_with(*state, "", NULL);
    const char *foreign = header_with(*state, "jwk",
            "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"F8t5-ytBIPKx7GXkGY1uCLKOgT_rAeSkAIObheGAgM4\"}");
    assert_ok(parse_and_verify(*state, token_signed(*state, issuer, foreign, payload)));
    assert_int_equal(
            parse_and_verify(*state, token_signed(*state, other, foreign, payload)), DEPUTY_E_SIGNATURE);
    const char *unequal = header_with(
            *state, "jwk", "{\"alg\":\"ES256\",\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"" JWK_X "\"}");
    assert_int_equal(
            parse_and_verify(*state, token_signed(*state, issuer, unequal, payload)), DEPUTY_E_SIGNATURE);
    deputy_key_destroy(issuer);
    deputy_key_destroy(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(vectors_are_read_and_their_signatures_hold),
            ARENA_TEST(vectors_to_reject_are_refused),
            ARENA_TEST(example_b_is_built_byte_for_byte),
            ARENA_TEST(example_b_is_read),
            ARENA_TEST(vectors_are_built_again_from_what_was_read),
            ARENA_TEST(building_what_was_read_gives_the_same_token_for_every_kind_of_key),
            ARENA_TEST(header_of_a_built_token_names_the_key),
            ARENA_TEST(claims_that_would_not_be_read_are_not_signed),
            ARENA_TEST(D82_header_that_is_not_exactly_right_is_refused),
            ARENA_TEST(D67_malformed_jwk_makes_the_token_undecodable),
            ARENA_TEST(jwk_of_any_known_type_is_decodable),
            ARENA_TEST(D81_D82_D86_payload_that_is_not_exactly_right_is_refused),
            ARENA_TEST(optional_members_may_be_null),
            ARENA_TEST(times_are_doubles_of_seconds),
            ARENA_TEST(order_and_white_space_of_the_signed_json_do_not_matter),
            ARENA_TEST(what_is_no_json_object_is_refused),
            ARENA_TEST(nesting_beyond_32_levels_is_refused),
            ARENA_TEST(terminal_is_one_fact_with_one_spelling),
            ARENA_TEST(D16_foreign_proofs_are_kept_and_marked),
            ARENA_TEST(more_than_16_proofs_are_refused),
            ARENA_TEST(anything_but_three_parts_is_refused),
            ARENA_TEST(base64_in_any_but_its_one_form_is_refused_in_every_part),
            ARENA_TEST(nonzero_trailing_bits_are_refused),
            ARENA_TEST(bearer_prefix_is_refused),
            ARENA_TEST(D63_no_character_of_a_token_may_change),
            ARENA_TEST(D64_D65_algorithm_of_another_key_is_refused),
            ARENA_TEST(signature_of_another_length_is_refused),
            ARENA_TEST(D66_fragment_must_be_the_only_key_of_the_did),
            ARENA_TEST(D67_jwk_is_not_used_for_a_did_key_but_its_alg_must_agree),
    };
    return cmocka_run_group_tests_name("token.ucan", tests, NULL, NULL);
}
