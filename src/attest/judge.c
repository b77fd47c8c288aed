#include "attest/judge.h"
#include "attest/app.h"
#include "attest/policy.h"
#include "attest/take.h"
#include "attest/verdict.h"

static void refuse(struct deputy_attest_verdict *v, enum deputy_attest_check_name check,
        enum deputy_attest_code code, const char *expected, const char *fix)
{
    (void)verdict_refuse_for(v, check, code, expected, fix);
}

static void refuse_found(struct deputy_attest_verdict *v, enum deputy_attest_check_name check,
        enum deputy_attest_code code, const char *expected, const char *found, const char *fix)
{
    (void)verdict_refuse(v, check, code,
            (struct verdict_detail){
                    deputy_slice_text(expected), deputy_slice_text(found), deputy_slice_text(fix)});
}

void judge_platform(struct deputy_attest_verdict *v, const struct deputy_attest_policy *policy)
{
    if (policy_allows(policy->platforms, v->platform))
        verdict_pass(v, CHECK(PLATFORM));
    else
        refuse_found(v, CHECK(PLATFORM), CODE(POLICY_PLATFORMS), "a platform of the policy's list",
                deputy_attest_platform_name(v->platform), "add it to platforms");
}

void judge_root(struct deputy_attest_verdict *v, const struct deputy_attest_policy *policy, bool is_makers)
{
    if (!is_makers)
        verdict_warn(v, "simulator");
    if (is_makers || policy->allow_simulator)
        verdict_pass(v, CHECK(ROOT));
    else
        refuse(v, CHECK(ROOT), CODE(SIMULATOR), "evidence under the root of the hardware's maker",
                "for a simulator, and never in production: allow_simulator");
}

/* ---- security status ---- */

static bool tolerates_advisories(
        const struct deputy_attest_list *tolerated, const struct deputy_attest_tcb *tcb)
{
    if (!tolerated->present || tcb->status == DEPUTY_ATTEST_STATUS_UP_TO_DATE)
        return true;
    for (size_t i = 0; i < tcb->advisory_count; i++)
        if (!policy_list_has(tolerated, tcb->advisories[i]))
            return false;
    return true;
}

void judge_tcb(struct deputy_attest_verdict *v, const struct deputy_attest_policy *policy)
{
    const struct deputy_attest_tcb *tcb = &v->tcb;
    if (!tcb->present)
        return;
    if ((policy->tdx.tcb_statuses >> tcb->status & 1) == 0)
        refuse_found(v, CHECK(TCB), CODE(TCB_STATUS), "a status that the policy tolerates",
                deputy_attest_status_name(tcb->status),
                "update the platform, or tolerate this status in tdx.tcb_statuses");
    if (!tolerates_advisories(&policy->tdx.tolerated_advisories, tcb))
        refuse_found(v, CHECK(TCB), CODE(TCB_STATUS), "advisories that the policy tolerates",
                deputy_attest_status_name(tcb->status),
                "update the platform, or tolerate its advisories in tdx.tolerated_advisories");
    if (tcb->evaluation_data_number < policy->tdx.min_tcb_evaluation_data_number)
        refuse(v, CHECK(TCB), CODE(POLICY_MIN_TCB_EVALUATION_DATA_NUMBER),
                "collateral of the evaluation that the policy asks for", "fetch the collateral again");
    verdict_pass(v, CHECK(TCB));
}

/* ---- attributes ---- */

#define TD_DEBUG UINT64_C(0x01)
#define TD_UNTRUSTED UINT64_C(0xfe) /* bits 1 to 7: whatever is set there, the guest is not protected */
#define TD_RESERVED UINT64_C(0x7fffffff2fffff00)
#define TD_SEPT_VE_DISABLE UINT64_C(0x10000000)
#define XFAM_REQUIRED UINT64_C(0x03) /* x87 and SSE are always there */
#define XFAM_KNOWN UINT64_C(0x0006dbe7)

/* Registers that the owner of a guest fills at its start, and that no policy can name yet: what would stand
 * there is known to nobody who asks. */
static bool is_owned(const struct td_report *td)
{
    return !bytes_are_zero(td->mr_owner.ptr, td->mr_owner.len) ||
           !bytes_are_zero(td->mr_owner_config.ptr, td->mr_owner_config.len);
}

void judge_td(struct deputy_attest_verdict *v, const struct deputy_attest_policy *policy,
        const struct td_report *td)
{
    uint64_t attributes = le64(td->td_attributes.ptr);
    uint64_t xfam = le64(td->xfam.ptr);
    if ((attributes & TD_DEBUG) != 0 && !policy->allow_debug)
        refuse(v, CHECK(ATTRIBUTES), CODE(DEBUG), "a guest that its host cannot look into",
                "start the guest without debugging");
    if ((attributes & (TD_UNTRUSTED | TD_RESERVED)) != 0)
        refuse(v, CHECK(ATTRIBUTES), CODE(TD_ATTRIBUTES), "no attribute that is reserved", NULL);
    if ((attributes & TD_SEPT_VE_DISABLE) == 0 && policy->tdx.require_sept_ve_disable)
        refuse(v, CHECK(ATTRIBUTES), CODE(TD_ATTRIBUTES), "SEPT_VE_DISABLE",
                "start the guest with it, or say require_sept_ve_disable: false");
    if ((xfam & XFAM_REQUIRED) != XFAM_REQUIRED || (xfam & ~XFAM_KNOWN) != 0)
        refuse(v, CHECK(ATTRIBUTES), CODE(TD_ATTRIBUTES), "extended features that are known", NULL);
    if (!bytes_are_zero(td->mr_service_td.ptr, td->mr_service_td.len) && !policy->tdx.allow_service_td)
        refuse(v, CHECK(ATTRIBUTES), CODE(TD_ATTRIBUTES), "no service domain bound to the guest",
                "start the guest without one, or say allow_service_td");
    if (is_owned(td))
        refuse(v, CHECK(ATTRIBUTES), CODE(TD_ATTRIBUTES), "MROWNER and MROWNERCONFIG that are zero",
                "start the guest without them");
    verdict_pass(v, CHECK(ATTRIBUTES));
}

void judge_enclave(struct deputy_attest_verdict *v, const struct deputy_attest_policy *policy,
        const struct enclave_report *enclave)
{
    enum { ENCLAVE_DEBUG = 0x02 };
    if ((enclave->attributes.ptr[0] & ENCLAVE_DEBUG) != 0 && !policy->allow_debug)
        refuse(v, CHECK(ATTRIBUTES), CODE(DEBUG), "an enclave that its host cannot look into",
                "sign the enclave without debugging");
    verdict_pass(v, CHECK(ATTRIBUTES));
}

/* ---- what runs inside ---- */

void judge_enclave_app(struct deputy_attest_verdict *v, const struct deputy_attest_policy *policy)
{
    const struct deputy_attest_app nobody = {.present = false};
    verdict_skip(v, CHECK(EVENT_LOG), "an enclave has no event log");
    verdict_skip(v, CHECK(OS_IMAGE), "an enclave has no operating system");
    verdict_skip(v, CHECK(KEYS), "an enclave has no keys of dstack");
    app_judge(v, &nobody, &policy->app);
}
