#include "crypto/hash.h"
#include "support/check.h"

static void hex_is(const uint8_t digest[HASH_BYTES], const char *expected)
{
    static const char digits[] = "0123456789abcdef";
    char text[2 * HASH_BYTES + 1] = {0};
    for (size_t i = 0; i < HASH_BYTES; i++) {
        text[2 * i] = digits[digest[i] >> 4];
        text[2 * i + 1] = digits[digest[i] & 15];
    }
    assert_string_equal(text, expected);
}

static void keccak256_pads_as_ethereum_does(void **state)
{
    (void)state;
    uint8_t digest[HASH_BYTES];
    keccak256(digest, T(""));
    hex_is(digest, "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    keccak256(digest, T("abc"));
    hex_is(digest, "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
}

static void sha256_answers_as_fips_180_says(void **state)
{
    (void)state;
    uint8_t digest[HASH_BYTES];
    sha256(digest, T(""));
    hex_is(digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    sha256(digest, T("abc"));
    hex_is(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(keccak256_pads_as_ethereum_does),
            cmocka_unit_test(sha256_answers_as_fips_180_says),
    };
    return cmocka_run_group_tests_name("crypto.hash", tests, NULL, NULL);
}
