#include "base/json_write.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "token/jwk.h"
#include "token/ucan_kit.h"
#include <stdio.h>

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

/* --- every kind of key --- */

static const enum deputy_key_kind key_kinds[] = {DEPUTY_KEY_ED25519, DEPUTY_KEY_SECP256K1, DEPUTY_KEY_P256};
static const char *const key_algorithms[] = {"EdDSA", "ES256K", "ES256"};

static const char *text_json(struct deputy_arena *arena, struct deputy_slice text)
{
    struct buf out = buf_make(arena, 1 << 16);
    json_put_text(&out, text);
    buf_put_byte(&out, 0);
    assert_ok(buf_finish(&out, &text));
    return (const char *)text.ptr;
}

static const char *payload_of(struct deputy_arena *arena, const struct deputy_key *key)
{
    struct deputy_slice did;
    assert_ok(deputy_key_did(arena, &did, key));
    return payload_with(arena, "iss", text_json(arena, did));
}

static const char *header_of(struct deputy_arena *arena, const char *algorithm)
{
    return header_with(arena, "alg", text_json(arena, T(algorithm)));
}

static void H13_each_kind_of_key_takes_its_own_algorithm_alone(void **state)
{
    static const char *const algorithms[] = {"EdDSA", "ES256", "ES256K", "ES256K-R", "ESKeccakKR",
            "ESKeccakK", "none", "HS256", "ES384", "EdBlake2b", "ESBlake2b", "ESBlake2bK"};
    for (size_t kind = 0; kind < 3; kind++) {
        struct deputy_key *key = key_of(key_kinds[kind], 0x22);
        for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
            struct deputy_slice text =
                    token_signed(*state, key, header_of(*state, algorithms[i]), payload_of(*state, key));
            enum deputy_error expected =
                    strcmp(algorithms[i], key_algorithms[kind]) == 0 ? DEPUTY_OK : DEPUTY_E_SIGNATURE;
            assert_int_equal(parse_and_verify(*state, text), expected);
        }
        deputy_key_destroy(key);
    }
}

static void D63_a_changed_byte_of_a_signature_fails_for_every_kind_of_key(void **state)
{
    for (size_t kind = 0; kind < 3; kind++) {
        struct deputy_key *key = key_of(key_kinds[kind], 0x22);
        const char *header = header_of(*state, key_algorithms[kind]), *payload = payload_of(*state, key);
        struct deputy_token token;
        uint8_t signature[64];
        assert_ok(ucan_parse(*state, &token, token_signed(*state, key, header, payload)));
        for (size_t i = 0; i < sizeof signature; i++) {
            memcpy(signature, token.ucan->signature.ptr, sizeof signature);
            signature[i] ^= 1;
            struct deputy_slice text = token_with(*state, header, payload, deputy_slice_bytes(signature, 64));
            assert_int_equal(parse_and_verify(*state, text), DEPUTY_E_SIGNATURE);
        }
        deputy_key_destroy(key);
    }
}

/* The other s of the same signature: n - s. */
static void signature_twin(uint8_t twin[64], const uint8_t *signature, const char *order_hex)
{
    uint8_t order[32];
    assert_ok(hex_read_fixed(order, sizeof order, T(order_hex)));
    memcpy(twin, signature, 64);
    int borrow = 0;
    for (size_t i = 32; i-- > 0;) {
        int digit = order[i] - signature[32 + i] - borrow;
        borrow = digit < 0;
        twin[32 + i] = (uint8_t)digit;
    }
}

