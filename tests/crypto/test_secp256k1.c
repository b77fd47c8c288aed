#include "crypto/hash.h"
#include "crypto/sign.h"
#include "support/hex.h"

#define ORDER "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
#define GENERATOR_X "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
#define GENERATOR_Y "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"

/* Answers for secp256k1 with SHA-256 that implementations of RFC 6979 agree on. */
static const struct known_answer {
    const char *secret, *message, *signature;
} KNOWN[] = {
        {"0000000000000000000000000000000000000000000000000000000000000001", "Satoshi Nakamoto",
                "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8"
                "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5"},
        {"0000000000000000000000000000000000000000000000000000000000000001",
                "All those moments will be lost in time, like tears in rain. Time to die...",
                "8600dbd41e348fe5c9465ab92d23e3db8b98b873beecd930736488696438cb6b"
                "547fe64427496db33bf66019dacbf0039c04199abb0122918601db38a72cfc21"},
        {"fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140", "Satoshi Nakamoto",
                "fd567d121db66e382991534ada77a6bd3106f0a1098c231e47993447cd6af2d0"
                "6b39cd0eb1bc8603e159ef5c20a5c8ad685a45b06ce9bebed3f153d10d93bed5"},
};

/* n - s in place: the other signature of the same message by the same key. */
static void s_negate(struct deputy_arena *arena, uint8_t s[32])
{
    struct deputy_slice order = check_hex(arena, ORDER);
    int borrow = 0;
    for (size_t i = 32; i-- > 0;) {
        int digit = order.ptr[i] - s[i] - borrow;
        borrow = digit < 0;
        s[i] = (uint8_t)digit;
    }
}

static void secp256k1_signs_and_verifies_with_rfc_6979_nonces(void **state)
{
    for (size_t i = 0; i < sizeof KNOWN / sizeof KNOWN[0]; i++) {
        uint8_t public_key[EC_PUBLIC_BYTES];
        uint8_t signature[EC_SIGNATURE_BYTES];
        const uint8_t *secret = check_hex(*state, KNOWN[i].secret).ptr;
        assert_ok(secp256k1_public(public_key, secret));
        assert_ok(secp256k1_sign(signature, T(KNOWN[i].message), secret));
        assert_hex(signature, sizeof signature, KNOWN[i].signature);
        assert_ok(secp256k1_verify(public_key, T(KNOWN[i].message), signature));
        assert_int_equal(secp256k1_verify(public_key, T("another"), signature), DEPUTY_E_SIGNATURE);
    }
}

static void high_s_is_refused_in_verify_and_in_recover(void **state)
{
    uint8_t public_key[EC_PUBLIC_BYTES], public_xy[64], recovered[64];
    uint8_t signature[SECP256K1_RECOVERABLE_BYTES];
    uint8_t digest[HASH_BYTES];
    const uint8_t *secret = check_hex(*state, KNOWN[0].secret).ptr;
    sha256(digest, T("message"));
    assert_ok(secp256k1_public(public_key, secret));
    assert_ok(secp256k1_decompress(public_xy, public_key));
    assert_ok(secp256k1_sign_recoverable(signature, digest, secret));
    assert_ok(secp256k1_recover(recovered, digest, signature));
    assert_memory_equal(recovered, public_xy, 64);

    s_negate(*state, signature + 32);
    signature[64] ^= 1;
    assert_int_equal(secp256k1_recover(recovered, digest, signature), DEPUTY_E_SIGNATURE);
    assert_int_equal(secp256k1_verify(public_key, T("message"), signature), DEPUTY_E_SIGNATURE);
}

static void signatures_made_here_have_low_s(void **state)
{
    static const uint8_t secret[EC_SECRET_BYTES] = {[31] = 7};
    uint8_t signature[EC_SIGNATURE_BYTES], negated[32];
    for (uint8_t i = 0; i < 64; i++) {
        assert_ok(secp256k1_sign(signature, deputy_slice_bytes(&i, 1), secret));
        memcpy(negated, signature + 32, 32);
        s_negate(*state, negated);
        assert_true(memcmp(signature + 32, negated, 32) < 0);
    }
}

static void recovery_id_beyond_3_is_refused(void **state)
{
    uint8_t signature[SECP256K1_RECOVERABLE_BYTES], digest[HASH_BYTES], recovered[64];
    sha256(digest, T(KNOWN[0].message));
    memcpy(signature, check_hex(*state, KNOWN[0].signature).ptr, EC_SIGNATURE_BYTES);
    unsigned recovers = 0;
    for (unsigned id = 0; id < 256; id++) {
        signature[64] = (uint8_t)id;
        enum deputy_error result = secp256k1_recover(recovered, digest, signature);
        recovers += result == DEPUTY_OK;
        assert_true(result == DEPUTY_OK ? id < 4 : result == DEPUTY_E_SIGNATURE);
    }
    assert_int_equal(recovers, 2); /* with r + n for an x, 2 and 3 need an r below p - n */
}

