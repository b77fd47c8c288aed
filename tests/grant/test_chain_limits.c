/* What an admission costs at most, and that a lack of memory is never a yes. */
#include "base/arena.h"
#include "grant/contain.h"
#include "support/issuer.h"
#include <stdio.h>

#define GET "tinycloud.kv/get"
#define NOTES                                                                                                \
    {                                                                                                        \
        "SP/kv/notes/", GET, NULL                                                                            \
    }
#define PINNED                                                                                               \
    "[{\"mode\":\"constrained-statements\",\"readOnly\":true,\"statements\":[{\"name\":\"a\",\"sql\":\"b\"}" \
    "]}]"

/* ---- memory ---- */

static enum deputy_error decided(struct issuer *issuer, struct deputy_arena *arena, enum deputy_use use,
        const struct deputy_token *token, const struct deputy_closure *closure, enum deputy_error *code)
{
    struct deputy_decision decision;
    enum deputy_error error = deputy_chain_admit(arena, &decision, use, (struct deputy_verified_token){token},
            closure, &issuer->rules, issuer->now);
    *code = decision.refusal.code;
    if (error != DEPUTY_OK)
        assert_true(
                decision.grants == NULL && decision.grant_count == 0 && decision.refusal.code == DEPUTY_OK);
    return error;
}

/* With every size of arena up to one that is enough: an error, and then the decision that it is with plenty.
 */
static void check_every_size(struct issuer *issuer, enum deputy_use use, const struct deputy_token *token,
        enum deputy_error expected)
{
    struct deputy_closure closure = issuer_closure(issuer, token, DEPUTY_CHAIN_MAX);
    enum deputy_error code, error = DEPUTY_E_LIMIT;
    for (size_t size = 0; error != DEPUTY_OK; size += 16) {
        struct deputy_arena *arena;
        assert_true(size < 64 * 1024);
        assert_ok(deputy_arena_create(&arena, size));
        error = decided(issuer, arena, use, token, &closure, &code);
        assert_true(error == DEPUTY_OK || error == DEPUTY_E_LIMIT);
        deputy_arena_destroy(arena);
    }
    assert_int_equal(code, expected);
}

static void memory_that_ends_anywhere_is_never_a_yes(void **state)
{
    struct issuer *issuer = *state;
    struct issuer_plan parent = {.by = ISSUER_O,
            .to = ISSUER_S,
            .caps = {NOTES, {"SP/sql/a", "tinycloud.sql/read", PINNED}},
            .facts = "[{\"x\":1}]"};
    const struct deputy_token *p = issuer_stored(issuer, parent);
    struct issuer_plan plan = {.by = ISSUER_S,
            .to = ISSUER_B,
            .caps = {{"SP/sql/a", "tinycloud.sql/read", PINNED}},
            .proofs = {p},
            .facts = "[{\"y\":1}]"};
    const struct deputy_token *child = issuer_delegation(issuer, plan);
    check_every_size(issuer, DEPUTY_USE_DELEGATE, child, DEPUTY_OK);
    check_every_size(issuer, DEPUTY_USE_INVOKE, issuer_invocation(issuer, plan), DEPUTY_OK);
    plan.caps[0] = (struct issuer_cap){"SP/kv/other", GET, NULL};
    check_every_size(
            issuer, DEPUTY_USE_DELEGATE, issuer_delegation(issuer, plan), DEPUTY_E_UNAUTHORIZED_CAPABILITY);
    plan.by = ISSUER_X;
    check_every_size(
            issuer, DEPUTY_USE_DELEGATE, issuer_delegation(issuer, plan), DEPUTY_E_UNAUTHORIZED_DELEGATOR);
    issuer_store(issuer, child);
    issuer_revoke(issuer, p);
    plan = (struct issuer_plan){.by = ISSUER_B, .to = ISSUER_B, .caps = {NOTES}, .proofs = {child}};
    check_every_size(issuer, DEPUTY_USE_DELEGATE, issuer_delegation(issuer, plan), DEPUTY_E_ANCESTOR_REVOKED);
}

/* ---- work ---- */

struct crowd {
    struct deputy_token token, proofs[2];
    struct deputy_capability wanted[DEPUTY_TOKEN_MAX_CAPABILITIES];
    struct deputy_capability held[DEPUTY_TOKEN_MAX_CAPABILITIES];
    struct deputy_proof cited[2];
    struct deputy_link links[2];
};

static struct crowd *crowd_make(struct issuer *issuer)
{
    struct crowd *crowd = ARENA_NEW(issuer->arena, struct crowd);
    assert_non_null(crowd);
    for (size_t i = 0; i < DEPUTY_TOKEN_MAX_CAPABILITIES; i++) {
        assert_ok(deputy_resource_parse(
                &crowd->wanted[i].resource, T(issuer_text(issuer, "SP/kv/notes/a", NULL))));
        assert_ok(deputy_resource_parse(
                &crowd->held[i].resource, T(issuer_text(issuer, "SP/kv/notes/b", NULL))));
        crowd->wanted[i].ability = crowd->held[i].ability = T(GET);
    }
    crowd->held[DEPUTY_TOKEN_MAX_CAPABILITIES - 1].resource = crowd->wanted[0].resource;
    return crowd;
}

