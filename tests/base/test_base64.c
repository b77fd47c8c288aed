#include "base/codec.h"
#include "support/check.h"
#include "support/prng.h"

#define AZ "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static struct deputy_slice url_encoded(
        struct deputy_arena *arena, struct deputy_slice bytes, enum base64_padding padding)
{
    struct buf out = buf_make(arena, 4096);
    struct deputy_slice text;
    base64url_put(&out, bytes, padding);
    assert_ok(buf_finish(&out, &text));
    return text;
}

static struct deputy_slice standard_encoded(struct deputy_arena *arena, struct deputy_slice bytes)
{
    struct buf out = buf_make(arena, 4096);
    struct deputy_slice text;
    base64_put(&out, bytes);
    assert_ok(buf_finish(&out, &text));
    return text;
}

/* RFC 4648 section 10 */
static const struct {
    const char *bytes, *padded, *unpadded;
} known[] = {
        {"", "", ""},
        {"f", "Zg==", "Zg"},
        {"fo", "Zm8=", "Zm8"},
        {"foo", "Zm9v", "Zm9v"},
        {"foob", "Zm9vYg==", "Zm9vYg"},
        {"fooba", "Zm9vYmE=", "Zm9vYmE"},
        {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
        {"\xfb\xff\xbf", "-_-_", "-_-_"},
};

static void known_answers_of_base64url(void **state)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct deputy_slice bytes;
        assert_text(url_encoded(*state, T(known[i].bytes), BASE64_PADDED), known[i].padded);
        assert_text(url_encoded(*state, T(known[i].bytes), BASE64_UNPADDED), known[i].unpadded);
        assert_ok(base64url_read(*state, &bytes, T(known[i].padded), BASE64_PADDED));
        assert_text(bytes, known[i].bytes);
        assert_ok(base64url_read(*state, &bytes, T(known[i].unpadded), BASE64_UNPADDED));
        assert_text(bytes, known[i].bytes);
        assert_true(deputy_slice_present(bytes));
    }
}

static void known_answers_of_base64(void **state)
{
    struct deputy_slice bytes;
    assert_text(standard_encoded(*state, T("\xfb\xff\xbf")), "+/+/");
    assert_text(standard_encoded(*state, T("fooba")), "Zm9vYmE=");
    assert_ok(base64_read(*state, &bytes, T("+/+/")));
    assert_text(bytes, "\xfb\xff\xbf");
    assert_ok(base64_read(*state, &bytes, T("Zm9vYg==")));
    assert_text(bytes, "foob");
    assert_int_equal(base64_read(*state, &bytes, T("Zm9vYg")), DEPUTY_E_BASE64);
    assert_int_equal(base64_read(*state, &bytes, T("-_-_")), DEPUTY_E_BASE64);
    assert_int_equal(base64url_read(*state, &bytes, T("+/+/"), BASE64_UNPADDED), DEPUTY_E_BASE64);
}

static void every_length_survives(void **state)
{
    uint8_t bytes[256], again[256];
    struct prng prng = {1};
    for (size_t len = 0; len <= sizeof bytes; len++) {
        struct deputy_slice out, in = deputy_slice_bytes(bytes, len);
        prng_fill(&prng, bytes, len);
        struct deputy_slice text = url_encoded(*state, in, BASE64_UNPADDED);
        assert_ok(base64url_read(*state, &out, text, BASE64_UNPADDED));
        assert_slice(out, in);
        assert_ok(base64url_read_fixed(again, len, text));
        assert_slice(deputy_slice_bytes(again, len), in);
        assert_ok(base64url_read(*state, &out, url_encoded(*state, in, BASE64_PADDED), BASE64_PADDED));
        assert_slice(out, in);
        assert_ok(base64_read(*state, &out, standard_encoded(*state, in)));
        assert_slice(out, in);
    }
}

/* Each byte in each place of texts long and short, so that every step of the decoder meets it. */
static void every_byte_outside_the_alphabet_is_refused_everywhere(void **state)
{
    static const size_t lengths[] = {2, 3, 4, 8, 12, 16, 18, 19, 20, 24};
    char text[24];
    for (unsigned byte = 0; byte < 256; byte++) {
        bool url = byte != 0 && strchr(AZ "-_", (int)byte) != NULL;
        bool standard = byte != 0 && strchr(AZ "+/", (int)byte) != NULL;
        for (size_t n = 0; n < sizeof lengths / sizeof lengths[0]; n++) {
            size_t len = lengths[n];
            for (size_t at = 0; at < len - (len % 4 != 0); at++) {
                struct deputy_slice out, slice = deputy_slice_bytes(text, len);
                memset(text, 'A', sizeof text);
                text[at] = (char)byte;
                assert_int_equal(base64url_read(*state, &out, slice, BASE64_UNPADDED),
                        url ? DEPUTY_OK : DEPUTY_E_BASE64);
                if (len % 4 == 0 && byte != '=')
                    assert_int_equal(
                            base64_read(*state, &out, slice), standard ? DEPUTY_OK : DEPUTY_E_BASE64);
            }
        }
        deputy_arena_reset(*state);
    }
}

