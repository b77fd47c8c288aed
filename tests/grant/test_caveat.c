#include "grant/caveat.h"
#include "support/vectors.h"
#include <stdio.h>

/* ---- helpers: a caveat list from its text, NULL for none ---- */

static const struct json_value *list(struct deputy_arena *arena, const char *text)
{
    const struct json_value *value = NULL;
    if (text != NULL)
        assert_ok(json_parse(arena, &value, T(text)));
    return value;
}

static void check_reason(const char *actual, const char *expected)
{
    if (expected == NULL)
        assert_null(actual);
    else
        assert_string_equal(actual, expected);
}

static void check_delegation(void **state, const char *parent, const char *child, const char *expected)
{
    check_reason(caveat_delegation_reason(list(*state, parent), list(*state, child)), expected);
}

static void check_invocation(void **state, const char *parent, const char *child, const char *expected)
{
    check_reason(caveat_invocation_reason(list(*state, parent), list(*state, child)), expected);
}

/* The same verdict for delegations and invocations. */
static void check_both(void **state, const char *parent, const char *child, const char *expected)
{
    check_delegation(state, parent, child, expected);
    check_invocation(state, parent, child, expected);
}

#define SQL(read_only, statements)                                                                           \
    "{\"mode\":\"constrained-statements\",\"readOnly\":" read_only ",\"statements\":[" statements "]}"
#define GET "{\"name\":\"get\",\"sql\":\"SELECT ?\",\"fixedParams\":[{\"index\":0,\"value\":\"a\"}]}"
#define LIST "{\"name\":\"list\",\"sql\":\"SELECT 2\"}"
#define SELECTOR(kind, value)                                                                                \
    "{\"type\":\"xyz.tinycloud.resource/selector\",\"kind\":\"" kind "\",\"value\":\"" value "\"}"

/* ---- step 3: anything else ---- */

static void no_caveats_under_none_is_contained(void **state)
{
    check_both(state, NULL, NULL, NULL);
}

static void D52_child_may_add_a_caveat_under_none(void **state)
{
    check_both(state, NULL, "[{\"x\":1}]", NULL);
    check_both(state, NULL, "[" SQL("true", GET) "]", NULL);
}

static void D53_unknown_caveat_must_stay_as_it_is(void **state)
{
    check_both(state, "[{\"x\":1,\"y\":[1,2]}]", "[ {\"y\": [1,2], \"x\": 1} ]", NULL);
    check_delegation(state, "[{\"x\":1}]", NULL, "child-caveats-not-subset-of-parent");
    check_invocation(state, "[{\"x\":1}]", NULL, "invocation-caveats-not-subset-of-chain");
    check_delegation(state, "[{\"x\":1}]", "[{\"x\":2}]", "child-caveats-not-subset-of-parent");
    check_invocation(state, "[{\"x\":1}]", "[{\"x\":2}]", "invocation-caveats-not-subset-of-chain");
    check_delegation(state, "[{\"x\":1}]", "[{\"x\":1},{\"y\":1}]", "child-caveats-not-subset-of-parent");
}

static void two_empty_caveats_are_not_none(void **state)
{
    check_delegation(state, "[{},{}]", NULL, "child-caveats-not-subset-of-parent");
    check_both(state, "[{},{}]", "[{},{}]", NULL);
}

/* ---- step 2: SQL ---- */

static void D47_same_or_fewer_statements_or_more_pins_are_contained(void **state)
{
    check_both(state, "[" SQL("true", GET "," LIST) "]", "[" SQL("true", GET "," LIST) "]", NULL);
    check_both(state, "[" SQL("true", GET "," LIST) "]", "[" SQL("true", LIST) "]", NULL);
    check_both(state, "[" SQL("true", GET "," LIST) "]", "[" SQL("true", "") "]", NULL);
    check_both(state, "[" SQL("true", GET) "]",
            "[" SQL("true", "{\"name\":\"get\",\"sql\":\"SELECT ?\",\"fixedParams\":"
                            "[{\"index\":1,\"value\":null},{\"index\":0,\"value\":\"a\"}]}") "]",
            NULL);
}

