/* Security versions against each other, one component and one comparison at a time (spec/08 section 5.3). */
#include "attest/verdict.h"
#include "snp_kit.h"

/* All that is compared, each the same to begin with. */
struct judged {
    struct deputy_attest_snp_policy policy;
    struct snp_report report;
    struct snp_tcbs tcbs;
    struct snp_key key;
};

static const struct deputy_attest_snp_tcb middle = {.fmc = 5, .bl = 5, .tee = 5, .snp = 5, .ucode = 5};

static struct judged begin(void)
{
    struct snp_firmware firmware = {.major = 1, .minor = 55, .build = 20};
    return (struct judged){.policy = deputy_attest_policy_default().snp,
            .report = {.current = firmware, .committed = firmware},
            .tcbs = {middle, middle, middle, middle},
            .key = {.product = DEPUTY_ATTEST_PRODUCT_TURIN, .tcb = middle}};
}

static bool passes(const struct judged *j)
{
    struct deputy_attest_verdict v;
    verdict_begin(&v, DEPUTY_ATTEST_SEV_SNP, 0);
    snp_judge_tcb(&v, &j->report, &j->tcbs, &j->key, &j->policy);
    bool failed = verdict_failed(&v, DEPUTY_ATTEST_CHECK_SNP_TCB);
    assert_int_equal(
            v.checks[DEPUTY_ATTEST_CHECK_SNP_TCB].state, failed ? DEPUTY_ATTEST_FAIL : DEPUTY_ATTEST_PASS);
    assert_int_equal(v.error, failed ? DEPUTY_ATTEST_SNP_TCB : DEPUTY_ATTEST_OK);
    return !failed;
}

/* ---- security versions ---- */

enum { COMPONENTS = 5 };

static struct deputy_attest_snp_tcb changed(size_t component, int by)
{
    struct deputy_attest_snp_tcb tcb = middle;
    uint8_t *const components[COMPONENTS] = {&tcb.fmc, &tcb.bl, &tcb.tee, &tcb.snp, &tcb.ucode};
    *components[component] = (uint8_t)(*components[component] + by);
    return tcb;
}

static void versions_that_are_all_the_same_pass(void **state)
{
    (void)state;
    struct judged j = begin();
    assert_true(passes(&j));
    j.policy.permit_provisional_firmware = true;
    assert_true(passes(&j));
}

static void reported_version_is_just_that_of_the_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < COMPONENTS; i++) {
        for (int by = -1; by <= 1; by += 2) {
            struct judged j = begin();
            j.tcbs.reported = changed(i, by);
            assert_false(passes(&j));
        }
    }
}

/* With provisional firmware allowed, so that nothing else refuses it. */
static void running_version_is_not_below_that_of_the_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < COMPONENTS; i++) {
        struct judged j = begin();
        j.policy.permit_provisional_firmware = true;
        j.tcbs.current = j.tcbs.committed = changed(i, -1);
        assert_false(passes(&j));
        j.tcbs.current = j.tcbs.committed = changed(i, 1);
        assert_true(passes(&j));
    }
}

static void committed_version_is_the_running_one_unless_provisional_is_allowed(void **state)
{
    (void)state;
    for (size_t i = 0; i < COMPONENTS; i++) {
        struct judged j = begin();
        j.tcbs.committed = changed(i, -1);
        assert_false(passes(&j));
        j.policy.permit_provisional_firmware = true;
        assert_true(passes(&j));
        j.tcbs.committed = changed(i, 1);
        assert_false(passes(&j));
        j.policy.permit_provisional_firmware = false;
        assert_false(passes(&j));
    }
}

static void least_version_of_the_policy_holds_for_its_product_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < COMPONENTS; i++) {
        struct judged j = begin();
        j.policy.min_tcb_products = 1u << DEPUTY_ATTEST_PRODUCT_TURIN;
        j.policy.min_tcb[DEPUTY_ATTEST_PRODUCT_TURIN] = middle;
        assert_true(passes(&j));
        j.policy.min_tcb[DEPUTY_ATTEST_PRODUCT_TURIN] = changed(i, 1);
        assert_false(passes(&j));
        j.policy.min_tcb_products = 1u << DEPUTY_ATTEST_PRODUCT_MILAN;
        assert_true(passes(&j));
    }
}

/* ---- versions of the firmware ---- */

