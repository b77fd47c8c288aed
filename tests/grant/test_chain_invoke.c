/* What may be done now: the rows of spec/02 section 15 about invocations. */
#include "support/issuer.h"
#include <stdio.h>

#define GET "tinycloud.kv/get"
#define PUT "tinycloud.kv/put"
#define INVOKE DEPUTY_USE_INVOKE

static struct issuer_plan reads(enum issuer_who by, const struct deputy_token *proof)
{
    return (struct issuer_plan){.by = by, .caps = {{"SP/kv/notes/a", GET, NULL}}, .proofs = {proof}};
}

/* P, and Q below it. */
struct pair {
    const struct deputy_token *p, *q;
};

static struct pair pair_make(struct issuer *issuer)
{
    struct pair pair;
    pair.p = issuer_p(issuer);
    pair.q = issuer_q(issuer, pair.p);
    return pair;
}

/* ---- who ---- */

static void I01_owner_needs_no_proof(void **state)
{
    struct deputy_decision yes =
            assert_admitted(*state, INVOKE, issuer_invocation(*state, reads(ISSUER_O, NULL)));
    assert_null(yes.grants[0].by);
    assert_int_equal(yes.ends.sec, ISSUER_NOW + 60);
}

static void I02_session_invokes_under_its_proof(void **state)
{
    const struct deputy_token *p = issuer_p(*state);
    struct deputy_decision yes =
            assert_admitted(*state, INVOKE, issuer_invocation(*state, reads(ISSUER_S, p)));
    assert_ptr_equal(yes.grants[0].by, p);
    assert_false(deputy_slice_present(yes.grants[0].caveats));
}

static void I03_delegate_of_a_delegate_invokes(void **state)
{
    struct pair pair = pair_make(*state);
    assert_admitted(*state, INVOKE, issuer_invocation(*state, reads(ISSUER_B, pair.q)));
}

static void I04_proof_of_another_is_refused(void **state)
{
    struct pair pair = pair_make(*state);
    assert_refused(
            *state, INVOKE, issuer_invocation(*state, reads(ISSUER_B, pair.p)), "Unauthorized Invoker");
}

static void I05_proof_of_another_beside_ones_own_is_refused(void **state)
{
    struct pair pair = pair_make(*state);
    struct issuer_plan plan = reads(ISSUER_B, pair.q);
    plan.proofs[1] = pair.p;
    assert_refused(*state, INVOKE, issuer_invocation(*state, plan), "Unauthorized Invoker");
}

static void I07_no_proof_and_not_the_owner_is_refused(void **state)
{
    assert_refused(*state, INVOKE, issuer_invocation(*state, reads(ISSUER_S, NULL)),
            "Cannot find parent delegation");
}

static void I08_unknown_or_repeated_proof_is_refused(void **state)
{
    struct issuer *issuer = *state;
    struct pair pair = pair_make(issuer);
    struct issuer_plan twice = reads(ISSUER_B, pair.q);
    twice.proofs[1] = pair.q;
    assert_refused(issuer, INVOKE, issuer_invocation(issuer, twice), "Cannot find parent delegation");
    /* before the question to whom they were given */
    struct issuer_plan other = reads(ISSUER_B, pair.p);
    other.proofs[1] = issuer_delegation(issuer, (struct issuer_plan){.by = ISSUER_O, .to = ISSUER_B});
    assert_refused(issuer, INVOKE, issuer_invocation(issuer, other), "Cannot find parent delegation");
}

/* H5: not made for another node. */
static void I32_audience_must_be_the_invoker_or_this_node(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *p = issuer_p(issuer);
    struct issuer_plan plan = reads(ISSUER_S, p);
    plan.audience = issuer_text(issuer, "{X}", NULL);
    assert_refused(issuer, INVOKE, issuer_invocation(issuer, plan), "Unauthorized Invoker");
    plan.by = ISSUER_O; /* not even the owner's */
    assert_refused(issuer, INVOKE, issuer_invocation(issuer, plan), "Unauthorized Invoker");
    plan.by = ISSUER_S;
    issuer->rules.node_did = T(plan.audience);
    assert_admitted(issuer, INVOKE, issuer_invocation(issuer, plan));
    issuer->rules.node_did = (struct deputy_slice){NULL, 0};
    assert_refused(issuer, INVOKE, issuer_invocation(issuer, plan), "Unauthorized Invoker");
}

