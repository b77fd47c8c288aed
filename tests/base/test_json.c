#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "support/check.h"
#include <stdio.h>
#include <stdlib.h>

static const struct json_value *parsed(struct deputy_arena *arena, struct deputy_slice text)
{
    const struct json_value *root = NULL;
    enum deputy_error error = json_parse(arena, &root, text);
    if (error != DEPUTY_OK)
        fail_msg("%.*s: %s", (int)text.len, (const char *)text.ptr, deputy_error_info(error)->name);
    return root;
}

static void assert_refused(struct deputy_arena *arena, struct deputy_slice text, enum deputy_error expected)
{
    const struct json_value *root = NULL;
    enum deputy_error error = json_parse(arena, &root, text);
    if (error != expected)
        fail_msg("%.*s: %s", (int)text.len, (const char *)text.ptr, deputy_error_info(error)->name);
    assert_null(root);
}

#define ASSERT_EACH_REFUSED(arena, cases, expected)                                                          \
    for (size_t i_ = 0; i_ < sizeof(cases) / sizeof(cases)[0]; i_++)                                         \
    assert_refused((arena), T((cases)[i_]), (expected))

static void values_of_every_kind_are_read(void **state)
{
    const char *text =
            " {\"a\" : [1,-2.5e3,\"x\"],\n\t\"b\":{},\"c\":null,\"d\":true,\r\"e\":false, \"f\":[ ]} ";
    const struct json_value *root = parsed(*state, T(text));
    static const enum json_kind kinds[] = {
            JSON_ARRAY, JSON_OBJECT, JSON_NULL, JSON_TRUE, JSON_FALSE, JSON_ARRAY};
    static const char *const raws[] = {"[1,-2.5e3,\"x\"]", "{}", "null", "true", "false", "[ ]"};
    assert_int_equal(root->kind, JSON_OBJECT);
    assert_int_equal(root->count, 6);
    assert_false(deputy_slice_present(root->key));
    size_t i = 0;
    JSON_EACH (member, root) {
        const char key[] = {(char)('a' + i), '\0'};
        assert_text(member->key, key);
        assert_int_equal(member->kind, kinds[i]);
        assert_text(member->raw, raws[i++]);
    }
    assert_int_equal(i, 6);
    const struct json_value *first = root->first->first;
    assert_int_equal(root->first->count, 3);
    assert_text(first->raw, "1");
    assert_false(deputy_slice_present(first->key));
    assert_text(first->next->raw, "-2.5e3");
    assert_text(first->next->next->text, "x");
    assert_null(first->next->next->next);
}

/* Values and plain strings are views of the input; nothing is copied. */
static void plain_text_points_into_the_input(void **state)
{
    struct deputy_slice input = T("{\"key\":\"a text that is longer than eight bytes\"}");
    const struct json_value *root = parsed(*state, input);
    assert_ptr_equal(root->raw.ptr, input.ptr);
    assert_ptr_equal(root->first->key.ptr, input.ptr + 2);
    assert_ptr_equal(root->first->text.ptr, input.ptr + 8);
    assert_ptr_equal(root->first->raw.ptr, input.ptr + 7);
}