static void D47_sql_caveat_may_stand_under_its_member(void **state)
{
    check_both(state, "[{\"constrained-statements\":" SQL("true", GET) "}]",
            "[{\"constrained-statements\":" SQL("true", GET) "}]", NULL);
    check_both(state, "[{\"constrained-statements\":" SQL("true", GET) "}]", "[" SQL("true", GET) "]", NULL);
}

static void D48_dropped_sql_caveat_is_refused(void **state)
{
    check_both(state, "[" SQL("true", GET) "]", NULL, "containment-caveat-required");
    check_both(state, "[" SQL("true", GET) "]", "[{\"x\":1}]", "containment-caveat-required");
    check_both(state, "[" SQL("true", GET) "]", "[{\"mode\":\"constrained-statements\"}]",
            "containment-caveat-required");
}

static void D49_added_or_changed_statement_is_refused(void **state)
{
    check_both(state, "[" SQL("true", GET) "]", "[" SQL("true", GET "," LIST) "]",
            "containment-sql-statement-added");
    check_both(state, "[" SQL("true", LIST) "]",
            "[" SQL("true", "{\"name\":\"list\",\"sql\":\"SELECT  2\"}") "]",
            "containment-sql-statement-added");
}

static void D50_dropped_or_changed_pin_is_refused(void **state)
{
    check_both(state, "[" SQL("true", GET) "]",
            "[" SQL("true", "{\"name\":\"get\",\"sql\":\"SELECT ?\"}") "]",
            "containment-sql-fixed-param-dropped");
    check_both(state, "[" SQL("true", GET) "]",
            "[" SQL("true", "{\"name\":\"get\",\"sql\":\"SELECT ?\",\"fixedParams\":"
                            "[{\"index\":0,\"value\":\"b\"}]}") "]",
            "containment-sql-fixed-param-mismatch");
}

static void D51_writable_sql_caveat_is_refused_on_either_side(void **state)
{
    const char *reason = "sql-non-readonly-not-permitted";
    check_both(state, "[" SQL("false", GET) "]", "[" SQL("true", GET) "]", reason);
    check_both(state, "[" SQL("true", GET) "]", "[" SQL("false", GET) "]", reason);
    check_both(state, "[" SQL("false", GET) "]", "[" SQL("false", GET) "]", reason);
}

/* H11: what stands beside a SQL caveat is a condition too. */
static void H11_values_beside_a_sql_caveat_must_stay(void **state)
{
    const char *parent = "[" SQL("true", GET) ",{\"x\":1}]";
    check_both(state, parent, parent, NULL);
    check_both(state, parent, "[{\"x\":1}," SQL("true", GET) "]", NULL);
    check_both(state, parent, "[" SQL("true", GET) ",{\"x\":1},{\"y\":1}]", NULL);
    check_delegation(state, parent, "[" SQL("true", GET) "]", "child-caveats-not-subset-of-parent");
    check_invocation(state, parent, "[" SQL("true", GET) "]", "invocation-caveats-not-subset-of-chain");
    check_delegation(state, parent, "[" SQL("true", GET) ",{\"x\":2}]", "child-caveats-not-subset-of-parent");
}

static void H11_members_beside_a_sql_caveat_must_stay(void **state)
{
    const char *parent = "[{\"constrained-statements\":" SQL("true", GET) ",\"x\":1}]";
    check_both(state, parent, parent, NULL);
    check_delegation(state, parent, "[" SQL("true", GET) "]", "child-caveats-not-subset-of-parent");
    check_delegation(state, parent, "[{\"constrained-statements\":" SQL("true", GET) "}]",
            "child-caveats-not-subset-of-parent");
}

/* ---- step 1: selectors ---- */

