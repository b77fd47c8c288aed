#include "base/codec.h"
#include "base/json_order.h"
#include "support/check.h"
#include "support/prng.h"

/* The UTF-16 units of a text, most significant byte first: their byte order is the order of units. */
static struct deputy_slice utf16(struct deputy_arena *arena, struct deputy_slice text)
{
    struct buf out = buf_make(arena, 64);
    struct deputy_slice units;
    for (uint32_t character; utf8_take(&text, &character);) {
        if (character > 0xffff) {
            uint32_t high = 0xd800 + ((character - 0x10000) >> 10);
            buf_put_byte(&out, (uint8_t)(high >> 8));
            buf_put_byte(&out, (uint8_t)high);
            character = 0xdc00 + ((character - 0x10000) & 0x3ff);
        }
        buf_put_byte(&out, (uint8_t)(character >> 8));
        buf_put_byte(&out, (uint8_t)character);
    }
    assert_ok(buf_finish(&out, &units));
    return units;
}

static int sign(int order)
{
    return (order > 0) - (order < 0);
}

/* Characters around every border of the two encodings. */
static struct deputy_slice text_of_border_characters(struct deputy_arena *arena, struct prng *prng)
{
    static const uint32_t borders[] = {0, 'a', 0x7f, 0x80, 0x7ff, 0x800, 0xcfff, 0xd7ff, 0xe000, 0xefff,
            0xf000, 0xffff, 0x10000, 0x1f600, 0x3ffff, 0x40000, 0xfffff, 0x100000, 0x10ffff};
    struct buf out = buf_make(arena, 64);
    struct deputy_slice text;
    for (size_t n = prng_below(prng, 4); n > 0; n--)
        utf8_put(&out, borders[prng_below(prng, sizeof borders / sizeof borders[0])]);
    assert_ok(buf_finish(&out, &text));
    return text;
}

static void order_of_utf8_text_is_that_of_its_utf16_units(void **state)
{
    struct prng prng = {10};
    for (int i = 0; i < 50000; i++) {
        struct deputy_slice a = text_of_border_characters(*state, &prng);
        struct deputy_slice b = text_of_border_characters(*state, &prng);
        int expected = sign(deputy_slice_compare(utf16(*state, a), utf16(*state, b)));
        assert_int_equal(json_order_utf16(a, b), expected);
        assert_int_equal(json_order_utf16(b, a), -expected);
        deputy_arena_reset(*state);
    }
}

/* Sorting gives each member once, in order, for every count up to several merges. */
static void members_of_any_number_are_sorted(void **state)
{
    struct prng prng = {11};
    for (size_t count = 0; count < 70; count++) {
        struct json_value object = {.kind = JSON_OBJECT}, members[70] = {0};
        uint8_t keys[70][2];
        for (size_t i = 0; i < count; i++) {
            prng_fill(&prng, keys[i], 2);
            members[i].key = deputy_slice_bytes(keys[i], 2);
            members[i].next = i + 1 < count ? &members[i + 1] : NULL;
        }
        object.count = (uint32_t)count;
        object.first = count > 0 ? members : NULL;
        const struct json_value *const *sorted;
        assert_ok(json_members_sorted(*state, &sorted, &object, deputy_slice_compare));
        for (size_t i = 0; i < count; i++) {
            size_t found = 0;
            for (size_t j = 0; j < count; j++)
                found += sorted[j] == &members[i];
            assert_int_equal(found, 1);
            assert_true(i == 0 || deputy_slice_compare(sorted[i - 1]->key, sorted[i]->key) <= 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(order_of_utf8_text_is_that_of_its_utf16_units),
            ARENA_TEST(members_of_any_number_are_sorted),
    };
    return cmocka_run_group_tests_name("base.json_order", tests, NULL, NULL);
}
