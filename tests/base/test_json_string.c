#include "base/codec.h"
#include "base/json.h"
#include "support/check.h"
#include <stdio.h>
#include <stdlib.h>

/* The text of a string whose inside is given; absent, and the error, when it is refused. */
static struct deputy_slice text_of(
        struct deputy_arena *arena, struct deputy_slice inside, enum deputy_error *error)
{
    struct buf out = buf_make(arena, 4096);
    struct deputy_slice json;
    const struct json_value *value = NULL;
    buf_put_byte(&out, '"');
    buf_put(&out, inside);
    buf_put_byte(&out, '"');
    assert_ok(buf_finish(&out, &json));
    uint8_t *exact = malloc(json.len); /* so that a read beyond the end is seen */
    memcpy(exact, json.ptr, json.len);
    *error = json_parse(arena, &value, deputy_slice_bytes(exact, json.len));
    struct deputy_slice text = {NULL, 0};
    if (*error == DEPUTY_OK) {
        struct buf copy = buf_make(arena, 4096);
        buf_put(&copy, value->text);
        assert_ok(buf_finish(&copy, &text));
    }
    free(exact);
    return text;
}

static void assert_string(struct deputy_arena *arena, const char *inside, struct deputy_slice expected)
{
    enum deputy_error error;
    struct deputy_slice text = text_of(arena, T(inside), &error);
    assert_int_equal(error, DEPUTY_OK);
    assert_slice(text, expected);
}

static void escapes_are_decoded(void **state)
{
    assert_string(*state, "", T(""));
    assert_string(*state, "\\\"\\\\\\/\\b\\f\\n\\r\\t", T("\"\\/\b\f\n\r\t"));
    assert_string(*state, "\\u0041\\u00e9\\u20AC\\uffff", T("A\xc3\xa9\xe2\x82\xac\xef\xbf\xbf"));
    assert_string(*state, "\\ud83d\\ude00|\\uD800\\uDC00|\\udbff\\udfff",
            T("\xf0\x9f\x98\x80|\xf0\x90\x80\x80|\xf4\x8f\xbf\xbf"));
    assert_string(*state, "\\u0000", deputy_slice_bytes("\0", 1));
    assert_string(
            *state, "plain, then \\u0022 and \xe2\x82\xac plain", T("plain, then \" and \xe2\x82\xac plain"));
    assert_string(*state, "\\\\u0041", T("\\u0041"));
}

static void unknown_and_cut_escapes_are_refused(void **state)
{
    static const char *const refused[] = {"\\x41", "\\a", "\\0", "\\'", "\\U0041", "\\u", "\\u1", "\\u12",
            "\\u123", "\\u123g", "\\u 123", "\\u+123", "\\u-123", "\\u0x12", "\\ ", "\\\n", "\\\xc3\xa9",
            "\\u12\\u1234"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        enum deputy_error error;
        text_of(*state, T(refused[i]), &error);
        assert_int_equal(error, DEPUTY_E_JSON_SYNTAX);
    }
    const struct json_value *value;
    assert_int_equal(json_parse(*state, &value, T("\"\\\"")), DEPUTY_E_JSON_SYNTAX);
    assert_int_equal(json_parse(*state, &value, T("\"\\")), DEPUTY_E_JSON_SYNTAX);
}

static void lone_surrogates_are_refused(void **state)
{
    static const char *const refused[] = {"\\ud800", "\\udbff", "\\udc00", "\\udfff", "\\ud800x",
            "\\ud800\\n", "\\ud800\\ud800", "\\ud83d\\u0041", "\\ude00\\ud83d", "\\ud800\\udbff",
            "\\ud800\\ue000", "\\ud800 \\udc00", "\\udc00\\udc00", "\\ud83d\xed\xb8\x80",
            "\xed\xa0\xbd\\ude00", "\xed\xa0\x80", "\xed\xa0\xbd\xed\xb8\x80"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        enum deputy_error error;
        text_of(*state, T(refused[i]), &error);
        assert_int_equal(error, DEPUTY_E_UTF8);
    }
}

