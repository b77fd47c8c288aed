#include "crypto/sign.h"
#include "support/hex.h"

/* RFC 8032 section 7.1: TEST 1, 2, 3 and SHA(abc). */
static const struct known_answer {
    const char *seed, *public_key, *message, *signature;
} KNOWN[] = {
        {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
                "b46b"
                "d25bf5f0595bbe24655141438e7a100b"},
        {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f1"
                "1d8c"
                "387b2eaeb4302aeeb00d291612bb0c00"},
        {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984d"
                "c659"
                "4a7c15e9716ed28dc027beceea1ec40a"},
        {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
                "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3fe"
                "ebbd"
                "454d4423643ce80e2a9ac94fa54ca49f",
                "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431"
                "e030"
                "3dca179c138ac17ad9bef1177331a704"},
};

static void ed25519_signs_and_verifies_as_rfc_8032_says(void **state)
{
    for (size_t i = 0; i < sizeof KNOWN / sizeof KNOWN[0]; i++) {
        uint8_t public_key[ED25519_PUBLIC_BYTES];
        uint8_t expanded[ED25519_EXPANDED_BYTES];
        uint8_t signature[ED25519_SIGNATURE_BYTES];
        struct deputy_slice message = check_hex(*state, KNOWN[i].message);
        assert_ok(ed25519_expand(public_key, expanded, check_hex(*state, KNOWN[i].seed).ptr));
        assert_hex(public_key, sizeof public_key, KNOWN[i].public_key);
        assert_ok(ed25519_sign(signature, message, expanded));
        assert_hex(signature, sizeof signature, KNOWN[i].signature);
        assert_ok(ed25519_verify(public_key, message, signature));
    }
}

static void any_flipped_bit_is_refused(void **state)
{
    uint8_t signature[ED25519_SIGNATURE_BYTES];
    uint8_t public_key[ED25519_PUBLIC_BYTES];
    uint8_t message[] = {0xaf, 0x82};
    const struct deputy_slice text = {message, sizeof message};
    memcpy(signature, check_hex(*state, KNOWN[2].signature).ptr, sizeof signature);
    memcpy(public_key, check_hex(*state, KNOWN[2].public_key).ptr, sizeof public_key);
    for (size_t bit = 0; bit < 8 * sizeof signature; bit++) {
        signature[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_equal(ed25519_verify(public_key, text, signature), DEPUTY_E_SIGNATURE);
        signature[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    for (size_t bit = 0; bit < 8 * sizeof public_key; bit++) {
        public_key[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_equal(ed25519_verify(public_key, text, signature), DEPUTY_E_SIGNATURE);
        public_key[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    message[0] ^= 1;
    assert_int_equal(ed25519_verify(public_key, text, signature), DEPUTY_E_SIGNATURE);
}

/* Adds the group order L to S: the same signature modulo L, as often as it fits into 32 bytes. */
static void s_not_below_the_group_order_is_refused(void **state)
{
    struct deputy_slice order =
            check_hex(*state, "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    const uint8_t *public_key = check_hex(*state, KNOWN[2].public_key).ptr;
    struct deputy_slice message = check_hex(*state, KNOWN[2].message);
    uint8_t signature[ED25519_SIGNATURE_BYTES];
    memcpy(signature, check_hex(*state, KNOWN[2].signature).ptr, sizeof signature);
    for (int times = 1; times < 15; times++) {
        unsigned carry = 0;
        for (size_t i = 0; i < 32; i++) {
            carry += (unsigned)signature[32 + i] + order.ptr[i];
            signature[32 + i] = (uint8_t)carry;
            carry >>= 8;
        }
        assert_int_equal(carry, 0);
        assert_int_equal(ed25519_verify(public_key, message, signature), DEPUTY_E_SIGNATURE);
    }
}

/*
 * The points of order 1, 2, 4 and 8, in every encoding that decodes to one of them. R = B and S = 1 satisfy
 * the bare equation S B = R + h A for each message whose h is a multiple of the order of A: one message in
 * eight at least.
 */
static void low_order_public_keys_are_refused(void **state)
{
    static const char *const keys[] = {
            "0100000000000000000000000000000000000000000000000000000000000000",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            "0000000000000000000000000000000000000000000000000000000000000080",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
            "0000000000000000000000000000000000000000000000000000000000000000",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
            /* x = 0 with its sign bit set */
            "0100000000000000000000000000000000000000000000000000000000000080",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            /* y = p and y = p + 1 */
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    };
    struct deputy_slice signature =
            check_hex(*state, "5866666666666666666666666666666666666666666666666666666666666666"
                              "0100000000000000000000000000000000000000000000000000000000000000");
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const uint8_t *key = check_hex(*state, keys[i]).ptr;
        for (uint8_t message = 0; message < 128; message++)
            assert_int_equal(
                    ed25519_verify(key, deputy_slice_bytes(&message, 1), signature.ptr), DEPUTY_E_SIGNATURE);
    }
}

/* Made with the secret of the key: R is the neutral point, S = h a, so that the bare equation holds. */
static void low_order_r_is_refused(void **state)
{
    const uint8_t *public_key =
            check_hex(*state, "a09aa5f47a6759802ff955f8dc2d2a14a5c99d23be97f864127ff9383455a4f0").ptr;
    const uint8_t *signature =
            check_hex(*state, "0100000000000000000000000000000000000000000000000000000000000000"
                              "8a16e90d30177eede87ec1d4bd99f09b51fe31dc047f6534fd327d183500dd06")
                    .ptr;
    assert_int_equal(ed25519_verify(public_key, T("message"), signature), DEPUTY_E_SIGNATURE);
}

/* y = 2 has no x on the curve. */
static void public_key_off_the_curve_is_refused(void **state)
{
    static const uint8_t off_curve[ED25519_PUBLIC_BYTES] = {2};
    const uint8_t *signature = check_hex(*state, KNOWN[0].signature).ptr;
    assert_int_equal(ed25519_verify(off_curve, T(""), signature), DEPUTY_E_SIGNATURE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(ed25519_signs_and_verifies_as_rfc_8032_says),
            ARENA_TEST(any_flipped_bit_is_refused),
            ARENA_TEST(s_not_below_the_group_order_is_refused),
            ARENA_TEST(low_order_public_keys_are_refused),
            ARENA_TEST(low_order_r_is_refused),
            ARENA_TEST(public_key_off_the_curve_is_refused),
    };
    return cmocka_run_group_tests_name("crypto.ed25519", tests, NULL, NULL);
}
