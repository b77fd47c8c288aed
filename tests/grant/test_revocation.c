/* Who may revoke what: spec/02 section 7 and the R rows of its section 15. */
#include "support/issuer.h"
#include <stdio.h>

#define GET "tinycloud.kv/get"
#define REVOKE "tinycloud.delegation/revoke"

/* P and Q, and nobody's control proofs yet. */
struct scene {
    struct issuer *issuer;
    const struct deputy_token *p, *q;
};

static struct scene scene_make(void **state)
{
    struct scene scene = {.issuer = *state};
    scene.p = issuer_p(scene.issuer);
    scene.q = issuer_q(scene.issuer, scene.p);
    return scene;
}

static enum deputy_error judged(
        struct issuer *issuer, const struct deputy_token *revocation, const struct deputy_token *target)
{
    struct deputy_closure closure = issuer_closure(issuer, revocation, DEPUTY_CHAIN_MAX_REVOKE);
    return deputy_revocation_admit((struct deputy_verified_token){revocation}, target, &closure, issuer->now);
}

/* A UCAN in the form of the SDK: one capability on urn:cid:<target>. */
static struct issuer_plan revokes(struct scene *scene, enum issuer_who by, const struct deputy_token *target,
        const struct deputy_token *proof)
{
    return (struct issuer_plan){.by = by,
            .caps = {{issuer_text(scene->issuer, "urn:cid:{cid}", target), REVOKE, NULL}},
            .proofs = {proof}};
}

static void check_plan(struct scene *scene, struct issuer_plan plan, const struct deputy_token *target,
        enum deputy_error expected)
{
    assert_int_equal(judged(scene->issuer, issuer_revocation(scene->issuer, plan), target), expected);
}

static void check(struct scene *scene, enum issuer_who by, const struct deputy_token *target,
        const struct deputy_token *proof, enum deputy_error expected)
{
    check_plan(scene, revokes(scene, by, target, proof), target, expected);
}

#define DENIED DEPUTY_E_UNAUTHORIZED_REVOKER

/* ---- without a proof ---- */

static void R01_wallet_revokes_by_siwe(void **state)
{
    struct scene scene = scene_make(state);
    struct issuer_plan plan = {
            .by = ISSUER_O, .cacao = true, .audience = issuer_text(scene.issuer, "ucan:{cid}", scene.p)};
    const struct deputy_token *revocation = issuer_revocation(scene.issuer, plan);
    struct deputy_cid target;
    assert_ok(deputy_revocation_target(&target, revocation));
    assert_true(deputy_cid_equal(&target, &scene.p->cid));
    assert_ok(judged(scene.issuer, revocation, scene.p));
    /* not for another delegation than the one it names */
    assert_int_equal(judged(scene.issuer, revocation, scene.q), DEPUTY_E_MISSING_PARENTS);
}

static void R01_cid_may_be_spelled_in_base58(void **state)
{
    struct scene scene = scene_make(state);
    struct deputy_slice text;
    char audience[120];
    assert_ok(deputy_cid_format(scene.issuer->arena, &text, &scene.p->cid, DEPUTY_CID_BASE58));
    snprintf(audience, sizeof audience, "ucan:%.*s", (int)text.len, (const char *)text.ptr);
    struct issuer_plan plan = {.by = ISSUER_O, .cacao = true, .audience = audience};
    check_plan(&scene, plan, scene.p, DEPUTY_OK);
}

static void R02_delegator_revokes(void **state)
{
    struct scene scene = scene_make(state);
    check(&scene, ISSUER_S, scene.q, NULL, DEPUTY_OK);
}

static void R03_delegatee_gives_up(void **state)
{
    struct scene scene = scene_make(state);
    check(&scene, ISSUER_B, scene.q, NULL, DEPUTY_OK);
}

static void R04_space_owner_revokes_what_it_did_not_sign(void **state)
{
    struct scene scene = scene_make(state);
    check(&scene, ISSUER_O, scene.q, NULL, DEPUTY_OK);
}

