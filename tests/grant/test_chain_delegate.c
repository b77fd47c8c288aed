/* Who may hand on what: the rows of spec/02 section 15 about roots and proofs. */
#include "base/codec.h"
#include "support/issuer.h"
#include <ctype.h>
#include <stdio.h>

#define GET "tinycloud.kv/get"
#define NOTES                                                                                                \
    {                                                                                                        \
        "SP/kv/notes/", GET, NULL                                                                            \
    }
#define DELEGATE DEPUTY_USE_DELEGATE
#define T1 ((double)ISSUER_T1)

/* The code for a closure that the issuer's store would not give. */
static enum deputy_error decided(
        struct issuer *issuer, const struct deputy_token *token, const struct deputy_closure *closure)
{
    struct deputy_decision decision;
    struct deputy_verified_token verified = {token};
    assert_ok(deputy_chain_admit(
            issuer->arena, &decision, DELEGATE, verified, closure, &issuer->rules, issuer->now));
    return decision.refusal.code;
}

/* ---- roots ---- */

static void D01_owner_grants_in_its_own_space(void **state)
{
    struct deputy_decision yes =
            assert_admitted(*state, DELEGATE, issuer_delegation(*state, issuer_root_plan()));
    assert_null(yes.grants[0].by);
    assert_true(yes.has_end);
    assert_int_equal(yes.ends.sec, ISSUER_T1);
    struct issuer_plan plan = issuer_root_plan();
    plan.cacao = false;
    assert_admitted(*state, DELEGATE, issuer_delegation(*state, plan));
}

static void D02_owner_may_be_a_key(void **state)
{
    struct issuer_plan plan = {.by = ISSUER_K, .to = ISSUER_S, .caps = {{"tinycloud:{k}:x/kv", GET, NULL}}};
    assert_admitted(*state, DELEGATE, issuer_delegation(*state, plan));
    plan.by = ISSUER_X;
    assert_refused(*state, DELEGATE, issuer_delegation(*state, plan), "Cannot find parent delegation");
}

static void D14_no_proof_and_not_the_owner_is_refused(void **state)
{
    struct issuer_plan plan = {.by = ISSUER_S, .to = ISSUER_B, .caps = {NOTES}};
    assert_refused(*state, DELEGATE, issuer_delegation(*state, plan), "Cannot find parent delegation");
}

static void D70_issuer_address_in_lower_case_is_the_same_owner(void **state)
{
    struct issuer *issuer = *state;
    char lower[100];
    snprintf(lower, sizeof lower, "%s", issuer_text(issuer, "{O}", NULL));
    for (char *at = lower; *at != '\0'; at++)
        *at = (char)tolower((unsigned char)*at);
    struct issuer_plan plan = issuer_root_plan();
    plan.cacao = false;
    plan.issuer = lower;
    assert_admitted(issuer, DELEGATE, issuer_delegation(issuer, plan));
}

static void D74_sign_in_without_capabilities_is_admitted_and_grants_nothing(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *login =
            issuer_stored(issuer, (struct issuer_plan){.by = ISSUER_O, .to = ISSUER_S, .cacao = true});
    struct deputy_decision yes = assert_admitted(issuer, DELEGATE, login);
    assert_int_equal(yes.grant_count, 0);
    assert_refused(issuer, DELEGATE, issuer_delegation(issuer, issuer_child_plan(login)),
            "Unauthorized Capability: SP/kv/notes/, tinycloud.kv/get");
}

static void D76_owner_hosts_its_space(void **state)
{
    struct issuer_plan plan = issuer_root_plan();
    plan.caps[0] = (struct issuer_cap){"SP/space", "tinycloud.space/host", NULL};
    assert_admitted(*state, DELEGATE, issuer_delegation(*state, plan));
}

static void D77_stranger_cannot_host_a_space(void **state)
{
    struct issuer_plan plan = {
            .by = ISSUER_X, .to = ISSUER_X, .caps = {{"SP/space", "tinycloud.space/host", NULL}}};
    assert_refused(*state, DELEGATE, issuer_delegation(*state, plan), "Cannot find parent delegation");
}

