/* Under which caveats something may be done now, and what may be decrypted: rows of spec/02 section 15. */
#include "support/issuer.h"

#define GET "tinycloud.kv/get"
#define READ "tinycloud.sql/read"
#define DECRYPT "tinycloud.encryption/decrypt"
#define NETWORK "urn:tinycloud:encryption:{O}:default"
#define DB "SP/sql/app/main"
#define INVOKE DEPUTY_USE_INVOKE

/* ---- under which caveats (H2, H11) ---- */

#define STATEMENTS(statements)                                                                               \
    "[{\"mode\":\"constrained-statements\",\"readOnly\":true,\"statements\":[" statements "]}]"
#define PINNED                                                                                               \
    STATEMENTS("{\"fixedParams\":[{\"index\":0,\"value\":\"a\"}],\"name\":\"get\",\"sql\":\"SELECT ?\"}")
#define ANYTHING STATEMENTS("{\"name\":\"get\",\"sql\":\"SELECT ?\"}")

static struct issuer_plan queries(const struct deputy_token *proof, const char *caveats)
{
    return (struct issuer_plan){.by = ISSUER_S, .caps = {{DB, READ, caveats}}, .proofs = {proof}};
}

static const struct deputy_token *granted(struct issuer *issuer, const char *resource, const char *caveats)
{
    return issuer_stored(issuer,
            (struct issuer_plan){.by = ISSUER_O, .to = ISSUER_S, .caps = {{resource, READ, caveats}}});
}

static void I23_invocation_without_its_proofs_caveat_is_refused(void **state)
{
    struct issuer_plan plan = queries(granted(*state, DB, PINNED), NULL);
    assert_refused(*state, INVOKE, issuer_invocation(*state, plan),
            "invocation-caveats-not-subset-of-chain: containment-caveat-required");
    plan.caps[0].caveats = ANYTHING;
    assert_refused(*state, INVOKE, issuer_invocation(*state, plan),
            "invocation-caveats-not-subset-of-chain: containment-sql-fixed-param-dropped");
}

static void I24_invocation_that_repeats_the_caveat_is_bound_by_it(void **state)
{
    struct issuer_plan plan = queries(granted(*state, DB, PINNED), PINNED);
    struct deputy_decision yes = assert_admitted(*state, INVOKE, issuer_invocation(*state, plan));
    assert_text(yes.grants[0].caveats, PINNED);
}

static void own_caveat_binds_an_unconstrained_holder_and_the_owner(void **state)
{
    struct issuer_plan plan = queries(granted(*state, DB, NULL), PINNED);
    struct deputy_decision yes = assert_admitted(*state, INVOKE, issuer_invocation(*state, plan));
    assert_text(yes.grants[0].caveats, PINNED);
    plan.by = ISSUER_O;
    plan.proofs[0] = NULL;
    yes = assert_admitted(*state, INVOKE, issuer_invocation(*state, plan));
    assert_text(yes.grants[0].caveats, PINNED);
}

/* H2: a permissive proof of the invoker's own space, cited before or after, changes nothing. */
static void I27_unrelated_permissive_proof_changes_no_caveat(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *pinned = granted(issuer, DB, PINNED);
    const struct deputy_token *own =
            issuer_stored(issuer, (struct issuer_plan){.by = ISSUER_X,
                                          .to = ISSUER_S,
                                          .caps = {{"tinycloud:{x}:default/sql/app/main", READ, ANYTHING}}});
    for (int order = 0; order < 2; order++) {
        struct issuer_plan plan = queries(order == 0 ? pinned : own, PINNED);
        plan.proofs[1] = order == 0 ? own : pinned;
        struct deputy_decision yes = assert_admitted(issuer, INVOKE, issuer_invocation(issuer, plan));
        assert_ptr_equal(yes.grants[0].by, pinned);
        assert_text(yes.grants[0].caveats, PINNED);
        plan.caps[0].caveats = ANYTHING;
        assert_refused(issuer, INVOKE, issuer_invocation(issuer, plan),
                "invocation-caveats-not-subset-of-chain: containment-sql-fixed-param-dropped");
        plan.caps[0].caveats = NULL;
        assert_refused(issuer, INVOKE, issuer_invocation(issuer, plan),
                "invocation-caveats-not-subset-of-chain: containment-caveat-required");
    }
}

/* H11: an echo is not enough where nobody enforces. */
static void H11_caveat_that_nobody_enforces_is_refused(void **state)
{
    const char *refused = "invocation-caveats-not-subset-of-chain: invocation-caveats-not-subset-of-chain";
    struct issuer_plan plan = queries(granted(*state, DB, "[{\"x\":1}]"), "[{\"x\":1}]");
    assert_refused(*state, INVOKE, issuer_invocation(*state, plan), refused);
    plan.by = ISSUER_O;
    plan.proofs[0] = NULL;
    assert_refused(*state, INVOKE, issuer_invocation(*state, plan), refused);
}

