#include "grant/secret_shorthand.h"
#include "base/arena.h"
#include "base/try.h"
#include "grant/expiry.h"
#include "grant/names.h"
#include "grant/permission.h"
#include "grant/secret_path.h"
#include "grant/text.h"

/* Says which secret it is about, and keeps the text of what was wrong with it. */
static enum deputy_error refuse_place(
        const struct attempt *attempt, struct deputy_slice key, enum deputy_error result)
{
    struct deputy_slice text;
    if (attempt->refusal->code != result)
        return result;
    TRY(deputy_refusal_format(attempt->arena, &text, attempt->refusal));
    return attempt_refuse_about_two(attempt, DEPUTY_E_SECRET_PLACE, key, text);
}

/* `name` may be null, which counts as absent; `scope` may not. */
static enum deputy_error place_read(const struct attempt *attempt, struct deputy_slice *path,
        const struct json_value *spec, struct deputy_slice key)
{
    const struct json_value *name = json_member(spec, "name");
    const struct json_value *scope = json_member(spec, "scope");
    if (name != NULL && name->kind != JSON_NULL && name->kind != JSON_STRING)
        return attempt_refuse_about_two(
                attempt, DEPUTY_E_SECRET_PLACE, key, deputy_slice_text("name must be a string"));
    if (scope != NULL && scope->kind != JSON_STRING)
        return attempt_refuse_about_two(
                attempt, DEPUTY_E_SECRET_PLACE, key, deputy_slice_text("scope must be a string"));
    enum deputy_error result =
            secret_path(attempt, path, name != NULL && name->kind == JSON_STRING ? name->text : key,
                    scope == NULL ? (struct deputy_slice){NULL, 0} : scope->text);
    return result == DEPUTY_OK ? DEPUTY_OK : refuse_place(attempt, key, result);
}

static enum deputy_error action_list_read(const struct attempt *attempt, struct deputy_permission *out,
        const struct json_value *list, struct deputy_slice key)
{
    if (list->count == 0)
        return attempt_refuse_about(attempt, DEPUTY_E_SECRET_ACTIONS_EMPTY, key);
    ENSURE(list->count <= DEPUTY_PERMISSION_MAX_ACTIONS, DEPUTY_E_LIMIT);
    struct deputy_slice *actions = ARENA_ARRAY(attempt->arena, struct deputy_slice, list->count);
    ENSURE(actions != NULL, arena_error(attempt->arena));
    size_t count = 0;
    JSON_EACH (action, list) {
        if (action->kind != JSON_STRING || action->text.len == 0)
            return attempt_refuse_about(attempt, DEPUTY_E_SECRET_ACTION_EMPTY, key);
        actions[count++] = action->text;
    }
    out->actions = actions;
    out->action_count = count;
    return DEPUTY_OK;
}

static enum deputy_error action_text_read(const struct attempt *attempt, struct deputy_permission *out,
        struct deputy_slice text, struct deputy_slice key)
{
    if (text.len == 0)
        return attempt_refuse_about(attempt, DEPUTY_E_SECRET_ACTION_EMPTY, key);
    struct deputy_slice *action = ARENA_NEW(attempt->arena, struct deputy_slice);
    ENSURE(action != NULL, arena_error(attempt->arena));
    *action = text;
    out->actions = action;
    out->action_count = 1;
    return DEPUTY_OK;
}

/* The actions of a spec or of its member; NULL and true stand for reading. */
static enum deputy_error actions_read(const struct attempt *attempt, struct deputy_permission *out,
        const struct json_value *actions, struct deputy_slice key, enum deputy_error wrong_type)
{
    if (actions == NULL || actions->kind == JSON_TRUE)
        return action_text_read(attempt, out, deputy_slice_text("read"), key);
    if (actions->kind == JSON_STRING)
        return action_text_read(attempt, out, actions->text, key);
    if (actions->kind == JSON_ARRAY)
        return action_list_read(attempt, out, actions, key);
    return attempt_refuse_about(attempt, wrong_type, key);
}

static enum deputy_error members_read(const struct attempt *attempt, struct deputy_permission *out,
        const struct json_value *spec, struct deputy_slice key)
{
    const struct json_value *actions = json_member(spec, "actions");
    const struct json_value *expiry = json_member(spec, "expiry");
    const struct json_value *description = json_member(spec, "description");
    TRY(place_read(attempt, &out->path, spec, key));
    if (json_is(actions, JSON_TRUE))
        return attempt_refuse_about(attempt, DEPUTY_E_SECRET_ACTIONS_TYPE, key);
    TRY(actions_read(attempt, out, actions, key, DEPUTY_E_SECRET_ACTIONS_TYPE));
    if (expiry != NULL)
        TRY(expiry_read(attempt, &out->expiry_ms, expiry));
    if (description != NULL && description->kind != JSON_STRING)
        return attempt_refuse_about_two(
                attempt, DEPUTY_E_SECRET_PLACE, key, deputy_slice_text("description must be a string"));
    if (description != NULL)
        out->description = description->text;
    return DEPUTY_OK;
}

enum deputy_error secret_read(
        const struct attempt *attempt, struct deputy_permission *out, const struct json_value *spec)
{
    struct deputy_slice key = spec->key;
    *out = (struct deputy_permission){.service = deputy_slice_text(SERVICE_VAULT),
            .space = deputy_slice_text("secrets"),
            .skip_prefix = true};
    if (!secret_name_valid(key))
        return attempt_refuse_about(attempt, DEPUTY_E_SECRET_KEY, key);
    if (spec->kind == JSON_OBJECT)
        return members_read(attempt, out, spec, key);
    TRY(actions_read(attempt, out, spec, key, DEPUTY_E_SECRET_SPEC));
    return place_read(attempt, &out->path, spec, key);
}

/* read, write, delete and the KV actions; not all that a vault entry knows. */
static enum deputy_error secret_action(
        const struct attempt *attempt, struct deputy_slice *urn, struct deputy_slice action)
{
    static const char *const known[] = {"read", "write", "delete", "get", "put", "del", "list", "metadata"};
    struct deputy_slice name = action;
    bool is_urn = text_starts(action, SERVICE_KV "/");
    if (is_urn)
        name = text_after(action, strlen(SERVICE_KV "/"));
    for (size_t i = is_urn ? 3 : 0; i < sizeof known / sizeof known[0]; i++) {
        if (text_is(name, known[i]))
            return vault_action(attempt, urn, name);
    }
    return attempt_refuse_quoted(attempt, DEPUTY_E_SECRET_ACTION, action);
}

enum deputy_error secret_expand(
        const struct attempt *attempt, struct deputy_permission *out, const struct deputy_permission *entry)
{
    struct deputy_permission vault = *entry;
    struct deputy_slice *actions = ARENA_ARRAY(attempt->arena, struct deputy_slice, entry->action_count);
    ENSURE(actions != NULL, arena_error(attempt->arena));
    for (size_t i = 0; i < entry->action_count; i++)
        TRY(secret_action(attempt, &actions[i], entry->actions[i]));
    vault.actions = actions;
    return permission_expand(attempt, out, &vault);
}
