#include "base/arena.h"
#include "base/codec.h"
#include "crypto/sign.h"
#include "support/vectors.h"
#include "token/jwk.h"
#include <deputy/did.h>
#include <deputy/jwk.h>
#include <stdio.h>

/* Seed 32 x 0x22 (spec/01 section 1.2). */
#define X "oJql9HpnWYAv-VX43C0qFKXJnSO-l_hkEn_5ODRVpPA"
#define D "IiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiI"

static enum deputy_error import(
        struct deputy_arena *arena, struct deputy_slice *did, struct deputy_slice *kid, const char *json)
{
    struct deputy_key *key = NULL;
    enum deputy_error error = deputy_jwk_session_import(arena, &key, kid, T(json));
    assert_int_equal(key != NULL, error == DEPUTY_OK);
    if (error == DEPUTY_OK)
        assert_ok(deputy_key_did(arena, did, key));
    deputy_key_destroy(key);
    return error;
}

static void session_keys_are_imported(void **state)
{
    static const struct {
        const char *json;
        const char *kid;
    } cases[] = {{"{\"alg\":\"EdDSA\",\"kid\":\"default\",\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X
                  "\",\"d\":\"" D "\"}",
                         "default"},
            {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X "=\",\"d\":\"" D "=\",\"use\":\"sig\"}", NULL},
            {" {\"kid\":\"\",\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X "\",\"d\":\"" D "\"} ", ""}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct deputy_slice did, kid;
        assert_ok(import(*state, &did, &kid, cases[i].json));
        assert_text(did, "did:key:z6MkqGC3nWZhYieEVTVDKW5v588CiGfsDSmRVG9ZwwWTvLSK");
        assert_int_equal(deputy_slice_present(kid), cases[i].kid != NULL);
        if (cases[i].kid != NULL)
            assert_text(kid, cases[i].kid);
    }
}

static void what_is_no_session_key_is_refused_with_its_reason(void **state)
{
#define JWK(kty, crv, d, x, more) "{\"kty\":" kty ",\"crv\":" crv ",\"d\":" d ",\"x\":" x more "}"
#define GOOD_D "\"" D "\""
#define GOOD_X "\"" X "\""
    static const struct {
        const char *json;
        enum deputy_error error;
    } cases[] = {{"{}", DEPUTY_E_SESSION_KEY_TYPE}, {"[]", DEPUTY_E_SESSION_KEY_TYPE},
            {"null", DEPUTY_E_SESSION_KEY_TYPE}, {"", DEPUTY_E_JSON_SYNTAX},
            {"{\"kty\":\"OKP\",\"kty\":\"OKP\"}", DEPUTY_E_JSON_DUPLICATE},
            {JWK("\"EC\"", "\"Ed25519\"", GOOD_D, GOOD_X, ""), DEPUTY_E_SESSION_KEY_TYPE},
            {JWK("\"okp\"", "\"Ed25519\"", GOOD_D, GOOD_X, ""), DEPUTY_E_SESSION_KEY_TYPE},
            {JWK("1", "\"Ed25519\"", GOOD_D, GOOD_X, ""), DEPUTY_E_SESSION_KEY_TYPE},
            {JWK("\"OKP\"", "\"X25519\"", GOOD_D, GOOD_X, ""), DEPUTY_E_SESSION_KEY_CURVE},
            {JWK("\"OKP\"", "null", GOOD_D, GOOD_X, ""), DEPUTY_E_SESSION_KEY_CURVE},
            {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":" GOOD_X "}", DEPUTY_E_SESSION_KEY_PRIVATE_MISSING},
            {JWK("\"OKP\"", "\"Ed25519\"", "1", GOOD_X, ""), DEPUTY_E_SESSION_KEY_PRIVATE},
            {JWK("\"OKP\"", "\"Ed25519\"", "null", GOOD_X, ""), DEPUTY_E_SESSION_KEY_PRIVATE},
            {JWK("\"OKP\"", "\"Ed25519\"", "\"\"", GOOD_X, ""), DEPUTY_E_SESSION_KEY_PRIVATE},
            {JWK("\"OKP\"", "\"Ed25519\"", "\"" D "==\"", GOOD_X, ""), DEPUTY_E_SESSION_KEY_PRIVATE},
            {JWK("\"OKP\"", "\"Ed25519\"", "\"" D "I\"", GOOD_X, ""), DEPUTY_E_SESSION_KEY_PRIVATE},
            {JWK("\"OKP\"", "\"Ed25519\"", "\"IiI\"", GOOD_X, ""), DEPUTY_E_SESSION_KEY_PRIVATE},
            {JWK("\"OKP\"", "\"Ed25519\"", "\"IiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiJ\"", GOOD_X, ""),
                    DEPUTY_E_SESSION_KEY_PRIVATE},
            {JWK("\"OKP\"", "\"Ed25519\"", "\"+iIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiI\"", GOOD_X, ""),
                    DEPUTY_E_SESSION_KEY_PRIVATE},
            {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"d\":" GOOD_D "}", DEPUTY_E_SESSION_KEY_PUBLIC},
            {JWK("\"OKP\"", "\"Ed25519\"", GOOD_D, "1", ""), DEPUTY_E_SESSION_KEY_PUBLIC},
            {JWK("\"OKP\"", "\"Ed25519\"", GOOD_D, "\"AA\"", ""), DEPUTY_E_SESSION_KEY_PUBLIC},
            {JWK("\"OKP\"", "\"Ed25519\"", GOOD_D, "\"F8t5-ytBIPKx7GXkGY1uCLKOgT_rAeSkAIObheGAgM4\"", ""),
                    DEPUTY_E_SESSION_KEY_MISMATCH},
            {JWK("\"OKP\"", "\"Ed25519\"", GOOD_X, GOOD_X, ""), DEPUTY_E_SESSION_KEY_MISMATCH},
            {JWK("\"OKP\"", "\"Ed25519\"", GOOD_D, GOOD_X, ",\"alg\":\"ES256\""), DEPUTY_E_SESSION_KEY_ALG},
            {JWK("\"OKP\"", "\"Ed25519\"", GOOD_D, GOOD_X, ",\"alg\":null"), DEPUTY_E_SESSION_KEY_ALG},
            {JWK("\"OKP\"", "\"Ed25519\"", GOOD_D, GOOD_X, ",\"kid\":1"), DEPUTY_E_JSON_TYPE}};
    struct deputy_slice did, kid;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (import(*state, &did, &kid, cases[i].json) != cases[i].error)
            fail_msg("%s", cases[i].json);
#undef JWK
}

