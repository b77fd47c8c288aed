/* From admitted capabilities to one operation. */
#include "base/try.h"
#include "node/kv.h"
#include <deputy/ability.h>

static enum kv_action kv_action_of(const struct deputy_capability *capability)
{
    static const struct {
        const char *ability;
        enum kv_action action;
    } actions[] = {
            {"tinycloud.kv/get", KV_GET},
            {"tinycloud.kv/metadata", KV_METADATA},
            {"tinycloud.kv/list", KV_LIST},
            {"tinycloud.kv/put", KV_PUT},
            {"tinycloud.kv/del", KV_DELETE},
    };
    const struct deputy_resource *resource = &capability->resource;
    struct deputy_slice ability;
    if (resource->kind != DEPUTY_RESOURCE_SPACE ||
            !deputy_slice_equal(resource->service, deputy_slice_text("kv")) ||
            !deputy_slice_present(resource->path))
        return KV_NONE;
    deputy_ability_status(&ability, capability->ability);
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (deputy_slice_equal(ability, deputy_slice_text(actions[i].ability)))
            return actions[i].action;
    }
    return KV_NONE;
}

static bool is_mutation(enum kv_action action)
{
    return action == KV_PUT || action == KV_DELETE;
}

/* Services of later work must refuse, not answer 200 with nothing done. */
static bool asks_for_absent_service(const struct deputy_capability *capability)
{
    static const char *const absent[] = {"sql", "duckdb", "capabilities", "hooks"};
    if (capability->resource.kind == DEPUTY_RESOURCE_NETWORK)
        return true;
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
        if (capability->resource.kind == DEPUTY_RESOURCE_SPACE &&
                deputy_slice_equal(capability->resource.service, deputy_slice_text(absent[i])))
            return true;
    }
    return false;
}

/* One more action beside those seen before: reads of one kind may stand together, nothing else. */
static enum deputy_error kv_combine(const struct kv_operation *seen, enum kv_action action)
{
    if (seen->action == KV_NONE)
        return DEPUTY_OK;
    ENSURE(!is_mutation(seen->action) && !is_mutation(action), DEPUTY_E_INVALID_INPUTS);
    return DEPUTY_E_BATCH_ABSENT;
}

enum deputy_error kv_operation_of(
        struct deputy_arena *arena, struct kv_operation *out, const struct deputy_decision *decision)
{
    *out = (struct kv_operation){.action = KV_NONE};
    bool absent = false;
    for (size_t i = 0; i < decision->grant_count; i++) {
        const struct deputy_grant *grant = &decision->grants[i];
        enum kv_action action = kv_action_of(grant->capability);
        absent = absent || asks_for_absent_service(grant->capability);
        if (action == KV_NONE)
            continue;
        TRY(kv_combine(out, action));
        out->action = action;
        out->grant = grant;
        out->key = grant->capability->resource.path;
        TRY(deputy_space_format(arena, &out->space, &grant->capability->resource.space));
    }
    ENSURE(!absent || !is_mutation(out->action), DEPUTY_E_INVALID_INPUTS);
    return absent ? DEPUTY_E_SERVICE_ABSENT : DEPUTY_OK;
}