#define VERSION(a, b, c)                                                                                     \
    {                                                                                                        \
        .major = (a), .minor = (b), .build = (c)                                                             \
    }

/* Committed against a running 1.55.20, from the first number on. */
static void committed_firmware_is_compared_from_its_first_number_on(void **state)
{
    static const struct {
        struct snp_firmware committed;
        bool is_running, is_at_most;
    } cases[] = {
            {VERSION(1, 55, 20), true, true},
            {VERSION(1, 55, 19), false, true},
            {VERSION(1, 55, 21), false, false},
            {VERSION(1, 54, 20), false, true},
            {VERSION(1, 54, 255), false, true},
            {VERSION(1, 56, 20), false, false},
            {VERSION(1, 56, 0), false, false},
            {VERSION(0, 55, 20), false, true},
            {VERSION(0, 255, 255), false, true},
            {VERSION(2, 55, 20), false, false},
            {VERSION(2, 0, 0), false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct judged j = begin();
        j.report.committed = cases[i].committed;
        assert_int_equal(passes(&j), cases[i].is_running);
        j.policy.permit_provisional_firmware = true;
        assert_int_equal(passes(&j), cases[i].is_at_most);
    }
}

/* ---- guest and platform ---- */

/* Under the policy of whoever asks, which takes any product. */
static bool guest_passes(const struct judged *j, bool allow_debug)
{
    struct deputy_attest_verdict v;
    struct deputy_attest_policy policy = deputy_attest_policy_default();
    policy.allow_debug = allow_debug;
    verdict_begin(&v, DEPUTY_ATTEST_SEV_SNP, 0);
    snp_judge_guest(&v, &j->report, &j->key, &policy);
    bool failed = verdict_failed(&v, DEPUTY_ATTEST_CHECK_SNP_POLICY);
    assert_int_equal(v.error, failed ? DEPUTY_ATTEST_SNP_POLICY : DEPUTY_ATTEST_OK);
    return !failed;
}

static bool in(uint64_t bits, unsigned bit)
{
    return (bits >> bit & 1) != 0;
}

/* Section 5.3, 6 and 7, read once more from the numbers of the bits. */
static bool may_pass(uint64_t guest, uint64_t platform, bool allow_debug)
{
    return in(guest, 17) && !in(guest, 18) && (!in(guest, 19) || allow_debug) && guest >> 26 == 0 &&
           (in(guest, 16) || !in(platform, 0)) && (!in(guest, 23) || in(platform, 3)) &&
           (!in(guest, 24) || in(platform, 4)) && !in(platform, 6) && platform >> 8 == 0;
}

/* Every policy of a guest from bit 16 on, on every platform that features make, and each bit beyond. */
static void guests_get_what_they_demand_of_the_platform_and_no_more(void **state)
{
    enum { GUESTS = 1 << 10, PLATFORMS = 1 << 8 };
    struct judged j = begin();
    (void)state;
    for (uint64_t guest = 0; guest < GUESTS; guest++)
        for (uint64_t platform = 0; platform < PLATFORMS; platform++) {
            j.report.policy = guest << 16 | 0x1f;
            j.report.platform_info = platform;
            bool debug = (guest & 1) != 0;
            assert_int_equal(guest_passes(&j, debug), may_pass(guest << 16, platform, debug));
            assert_int_equal(guest_passes(&j, !debug), may_pass(guest << 16, platform, !debug));
        }
    for (unsigned bit = 8; bit < 64; bit++) {
        j.report.policy = UINT64_C(1) << 17 | UINT64_C(1) << 16;
        j.report.platform_info = UINT64_C(1) << bit;
        assert_false(guest_passes(&j, true));
        j.report.platform_info = 0;
        assert_true(guest_passes(&j, true));
        j.report.policy |= UINT64_C(1) << bit;
        assert_int_equal(guest_passes(&j, true), may_pass(j.report.policy, 0, true));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(versions_that_are_all_the_same_pass),
            cmocka_unit_test(reported_version_is_just_that_of_the_key),
            cmocka_unit_test(running_version_is_not_below_that_of_the_key),
            cmocka_unit_test(committed_version_is_the_running_one_unless_provisional_is_allowed),
            cmocka_unit_test(least_version_of_the_policy_holds_for_its_product_alone),
            cmocka_unit_test(guests_get_what_they_demand_of_the_platform_and_no_more),
            cmocka_unit_test(committed_firmware_is_compared_from_its_first_number_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
