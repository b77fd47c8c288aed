#include "attest/tcb_info.h"
#include "attest/tcb_members.h"
#include "base/arena.h"
#include "base/try.h"

static enum deputy_error read_components(
        uint8_t out[TCB_COMPONENTS], const struct json_value *object, const char *name)
{
    const struct json_value *array;
    TRY(tcb_read_array(&array, object, name, TCB_COMPONENTS));
    ENSURE(array->count == TCB_COMPONENTS, DEPUTY_E_JSON_TYPE);
    JSON_EACH (component, array) {
        int64_t svn;
        TRY(tcb_read_number(&svn, component, "svn", UINT8_MAX));
        *out++ = (uint8_t)svn;
    }
    return DEPUTY_OK;
}

static enum deputy_error read_level(struct tcb_level *out, const struct json_value *level, bool is_tdx)
{
    const struct json_value *tcb = json_member(level, "tcb");
    int64_t pce_svn;
    TRY(read_components(out->sgx, tcb, "sgxtcbcomponents"));
    TRY(tcb_read_number(&pce_svn, tcb, "pcesvn", UINT16_MAX));
    out->pce_svn = (uint16_t)pce_svn;
    if (is_tdx)
        TRY(read_components(out->tdx, tcb, "tdxtcbcomponents"));
    return tcb_read_worth(&out->worth, level);
}

static enum deputy_error read_levels(
        struct deputy_arena *arena, struct tcb_info *out, const struct json_value *object, bool is_tdx)
{
    const struct json_value *array;
    TRY(tcb_read_array(&array, object, "tcbLevels", TCB_LEVELS_MAX));
    struct tcb_level *levels = ARENA_ARRAY(arena, struct tcb_level, array->count + 1);
    ENSURE(levels != NULL, arena_error(arena));
    out->levels = levels;
    JSON_EACH (level, array)
        TRY(read_level(&levels[out->level_count++], level, is_tdx));
    return DEPUTY_OK;
}

/* What tdxModule and each of tdxModuleIdentities say alike. */
static enum deputy_error read_module(struct tdx_module *out, const struct json_value *object)
{
    TRY(tcb_read_hex(out->mr_signer, sizeof out->mr_signer, object, "mrsigner"));
    TRY(tcb_read_hex(out->attributes, sizeof out->attributes, object, "attributes"));
    return tcb_read_hex(out->mask, sizeof out->mask, object, "attributesMask");
}

static enum deputy_error read_identity(
        struct deputy_arena *arena, struct tdx_module *out, const struct json_value *object)
{
    TRY(json_to_text(&out->id, json_member(object, "id")));
    TRY(read_module(out, object));
    return tcb_read_svn_levels(arena, &out->levels, object);
}

/* Files of 2023 have no list of identities. */
static enum deputy_error read_modules(
        struct deputy_arena *arena, struct tcb_info *out, const struct json_value *object)
{
    const struct json_value *array;
    TRY(read_module(&out->module, json_member(object, "tdxModule")));
    if (json_member(object, "tdxModuleIdentities") == NULL)
        return DEPUTY_OK;
    TRY(tcb_read_array(&array, object, "tdxModuleIdentities", TCB_MODULES_MAX));
    struct tdx_module *modules = ARENA_ARRAY(arena, struct tdx_module, array->count + 1);
    ENSURE(modules != NULL, arena_error(arena));
    out->modules = modules;
    JSON_EACH (identity, array)
        TRY(read_identity(arena, &modules[out->module_count++], identity));
    return DEPUTY_OK;
}

enum deputy_error tcb_info_parse(struct deputy_arena *arena, struct tcb_info *out, struct deputy_slice json)
{
    const struct json_value *object;
    *out = (struct tcb_info){.level_count = 0};
    TRY(tcb_read_object(arena, &object, json));
    TRY(json_to_text(&out->id, json_member(object, "id")));
    TRY(tcb_read_number(&out->version, object, "version", INT32_MAX));
    TRY(tcb_read_dates(&out->issue_date, &out->next_update, object));
    TRY(tcb_read_hex(out->fmspc, sizeof out->fmspc, object, "fmspc"));
    TRY(tcb_read_hex(out->pce_id, sizeof out->pce_id, object, "pceId"));
    TRY(tcb_read_number(&out->evaluation_data_number, object, "tcbEvaluationDataNumber", INT32_MAX));
    bool is_tdx = deputy_slice_equal(out->id, deputy_slice_text("TDX"));
    if (is_tdx)
        TRY(read_modules(arena, out, object));
    return read_levels(arena, out, object, is_tdx);
}
