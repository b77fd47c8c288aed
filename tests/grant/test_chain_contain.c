/* What lies inside what: the rows of spec/02 section 15 about resources, abilities and caveats. */
#include "support/issuer.h"
#include <ctype.h>
#include <stdio.h>

#define GET "tinycloud.kv/get"
#define READ "tinycloud.sql/read"
#define DB "SP/sql/app/main"

/* O gives S the first, S gives B the second. */
static const struct deputy_token *child(
        struct issuer *issuer, struct issuer_cap held, struct issuer_cap given)
{
    struct issuer_plan parent = {.by = ISSUER_O, .to = ISSUER_S, .caps = {held}};
    struct issuer_plan plan = {
            .by = ISSUER_S, .to = ISSUER_B, .caps = {given}, .proofs = {issuer_stored(issuer, parent)}};
    return issuer_delegation(issuer, plan);
}

static void is_inside(void **state, const char *held, const char *given)
{
    assert_admitted(*state, DEPUTY_USE_DELEGATE,
            child(*state, (struct issuer_cap){held, GET, NULL}, (struct issuer_cap){given, GET, NULL}));
}

static void is_outside(void **state, const char *held, const char *given)
{
    char expected[300];
    snprintf(expected, sizeof expected, "Unauthorized Capability: %s, " GET, given);
    assert_refused(*state, DEPUTY_USE_DELEGATE,
            child(*state, (struct issuer_cap){held, GET, NULL}, (struct issuer_cap){given, GET, NULL}),
            expected);
}

/* ---- paths ---- */

static void D22_path_below_a_slash_is_inside(void **state)
{
    is_inside(state, "SP/kv/notes/", "SP/kv/notes/a");
    is_inside(state, "SP/kv/notes/", "SP/kv/notes/");
}

static void D23_path_without_slash_is_refused(void **state)
{
    is_outside(state, "SP/kv/notes/", "SP/kv/notes");
}

static void D24_segment_covers_itself_and_what_is_below(void **state)
{
    is_inside(state, "SP/kv/notes", "SP/kv/notes");
    is_inside(state, "SP/kv/notes", "SP/kv/notes/");
    is_inside(state, "SP/kv/notes", "SP/kv/notes/a");
}

static void D25_segment_is_no_prefix_of_another(void **state)
{
    is_outside(state, "SP/kv/notes", "SP/kv/notesxyz");
}

static void D26_absent_path_covers_the_service(void **state)
{
    is_inside(state, "SP/kv", "SP/kv");
    is_inside(state, "SP/kv", "SP/kv/");
    is_inside(state, "SP/kv", "SP/kv/a/b");
}

static void D27_empty_path_covers_no_name(void **state)
{
    is_outside(state, "SP/kv/", "SP/kv/a");
    is_inside(state, "SP/kv/", "SP/kv/");
    is_inside(state, "SP/kv/", "SP/kv//a");
}

static void D28_child_cannot_widen_to_the_service(void **state)
{
    is_outside(state, "SP/kv/notes/", "SP/kv");
}

static void D29_other_space_chain_or_owner_is_refused(void **state)
{
    struct issuer *issuer = *state;
    char resource[200];
    is_outside(state, "SP/kv/notes/", "tinycloud:{o}:other/kv/notes/");
    is_outside(state, "SP/kv/notes/", "tinycloud:{x}:default/kv/notes/");
    snprintf(resource, sizeof resource, "tinycloud:pkh:eip155:137:%s:default/kv/notes/",
            issuer_text(issuer, "{o}", NULL) + strlen("pkh:eip155:1:"));
    is_outside(state, "SP/kv/notes/", resource);
}

static void D30_other_service_is_refused(void **state)
{
    is_outside(state, "SP/kv/notes/", "SP/sql/notes/");
}

static void D31_fragment_must_stay(void **state)
{
    is_inside(state, "SP/kv/notes/#f", "SP/kv/notes/a#f");
    is_outside(state, "SP/kv/notes/", "SP/kv/notes/a#f");
    is_outside(state, "SP/kv/notes/#f", "SP/kv/notes/a#g");
    is_outside(state, "SP/kv/notes/#f", "SP/kv/notes/a");
}