#define NETWORK "urn:tinycloud:encryption:{O}:default"
#define DECRYPT "tinycloud.encryption/decrypt"

static struct issuer_plan network_to_session(void)
{
    return (struct issuer_plan){
            .by = ISSUER_O, .to = ISSUER_S, .cacao = true, .caps = {{NETWORK, DECRYPT, NULL}}};
}

static void D84_network_owner_needs_no_proof(void **state)
{
    struct issuer_plan plan = network_to_session();
    assert_admitted(*state, DELEGATE, issuer_delegation(*state, plan));
    plan.cacao = false;
    plan.by = ISSUER_X;
    assert_refused(*state, DELEGATE, issuer_delegation(*state, plan), "Cannot find parent delegation");
}

static void D85_network_name_is_no_prefix_of_anothers(void **state)
{
    struct issuer_plan plan = {.by = ISSUER_S,
            .to = ISSUER_B,
            .caps = {{NETWORK "-evil", DECRYPT, NULL}},
            .proofs = {issuer_stored(*state, network_to_session())}};
    assert_refused(*state, DELEGATE, issuer_delegation(*state, plan),
            "Unauthorized Capability: " NETWORK "-evil, " DECRYPT);
    plan.caps[0].resource = NETWORK;
    assert_admitted(*state, DELEGATE, issuer_delegation(*state, plan));
}

/* ---- proofs ---- */

static void D03_child_under_its_proof_is_admitted(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *p = issuer_p(issuer);
    struct deputy_decision yes =
            assert_admitted(issuer, DELEGATE, issuer_delegation(issuer, issuer_child_plan(p)));
    assert_ptr_equal(yes.grants[0].by, p);
}

static void D15_unknown_proof_is_refused(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *unknown = issuer_delegation(issuer, issuer_root_plan());
    assert_refused(issuer, DELEGATE, issuer_delegation(issuer, issuer_child_plan(unknown)),
            "Cannot find parent delegation");
}

/* A child that cites P by a CID that begins otherwise: version, codec, hash, length. */
static struct deputy_slice child_citing(
        struct issuer *issuer, const uint8_t head[4], const struct deputy_token *p)
{
    uint8_t cid[36];
    struct deputy_slice text;
    char payload[1000];
    struct buf buf = buf_make(issuer->arena, 100);
    memcpy(cid, head, 4);
    memcpy(cid + 4, p->cid.digest, 32);
    base32_put(&buf, deputy_slice_bytes(cid, sizeof cid));
    assert_ok(buf_finish(&buf, &text));
    snprintf(payload, sizeof payload,
            "{\"att\":{\"SP/kv/notes/\":{\"tinycloud.kv/get\":[{}]}},\"aud\":\"{B}\",\"exp\":%lld,"
            "\"iss\":\"{S}\",\"prf\":[\"b%.*s\"]}",
            (long long)ISSUER_T1, (int)text.len, (const char *)text.ptr);
    return issuer_sign(issuer, ISSUER_S, NULL, payload);
}

static void D16_proof_by_a_foreign_cid_is_refused(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *p = issuer_p(issuer);
    static const uint8_t heads[2][4] = {{0x01, 0x71, 0x1e, 0x20}, {0x01, 0x55, 0x12, 0x20}};
    for (size_t i = 0; i < 2; i++) {
        const struct deputy_token *child =
                issuer_read(issuer, DEPUTY_TOKEN_DELEGATION, child_citing(issuer, heads[i], p));
        assert_true(child->proofs[0].foreign);
        assert_refused(issuer, DELEGATE, child, "Cannot find parent delegation");
        /* even when somebody resolves it by its digest */
        struct deputy_link link = {p, NULL, 0, false};
        struct deputy_closure closure = {&link, 1, 1, false};
        assert_int_equal(decided(issuer, child, &closure), DEPUTY_E_MISSING_PARENTS);
    }
}

