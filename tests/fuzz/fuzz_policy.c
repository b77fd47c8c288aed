/* Policies: whatever is read is at least as strict as it says, and what is not read is refused with a text.
 */
#include "attest/policy.h"
#include "property.h"

static bool is_filled(const struct deputy_attest_list *list)
{
    return list->present == (list->count > 0);
}

static void policy_is_sound(const struct deputy_attest_policy *policy)
{
    HOLDS(policy->tdx.tcb_statuses != 0);
    HOLDS((policy->tdx.tcb_statuses >> DEPUTY_ATTEST_STATUS_REVOKED & 1) == 0);
    HOLDS((policy->tdx.tcb_statuses & 1) == 0);
    HOLDS(policy->max_evidence_age_s >= 0 && policy->tdx.min_tcb_evaluation_data_number >= 0);
    HOLDS(is_filled(&policy->tdx.os_image_hashes) && is_filled(&policy->snp.measurements));
    HOLDS(is_filled(&policy->app.compose_hashes) && is_filled(&policy->app.app_ids));
    HOLDS(policy->tdx.images.present == (policy->tdx.images.count > 0));
    for (size_t i = 0; i < policy->tdx.images.count; i++)
        HOLDS(policy->tdx.images.items[i].mr_td.len == 48 && policy->tdx.images.items[i].rtmr2.len == 48);
    for (size_t i = 0; i < policy->app.compose_hashes.count; i++)
        HOLDS(policy_list_has(&policy->app.compose_hashes, policy->app.compose_hashes.items[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct deputy_attest_policy policy;
    struct deputy_refusal refusal;
    struct deputy_slice text;
    enum deputy_error error =
            deputy_attest_policy_parse(fuzz_arena(), &policy, &refusal, deputy_slice_bytes(data, size));
    if (error == DEPUTY_OK) {
        policy_is_sound(&policy);
    } else {
        HOLDS(refusal.code == error);
        HOLDS(deputy_refusal_format(fuzz_arena_kept(), &text, &refusal) == DEPUTY_OK && text.len > 0);
    }
    return 0;
}
