/* The client's subset test: never wider than the node, over every pair of a small world. */
#include "grant/kit.h"
#include "grant/names.h"
#include "grant/subset.h"
#include <deputy/ability.h>

static const char *const PATHS[] = {"", "/", "a", "a/", "a/b", "a/b/", "a/b/c", "ab", "ab/", "b", "a//b",
        "a/*", "a/**", "*", "/a", "A", "a%2Fb", "a/..", "a/../b", "../a", "a/.", "./a", ".."};

enum { PATH_COUNT = sizeof PATHS / sizeof PATHS[0] };

/* The node's rule, asked of the URIs that such permissions become. */
static bool node_extends(struct deputy_arena *arena, const char *child, const char *parent)
{
    struct deputy_resource resources[2];
    const char *const paths[] = {child, parent};
    for (size_t i = 0; i < 2; i++) {
        struct buf text = buf_make(arena, 512);
        struct deputy_slice uri;
        buf_put_text(&text, KIT_SPACE "/kv");
        if (paths[i][0] != '\0') {
            buf_put_byte(&text, '/');
            buf_put_text(&text, paths[i]);
        }
        assert_ok(buf_finish(&text, &uri));
        assert_ok(deputy_resource_parse(&resources[i], uri));
        if (resources[i].kind != DEPUTY_RESOURCE_SPACE)
            return false;
    }
    return deputy_resource_extends(&resources[0], &resources[1]);
}

static void no_path_is_covered_that_the_node_would_refuse(void **state)
{
    size_t covered = 0;
    for (size_t i = 0; i < PATH_COUNT; i++) {
        for (size_t j = 0; j < PATH_COUNT; j++) {
            bool ours = subset_path_contains(T(PATHS[i]), T(PATHS[j]));
            if (ours && !node_extends(*state, PATHS[j], PATHS[i]))
                fail_msg("%s holds %s", PATHS[i], PATHS[j]);
            covered += ours;
        }
    }
    assert_true(covered > 40);
}

static const char *const ACTIONS[] = {"tinycloud.kv/get", "tinycloud.kv/put", "tinycloud.kv/*",
        "tinycloud.kv/del", "tinycloud.kv/delete", "tinycloud.sql/*", "tinycloud.sql/read",
        "tinycloud.sql/write", "tinycloud.sql/schema", "tinycloud.sql/admin", "tinycloud.duckdb/*",
        "tinycloud.duckdb/read", "tinycloud.duckdb/export", "*/*", "tinycloud.sqlx/read",
        "tinycloud.hooks/*"};

static void no_known_action_is_covered_that_the_node_would_refuse(void **state)
{
    (void)state;
    size_t covered = 0;
    for (size_t i = 0; i < sizeof ACTIONS / sizeof ACTIONS[0]; i++) {
        for (size_t j = 0; j < sizeof ACTIONS / sizeof ACTIONS[0]; j++) {
            bool ours = subset_action_contains(T(ACTIONS[i]), T(ACTIONS[j]));
            if (ours && !deputy_ability_matches(T(ACTIONS[i]), T(ACTIONS[j])))
                fail_msg("%s holds %s", ACTIONS[i], ACTIONS[j]);
            covered += ours;
        }
    }
    assert_int_equal(covered, 16 + 4 + 2);
}

static struct deputy_permissions list_of(struct deputy_arena *arena, const struct json_value *json)
{
    struct deputy_permissions list;
    struct deputy_refusal refusal;
    assert_ok(deputy_permissions_parse(arena, &list, &refusal, json->raw));
    assert_ok(deputy_permissions_expand(arena, &list, &refusal, list));
    return list;
}

/* Where Deputy is stricter than these vectors: a grant on "/", and kv has no star. */
static bool is_stricter_here(const struct json_value *input)
{
    JSON_EACH (entry, json_member(input, "granted")) {
        if (json_text_is(json_member(entry, "path"), "/"))
            return true;
        JSON_EACH (action, json_member(entry, "actions")) {
            if (deputy_slice_equal(action->text, T("tinycloud.kv/*")))
                return true;
        }
    }
    return false;
}

static void vectors_of_the_reference(void **state)
{
    size_t count = 0, stricter = 0;
    const struct json_value *file;
    assert_ok(json_parse(*state, &file, check_data(*state, "compose.json")));
    JSON_EACH (vector, json_member(file, "vectors")) {
        const struct json_value *input = json_member(vector, "input");
        struct deputy_permissions missing;
        if (!json_text_is(json_member(vector, "function"), "isCapabilitySubset"))
            continue;
        assert_ok(deputy_subset_check(*state, &missing, list_of(*state, json_member(input, "requested")),
                list_of(*state, json_member(input, "granted"))));
        bool expected = json_is(json_member(json_member(vector, "expected"), "subset"), JSON_TRUE);
        stricter += is_stricter_here(input);
        assert_int_equal(missing.count == 0, expected && !is_stricter_here(input));
        count++;
    }
    assert_int_equal(count, 18);
    assert_true(stricter < 6);
}

static enum deputy_error check(struct deputy_arena *arena, const struct deputy_permission *wanted)
{
    struct deputy_permissions missing;
    return deputy_subset_check(
            arena, &missing, (struct deputy_permissions){wanted, 1}, (struct deputy_permissions){NULL, 0});
}

static void what_could_be_read_in_two_ways_is_an_error(void **state)
{
    const struct deputy_slice get = T("tinycloud.kv/get");
    struct deputy_permission wanted = {
            .service = T("tinycloud.kv"), .path = T("a/../b"), .actions = &get, .action_count = 1};
    assert_int_equal(check(*state, &wanted), DEPUTY_E_PATH_INVALID);
    wanted.path = T("a");
    assert_ok(check(*state, &wanted));
    wanted.caveats = T("{");
    assert_int_equal(check(*state, &wanted), DEPUTY_E_JSON_SYNTAX);
    wanted.caveats = T("{}");
    assert_int_equal(check(*state, &wanted), DEPUTY_E_JSON_TYPE);
    wanted.caveats = NONE;
    wanted.action_count = 0;
    assert_int_equal(check(*state, &wanted), DEPUTY_E_PERMISSION_ACTIONS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(no_path_is_covered_that_the_node_would_refuse),
            cmocka_unit_test(no_known_action_is_covered_that_the_node_would_refuse),
            ARENA_TEST(vectors_of_the_reference),
            ARENA_TEST(what_could_be_read_in_two_ways_is_an_error),
    };
    return cmocka_run_group_tests_name("grant.subset", tests, NULL, NULL);
}