static void I34_no_capability_is_admitted_and_grants_nothing(void **state)
{
    struct deputy_decision yes =
            assert_admitted(*state, INVOKE, issuer_invocation(*state, (struct issuer_plan){.by = ISSUER_X}));
    assert_int_equal(yes.grant_count, 0);
}

static void I41_unknown_or_repeated_proof_beside_a_root_is_refused(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *p = issuer_p(issuer);
    struct issuer_plan plan = reads(ISSUER_O, p);
    assert_admitted(issuer, INVOKE, issuer_invocation(issuer, plan));
    plan.proofs[1] = p; /* H16 */
    assert_refused(issuer, INVOKE, issuer_invocation(issuer, plan), "Cannot find parent delegation");
    plan.proofs[1] = issuer_delegation(issuer, (struct issuer_plan){.by = ISSUER_O, .to = ISSUER_S});
    assert_refused(issuer, INVOKE, issuer_invocation(issuer, plan), "Cannot find parent delegation");
}

/* ---- what ---- */

static void I06_ability_that_was_not_given_is_refused(void **state)
{
    struct pair pair = pair_make(*state);
    struct issuer_plan plan = reads(ISSUER_B, pair.q);
    plan.caps[0].ability = PUT;
    assert_refused(*state, INVOKE, issuer_invocation(*state, plan),
            "Unauthorized Action: SP/kv/notes/a / tinycloud.kv/put");
}

static void I21_first_unauthorized_capability_is_named(void **state)
{
    struct issuer_plan plan = reads(ISSUER_S, issuer_p(*state));
    plan.caps[1] = (struct issuer_cap){"SP/kv/other", GET, NULL};
    plan.caps[2] = (struct issuer_cap){"SP/kv/zoo", GET, NULL};
    assert_refused(*state, INVOKE, issuer_invocation(*state, plan),
            "Unauthorized Action: SP/kv/other / tinycloud.kv/get");
}

static void I38_dot_segments_are_refused_verbatim(void **state)
{
    struct issuer_plan plan = reads(ISSUER_S, issuer_p(*state));
    plan.caps[0].resource = "SP/kv/notes/../secret";
    assert_refused(*state, INVOKE, issuer_invocation(*state, plan),
            "Unauthorized Action: SP/kv/notes/../secret / tinycloud.kv/get");
    plan.by = ISSUER_O; /* such a resource has no owner */
    plan.proofs[0] = NULL;
    assert_refused(*state, INVOKE, issuer_invocation(*state, plan), "Cannot find parent delegation");
}

/* ---- when ---- */

#define NO_LONGER "Unauthorized Action: SP/kv/notes/a / tinycloud.kv/get"

static void at(struct issuer *issuer, int64_t sec, uint32_t nsec)
{
    issuer->now = (struct deputy_time){sec, nsec};
}

static void I12_proof_that_ends_now_is_refused(void **state)
{
    struct issuer *issuer = *state;
    struct pair pair = pair_make(issuer);
    struct issuer_plan plan = reads(ISSUER_B, pair.q);
    plan.expiry = (double)ISSUER_T1 + 60;
    plan.caps[1] = (struct issuer_cap){"SP/kv/notes/b", GET, NULL};
    const struct deputy_token *token = issuer_invocation(issuer, plan);
    at(issuer, ISSUER_T1 - 1, 999999999);
    assert_admitted(issuer, INVOKE, token);
    at(issuer, ISSUER_T1, 0);
    assert_refused(issuer, INVOKE, token, NO_LONGER);
}

static void expired_proof_beside_a_sufficient_one_is_refused(void **state)
{
    struct issuer *issuer = *state;
    struct issuer_plan brief = {.by = ISSUER_O, .to = ISSUER_S, .expiry = (double)ISSUER_NOW};
    struct issuer_plan plan = reads(ISSUER_S, issuer_p(issuer));
    plan.proofs[1] = issuer_stored(issuer, brief);
    assert_refused(issuer, INVOKE, issuer_invocation(issuer, plan), NO_LONGER);
}