/* All of the first token against as many proofs, where only the last row of the last one helps. */
static enum deputy_error crowd_decide(struct issuer *issuer, size_t proofs)
{
    struct crowd *crowd = crowd_make(issuer);
    enum deputy_error code;
    for (size_t i = 0; i < proofs; i++) {
        crowd->cited[i].cid.digest[0] = (uint8_t)(i + 1);
        crowd->proofs[i] = (struct deputy_token){.cid = crowd->cited[i].cid,
                .audience = deputy_principal_of(issuer->dids[ISSUER_S]),
                .capabilities = crowd->held,
                .capability_count = DEPUTY_TOKEN_MAX_CAPABILITIES - (i + 1 < proofs)};
        crowd->links[i].token = &crowd->proofs[i];
    }
    crowd->token = (struct deputy_token){.issuer = deputy_principal_of(issuer->dids[ISSUER_S]),
            .capabilities = crowd->wanted,
            .capability_count = DEPUTY_TOKEN_MAX_CAPABILITIES,
            .proofs = crowd->cited,
            .proof_count = proofs};
    struct deputy_closure closure = {crowd->links, proofs, proofs, false};
    assert_ok(decided(issuer, issuer->arena, DEPUTY_USE_DELEGATE, &crowd->token, &closure, &code));
    return code;
}

static void largest_token_fits_under_one_largest_proof_and_no_more(void **state)
{
    assert_int_equal(crowd_decide(*state, 1), DEPUTY_OK);
    assert_int_equal(crowd_decide(*state, 2), DEPUTY_E_CHAIN_LIMIT);
}

/* A token of that many proofs, with or without a capability that needs them. */
static enum deputy_error proofs_decide(struct issuer *issuer, size_t count, bool needed)
{
    static struct deputy_proof cited[DEPUTY_TOKEN_MAX_PROOFS + 1];
    static struct deputy_token proofs[DEPUTY_TOKEN_MAX_PROOFS + 1];
    static struct deputy_link links[DEPUTY_TOKEN_MAX_PROOFS + 1];
    struct deputy_capability cap = {.ability = T(GET)};
    struct deputy_principal holder = deputy_principal_of(issuer->dids[ISSUER_S]);
    struct deputy_token token = {.issuer = holder,
            .capabilities = &cap,
            .capability_count = needed,
            .proofs = cited,
            .proof_count = count};
    enum deputy_error code;
    assert_ok(deputy_resource_parse(&cap.resource, T(issuer_text(issuer, "SP/kv/a", NULL))));
    for (size_t i = 0; i < count; i++) {
        cited[i].cid.digest[0] = (uint8_t)i;
        proofs[i] = (struct deputy_token){
                .cid = cited[i].cid, .audience = holder, .capabilities = &cap, .capability_count = 1};
        links[i].token = &proofs[i];
    }
    struct deputy_closure closure = {links, count, count, false};
    assert_ok(decided(issuer, issuer->arena, DEPUTY_USE_DELEGATE, &token, &closure, &code));
    return code;
}

static void more_proofs_than_a_token_may_cite_are_refused(void **state)
{
    for (int needed = 0; needed < 2; needed++) {
        assert_int_equal(proofs_decide(*state, DEPUTY_TOKEN_MAX_PROOFS, needed), DEPUTY_OK);
        assert_int_equal(
                proofs_decide(*state, DEPUTY_TOKEN_MAX_PROOFS + 1, needed), DEPUTY_E_MISSING_PARENTS);
    }
}

/* One arena serves request after request without growing. */
static void decisions_take_the_same_memory_again_and_again(void **state)
{
    struct issuer *issuer = *state;
    struct issuer_plan plan = {.by = ISSUER_S, .to = ISSUER_B, .caps = {NOTES}, .proofs = {issuer_p(issuer)}};
    const struct deputy_token *token = issuer_invocation(issuer, plan);
    struct deputy_closure closure = issuer_closure(issuer, token, DEPUTY_CHAIN_MAX);
    struct deputy_arena *arena;
    enum deputy_error code;
    assert_ok(deputy_arena_create(&arena, 1024));
    for (int i = 0; i < 1000; i++) {
        deputy_arena_reset(arena);
        assert_ok(decided(issuer, arena, DEPUTY_USE_INVOKE, token, &closure, &code));
        assert_int_equal(code, DEPUTY_OK);
    }
    deputy_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ISSUER_TEST(memory_that_ends_anywhere_is_never_a_yes),
            ISSUER_TEST(largest_token_fits_under_one_largest_proof_and_no_more),
            ISSUER_TEST(more_proofs_than_a_token_may_cite_are_refused),
            ISSUER_TEST(decisions_take_the_same_memory_again_and_again),
    };
    return cmocka_run_group_tests_name("grant.chain_limits", tests, NULL, NULL);
}
