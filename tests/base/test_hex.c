#include "base/codec.h"
#include "support/check.h"

static struct deputy_slice encoded(struct deputy_arena *arena, struct deputy_slice bytes)
{
    struct buf out = buf_make(arena, 4096);
    struct deputy_slice text;
    hex_put(&out, bytes);
    assert_ok(buf_finish(&out, &text));
    return text;
}

static void every_byte_survives(void **state)
{
    uint8_t bytes[256] = {0};
    struct deputy_slice decoded, all = deputy_slice_bytes(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    struct deputy_slice text = encoded(*state, all);
    assert_ok(hex_read(*state, &decoded, text));
    assert_slice(decoded, all);
    assert_text(deputy_slice_bytes(text.ptr + 2 * 0xa9, 6), "a9aaab");
}

/* RFC 4648 section 10 */
static void known_answers(void **state)
{
    struct deputy_slice bytes;
    assert_text(encoded(*state, T("foobar")), "666f6f626172");
    assert_text(encoded(*state, T("")), "");
    assert_ok(hex_read(*state, &bytes, T("666F6f626172")));
    assert_text(bytes, "foobar");
    assert_ok(hex_read(*state, &bytes, T("")));
    assert_true(deputy_slice_present(bytes));
    assert_int_equal(bytes.len, 0);
}

static int digit_value(unsigned byte)
{
    const char *digits = "0123456789abcdef0123456789ABCDEF";
    const char *found = byte == 0 ? NULL : strchr(digits, (int)byte);
    return found == NULL ? -1 : (int)((found - digits) % 16);
}

static void every_pair_of_bytes_is_two_digits_or_refused(void **state)
{
    (void)state;
    for (unsigned pair = 0; pair < 65536; pair++) {
        uint8_t byte = 0, text[2] = {(uint8_t)(pair >> 8), (uint8_t)pair};
        int high = digit_value(text[0]), low = digit_value(text[1]);
        enum deputy_error error = hex_read_fixed(&byte, 1, deputy_slice_bytes(text, 2));
        assert_int_equal(error, high < 0 || low < 0 ? DEPUTY_E_HEX : DEPUTY_OK);
        if (error == DEPUTY_OK)
            assert_int_equal(byte, high * 16 + low);
    }
}

static void text_of_another_length_is_refused(void **state)
{
    uint8_t bytes[4];
    struct deputy_slice out;
    assert_ok(hex_read_fixed(bytes, 2, T("abcd")));
    assert_int_equal(hex_read_fixed(bytes, 2, T("abc")), DEPUTY_E_HEX);
    assert_int_equal(hex_read_fixed(bytes, 2, T("abcde")), DEPUTY_E_HEX);
    assert_int_equal(hex_read_fixed(bytes, 2, T("abcdef")), DEPUTY_E_HEX);
    assert_int_equal(hex_read_fixed(bytes, 2, T("")), DEPUTY_E_HEX);
    assert_int_equal(hex_read(*state, &out, T("abc")), DEPUTY_E_HEX);
    assert_int_equal(hex_read(*state, &out, T("0x12")), DEPUTY_E_HEX);
}

static void encoder_keeps_the_bound_of_its_buffer(void **state)
{
    struct buf out = buf_make(*state, 11);
    struct deputy_slice text;
    hex_put(&out, T("foobar"));
    assert_int_equal(buf_finish(&out, &text), DEPUTY_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(every_byte_survives),
            ARENA_TEST(known_answers),
            cmocka_unit_test(every_pair_of_bytes_is_two_digits_or_refused),
            ARENA_TEST(text_of_another_length_is_refused),
            ARENA_TEST(encoder_keeps_the_bound_of_its_buffer),
    };
    return cmocka_run_group_tests_name("base.hex", tests, NULL, NULL);
}