static void I20_twin_of_a_signature_is_refused_for_secp256k1_and_taken_for_p256(void **state)
{
    static const struct {
        size_t kind;
        const char *order;
        enum deputy_error error;
    } cases[] = {{1, "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", DEPUTY_E_SIGNATURE},
            {2, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", DEPUTY_OK}};
    for (size_t i = 0; i < 2; i++) {
        struct deputy_key *key = key_of(key_kinds[cases[i].kind], 0x22);
        const char *header = header_of(*state, key_algorithms[cases[i].kind]),
                   *payload = payload_of(*state, key);
        struct deputy_token token;
        uint8_t twin[64];
        assert_ok(ucan_parse(*state, &token, token_signed(*state, key, header, payload)));
        assert_ok(ucan_verify(*state, &token));
        signature_twin(twin, token.ucan->signature.ptr, cases[i].order);
        struct deputy_slice text = token_with(*state, header, payload, deputy_slice_bytes(twin, sizeof twin));
        assert_int_equal(parse_and_verify(*state, text), cases[i].error);
        deputy_key_destroy(key);
    }
}

/* --- did:pkh issuers: the key comes from the header --- */

/* did:pkh:eip155:1: and the address of the key, its letters as asked */
static const char *account_of(const struct deputy_key *key, const char *tail, char *text, size_t size)
{
    uint8_t address[20];
    char checksum[42];
    assert_ok(deputy_key_address(address, key));
    deputy_address_format(checksum, address);
    snprintf(text, size, "\"did:pkh:eip155:1:%.42s%s\"", checksum, tail);
    return text;
}

static const char *jwk_of(struct deputy_arena *arena, const struct deputy_key *key)
{
    struct buf out = buf_make(arena, 1 << 16);
    struct json_writer writer = json_writer_make(&out);
    struct deputy_slice text;
    assert_ok(jwk_put_public(&writer, key, (struct deputy_slice){0}));
    buf_put_byte(&out, 0);
    assert_ok(buf_finish(&out, &text));
    return (const char *)text.ptr;
}

/* {"alg", "jwk", "typ", "ucv"}; the jwk may be NULL */
static const char *header_with_jwk(struct deputy_arena *arena, const char *algorithm, const char *jwk)
{
    const struct member members[] = {{"alg", text_json(arena, T(algorithm))}, {"jwk", jwk},
            {"typ", "\"JWT\""}, {"ucv", "\"0.10.0\""}, {NULL, NULL}};
    return object_with(arena, members, "", NULL);
}

static void D66_D68_account_is_verified_by_the_jwk_whose_address_it_is(void **state)
{
    struct deputy_key *key = key_of(DEPUTY_KEY_SECP256K1, 0x22), *other = key_of(DEPUTY_KEY_SECP256K1, 0x33);
    struct deputy_key *p256 = key_of(DEPUTY_KEY_P256, 0x22), *ed25519 = key_of(DEPUTY_KEY_ED25519, 0x22);
    const char *jwk = jwk_of(*state, key);
    const struct {
        const char *tail;
        const char *jwk;
        const struct deputy_key *signer;
        enum deputy_error error;
    } cases[] = {{"", jwk, key, DEPUTY_OK}, {"#blockchainAccountId", jwk, key, DEPUTY_OK},
            {"#", jwk, key, DEPUTY_E_SIGNATURE}, {"#x", jwk, key, DEPUTY_E_SIGNATURE},
            {"#Recovery2020", jwk, key, DEPUTY_E_SIGNATURE}, {"/x", jwk, key, DEPUTY_E_SIGNATURE},
            {"?x", jwk, key, DEPUTY_E_SIGNATURE}, {"", NULL, key, DEPUTY_E_SIGNATURE},
            {"", "null", key, DEPUTY_E_SIGNATURE}, {"", jwk_of(*state, other), key, DEPUTY_E_SIGNATURE},
            {"", jwk_of(*state, other), other, DEPUTY_E_SIGNATURE}, {"", jwk, other, DEPUTY_E_SIGNATURE},
            {"", jwk_of(*state, p256), p256, DEPUTY_E_SIGNATURE},
            {"", jwk_of(*state, ed25519), ed25519, DEPUTY_E_SIGNATURE}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char issuer[128];
        const char *payload =
                payload_with(*state, "iss", account_of(key, cases[i].tail, issuer, sizeof issuer));
        const char *header = header_with_jwk(*state, "ES256K", cases[i].jwk);
        if (parse_and_verify(*state, token_signed(*state, cases[i].signer, header, payload)) !=
                cases[i].error)
            fail_msg("%s %s", issuer, header);
    }
    deputy_key_destroy(key);
    deputy_key_destroy(other);
    deputy_key_destroy(p256);
    deputy_key_destroy(ed25519);
}

/* Changes the case of the letters of the address in a text: 'l' all lower, 'u' all upper, 's' swapped. */
static void change_case(char *issuer, char how)
{
    for (char *at = strchr(issuer, 'x') + 1; *at != '"'; at++) {
        bool upper = *at >= 'A' && *at <= 'F', lower = *at >= 'a' && *at <= 'f';
        if ((upper && how != 'u') || (lower && how != 'l'))
            *at ^= 0x20;
    }
}

static void D66_address_of_an_issuer_is_in_checksum_or_lower_case(void **state)
{
    struct deputy_key *key = key_of(DEPUTY_KEY_SECP256K1, 0x22);
    const char *header = header_with_jwk(*state, "ES256K", jwk_of(*state, key));
    static const char cases[] = {'l', 'u', 's'};
    for (size_t i = 0; i < sizeof cases; i++) {
        char issuer[128];
        account_of(key, "", issuer, sizeof issuer);
        change_case(issuer, cases[i]);
        struct deputy_slice text = token_signed(*state, key, header, payload_with(*state, "iss", issuer));
        assert_int_equal(parse_and_verify(*state, text), cases[i] == 'l' ? DEPUTY_OK : DEPUTY_E_SIGNATURE);
    }
    for (size_t i = 0; i < 40; i++) {
        char issuer[128];
        account_of(key, "", issuer, sizeof issuer);
        change_case(issuer, 'l');
        char *digit = strchr(issuer, 'x') + 1 + i;
        if (*digit < 'a')
            continue;
        *digit ^= 0x20;
        struct deputy_slice text = token_signed(*state, key, header, payload_with(*state, "iss", issuer));
        assert_int_equal(parse_and_verify(*state, text), DEPUTY_E_SIGNATURE);
    }
    deputy_key_destroy(key);
}

static void D68_jwk_of_an_account_must_be_a_point_of_secp256k1(void **state)
{
#define X "Rm1_yuVj5csJoNGHC7WANEgEYXh5oUlJzyIoXxuuPyc"
#define Y "ZygXbDxkMfju2kU43DfIZeJ4Tzqed9BE8z5Ad5fhJ4o"
    static const char *const bad[] = {"{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"" X "\",\"y\":\"" Y "\"}",
            "{\"crv\":\"secp256k1\",\"kty\":\"OKP\",\"x\":\"" X "\",\"y\":\"" Y "\"}",
            "{\"crv\":\"secp256k1\",\"kty\":\"EC\",\"x\":\"" Y "\",\"y\":\"" X "\"}",
            "{\"crv\":\"secp256k1\",\"kty\":\"EC\",\"x\":\"" X "AAA\",\"y\":\"" Y "\"}",
            "{\"crv\":\"secp256k1\",\"kty\":\"EC\",\"x\":\"" X "\",\"y\":\"AA\"}",
            "{\"alg\":\"ES256\",\"crv\":\"secp256k1\",\"kty\":\"EC\",\"x\":\"" X "\",\"y\":\"" Y "\"}"};
    struct deputy_key *key = key_of(DEPUTY_KEY_SECP256K1, 0x22);
    char issuer[128];
    const char *payload = payload_with(*state, "iss", account_of(key, "", issuer, sizeof issuer));
    assert_ok(parse_and_verify(
            *state, token_signed(*state, key,
                            header_with_jwk(*state, "ES256K",
                                    "{\"crv\":\"secp256k1\",\"kty\":\"EC\",\"x\":\"" X "\",\"y\":\"" Y "\"}"),
                            payload)));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *header = header_with_jwk(*state, "ES256K", bad[i]);
        if (parse_and_verify(*state, token_signed(*state, key, header, payload)) != DEPUTY_E_SIGNATURE)
            fail_msg("%s", bad[i]);
    }
    deputy_key_destroy(key);
#undef X
#undef Y
}

/* header.payload signed with a recovery id, over the hash asked for */
static struct deputy_slice token_recoverable(struct deputy_arena *arena, const char *header,
        const char *payload, void (*hash)(uint8_t *, struct deputy_slice), uint8_t change, size_t len)
{
    struct buf out = buf_make(arena, 1 << 16);
    struct deputy_slice text;
    uint8_t secret[32], digest[32], signature[66] = {0};
    memset(secret, 0x22, sizeof secret);
    signed_text_put(&out, header, payload);
    assert_ok(buf_finish(&out, &text));
    hash(digest, text);
    assert_ok(secp256k1_sign_recoverable(signature, digest, secret));
    signature[64] ^= change;
    return token_with(arena, header, payload, deputy_slice_bytes(signature, len));
}

static void recoverable_signatures_are_taken_from_accounts_alone(void **state)
{
    static const struct {
        const char *algorithm;
        void (*hash)(uint8_t *, struct deputy_slice);
        uint8_t change; /* of the recovery id */
        enum deputy_error error;
    } cases[] = {{"ES256K-R", sha256, 0, DEPUTY_OK}, {"ESKeccakKR", keccak256, 0, DEPUTY_OK},
            {"ES256K-R", keccak256, 0, DEPUTY_E_SIGNATURE}, {"ESKeccakKR", sha256, 0, DEPUTY_E_SIGNATURE},
            {"ES256K-R", sha256, 1, DEPUTY_E_SIGNATURE}, {"ESKeccakKR", keccak256, 1, DEPUTY_E_SIGNATURE},
            {"ES256K-R", sha256, 4, DEPUTY_E_SIGNATURE}, {"ES256K-R", sha256, 27, DEPUTY_E_SIGNATURE},
            {"ES256K", sha256, 0, DEPUTY_E_SIGNATURE}, {"ESKeccakK", keccak256, 0, DEPUTY_E_SIGNATURE}};
    struct deputy_key *key = key_of(DEPUTY_KEY_SECP256K1, 0x22);
    const char *jwk =
            "{\"crv\":\"secp256k1\",\"kty\":\"EC\",\"x\":\"Rm1_yuVj5csJoNGHC7WANEgEYXh5oUlJzyIoXxuuPyc\","
            "\"y\":\"ZygXbDxkMfju2kU43DfIZeJ4Tzqed9BE8z5Ad5fhJ4o\"}";
    char issuer[128];
    const char *account = payload_with(*state, "iss", account_of(key, "", issuer, sizeof issuer));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *header = header_with_jwk(*state, cases[i].algorithm, jwk);
        struct deputy_slice text =
                token_recoverable(*state, header, account, cases[i].hash, cases[i].change, 65);
        assert_int_equal(parse_and_verify(*state, text), cases[i].error);
        text = token_recoverable(*state, header, payload_of(*state, key), cases[i].hash, cases[i].change, 65);
        assert_int_equal(parse_and_verify(*state, text), DEPUTY_E_SIGNATURE);
        text = token_recoverable(*state, header, account, cases[i].hash, cases[i].change, 66);
        assert_int_equal(parse_and_verify(*state, text), DEPUTY_E_SIGNATURE);
        text = token_signed(*state, key, header, account);
        assert_int_equal(parse_and_verify(*state, text),
                strcmp(cases[i].algorithm, "ES256K") == 0 ? DEPUTY_OK : DEPUTY_E_SIGNATURE);
    }
    deputy_key_destroy(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(D63_no_character_of_a_token_may_change),
            ARENA_TEST(D64_D65_algorithm_of_another_key_is_refused),
            ARENA_TEST(signature_of_another_length_is_refused),
            ARENA_TEST(D66_fragment_must_be_the_only_key_of_the_did),
            ARENA_TEST(D67_jwk_is_not_used_for_a_did_key_but_its_alg_must_agree),
            ARENA_TEST(H13_each_kind_of_key_takes_its_own_algorithm_alone),
            ARENA_TEST(D63_a_changed_byte_of_a_signature_fails_for_every_kind_of_key),
            ARENA_TEST(I20_twin_of_a_signature_is_refused_for_secp256k1_and_taken_for_p256),
            ARENA_TEST(D66_D68_account_is_verified_by_the_jwk_whose_address_it_is),
            ARENA_TEST(D66_address_of_an_issuer_is_in_checksum_or_lower_case),
            ARENA_TEST(D68_jwk_of_an_account_must_be_a_point_of_secp256k1),
            ARENA_TEST(recoverable_signatures_are_taken_from_accounts_alone),
    };
    return cmocka_run_group_tests_name("token.ucan_verify", tests, NULL, NULL);
}