static void D17_delegator_must_be_the_proofs_audience(void **state)
{
    struct issuer *issuer = *state;
    struct issuer_plan plan = issuer_child_plan(issuer_p(issuer));
    plan.by = ISSUER_X;
    assert_refused(issuer, DELEGATE, issuer_delegation(issuer, plan), "Unauthorized Delegator: {X}");
}

static void D18_every_proof_must_be_addressed_to_the_delegator(void **state)
{
    struct issuer *issuer = *state;
    struct issuer_plan other = issuer_root_plan();
    other.to = ISSUER_X;
    struct issuer_plan plan = issuer_child_plan(issuer_p(issuer));
    plan.proofs[1] = issuer_stored(issuer, other);
    assert_refused(issuer, DELEGATE, issuer_delegation(issuer, plan), "Unauthorized Delegator: {S}");
}

static void D73_keys_that_differ_in_letter_case_are_different_people(void **state)
{
    struct issuer *issuer = *state;
    struct issuer_plan parent = issuer_root_plan();
    char swapped[100];
    snprintf(swapped, sizeof swapped, "%s", issuer_text(issuer, "{S}", NULL));
    char *letter = swapped + 20;
    while (!islower((unsigned char)*letter) || *letter == 'l' || *letter == 'o')
        letter++;
    *letter = (char)toupper((unsigned char)*letter);
    parent.audience = swapped;
    const struct deputy_token *p = issuer_stored(issuer, parent);
    assert_refused(
            issuer, DELEGATE, issuer_delegation(issuer, issuer_child_plan(p)), "Unauthorized Delegator: {S}");
}

static void D19_capabilities_may_come_from_several_proofs(void **state)
{
    struct issuer *issuer = *state;
    struct issuer_plan second = issuer_root_plan();
    second.caps[0] = (struct issuer_cap){"SP/kv/other/", GET, NULL};
    struct issuer_plan plan = issuer_child_plan(issuer_p(issuer));
    plan.proofs[1] = issuer_stored(issuer, second);
    plan.caps[1] = (struct issuer_cap){"SP/kv/other/x", GET, NULL};
    struct deputy_decision yes = assert_admitted(issuer, DELEGATE, issuer_delegation(issuer, plan));
    assert_ptr_equal(yes.grants[0].by, plan.proofs[0]);
    assert_ptr_equal(yes.grants[1].by, plan.proofs[1]);
}

static void D20_short_proof_beside_a_sufficient_one_does_no_harm(void **state)
{
    struct issuer *issuer = *state;
    struct issuer_plan brief = issuer_root_plan();
    brief.expiry = T1 - 100;
    const struct deputy_token *p = issuer_p(issuer), *short_lived = issuer_stored(issuer, brief);
    struct issuer_plan plan = issuer_child_plan(short_lived);
    plan.proofs[1] = p;
    struct deputy_decision yes = assert_admitted(issuer, DELEGATE, issuer_delegation(issuer, plan));
    assert_ptr_equal(yes.grants[0].by, p);
    assert_int_equal(yes.ends.sec, ISSUER_T1 - 100);
}

static void D21_same_proof_twice_is_refused(void **state)
{
    struct issuer *issuer = *state;
    struct issuer_plan plan = issuer_child_plan(issuer_p(issuer));
    plan.proofs[1] = plan.proofs[0];
    assert_refused(issuer, DELEGATE, issuer_delegation(issuer, plan), "Cannot find parent delegation");
    plan.by = ISSUER_O; /* rooted: H16 */
    assert_refused(issuer, DELEGATE, issuer_delegation(issuer, plan), "Cannot find parent delegation");
    plan.by = ISSUER_S; /* wherever it stands */
    plan.proofs[2] = plan.proofs[1];
    plan.proofs[1] = plan.proofs[0];
    plan.proofs[0] = issuer_p(issuer);
    assert_refused(issuer, DELEGATE, issuer_delegation(issuer, plan), "Cannot find parent delegation");
}