static void D54_selector_inside_a_prefix_is_contained(void **state)
{
    check_delegation(state, "[" SELECTOR("prefix", "x/a") "]", "[" SELECTOR("exact", "x/a/b") "]", NULL);
    check_delegation(state, "[" SELECTOR("prefix", "x/a") "]", "[" SELECTOR("prefix", "x/a") "]", NULL);
    check_delegation(state, "[" SELECTOR("prefix", "x/a") "]", "[" SELECTOR("exact", "x/a") "]", NULL);
    check_delegation(state, "[" SELECTOR("exact", "x/a") "]", "[" SELECTOR("exact", "x/a") "]", NULL);
}

static void D55_selector_that_selects_more_is_refused(void **state)
{
    const char *reason = "selector-caveat-not-contained";
    check_delegation(state, "[" SELECTOR("exact", "x/a") "]", "[" SELECTOR("prefix", "x/a") "]", reason);
    check_delegation(state, "[" SELECTOR("exact", "x/a") "]", "[" SELECTOR("exact", "x/a/b") "]", reason);
    check_delegation(state, "[" SELECTOR("prefix", "x/a") "]", "[" SELECTOR("exact", "x/ab") "]", reason);
    check_delegation(state, "[" SELECTOR("prefix", "x/a") "]", "[" SELECTOR("exact", "x") "]", reason);
}

static void D52_selector_cannot_be_added_or_dropped(void **state)
{
    const char *reason = "selector-caveat-not-contained";
    check_delegation(state, NULL, "[" SELECTOR("exact", "x/a") "]", reason);
    check_delegation(state, "[" SELECTOR("exact", "x/a") "]", NULL, reason);
    check_delegation(state, "[" SELECTOR("exact", "x") "]", "[" SELECTOR("exact", "x") ",{\"x\":1}]", reason);
    check_delegation(state, "[{\"x\":1}," SELECTOR("exact", "x") "]", "[" SELECTOR("exact", "x") "]", reason);
}

static void selector_of_another_shape_is_refused(void **state)
{
    const char *type = "\"type\":\"xyz.tinycloud.resource/selector\"";
    char text[200];
    const char *const rest[] = {"\"kind\":\"exact\"", "\"kind\":\"glob\",\"value\":\"x\"",
            "\"kind\":\"exact\",\"value\":1", "\"kind\":\"exact\",\"value\":\"x\",\"more\":1",
            "\"kind\":1,\"value\":\"x\""};
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++) {
        snprintf(text, sizeof text, "[{%s,%s}]", type, rest[i]);
        check_delegation(state, text, text, "selector-caveat-not-contained");
    }
}

static void selector_of_an_invocation_must_equal_that_of_its_proof(void **state)
{
    const char *reason = "invocation-caveats-not-subset-of-chain";
    check_invocation(state, "[" SELECTOR("prefix", "x/a") "]", "[" SELECTOR("prefix", "x/a") "]", NULL);
    check_invocation(state, "[" SELECTOR("prefix", "x/a") "]", "[" SELECTOR("exact", "x/a/b") "]", reason);
    check_invocation(state, "[" SELECTOR("prefix", "x/a") "]", NULL, reason);
}

/* ---- what a node can enforce (H11) ---- */

static struct deputy_capability capability(const char *resource)
{
    struct deputy_capability out = {.ability = T("tinycloud.sql/read")};
    assert_ok(deputy_resource_parse(&out.resource, T(resource)));
    return out;
}

static void check_enforceable(void **state, const char *resource, const char *caveats, const char *expected)
{
    struct deputy_capability cap = capability(resource);
    check_reason(caveat_unenforceable_reason(&cap, list(*state, caveats)), expected);
}

#define DB "tinycloud:key:zA:s/sql/app/main"
#define KV "tinycloud:key:zA:s/kv/app/main"
#define UNENFORCEABLE "invocation-caveats-not-subset-of-chain"

