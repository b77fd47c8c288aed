/* Who learns how a delegation stands: spec/02 section 8 and the S rows of its section 15. */
#include "support/issuer.h"

#define STATUS "tinycloud.delegation/status"

static struct issuer_plan asks(struct issuer *issuer, enum issuer_who by, const struct deputy_token *target)
{
    return (struct issuer_plan){
            .by = by, .caps = {{issuer_text(issuer, "urn:cid:{cid}", target), STATUS, NULL}}};
}

static enum deputy_error answered(struct issuer *issuer, struct issuer_plan plan,
        const struct deputy_token *named, const struct deputy_token *stored)
{
    const struct deputy_token *question = issuer_invocation(issuer, plan);
    struct deputy_closure closure = issuer_closure(issuer, question, DEPUTY_CHAIN_MAX);
    return deputy_status_admit((struct deputy_verified_token){question},
            T(issuer_text(issuer, "{cid}", named)), stored, &closure, &issuer->rules, issuer->now);
}

static enum deputy_error asked_by(
        struct issuer *issuer, enum issuer_who by, const struct deputy_token *target)
{
    return answered(issuer, asks(issuer, by, target), target, target);
}

static void S01_delegator_delegatee_and_owner_learn_the_status(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *q = issuer_q(issuer, issuer_p(issuer));
    assert_ok(asked_by(issuer, ISSUER_S, q));
    assert_ok(asked_by(issuer, ISSUER_B, q));
    assert_ok(asked_by(issuer, ISSUER_O, q));
}

static void S01_session_asks_with_a_control_proof(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *p = issuer_p(issuer);
    struct issuer_plan control = {.by = ISSUER_O, .to = ISSUER_X, .caps = {{"SP/delegation/", STATUS, NULL}}};
    struct issuer_plan plan = asks(issuer, ISSUER_X, p);
    plan.proofs[0] = issuer_stored(issuer, control);
    assert_ok(answered(issuer, plan, p, p));
    control.caps[0].ability = "tinycloud.delegation/revoke";
    plan.proofs[0] = issuer_stored(issuer, control);
    assert_int_equal(answered(issuer, plan, p, p), DEPUTY_E_STATUS_NOT_FOUND);
}

static void S02_stranger_and_unknown_are_told_apart_by_nothing(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *p = issuer_p(issuer);
    assert_int_equal(asked_by(issuer, ISSUER_X, p), DEPUTY_E_STATUS_NOT_FOUND);
    assert_int_equal(answered(issuer, asks(issuer, ISSUER_O, p), p, NULL), DEPUTY_E_STATUS_NOT_FOUND);
    assert_int_equal(deputy_error_info(DEPUTY_E_STATUS_NOT_FOUND)->status, 404);
}

static void S03_question_must_be_bound_to_the_cid(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *p = issuer_p(issuer), *q = issuer_q(issuer, p);
    struct issuer_plan two = asks(issuer, ISSUER_O, p);
    two.caps[1] = asks(issuer, ISSUER_O, q).caps[0];
    assert_int_equal(answered(issuer, asks(issuer, ISSUER_O, q), p, p), DEPUTY_E_STATUS_UNBOUND);
    assert_int_equal(answered(issuer, two, p, p), DEPUTY_E_STATUS_UNBOUND);
    assert_int_equal(answered(issuer, (struct issuer_plan){.by = ISSUER_O}, p, p), DEPUTY_E_STATUS_UNBOUND);
}

static void S03_ability_must_be_exact(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *p = issuer_p(issuer);
    const char *const others[] = {"tinycloud.delegation/revoke", "tinycloud.delegation/*"};
    struct issuer_plan plan = asks(issuer, ISSUER_O, p);
    for (size_t i = 0; i < 2; i++) {
        plan.caps[0].ability = others[i];
        assert_int_equal(answered(issuer, plan, p, p), DEPUTY_E_STATUS_UNBOUND);
    }
    plan = asks(issuer, ISSUER_O, p);
    plan.caps[0].caveats = "[{\"x\":1}]";
    assert_int_equal(answered(issuer, plan, p, p), DEPUTY_E_STATUS_UNBOUND);
}

static void question_out_of_time_is_refused(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *p = issuer_p(issuer);
    struct issuer_plan plan = asks(issuer, ISSUER_O, p);
    plan.expiry = (double)ISSUER_NOW;
    assert_int_equal(answered(issuer, plan, p, p), DEPUTY_E_STATUS_INVALID);
    plan.expiry = (double)ISSUER_NOW + 301;
    assert_int_equal(answered(issuer, plan, p, p), DEPUTY_E_STATUS_INVALID);
}