static void D34_unrelated_proof_beside_a_root_is_kept(void **state)
{
    struct issuer *issuer = *state;
    struct issuer_plan plan = issuer_root_plan(), brief = issuer_root_plan();
    brief.expiry = T1 - 100;
    plan.proofs[0] = issuer_stored(issuer, brief);
    struct deputy_decision yes = assert_admitted(issuer, DELEGATE, issuer_delegation(issuer, plan));
    assert_null(yes.grants[0].by);
    assert_int_equal(yes.ends.sec, ISSUER_T1 - 100);
}

static void every_proof_beside_a_root_bounds_its_end(void **state)
{
    struct issuer *issuer = *state;
    struct issuer_plan plan = issuer_root_plan(), brief = issuer_root_plan();
    plan.proofs[0] = issuer_p(issuer);
    brief.expiry = T1 - 100;
    plan.proofs[1] = issuer_stored(issuer, brief);
    struct deputy_decision yes = assert_admitted(issuer, DELEGATE, issuer_delegation(issuer, plan));
    assert_int_equal(yes.ends.sec, ISSUER_T1 - 100);
}

/* Nothing in a root depends on its proofs yet, so theirs may be missing; what is known bounds its end. */
static void lineage_of_a_proof_beside_a_root_may_have_gaps(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *p = issuer_p(issuer);
    struct issuer_plan plan = issuer_root_plan();
    plan.proofs[0] = issuer_q(issuer, p);
    issuer_forget(issuer, p);
    assert_admitted(issuer, DELEGATE, issuer_delegation(issuer, plan));
}

static void D35_unknown_proof_beside_a_root_is_refused(void **state)
{
    struct issuer *issuer = *state;
    struct issuer_plan plan = issuer_root_plan();
    plan.proofs[0] = issuer_delegation(issuer, issuer_root_plan());
    assert_refused(issuer, DELEGATE, issuer_delegation(issuer, plan), "Cannot find parent delegation");
}

static void closure_of_another_token_is_refused(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *p = issuer_p(issuer);
    struct issuer_plan plan = issuer_root_plan();
    const struct deputy_token *other = issuer_stored(issuer, plan);
    const struct deputy_token *child = issuer_delegation(issuer, issuer_child_plan(p));
    struct deputy_link links[2] = {{other, NULL, 0, false}, {p, NULL, 0, false}};
    const struct deputy_closure closures[] = {
            {links, 1, 1, false}, {links, 2, 2, false}, {links, 2, 0, false}};
    for (size_t i = 0; i < sizeof closures / sizeof *closures; i++)
        assert_int_equal(decided(issuer, child, &closures[i]), DEPUTY_E_MISSING_PARENTS);
}

/* H18: the edges of the store are held against what was signed. */
static void H18_edges_that_were_not_signed_are_refused(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *p = issuer_p(issuer), *q = issuer_q(issuer, p);
    struct issuer_plan plan = {.by = ISSUER_B, .to = ISSUER_X, .caps = {NOTES}, .proofs = {q}};
    const struct deputy_token *child = issuer_delegation(issuer, plan);
    struct deputy_link links[1] = {{q, NULL, 0, false}}; /* its parent P left out */
    struct deputy_closure closure = {links, 1, 1, false};
    assert_int_equal(decided(issuer, child, &closure), DEPUTY_E_MISSING_PARENTS);
    issuer_forget(issuer, p);
    assert_refused(issuer, DELEGATE, child, "Cannot find parent delegation");
}

/* ---- several capabilities ---- */

static void D45_first_bad_capability_is_named(void **state)
{
    struct issuer *issuer = *state;
    struct issuer_plan plan = issuer_child_plan(issuer_p(issuer));
    plan.caps[1] = (struct issuer_cap){"SP/kv/a", GET, NULL};
    plan.caps[2] = (struct issuer_cap){"SP/kv/other", GET, NULL};
    assert_refused(issuer, DELEGATE, issuer_delegation(issuer, plan),
            "Unauthorized Capability: SP/kv/a, tinycloud.kv/get");
}

