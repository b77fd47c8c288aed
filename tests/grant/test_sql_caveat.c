#include "base/arena.h"
#include "grant/sql_caveat.h"
#include "support/vectors.h"
#include <stdio.h>

static const struct json_value *parse(struct deputy_arena *arena, const char *text)
{
    const struct json_value *value;
    assert_ok(json_parse(arena, &value, T(text)));
    return value;
}

static bool find(void **state, const char *text)
{
    struct sql_caveat caveat;
    return sql_caveat_find(&caveat, parse(*state, text));
}

#define GOOD "{\"mode\":\"constrained-statements\",\"readOnly\":true,\"statements\":[]}"

static void caveat_of_the_right_shape_is_found(void **state)
{
    assert_true(find(state, "[" GOOD "]"));
    assert_true(find(state, "[{\"x\":1}," GOOD "]"));
    assert_true(find(state, "[{\"constrained-statements\":" GOOD "}]"));
    assert_true(
            find(state, "[{\"mode\":\"constrained-statements\",\"readOnly\":false,\"more\":1,\"statements\":"
                        "[{\"name\":\"a\",\"sql\":\"b\",\"more\":1,\"fixedParams\":"
                        "[{\"index\":0,\"value\":null,\"more\":1}]}]}]"));
}

static void caveat_of_any_other_shape_is_none(void **state)
{
    const char *const bad[] = {"[]", "[{}]", "[{\"constrained-statements\":[" GOOD "]}]",
            "[{\"mode\":\"constrained\",\"readOnly\":true,\"statements\":[]}]",
            "[{\"readOnly\":true,\"statements\":[]}]",
            "[{\"mode\":\"constrained-statements\",\"statements\":[]}]",
            "[{\"mode\":\"constrained-statements\",\"readOnly\":\"true\",\"statements\":[]}]",
            "[{\"mode\":\"constrained-statements\",\"readOnly\":true}]",
            "[{\"mode\":\"constrained-statements\",\"readOnly\":true,\"statements\":{}}]",
            "[{\"mode\":\"constrained-statements\",\"readOnly\":true,\"statements\":[1]}]",
            "[{\"mode\":\"constrained-statements\",\"readOnly\":true,\"statements\":[{\"name\":\"a\"}]}]",
            "[{\"mode\":\"constrained-statements\",\"readOnly\":true,\"statements\":[{\"sql\":\"a\"}]}]"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(find(state, bad[i]));
}

static void pins_of_any_other_shape_make_it_none(void **state)
{
    const char *const bad[] = {"null", "{}", "[1]", "[{\"index\":0}]", "[{\"value\":0}]",
            "[{\"index\":0.5,\"value\":0}]", "[{\"index\":\"0\",\"value\":0}]",
            "[{\"index\":9223372036854775808,\"value\":0}]"};
    char text[300];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(text, sizeof text,
                "[{\"mode\":\"constrained-statements\",\"readOnly\":true,\"statements\":"
                "[{\"name\":\"a\",\"sql\":\"b\",\"fixedParams\":%s}]}]",
                bad[i]);
        assert_false(find(state, text));
    }
}

static void more_statements_than_the_limit_are_none(void **state)
{
    static char text[64 * 1024];
    for (unsigned extra = 0; extra < 2; extra++) {
        size_t len = (size_t)snprintf(text, sizeof text,
                "[{\"mode\":\"constrained-statements\",\"readOnly\":true,\"statements\":[");
        for (unsigned i = 0; i < SQL_CAVEAT_MAX_STATEMENTS + extra; i++)
            len += (size_t)snprintf(
                    text + len, sizeof text - len, "%s{\"name\":\"%u\",\"sql\":\"\"}", i ? "," : "", i);
        snprintf(text + len, sizeof text - len, "]}]");
        assert_int_equal(find(state, text), extra == 0);
    }
}

static struct deputy_slice name_found_among(void **state, unsigned count, unsigned first_sql)
{
    static char text[4096];
    struct sql_caveat caveat;
    size_t len = (size_t)snprintf(text, sizeof text, "[");
    for (unsigned i = 0; i < count; i++)
        len += (size_t)snprintf(text + len, sizeof text - len,
                i < first_sql ? "%s{}"
                              : "%s{\"mode\":\"constrained-statements\",\"readOnly\":true,\"statements\":"
                                "[{\"name\":\"%u\",\"sql\":\"\"}]}",
                i ? "," : "", i);
    snprintf(text + len, sizeof text - len, "]");
    assert_true(sql_caveat_find(&caveat, parse(*state, text)));
    return json_member(json_member(caveat.profile, "statements")->first, "name")->text;
}

