/*
 * Collateral, TCB info and enclave identities: the first byte says which. What is read is bounded, and the
 * best platform of all meets a level whenever there is one.
 */
#include "attest/collateral.h"
#include "attest/tcb.h"
#include "property.h"

static void collateral_is_bounded(struct deputy_slice json)
{
    struct collateral collateral;
    if (collateral_parse(fuzz_arena(), &collateral, json) != DEPUTY_OK)
        return;
    HOLDS(collateral.tcb_info.text.len <= COLLATERAL_MEMBER_MAX);
    HOLDS(deputy_slice_present(collateral.root_crl) && deputy_slice_present(collateral.pck_crl));
}

static void worth_is_known(const struct tcb_worth *worth)
{
    HOLDS(deputy_attest_status_name(worth->status) != NULL);
    HOLDS(worth->advisories == NULL || worth->advisories->count <= DEPUTY_ATTEST_ADVISORIES_MAX);
}

static void levels_are_known(const struct svn_levels *levels)
{
    HOLDS((tcb_svn_match(levels, UINT16_MAX) != NULL) == (levels->count > 0));
    for (size_t i = 0; i < levels->count; i++)
        worth_is_known(&levels->items[i].worth);
}

/* A guest whose versions are all the same number, on a module that nobody knows the name of. */
static struct td_report guest_of(const uint8_t versions[TCB_COMPONENTS])
{
    static const uint8_t zeros[TCB_SIGNER_BYTES];
    return (struct td_report){.tee_tcb_svn = deputy_slice_bytes(versions, TCB_COMPONENTS),
            .mr_signer_seam = deputy_slice_bytes(zeros, TCB_SIGNER_BYTES),
            .seam_attributes = deputy_slice_bytes(zeros, TCB_SEAM_ATTRIBUTES_BYTES)};
}

static void tcb_info_is_sound(struct deputy_slice json)
{
    struct tcb_info info;
    struct pck best = {.pce_svn = UINT16_MAX};
    struct pck worst = {.pce_svn = 0};
    uint8_t versions[TCB_COMPONENTS];
    if (tcb_info_parse(fuzz_arena(), &info, json) != DEPUTY_OK)
        return;
    memset(best.components, UINT8_MAX, sizeof best.components);
    memset(versions, UINT8_MAX, sizeof versions);
    const struct td_report guest = guest_of(versions);
    const struct tcb_worth *top = tcb_level_match(&info, &best, &guest);
    const struct tcb_worth *bottom = tcb_level_match(&info, &worst, &guest);
    HOLDS((top != NULL) == (info.level_count > 0));
    HOLDS(bottom == NULL || top != NULL);
    for (size_t i = 0; i < info.level_count; i++)
        worth_is_known(&info.levels[i].worth);
    for (size_t i = 0; i < info.module_count; i++)
        levels_are_known(&info.modules[i].levels);
    (void)tcb_module_match(&info, &guest);
}

static void identity_is_sound(struct deputy_slice json)
{
    struct qe_identity identity;
    if (qe_identity_parse(fuzz_arena(), &identity, json) == DEPUTY_OK)
        levels_are_known(&identity.levels);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct deputy_slice input = deputy_slice_bytes(data, size);
    switch (fuzz_byte(&input)) {
    case 'c':
        collateral_is_bounded(input);
        break;
    case 't':
        tcb_info_is_sound(input);
        break;
    default:
        identity_is_sound(input);
    }
    return 0;
}
