#include "base/json_write.h"
#include "support/check.h"
#include <stdio.h>

static struct deputy_slice finished(struct buf *out)
{
    struct deputy_slice text;
    assert_ok(buf_finish(out, &text));
    return text;
}

static struct deputy_slice canonical(struct deputy_arena *arena, struct deputy_slice json)
{
    const struct json_value *value;
    struct buf out = buf_make(arena, 1 << 20);
    assert_ok(json_parse(arena, &value, json));
    json_put_canonical(&out, value);
    return finished(&out);
}

static void writer_puts_the_commas(void **state)
{
    struct buf out = buf_make(*state, 4096);
    struct json_writer writer = json_writer_make(&out);
    json_object_begin(&writer);
    json_key(&writer, "empty");
    json_object_begin(&writer);
    json_object_end(&writer);
    json_key(&writer, "list");
    json_array_begin(&writer);
    json_array_begin(&writer);
    json_array_end(&writer);
    json_int(&writer, INT64_MIN);
    json_int(&writer, INT64_MAX);
    json_double(&writer, 0.5);
    json_bool(&writer, true);
    json_bool(&writer, false);
    json_null(&writer);
    json_text_z(&writer, "a\"b");
    json_hex(&writer, T("\x0a\xff"));
    json_raw(&writer, T("{\"raw\":1}"));
    json_object_begin(&writer);
    json_key_slice(&writer, T("k\n"));
    json_text(&writer, T(""));
    json_object_end(&writer);
    json_array_end(&writer);
    json_key(&writer, "last");
    json_int(&writer, 0);
    json_object_end(&writer);
    assert_text(finished(&out), "{\"empty\":{},\"list\":[[],-9223372036854775808,9223372036854775807,0.5,"
                                "true,false,null,\"a\\\"b\",\"0aff\","
                                "{\"raw\":1},{\"k\\n\":\"\"}],\"last\":0}");
}

/* RFC 8785 section 3.2.2.2: two-letter escapes where there are, \u00xx for other controls, nothing else. */
static void every_ascii_character_has_its_minimal_form(void **state)
{
    for (unsigned byte = 0; byte < 0x80; byte++) {
        static const char *const short_forms[0x80] = {['\b'] = "\\b",
                ['\t'] = "\\t",
                ['\n'] = "\\n",
                ['\f'] = "\\f",
                ['\r'] = "\\r",
                ['"'] = "\\\"",
                ['\\'] = "\\\\"};
        uint8_t text[] = {'x', (uint8_t)byte, 'y'};
        char expected[16];
        struct buf out = buf_make(*state, 64);
        json_put_text(&out, deputy_slice_bytes(text, 3));
        if (short_forms[byte] != NULL)
            snprintf(expected, sizeof expected, "\"x%sy\"", short_forms[byte]);
        else
            snprintf(expected, sizeof expected, byte < 0x20 ? "\"x\\u%04xy\"" : "\"x%cy\"", byte);
        assert_text(finished(&out), expected);
    }
}

/* Strings are looked at eight bytes at once: each byte at each place of a word, beside each kind of
 * neighbour. */
static void escape_is_found_wherever_it_stands(void **state)
{
    static const uint8_t neighbours[] = {'a', 0x7f, 0x80, 0xa1, 0xff, '!', '#', '[', ']', ' '};
    for (size_t n = 0; n < sizeof neighbours; n++) {
        for (size_t at = 0; at < 19; at++) {
            for (unsigned byte = 0; byte < 0x100; byte++) {
                uint8_t text[19];
                bool escaped = byte < 0x20 || byte == '"' || byte == '\\';
                struct buf out = buf_make(*state, 64);
                memset(text, neighbours[n], sizeof text);
                text[at] = (uint8_t)byte;
                json_put_text(&out, deputy_slice_bytes(text, sizeof text));
                struct deputy_slice json = finished(&out);
                assert_int_equal(json.ptr[0], '"');
                assert_int_equal(json.ptr[1 + at], escaped ? '\\' : byte);
                assert_memory_equal(json.ptr + 1, text, at);
                assert_int_equal(json.len > sizeof text + 2, escaped);
                assert_memory_equal(
                        json.ptr + json.len - (sizeof text - at), text + at + 1, sizeof text - at - 1);
                deputy_arena_reset(*state);
            }
        }
    }
}