static void first_is_told_by_the_text_of_the_index(void **state)
{
    assert_text(name_found_among(state, 12, 0), "0");
    assert_text(name_found_among(state, 12, 1), "1");
    assert_text(name_found_among(state, 12, 2), "10");
    assert_text(name_found_among(state, 10, 2), "2");
    assert_text(name_found_among(state, 21, 2), "10");
    assert_text(name_found_among(state, 12, 11), "11");
}

static void numbers_and_texts_are_different_pins(void **state)
{
    struct sql_caveat parent, child;
    const char *form = "[{\"mode\":\"constrained-statements\",\"readOnly\":true,\"statements\":"
                       "[{\"name\":\"a\",\"sql\":\"b\",\"fixedParams\":[{\"index\":0,\"value\":%s}]}]}]";
    const char *const values[] = {"1", "\"1\"", "true", "null", "[1]", "{\"a\":1}"};
    char text[2][300];
    for (size_t i = 0; i < 6; i++) {
        for (size_t j = 0; j < 6; j++) {
            snprintf(text[0], sizeof text[0], form, values[i]);
            snprintf(text[1], sizeof text[1], form, values[j]);
            assert_true(sql_caveat_find(&parent, parse(*state, text[0])));
            assert_true(sql_caveat_find(&child, parse(*state, text[1])));
            assert_int_equal(sql_caveat_contain(&parent, &child) == NULL, i == j);
        }
    }
}

static void second_statement_of_a_name_in_the_parent_grants_nothing(void **state)
{
    struct sql_caveat parent, child;
    assert_true(sql_caveat_find(
            &parent, parse(*state, "[{\"mode\":\"constrained-statements\",\"readOnly\":true,\"statements\":"
                                   "[{\"name\":\"a\",\"sql\":\"1\"},{\"name\":\"a\",\"sql\":\"2\"}]}]")));
    assert_true(sql_caveat_find(
            &child, parse(*state, "[{\"mode\":\"constrained-statements\",\"readOnly\":true,\"statements\":"
                                  "[{\"name\":\"a\",\"sql\":\"2\"}]}]")));
    assert_string_equal(sql_caveat_contain(&parent, &child), "containment-sql-statement-added");
}

/* The vectors hold bare profiles; a list of one value carries them. */
static void check_vector(struct deputy_arena *arena, const struct json_value *vector)
{
    struct sql_caveat caveats[2];
    const char *const names[] = {"auth_caveat", "req_caveat"};
    for (size_t i = 0; i < 2; i++) {
        const struct json_value *profile = json_member(json_member(vector, "input"), names[i]);
        char *text = test_malloc(profile->raw.len + 3);
        snprintf(text, profile->raw.len + 3, "[%.*s]", (int)profile->raw.len, (const char *)profile->raw.ptr);
        struct deputy_slice kept;
        assert_ok(arena_copy(arena, &kept, T(text)));
        test_free(text);
        const struct json_value *list;
        assert_ok(json_parse(arena, &list, kept));
        assert_true(sql_caveat_find(&caveats[i], list));
    }
    const struct json_value *expected = json_member(vector, "expected");
    const char *reason = sql_caveat_contain(&caveats[0], &caveats[1]);
    assert_int_equal(reason == NULL, check_bool_of(expected, "contained"));
    if (reason != NULL)
        assert_text(check_text_of(expected, "rejection_code"), reason);
}

static void containment_vectors_are_decided_as_recorded(void **state)
{
    const struct json_value *root;
    size_t count = 0;
    assert_ok(json_parse(*state, &root, check_data(*state, "chain.json")));
    JSON_EACH (vector, json_member(root, "vectors")) {
        if (!json_text_is(json_member(vector, "kind"), "sql-caveat-containment"))
            continue;
        check_vector(*state, vector);
        count++;
    }
    assert_int_equal(count, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(caveat_of_the_right_shape_is_found),
            ARENA_TEST(caveat_of_any_other_shape_is_none),
            ARENA_TEST(pins_of_any_other_shape_make_it_none),
            ARENA_TEST(more_statements_than_the_limit_are_none),
            ARENA_TEST(first_is_told_by_the_text_of_the_index),
            ARENA_TEST(numbers_and_texts_are_different_pins),
            ARENA_TEST(second_statement_of_a_name_in_the_parent_grants_nothing),
            ARENA_TEST(containment_vectors_are_decided_as_recorded),
    };
    return cmocka_run_group_tests_name("grant.sql_caveat", tests, NULL, NULL);
}