/* The ancestor alone decides: the cited proof is in time. */
static void I13_ancestor_that_is_not_yet_valid_is_refused(void **state)
{
    struct issuer *issuer = *state;
    struct issuer_plan later = {.by = ISSUER_O,
            .to = ISSUER_S,
            .cacao = true,
            .caps = {{"SP/kv/notes/", GET, NULL}},
            .not_before = (double)ISSUER_NOW + 10};
    const struct deputy_token *q = issuer_q(issuer, issuer_stored(issuer, later));
    const struct deputy_token *token = issuer_invocation(issuer, reads(ISSUER_B, q));
    assert_refused(issuer, INVOKE, token, NO_LONGER);
    at(issuer, ISSUER_NOW + 10, 0);
    assert_admitted(issuer, INVOKE, token);
}

static void ancestor_that_has_ended_is_refused(void **state)
{
    struct issuer *issuer = *state;
    struct issuer_plan brief = {.by = ISSUER_O,
            .to = ISSUER_S,
            .cacao = true,
            .caps = {{"SP/kv/notes/", GET, NULL}},
            .expiry = (double)ISSUER_NOW + 10};
    const struct deputy_token *q = issuer_q(issuer, issuer_stored(issuer, brief));
    const struct deputy_token *token = issuer_invocation(issuer, reads(ISSUER_B, q));
    struct deputy_decision yes = assert_admitted(issuer, INVOKE, token);
    assert_int_equal(yes.ends.sec, ISSUER_NOW + 10);
    at(issuer, ISSUER_NOW + 10, 0);
    assert_refused(issuer, INVOKE, token, NO_LONGER);
}

static void I14_own_window_has_both_its_ends(void **state)
{
    struct issuer *issuer = *state;
    struct issuer_plan plan = reads(ISSUER_S, issuer_p(issuer));
    plan.not_before = (double)ISSUER_NOW;
    const struct deputy_token *token = issuer_invocation(issuer, plan);
    at(issuer, ISSUER_NOW, 0);
    assert_admitted(issuer, INVOKE, token);
    at(issuer, ISSUER_NOW + 60, 0);
    assert_admitted(issuer, INVOKE, token);
}

/* H23: no skew is added, at neither end. */
static void I15_expired_or_early_invocation_is_refused(void **state)
{
    struct issuer *issuer = *state;
    struct issuer_plan plan = reads(ISSUER_S, issuer_p(issuer));
    plan.not_before = (double)ISSUER_NOW;
    const struct deputy_token *token = issuer_invocation(issuer, plan);
    at(issuer, ISSUER_NOW + 60, 1);
    assert_refused(issuer, INVOKE, token, "Invocation expired or not yet valid");
    at(issuer, ISSUER_NOW - 1, 999999999);
    assert_refused(issuer, INVOKE, token, "Invocation expired or not yet valid");
}

static void I16_lifetime_is_capped_from_the_whole_second(void **state)
{
    struct issuer *issuer = *state;
    struct issuer_plan plan = reads(ISSUER_O, NULL);
    plan.expiry = (double)ISSUER_NOW + 300;
    assert_admitted(issuer, INVOKE, issuer_invocation(issuer, plan));
    plan.expiry = (double)ISSUER_NOW + 300.5;
    assert_refused(
            issuer, INVOKE, issuer_invocation(issuer, plan), "Invocation lifetime exceeds server maximum");
    plan.expiry = (double)ISSUER_NOW + 301;
    assert_refused(
            issuer, INVOKE, issuer_invocation(issuer, plan), "Invocation lifetime exceeds server maximum");
    issuer->rules.max_lifetime_s = INT64_C(3000000000);
    assert_admitted(issuer, INVOKE, issuer_invocation(issuer, plan));
}