static void any_value_may_be_the_root(void **state)
{
    static const char *const cases[] = {
            "null", "true", "false", "0", "-0", "12", "\"\"", "[]", "{}", " 1 ", "\t[]\r\n"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        parsed(*state, T(cases[i]));
}

static void what_is_not_json_is_refused(void **state)
{
    static const char *const cases[] = {"", " ", "\n", "{", "}", "[", "]", "[[", "]]", ",", ":", "\"", "{]",
            "[}", "[1,]", "[,1]", "[1 2]", "[1,,2]", "[1:2]", "{,}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}",
            "{\"a\":1 \"b\":2}", "{\"a\" 1}", "{\"a\"::1}", "{a:1}", "{1:1}", "{null:1}", "{'a':1}", "['a']",
            "[1", "[1,", "{\"a", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "nul", "nulL", "NULL", "True",
            "tru", "fals", "n", "undefined", "NaN", "Infinity", "-Infinity", "//x\n1", "/*x*/1", "[1]/", "#",
            "\\u0061", "[\v1]", "[\f1]", "[\302\2401]", "\x01"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool trailing = strcmp(cases[i], "[1]/") == 0;
        assert_refused(*state, T(cases[i]), trailing ? DEPUTY_E_JSON_TRAILING : DEPUTY_E_JSON_SYNTAX);
    }
}

static void bytes_after_the_value_are_refused(void **state)
{
    static const char *const cases[] = {"{}{}", "{} x", "[]]", "null null", "1 2", "\"a\"b", "truefalse",
            "1.5.", "1e5.", "nullx", "0x1", "1,", "1}", "[] \x01"};
    ASSERT_EACH_REFUSED(*state, cases, DEPUTY_E_JSON_TRAILING);
    assert_refused(*state, deputy_slice_bytes("{}\0", 3), DEPUTY_E_JSON_TRAILING);
    assert_refused(*state, deputy_slice_bytes("1\0", 2), DEPUTY_E_JSON_TRAILING);
}

static void byte_order_mark_and_other_encodings_are_refused(void **state)
{
    static const char *const cases[] = {"\xef\xbb\xbf{}", "\xef\xbb\xbf", "\xfe\xff", "\xff\xfe", "\xff"};
    ASSERT_EACH_REFUSED(*state, cases, DEPUTY_E_JSON_SYNTAX);
    assert_refused(*state, deputy_slice_bytes("{\0}\0", 4), DEPUTY_E_JSON_SYNTAX);
    assert_refused(*state, deputy_slice_bytes("\0{\0}", 4), DEPUTY_E_JSON_SYNTAX);
    assert_refused(*state, deputy_slice_bytes("\0", 1), DEPUTY_E_JSON_SYNTAX);
}

static void numbers_follow_the_grammar(void **state)
{
    static const char *const good[] = {"0", "-0", "1", "-1", "10", "1234567890123456789012345678901234567890",
            "0.0", "-0.50", "1.5e0", "1e5", "1E5", "1e+5", "1e-5", "0e0", "0E+00", "1.25E-007",
            "1e99999999999999999999"};
    static const char *const bad[] = {"-", "+", "+1", ".5", "-.5", "1.", "1.e5", "-1.", "1e", "1e+", "1e-",
            "1E", "e5", "--1", "- 1", "0.", "0.e1", "00", "01", "-01", "-00", "0123", "[01]", "[1.]", "[1e]",
            "[-]"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        const struct json_value *value = parsed(*state, T(good[i]));
        assert_int_equal(value->kind, JSON_NUMBER);
        assert_text(value->raw, good[i]);
    }
    ASSERT_EACH_REFUSED(*state, bad, DEPUTY_E_JSON_SYNTAX);
}

static void equal_keys_are_refused(void **state)
{
    static const char *const cases[] = {"{\"a\":1,\"a\":1}", "{\"a\":1,\"b\":2,\"a\":3}", "{\"\":1,\"\":2}",
            "{\"x\":{\"a\":1,\"a\":2}}", "[{\"a\":1,\"a\":2}]", "{\"a\":1,\"\\u0061\":2}",
            "{\"\\u0061\":1,\"a\":2}", "{\"/\":1,\"\\/\":2}", "{\"\\n\":1,\"\\u000A\":2}",
            "{\"\xc3\xa9\":1,\"\\u00e9\":2}", "{\"\xf0\x9f\x98\x80\":1,\"\\ud83d\\uDE00\":2}",
            "{\"a\\u0000\":1,\"\\u0061\\u0000\":1}"};
    ASSERT_EACH_REFUSED(*state, cases, DEPUTY_E_JSON_DUPLICATE);
    parsed(*state, T("{\"a\":{\"a\":{\"a\":1}},\"A\":1,\"a \":2,\"a\\u0000\":3,\"\":4}"));
    parsed(*state, T("[{\"a\":1},{\"a\":1}]"));
    /* the same letter composed and decomposed: other bytes, another key */
    parsed(*state, T("{\"\xc3\xa9\":1,\"e\xcc\x81\":2}"));
}

/* {"0":0,"1":1,...} with one key repeated at the place given. */
static struct deputy_slice object_of(
        struct deputy_arena *arena, unsigned count, unsigned at, unsigned repeated)
{
    size_t size = 2 + (size_t)count * 24, len = 0;
    char *text = (char *)arena_alloc_bytes(arena, size);
    for (unsigned i = 0; i < count; i++)
        len += (size_t)snprintf(
                text + len, size - len, "%c\"%u\":%u", i == 0 ? '{' : ',', i == at ? repeated : i, i);
    text[len++] = '}';
    return deputy_slice_bytes(text, len);
}

/* Few and many members are compared in different ways; each pair must be seen by both. */
static void equal_keys_are_refused_wherever_they_stand(void **state)
{
    for (unsigned count = 2; count <= 24; count++) {
        parsed(*state, object_of(*state, count, 0, 0));
        for (unsigned at = 1; at < count; at++) {
            for (unsigned other = 0; other < at; other++)
                assert_refused(*state, object_of(*state, count, at, other), DEPUTY_E_JSON_DUPLICATE);
        }
        deputy_arena_reset(*state);
    }
}

/* With time growing as the square, 200 000 members would take minutes. */
static void many_members_do_not_take_quadratic_time(void **state)
{
    enum { COUNT = 200000 };
    const struct json_value *root = parsed(*state, object_of(*state, COUNT, 0, 0));
    for (unsigned i = 0; i < COUNT; i++) {
        char name[16];
        snprintf(name, sizeof name, "%u", i);
        assert_text(json_member(root, name)->raw, name);
    }
    assert_true(json_equal(root, root));
    assert_refused(*state, object_of(*state, COUNT, COUNT - 1, 0), DEPUTY_E_JSON_DUPLICATE);
}

static struct deputy_slice nested(
        struct deputy_arena *arena, size_t depth, const char *open, const char *close)
{
    struct buf out = buf_make(arena, 1 << 20);
    struct deputy_slice text;
    for (size_t i = 0; i < depth; i++)
        buf_put_text(&out, open);
    buf_put_text(&out, "1");
    for (size_t i = 0; i < depth; i++)
        buf_put_text(&out, close);
    assert_ok(buf_finish(&out, &text));
    return text;
}

static void depth_of_32_is_the_last_allowed(void **state)
{
    parsed(*state, nested(*state, JSON_MAX_DEPTH, "[", "]"));
    parsed(*state, nested(*state, JSON_MAX_DEPTH, "{\"a\":", "}"));
    parsed(*state, nested(*state, JSON_MAX_DEPTH / 2, "[{\"a\":", "}]"));
    assert_refused(*state, nested(*state, JSON_MAX_DEPTH + 1, "[", "]"), DEPUTY_E_JSON_DEPTH);
    assert_refused(*state, nested(*state, JSON_MAX_DEPTH + 1, "{\"a\":", "}"), DEPUTY_E_JSON_DEPTH);
    assert_refused(*state, nested(*state, 100000, "[", ""), DEPUTY_E_JSON_DEPTH);
    parsed(*state, T("[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[]"
                     ",[],[],[],[]]"));
}

/* Whatever memory there is: it is enough, or the text is refused for that. */
static void too_small_an_arena_is_a_refusal(void **state)
{
    struct deputy_slice text =
            T("{\"a\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17],\"b\":\"\\n\",\"c\":\"\\u00e9\",\"d\":1,"
              "\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1}");
    unsigned refused = 0;
    (void)state;
    for (size_t size = 0; size < 8192; size += 8) {
        struct deputy_arena *small = NULL;
        const struct json_value *root = NULL;
        assert_ok(deputy_arena_create(&small, size));
        enum deputy_error error = json_parse(small, &root, text);
        assert_int_equal(error, root == NULL ? DEPUTY_E_LIMIT : DEPUTY_OK);
        refused += error != DEPUTY_OK;
        deputy_arena_destroy(small);
    }
    assert_true(refused > 200 && refused < 800);
}

/* Every prefix of a text is refused: nothing is read beyond the end, nothing is taken for granted. */
static void text_cut_anywhere_is_refused(void **state)
{
    const char *text = "{\"a\\u00e9\\n\":[1.5e+3,-0,true,false,null,\"\\ud83d\\ude00 "
                       "\xf0\x9f\x98\x80\"],\"b\":{\"c\":{}}}";
    for (size_t len = 0; len < strlen(text); len++) {
        uint8_t *copy = malloc(len + (len == 0));
        const struct json_value *root = NULL;
        memcpy(copy, text, len);
        assert_int_not_equal(json_parse(*state, &root, deputy_slice_bytes(copy, len)), DEPUTY_OK);
        assert_null(root);
        free(copy);
    }
    parsed(*state, T(text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(values_of_every_kind_are_read),
            ARENA_TEST(plain_text_points_into_the_input),
            ARENA_TEST(any_value_may_be_the_root),
            ARENA_TEST(what_is_not_json_is_refused),
            ARENA_TEST(bytes_after_the_value_are_refused),
            ARENA_TEST(byte_order_mark_and_other_encodings_are_refused),
            ARENA_TEST(numbers_follow_the_grammar),
            ARENA_TEST(equal_keys_are_refused),
            ARENA_TEST(equal_keys_are_refused_wherever_they_stand),
            ARENA_TEST(many_members_do_not_take_quadratic_time),
            ARENA_TEST(depth_of_32_is_the_last_allowed),
            ARENA_TEST(too_small_an_arena_is_a_refusal),
            ARENA_TEST(text_cut_anywhere_is_refused),
    };
    return cmocka_run_group_tests_name("base.json", tests, NULL, NULL);
}
