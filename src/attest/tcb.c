#include "attest/tcb.h"
#include "attest/take.h"
#include "base/arena.h"
#include "base/try.h"

enum { MODULE_MAJOR = 1, FIRST_OF_MODULE_1 = 2 };

#define STATUS(name) DEPUTY_ATTEST_STATUS_##name

/* ---- the platform ---- */

/* Every component from the first one on is at least the level's. */
static bool meets(const uint8_t *versions, const uint8_t *level, size_t first)
{
    for (size_t i = first; i < TCB_COMPONENTS; i++)
        if (versions[i] < level[i])
            return false;
    return true;
}

/* With a module of version 1 or later, its versions are judged by its identity, not by the level. */
static bool meets_level(const struct tcb_level *level, const struct pck *pck, const struct td_report *td)
{
    if (!meets(pck->components, level->sgx, 0) || pck->pce_svn < level->pce_svn)
        return false;
    if (td == NULL)
        return true;
    bool has_identity = td->tee_tcb_svn.ptr[MODULE_MAJOR] > 0;
    return meets(td->tee_tcb_svn.ptr, level->tdx, has_identity ? FIRST_OF_MODULE_1 : 0);
}

static int compare_levels(const struct tcb_level *a, const struct tcb_level *b)
{
    int order = memcmp(a->sgx, b->sgx, sizeof a->sgx);
    if (order == 0)
        order = (a->pce_svn > b->pce_svn) - (a->pce_svn < b->pce_svn);
    return order != 0 ? order : memcmp(a->tdx, b->tdx, sizeof a->tdx);
}

const struct tcb_worth *tcb_level_match(
        const struct tcb_info *info, const struct pck *pck, const struct td_report *td)
{
    const struct tcb_level *best = NULL;
    for (size_t i = 0; i < info->level_count; i++) {
        const struct tcb_level *level = &info->levels[i];
        if (meets_level(level, pck, td) && (best == NULL || compare_levels(level, best) > 0))
            best = level;
    }
    return best != NULL ? &best->worth : NULL;
}

/* ---- programs ---- */

const struct tcb_worth *tcb_svn_match(const struct svn_levels *levels, uint16_t svn)
{
    const struct svn_level *best = NULL;
    for (size_t i = 0; i < levels->count; i++) {
        const struct svn_level *level = &levels->items[i];
        if (svn >= level->svn && (best == NULL || level->svn > best->svn))
            best = level;
    }
    return best != NULL ? &best->worth : NULL;
}

/* Whether the id is TDX_ and the version as two hexadecimal digits. */
static bool is_module_id(struct deputy_slice id, uint8_t version)
{
    static const char digits[] = "0123456789ABCDEF";
    const char wanted[] = {'T', 'D', 'X', '_', digits[version >> 4], digits[version & 0xf]};
    if (id.len != sizeof wanted)
        return false;
    for (size_t i = 0; i < id.len; i++) {
        bool lower = id.ptr[i] >= 'a' && id.ptr[i] <= 'z';
        if ((lower ? id.ptr[i] - 'a' + 'A' : id.ptr[i]) != wanted[i])
            return false;
    }
    return true;
}

static const struct tdx_module *find_module(const struct tcb_info *info, uint8_t version)
{
    if (version == 0)
        return &info->module;
    for (size_t i = 0; i < info->module_count; i++)
        if (is_module_id(info->modules[i].id, version))
            return &info->modules[i];
    return NULL;
}

/* Attributes agree where the mask looks, and are zero elsewhere. */
static bool has_attributes(const struct tdx_module *module, struct deputy_slice attributes)
{
    for (size_t i = 0; i < TCB_SEAM_ATTRIBUTES_BYTES; i++) {
        uint8_t mask = module->mask[i];
        if ((attributes.ptr[i] & mask) != (module->attributes[i] & mask) || (attributes.ptr[i] & ~mask) != 0)
            return false;
    }
    return true;
}

const struct tdx_module *tcb_module_match(const struct tcb_info *info, const struct td_report *td)
{
    const struct tdx_module *module = find_module(info, td->tee_tcb_svn.ptr[MODULE_MAJOR]);
    if (module == NULL ||
            !deputy_slice_equal(
                    td->mr_signer_seam, deputy_slice_bytes(module->mr_signer, sizeof module->mr_signer)) ||
            !has_attributes(module, td->seam_attributes))
        return NULL;
    return module;
}

/* ---- all together ---- */

enum deputy_attest_status tcb_converge(enum deputy_attest_status base, enum deputy_attest_status other)
{
    if (base == STATUS(REVOKED) || other == STATUS(REVOKED))
        return STATUS(REVOKED);
    if (other == STATUS(UP_TO_DATE))
        return base;
    if (base == STATUS(UP_TO_DATE) || base == STATUS(SW_HARDENING))
        return STATUS(OUT_OF_DATE);
    if (base == STATUS(CONFIGURATION) || base == STATUS(CONFIGURATION_AND_SW_HARDENING))
        return STATUS(OUT_OF_DATE_CONFIGURATION);
    return base;
}

static bool has_advisory(const struct deputy_slice *advisories, size_t count, struct deputy_slice advisory)
{
    for (size_t i = 0; i < count; i++)
        if (deputy_slice_equal(advisories[i], advisory))
            return true;
    return false;
}

static enum deputy_error add_advisories(
        struct deputy_slice *advisories, size_t *count, const struct tcb_worth *worth)
{
    if (worth == NULL || worth->advisories == NULL)
        return DEPUTY_OK;
    JSON_EACH (advisory, worth->advisories) {
        if (has_advisory(advisories, *count, advisory->text))
            continue;
        ENSURE(*count < DEPUTY_ATTEST_ADVISORIES_MAX, DEPUTY_E_LIMIT);
        advisories[(*count)++] = advisory->text;
    }
    return DEPUTY_OK;
}

enum deputy_error tcb_conclude(
        struct deputy_arena *arena, struct deputy_attest_tcb *out, const struct tcb_parts *parts)
{
    struct deputy_slice *advisories = ARENA_ARRAY(arena, struct deputy_slice, DEPUTY_ATTEST_ADVISORIES_MAX);
    ENSURE(advisories != NULL, arena_error(arena));
    out->platform_status = parts->platform->status;
    out->module_status = parts->module != NULL ? parts->module->status : DEPUTY_ATTEST_NO_STATUS;
    out->qe_status = parts->qe->status;
    out->status = out->platform_status;
    if (parts->module != NULL)
        out->status = tcb_converge(out->status, out->module_status);
    out->status = tcb_converge(out->status, out->qe_status);
    out->advisories = advisories;
    out->advisory_count = 0;
    TRY(add_advisories(advisories, &out->advisory_count, parts->platform));
    TRY(add_advisories(advisories, &out->advisory_count, parts->module));
    return add_advisories(advisories, &out->advisory_count, parts->qe);
}