static void time_can_be_asked_before_the_signature(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *token = issuer_invocation(issuer, reads(ISSUER_O, NULL));
    assert_ok(deputy_token_in_time(INVOKE, token, &issuer->rules, issuer->now));
    assert_int_equal(deputy_token_in_time(INVOKE, token, &issuer->rules, (struct deputy_time){0, 0}),
            DEPUTY_E_LIFETIME_EXCEEDED);
    at(issuer, ISSUER_NOW + 61, 0);
    assert_int_equal(
            deputy_token_in_time(INVOKE, token, &issuer->rules, issuer->now), DEPUTY_E_INVOCATION_TIME);
    assert_int_equal(deputy_token_in_time(DEPUTY_USE_DECRYPT, token, &issuer->rules, issuer->now),
            DEPUTY_E_INVOCATION_TIME);
    assert_int_equal(deputy_token_in_time(DEPUTY_USE_DELEGATE, token, &issuer->rules, issuer->now),
            DEPUTY_E_DELEGATION_TIME);
    assert_int_equal(
            deputy_token_in_time(DEPUTY_USE_REVOKE, token, NULL, issuer->now), DEPUTY_E_REVOCATION_TIME);
    assert_int_equal(deputy_token_in_time(DEPUTY_USE_STATUS, token, &issuer->rules, issuer->now),
            DEPUTY_E_STATUS_INVALID);
    assert_int_equal(
            deputy_token_in_time(DEPUTY_USE_STATUS, token, &issuer->rules, (struct deputy_time){0, 0}),
            DEPUTY_E_STATUS_INVALID);
}

/* ---- revocation, modes, length ---- */

static void I09_revoked_proof_is_refused(void **state)
{
    struct issuer *issuer = *state;
    struct pair pair = pair_make(issuer);
    issuer_revoke(issuer, pair.q);
    assert_refused(issuer, INVOKE, issuer_invocation(issuer, reads(ISSUER_B, pair.q)),
            issuer_text(issuer, "delegation-revoked: {cid}", pair.q));
}

static void I10_revoked_ancestor_is_refused(void **state)
{
    struct issuer *issuer = *state;
    struct pair pair = pair_make(issuer);
    char expected[300];
    issuer_revoke(issuer, pair.p);
    const char *ancestor = issuer_text(issuer, "delegation-ancestor-revoked: ancestor={cid}", pair.p);
    snprintf(expected, sizeof expected, "%s%s", ancestor, issuer_text(issuer, " invoked={cid}", pair.q));
    assert_refused(issuer, INVOKE, issuer_invocation(issuer, reads(ISSUER_B, pair.q)), expected);
}

static void I11_unrelated_revocation_changes_nothing(void **state)
{
    struct issuer *issuer = *state;
    struct pair pair = pair_make(issuer);
    issuer_revoke(issuer, issuer_p(issuer));
    assert_admitted(issuer, INVOKE, issuer_invocation(issuer, reads(ISSUER_B, pair.q)));
}

static void revoked_proof_beside_a_sufficient_one_is_refused(void **state)
{
    struct issuer *issuer = *state;
    struct issuer_plan plan = reads(ISSUER_S, issuer_p(issuer));
    plan.proofs[1] = issuer_p(issuer);
    issuer_revoke(issuer, plan.proofs[1]);
    assert_refused(issuer, INVOKE, issuer_invocation(issuer, plan),
            issuer_text(issuer, "delegation-revoked: {cid}", plan.proofs[1]));
}

static void I40_revocation_is_seen_by_the_next_decision(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *p = issuer_p(issuer);
    const struct deputy_token *token = issuer_invocation(issuer, reads(ISSUER_S, p));
    assert_admitted(issuer, INVOKE, token);
    issuer_revoke(issuer, p);
    assert_refused(issuer, INVOKE, token, issuer_text(issuer, "delegation-revoked: {cid}", p));
}

static void missing_ancestor_is_refused(void **state)
{
    struct issuer *issuer = *state;
    struct pair pair = pair_make(issuer);
    issuer_forget(issuer, pair.p);
    assert_refused(issuer, INVOKE, issuer_invocation(issuer, reads(ISSUER_B, pair.q)),
            "Cannot find parent delegation");
}

static void I22_terminal_proof_may_be_invoked(void **state)
{
    struct issuer *issuer = *state;
    struct issuer_plan plan = {.by = ISSUER_O,
            .to = ISSUER_S,
            .caps = {{"SP/kv/notes/", GET, NULL}},
            .facts = "[{\"xyz.tinycloud.policy/delegationMode\":\"terminal\"}]"};
    const struct deputy_token *terminal = issuer_stored(issuer, plan);
    assert_true(terminal->terminal);
    assert_admitted(issuer, INVOKE, issuer_invocation(issuer, reads(ISSUER_S, terminal)));
}