static void session_keys_are_exported_and_read_back(void **state)
{
    uint8_t seed[32];
    struct deputy_slice json, did, kid;
    memset(seed, 0x22, sizeof seed);
    assert_ok(deputy_jwk_session_export(*state, &json, seed, T("default")));
    assert_text(json, "{\"alg\":\"EdDSA\",\"crv\":\"Ed25519\",\"d\":\"" D
                      "\",\"kid\":\"default\",\"kty\":\"OKP\",\"x\":\"" X "\"}");
    assert_ok(deputy_jwk_session_export(*state, &json, seed, (struct deputy_slice){0}));
    assert_text(
            json, "{\"alg\":\"EdDSA\",\"crv\":\"Ed25519\",\"d\":\"" D "\",\"kty\":\"OKP\",\"x\":\"" X "\"}");
    struct deputy_key *key = NULL;
    assert_ok(deputy_jwk_session_import(*state, &key, &kid, json));
    assert_ok(deputy_key_did(*state, &did, key));
    assert_text(did, "did:key:z6MkqGC3nWZhYieEVTVDKW5v588CiGfsDSmRVG9ZwwWTvLSK");
    deputy_key_destroy(key);
}

static void a_name_of_any_text_survives_and_one_too_long_is_refused(void **state)
{
    uint8_t seed[32] = {1};
    char name[1026];
    struct deputy_slice json, did, kid;
    memset(name, '\x01', sizeof name);
    assert_ok(deputy_jwk_session_export(*state, &json, seed, deputy_slice_bytes(name, 1024)));
    struct deputy_key *key = NULL;
    assert_ok(deputy_jwk_session_import(*state, &key, &kid, json));
    assert_slice(kid, deputy_slice_bytes(name, 1024));
    assert_ok(deputy_key_did(*state, &did, key));
    deputy_key_destroy(key);
    assert_int_equal(
            deputy_jwk_session_export(*state, &json, seed, deputy_slice_bytes(name, 1025)), DEPUTY_E_LIMIT);
}

static void vectors_of_ethereum_addresses(void **state)
{
    JSON_EACH (vector, check_vectors(*state, "tokens.json", "ethereum_address")) {
        uint8_t public_xy[64], address[20], expected[20];
        const struct json_value *jwk = json_member(vector, "jwk");
        assert_ok(jwk_check(*state, jwk));
        assert_ok(jwk_secp256k1_point(public_xy, jwk));
        ethereum_address(address, public_xy);
        assert_ok(deputy_address_parse(expected, check_text_of(vector, "address")));
        assert_memory_equal(address, expected, sizeof address);
    }
}

static void vectors_of_did_key_agree_with_their_jwks(void **state)
{
    JSON_EACH (vector, check_vectors(*state, "tokens.json", "did_key")) {
        const struct json_value *jwk = json_member(vector, "jwk");
        struct deputy_public_key key;
        uint8_t x[32];
        if (jwk == NULL)
            continue;
        assert_ok(jwk_check(*state, jwk));
        assert_ok(deputy_did_key_decode(&key, check_text_of(vector, "did")));
        assert_ok(base64url_read_fixed(x, sizeof x, check_text_of(jwk, "x")));
        assert_memory_equal(key.bytes + key.len - sizeof x, x, sizeof x);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(session_keys_are_imported),
            ARENA_TEST(what_is_no_session_key_is_refused_with_its_reason),
            ARENA_TEST(session_keys_are_exported_and_read_back),
            ARENA_TEST(a_name_of_any_text_survives_and_one_too_long_is_refused),
            ARENA_TEST(vectors_of_ethereum_addresses),
            ARENA_TEST(vectors_of_did_key_agree_with_their_jwks),
    };
    return cmocka_run_group_tests_name("token.jwk", tests, NULL, NULL);
}
