/* Permission entries as a manifest writes them, in the order of checks of spec/05 section 2.3. */
#include "base/arena.h"
#include "base/try.h"
#include "grant/expiry.h"
#include "grant/manifest.h"
#include "grant/names.h"
#include "grant/permission.h"
#include "grant/text.h"

static bool is_filled_text(const struct json_value *value)
{
    return json_is(value, JSON_STRING) && value->text.len > 0;
}

static enum deputy_error names_read(const struct attempt *attempt, struct deputy_permission *out,
        const struct json_value *entry, size_t index)
{
    const struct json_value *service = json_member(entry, "service");
    const struct json_value *space = json_member(entry, "space");
    const struct json_value *path = json_member(entry, "path");
    if (!is_filled_text(service))
        return attempt_refuse_index(attempt, DEPUTY_E_PERMISSION_SERVICE, index);
    if (space != NULL && !is_filled_text(space))
        return attempt_refuse_index(attempt, DEPUTY_E_PERMISSION_SPACE, index);
    if (!json_is(path, JSON_STRING))
        return attempt_refuse_index(attempt, DEPUTY_E_PERMISSION_PATH, index);
    out->service = service->text;
    out->path = path->text;
    if (space != NULL)
        out->space = space->text;
    return DEPUTY_OK;
}

static enum deputy_error actions_read(const struct attempt *attempt, struct deputy_permission *out,
        const struct json_value *entry, size_t index)
{
    const struct json_value *list = json_member(entry, "actions");
    if (!json_is(list, JSON_ARRAY) || list->count == 0)
        return attempt_refuse_index(attempt, DEPUTY_E_PERMISSION_ACTIONS, index);
    ENSURE(list->count <= DEPUTY_PERMISSION_MAX_ACTIONS, DEPUTY_E_LIMIT);
    struct deputy_slice *actions = ARENA_ARRAY(attempt->arena, struct deputy_slice, list->count);
    ENSURE(actions != NULL, arena_error(attempt->arena));
    bool vault = text_is(out->service, SERVICE_VAULT);
    size_t count = 0;
    JSON_EACH (action, list) {
        struct deputy_slice urn;
        if (!is_filled_text(action))
            return attempt_refuse_index(attempt, DEPUTY_E_PERMISSION_ACTION, index);
        if (vault)
            TRY(vault_action(attempt, &urn, action->text));
        actions[count++] = action->text;
    }
    out->actions = actions;
    out->action_count = count;
    return DEPUTY_OK;
}

static enum deputy_error caveats_read(const struct attempt *attempt, struct deputy_permission *out,
        const struct json_value *entry, size_t index)
{
    const struct json_value *caveats = json_member(entry, "caveats");
    if (caveats == NULL)
        return DEPUTY_OK;
    if (caveats->kind != JSON_ARRAY)
        return attempt_refuse_index(attempt, DEPUTY_E_PERMISSION_CAVEATS, index);
    JSON_EACH (branch, caveats) {
        if (branch->kind != JSON_OBJECT)
            return attempt_refuse_index(attempt, DEPUTY_E_PERMISSION_CAVEATS, index);
    }
    out->caveats = caveats->raw;
    return DEPUTY_OK;
}

static enum deputy_error refuse_type(const struct attempt *attempt, size_t index, const char *member)
{
    enum deputy_error code = attempt_refuse_index(attempt, DEPUTY_E_PERMISSION_TYPE, index);
    attempt->refusal->args[1] = deputy_slice_text(member);
    return code;
}

/* What the reference does not look at. */
static enum deputy_error extras_read(const struct attempt *attempt, struct deputy_permission *out,
        const struct json_value *entry, size_t index)
{
    const struct json_value *description = json_member(entry, "description");
    const struct json_value *skip = json_member(entry, "skipPrefix");
    if (description != NULL && json_to_text(&out->description, description) != DEPUTY_OK)
        return refuse_type(attempt, index, "description");
    if (skip != NULL && json_to_bool(&out->skip_prefix, skip) != DEPUTY_OK)
        return refuse_type(attempt, index, "skipPrefix");
    return DEPUTY_OK;
}

static enum deputy_error entry_read(const struct attempt *attempt, struct deputy_permission *out,
        const struct json_value *entry, size_t index)
{
    const struct json_value *expiry = json_member(entry, "expiry");
    if (entry->kind != JSON_OBJECT && entry->kind != JSON_ARRAY)
        return attempt_refuse_index(attempt, DEPUTY_E_PERMISSION_OBJECT, index);
    TRY(names_read(attempt, out, entry, index));
    TRY(actions_read(attempt, out, entry, index));
    TRY(caveats_read(attempt, out, entry, index));
    if (expiry != NULL)
        TRY(expiry_read(attempt, &out->expiry_ms, expiry));
    return extras_read(attempt, out, entry, index);
}

enum deputy_error permissions_read(
        const struct attempt *attempt, struct deputy_permissions *out, const struct json_value *list)
{
    if (!json_is(list, JSON_ARRAY))
        return attempt_refuse(attempt, DEPUTY_E_MANIFEST_PERMISSIONS);
    ENSURE(list->count <= DEPUTY_MANIFEST_MAX_PERMISSIONS, DEPUTY_E_LIMIT);
    struct deputy_permission *items = ARENA_ARRAY(attempt->arena, struct deputy_permission, list->count + 1);
    ENSURE(items != NULL, arena_error(attempt->arena));
    size_t count = 0;
    JSON_EACH (entry, list) {
        TRY(entry_read(attempt, &items[count], entry, count));
        count++;
    }
    *out = (struct deputy_permissions){items, count};
    return DEPUTY_OK;
}

static enum deputy_error parse(
        const struct attempt *attempt, struct deputy_permissions *out, struct deputy_slice json)
{
    const struct json_value *list;
    ENSURE(json.len <= DEPUTY_MANIFEST_MAX_BYTES, DEPUTY_E_LIMIT);
    TRY(json_parse(attempt->arena, &list, json));
    return permissions_read(attempt, out, list);
}

enum deputy_error deputy_permissions_parse(struct deputy_arena *arena, struct deputy_permissions *out,
        struct deputy_refusal *refusal, struct deputy_slice json)
{
    struct attempt attempt = attempt_make(arena, refusal);
    return attempt_end(&attempt, parse(&attempt, out, json));
}