/* A chain of `length` delegations from O through S, stored without being asked. */
static const struct deputy_token *stored_chain(struct issuer *issuer, int length)
{
    const struct deputy_token *last = issuer_p(issuer);
    struct issuer_plan plan = {.by = ISSUER_S, .to = ISSUER_S, .caps = {{"SP/kv/notes/", GET, NULL}}};
    for (int i = 1; i < length; i++) {
        plan.proofs[0] = last;
        last = issuer_stored(issuer, plan);
    }
    return last;
}

static void I39_closure_of_more_than_64_is_refused(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *last = stored_chain(issuer, 64);
    assert_admitted(issuer, INVOKE, issuer_invocation(issuer, reads(ISSUER_S, last)));
    struct issuer_plan plan = {
            .by = ISSUER_S, .to = ISSUER_S, .caps = {{"SP/kv/notes/", GET, NULL}}, .proofs = {last}};
    const struct deputy_token *token =
            issuer_invocation(issuer, reads(ISSUER_S, issuer_stored(issuer, plan)));
    assert_refused(issuer, INVOKE, token, "delegation-chain-traversal-limit-exceeded");
    /* even when somebody hands over all of it */
    struct deputy_closure closure = issuer_closure(issuer, token, 100);
    struct deputy_decision decision;
    assert_int_equal(closure.count, 65);
    assert_ok(deputy_chain_admit(issuer->arena, &decision, INVOKE, (struct deputy_verified_token){token},
            &closure, &issuer->rules, issuer->now));
    assert_int_equal(decision.refusal.code, DEPUTY_E_CHAIN_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ISSUER_TEST(I01_owner_needs_no_proof),
            ISSUER_TEST(I02_session_invokes_under_its_proof),
            ISSUER_TEST(I03_delegate_of_a_delegate_invokes),
            ISSUER_TEST(I04_proof_of_another_is_refused),
            ISSUER_TEST(I05_proof_of_another_beside_ones_own_is_refused),
            ISSUER_TEST(I07_no_proof_and_not_the_owner_is_refused),
            ISSUER_TEST(I08_unknown_or_repeated_proof_is_refused),
            ISSUER_TEST(I32_audience_must_be_the_invoker_or_this_node),
            ISSUER_TEST(I34_no_capability_is_admitted_and_grants_nothing),
            ISSUER_TEST(I41_unknown_or_repeated_proof_beside_a_root_is_refused),
            ISSUER_TEST(I06_ability_that_was_not_given_is_refused),
            ISSUER_TEST(I21_first_unauthorized_capability_is_named),
            ISSUER_TEST(I38_dot_segments_are_refused_verbatim),
            ISSUER_TEST(I12_proof_that_ends_now_is_refused),
            ISSUER_TEST(expired_proof_beside_a_sufficient_one_is_refused),
            ISSUER_TEST(I13_ancestor_that_is_not_yet_valid_is_refused),
            ISSUER_TEST(ancestor_that_has_ended_is_refused),
            ISSUER_TEST(I14_own_window_has_both_its_ends),
            ISSUER_TEST(I15_expired_or_early_invocation_is_refused),
            ISSUER_TEST(I16_lifetime_is_capped_from_the_whole_second),
            ISSUER_TEST(time_can_be_asked_before_the_signature),
            ISSUER_TEST(I09_revoked_proof_is_refused),
            ISSUER_TEST(I10_revoked_ancestor_is_refused),
            ISSUER_TEST(I11_unrelated_revocation_changes_nothing),
            ISSUER_TEST(revoked_proof_beside_a_sufficient_one_is_refused),
            ISSUER_TEST(I40_revocation_is_seen_by_the_next_decision),
            ISSUER_TEST(missing_ancestor_is_refused),
            ISSUER_TEST(I22_terminal_proof_may_be_invoked),
            ISSUER_TEST(I39_closure_of_more_than_64_is_refused),
    };
    return cmocka_run_group_tests_name("grant.chain_invoke", tests, NULL, NULL);
}
