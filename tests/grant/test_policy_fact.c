#include "grant/policy_fact.h"
#include "support/check.h"

#define TEXTS                                                                                                \
    "\"ownerDid\":\"x\",\"policyId\":\"x\",\"policyDigestHex\":\"x\",\"policyCid\":\"x\","                   \
    "\"contentSourceDigestHex\":\"x\",\"capabilityCeilingHashHex\":\"x\",\"nativeProjectionHashHex\":\"x\","
#define AUTHORITY "\"role\":\"policy-authority\",\"mode\":\"policy-source\","
#define ENFORCEMENT "\"role\":\"policy-enforcement\",\"mode\":\"conditional-mint\","
#define SESSION "[{\"profile\":\"policy-session-ucan/v1\",\"x\":1}]"

static enum deputy_error refusal(void **state, const char *facts, size_t parents)
{
    struct deputy_token token = {.proof_count = parents};
    enum deputy_error out;
    if (facts != NULL)
        token.facts = T(facts);
    assert_ok(policy_fact_refusal(*state, &out, &token));
    return out;
}

static bool marks(void **state, const char *facts)
{
    struct deputy_token token = {0};
    bool out;
    if (facts != NULL)
        token.facts = T(facts);
    assert_ok(policy_fact_marks(*state, &out, &token));
    return out;
}

static void D83_policy_root_is_refused_at_the_door(void **state)
{
    const char *authority = "[{" AUTHORITY TEXTS "\"nodeAudience\":\"x\"}]";
    const char *enforcement = "[{" ENFORCEMENT TEXTS "\"nodeAudience\":\"x\",\"enforcerDid\":\"x\"}]";
    assert_int_equal(refusal(state, authority, 0), DEPUTY_E_POLICY_ROOT);
    assert_int_equal(refusal(state, enforcement, 0), DEPUTY_E_POLICY_ROOT);
    assert_int_equal(refusal(state, authority, 1), DEPUTY_E_POLICY_SESSION_PARENT_COUNT);
}

static void D83_policy_session_is_refused_by_its_number_of_parents(void **state)
{
    assert_int_equal(refusal(state, SESSION, 0), DEPUTY_E_POLICY_SESSION_PARENT_COUNT);
    assert_int_equal(refusal(state, SESSION, 1), DEPUTY_E_POLICY_SESSION_PARENT);
    assert_int_equal(refusal(state, SESSION, 2), DEPUTY_E_POLICY_SESSION_REGISTRATION);
    assert_int_equal(refusal(state, SESSION, 3), DEPUTY_E_POLICY_SESSION_PARENT_COUNT);
}

static void facts_of_another_shape_are_no_policy_root(void **state)
{
    const char *const other[] = {NULL, "[]", "[1]", "[{}]", "[{\"role\":\"policy-authority\"}]",
            "[{" AUTHORITY TEXTS "\"nodeAudience\":1}]", "[{" AUTHORITY TEXTS "\"more\":\"x\"}]",
            "[{" AUTHORITY TEXTS "\"nodeAudience\":\"x\",\"more\":\"x\"}]",
            "[{" ENFORCEMENT TEXTS "\"nodeAudience\":\"x\",\"more\":\"x\"}]",
            "[{\"role\":\"policy-authority\",\"mode\":\"conditional-mint\"," TEXTS "\"nodeAudience\":\"x\"}]",
            "[{" AUTHORITY TEXTS "\"nodeAudience\":\"x\"},{}]", "[{\"profile\":\"policy-session-ucan/v2\"}]"};
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        assert_int_equal(refusal(state, other[i], 0), DEPUTY_OK);
}

/* H17: whatever the rest of the fact looks like. */
static void H17_fact_with_a_policy_role_is_marked(void **state)
{
    assert_true(marks(state, "[{\"role\":\"policy-authority\"}]"));
    assert_true(marks(state, "[{\"role\":\"policy-enforcement\",\"x\":1}]"));
    assert_true(marks(state, SESSION));
    assert_false(marks(state, NULL));
    assert_false(marks(state, "[{\"role\":\"policy\"}]"));
    assert_false(marks(state, "[{\"role\":\"policy-authority\"},{}]"));
    assert_false(marks(state, "[{\"xyz.tinycloud.policy/delegationMode\":\"terminal\"}]"));
}

static void facts_that_cannot_be_read_are_no_answer(void **state)
{
    struct deputy_token token = {.facts = T("[")};
    enum deputy_error out;
    bool marked;
    assert_int_not_equal(policy_fact_refusal(*state, &out, &token), DEPUTY_OK);
    assert_int_not_equal(policy_fact_marks(*state, &marked, &token), DEPUTY_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(D83_policy_root_is_refused_at_the_door),
            ARENA_TEST(D83_policy_session_is_refused_by_its_number_of_parents),
            ARENA_TEST(facts_of_another_shape_are_no_policy_root),
            ARENA_TEST(H17_fact_with_a_policy_role_is_marked),
            ARENA_TEST(facts_that_cannot_be_read_are_no_answer),
    };
    return cmocka_run_group_tests_name("grant.policy_fact", tests, NULL, NULL);
}
