#include "base/codec.h"
#include "support/check.h"

static struct deputy_slice encoded(struct deputy_arena *arena, uint32_t character)
{
    struct buf out = buf_make(arena, 4);
    struct deputy_slice text;
    utf8_put(&out, character);
    assert_ok(buf_finish(&out, &text));
    return text;
}

/* Every character that there is, and its length by the ranges of RFC 3629 section 3. */
static void every_character_survives(void **state)
{
    for (uint32_t character = 0; character <= 0x10ffff; character++) {
        uint32_t again = 0;
        if (character == 0xd800)
            character = 0xe000;
        struct deputy_slice text = encoded(*state, character);
        size_t len = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
        assert_int_equal(text.len, len);
        assert_true(utf8_valid(text));
        assert_true(utf8_take(&text, &again));
        assert_int_equal(again, character);
        assert_int_equal(text.len, 0);
        if (character % 4096 == 0)
            deputy_arena_reset(*state);
    }
}

static void surrogates_and_values_beyond_unicode_are_not_written(void **state)
{
    static const uint32_t refused[] = {0xd800, 0xdbff, 0xdc00, 0xdfff, 0x110000, 0xffffffff};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct buf out = buf_make(*state, 8);
        struct deputy_slice text;
        utf8_put(&out, refused[i]);
        assert_int_equal(buf_finish(&out, &text), DEPUTY_E_UTF8);
    }
}

/* The grammar of RFC 3629 section 4, for a text of exactly one character of three bytes or fewer. */
static bool is_one_character(const uint8_t *at, size_t len)
{
    bool tail1 = len > 1 && at[1] >= 0x80 && at[1] <= 0xbf, tail2 = len > 2 && at[2] >= 0x80 && at[2] <= 0xbf;
    if (len == 1)
        return at[0] <= 0x7f;
    if (len == 2)
        return at[0] >= 0xc2 && at[0] <= 0xdf && tail1;
    if (at[0] == 0xe0)
        return at[1] >= 0xa0 && tail1 && tail2;
    if (at[0] == 0xed)
        return at[1] <= 0x9f && tail1 && tail2;
    return at[0] >= 0xe1 && at[0] <= 0xef && tail1 && tail2;
}

static bool is_utf8_of_three(const uint8_t *at)
{
    if (is_one_character(at, 3))
        return true;
    if (is_one_character(at, 1))
        return (is_one_character(at + 1, 1) && is_one_character(at + 2, 1)) || is_one_character(at + 1, 2);
    return is_one_character(at, 2) && is_one_character(at + 2, 1);
}

static void every_text_of_three_bytes_is_judged_by_the_grammar(void **state)
{
    (void)state;
    for (uint32_t word = 0; word < 1U << 24; word++) {
        uint8_t text[3] = {(uint8_t)(word >> 16), (uint8_t)(word >> 8), (uint8_t)word};
        if (utf8_valid(deputy_slice_bytes(text, 3)) != is_utf8_of_three(text))
            fail_msg("%02x %02x %02x", text[0], text[1], text[2]);
    }
}

static void characters_of_four_bytes_have_bounds(void **state)
{
    (void)state;
    for (unsigned lead = 0xf0; lead < 256; lead++) {
        for (unsigned second = 0; second < 256; second++) {
            uint8_t text[4] = {(uint8_t)lead, (uint8_t)second, 0x80, 0xbf};
            bool good = lead == 0xf0   ? second >= 0x90 && second <= 0xbf
                        : lead == 0xf4 ? second >= 0x80 && second <= 0x8f
                                       : lead < 0xf4 && second >= 0x80 && second <= 0xbf;
            assert_int_equal(utf8_valid(deputy_slice_bytes(text, 4)), good);
            text[2] = 0x7f;
            assert_false(utf8_valid(deputy_slice_bytes(text, 4)));
            text[2] = 0x80;
            text[3] = 0xc0;
            assert_false(utf8_valid(deputy_slice_bytes(text, 4)));
        }
    }
}

/* The fault stands at each distance from the start, so that each step of the fast path meets it. */
static void faults_are_found_everywhere(void **state)
{
    (void)state;
    for (size_t at = 0; at < 40; at++) {
        uint8_t text[40];
        memset(text, 'a', sizeof text);
        assert_true(utf8_valid(deputy_slice_bytes(text, sizeof text)));
        text[at] = 0xff;
        assert_false(utf8_valid(deputy_slice_bytes(text, sizeof text)));
        text[at] = 0xf0; /* cut short by the end, or by what follows */
        assert_false(utf8_valid(deputy_slice_bytes(text, at + 1)));
        assert_false(utf8_valid(deputy_slice_bytes(text, sizeof text)));
    }
}

static void taking_stops_at_the_end_and_at_a_fault(void **state)
{
    (void)state;
    uint32_t character = 5;
    struct deputy_slice text = T(""), broken = T("\xe2\x82");
    assert_true(utf8_valid(text));
    assert_false(utf8_take(&text, &character));
    assert_false(utf8_take(&broken, &character));
    assert_int_equal(character, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(every_character_survives),
            ARENA_TEST(surrogates_and_values_beyond_unicode_are_not_written),
            cmocka_unit_test(every_text_of_three_bytes_is_judged_by_the_grammar),
            cmocka_unit_test(characters_of_four_bytes_have_bounds),
            cmocka_unit_test(faults_are_found_everywhere),
            cmocka_unit_test(taking_stops_at_the_end_and_at_a_fault),
    };
    return cmocka_run_group_tests_name("base.utf8", tests, NULL, NULL);
}
