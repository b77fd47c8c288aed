#include "base/json.h"
#include "support/check.h"

static const struct json_value *parsed(struct deputy_arena *arena, const char *text)
{
    const struct json_value *root = NULL;
    assert_ok(json_parse(arena, &root, T(text)));
    return root;
}

static void members_are_found_by_their_decoded_name(void **state)
{
    const struct json_value *root = parsed(*state, "{\"a\":1,\"b\\u0063\":2,\"\":3,\"n\\u0000l\":4}");
    assert_text(json_member(root, "a")->raw, "1");
    assert_text(json_member(root, "bc")->raw, "2");
    assert_text(json_member(root, "")->raw, "3");
    assert_text(json_member_of(root, deputy_slice_bytes("n\0l", 3))->raw, "4");
    assert_null(json_member(root, "n"));
    assert_null(json_member(root, "b"));
    assert_null(json_member(root, "A"));
}

/* Objects with many members are searched by bisection: first, last, between, beyond. */
static void members_of_large_objects_are_found(void **state)
{
    const struct json_value *root = parsed(*state,
            "{\"j\":9,\"b\":1,\"c\":2,\"ca\":10,\"d\":3,\"a\":0,\"e\":4,\"f\":5,\"g\":6,\"h\":7,\"i\":8}");
    for (int i = 0; i < 10; i++) {
        const char name[] = {(char)('a' + i), '\0'}, raw[] = {(char)('0' + i), '\0'};
        assert_text(json_member(root, name)->raw, raw);
    }
    assert_text(json_member(root, "ca")->raw, "10");
    static const char *const absent[] = {"", "A", "aa", "cb", "c ", "k", "jj", "~"};
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++)
        assert_null(json_member(root, absent[i]));
    assert_text(root->first->key, "j"); /* the order of the input stays */
}

static void missing_values_have_no_kind_and_no_members(void **state)
{
    assert_null(json_member(NULL, "a"));
    assert_null(json_member(parsed(*state, "[1]"), "a"));
    assert_null(json_member(parsed(*state, "\"a\""), "a"));
    assert_false(json_is(NULL, JSON_NULL));
    assert_false(json_text_is(NULL, ""));
    assert_false(json_text_is(parsed(*state, "null"), ""));
    assert_true(json_text_is(parsed(*state, "\"JW\\u0054\""), "JWT"));
    assert_false(json_text_is(parsed(*state, "\"JWT \""), "JWT"));
}

static void values_of_another_kind_are_refused(void **state)
{
    static const char *const texts[] = {"null", "true", "1", "\"1\"", "[1]", "{\"a\":1}"};
    for (size_t i = 0; i <= sizeof texts / sizeof texts[0]; i++) {
        const struct json_value *value = i == 0 ? NULL : parsed(*state, texts[i - 1]);
        struct deputy_slice text;
        bool flag;
        int64_t integer;
        double real;
        bool string = json_is(value, JSON_STRING), number = json_is(value, JSON_NUMBER);
        assert_int_equal(json_to_text(&text, value), string ? DEPUTY_OK : DEPUTY_E_JSON_TYPE);
        assert_int_equal(json_to_bool(&flag, value), i == 2 ? DEPUTY_OK : DEPUTY_E_JSON_TYPE);
        assert_int_equal(json_to_int64(&integer, value), number ? DEPUTY_OK : DEPUTY_E_JSON_TYPE);
        assert_int_equal(json_to_double(&real, value), number ? DEPUTY_OK : DEPUTY_E_JSON_TYPE);
    }
}

static void booleans_are_told_apart(void **state)
{
    bool flag = false;
    assert_ok(json_to_bool(&flag, parsed(*state, "true")));
    assert_true(flag);
    assert_ok(json_to_bool(&flag, parsed(*state, "false")));
    assert_false(flag);
}

