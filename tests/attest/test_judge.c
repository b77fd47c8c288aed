/* What a policy says to genuine evidence of Intel, bit by bit (spec/08 sections 3.6 and 8.1). */
#include "attest/judge.h"
#include "attest/take.h"
#include "attest/tdx_quote.h"
#include "attest/verdict.h"
#include "support/check.h"
#include <stdio.h>

#define STATUS(name) DEPUTY_ATTEST_STATUS_##name
#define BIT(n) (UINT64_C(1) << (n))

static struct deputy_attest_verdict begin(void)
{
    struct deputy_attest_verdict v;
    verdict_begin(&v, DEPUTY_ATTEST_TDX, 1);
    return v;
}

/* ---- platform and root ---- */

static void platform_that_the_policy_does_not_list_is_refused(void **state)
{
    struct deputy_attest_policy policy = deputy_attest_policy_default();
    (void)state;
    const struct {
        uint32_t platforms;
        bool passes;
    } cases[] = {{0, true}, {1u << DEPUTY_ATTEST_TDX, true}, {1u << DEPUTY_ATTEST_SEV_SNP, false},
            {1u << DEPUTY_ATTEST_SGX | 1u << DEPUTY_ATTEST_SEV_SNP, false},
            {1u << DEPUTY_ATTEST_SGX | 1u << DEPUTY_ATTEST_TDX, true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct deputy_attest_verdict v = begin();
        policy.platforms = cases[i].platforms;
        judge_platform(&v, &policy);
        assert_int_equal(
                v.checks[CHECK(PLATFORM)].state, cases[i].passes ? DEPUTY_ATTEST_PASS : DEPUTY_ATTEST_FAIL);
        assert_int_equal(v.error, cases[i].passes ? CODE(OK) : CODE(POLICY_PLATFORMS));
        if (!cases[i].passes)
            assert_text(v.checks[CHECK(PLATFORM)].found, "tdx");
    }
}

/* A simulator is one even where the policy lets it pass, and its verdict says so. */
static void another_root_makes_a_simulator_of_it(void **state)
{
    (void)state;
    for (int makers = 0; makers < 2; makers++) {
        for (int allowed = 0; allowed < 2; allowed++) {
            struct deputy_attest_policy policy = deputy_attest_policy_default();
            struct deputy_attest_verdict v = begin();
            policy.allow_simulator = allowed;
            judge_root(&v, &policy, makers);
            bool passes = makers || allowed;
            assert_int_equal(v.checks[CHECK(ROOT)].state, passes ? DEPUTY_ATTEST_PASS : DEPUTY_ATTEST_FAIL);
            assert_int_equal(v.error, passes ? CODE(OK) : CODE(SIMULATOR));
            assert_int_equal(v.warning_count, makers ? 0 : 1);
            if (!makers)
                assert_text(v.warnings[0], "simulator");
        }
    }
}

/* ---- security status ---- */

struct asked {
    struct deputy_attest_policy policy;
    struct deputy_attest_verdict v;
};

static struct asked asked(enum deputy_attest_status status)
{
    struct asked a = {.policy = deputy_attest_policy_default(), .v = begin()};
    a.v.tcb = (struct deputy_attest_tcb){.present = true, .status = status, .evaluation_data_number = 17};
    return a;
}

static enum deputy_attest_code tcb_of(struct asked *a)
{
    judge_tcb(&a->v, &a->policy);
    enum deputy_attest_state state = a->v.checks[CHECK(TCB)].state;
    assert_int_equal(state, a->v.error == CODE(OK) ? DEPUTY_ATTEST_PASS : DEPUTY_ATTEST_FAIL);
    return a->v.error;
}

static void status_must_be_one_that_the_policy_tolerates(void **state)
{
    (void)state;
    for (unsigned status = STATUS(UP_TO_DATE); status <= STATUS(REVOKED); status++) {
        struct asked a = asked((enum deputy_attest_status)status);
        assert_int_equal(tcb_of(&a), status == STATUS(UP_TO_DATE) ? CODE(OK) : CODE(TCB_STATUS));
        a = asked((enum deputy_attest_status)status);
        a.policy.tdx.tcb_statuses = 1u << status;
        assert_int_equal(tcb_of(&a), CODE(OK));
        a = asked((enum deputy_attest_status)status);
        a.policy.tdx.tcb_statuses = ~(1u << status);
        assert_int_equal(tcb_of(&a), CODE(TCB_STATUS));
    }
}

static void advisories_must_be_tolerated_unless_all_is_up_to_date(void **state)
{
    static const struct deputy_slice known[] = {{(const uint8_t *)"A", 1}, {(const uint8_t *)"B", 1}};
    static const struct deputy_slice found[] = {{(const uint8_t *)"B", 1}, {(const uint8_t *)"C", 1}};
    static const struct {
        bool listed;
        size_t known, found;
        enum deputy_attest_status status;
        bool passes;
    } cases[] = {{false, 0, 2, STATUS(SW_HARDENING), true}, {true, 2, 1, STATUS(SW_HARDENING), true},
            {true, 2, 2, STATUS(SW_HARDENING), false}, {true, 0, 1, STATUS(SW_HARDENING), false},
            {true, 0, 0, STATUS(SW_HARDENING), true}, {true, 0, 2, STATUS(UP_TO_DATE), true}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct asked a = asked(cases[i].status);
        a.policy.tdx.tcb_statuses = ~0u;
        a.policy.tdx.tolerated_advisories =
                (struct deputy_attest_list){cases[i].listed, known, cases[i].known};
        a.v.tcb.advisories = found;
        a.v.tcb.advisory_count = cases[i].found;
        assert_int_equal(tcb_of(&a), cases[i].passes ? CODE(OK) : CODE(TCB_STATUS));
    }
}

static void collateral_must_be_of_the_evaluation_that_is_asked_for(void **state)
{
    (void)state;
    for (int64_t least = 16; least <= 18; least++) {
        struct asked a = asked(STATUS(UP_TO_DATE));
        a.policy.tdx.min_tcb_evaluation_data_number = least;
        assert_int_equal(tcb_of(&a), least <= 17 ? CODE(OK) : CODE(POLICY_MIN_TCB_EVALUATION_DATA_NUMBER));
    }
    struct asked a = asked(STATUS(UP_TO_DATE));
    a.v.tcb.present = false;
    judge_tcb(&a.v, &a.policy);
    assert_int_equal(a.v.checks[CHECK(TCB)].state, begin().checks[CHECK(TCB)].state);
}

/* ---- attributes of a guest ---- */

static void put_le64(uint8_t out[8], uint64_t number)
{
    for (size_t i = 0; i < 8; i++)
        out[i] = (uint8_t)(number >> (8 * i));
}

static enum deputy_attest_code td_of(
        const struct deputy_attest_policy *policy, uint64_t attributes, uint64_t xfam, uint8_t service)
{
    uint8_t attribute_bytes[8], xfam_bytes[8], service_bytes[48] = {[47] = service};
    struct deputy_attest_verdict v = begin();
    put_le64(attribute_bytes, attributes);
    put_le64(xfam_bytes, xfam);
    const struct td_report td = {.td_attributes = deputy_slice_bytes(attribute_bytes, 8),
            .xfam = deputy_slice_bytes(xfam_bytes, 8),
            .mr_service_td = deputy_slice_bytes(service_bytes, 48)};
    judge_td(&v, policy, &td);
    assert_int_equal(
            v.checks[CHECK(ATTRIBUTES)].state, v.error == CODE(OK) ? DEPUTY_ATTEST_PASS : DEPUTY_ATTEST_FAIL);
    return v.error;
}

enum { SEPT_VE_DISABLE = 28, PKS = 30, KL = 31, PERFMON = 63 };

static void each_attribute_of_a_guest_is_known_or_refused(void **state)
{
    (void)state;
    for (int debug = 0; debug < 2; debug++) {
        struct deputy_attest_policy policy = deputy_attest_policy_default();
        policy.allow_debug = debug;
        for (unsigned bit = 0; bit < 64; bit++) {
            bool known = bit == SEPT_VE_DISABLE || bit == PKS || bit == KL || bit == PERFMON;
            enum deputy_attest_code expected = known ? CODE(OK) : CODE(TD_ATTRIBUTES);
            if (bit == 0)
                expected = debug ? CODE(OK) : CODE(DEBUG);
            assert_int_equal(td_of(&policy, BIT(SEPT_VE_DISABLE) | BIT(bit), 3, 0), expected);
        }
    }
}

static void sept_ve_disable_and_service_domains_are_the_policys(void **state)
{
    struct deputy_attest_policy policy = deputy_attest_policy_default();
    (void)state;
    assert_int_equal(td_of(&policy, 0, 3, 0), CODE(TD_ATTRIBUTES));
    policy.tdx.require_sept_ve_disable = false;
    assert_int_equal(td_of(&policy, 0, 3, 0), CODE(OK));
    assert_int_equal(td_of(&policy, 0, 3, 1), CODE(TD_ATTRIBUTES));
    policy.tdx.allow_service_td = true;
    assert_int_equal(td_of(&policy, 0, 3, 1), CODE(OK));
}

/* Each byte of both registers: no policy can say what should stand there. */
static void guest_with_an_owner_is_refused(void **state)
{
    struct deputy_attest_policy policy = deputy_attest_policy_default();
    uint8_t attributes[8], xfam[8], none[48] = {0}, owner[2][48] = {{0}};
    (void)state;
    put_le64(attributes, BIT(SEPT_VE_DISABLE));
    put_le64(xfam, 3);
    policy.allow_debug = policy.allow_simulator = policy.tdx.allow_service_td = true;
    const struct td_report td = {.td_attributes = deputy_slice_bytes(attributes, 8),
            .xfam = deputy_slice_bytes(xfam, 8),
            .mr_service_td = deputy_slice_bytes(none, 48),
            .mr_owner = deputy_slice_bytes(owner[0], 48),
            .mr_owner_config = deputy_slice_bytes(owner[1], 48)};
    struct deputy_attest_verdict v = begin();
    judge_td(&v, &policy, &td);
    assert_int_equal(v.checks[CHECK(ATTRIBUTES)].state, DEPUTY_ATTEST_PASS);
    for (size_t i = 0; i < sizeof owner; i++) {
        owner[i / 48][i % 48] = 1;
        v = begin();
        judge_td(&v, &policy, &td);
        assert_int_equal(v.error, CODE(TD_ATTRIBUTES));
        owner[i / 48][i % 48] = 0;
    }
}

static void each_extended_feature_is_known_or_refused(void **state)
{
    static const unsigned known[] = {0, 1, 2, 5, 6, 7, 8, 9, 11, 12, 14, 15, 17, 18};
    struct deputy_attest_policy policy = deputy_attest_policy_default();
    uint64_t attributes = BIT(SEPT_VE_DISABLE);
    (void)state;
    for (unsigned bit = 0; bit < 64; bit++) {
        bool is_known = false;
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            is_known |= known[i] == bit;
        assert_int_equal(
                td_of(&policy, attributes, 3 | BIT(bit), 0), is_known ? CODE(OK) : CODE(TD_ATTRIBUTES));
    }
    for (uint64_t without = 0; without < 3; without++)
        assert_int_equal(td_of(&policy, attributes, without, 0), CODE(TD_ATTRIBUTES));
}

/* ---- enclaves ---- */

static void enclave_that_can_be_debugged_is_refused_unless_allowed(void **state)
{
    (void)state;
    for (int debug = 0; debug < 2; debug++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            struct deputy_attest_policy policy = deputy_attest_policy_default();
            struct deputy_attest_verdict v = begin();
            uint8_t attributes[16] = {(uint8_t)BIT(bit)};
            const struct enclave_report enclave = {.attributes = deputy_slice_bytes(attributes, 16)};
            policy.allow_debug = debug;
            judge_enclave(&v, &policy, &enclave);
            assert_int_equal(v.error, bit == 1 && !debug ? CODE(DEBUG) : CODE(OK));
            assert_int_equal(v.checks[CHECK(ATTRIBUTES)].state,
                    v.error == CODE(OK) ? DEPUTY_ATTEST_PASS : DEPUTY_ATTEST_FAIL);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(platform_that_the_policy_does_not_list_is_refused),
            cmocka_unit_test(another_root_makes_a_simulator_of_it),
            cmocka_unit_test(status_must_be_one_that_the_policy_tolerates),
            cmocka_unit_test(advisories_must_be_tolerated_unless_all_is_up_to_date),
            cmocka_unit_test(collateral_must_be_of_the_evaluation_that_is_asked_for),
            cmocka_unit_test(each_attribute_of_a_guest_is_known_or_refused),
            cmocka_unit_test(sept_ve_disable_and_service_domains_are_the_policys),
            cmocka_unit_test(guest_with_an_owner_is_refused),
            cmocka_unit_test(each_extended_feature_is_known_or_refused),
            cmocka_unit_test(enclave_that_can_be_debugged_is_refused_unless_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