static void every_unicode_escape_is_its_character_or_refused(void **state)
{
    for (unsigned unit = 0; unit < 65536; unit++) {
        char inside[8];
        uint32_t character = 0;
        enum deputy_error error;
        snprintf(inside, sizeof inside, "\\u%04x", unit);
        struct deputy_slice text = text_of(*state, T(inside), &error);
        bool surrogate = unit >= 0xd800 && unit <= 0xdfff;
        assert_int_equal(error, surrogate ? DEPUTY_E_UTF8 : DEPUTY_OK);
        assert_int_equal(utf8_take(&text, &character), !surrogate);
        assert_int_equal(character, surrogate ? 0 : unit);
        deputy_arena_reset(*state);
    }
}

/* Every byte at every place of strings of every length up to three steps of the scanner. */
static void every_byte_is_judged_at_every_place(void **state)
{
    for (size_t len = 1; len <= 26; len++) {
        for (size_t at = 0; at < len; at++) {
            for (unsigned byte = 0; byte < 256; byte++) {
                uint8_t inside[26];
                enum deputy_error error, expected = DEPUTY_OK;
                memset(inside, 'a', sizeof inside);
                inside[at] = (uint8_t)byte;
                struct deputy_slice in = deputy_slice_bytes(inside, len), text = text_of(*state, in, &error);
                if (byte < 0x20 || byte == '\\')
                    expected = DEPUTY_E_JSON_SYNTAX;
                else if (byte == '"')
                    expected = DEPUTY_E_JSON_TRAILING;
                else if (byte >= 0x80)
                    expected = DEPUTY_E_UTF8;
                assert_int_equal(error, expected);
                if (error == DEPUTY_OK)
                    assert_slice(text, in);
                deputy_arena_reset(*state);
            }
        }
    }
}

/* A special byte between others, in one step of the scanner: the lowest must win. */
static void every_pair_of_bytes_is_judged(void **state)
{
    for (unsigned pair = 0; pair < 65536; pair++) {
        uint8_t inside[] = {'x', (uint8_t)(pair >> 8), (uint8_t)pair, 'y', 'z', '1', '2', '3', '4', '5'};
        enum deputy_error error;
        struct deputy_slice in = deputy_slice_bytes(inside, sizeof inside),
                            text = text_of(*state, in, &error);
        bool plain = inside[1] >= 0x20 && inside[2] >= 0x20 && memchr(inside, '"', sizeof inside) == NULL;
        bool escaped = memchr(inside, '\\', sizeof inside) != NULL;
        if (!escaped)
            assert_int_equal(error == DEPUTY_OK, plain && utf8_valid(in));
        if (!escaped && error == DEPUTY_OK)
            assert_slice(text, in);
        if (escaped && error == DEPUTY_OK)
            assert_true(inside[1] == '\\' && strchr("\"\\/bfnrt", inside[2]) != NULL);
        deputy_arena_reset(*state);
    }
}

static void invalid_utf8_is_refused(void **state)
{
    static const char *const refused[] = {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc3", "\xc3(",
            "\xe0\x80\x80", "\xe2\x82", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff",
            "\xfe", "ok \xc3", "\\n\xc3", "\xc3\\n", "0123456789abcdef\xe2\x82"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        enum deputy_error error;
        text_of(*state, T(refused[i]), &error);
        assert_int_equal(error, DEPUTY_E_UTF8);
    }
    assert_string(*state, "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \x7f",
            T("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \x7f"));
}

static void string_without_its_end_is_refused(void **state)
{
    for (size_t len = 1; len <= 26; len++) {
        uint8_t *text = malloc(len);
        const struct json_value *value;
        memset(text, 'a', len);
        text[0] = '"';
        assert_int_equal(json_parse(*state, &value, deputy_slice_bytes(text, len)), DEPUTY_E_JSON_SYNTAX);
        text[len - 1] = '\\';
        assert_int_equal(json_parse(*state, &value, deputy_slice_bytes(text, len)), DEPUTY_E_JSON_SYNTAX);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(escapes_are_decoded),
            ARENA_TEST(unknown_and_cut_escapes_are_refused),
            ARENA_TEST(lone_surrogates_are_refused),
            ARENA_TEST(every_unicode_escape_is_its_character_or_refused),
            ARENA_TEST(every_byte_is_judged_at_every_place),
            ARENA_TEST(every_pair_of_bytes_is_judged),
            ARENA_TEST(invalid_utf8_is_refused),
            ARENA_TEST(string_without_its_end_is_refused),
    };
    return cmocka_run_group_tests_name("base.json_string", tests, NULL, NULL);
}