static void integers_are_exact(void **state)
{
    static const struct {
        const char *text;
        int64_t value;
    } cases[] = {
            {"0", 0},
            {"-0", 0},
            {"-1", -1},
            {"9007199254740993", 9007199254740993},
            {"9223372036854775807", INT64_MAX},
            {"-9223372036854775808", INT64_MIN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t value = 99;
        assert_ok(json_to_int64(&value, parsed(*state, cases[i].text)));
        assert_int_equal(value, cases[i].value);
    }
}

static void integers_that_do_not_fit_or_have_a_fraction_are_refused(void **state)
{
    static const char *const refused[] = {"9223372036854775808", "-9223372036854775809",
            "18446744073709551616", "99999999999999999999999999", "1.0", "1.5", "1e0", "1E3", "0.0", "-0e0"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        int64_t value;
        assert_int_equal(json_to_int64(&value, parsed(*state, refused[i])), DEPUTY_E_JSON_NUMBER);
    }
}

static void doubles_must_be_finite(void **state)
{
    double value;
    assert_ok(json_to_double(&value, parsed(*state, "1.7976931348623157e308")));
    assert_true(value == 1.7976931348623157e308);
    assert_ok(json_to_double(&value, parsed(*state, "1e-400")));
    assert_true(value == 0);
    assert_int_equal(json_to_double(&value, parsed(*state, "1.7976931348623159e308")), DEPUTY_E_JSON_NUMBER);
    assert_int_equal(json_to_double(&value, parsed(*state, "-1e309")), DEPUTY_E_JSON_NUMBER);
    assert_int_equal(json_to_double(&value, parsed(*state, "1e99999999999999999999")), DEPUTY_E_JSON_NUMBER);
}

static void equal_values_differ_only_in_their_spelling(void **state)
{
    static const char *const equal[][2] = {
            {"null", " null "},
            {"[1,2]", "[ 1 , 2 ]"},
            {"{\"a\":1,\"b\":[2]}", "{\"b\":[2.0],\"a\":10e-1}"},
            {"\"\\u0061\"", "\"a\""},
            {"{\"\\u0061\":1}", "{\"a\":1}"},
            {"{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":9}",
                    "{\"i\":9,\"h\":8,\"g\":7,\"f\":6,\"e\":5,\"d\":4,\"c\":3,\"b\":2,\"a\":1}"},
            {"-0", "0.0"},
    };
    for (size_t i = 0; i < sizeof equal / sizeof equal[0]; i++)
        assert_true(json_equal(parsed(*state, equal[i][0]), parsed(*state, equal[i][1])));
}

static void values_that_differ_are_not_equal(void **state)
{
    static const char *const texts[] = {"null", "true", "false", "0", "1", "-1", "1.0000000000000001", "\"\"",
            "\"1\"", "\"true\"", "[]", "[1]", "[1,2]", "[2,1]", "[[1,2]]", "{}", "{\"a\":1}", "{\"a\":2}",
            "{\"b\":1}", "{\"A\":1}", "{\"a\":1,\"b\":1}", "{\"a\":1,\"c\":1}", "{\"a\":[1]}", "{\"a\":null}",
            "\"\\u0000\"", "9007199254740992", "9007199254740993",
            "{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":9}",
            "{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":0}",
            "{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"j\":9}"};
    size_t count = sizeof texts / sizeof texts[0];
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++)
            assert_int_equal(json_equal(parsed(*state, texts[i]), parsed(*state, texts[j])), i == j);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(members_are_found_by_their_decoded_name),
            ARENA_TEST(members_of_large_objects_are_found),
            ARENA_TEST(missing_values_have_no_kind_and_no_members),
            ARENA_TEST(values_of_another_kind_are_refused),
            ARENA_TEST(booleans_are_told_apart),
            ARENA_TEST(integers_are_exact),
            ARENA_TEST(integers_that_do_not_fit_or_have_a_fraction_are_refused),
            ARENA_TEST(doubles_must_be_finite),
            ARENA_TEST(equal_values_differ_only_in_their_spelling),
            ARENA_TEST(values_that_differ_are_not_equal),
    };
    return cmocka_run_group_tests_name("base.json_value", tests, NULL, NULL);
}