/* Of the 64 last digits only those with zero bits behind the last byte are canonical. */
static void trailing_bits_that_are_not_zero_are_refused(void **state)
{
    for (size_t digit = 0; digit < 64; digit++) {
        struct deputy_slice out;
        char two[] = "Zmy?", three[] = "Zm9vYm?";
        three[6] = (AZ "-_")[digit];
        assert_int_equal(base64url_read(*state, &out, T(three), BASE64_UNPADDED),
                digit % 4 == 0 ? DEPUTY_OK : DEPUTY_E_BASE64);
        two[1] = (AZ "-_")[digit];
        assert_int_equal(base64url_read(*state, &out, deputy_slice_bytes(two, 2), BASE64_UNPADDED),
                digit % 16 == 0 ? DEPUTY_OK : DEPUTY_E_BASE64);
        memcpy(two + 2, "==", 2);
        assert_int_equal(base64url_read(*state, &out, T(two), BASE64_PADDED),
                digit % 16 == 0 ? DEPUTY_OK : DEPUTY_E_BASE64);
    }
}

static void padding_missing_misplaced_or_too_much_is_refused(void **state)
{
    static const char *const cases[] = {"Zg", "Zg=", "Zg===", "Zg====", "Zm8",
            "Zm8==", "Zm9v=", "Zm9v==", "Zm9v====", "=", "==", "===", "====", "Z===", "=Zg=", "Z=g=", "Zg=g",
            "Zg==Zg==", "Zm8=Zg==", "Zg==\n", "Z", "Zm9vY", "Zm9vY===", "A=AA"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct deputy_slice out;
        assert_int_equal(base64url_read(*state, &out, T(cases[i]), BASE64_PADDED), DEPUTY_E_BASE64);
        assert_int_equal(base64_read(*state, &out, T(cases[i])), DEPUTY_E_BASE64);
    }
}

static void padding_is_refused_where_there_is_none(void **state)
{
    static const char *const cases[] = {
            "Zg==", "Zm8=", "Zg=", "=", "Z", "Zm9vY", "Zm9vYmFyQ", " Zg", "Zg ", "Zm 9v"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct deputy_slice out;
        assert_int_equal(base64url_read(*state, &out, T(cases[i]), BASE64_UNPADDED), DEPUTY_E_BASE64);
    }
}

static void fixed_length_refuses_any_other(void **state)
{
    (void)state;
    uint8_t bytes[64];
    char text[90];
    memset(text, 'A', sizeof text);
    for (size_t len = 0; len < sizeof text; len++) {
        assert_int_equal(base64url_read_fixed(bytes, 32, deputy_slice_bytes(text, len)),
                len == 43 ? DEPUTY_OK : DEPUTY_E_BASE64);
        assert_int_equal(base64url_read_fixed(bytes, 64, deputy_slice_bytes(text, len)),
                len == 86 ? DEPUTY_OK : DEPUTY_E_BASE64);
    }
}

/* Good digits go on behind the end of the text: they must not be taken for its last one. */
static void single_last_digit_is_refused_whatever_follows(void **state)
{
    for (size_t len = 1; len < 40; len += 4) {
        struct deputy_slice out;
        assert_int_equal(
                base64url_read(*state, &out, deputy_slice_bytes(AZ, len), BASE64_UNPADDED), DEPUTY_E_BASE64);
        assert_ok(base64url_read(*state, &out, deputy_slice_bytes(AZ, len - 1), BASE64_UNPADDED));
    }
}

static void encoder_keeps_the_bound_of_its_buffer(void **state)
{
    struct buf out = buf_make(*state, 7);
    struct deputy_slice text;
    base64_put(&out, T("foobar"));
    assert_int_equal(buf_finish(&out, &text), DEPUTY_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(known_answers_of_base64url),
            ARENA_TEST(known_answers_of_base64),
            ARENA_TEST(every_length_survives),
            ARENA_TEST(every_byte_outside_the_alphabet_is_refused_everywhere),
            ARENA_TEST(trailing_bits_that_are_not_zero_are_refused),
            ARENA_TEST(padding_missing_misplaced_or_too_much_is_refused),
            ARENA_TEST(padding_is_refused_where_there_is_none),
            cmocka_unit_test(fixed_length_refuses_any_other),
            ARENA_TEST(single_last_digit_is_refused_whatever_follows),
            ARENA_TEST(encoder_keeps_the_bound_of_its_buffer),
    };
    return cmocka_run_group_tests_name("base.base64", tests, NULL, NULL);
}