/* H15: the reference drops a query on the way. */
static void D32_query_of_the_parent_must_stay(void **state)
{
    is_inside(state, "SP/kv/notes/", "SP/kv/notes/a?q");
    is_inside(state, "SP/kv/notes/?q", "SP/kv/notes/a?q");
    is_outside(state, "SP/kv/notes/?q", "SP/kv/notes/a");
    is_outside(state, "SP/kv/notes/?q", "SP/kv/notes/a?r");
}

static void D33_path_that_is_not_normal_is_refused_verbatim(void **state)
{
    is_outside(state, "SP/kv/notes/", "SP/kv/notes/../x");
    is_outside(state, "SP/kv/notes/", "SP/kv/notes/%2e%2e/x");
    is_outside(state, "SP/kv/notes/", "SP/kv/notes/%2fx");
    is_outside(state, "SP/kv/notes/", "SP/kv/notes/%61");
    is_outside(state, "SP/kv", "SP/kv/./a");
}

/* H15: another URI is never rooted, so none can be handed on either. */
static void D46_other_uris_are_refused(void **state)
{
    is_outside(state, "SP/kv/notes/", "https://example.com/notes/");
    is_outside(state, "SP/kv/notes/", "urn:cid:bafkr4iglifjta4fae5ecx5jrmgrxrxhoz5luyu3o4v5b7aofqmfmzgfmay");
    struct issuer_plan plan = {.by = ISSUER_O, .to = ISSUER_S, .caps = {{"https://example.com/", GET, NULL}}};
    assert_refused(
            *state, DEPUTY_USE_DELEGATE, issuer_delegation(*state, plan), "Cannot find parent delegation");
}

static const char *lower_case(struct issuer *issuer, char *out, const char *text)
{
    const char *from = issuer_text(issuer, text, NULL);
    size_t i = 0;
    for (; from[i] != '\0'; i++)
        out[i] = (char)tolower((unsigned char)from[i]);
    out[i] = '\0';
    return out;
}

static void D71_address_in_lower_case_is_the_same_owner(void **state)
{
    char resource[200];
    is_inside(state, "SP/kv/notes/", lower_case(*state, resource, "SP/kv/notes/a"));
    is_inside(state, resource, "SP/kv/notes/a/b");
}

static void D45_order_is_of_the_text_as_written(void **state)
{
    struct issuer *issuer = *state;
    char lower[200];
    /* 0x7… in EIP-55 form sorts its letters before the lower-case ones */
    struct issuer_plan plan = {.by = ISSUER_S,
            .to = ISSUER_B,
            .caps = {{lower_case(issuer, lower, "SP/kv/a"), GET, NULL}, {"SP/kv/b", GET, NULL}},
            .proofs = {issuer_p(issuer)}};
    assert_refused(issuer, DEPUTY_USE_DELEGATE, issuer_delegation(issuer, plan),
            "Unauthorized Capability: SP/kv/b, " GET);
}

/* ---- abilities ---- */

static void can(void **state, const char *held, const char *given)
{
    assert_admitted(*state, DEPUTY_USE_DELEGATE,
            child(*state, (struct issuer_cap){"SP/x/y", held, NULL},
                    (struct issuer_cap){"SP/x/y", given, NULL}));
}

static void cannot(void **state, const char *held, const char *given)
{
    char expected[200];
    snprintf(expected, sizeof expected, "Unauthorized Capability: SP/x/y, %s", given);
    assert_refused(*state, DEPUTY_USE_DELEGATE,
            child(*state, (struct issuer_cap){"SP/x/y", held, NULL},
                    (struct issuer_cap){"SP/x/y", given, NULL}),
            expected);
}

static void D36_ability_that_is_not_held_is_refused(void **state)
{
    cannot(state, GET, "tinycloud.kv/put");
}

static void D37_alias_and_canonical_name_are_the_same(void **state)
{
    can(state, "tinycloud.kv/del", "tinycloud.kv/delete");
    can(state, "tinycloud.kv/delete", "tinycloud.kv/del");
}

