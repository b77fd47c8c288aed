#include "crypto/column.h"
#include "support/check.h"

enum { TEXT_BYTES = 5, SEALED_BYTES = TEXT_BYTES + COLUMN_OVERHEAD };

static const uint8_t key[AEAD_KEY_BYTES] = {7}, nonce[AEAD_NONCE_BYTES] = {9};

static void column_make(uint8_t sealed[SEALED_BYTES])
{
    assert_ok(column_seal(sealed, key, nonce, T("bound"), T("hello")));
}

static enum deputy_error column_ends(const uint8_t *sealed, size_t len)
{
    uint8_t out[SEALED_BYTES];
    return column_open(out, key, T("bound"), deputy_slice_bytes(sealed, len));
}

static void spec04_3_2_a_column_is_form_nonce_ciphertext_and_tag(void **state)
{
    uint8_t sealed[SEALED_BYTES], out[TEXT_BYTES];
    (void)state;
    column_make(sealed);
    assert_int_equal(sealed[0], 1);
    assert_memory_equal(sealed + 1, nonce, sizeof nonce);
    assert_ok(column_open(out, key, T("bound"), deputy_slice_bytes(sealed, sizeof sealed)));
    assert_memory_equal(out, "hello", sizeof out);
}

static void spec04_3_2_every_flipped_bit_and_every_cut_is_refused(void **state)
{
    uint8_t sealed[SEALED_BYTES];
    (void)state;
    column_make(sealed);
    for (size_t bit = 0; bit < 8 * sizeof sealed; bit++) {
        sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(column_ends(sealed, sizeof sealed), DEPUTY_E_DECRYPT);
        sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t len = 0; len < sizeof sealed; len++)
        assert_int_equal(column_ends(sealed, len), DEPUTY_E_DECRYPT);
    assert_ok(column_ends(sealed, sizeof sealed));
}

/* The reference hands back what does not begin with 0x01: plaintext of older days, or of whoever writes rows.
 */
static void spec04_15_3_what_is_no_column_is_never_taken_for_plaintext(void **state)
{
    uint8_t plain[SEALED_BYTES] = {0};
    uint8_t sealed[SEALED_BYTES], out[TEXT_BYTES];
    (void)state;
    assert_int_equal(column_ends(plain, sizeof plain), DEPUTY_E_DECRYPT);
    column_make(sealed);
    assert_int_equal(
            column_open(out, key, T("another"), deputy_slice_bytes(sealed, sizeof sealed)), DEPUTY_E_DECRYPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(spec04_3_2_a_column_is_form_nonce_ciphertext_and_tag),
            cmocka_unit_test(spec04_3_2_every_flipped_bit_and_every_cut_is_refused),
            cmocka_unit_test(spec04_15_3_what_is_no_column_is_never_taken_for_plaintext),
    };
    return cmocka_run_group_tests_name("crypto.column", tests, NULL, NULL);
}