static void R05_stranger_is_refused(void **state)
{
    struct scene scene = scene_make(state);
    check(&scene, ISSUER_X, scene.q, NULL, DENIED);
    check(&scene, ISSUER_B, scene.p, NULL, DENIED); /* nor does a delegatee further down revoke its parent */
}

static void owner_of_any_space_named_may_revoke(void **state)
{
    struct scene scene = scene_make(state);
    struct issuer_plan plan = {.by = ISSUER_S,
            .to = ISSUER_B,
            .caps = {{"SP/kv/notes/", GET, NULL}, {"tinycloud:{k}:x/kv", GET, NULL}}};
    const struct deputy_token *both = issuer_stored(scene.issuer, plan);
    check(&scene, ISSUER_K, both, NULL, DEPUTY_OK);
    check(&scene, ISSUER_O, both, NULL, DEPUTY_OK);
    check(&scene, ISSUER_K, scene.q, NULL, DENIED);
}

/* ---- with a control proof ---- */

static struct issuer_plan control_plan(enum issuer_who by, enum issuer_who to, const char *resource)
{
    return (struct issuer_plan){.by = by, .to = to, .caps = {{resource, REVOKE, NULL}}};
}

static const struct deputy_token *control(
        struct scene *scene, enum issuer_who by, enum issuer_who to, const char *resource)
{
    return issuer_stored(scene->issuer, control_plan(by, to, resource));
}

static void R06_proof_without_the_ability_is_refused_without_fallback(void **state)
{
    struct scene scene = scene_make(state);
    check(&scene, ISSUER_S, scene.q, scene.p, DENIED);
}

static void R07_session_with_the_owners_control_proof_revokes(void **state)
{
    struct scene scene = scene_make(state);
    const char *const forms[] = {"SP/delegation/", "SP/delegation"};
    for (size_t i = 0; i < 2; i++) {
        const struct deputy_token *proof = control(&scene, ISSUER_O, ISSUER_X, forms[i]);
        check(&scene, ISSUER_X, scene.p, proof, DEPUTY_OK);
        check(&scene, ISSUER_X, scene.q, proof, DEPUTY_OK);
    }
}

static void R07_control_proof_may_name_its_one_target(void **state)
{
    struct scene scene = scene_make(state);
    /* S gave Q, so S may let X revoke Q, and Q alone; such a proof is no grant, it has no root */
    const struct deputy_token *proof =
            control(&scene, ISSUER_S, ISSUER_X, issuer_text(scene.issuer, "urn:cid:{cid}", scene.q));
    const struct deputy_token *other = issuer_q(scene.issuer, scene.p);
    check(&scene, ISSUER_X, scene.q, proof, DEPUTY_OK);
    check(&scene, ISSUER_X, other, proof, DENIED);
}