static enum deputy_error asked_text(struct issuer *issuer, const char *cid, const struct deputy_token *stored)
{
    char resource[200] = "urn:cid:";
    strcat(resource, cid);
    struct issuer_plan plan = {.by = ISSUER_O, .caps = {{resource, STATUS, NULL}}};
    const struct deputy_token *question = issuer_invocation(issuer, plan);
    struct deputy_closure closure = {0};
    return deputy_status_admit(
            (struct deputy_verified_token){question}, T(cid), stored, &closure, &issuer->rules, issuer->now);
}

static void text_that_is_no_cid_is_refused(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *p = issuer_p(issuer);
    assert_int_equal(asked_text(issuer, "nonsense", p), DEPUTY_E_STATUS_CID);
    assert_int_equal(asked_text(issuer, "", p), DEPUTY_E_STATUS_CID);
    assert_int_equal(asked_text(issuer, "bafkreiglifjta4fae5ecx5jrmgrxrxhoz5luyu3o4v5b7aofqmfmzgfmay", p),
            DEPUTY_E_STATUS_NOT_FOUND);
    /* a stored delegation other than the one named */
    assert_int_equal(asked_text(issuer, "bafkr4iglifjta4fae5ecx5jrmgrxrxhoz5luyu3o4v5b7aofqmfmzgfmay", p),
            DEPUTY_E_STATUS_NOT_FOUND);
}

/* ---- how it stands ---- */

static enum deputy_standing standing(struct issuer *issuer, const struct deputy_token *token)
{
    struct deputy_closure closure = issuer_closure_of(issuer, token, DEPUTY_CHAIN_MAX);
    return deputy_delegation_standing(&closure, issuer->now);
}

static void delegation_in_time_is_active(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *q = issuer_q(issuer, issuer_p(issuer));
    assert_int_equal(standing(issuer, q), DEPUTY_STANDING_ACTIVE);
    issuer->now = (struct deputy_time){ISSUER_T1 - 1, 999999999};
    assert_int_equal(standing(issuer, q), DEPUTY_STANDING_ACTIVE);
}

static void delegation_is_expired_from_its_end_on(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *p = issuer_p(issuer);
    issuer->now = (struct deputy_time){ISSUER_T1, 0};
    assert_int_equal(standing(issuer, p), DEPUTY_STANDING_EXPIRED);
}

static void delegation_before_its_start_is_unavailable(void **state)
{
    struct issuer *issuer = *state;
    struct issuer_plan plan = {.by = ISSUER_O, .to = ISSUER_S, .not_before = (double)ISSUER_NOW + 10};
    assert_int_equal(standing(issuer, issuer_stored(issuer, plan)), DEPUTY_STANDING_UNAVAILABLE);
}

static void revocation_of_itself_or_an_ancestor_comes_first(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *p = issuer_p(issuer), *q = issuer_q(issuer, p);
    issuer_revoke(issuer, p);
    issuer->now = (struct deputy_time){ISSUER_T1, 0};
    assert_int_equal(standing(issuer, p), DEPUTY_STANDING_REVOKED);
    assert_int_equal(standing(issuer, q), DEPUTY_STANDING_REVOKED);
}

static void lineage_that_cannot_be_looked_at_is_unavailable(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *p = issuer_p(issuer), *q = issuer_q(issuer, p);
    struct deputy_closure closure = issuer_closure_of(issuer, q, 1);
    assert_true(closure.over_limit);
    assert_int_equal(deputy_delegation_standing(&closure, issuer->now), DEPUTY_STANDING_UNAVAILABLE);
    closure = (struct deputy_closure){0};
    assert_int_equal(deputy_delegation_standing(&closure, issuer->now), DEPUTY_STANDING_UNAVAILABLE);
    issuer_forget(issuer, p);
    assert_int_equal(standing(issuer, q), DEPUTY_STANDING_UNAVAILABLE);
    assert_int_equal(standing(issuer, p), DEPUTY_STANDING_UNAVAILABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ISSUER_TEST(S01_delegator_delegatee_and_owner_learn_the_status),
            ISSUER_TEST(S01_session_asks_with_a_control_proof),
            ISSUER_TEST(S02_stranger_and_unknown_are_told_apart_by_nothing),
            ISSUER_TEST(S03_question_must_be_bound_to_the_cid),
            ISSUER_TEST(S03_ability_must_be_exact),
            ISSUER_TEST(question_out_of_time_is_refused),
            ISSUER_TEST(text_that_is_no_cid_is_refused),
            ISSUER_TEST(delegation_in_time_is_active),
            ISSUER_TEST(delegation_is_expired_from_its_end_on),
            ISSUER_TEST(delegation_before_its_start_is_unavailable),
            ISSUER_TEST(revocation_of_itself_or_an_ancestor_comes_first),
            ISSUER_TEST(lineage_that_cannot_be_looked_at_is_unavailable),
    };
    return cmocka_run_group_tests_name("grant.status", tests, NULL, NULL);
}