static void H11_only_one_sql_caveat_on_a_database_is_enforceable(void **state)
{
    check_enforceable(state, DB, NULL, NULL);
    check_enforceable(state, DB, "[" SQL("true", GET) "]", NULL);
    check_enforceable(state, DB, "[{\"constrained-statements\":" SQL("true", GET) "}]", NULL);
    check_enforceable(state, KV, "[" SQL("true", GET) "]", UNENFORCEABLE);
    check_enforceable(state, "urn:x:sql", "[" SQL("true", GET) "]", UNENFORCEABLE);
    check_enforceable(state, DB, "[" SQL("true", GET) "," SQL("true", LIST) "]", UNENFORCEABLE);
    check_enforceable(state, DB, "[" SQL("true", GET) ",{}]", UNENFORCEABLE);
    check_enforceable(
            state, DB, "[{\"constrained-statements\":" SQL("true", GET) ",\"x\":1}]", UNENFORCEABLE);
}

#define NETWORK "urn:tinycloud:encryption:did:pkh:eip155:1:0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266:default"

/* spec/04 section 10.8, golden seal-delegate-caveat */
static void caveat_on_a_network_is_a_mark_unless_it_is_of_another_service(void **state)
{
    check_enforceable(state, NETWORK, "[{\"note\":\"one\"}]", NULL);
    check_enforceable(state, NETWORK, "[" SQL("true", GET) "]", UNENFORCEABLE);
    check_enforceable(state, NETWORK, "[{\"note\":\"one\"}," SQL("true", GET) "]", UNENFORCEABLE);
    check_enforceable(state, NETWORK, "[" SELECTOR("exact", "app/main") "]", "selector-caveat-not-contained");
}

static void H11_unknown_caveat_is_not_enforceable(void **state)
{
    check_enforceable(state, KV, "[{\"x\":1}]", UNENFORCEABLE);
    check_enforceable(state, KV, "[{},{}]", UNENFORCEABLE);
    check_enforceable(state, KV, "[" SELECTOR("exact", "app/main") ",{}]", UNENFORCEABLE);
    check_enforceable(state, DB, "[{\"mode\":\"constrained-statements\",\"readOnly\":1,\"statements\":[]}]",
            UNENFORCEABLE);
}

static void H11_invoked_resource_must_lie_inside_its_selector(void **state)
{
    const char *outside = "selector-caveat-not-contained";
    check_enforceable(state, KV, "[" SELECTOR("exact", "app/main") "]", NULL);
    check_enforceable(state, KV, "[" SELECTOR("prefix", "app") "]", NULL);
    check_enforceable(state, KV, "[" SELECTOR("exact", KV) "]", NULL);
    check_enforceable(state, KV, "[" SELECTOR("exact", "app") "]", outside);
    check_enforceable(state, KV, "[" SELECTOR("prefix", "ap") "]", outside);
    check_enforceable(state, KV, "[" SELECTOR("exact", DB) "]", outside);
    /* a path selects nothing outside a space */
    check_enforceable(state, "urn:x:y", "[" SELECTOR("exact", "y") "]", outside);
    check_enforceable(state, "urn:x:y", "[" SELECTOR("exact", "urn:x:y") "]", NULL);
}

static void pins_that_cannot_be_bound_are_unusable(void **state)
{
    const char *const bad[] = {"{\"index\":-1,\"value\":1}", "{\"index\":999,\"value\":1}",
            "{\"index\":0,\"value\":1},{\"index\":0,\"value\":2}"};
    char text[300];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(text, sizeof text,
                "[" SQL("true", "{\"name\":\"a\",\"sql\":\"S\",\"fixedParams\":[%s]}") "]", bad[i]);
        check_reason(caveat_unusable_reason(list(*state, text)), "sql-fixed-param-index");
        check_enforceable(state, DB, text, "sql-fixed-param-index");
    }
    snprintf(text, sizeof text, "[" SQL("true", "{\"name\":\"a\",\"sql\":\"S\",\"fixedParams\":[%s]}") "]",
            "{\"index\":998,\"value\":1},{\"index\":0,\"value\":1}");
    assert_null(caveat_unusable_reason(list(*state, text)));
    assert_null(caveat_unusable_reason(NULL));
    assert_null(caveat_unusable_reason(list(*state, "[" SQL("true", GET) "]")));
    assert_null(caveat_unusable_reason(list(*state, "[{\"x\":1}]")));
}

