#include "base/json.h"
#include "support/check.h"

static enum deputy_error parse(struct deputy_arena *arena, const struct json_value **out, const char *text)
{
    return json_parse(arena, out, T(text));
}

static void values_of_every_kind_are_read(void **state)
{
    const struct json_value *root;
    assert_ok(parse(*state, &root,
            " {\"a\":[1,-2.5e3,\"x\\u00e9\\n\"],\"b\":{},\"c\":null,\"d\":true,\"e\":false} "));
    assert_int_equal(root->count, 5);
    const struct json_value *a = json_member(root, "a");
    assert_int_equal(a->count, 3);
    int64_t number;
    assert_ok(json_to_int64(&number, a->first));
    assert_int_equal(number, 1);
    assert_text(a->first->next->raw, "-2.5e3");
    assert_text(a->first->next->next->text, "x\xc3\xa9\n");
    assert_text(a->raw, "[1,-2.5e3,\"x\\u00e9\\n\"]");
    assert_true(json_is(json_member(root, "b"), JSON_OBJECT));
    assert_true(json_is(json_member(root, "c"), JSON_NULL));
    assert_null(json_member(root, "f"));
}

static void what_is_not_json_is_refused(void **state)
{
    static const struct {
        const char *text;
        enum deputy_error error;
    } cases[] = {
            {"", DEPUTY_E_JSON_SYNTAX},
            {" ", DEPUTY_E_JSON_SYNTAX},
            {"\xef\xbb\xbf{}", DEPUTY_E_JSON_SYNTAX},
            {"01", DEPUTY_E_JSON_SYNTAX},
            {"{} x", DEPUTY_E_JSON_TRAILING},
            {"{\"a\":1,\"\\u0061\":2}", DEPUTY_E_JSON_DUPLICATE},
            {"\"\\ud800\"", DEPUTY_E_UTF8},
            {"\"\xed\xa0\x80\"", DEPUTY_E_UTF8},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct json_value *root = NULL;
        assert_int_equal(parse(*state, &root, cases[i].text), cases[i].error);
        assert_null(root);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(values_of_every_kind_are_read),
            ARENA_TEST(what_is_not_json_is_refused),
    };
    return cmocka_run_group_tests_name("base.json", tests, NULL, NULL);
}