static void D38_sql_admin_implies_schema(void **state)
{
    can(state, "tinycloud.sql/admin", "tinycloud.sql/schema");
}

static void D39_sql_admin_implies_neither_read_nor_write(void **state)
{
    cannot(state, "tinycloud.sql/admin", READ);
    cannot(state, "tinycloud.sql/admin", "tinycloud.sql/write");
    cannot(state, "tinycloud.sql/write", READ);
}

static void D40_sql_star_implies_an_alias(void **state)
{
    can(state, "tinycloud.sql/*", "tinycloud.sql/select");
}

static void D41_sql_star_implies_nothing_unregistered(void **state)
{
    cannot(state, "tinycloud.sql/*", "tinycloud.sql/ddl");
}

static void D42_kv_star_is_no_wildcard(void **state)
{
    cannot(state, "tinycloud.kv/*", GET);
    can(state, "tinycloud.kv/*", "tinycloud.kv/*");
}

static void D43_read_does_not_imply_star(void **state)
{
    cannot(state, READ, "tinycloud.sql/*");
}

static void D44_abilities_are_case_sensitive(void **state)
{
    cannot(state, GET, "tinycloud.KV/get");
    cannot(state, GET, "tinycloud.kv/GET");
}

/* ---- caveats: the rules are tested in test_caveat.c; here that a delegation asks them ---- */

#define SQL(statements)                                                                                      \
    "[{\"mode\":\"constrained-statements\",\"readOnly\":true,\"statements\":[" statements "]}]"
#define STATEMENT "{\"name\":\"get\",\"sql\":\"SELECT ?\",\"fixedParams\":[{\"index\":0,\"value\":\"a\"}]}"
#define SELECTOR(kind, value)                                                                                \
    "[{\"kind\":\"" kind "\",\"type\":\"xyz.tinycloud.resource/selector\",\"value\":\"" value "\"}]"

static void narrows(void **state, const char *held, const char *given)
{
    assert_admitted(*state, DEPUTY_USE_DELEGATE,
            child(*state, (struct issuer_cap){DB, READ, held}, (struct issuer_cap){DB, READ, given}));
}

static void widens(void **state, const char *held, const char *given, const char *reason)
{
    char expected[200];
    snprintf(expected, sizeof expected, "child-caveats-not-subset-of-parent: %s", reason);
    assert_refused(*state, DEPUTY_USE_DELEGATE,
            child(*state, (struct issuer_cap){DB, READ, held}, (struct issuer_cap){DB, READ, given}),
            expected);
}

static void D47_to_D51_sql_caveats_are_asked(void **state)
{
    narrows(state, SQL(STATEMENT), SQL(STATEMENT));
    widens(state, SQL(STATEMENT), NULL, "containment-caveat-required");
    widens(state, SQL(""), SQL(STATEMENT), "containment-sql-statement-added");
}

static void D52_to_D55_other_caveats_are_asked(void **state)
{
    narrows(state, NULL, "[{\"x\":1}]");
    widens(state, "[{\"x\":1}]", NULL, "child-caveats-not-subset-of-parent");
    widens(state, NULL, SELECTOR("exact", "app/main"), "selector-caveat-not-contained");
    narrows(state, SELECTOR("prefix", "app"), SELECTOR("exact", "app/main"));
}

static void pins_that_cannot_be_bound_are_not_stored(void **state)
{
    const char *bad = SQL("{\"name\":\"a\",\"sql\":\"S\",\"fixedParams\":[{\"index\":999,\"value\":1}]}");
    struct issuer_plan root = {.by = ISSUER_O, .to = ISSUER_S, .caps = {{DB, READ, bad}}};
    assert_refused(*state, DEPUTY_USE_DELEGATE, issuer_delegation(*state, root),
            "child-caveats-not-subset-of-parent: sql-fixed-param-index");
    widens(state, NULL, bad, "sql-fixed-param-index");
}

