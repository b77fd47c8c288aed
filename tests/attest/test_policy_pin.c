/* A policy made of a verdict accepts that evidence, and other evidence not: spec/08 section 8.1. */
#include "attest/policy_pin.h"
#include "snp_kit.h"
#include <deputy/attest.h>

/* What a policy could tolerate is tolerated, so that there is something to pin. */
static struct deputy_attest_verdict judged(struct deputy_arena *arena,
        const struct deputy_attest_evidence *evidence, int64_t now, const struct deputy_attest_policy *policy)
{
    struct deputy_attest_verdict v;
    const struct deputy_attest_question question = {.policy = policy, .now = {.sec = now}};
    assert_ok(deputy_attest_verify(arena, &v, evidence, &question));
    return v;
}

static struct deputy_attest_policy open_policy(void)
{
    struct deputy_attest_policy policy = deputy_attest_policy_default();
    policy.require_nonce = false;
    policy.tdx.os_unchecked = true;
    policy.tdx.require_sept_ve_disable = false;
    policy.tdx.tcb_statuses = ~(UINT32_C(1) << DEPUTY_ATTEST_STATUS_REVOKED);
    return policy;
}

/* The pinned policy, but for the nonce, which these pieces of evidence were not made for. */
static struct deputy_attest_policy pinned(
        struct deputy_arena *arena, const struct deputy_attest_evidence *evidence, int64_t now)
{
    struct deputy_attest_policy policy = open_policy();
    struct deputy_attest_verdict v = judged(arena, evidence, now, &policy);
    struct deputy_refusal refusal;
    struct deputy_slice json;
    assert_true(v.ok);
    assert_ok(policy_pin(arena, &json, &v));
    assert_ok(deputy_attest_policy_parse(arena, &policy, &refusal, json));
    assert_true(policy.require_nonce);
    policy.require_nonce = false;
    return policy;
}

static struct deputy_attest_evidence intel(
        struct deputy_arena *arena, const char *quote, const char *collateral)
{
    struct deputy_slice bytes = check_data(arena, quote);
    if (bytes.ptr[0] == '0')
        bytes = unhex(arena, bytes);
    return (struct deputy_attest_evidence){.quote = bytes, .collateral = check_data(arena, collateral)};
}

enum { NOW_B0C06F = 1752919234, NOW_20A06F = 1759388630, NOW_SGX = 1752919277 };

static void pinned_guest_passes_and_another_does_not(void **state)
{
    struct deputy_attest_evidence one = intel(*state, "attestation/intel/tdx_v4_b0c06f.quote.bin",
                                          "attestation/intel/tdx_v4_b0c06f.collateral.json"),
                                  other = intel(*state, "attestation/intel/tdx_v4_20a06f.quote.hex",
                                          "attestation/intel/tdx_v4_20a06f.collateral.json");
    struct deputy_attest_policy policy = pinned(*state, &one, NOW_B0C06F);
    assert_true(judged(*state, &one, NOW_B0C06F, &policy).ok);
    assert_int_equal(policy.tdx.images.count, 1);
    assert_int_equal(policy.tdx.images.items[0].rtmr0.count, 1);
    assert_int_equal(policy.tdx.min_tcb_evaluation_data_number, 17);
    struct deputy_attest_policy open = open_policy();
    assert_true(judged(*state, &other, NOW_20A06F, &open).ok);
    assert_false(judged(*state, &other, NOW_20A06F, &policy).ok);
}

static void pinned_status_and_advisories_are_those_of_the_platform(void **state)
{
    struct deputy_attest_evidence enclave = intel(*state, "attestation/intel/sgx_v3_00a067.quote.bin",
            "attestation/intel/sgx_v3_00a067.collateral.json");
    struct deputy_attest_policy policy = pinned(*state, &enclave, NOW_SGX);
    assert_true(judged(*state, &enclave, NOW_SGX, &policy).ok);
    assert_int_equal(
            policy.tdx.tcb_statuses, UINT32_C(1) << DEPUTY_ATTEST_STATUS_CONFIGURATION_AND_SW_HARDENING);
    assert_int_equal(policy.tdx.tolerated_advisories.count, 2);
    policy.tdx.tolerated_advisories.count = 1;
    assert_false(judged(*state, &enclave, NOW_SGX, &policy).ok);
}

static void pinned_report_passes_and_newer_demands_do_not(void **state)
{
    struct snp_evidence real = kit_real(*state);
    struct deputy_attest_evidence report = {.report = real.report, .vek = real.key, .ask = real.intermediate};
    struct deputy_attest_policy policy = pinned(*state, &report, KIT_REAL_NOW);
    assert_true(judged(*state, &report, KIT_REAL_NOW, &policy).ok);
    assert_int_equal(policy.snp.measurements.count, 1);
    assert_int_equal(policy.snp.min_tcb[DEPUTY_ATTEST_PRODUCT_MILAN].ucode, 213);
    policy.snp.min_tcb[DEPUTY_ATTEST_PRODUCT_MILAN].ucode++;
    assert_false(judged(*state, &report, KIT_REAL_NOW, &policy).ok);
}

static void evidence_that_does_not_hold_pins_nothing(void **state)
{
    struct deputy_attest_evidence one = intel(*state, "attestation/intel/tdx_v4_b0c06f.quote.bin",
            "attestation/intel/tdx_v4_b0c06f.collateral.json");
    struct deputy_attest_policy policy = open_policy();
    struct deputy_attest_verdict late = judged(*state, &one, NOW_B0C06F + 2, &policy);
    struct deputy_slice json;
    assert_int_equal(policy_pin(*state, &json, &late), DEPUTY_E_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(pinned_guest_passes_and_another_does_not),
            ARENA_TEST(pinned_status_and_advisories_are_those_of_the_platform),
            ARENA_TEST(pinned_report_passes_and_newer_demands_do_not),
            ARENA_TEST(evidence_that_does_not_hold_pins_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