static void text_beyond_ascii_is_not_escaped(void **state)
{
    struct buf out = buf_make(*state, 64);
    json_put_text(&out, T("\xc3\xa9\xe2\x80\xa8\xf0\x9f\x98\x80"));
    assert_text(finished(&out), "\"\xc3\xa9\xe2\x80\xa8\xf0\x9f\x98\x80\"");
}

/* RFC 8785 section 3.2.4 */
static void canonical_form_is_that_of_rfc_8785(void **state)
{
    struct deputy_slice text = canonical(*state,
            T("{\n  \"numbers\": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],\n"
              "  \"string\": \"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\",\n"
              "  \"literals\": [null, true, false]\n}"));
    assert_text(text, "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
                      "\"string\":\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
}

/* RFC 8785 section 3.2.3: by UTF-16 units, so the emoji (D83D DE00) comes before U+FB33. */
static void members_are_sorted_by_utf16_units(void **state)
{
    struct deputy_slice text = canonical(
            *state, T("{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\",\"\\ufb33\":\"Hebrew Letter "
                      "Dalet With Dagesh\","
                      "\"1\":\"One\",\"\\ud83d\\ude00\":\"Emoji: Grinning Face\",\"\\u0080\":\"Control\","
                      "\"\\u00f6\":\"Latin Small Letter O With Diaeresis\"}"));
    assert_text(text, "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\","
                      "\"\xc3\xb6\":\"Latin Small Letter O With Diaeresis\",\"\xe2\x82\xac\":\"Euro Sign\","
                      "\"\xf0\x9f\x98\x80\":\"Emoji: Grinning Face\","
                      "\"\xef\xac\xb3\":\"Hebrew Letter Dalet With Dagesh\"}");
}

static void shorter_key_comes_first_and_each_level_is_sorted(void **state)
{
    struct deputy_slice text =
            canonical(*state, T("[{\"b\":{\"z\":1,\"y\":2},\"aa\":1,\"a\":2,\"\":3,\"a\\u0000\":4,\"B\":5,"
                                "\"10\":6,\"2\":7,\"ab\":8,\"~\":9}]"));
    assert_text(text, "[{\"\":3,\"10\":6,\"2\":7,\"B\":5,\"a\":2,\"a\\u0000\":4,\"aa\":1,\"ab\":8,"
                      "\"b\":{\"y\":2,\"z\":1},\"~\":9}]");
}

static void canonical_numbers_are_doubles(void **state)
{
    assert_text(canonical(*state, T("[-0,0.0,-0e5,1.0,1e3,9007199254740993,1e-400]")),
            "[0,0,0,1,1000,9007199254740992,0]");
}

static void number_beyond_all_doubles_has_no_canonical_form(void **state)
{
    const struct json_value *value;
    struct buf out = buf_make(*state, 100);
    struct deputy_slice text;
    assert_ok(json_parse(*state, &value, T("[1e400]")));
    json_put_canonical(&out, value);
    assert_int_equal(buf_finish(&out, &text), DEPUTY_E_JSON_NUMBER);
}

static void writer_keeps_the_bound_of_its_buffer(void **state)
{
    struct buf out = buf_make(*state, 10);
    struct json_writer writer = json_writer_make(&out);
    struct deputy_slice text;
    json_array_begin(&writer);
    json_text_z(&writer, "0123456789");
    json_array_end(&writer);
    assert_int_equal(buf_finish(&out, &text), DEPUTY_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(writer_puts_the_commas),
            ARENA_TEST(every_ascii_character_has_its_minimal_form),
            ARENA_TEST(escape_is_found_wherever_it_stands),
            ARENA_TEST(text_beyond_ascii_is_not_escaped),
            ARENA_TEST(canonical_form_is_that_of_rfc_8785),
            ARENA_TEST(members_are_sorted_by_utf16_units),
            ARENA_TEST(shorter_key_comes_first_and_each_level_is_sorted),
            ARENA_TEST(canonical_numbers_are_doubles),
            ARENA_TEST(number_beyond_all_doubles_has_no_canonical_form),
            ARENA_TEST(writer_keeps_the_bound_of_its_buffer),
    };
    return cmocka_run_group_tests_name("base.json_write", tests, NULL, NULL);
}
