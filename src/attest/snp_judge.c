/* What a genuine report must say to be accepted (spec/08 section 5.3, 3 to 9). */
#include "attest/policy.h"
#include "attest/snp_verify.h"
#include "attest/verdict.h"

/* ---- security versions ---- */

static bool firmware_at_most(struct snp_firmware a, struct snp_firmware b)
{
    if (a.major != b.major)
        return a.major < b.major;
    if (a.minor != b.minor)
        return a.minor < b.minor;
    return a.build <= b.build;
}

static bool firmware_equal(struct snp_firmware a, struct snp_firmware b)
{
    return firmware_at_most(a, b) && firmware_at_most(b, a);
}

/* What is running may be rolled back to what is committed: they are equal unless provisional firmware is
 * allowed. */
static bool committed_holds(const struct snp_report *report, const struct snp_tcbs *tcbs, bool provisional)
{
    if (!provisional)
        return snp_tcb_equal(tcbs->committed, tcbs->current) &&
               firmware_equal(report->committed, report->current);
    return snp_tcb_at_most(tcbs->committed, tcbs->current) &&
           firmware_at_most(report->committed, report->current);
}

static void refuse_tcb(struct deputy_attest_verdict *v, const char *expected, const char *fix)
{
    (void)verdict_refuse_for(v, CHECK(SNP_TCB), CODE(SNP_TCB), expected, fix);
}

void snp_judge_tcb(struct deputy_attest_verdict *v, const struct snp_report *report,
        const struct snp_tcbs *tcbs, const struct snp_key *key, const struct deputy_attest_snp_policy *policy)
{
    if (!snp_tcb_equal(key->tcb, tcbs->reported))
        refuse_tcb(v, "the security version that the chip's key was derived for",
                "fetch the certificate for the reported version");
    if (!snp_tcb_at_most(key->tcb, tcbs->current))
        refuse_tcb(v, "a running security version not below that of the key", NULL);
    if (!committed_holds(report, tcbs, policy->permit_provisional_firmware))
        refuse_tcb(v, "committed firmware that is the running one",
                "let the host commit its firmware, or set permit_provisional_firmware");
    bool has_least = (policy->min_tcb_products >> key->product & 1) != 0;
    if (has_least && !snp_tcb_at_most(policy->min_tcb[key->product], tcbs->reported))
        refuse_tcb(v, "at least min_tcb of the policy, in every component", "update the host's firmware");
    verdict_pass(v, CHECK(SNP_TCB));
}

/* ---- guest and platform ---- */

static void refuse_guest(struct deputy_attest_verdict *v, const char *expected, const char *fix)
{
    (void)verdict_refuse_for(v, CHECK(SNP_POLICY), CODE(SNP_POLICY), expected, fix);
}

static bool has(uint64_t bits, uint64_t mask)
{
    return (bits & mask) != 0;
}

static void judge_demands(struct deputy_attest_verdict *v, uint64_t policy, uint64_t platform)
{
    if (!has(policy, SNP_POLICY_ONE) || has(policy, SNP_POLICY_RESERVED))
        refuse_guest(v, "a guest policy without bits that are not known", NULL);
    if (has(policy, SNP_POLICY_MIGRATE))
        refuse_guest(v, "a guest without a migration agent", "launch it without MIGRATE_MA");
    if (!has(policy, SNP_POLICY_SMT) && has(platform, SNP_PLATFORM_SMT))
        refuse_guest(v, "simultaneous multithreading off, as the guest demands", NULL);
    if (has(policy, SNP_POLICY_RAPL_OFF) && !has(platform, SNP_PLATFORM_RAPL_OFF))
        refuse_guest(v, "power reporting off, as the guest demands", NULL);
    if (has(policy, SNP_POLICY_HIDING) && !has(platform, SNP_PLATFORM_HIDING))
        refuse_guest(v, "ciphertext hiding on, as the guest demands", NULL);
}

void snp_judge_guest(struct deputy_attest_verdict *v, const struct snp_report *report,
        const struct snp_key *key, const struct deputy_attest_policy *policy)
{
    judge_demands(v, report->policy, report->platform_info);
    if (has(report->policy, SNP_POLICY_DEBUG) && !policy->allow_debug)
        (void)verdict_refuse_for(v, CHECK(SNP_POLICY), CODE(SNP_POLICY), "a guest that its host cannot debug",
                "launch it without DEBUG");
    if (has(report->platform_info, ~SNP_PLATFORM_KNOWN))
        refuse_guest(v, "platform features that are known", NULL);
    if (policy->snp.require_alias_check && !has(report->platform_info, SNP_PLATFORM_ALIAS_CHECKED))
        refuse_guest(v, "a platform that checked its memory for aliases", "update the host's firmware");
    if (report->vmpl != 0)
        refuse_guest(v, "a report that was asked for at VMPL 0", NULL);
    if (key->kind == SNP_SIGNED_BY_VLEK && !policy->snp.allow_vlek)
        refuse_guest(v, "a report that is signed by the chip's own key",
                "set allow_vlek to trust the provider's key");
    if (!policy_allows(policy->snp.products, key->product))
        (void)verdict_refuse_for(
                v, CHECK(SNP_POLICY), CODE(POLICY_PRODUCTS), "one of the products of the policy", NULL);
    verdict_pass(v, CHECK(SNP_POLICY));
}
