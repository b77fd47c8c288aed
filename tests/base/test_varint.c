#include "base/codec.h"
#include "support/check.h"
#include "support/prng.h"

static struct deputy_slice encoded(struct deputy_arena *arena, uint64_t value)
{
    struct buf out = buf_make(arena, 16);
    struct deputy_slice bytes;
    varint_put(&out, value);
    assert_ok(buf_finish(&out, &bytes));
    return bytes;
}

/* multiformats/unsigned-varint, README */
static void known_answers(void **state)
{
    static const struct {
        uint64_t value;
        const char *hex;
    } known[] = {
            {0, "00"},
            {1, "01"},
            {127, "7f"},
            {128, "8001"},
            {255, "ff01"},
            {300, "ac02"},
            {16384, "808001"},
            {0xed, "ed01"},
            {0x1200, "8024"},
            {UINT64_C(0x7fffffffffffffff), "ffffffffffffffff7f"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct deputy_slice bytes;
        uint64_t value;
        assert_ok(hex_read(*state, &bytes, T(known[i].hex)));
        assert_slice(encoded(*state, known[i].value), bytes);
        assert_ok(varint_take(&bytes, &value));
        assert_int_equal(value, known[i].value);
        assert_int_equal(bytes.len, 0);
    }
}

static void values_of_every_size_survive(void **state)
{
    struct prng prng = {4};
    for (unsigned bits = 0; bits < 64; bits++) {
        for (int i = 0; i < 100; i++) {
            uint64_t again, value = prng_next(&prng) >> (63 - bits) >> 1;
            struct deputy_slice bytes = encoded(*state, value);
            assert_ok(varint_take(&bytes, &again));
            assert_int_equal(again, value);
        }
    }
}

static void what_follows_is_left(void **state)
{
    (void)state;
    struct deputy_slice bytes = T("\xed\x01key");
    uint64_t value;
    assert_ok(varint_take(&bytes, &value));
    assert_int_equal(value, 0xed);
    assert_text(bytes, "key");
}

static void longer_forms_and_more_than_nine_bytes_are_refused(void **state)
{
    static const char *const refused[] = {"", "80", "ff", "8000", "818000", "8080808080808080",
            "80808080808080808000", "808080808080808000", "80808080808080808001", "ffffffffffffffffff01",
            "ffffffffffffffffff"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct deputy_slice bytes;
        uint64_t value = 7;
        assert_ok(hex_read(*state, &bytes, T(refused[i])));
        struct deputy_slice before = bytes;
        assert_int_equal(varint_take(&bytes, &value), DEPUTY_E_VARINT);
        assert_int_equal(value, 7);
        assert_ptr_equal(bytes.ptr, before.ptr);
    }
}

/* Every text of one or two bytes: either it is the shortest form of its value, or it is refused. */
static void every_short_text_is_canonical_or_refused(void **state)
{
    for (unsigned pair = 0; pair < 65536; pair++) {
        uint8_t text[2] = {(uint8_t)(pair >> 8), (uint8_t)pair};
        struct deputy_slice bytes = deputy_slice_bytes(text, 2);
        uint64_t value;
        if (varint_take(&bytes, &value) == DEPUTY_OK)
            assert_slice(encoded(*state, value), deputy_slice_bytes(text, 2 - bytes.len));
        else
            assert_true(text[0] >= 0x80 && (text[1] >= 0x80 || text[1] == 0));
        if (pair % 1024 == 0)
            deputy_arena_reset(*state);
    }
}

static void values_above_63_bits_are_not_written(void **state)
{
    struct buf out = buf_make(*state, 16);
    struct deputy_slice bytes;
    varint_put(&out, UINT64_C(0x8000000000000000));
    assert_int_equal(buf_finish(&out, &bytes), DEPUTY_E_VARINT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(known_answers),
            ARENA_TEST(values_of_every_size_survive),
            cmocka_unit_test(what_follows_is_left),
            ARENA_TEST(longer_forms_and_more_than_nine_bytes_are_refused),
            ARENA_TEST(every_short_text_is_canonical_or_refused),
            ARENA_TEST(values_above_63_bits_are_not_written),
    };
    return cmocka_run_group_tests_name("base.varint", tests, NULL, NULL);
}
