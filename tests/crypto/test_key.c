#include "base/codec.h"
#include "crypto/hash.h"
#include "crypto/key.h"
#include "crypto/sign.h"
#include "support/child.h"
#include "support/hex.h"
#include "support/vectors.h"
#include <signal.h>

static const uint8_t SECRET[32] = {[0] = 0x11, [31] = 0x22};

static struct deputy_key *import(enum deputy_key_kind kind)
{
    struct deputy_key *key = NULL;
    assert_ok(deputy_key_import(&key, kind, SECRET));
    assert_int_equal(deputy_key_kind(key), kind);
    return key;
}

typedef enum deputy_error verify_function(const uint8_t *, struct deputy_slice, const uint8_t *);

static void signs_what_verifies(enum deputy_key_kind kind, size_t public_len, verify_function *verify)
{
    uint8_t signature[64];
    struct deputy_key *key = import(kind);
    struct deputy_slice public_key = deputy_key_public(key);
    assert_int_equal(public_key.len, public_len);
    assert_ok(deputy_key_sign(signature, key, T("message")));
    assert_ok(verify(public_key.ptr, T("message"), signature));
    assert_int_equal(verify(public_key.ptr, T("massage"), signature), DEPUTY_E_SIGNATURE);
    deputy_key_destroy(key);
}

static void every_kind_signs_what_its_public_key_verifies(void **state)
{
    (void)state;
    signs_what_verifies(DEPUTY_KEY_ED25519, ED25519_PUBLIC_BYTES, ed25519_verify);
    signs_what_verifies(DEPUTY_KEY_SECP256K1, EC_PUBLIC_BYTES, secp256k1_verify);
    signs_what_verifies(DEPUTY_KEY_P256, EC_PUBLIC_BYTES, p256_verify);
}

static void ed25519_and_secp256k1_signatures_are_deterministic(void **state)
{
    (void)state;
    static const enum deputy_key_kind kinds[] = {DEPUTY_KEY_ED25519, DEPUTY_KEY_SECP256K1};
    for (size_t i = 0; i < 2; i++) {
        uint8_t first[64], second[64];
        struct deputy_key *key = import(kinds[i]);
        assert_ok(deputy_key_sign(first, key, T("message")));
        assert_ok(deputy_key_sign(second, key, T("message")));
        assert_memory_equal(first, second, sizeof first);
        deputy_key_destroy(key);
    }
}

/* tests/data/tokens.json, did_key: the entries with a seed. */
static void ed25519_public_keys_are_those_of_the_vectors(void **state)
{
    unsigned seen = 0;
    JSON_EACH (entry, check_vectors(*state, "tokens.json", "did_key")) {
        const struct json_value *seed = json_member(entry, "ed25519SeedHex");
        struct deputy_key *key = NULL;
        uint8_t secret[32], expected[32];
        if (seed == NULL)
            continue;
        assert_ok(hex_read_fixed(secret, sizeof secret, seed->text));
        assert_ok(hex_read_fixed(expected, sizeof expected, check_text_of(entry, "publicKeyHex")));
        assert_ok(deputy_key_import(&key, DEPUTY_KEY_ED25519, secret));
        assert_slice(deputy_key_public(key), deputy_slice_bytes(expected, sizeof expected));
        deputy_key_destroy(key);
        seen++;
    }
    assert_int_equal(seen, 2);
}

/* tests/data/tokens.json, ethereum_address: the point of a JWK and its address. */
static void ethereum_addresses_are_those_of_the_vectors(void **state)
{
    JSON_EACH (entry, check_vectors(*state, "tokens.json", "ethereum_address")) {
        const struct json_value *jwk = json_member(entry, "jwk");
        struct deputy_slice text = check_text_of(entry, "address");
        uint8_t public_xy[64], address[20], expected[20];
        assert_ok(base64url_read_fixed(public_xy, 32, check_text_of(jwk, "x")));
        assert_ok(base64url_read_fixed(public_xy + 32, 32, check_text_of(jwk, "y")));
        ethereum_address(address, public_xy);
        assert_ok(hex_read_fixed(expected, 20, deputy_slice_bytes(text.ptr + 2, text.len - 2)));
        assert_memory_equal(address, expected, sizeof address);
    }
}