static void one_candidate_that_contains_is_enough(void **state)
{
    struct issuer *issuer = *state;
    struct issuer_plan strict = {.by = ISSUER_O, .to = ISSUER_S, .caps = {{DB, READ, SQL(STATEMENT)}}};
    struct issuer_plan loose = {.by = ISSUER_O, .to = ISSUER_S, .caps = {{"SP/sql/app", READ, NULL}}};
    struct issuer_plan plan = {.by = ISSUER_S, .to = ISSUER_B, .caps = {{DB, READ, NULL}}};
    plan.proofs[0] = issuer_stored(issuer, strict);
    assert_refused(issuer, DEPUTY_USE_DELEGATE, issuer_delegation(issuer, plan),
            "child-caveats-not-subset-of-parent: containment-caveat-required");
    plan.proofs[1] = issuer_stored(issuer, loose);
    struct deputy_decision yes =
            assert_admitted(issuer, DEPUTY_USE_DELEGATE, issuer_delegation(issuer, plan));
    assert_ptr_equal(yes.grants[0].by, plan.proofs[1]);
}

static void reason_is_that_of_the_last_candidate(void **state)
{
    struct issuer *issuer = *state;
    struct issuer_plan first = {.by = ISSUER_O, .to = ISSUER_S, .caps = {{DB, READ, SQL(STATEMENT)}}};
    struct issuer_plan second = {.by = ISSUER_O, .to = ISSUER_S, .caps = {{DB, READ, "[{\"x\":1}]"}}};
    struct issuer_plan plan = {.by = ISSUER_S,
            .to = ISSUER_B,
            .caps = {{DB, READ, NULL}},
            .proofs = {issuer_stored(issuer, first), issuer_stored(issuer, second)}};
    assert_refused(issuer, DEPUTY_USE_DELEGATE, issuer_delegation(issuer, plan),
            "child-caveats-not-subset-of-parent: child-caveats-not-subset-of-parent");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ISSUER_TEST(D22_path_below_a_slash_is_inside),
            ISSUER_TEST(D23_path_without_slash_is_refused),
            ISSUER_TEST(D24_segment_covers_itself_and_what_is_below),
            ISSUER_TEST(D25_segment_is_no_prefix_of_another),
            ISSUER_TEST(D26_absent_path_covers_the_service),
            ISSUER_TEST(D27_empty_path_covers_no_name),
            ISSUER_TEST(D28_child_cannot_widen_to_the_service),
            ISSUER_TEST(D29_other_space_chain_or_owner_is_refused),
            ISSUER_TEST(D30_other_service_is_refused),
            ISSUER_TEST(D31_fragment_must_stay),
            ISSUER_TEST(D32_query_of_the_parent_must_stay),
            ISSUER_TEST(D33_path_that_is_not_normal_is_refused_verbatim),
            ISSUER_TEST(D46_other_uris_are_refused),
            ISSUER_TEST(D71_address_in_lower_case_is_the_same_owner),
            ISSUER_TEST(D45_order_is_of_the_text_as_written),
            ISSUER_TEST(D36_ability_that_is_not_held_is_refused),
            ISSUER_TEST(D37_alias_and_canonical_name_are_the_same),
            ISSUER_TEST(D38_sql_admin_implies_schema),
            ISSUER_TEST(D39_sql_admin_implies_neither_read_nor_write),
            ISSUER_TEST(D40_sql_star_implies_an_alias),
            ISSUER_TEST(D41_sql_star_implies_nothing_unregistered),
            ISSUER_TEST(D42_kv_star_is_no_wildcard),
            ISSUER_TEST(D43_read_does_not_imply_star),
            ISSUER_TEST(D44_abilities_are_case_sensitive),
            ISSUER_TEST(D47_to_D51_sql_caveats_are_asked),
            ISSUER_TEST(D52_to_D55_other_caveats_are_asked),
            ISSUER_TEST(pins_that_cannot_be_bound_are_not_stored),
            ISSUER_TEST(one_candidate_that_contains_is_enough),
            ISSUER_TEST(reason_is_that_of_the_last_candidate),
    };
    return cmocka_run_group_tests_name("grant.chain_contain", tests, NULL, NULL);
}