static void owned_and_delegated_capabilities_mix(void **state)
{
    struct issuer *issuer = *state;
    struct issuer_plan plan = issuer_child_plan(issuer_p(issuer));
    plan.caps[1] = (struct issuer_cap){"tinycloud:{s}:own/kv", GET, NULL};
    struct deputy_decision yes = assert_admitted(issuer, DELEGATE, issuer_delegation(issuer, plan));
    assert_true((yes.grants[0].by == NULL) != (yes.grants[1].by == NULL));
}

static void uses_of_control_tokens_are_not_decided_here(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *token = issuer_delegation(issuer, issuer_root_plan());
    struct deputy_closure closure = {0};
    struct deputy_decision decision;
    const enum deputy_use uses[] = {DEPUTY_USE_REVOKE, DEPUTY_USE_STATUS};
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(
                deputy_chain_admit(issuer->arena, &decision, uses[i], (struct deputy_verified_token){token},
                        &closure, &issuer->rules, issuer->now),
                DEPUTY_E_ARGUMENT);
}

static void decision_that_does_not_fit_in_memory_is_an_error(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *child = issuer_delegation(issuer, issuer_child_plan(issuer_p(issuer)));
    struct deputy_closure closure = issuer_closure(issuer, child, 62);
    struct deputy_decision decision;
    struct deputy_arena *tiny;
    assert_ok(deputy_arena_create(&tiny, 16));
    assert_int_equal(deputy_chain_admit(tiny, &decision, DELEGATE, (struct deputy_verified_token){child},
                             &closure, &issuer->rules, issuer->now),
            DEPUTY_E_LIMIT);
    assert_int_equal(decision.grant_count, 0);
    deputy_arena_destroy(tiny);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ISSUER_TEST(D01_owner_grants_in_its_own_space),
            ISSUER_TEST(D02_owner_may_be_a_key),
            ISSUER_TEST(D14_no_proof_and_not_the_owner_is_refused),
            ISSUER_TEST(D70_issuer_address_in_lower_case_is_the_same_owner),
            ISSUER_TEST(D74_sign_in_without_capabilities_is_admitted_and_grants_nothing),
            ISSUER_TEST(D76_owner_hosts_its_space),
            ISSUER_TEST(D77_stranger_cannot_host_a_space),
            ISSUER_TEST(D84_network_owner_needs_no_proof),
            ISSUER_TEST(D85_network_name_is_no_prefix_of_anothers),
            ISSUER_TEST(D03_child_under_its_proof_is_admitted),
            ISSUER_TEST(D15_unknown_proof_is_refused),
            ISSUER_TEST(D16_proof_by_a_foreign_cid_is_refused),
            ISSUER_TEST(D17_delegator_must_be_the_proofs_audience),
            ISSUER_TEST(D18_every_proof_must_be_addressed_to_the_delegator),
            ISSUER_TEST(D73_keys_that_differ_in_letter_case_are_different_people),
            ISSUER_TEST(D19_capabilities_may_come_from_several_proofs),
            ISSUER_TEST(D20_short_proof_beside_a_sufficient_one_does_no_harm),
            ISSUER_TEST(D21_same_proof_twice_is_refused),
            ISSUER_TEST(D34_unrelated_proof_beside_a_root_is_kept),
            ISSUER_TEST(every_proof_beside_a_root_bounds_its_end),
            ISSUER_TEST(lineage_of_a_proof_beside_a_root_may_have_gaps),
            ISSUER_TEST(D35_unknown_proof_beside_a_root_is_refused),
            ISSUER_TEST(closure_of_another_token_is_refused),
            ISSUER_TEST(H18_edges_that_were_not_signed_are_refused),
            ISSUER_TEST(D45_first_bad_capability_is_named),
            ISSUER_TEST(owned_and_delegated_capabilities_mix),
            ISSUER_TEST(uses_of_control_tokens_are_not_decided_here),
            ISSUER_TEST(decision_that_does_not_fit_in_memory_is_an_error),
    };
    return cmocka_run_group_tests_name("grant.chain_delegate", tests, NULL, NULL);
}