static void only_a_sql_caveat_is_left_to_the_service(void **state)
{
    assert_true(caveat_binds_service(list(*state, "[" SQL("true", GET) "]")));
    assert_false(caveat_binds_service(NULL));
    assert_false(caveat_binds_service(list(*state, "[" SELECTOR("exact", "app/main") "]")));
}

/* ---- known answers ---- */

/* The vectors hold what the wire's list is stored as: a map by index. */
static const struct json_value *stored(const struct json_value *map)
{
    assert_true(json_is(map, JSON_OBJECT));
    return map->count == 0 ? NULL : map;
}

static bool reason_is_listed(const struct json_value *expected, const char *reason)
{
    const struct json_value *one = json_member(expected, "reason");
    const struct json_value *any = json_member(expected, "reason_one_of");
    if (one != NULL)
        return json_text_is(one, reason);
    if (any == NULL)
        return true;
    JSON_EACH (item, any) {
        if (json_text_is(item, reason))
            return true;
    }
    return false;
}

static void check_vector(const struct json_value *vector)
{
    const struct json_value *input = json_member(vector, "input");
    const struct json_value *expected = json_member(vector, "expected");
    const struct json_value *parent = stored(json_member(input, "parent"));
    const struct json_value *child = stored(json_member(input, "child"));
    const char *reasons[] = {
            caveat_delegation_reason(parent, child), caveat_invocation_reason(parent, child)};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(reasons[i] == NULL, check_bool_of(expected, "contained"));
        if (reasons[i] != NULL)
            assert_true(reason_is_listed(expected, reasons[i]));
    }
}

static void caveat_vectors_are_decided_as_recorded(void **state)
{
    const struct json_value *root;
    size_t count = 0;
    assert_ok(json_parse(*state, &root, check_data(*state, "chain.json")));
    JSON_EACH (vector, json_member(root, "vectors")) {
        if (!json_text_is(json_member(vector, "kind"), "caveats"))
            continue;
        check_vector(vector);
        count++;
    }
    assert_int_equal(count, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(no_caveats_under_none_is_contained),
            ARENA_TEST(D52_child_may_add_a_caveat_under_none),
            ARENA_TEST(D53_unknown_caveat_must_stay_as_it_is),
            ARENA_TEST(two_empty_caveats_are_not_none),
            ARENA_TEST(D47_same_or_fewer_statements_or_more_pins_are_contained),
            ARENA_TEST(D47_sql_caveat_may_stand_under_its_member),
            ARENA_TEST(D48_dropped_sql_caveat_is_refused),
            ARENA_TEST(D49_added_or_changed_statement_is_refused),
            ARENA_TEST(D50_dropped_or_changed_pin_is_refused),
            ARENA_TEST(D51_writable_sql_caveat_is_refused_on_either_side),
            ARENA_TEST(H11_values_beside_a_sql_caveat_must_stay),
            ARENA_TEST(H11_members_beside_a_sql_caveat_must_stay),
            ARENA_TEST(D54_selector_inside_a_prefix_is_contained),
            ARENA_TEST(D55_selector_that_selects_more_is_refused),
            ARENA_TEST(D52_selector_cannot_be_added_or_dropped),
            ARENA_TEST(selector_of_another_shape_is_refused),
            ARENA_TEST(selector_of_an_invocation_must_equal_that_of_its_proof),
            ARENA_TEST(H11_only_one_sql_caveat_on_a_database_is_enforceable),
            ARENA_TEST(H11_unknown_caveat_is_not_enforceable),
            ARENA_TEST(caveat_on_a_network_is_a_mark_unless_it_is_of_another_service),
            ARENA_TEST(H11_invoked_resource_must_lie_inside_its_selector),
            ARENA_TEST(pins_that_cannot_be_bound_are_unusable),
            ARENA_TEST(only_a_sql_caveat_is_left_to_the_service),
            ARENA_TEST(caveat_vectors_are_decided_as_recorded),
    };
    return cmocka_run_group_tests_name("grant.caveat", tests, NULL, NULL);
}