#define SELECTOR(kind, value)                                                                                \
    "[{\"kind\":\"" kind "\",\"type\":\"xyz.tinycloud.resource/selector\",\"value\":\"" value "\"}]"

static void H11_invoked_resource_must_lie_inside_its_selector(void **state)
{
    const struct deputy_token *proof = granted(*state, "SP/sql/app", SELECTOR("prefix", "app/main"));
    struct issuer_plan plan = queries(proof, SELECTOR("prefix", "app/main"));
    struct deputy_decision yes = assert_admitted(*state, INVOKE, issuer_invocation(*state, plan));
    assert_false(deputy_slice_present(yes.grants[0].caveats)); /* nothing is left to enforce */
    plan.caps[0].resource = "SP/sql/app/other";
    assert_refused(*state, INVOKE, issuer_invocation(*state, plan),
            "invocation-caveats-not-subset-of-chain: selector-caveat-not-contained");
    plan.caps[0] = (struct issuer_cap){DB, READ, SELECTOR("exact", "app/main")};
    assert_refused(*state, INVOKE, issuer_invocation(*state, plan),
            "invocation-caveats-not-subset-of-chain: invocation-caveats-not-subset-of-chain");
}

/* ---- decryption (spec/02 section 9) ---- */

static struct issuer_plan decrypts(enum issuer_who by)
{
    return (struct issuer_plan){.by = by, .caps = {{NETWORK, DECRYPT, NULL}}};
}

static void I35_network_owner_decrypts_without_proof(void **state)
{
    assert_admitted(*state, DEPUTY_USE_DECRYPT, issuer_invocation(*state, decrypts(ISSUER_O)));
}

static void I36_stranger_decrypts_nothing(void **state)
{
    assert_refused(*state, DEPUTY_USE_DECRYPT, issuer_invocation(*state, decrypts(ISSUER_X)),
            "Cannot find parent delegation");
}

static void delegate_decrypts_with_that_networks_grant(void **state)
{
    struct issuer *issuer = *state;
    struct issuer_plan grant = decrypts(ISSUER_O), plan = decrypts(ISSUER_B);
    grant.to = ISSUER_B;
    grant.cacao = true;
    plan.proofs[0] = issuer_stored(issuer, grant);
    assert_admitted(issuer, DEPUTY_USE_DECRYPT, issuer_invocation(issuer, plan));
    plan.caps[0].resource = NETWORK "2";
    assert_refused(issuer, DEPUTY_USE_DECRYPT, issuer_invocation(issuer, plan),
            "Unauthorized Action: " NETWORK "2 / " DECRYPT);
}

static void I37_two_networks_are_refused(void **state)
{
    struct issuer_plan plan = decrypts(ISSUER_O);
    plan.caps[1] = (struct issuer_cap){NETWORK "2", DECRYPT, NULL};
    assert_refused(*state, DEPUTY_USE_DECRYPT, issuer_invocation(*state, plan),
            "decrypt invocation contains multiple networks");
    assert_admitted(*state, INVOKE, issuer_invocation(*state, plan)); /* nothing is decrypted then */
}

static void other_capabilities_may_stand_beside_a_decrypt(void **state)
{
    struct issuer_plan plan = decrypts(ISSUER_O);
    plan.caps[1] = (struct issuer_cap){"SP/kv/notes/a", GET, NULL};
    plan.caps[2] = (struct issuer_cap){NETWORK "2", "tinycloud.encryption/network.create", NULL};
    plan.caps[3] = (struct issuer_cap){"SP/kv/notes/a", DECRYPT, NULL};
    assert_admitted(*state, DEPUTY_USE_DECRYPT, issuer_invocation(*state, plan));
    plan.caps[0].ability = GET; /* the first network is not the one decrypted */
    plan.caps[2].ability = DECRYPT;
    assert_admitted(*state, DEPUTY_USE_DECRYPT, issuer_invocation(*state, plan));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ISSUER_TEST(I23_invocation_without_its_proofs_caveat_is_refused),
            ISSUER_TEST(I24_invocation_that_repeats_the_caveat_is_bound_by_it),
            ISSUER_TEST(own_caveat_binds_an_unconstrained_holder_and_the_owner),
            ISSUER_TEST(I27_unrelated_permissive_proof_changes_no_caveat),
            ISSUER_TEST(H11_caveat_that_nobody_enforces_is_refused),
            ISSUER_TEST(H11_invoked_resource_must_lie_inside_its_selector),
            ISSUER_TEST(I35_network_owner_decrypts_without_proof),
            ISSUER_TEST(I36_stranger_decrypts_nothing),
            ISSUER_TEST(delegate_decrypts_with_that_networks_grant),
            ISSUER_TEST(I37_two_networks_are_refused),
            ISSUER_TEST(other_capabilities_may_stand_beside_a_decrypt),
    };
    return cmocka_run_group_tests_name("grant.chain_enforce", tests, NULL, NULL);
}
