#include "crypto/aead.h"
#include "support/hex.h"
#include <limits.h>

enum { TEXT_BYTES = 60, SEALED_BYTES = TEXT_BYTES + AEAD_TAG_BYTES };

/* Test cases 13, 14 and 16 of "The Galois/Counter Mode of Operation" (McGrew, Viega), appendix B. */
static const struct known_answer {
    const char *key, *nonce, *associated, *plaintext, *sealed;
} KNOWN[] = {
        {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000", "",
                "", "530f8afbc74536b9a963b4f1c4cb738b"},
        {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000", "",
                "00000000000000000000000000000000",
                "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"},
        {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
                "feedfacedeadbeeffeedfacedeadbeefabaddad2",
                "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6"
                "b525"
                "b16aedf5aa0de657ba637b39",
                "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b105682"
                "8838"
                "c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b"},
};

/* Everything of one message, each part writable. */
struct message {
    uint8_t key[AEAD_KEY_BYTES];
    uint8_t nonce[AEAD_NONCE_BYTES];
    uint8_t associated[20];
    uint8_t sealed[SEALED_BYTES];
};

static void copy_hex(struct deputy_arena *arena, uint8_t *out, size_t len, const char *text)
{
    struct deputy_slice bytes = check_hex(arena, text);
    assert_int_equal(bytes.len, len);
    memcpy(out, bytes.ptr, len);
}

static struct message third_message(struct deputy_arena *arena)
{
    struct message message;
    copy_hex(arena, message.key, sizeof message.key, KNOWN[2].key);
    copy_hex(arena, message.nonce, sizeof message.nonce, KNOWN[2].nonce);
    copy_hex(arena, message.associated, sizeof message.associated, KNOWN[2].associated);
    copy_hex(arena, message.sealed, sizeof message.sealed, KNOWN[2].sealed);
    return message;
}

static enum deputy_error message_open(uint8_t out[TEXT_BYTES], const struct message *message)
{
    return aes256gcm_open(out, message->key, message->nonce,
            deputy_slice_bytes(message->associated, sizeof message->associated),
            deputy_slice_bytes(message->sealed, sizeof message->sealed));
}

static void aes256gcm_answers_as_its_specification_says(void **state)
{
    for (size_t i = 0; i < sizeof KNOWN / sizeof KNOWN[0]; i++) {
        const uint8_t *key = check_hex(*state, KNOWN[i].key).ptr;
        const uint8_t *nonce = check_hex(*state, KNOWN[i].nonce).ptr;
        struct deputy_slice associated = check_hex(*state, KNOWN[i].associated);
        struct deputy_slice plaintext = check_hex(*state, KNOWN[i].plaintext);
        uint8_t sealed[SEALED_BYTES];
        uint8_t opened[TEXT_BYTES];
        size_t sealed_len = plaintext.len + AEAD_TAG_BYTES;
        assert_ok(aes256gcm_seal(sealed, key, nonce, associated, plaintext));
        assert_hex(sealed, sealed_len, KNOWN[i].sealed);
        assert_ok(aes256gcm_open(opened, key, nonce, associated, deputy_slice_bytes(sealed, sealed_len)));
        assert_slice(deputy_slice_bytes(opened, plaintext.len), plaintext);
    }
}

static void any_flipped_bit_is_refused_and_leaves_no_plaintext(void **state)
{
    static const uint8_t nothing[TEXT_BYTES];
    struct message message = third_message(*state);
    uint8_t *bytes = (uint8_t *)&message;
    uint8_t out[TEXT_BYTES];
    assert_ok(message_open(out, &message));
    for (size_t bit = 0; bit < 8 * sizeof message; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        memset(out, 0xaa, sizeof out);
        assert_int_equal(message_open(out, &message), DEPUTY_E_DECRYPT);
        assert_memory_equal(out, nothing, sizeof out);
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}

static void every_truncation_is_refused(void **state)
{
    struct message message = third_message(*state);
    uint8_t out[TEXT_BYTES];
    for (size_t len = 0; len < SEALED_BYTES; len++)
        assert_int_equal(aes256gcm_open(out, message.key, message.nonce,
                                 deputy_slice_bytes(message.associated, sizeof message.associated),
                                 deputy_slice_bytes(message.sealed, len)),
                DEPUTY_E_DECRYPT);
}

static void empty_and_absent_inputs_seal_and_open(void **state)
{
    (void)state;
    static const uint8_t key[AEAD_KEY_BYTES];
    static const uint8_t nonce[AEAD_NONCE_BYTES];
    const struct deputy_slice absent = {NULL, 0};
    uint8_t sealed[AEAD_TAG_BYTES];
    assert_ok(aes256gcm_seal(sealed, key, nonce, absent, absent));
    assert_hex(sealed, sizeof sealed, KNOWN[0].sealed);
    assert_ok(aes256gcm_open(NULL, key, nonce, absent, deputy_slice_bytes(sealed, sizeof sealed)));
    sealed[0] ^= 1;
    assert_int_equal(aes256gcm_open(NULL, key, nonce, absent, deputy_slice_bytes(sealed, sizeof sealed)),
            DEPUTY_E_DECRYPT);
}

static void a_message_opens_in_place(void **state)
{
    struct message message = third_message(*state);
    assert_ok(message_open(message.sealed, &message));
    assert_hex(message.sealed, TEXT_BYTES, KNOWN[2].plaintext);
}

/* The lengths are looked at before the bytes, which are not there. */
static void lengths_beyond_int_are_refused(void **state)
{
    (void)state;
    static const uint8_t key[AEAD_KEY_BYTES];
    static const uint8_t nonce[AEAD_NONCE_BYTES];
    uint8_t byte[AEAD_TAG_BYTES + 1] = {0};
    const struct deputy_slice small = {byte, sizeof byte};
    const struct deputy_slice beyond = {byte, (size_t)INT_MAX + 1};
    const struct deputy_slice beyond_sealed = {byte, (size_t)INT_MAX + 1 + AEAD_TAG_BYTES};
    assert_int_equal(aes256gcm_seal(byte, key, nonce, small, beyond), DEPUTY_E_LIMIT);
    assert_int_equal(aes256gcm_seal(byte, key, nonce, beyond, small), DEPUTY_E_LIMIT);
    assert_int_equal(aes256gcm_open(byte, key, nonce, small, beyond_sealed), DEPUTY_E_LIMIT);
    assert_int_equal(aes256gcm_open(byte, key, nonce, beyond, small), DEPUTY_E_LIMIT);
    assert_int_equal(
            aes256gcm_open(byte, key, nonce, small, (struct deputy_slice){byte, SIZE_MAX}), DEPUTY_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(aes256gcm_answers_as_its_specification_says),
            ARENA_TEST(any_flipped_bit_is_refused_and_leaves_no_plaintext),
            ARENA_TEST(every_truncation_is_refused),
            cmocka_unit_test(empty_and_absent_inputs_seal_and_open),
            ARENA_TEST(a_message_opens_in_place),
            cmocka_unit_test(lengths_beyond_int_are_refused),
    };
    return cmocka_run_group_tests_name("crypto.aead", tests, NULL, NULL);
}
