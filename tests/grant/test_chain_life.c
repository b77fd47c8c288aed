/* When a delegation may be made, and when no more: the rows of spec/02 section 15 about time, revocation,
 * modes and the length of chains. */
#include "support/issuer.h"
#include <stdio.h>

#define GET "tinycloud.kv/get"
#define NOTES                                                                                                \
    {                                                                                                        \
        "SP/kv/notes/", GET, NULL                                                                            \
    }
#define DELEGATE DEPUTY_USE_DELEGATE
#define T1 ((double)ISSUER_T1)

/* ---- time ---- */

static void check_windows(
        void **state, struct issuer_plan parent, double expiry, double not_before, const char *expected)
{
    struct issuer *issuer = *state;
    struct issuer_plan plan = issuer_child_plan(issuer_stored(issuer, parent));
    plan.expiry = expiry;
    plan.not_before = not_before;
    if (expected == NULL)
        assert_admitted(issuer, DELEGATE, issuer_delegation(issuer, plan));
    else
        assert_refused(issuer, DELEGATE, issuer_delegation(issuer, plan), expected);
}

#define EXPIRY "Child delegation expiry exceeds parent expiry"
#define NOT_BEFORE "Child delegation not_before precedes parent not_before"
#define TIME "Delegation expired or not yet valid"

static void D04_child_that_ends_after_its_parent_is_refused(void **state)
{
    check_windows(state, issuer_root_plan(), T1 + 0.001, 0, EXPIRY);
    check_windows(state, issuer_root_plan(), T1, 0, NULL);
}

static void D05_parent_without_end_bounds_nothing(void **state)
{
    struct issuer_plan parent = issuer_root_plan();
    parent.expiry = ISSUER_NONE;
    check_windows(state, parent, 4102444800, 0, NULL);
}

static void D06_child_without_end_under_a_parent_that_ends_is_refused(void **state)
{
    struct issuer *issuer = *state; /* O holds something of K's: a wallet with a proof */
    struct issuer_plan parent = {.by = ISSUER_K, .to = ISSUER_O, .caps = {{"tinycloud:{k}:x/kv", GET, NULL}}};
    struct issuer_plan plan = {.by = ISSUER_O,
            .to = ISSUER_S,
            .cacao = true,
            .caps = {{"tinycloud:{k}:x/kv", GET, NULL}},
            .proofs = {issuer_stored(issuer, parent)},
            .expiry = ISSUER_NONE};
    assert_refused(issuer, DELEGATE, issuer_delegation(issuer, plan), EXPIRY);
    plan.expiry = T1;
    assert_admitted(issuer, DELEGATE, issuer_delegation(issuer, plan));
}

static void D07_child_may_start_with_its_parent(void **state)
{
    struct issuer_plan parent = issuer_root_plan();
    parent.not_before = (double)ISSUER_NOW - 10;
    check_windows(state, parent, T1, (double)ISSUER_NOW - 10, NULL);
}

static void D08_child_that_starts_before_its_parent_is_refused(void **state)
{
    struct issuer_plan parent = issuer_root_plan();
    parent.not_before = (double)ISSUER_NOW - 10;
    check_windows(state, parent, T1, (double)ISSUER_NOW - 11, NOT_BEFORE);
    check_windows(state, parent, T1, 0, NOT_BEFORE);
}

static void D09_of_two_violated_bounds_the_end_is_named(void **state)
{
    struct issuer_plan parent = issuer_root_plan();
    parent.not_before = (double)ISSUER_NOW - 10;
    check_windows(state, parent, T1 + 1, 0, EXPIRY);
}

static void D10_expired_delegation_is_refused(void **state)
{
    check_windows(state, issuer_root_plan(), (double)ISSUER_NOW, 0, TIME);
}

static void D11_delegation_that_ends_now_is_admitted(void **state)
{
    check_windows(state, issuer_root_plan(), (double)ISSUER_NOW + 0.5, 0, NULL);
}

