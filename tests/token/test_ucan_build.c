#include "token/ucan_kit.h"

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

/* spec/05 section 8.2: the order of the client library, on the wire as good as any. */
static void the_order_of_the_client_library_says_the_same(void **state)
{
    static const struct {
        enum deputy_ucan_form form;
        const char *header;
    } cases[] = {
            {DEPUTY_UCAN_CLIENT,
                    "\"jwk\":{\"kid\":\"default\",\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" JWK_X "\"}"},
            {DEPUTY_UCAN_CLIENT_WITH_ALGORITHM, "\"jwk\":{\"alg\":\"EdDSA\",\"kid\":\"default\",\"kty\":"
                                                "\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" JWK_X "\"}"}};
    struct deputy_key *key = key_of(DEPUTY_KEY_ED25519, 0x22), *other = key_of(DEPUTY_KEY_P256, 0x22);
    const struct deputy_ucan_grant grant = {T("a:b"), T("c/d"), {0}};
    struct deputy_ucan_claims claims = {.issuer = T(ISSUER),
            .audience = T(HOLDER),
            .expiry = 2,
            .has_not_before = true,
            .not_before = 1,
            .nonce = T("n"),
            .facts = T("[]"),
            .grants = &grant,
            .grant_count = 1};
    for (size_t i = 0; i < 2; i++) {
        struct deputy_token token;
        struct deputy_slice jwt;
        claims.form = cases[i].form;
        assert_ok(deputy_ucan_build(*state, &jwt, key, T("default"), &claims));
        assert_ok(ucan_parse(*state, &token, jwt));
        assert_ok(ucan_verify(*state, &token));
        assert_text(token.ucan->payload,
                "{\"iss\":\"" ISSUER "\",\"aud\":\"" HOLDER "\",\"nbf\":1,\"exp\":2,\"nnc\":\"n\","
                "\"fct\":[],\"prf\":[],\"att\":{\"a:b\":{\"c/d\":[{}]}}}");
        struct deputy_slice header = deputy_slice_bytes(token.ucan->header.ptr, token.ucan->header.len);
        size_t len = strlen(cases[i].header), at = 0;
        while (at + len < header.len && memcmp(header.ptr + at, cases[i].header, len) != 0)
            at++;
        assert_true(at + len < header.len);
        assert_int_equal(deputy_slice_present(token.ucan->jwk_algorithm), i == 1);
        assert_ok(deputy_ucan_build(*state, &jwt, key, (struct deputy_slice){0}, &claims));
        assert_int_equal(deputy_ucan_build(*state, &jwt, other, T("default"), &claims), DEPUTY_E_KEY);
    }
    deputy_key_destroy(key);
    deputy_key_destroy(other);
}

/* However little memory there is, building answers that there is too little, or the token. */
static void building_in_too_small_an_arena_is_a_limit(void **state)
{
    struct deputy_key *key = key_of(DEPUTY_KEY_ED25519, 0x22);
    struct deputy_cid parent = deputy_cid_of_bytes(T(""));
    const struct deputy_ucan_grant grants[] = {
            {T("a:b"), T("c/d"), T("[{\"a\":1}]")}, {T("a:b"), T("c/d"), T("[{\"a\":1}]")}};
    const struct deputy_ucan_claims claims = {.issuer = T(ISSUER),
            .audience = T(HOLDER),
            .expiry = 2,
            .nonce = T("n"),
            .facts = T("[{\"b\":1,\"a\":2}]"),
            .proofs = &parent,
            .proof_count = 1,
            .grants = grants,
            .grant_count = 2};
    enum deputy_error error = DEPUTY_E_LIMIT;
    size_t size = 0;
    for (; error != DEPUTY_OK && size < (1 << 16); size += 16) {
        struct deputy_arena *arena = NULL;
        struct deputy_slice jwt;
        assert_ok(deputy_arena_create(&arena, size));
        error = deputy_ucan_build(arena, &jwt, key, T("default"), &claims);
        assert_true(error == DEPUTY_OK || error == DEPUTY_E_LIMIT);
        deputy_arena_destroy(arena);
    }
    assert_ok(error);
    assert_true(size > 1024);
    deputy_key_destroy(key);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(example_b_is_built_byte_for_byte),
            ARENA_TEST(vectors_are_built_again_from_what_was_read),
            ARENA_TEST(building_what_was_read_gives_the_same_token_for_every_kind_of_key),
            ARENA_TEST(header_of_a_built_token_names_the_key),
            ARENA_TEST(claims_that_would_not_be_read_are_not_signed),
            ARENA_TEST(the_order_of_the_client_library_says_the_same),
            ARENA_TEST(building_in_too_small_an_arena_is_a_limit),
    };
    return cmocka_run_group_tests_name("token.ucan_build", tests, NULL, NULL);
}
