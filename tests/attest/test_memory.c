/* Evidence that is good, judged in too little memory: however little it is, and wherever it ends, the
 * evidence is not accepted; with enough it is. */
#include "snp_kit.h"
#include "support/check.h"
#include <deputy/attest.h>

enum { STEP = 96, MOST = 4 * 1024 * 1024, INTEL_NOW = 1752919234 };

/* Whether it is accepted in an arena of that size; a refusal and an error are both none. */
static bool is_accepted(const struct deputy_attest_evidence *evidence, int64_t now, size_t size)
{
    struct deputy_arena *arena;
    struct deputy_attest_verdict v;
    struct deputy_attest_policy policy = deputy_attest_policy_default();
    policy.require_nonce = false;
    policy.tdx.os_unchecked = true;
    const struct deputy_attest_question question = {.now = {.sec = now}, .policy = &policy};
    assert_ok(deputy_arena_create(&arena, size));
    enum deputy_error error = deputy_attest_verify(arena, &v, evidence, &question);
    assert_true(error == DEPUTY_OK || error == DEPUTY_E_NOMEM);
    bool accepted = error == DEPUTY_OK && v.ok;
    if (error == DEPUTY_OK)
        assert_int_equal(v.ok, v.error == DEPUTY_ATTEST_OK);
    deputy_arena_destroy(arena);
    return accepted;
}

/* The least that is enough, in steps from nothing. */
static size_t enough_for(const struct deputy_attest_evidence *evidence, int64_t now)
{
    size_t size = STEP;
    assert_true(is_accepted(evidence, now, MOST));
    while (!is_accepted(evidence, now, size))
        size += STEP;
    return size;
}

static void quote_is_refused_wherever_memory_ends(void **state)
{
    const struct deputy_attest_evidence evidence = {
            .quote = check_data(*state, "attestation/intel/tdx_v4_b0c06f.quote.bin"),
            .collateral = check_data(*state, "attestation/intel/tdx_v4_b0c06f.collateral.json")};
    assert_in_range(enough_for(&evidence, INTEL_NOW), 100 * STEP, MOST);
}

static void report_is_refused_wherever_memory_ends(void **state)
{
    const struct snp_evidence real = kit_real(*state);
    const struct deputy_attest_evidence evidence = {
            .report = real.report, .vek = real.key, .ask = real.intermediate};
    assert_in_range(enough_for(&evidence, KIT_REAL_NOW), 10 * STEP, MOST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(quote_is_refused_wherever_memory_ends),
            ARENA_TEST(report_is_refused_wherever_memory_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