static void D12_delegation_that_is_not_yet_valid_is_refused(void **state)
{
    check_windows(state, issuer_root_plan(), T1, (double)ISSUER_NOW + 1, TIME);
}

static void D13_child_of_an_expired_parent_is_refused(void **state)
{
    struct issuer_plan parent = issuer_root_plan();
    parent.expiry = (double)ISSUER_NOW - 10;
    check_windows(state, parent, T1, 0, EXPIRY);
}

/* ---- revocation, modes, length ---- */

static void D58_child_of_a_revoked_parent_is_refused(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *p = issuer_p(issuer);
    issuer_revoke(issuer, p);
    assert_refused(issuer, DELEGATE, issuer_delegation(issuer, issuer_child_plan(p)),
            issuer_text(issuer, "delegation-parent-revoked: {cid}", p));
}

static void D59_descendant_of_a_revoked_delegation_is_refused(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *p = issuer_p(issuer), *q = issuer_q(issuer, p);
    struct issuer_plan plan = {.by = ISSUER_B, .to = ISSUER_X, .caps = {NOTES}, .proofs = {q}};
    const struct deputy_token *child = issuer_delegation(issuer, plan);
    assert_admitted(issuer, DELEGATE, child);
    issuer_revoke(issuer, p);
    const char *head = issuer_text(issuer, "delegation-ancestor-revoked: ancestor={cid}", p);
    char expected[300];
    snprintf(expected, sizeof expected, "%s%s", head, issuer_text(issuer, " parent={cid}", q));
    assert_refused(issuer, DELEGATE, child, expected);
}

static void revoked_proof_beside_a_sufficient_one_is_refused(void **state)
{
    struct issuer *issuer = *state;
    struct issuer_plan plan = issuer_child_plan(issuer_p(issuer));
    const struct deputy_token *second = issuer_stored(issuer, issuer_root_plan());
    plan.proofs[1] = second;
    issuer_revoke(issuer, second);
    assert_refused(issuer, DELEGATE, issuer_delegation(issuer, plan),
            issuer_text(issuer, "delegation-parent-revoked: {cid}", second));
}

static const struct deputy_token *with_facts(struct issuer *issuer, const char *facts)
{
    struct issuer_plan plan = issuer_root_plan();
    plan.cacao = false;
    plan.facts = facts;
    return issuer_stored(issuer, plan);
}

static void D60_terminal_parent_cannot_redelegate(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *terminal =
            with_facts(issuer, "[{},{\"xyz.tinycloud.policy/delegationMode\":\"terminal\"}]");
    assert_refused(issuer, DELEGATE, issuer_delegation(issuer, issuer_child_plan(terminal)),
            "terminal-parent-cannot-redelegate");
    struct issuer_plan plan = issuer_child_plan(issuer_p(issuer));
    plan.proofs[1] = terminal; /* beside a sufficient one too */
    assert_refused(issuer, DELEGATE, issuer_delegation(issuer, plan), "terminal-parent-cannot-redelegate");
}

static void D61_other_delegation_modes_are_attenuable(void **state)
{
    struct issuer *issuer = *state;
    const char *const facts[] = {"[{\"xyz.tinycloud.policy/delegationMode\":\"Terminal\"}]",
            "[{\"xyz.tinycloud.policy/delegationMode\":true}]", "[]"};
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        assert_admitted(
                issuer, DELEGATE, issuer_delegation(issuer, issuer_child_plan(with_facts(issuer, facts[i]))));
    assert_admitted(issuer, DELEGATE, issuer_delegation(issuer, issuer_child_plan(issuer_p(issuer))));
}

