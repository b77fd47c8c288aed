#include "base/codec.h"
#include "support/check.h"
#include "support/prng.h"

static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";

static struct deputy_slice encoded(struct deputy_arena *arena, struct deputy_slice bytes)
{
    struct buf out = buf_make(arena, 4096);
    struct deputy_slice text;
    base32_put(&out, bytes);
    assert_ok(buf_finish(&out, &text));
    return text;
}

/* RFC 4648 section 10, and the multibase test vector "yes mani !". */
static void known_answers(void **state)
{
    static const struct {
        const char *bytes, *text;
    } known[] = {
            {"", ""},
            {"f", "my"},
            {"fo", "mzxq"},
            {"foo", "mzxw6"},
            {"foob", "mzxw6yq"},
            {"fooba", "mzxw6ytb"},
            {"foobar", "mzxw6ytboi"},
            {"yes mani !", "pfsxgidnmfxgsibb"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        uint8_t bytes[16];
        size_t len = strlen(known[i].bytes);
        assert_text(encoded(*state, T(known[i].bytes)), known[i].text);
        assert_ok(base32_read_fixed(bytes, len, T(known[i].text)));
        assert_text(deputy_slice_bytes(bytes, len), known[i].bytes);
    }
}

static void every_length_survives(void **state)
{
    uint8_t bytes[256], again[256];
    struct prng prng = {2};
    for (size_t len = 0; len <= sizeof bytes; len++) {
        prng_fill(&prng, bytes, len);
        assert_ok(base32_read_fixed(again, len, encoded(*state, deputy_slice_bytes(bytes, len))));
        assert_slice(deputy_slice_bytes(again, len), deputy_slice_bytes(bytes, len));
    }
}

static void every_byte_outside_the_alphabet_is_refused(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        uint8_t bytes[5];
        bool good = byte != 0 && strchr(alphabet, (int)byte) != NULL;
        for (size_t at = 0; at < 8; at++) {
            char text[] = "aaaaaaaa";
            text[at] = (char)byte;
            assert_int_equal(base32_read_fixed(bytes, 5, deputy_slice_bytes(text, 8)),
                    good ? DEPUTY_OK : DEPUTY_E_BASE32);
        }
    }
}

/* One to four bytes leave 2, 4, 1 or 3 bits of the last digit, which must be zero. */
static void trailing_bits_that_are_not_zero_are_refused(void **state)
{
    (void)state;
    static const size_t digits[] = {0, 2, 4, 5, 7};
    static const size_t spare[] = {0, 2, 4, 1, 3};
    for (size_t len = 1; len <= 4; len++) {
        for (size_t last = 0; last < 32; last++) {
            uint8_t bytes[4];
            char text[8] = "aaaaaaa";
            text[digits[len] - 1] = alphabet[last];
            assert_int_equal(base32_read_fixed(bytes, len, deputy_slice_bytes(text, digits[len])),
                    last % (1U << spare[len]) == 0 ? DEPUTY_OK : DEPUTY_E_BASE32);
        }
    }
}

static void text_of_another_length_is_refused(void **state)
{
    (void)state;
    uint8_t bytes[36];
    char text[80];
    memset(text, 'a', sizeof text);
    for (size_t len = 0; len < sizeof text; len++) {
        assert_int_equal(base32_read_fixed(bytes, 36, deputy_slice_bytes(text, len)),
                len == 58 ? DEPUTY_OK : DEPUTY_E_BASE32);
    }
    assert_int_equal(base32_read_fixed(bytes, 1, T("my======")), DEPUTY_E_BASE32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(known_answers),
            ARENA_TEST(every_length_survives),
            cmocka_unit_test(every_byte_outside_the_alphabet_is_refused),
            cmocka_unit_test(trailing_bits_that_are_not_zero_are_refused),
            cmocka_unit_test(text_of_another_length_is_refused),
    };
    return cmocka_run_group_tests_name("base.base32", tests, NULL, NULL);
}
