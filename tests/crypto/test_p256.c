#include "crypto/sign.h"
#include "support/hex.h"

#define ORDER "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"

/* RFC 6979 appendix A.2.5, SHA-256. */
#define SECRET "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"
#define PUBLIC_X "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
#define PUBLIC_Y "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
#define SAMPLE_R "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
#define SAMPLE_S "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
#define TEST_R "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
#define TEST_S "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"

static const uint8_t *public_key_of_rfc_6979(struct deputy_arena *arena)
{
    return check_hex(arena, "03" PUBLIC_X).ptr;
}

/* The S of the first is high: WebCrypto makes such. */
static void p256_verifies_what_rfc_6979_signs(void **state)
{
    const uint8_t *key = public_key_of_rfc_6979(*state);
    const uint8_t *sample = check_hex(*state, SAMPLE_R SAMPLE_S).ptr;
    const uint8_t *test = check_hex(*state, TEST_R TEST_S).ptr;
    assert_ok(p256_verify(key, T("sample"), sample));
    assert_ok(p256_verify(key, T("test"), test));
    assert_int_equal(p256_verify(key, T("sample"), test), DEPUTY_E_SIGNATURE);
    assert_int_equal(p256_verify(key, T("Sample"), sample), DEPUTY_E_SIGNATURE);
}

static void p256_derives_the_public_key(void **state)
{
    uint8_t public_key[EC_PUBLIC_BYTES];
    assert_ok(p256_public(public_key, check_hex(*state, SECRET).ptr));
    assert_hex(public_key, sizeof public_key, "03" PUBLIC_X);
}

static void p256_signs_what_it_verifies(void **state)
{
    static const uint8_t small[EC_SECRET_BYTES] = {[31] = 1};
    const uint8_t *secret = check_hex(*state, SECRET).ptr;
    uint8_t public_key[EC_PUBLIC_BYTES];
    uint8_t signature[EC_SIGNATURE_BYTES];
    for (uint8_t i = 0; i < 32; i++) {
        struct deputy_slice message = {&i, 1};
        assert_ok(p256_sign(signature, message, secret));
        assert_ok(p256_verify(public_key_of_rfc_6979(*state), message, signature));
        assert_ok(p256_sign(signature, message, small));
        assert_ok(p256_public(public_key, small));
        assert_ok(p256_verify(public_key, message, signature));
    }
}

static void r_and_s_out_of_range_are_refused(void **state)
{
    static const char *const rows[] = {
            ZERO SAMPLE_S,
            SAMPLE_R ZERO,
            ZERO ZERO,
            ORDER SAMPLE_S,
            SAMPLE_R ORDER,
            ORDER ORDER,
            "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff" SAMPLE_S,
            SAMPLE_R "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(
                p256_verify(public_key_of_rfc_6979(*state), T("sample"), check_hex(*state, rows[i]).ptr),
                DEPUTY_E_SIGNATURE);
}

static void secrets_out_of_range_are_refused(void **state)
{
    static const char *const rows[] = {ZERO, ORDER,
            "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632552",
            "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"};
    uint8_t public_key[EC_PUBLIC_BYTES];
    uint8_t signature[EC_SIGNATURE_BYTES];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const uint8_t *secret = check_hex(*state, rows[i]).ptr;
        assert_int_equal(p256_public(public_key, secret), DEPUTY_E_KEY);
        assert_int_equal(p256_sign(signature, T("message"), secret), DEPUTY_E_KEY);
    }
}

static void points_compress_and_decompress(void **state)
{
    uint8_t public_xy[64], public_key[EC_PUBLIC_BYTES];
    assert_ok(p256_decompress(public_xy, public_key_of_rfc_6979(*state)));
    assert_hex(public_xy, sizeof public_xy, PUBLIC_X PUBLIC_Y);
    assert_ok(p256_compress(public_key, public_xy));
    assert_hex(public_key, sizeof public_key, "03" PUBLIC_X);
}

static void points_that_are_none_are_refused(void **state)
{
    static const char *const rows[] = {
            "020000000000000000000000000000000000000000000000000000000000000001", /* no y */
            "02ffffffff00000001000000000000000000000000ffffffffffffffffffffffff", /* x = p */
            "02ffffffff00000001000000000000000000000001000000000000000000000004", /* x = p + 5 */
            "00" PUBLIC_X, "04" PUBLIC_X, "05" PUBLIC_X, "07" PUBLIC_X,
            "000000000000000000000000000000000000000000000000000000000000000000", /* infinity */
    };
    uint8_t public_xy[64], public_key[EC_PUBLIC_BYTES];
    const uint8_t *signature = check_hex(*state, SAMPLE_R SAMPLE_S).ptr;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const uint8_t *key = check_hex(*state, rows[i]).ptr;
        assert_int_equal(p256_decompress(public_xy, key), DEPUTY_E_KEY);
        assert_int_equal(p256_verify(key, T("sample"), signature), DEPUTY_E_KEY);
    }
    assert_int_equal(p256_compress(public_key, check_hex(*state, PUBLIC_X PUBLIC_X).ptr), DEPUTY_E_KEY);
    assert_int_equal(p256_compress(public_key, check_hex(*state, ZERO ZERO).ptr), DEPUTY_E_KEY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(p256_verifies_what_rfc_6979_signs),
            ARENA_TEST(p256_derives_the_public_key),
            ARENA_TEST(p256_signs_what_it_verifies),
            ARENA_TEST(r_and_s_out_of_range_are_refused),
            ARENA_TEST(secrets_out_of_range_are_refused),
            ARENA_TEST(points_compress_and_decompress),
            ARENA_TEST(points_that_are_none_are_refused),
    };
    return cmocka_run_group_tests_name("crypto.p256", tests, NULL, NULL);
}