static void D62_sixty_fourth_delegation_of_a_chain_is_refused(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *last = issuer_p(issuer);
    struct issuer_plan plan = {.by = ISSUER_S, .to = ISSUER_S, .caps = {NOTES}};
    for (int length = 2; length <= 63; length++) {
        plan.proofs[0] = last;
        last = issuer_delegation(issuer, plan);
        assert_admitted(issuer, DELEGATE, last);
        issuer_store(issuer, last);
    }
    plan.proofs[0] = last;
    assert_refused(
            issuer, DELEGATE, issuer_delegation(issuer, plan), "delegation-chain-traversal-limit-exceeded");
}

static void D83_policy_tokens_are_refused_at_the_door(void **state)
{
    struct issuer *issuer = *state;
    struct issuer_plan plan = issuer_root_plan();
    plan.cacao = false;
    plan.facts = "[{\"profile\":\"policy-session-ucan/v1\"}]";
    assert_refused(issuer, DELEGATE, issuer_delegation(issuer, plan), "policy-session-parent-count-invalid");
}

static void H17_parent_with_a_policy_role_cannot_redelegate(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *root = with_facts(issuer, "[{\"role\":\"policy-enforcement\"}]");
    assert_refused(issuer, DELEGATE, issuer_delegation(issuer, issuer_child_plan(root)),
            "policy-root-requires-conjunctive-session");
    /* and a role gives no authority to begin with */
    struct issuer_plan plan = {
            .by = ISSUER_X, .to = ISSUER_X, .caps = {NOTES}, .facts = "[{\"role\":\"policy-authority\"}]"};
    assert_refused(issuer, DELEGATE, issuer_delegation(issuer, plan), "Cannot find parent delegation");
}

/* H10: what anyone may store grants nothing that is not theirs. */
static void H10_self_delegation_gives_nothing_of_another(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *empty =
            issuer_stored(issuer, (struct issuer_plan){.by = ISSUER_X, .to = ISSUER_X});
    assert_admitted(issuer, DELEGATE,
            issuer_delegation(
                    issuer, (struct issuer_plan){.by = ISSUER_X, .to = ISSUER_X, .proofs = {empty}}));
    struct issuer_plan plan = {.by = ISSUER_X, .to = ISSUER_X, .caps = {NOTES}, .proofs = {empty}};
    assert_refused(issuer, DELEGATE, issuer_delegation(issuer, plan),
            "Unauthorized Capability: SP/kv/notes/, tinycloud.kv/get");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ISSUER_TEST(D04_child_that_ends_after_its_parent_is_refused),
            ISSUER_TEST(D05_parent_without_end_bounds_nothing),
            ISSUER_TEST(D06_child_without_end_under_a_parent_that_ends_is_refused),
            ISSUER_TEST(D07_child_may_start_with_its_parent),
            ISSUER_TEST(D08_child_that_starts_before_its_parent_is_refused),
            ISSUER_TEST(D09_of_two_violated_bounds_the_end_is_named),
            ISSUER_TEST(D10_expired_delegation_is_refused),
            ISSUER_TEST(D11_delegation_that_ends_now_is_admitted),
            ISSUER_TEST(D12_delegation_that_is_not_yet_valid_is_refused),
            ISSUER_TEST(D13_child_of_an_expired_parent_is_refused),
            ISSUER_TEST(D58_child_of_a_revoked_parent_is_refused),
            ISSUER_TEST(D59_descendant_of_a_revoked_delegation_is_refused),
            ISSUER_TEST(revoked_proof_beside_a_sufficient_one_is_refused),
            ISSUER_TEST(D60_terminal_parent_cannot_redelegate),
            ISSUER_TEST(D61_other_delegation_modes_are_attenuable),
            ISSUER_TEST(D62_sixty_fourth_delegation_of_a_chain_is_refused),
            ISSUER_TEST(D83_policy_tokens_are_refused_at_the_door),
            ISSUER_TEST(H17_parent_with_a_policy_role_cannot_redelegate),
            ISSUER_TEST(H10_self_delegation_gives_nothing_of_another),
    };
    return cmocka_run_group_tests_name("grant.chain_life", tests, NULL, NULL);
}