static void scalars_out_of_range_are_refused_and_their_neighbours_taken(void **state)
{
    static const struct {
        enum deputy_key_kind kind;
        const char *secret;
        enum deputy_error expected;
    } rows[] = {
            {DEPUTY_KEY_SECP256K1, "0000000000000000000000000000000000000000000000000000000000000000",
                    DEPUTY_E_KEY},
            {DEPUTY_KEY_SECP256K1, "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140",
                    DEPUTY_OK},
            {DEPUTY_KEY_SECP256K1, "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
                    DEPUTY_E_KEY},
            {DEPUTY_KEY_P256, "0000000000000000000000000000000000000000000000000000000000000000",
                    DEPUTY_E_KEY},
            {DEPUTY_KEY_P256, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550", DEPUTY_OK},
            {DEPUTY_KEY_P256, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
                    DEPUTY_E_KEY},
            {DEPUTY_KEY_ED25519, "0000000000000000000000000000000000000000000000000000000000000000",
                    DEPUTY_OK},
            {DEPUTY_KEY_ED25519, "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                    DEPUTY_OK},
            {(enum deputy_key_kind)3, "0000000000000000000000000000000000000000000000000000000000000001",
                    DEPUTY_E_ARGUMENT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct deputy_key *key = NULL;
        const uint8_t *secret = check_hex(*state, rows[i].secret).ptr;
        assert_int_equal(deputy_key_import(&key, rows[i].kind, secret), rows[i].expected);
        assert_int_equal(key != NULL, rows[i].expected == DEPUTY_OK);
        deputy_key_destroy(key);
    }
}

static void has_no_address_and_signs_no_digest(enum deputy_key_kind kind, const uint8_t secret[32])
{
    static const uint8_t digest[32] = {1};
    uint8_t signature[65], address[20];
    struct deputy_key *key = NULL;
    assert_ok(deputy_key_import(&key, kind, secret));
    assert_int_equal(deputy_key_address(address, key), DEPUTY_E_KEY);
    assert_int_equal(key_sign_digest_recoverable(signature, key, digest), DEPUTY_E_KEY);
    deputy_key_destroy(key);
}

/* Many keys: one P-256 point in two has an x that is one of secp256k1 as well. */
static void only_secp256k1_keys_have_an_address_and_sign_digests(void **state)
{
    (void)state;
    for (uint8_t i = 1; i < 32; i++) {
        const uint8_t secret[32] = {[31] = i};
        has_no_address_and_signs_no_digest(DEPUTY_KEY_ED25519, secret);
        has_no_address_and_signs_no_digest(DEPUTY_KEY_P256, secret);
    }
}

static void digest_signature_recovers_to_the_address_of_the_key(void **state)
{
    (void)state;
    uint8_t signature[65], digest[32], public_xy[64], recovered[20], address[20];
    struct deputy_key *key = import(DEPUTY_KEY_SECP256K1);
    keccak256(digest, T("message"));
    assert_ok(key_sign_digest_recoverable(signature, key, digest));
    assert_ok(secp256k1_recover(public_xy, digest, signature));
    ethereum_address(recovered, public_xy);
    assert_ok(deputy_key_address(address, key));
    assert_memory_equal(address, recovered, sizeof address);
    deputy_key_destroy(key);
}

static void read_kind(void *key)
{
    deputy_key_kind(key);
}

static void write_over(void *key)
{
    *(volatile uint8_t *)key = 1;
}

static void key_is_read_only_and_gone_once_destroyed(void **state)
{
    (void)state;
    struct deputy_key *key = import(DEPUTY_KEY_ED25519);
    assert_int_equal(check_child(read_kind, key), 0);
    assert_int_equal(check_child(write_over, key), SIGSEGV);
    deputy_key_destroy(key);
    assert_int_equal(check_child(read_kind, key), SIGSEGV);
    deputy_key_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(every_kind_signs_what_its_public_key_verifies),
            cmocka_unit_test(ed25519_and_secp256k1_signatures_are_deterministic),
            ARENA_TEST(ed25519_public_keys_are_those_of_the_vectors),
            ARENA_TEST(ethereum_addresses_are_those_of_the_vectors),
            ARENA_TEST(scalars_out_of_range_are_refused_and_their_neighbours_taken),
            cmocka_unit_test(only_secp256k1_keys_have_an_address_and_sign_digests),
            cmocka_unit_test(digest_signature_recovers_to_the_address_of_the_key),
            cmocka_unit_test(key_is_read_only_and_gone_once_destroyed),
    };
    return cmocka_run_group_tests_name("crypto.key", tests, NULL, NULL);
}
