#include "crypto/hash.h"
#include "support/hex.h"

/* RFC 5869 appendix A.1 to A.3. */
static void hkdf_answers_as_rfc_5869_says(void **state)
{
    static const struct {
        const char *secret, *salt, *info, *expected;
        size_t len;
    } rows[] = {
            {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c",
                    "f0f1f2f3f4f5f6f7f8f9",
                    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
                    42},
            {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2"
             "f"
             "303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
                    "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b"
                    "8c8d"
                    "8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
                    "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadb"
                    "dcdd"
                    "dedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
                    "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c6"
                    "5e59"
                    "0e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
                    82},
            {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
                    "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
                    42},
    };
    uint8_t out[82];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_ok(hkdf_sha256(out, rows[i].len, check_hex(*state, rows[i].secret),
                check_hex(*state, rows[i].salt), check_hex(*state, rows[i].info)));
        assert_hex(out, rows[i].len, rows[i].expected);
    }
}

static void absent_inputs_are_as_empty_ones(void **state)
{
    (void)state;
    uint8_t absent[32], empty[32];
    const struct deputy_slice none = {NULL, 0};
    assert_ok(hkdf_sha256(absent, sizeof absent, T("secret"), none, none));
    assert_ok(hkdf_sha256(empty, sizeof empty, T("secret"), T(""), T("")));
    assert_memory_equal(absent, empty, sizeof empty);
}

static void lengths_beyond_the_limits_are_refused(void **state)
{
    (void)state;
    static uint8_t out[255 * 32 + 1];
    static const uint8_t long_input[HKDF_MAX_IN + 1];
    const struct deputy_slice longest = {long_input, HKDF_MAX_IN};
    const struct deputy_slice beyond = {long_input, HKDF_MAX_IN + 1};
    const struct deputy_slice some = T("some");
    assert_ok(hkdf_sha256(out, 255 * 32, longest, longest, longest));
    assert_int_equal(hkdf_sha256(out, 255 * 32 + 1, some, some, some), DEPUTY_E_LIMIT);
    assert_int_equal(hkdf_sha256(out, SIZE_MAX, some, some, some), DEPUTY_E_LIMIT);
    assert_int_equal(hkdf_sha256(out, 0, some, some, some), DEPUTY_E_LIMIT);
    assert_int_equal(hkdf_sha256(out, 32, beyond, some, some), DEPUTY_E_LIMIT);
    assert_int_equal(hkdf_sha256(out, 32, some, beyond, some), DEPUTY_E_LIMIT);
    assert_int_equal(hkdf_sha256(out, 32, some, some, beyond), DEPUTY_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(hkdf_answers_as_rfc_5869_says),
            cmocka_unit_test(absent_inputs_are_as_empty_ones),
            cmocka_unit_test(lengths_beyond_the_limits_are_refused),
    };
    return cmocka_run_group_tests_name("crypto.hkdf", tests, NULL, NULL);
}