static void R08_control_resource_must_be_exact(void **state)
{
    struct scene scene = scene_make(state);
    const char *const others[] = {"SP/delegation/x", "SP/delegation?q", "SP/delegation#f", "SP/kv",
            "SP/delegations", "tinycloud:{x}:default/delegation/"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        check(&scene, ISSUER_X, scene.q, control(&scene, ISSUER_O, ISSUER_X, others[i]), DENIED);
}

static void R08_control_ability_must_be_exact(void **state)
{
    struct scene scene = scene_make(state);
    const char *const others[] = {"tinycloud.delegation/*", "tinycloud.delegation/status",
            "tinycloud.delegation/Revoke", "tinycloud.delegation/revoked"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct issuer_plan plan = control_plan(ISSUER_O, ISSUER_X, "SP/delegation/");
        plan.caps[0].ability = others[i];
        check(&scene, ISSUER_X, scene.q, issuer_stored(scene.issuer, plan), DENIED);
    }
}

static void control_proof_under_a_caveat_is_refused(void **state)
{
    struct scene scene = scene_make(state);
    struct issuer_plan plan = control_plan(ISSUER_O, ISSUER_X, "SP/delegation/");
    plan.caps[0].caveats = "[{\"x\":1}]";
    check(&scene, ISSUER_X, scene.q, issuer_stored(scene.issuer, plan), DENIED);
}

static void R09_control_proof_out_of_its_window_is_refused(void **state)
{
    struct scene scene = scene_make(state);
    struct issuer_plan plan = control_plan(ISSUER_O, ISSUER_X, "SP/delegation/");
    plan.expiry = (double)ISSUER_NOW + 10;
    const struct deputy_token *ending = issuer_stored(scene.issuer, plan);
    plan.expiry = 0;
    plan.not_before = (double)ISSUER_NOW + 10;
    const struct deputy_token *coming = issuer_stored(scene.issuer, plan);
    check(&scene, ISSUER_X, scene.q, ending, DEPUTY_OK);
    check(&scene, ISSUER_X, scene.q, coming, DENIED);
    scene.issuer->now = (struct deputy_time){ISSUER_NOW + 10, 0};
    check(&scene, ISSUER_X, scene.q, ending, DENIED);
    check(&scene, ISSUER_X, scene.q, coming, DEPUTY_OK);
}

static void R09_revoked_control_proof_or_ancestor_is_refused(void **state)
{
    struct scene scene = scene_make(state);
    struct issuer_plan plan = control_plan(ISSUER_O, ISSUER_X, "SP/delegation/");
    plan.proofs[0] = issuer_p(scene.issuer);
    const struct deputy_token *proof = issuer_stored(scene.issuer, plan);
    check(&scene, ISSUER_X, scene.q, proof, DEPUTY_OK);
    issuer_revoke(scene.issuer, plan.proofs[0]);
    check(&scene, ISSUER_X, scene.q, proof, DENIED);
    issuer_forget(scene.issuer, plan.proofs[0]);
    check(&scene, ISSUER_X, scene.q, proof, DENIED);
    const struct deputy_token *other = control(&scene, ISSUER_O, ISSUER_X, "SP/delegation/");
    issuer_revoke(scene.issuer, other);
    check(&scene, ISSUER_X, scene.q, other, DENIED);
}

static void R09_two_proofs_are_refused(void **state)
{
    struct scene scene = scene_make(state);
    struct issuer_plan plan =
            revokes(&scene, ISSUER_X, scene.q, control(&scene, ISSUER_O, ISSUER_X, "SP/delegation/"));
    plan.proofs[1] = control(&scene, ISSUER_O, ISSUER_X, "SP/delegation");
    check_plan(&scene, plan, scene.q, DENIED);
}

static void R10_control_proof_of_a_session_is_no_owners(void **state)
{
    struct scene scene = scene_make(state);
    struct issuer_plan plan = control_plan(ISSUER_S, ISSUER_X, "SP/delegation/");
    plan.proofs[0] = control(&scene, ISSUER_O, ISSUER_S, "SP/delegation/");
    check(&scene, ISSUER_X, scene.q, issuer_stored(scene.issuer, plan), DENIED);
}

static void control_proof_of_another_or_unknown_is_refused(void **state)
{
    struct scene scene = scene_make(state);
    const struct deputy_token *proof = control(&scene, ISSUER_O, ISSUER_S, "SP/delegation/");
    check(&scene, ISSUER_X, scene.q, proof, DENIED);
    issuer_forget(scene.issuer, proof);
    check(&scene, ISSUER_S, scene.q, proof, DENIED); /* not back to the signer, who could */
}

static void control_proof_reaches_what_its_giver_may_revoke(void **state)
{
    struct scene scene = scene_make(state);
    const struct deputy_token *proof = control(&scene, ISSUER_K, ISSUER_X, "tinycloud:{k}:x/delegation/");
    check(&scene, ISSUER_X, scene.q, proof, DENIED);
}

/* ---- the token itself ---- */

static void R11_unknown_target_is_refused(void **state)
{
    struct scene scene = scene_make(state);
    struct issuer_plan plan = revokes(&scene, ISSUER_O, scene.q, NULL);
    check_plan(&scene, plan, NULL, DEPUTY_E_MISSING_PARENTS);
    /* a CID of another kind names nothing stored: sha2-256 of the same digest */
    plan.caps[0].resource = "urn:cid:bafkreiglifjta4fae5ecx5jrmgrxrxhoz5luyu3o4v5b7aofqmfmzgfmay";
    check_plan(&scene, plan, scene.q, DEPUTY_E_MISSING_PARENTS);
}

static void R12_revocation_of_nothing_is_undecodable(void **state)
{
    struct scene scene = scene_make(state);
    struct issuer_plan ucan = {.by = ISSUER_O, .caps = {{"SP/kv/notes/", REVOKE, NULL}}};
    check_plan(&scene, ucan, scene.q, DEPUTY_E_REVOCATION_TARGET);
    ucan.caps[0].resource = "urn:cid:nonsense";
    check_plan(&scene, ucan, scene.q, DEPUTY_E_REVOCATION_TARGET);
    assert_int_equal(deputy_error_info(DEPUTY_E_REVOCATION_TARGET)->status, 401);
    const char *const uris[] = {"https://example.com/", "ucan:nonsense", "{S}"};
    for (size_t i = 0; i < sizeof uris / sizeof *uris; i++) {
        struct issuer_plan cacao = {.by = ISSUER_O, .cacao = true, .audience = uris[i]};
        check_plan(&scene, cacao, scene.q, DEPUTY_E_REVOCATION_TARGET);
    }
}

/* H3: a question for the status, sent here by whoever saw it. */
static void R13_status_token_does_not_revoke(void **state)
{
    struct scene scene = scene_make(state);
    struct issuer_plan plan = revokes(&scene, ISSUER_S, scene.q, NULL);
    plan.caps[0].ability = "tinycloud.delegation/status";
    check_plan(&scene, plan, scene.q, DENIED);
    plan.caps[0].ability = "tinycloud.delegation/*";
    check_plan(&scene, plan, scene.q, DENIED);
}

/* H4: an invocation is no revocation of its proof. */
static void R14_invocation_does_not_revoke_its_proof(void **state)
{
    struct scene scene = scene_make(state);
    struct issuer_plan path = {.by = ISSUER_S,
            .caps = {{issuer_text(scene.issuer, "SP/delegation/{cid}", scene.q), REVOKE, NULL}},
            .proofs = {scene.p}};
    check_plan(&scene, path, scene.p, DENIED);
    check_plan(&scene, path, scene.q, DENIED);
    struct issuer_plan read = {.by = ISSUER_S, .caps = {{"SP/kv/notes/a", GET, NULL}}, .proofs = {scene.p}};
    check_plan(&scene, read, scene.p, DENIED);
    struct issuer_plan unreadable = {
            .by = ISSUER_S, .caps = {{"urn:cid:nonsense", REVOKE, NULL}}, .proofs = {scene.p}};
    check_plan(&scene, unreadable, scene.p, DENIED);
}

static void other_capabilities_beside_the_target_are_ignored(void **state)
{
    struct scene scene = scene_make(state);
    struct issuer_plan plan = revokes(&scene, ISSUER_O, scene.p, NULL);
    plan.caps[1] = (struct issuer_cap){"SP/kv/notes/a", GET, NULL};
    plan.caps[2] = (struct issuer_cap){"a:b", GET, NULL};
    check_plan(&scene, plan, scene.p, DEPUTY_OK);
}

static void control_ability_may_be_one_of_several(void **state)
{
    struct scene scene = scene_make(state);
    struct issuer_plan plan = control_plan(ISSUER_O, ISSUER_X, "SP/delegation/");
    plan.caps[1] = (struct issuer_cap){"SP/a", GET, NULL};
    plan.caps[2] = (struct issuer_cap){"SP/kv", GET, NULL};
    check(&scene, ISSUER_X, scene.q, issuer_stored(scene.issuer, plan), DEPUTY_OK);
}

static void closure_of_another_token_is_refused(void **state)
{
    struct scene scene = scene_make(state);
    const struct deputy_token *proof = control(&scene, ISSUER_O, ISSUER_X, "SP/delegation/");
    const struct deputy_token *other = control(&scene, ISSUER_O, ISSUER_X, "SP/delegation");
    struct deputy_verified_token revocation = {
            issuer_revocation(scene.issuer, revokes(&scene, ISSUER_X, scene.q, proof))};
    struct deputy_link links[2] = {{proof, NULL, 0, false}, {other, NULL, 0, false}};
    const struct deputy_closure closures[] = {
            {links, 2, 2, false}, {links, 1, 0, false}, {links + 1, 1, 1, false}};
    for (size_t i = 0; i < sizeof closures / sizeof *closures; i++)
        assert_int_equal(
                deputy_revocation_admit(revocation, scene.q, &closures[i], scene.issuer->now), DENIED);
    struct deputy_closure own = {links, 1, 1, false};
    assert_ok(deputy_revocation_admit(revocation, scene.q, &own, scene.issuer->now));
}

static void two_targets_are_refused(void **state)
{
    struct scene scene = scene_make(state);
    struct issuer_plan plan = revokes(&scene, ISSUER_O, scene.p, NULL);
    plan.caps[1] = (struct issuer_cap){issuer_text(scene.issuer, "urn:cid:{cid}", scene.q), REVOKE, NULL};
    check_plan(&scene, plan, scene.p, DENIED);
    plan.caps[1] = (struct issuer_cap){plan.caps[0].resource, "tinycloud.delegation/status", NULL};
    check_plan(&scene, plan, scene.p, DENIED);
}

static void revocation_under_a_caveat_is_refused(void **state)
{
    struct scene scene = scene_make(state);
    struct issuer_plan plan = revokes(&scene, ISSUER_O, scene.p, NULL);
    plan.caps[0].caveats = "[{\"x\":1}]";
    check_plan(&scene, plan, scene.p, DENIED);
}

static void R15_expired_or_early_revocation_is_refused(void **state)
{
    struct scene scene = scene_make(state);
    struct issuer_plan plan = revokes(&scene, ISSUER_O, scene.p, NULL);
    plan.expiry = (double)ISSUER_NOW;
    check_plan(&scene, plan, scene.p, DEPUTY_E_REVOCATION_TIME);
    plan.expiry = 4102444800; /* no cap on its lifetime */
    check_plan(&scene, plan, scene.p, DEPUTY_OK);
    plan.not_before = (double)ISSUER_NOW + 1;
    check_plan(&scene, plan, scene.p, DEPUTY_E_REVOCATION_TIME);
}

/* H19: a session proof at the end of the longest chain still revokes. */
static void H19_longest_chain_does_not_keep_from_revoking(void **state)
{
    struct scene scene = scene_make(state);
    struct issuer_plan plan = control_plan(ISSUER_O, ISSUER_O, "SP/delegation/");
    for (int i = 0; i < 63; i++) {
        plan.to = i == 62 ? ISSUER_X : ISSUER_O;
        plan.proofs[0] = issuer_stored(scene.issuer, plan);
    }
    check(&scene, ISSUER_X, scene.q, plan.proofs[0], DEPUTY_OK);
    const struct deputy_token *revocation =
            issuer_revocation(scene.issuer, revokes(&scene, ISSUER_X, scene.q, plan.proofs[0]));
    struct deputy_closure closure = {.over_limit = true};
    assert_int_equal(deputy_revocation_admit((struct deputy_verified_token){revocation}, scene.q, &closure,
                             scene.issuer->now),
            DEPUTY_E_CHAIN_LIMIT);
}

/* Twice is as good as once, with the same token or another. */
static void R16_revoked_delegation_may_be_revoked_again(void **state)
{
    struct scene scene = scene_make(state);
    const struct deputy_token *first =
            issuer_revocation(scene.issuer, revokes(&scene, ISSUER_O, scene.p, NULL));
    assert_ok(judged(scene.issuer, first, scene.p));
    issuer_revoke(scene.issuer, scene.p);
    assert_ok(judged(scene.issuer, first, scene.p));
    check(&scene, ISSUER_S, scene.p, NULL, DEPUTY_OK);
}

/* R17 is what I09, I10 and D58 show of a revoked link. */
static void R17_after_a_revocation_its_descendants_fail(void **state)
{
    struct scene scene = scene_make(state);
    struct issuer_plan plan = {.by = ISSUER_B, .caps = {{"SP/kv/notes/a", GET, NULL}}, .proofs = {scene.q}};
    const struct deputy_token *token = issuer_invocation(scene.issuer, plan);
    assert_admitted(scene.issuer, DEPUTY_USE_INVOKE, token);
    check(&scene, ISSUER_O, scene.p, NULL, DEPUTY_OK);
    issuer_revoke(scene.issuer, scene.p);
    struct deputy_decision no = issuer_decide(scene.issuer, DEPUTY_USE_INVOKE, token);
    assert_int_equal(no.refusal.code, DEPUTY_E_INVOKED_ANCESTOR_REVOKED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ISSUER_TEST(R01_wallet_revokes_by_siwe),
            ISSUER_TEST(R01_cid_may_be_spelled_in_base58),
            ISSUER_TEST(R02_delegator_revokes),
            ISSUER_TEST(R03_delegatee_gives_up),
            ISSUER_TEST(R04_space_owner_revokes_what_it_did_not_sign),
            ISSUER_TEST(R05_stranger_is_refused),
            ISSUER_TEST(owner_of_any_space_named_may_revoke),
            ISSUER_TEST(R06_proof_without_the_ability_is_refused_without_fallback),
            ISSUER_TEST(R07_session_with_the_owners_control_proof_revokes),
            ISSUER_TEST(R07_control_proof_may_name_its_one_target),
            ISSUER_TEST(R08_control_resource_must_be_exact),
            ISSUER_TEST(R08_control_ability_must_be_exact),
            ISSUER_TEST(control_proof_under_a_caveat_is_refused),
            ISSUER_TEST(R09_control_proof_out_of_its_window_is_refused),
            ISSUER_TEST(R09_revoked_control_proof_or_ancestor_is_refused),
            ISSUER_TEST(R09_two_proofs_are_refused),
            ISSUER_TEST(R10_control_proof_of_a_session_is_no_owners),
            ISSUER_TEST(control_proof_of_another_or_unknown_is_refused),
            ISSUER_TEST(control_proof_reaches_what_its_giver_may_revoke),
            ISSUER_TEST(R11_unknown_target_is_refused),
            ISSUER_TEST(R12_revocation_of_nothing_is_undecodable),
            ISSUER_TEST(R13_status_token_does_not_revoke),
            ISSUER_TEST(R14_invocation_does_not_revoke_its_proof),
            ISSUER_TEST(other_capabilities_beside_the_target_are_ignored),
            ISSUER_TEST(control_ability_may_be_one_of_several),
            ISSUER_TEST(closure_of_another_token_is_refused),
            ISSUER_TEST(two_targets_are_refused),
            ISSUER_TEST(revocation_under_a_caveat_is_refused),
            ISSUER_TEST(R15_expired_or_early_revocation_is_refused),
            ISSUER_TEST(H19_longest_chain_does_not_keep_from_revoking),
            ISSUER_TEST(R16_revoked_delegation_may_be_revoked_again),
            ISSUER_TEST(R17_after_a_revocation_its_descendants_fail),
    };
    return cmocka_run_group_tests_name("grant.revocation", tests, NULL, NULL);
}