static void r_and_s_out_of_range_are_refused(void **state)
{
    static const char *const rows[] = {
            ZERO "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5",
            "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8" ZERO,
            ZERO ZERO,
            ORDER "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5",
            "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8" ORDER,
    };
    uint8_t signature[SECP256K1_RECOVERABLE_BYTES], digest[HASH_BYTES], recovered[64];
    uint8_t public_key[EC_PUBLIC_BYTES];
    assert_ok(secp256k1_public(public_key, check_hex(*state, KNOWN[0].secret).ptr));
    sha256(digest, T(KNOWN[0].message));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        memcpy(signature, check_hex(*state, rows[i]).ptr, EC_SIGNATURE_BYTES);
        assert_int_equal(secp256k1_verify(public_key, T(KNOWN[0].message), signature), DEPUTY_E_SIGNATURE);
        for (uint8_t id = 0; id < 4; id++) {
            signature[64] = id;
            assert_int_equal(secp256k1_recover(recovered, digest, signature), DEPUTY_E_SIGNATURE);
        }
    }
}

static void secrets_out_of_range_are_refused(void **state)
{
    static const char *const rows[] = {ZERO, ORDER,
            "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364142",
            "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"};
    uint8_t public_key[EC_PUBLIC_BYTES];
    uint8_t signature[SECP256K1_RECOVERABLE_BYTES];
    uint8_t digest[HASH_BYTES] = {1};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const uint8_t *secret = check_hex(*state, rows[i]).ptr;
        assert_int_equal(secp256k1_public(public_key, secret), DEPUTY_E_KEY);
        assert_int_equal(secp256k1_sign_recoverable(signature, digest, secret), DEPUTY_E_KEY);
    }
}

static void points_compress_and_decompress(void **state)
{
    uint8_t public_xy[64], public_key[EC_PUBLIC_BYTES];
    assert_ok(secp256k1_decompress(public_xy, check_hex(*state, "02" GENERATOR_X).ptr));
    assert_hex(public_xy, sizeof public_xy, GENERATOR_X GENERATOR_Y);
    assert_ok(secp256k1_compress(public_key, public_xy));
    assert_hex(public_key, sizeof public_key, "02" GENERATOR_X);
    assert_ok(secp256k1_decompress(public_xy, check_hex(*state, "03" GENERATOR_X).ptr));
    assert_ok(secp256k1_compress(public_key, public_xy));
    assert_hex(public_key, sizeof public_key, "03" GENERATOR_X);
}

static void points_that_are_none_are_refused(void **state)
{
    static const char *const rows[] = {
            "020000000000000000000000000000000000000000000000000000000000000005", /* no y */
            "02fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc30", /* x = p + 1 */
            "00" GENERATOR_X, "04" GENERATOR_X, "05" GENERATOR_X, "06" GENERATOR_X,
            "000000000000000000000000000000000000000000000000000000000000000000", /* infinity */
    };
    uint8_t public_xy[64], public_key[EC_PUBLIC_BYTES];
    const uint8_t *signature = check_hex(*state, KNOWN[0].signature).ptr;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const uint8_t *key = check_hex(*state, rows[i]).ptr;
        assert_int_equal(secp256k1_decompress(public_xy, key), DEPUTY_E_KEY);
        assert_int_equal(secp256k1_verify(key, T(KNOWN[0].message), signature), DEPUTY_E_KEY);
    }
    assert_int_equal(
            secp256k1_compress(public_key, check_hex(*state, GENERATOR_X GENERATOR_X).ptr), DEPUTY_E_KEY);
    assert_int_equal(secp256k1_compress(public_key, check_hex(*state, ZERO ZERO).ptr), DEPUTY_E_KEY);
}

static void ethereum_address_is_the_end_of_the_hash_of_the_point(void **state)
{
    uint8_t address[ETHEREUM_ADDRESS_BYTES];
    ethereum_address(address, check_hex(*state, GENERATOR_X GENERATOR_Y).ptr);
    assert_hex(address, sizeof address, "7e5f4552091a69125d5dfcb7b8c2659029395bdf");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(secp256k1_signs_and_verifies_with_rfc_6979_nonces),
            ARENA_TEST(high_s_is_refused_in_verify_and_in_recover),
            ARENA_TEST(signatures_made_here_have_low_s),
            ARENA_TEST(recovery_id_beyond_3_is_refused),
            ARENA_TEST(r_and_s_out_of_range_are_refused),
            ARENA_TEST(secrets_out_of_range_are_refused),
            ARENA_TEST(points_compress_and_decompress),
            ARENA_TEST(points_that_are_none_are_refused),
            ARENA_TEST(ethereum_address_is_the_end_of_the_hash_of_the_point),
    };
    return cmocka_run_group_tests_name("crypto.secp256k1", tests, NULL, NULL);
}
