#include "grant/permission.h"
#include "base/arena.h"
#include "base/try.h"
#include "grant/names.h"
#include "grant/text.h"

enum { CAVEATS_MAX_BYTES = 64 * 1024, PERMISSIONS_MAX_TEXT = 4 * 1024 * 1024 };

static const struct {
    const char *name;
    const char *urn;
} VAULT_ACTIONS[] = {
        {"read", "tinycloud.kv/get"},
        {"get", "tinycloud.kv/get"},
        {"head", "tinycloud.kv/get"},
        {"write", "tinycloud.kv/put"},
        {"put", "tinycloud.kv/put"},
        {"delete", "tinycloud.kv/del"},
        {"del", "tinycloud.kv/del"},
        {"list", "tinycloud.kv/list"},
        {"metadata", "tinycloud.kv/metadata"},
};

static const char *const ENCRYPTION_ACTIONS[] = {"tinycloud.encryption/decrypt",
        "tinycloud.encryption/network.create", "tinycloud.encryption/network.revoke"};

enum deputy_error text_join(struct deputy_arena *arena, struct deputy_slice *out, struct deputy_slice first,
        struct deputy_slice second)
{
    uint8_t *bytes = arena_alloc_bytes(arena, first.len + second.len + 1);
    ENSURE(bytes != NULL, arena_error(arena));
    if (first.len > 0)
        memcpy(bytes, first.ptr, first.len);
    if (second.len > 0)
        memcpy(bytes + first.len, second.ptr, second.len);
    *out = deputy_slice_bytes(bytes, first.len + second.len);
    return DEPUTY_OK;
}

enum deputy_error vault_action(
        const struct attempt *attempt, struct deputy_slice *urn, struct deputy_slice action)
{
    struct deputy_slice name = action;
    if (text_starts(action, SERVICE_VAULT "/"))
        name = text_after(action, strlen(SERVICE_VAULT "/"));
    else if (text_starts(action, SERVICE_KV "/"))
        name = text_after(action, strlen(SERVICE_KV "/"));
    else if (text_find(action, '/') < action.len)
        return attempt_refuse_quoted(attempt, DEPUTY_E_VAULT_ACTION_SERVICE, action);
    for (size_t i = 0; i < sizeof VAULT_ACTIONS / sizeof VAULT_ACTIONS[0]; i++) {
        if (text_is(name, VAULT_ACTIONS[i].name)) {
            *urn = deputy_slice_text(VAULT_ACTIONS[i].urn);
            return DEPUTY_OK;
        }
    }
    return attempt_refuse_quoted(attempt, DEPUTY_E_VAULT_ACTION, action);
}

static enum deputy_error encryption_action(
        const struct attempt *attempt, struct deputy_slice *urn, struct deputy_slice action)
{
    for (size_t i = 0; i < sizeof ENCRYPTION_ACTIONS / sizeof ENCRYPTION_ACTIONS[0]; i++) {
        *urn = deputy_slice_text(ENCRYPTION_ACTIONS[i]);
        if (deputy_slice_equal(action, *urn) ||
                deputy_slice_equal(action, text_after(*urn, strlen(SERVICE_ENCRYPTION "/"))))
            return DEPUTY_OK;
    }
    return attempt_refuse_quoted(attempt, DEPUTY_E_ENCRYPTION_ACTION, action);
}

/* A short action becomes one of the service; what holds a '/' stays. */
static enum deputy_error service_action(struct deputy_arena *arena, struct deputy_slice *urn,
        struct deputy_slice service, struct deputy_slice action)
{
    *urn = action;
    if (text_find(action, '/') < action.len)
        return DEPUTY_OK;
    TRY(text_join(arena, urn, service, deputy_slice_text("/")));
    return text_join(arena, urn, *urn, action);
}

typedef enum deputy_error expand_action(
        const struct attempt *attempt, struct deputy_slice *urn, struct deputy_slice action);

/* Each action expanded, the first of equal ones kept. */
static enum deputy_error expand_once(const struct attempt *attempt, struct deputy_permission *out,
        const struct deputy_permission *entry, expand_action *expand)
{
    struct deputy_slice *actions = ARENA_ARRAY(attempt->arena, struct deputy_slice, entry->action_count + 1);
    ENSURE(actions != NULL, arena_error(attempt->arena));
    size_t count = 0;
    for (size_t i = 0; i < entry->action_count; i++) {
        TRY(expand(attempt, &actions[count], entry->actions[i]));
        count += !text_among(actions[count], actions, count);
    }
    out->actions = actions;
    out->action_count = count;
    return DEPUTY_OK;
}

static enum deputy_error expand_vault(
        const struct attempt *attempt, struct deputy_permission *out, const struct deputy_permission *entry)
{
    struct deputy_slice path = entry->path;
    if (text_starts(path, "/"))
        path = text_after(path, 1);
    out->service = deputy_slice_text(SERVICE_KV);
    out->skip_prefix = true;
    TRY(text_join(attempt->arena, &out->path, deputy_slice_text("vault/"), path));
    return expand_once(attempt, out, entry, vault_action);
}

static enum deputy_error expand_encryption(
        const struct attempt *attempt, struct deputy_permission *out, const struct deputy_permission *entry)
{
    if (!text_starts(entry->path, NETWORK_PREFIX))
        return attempt_refuse_quoted(attempt, DEPUTY_E_ENCRYPTION_PATH, entry->path);
    out->space = deputy_slice_text(SPACE_ENCRYPTION);
    out->skip_prefix = true;
    return expand_once(attempt, out, entry, encryption_action);
}

static enum deputy_error expand_plain(
        const struct attempt *attempt, struct deputy_permission *out, const struct deputy_permission *entry)
{
    struct deputy_slice *actions = ARENA_ARRAY(attempt->arena, struct deputy_slice, entry->action_count + 1);
    ENSURE(actions != NULL, arena_error(attempt->arena));
    for (size_t i = 0; i < entry->action_count; i++)
        TRY(service_action(attempt->arena, &actions[i], entry->service, entry->actions[i]));
    out->actions = actions;
    return DEPUTY_OK;
}

enum deputy_error permission_expand(
        const struct attempt *attempt, struct deputy_permission *out, const struct deputy_permission *entry)
{
    *out = *entry;
    if (text_is(entry->service, SERVICE_VAULT))
        return expand_vault(attempt, out, entry);
    if (text_is(entry->service, SERVICE_ENCRYPTION))
        return expand_encryption(attempt, out, entry);
    return expand_plain(attempt, out, entry);
}

enum deputy_error deputy_permissions_expand(struct deputy_arena *arena, struct deputy_permissions *out,
        struct deputy_refusal *refusal, struct deputy_permissions entries)
{
    struct attempt attempt = attempt_make(arena, refusal);
    struct permission_list list = permission_list_make(arena);
    for (size_t i = 0; i < entries.count; i++) {
        struct deputy_permission expanded;
        enum deputy_error result = permission_expand(&attempt, &expanded, &entries.items[i]);
        if (result == DEPUTY_OK)
            result = permission_list_push(&list, &expanded);
        if (result != DEPUTY_OK)
            return attempt_end(&attempt, result);
    }
    *out = permission_list_view(&list);
    return DEPUTY_OK;
}

enum deputy_error caveats_canonical(
        struct deputy_arena *arena, struct deputy_slice *out, struct deputy_slice json)
{
    static const struct deputy_slice none = {(const uint8_t *)"[]", 2};
    const struct json_value *branches;
    *out = none;
    if (!deputy_slice_present(json))
        return DEPUTY_OK;
    TRY(json_parse(arena, &branches, json));
    ENSURE(branches->kind == JSON_ARRAY, DEPUTY_E_JSON_TYPE);
    struct deputy_slice *texts = ARENA_ARRAY(arena, struct deputy_slice, branches->count + 1);
    ENSURE(texts != NULL, arena_error(arena));
    size_t count = 0;
    JSON_EACH (branch, branches) {
        struct buf text = buf_make(arena, CAVEATS_MAX_BYTES);
        json_put_canonical(&text, branch);
        struct deputy_slice canonical;
        TRY(buf_finish(&text, &canonical));
        size_t at = count++;
        for (; at > 0 && deputy_slice_compare(texts[at - 1], canonical) > 0; at--)
            texts[at] = texts[at - 1];
        texts[at] = canonical;
    }
    if (count == 0 || (count == 1 && text_is(texts[0], "{}")))
        return DEPUTY_OK;
    struct buf text = buf_make(arena, CAVEATS_MAX_BYTES);
    struct json_writer writer = json_writer_make(&text);
    json_array_begin(&writer);
    for (size_t i = 0; i < count; i++)
        json_raw(&writer, texts[i]);
    json_array_end(&writer);
    return buf_finish(&text, out);
}

enum deputy_error caveats_restrict(struct deputy_arena *arena, bool *out, struct deputy_slice json)
{
    struct deputy_slice canonical;
    TRY(caveats_canonical(arena, &canonical, json));
    *out = !text_is(canonical, "[]");
    return DEPUTY_OK;
}

void json_put_texts(struct json_writer *writer, const struct deputy_slice *texts, size_t count)
{
    json_array_begin(writer);
    for (size_t i = 0; i < count; i++)
        json_text(writer, texts[i]);
    json_array_end(writer);
}

static void put_permission(struct json_writer *writer, const struct deputy_permission *permission)
{
    json_object_begin(writer);
    json_key(writer, "service");
    json_text(writer, permission->service);
    if (deputy_slice_present(permission->space)) {
        json_key(writer, "space");
        json_text(writer, permission->space);
    }
    json_key(writer, "path");
    json_text(writer, permission->path);
    json_key(writer, "actions");
    json_put_texts(writer, permission->actions, permission->action_count);
    if (permission->expiry_ms > 0) {
        json_key(writer, "expiryMs");
        json_double(writer, permission->expiry_ms);
    }
    if (deputy_slice_present(permission->description)) {
        json_key(writer, "description");
        json_text(writer, permission->description);
    }
    if (deputy_slice_present(permission->caveats)) {
        json_key(writer, "caveats");
        json_raw(writer, permission->caveats);
    }
    json_object_end(writer);
}

void permissions_put(struct json_writer *writer, struct deputy_permissions permissions)
{
    json_array_begin(writer);
    for (size_t i = 0; i < permissions.count; i++)
        put_permission(writer, &permissions.items[i]);
    json_array_end(writer);
}

enum deputy_error deputy_permissions_format(
        struct deputy_arena *arena, struct deputy_slice *json, struct deputy_permissions permissions)
{
    struct buf text = buf_make(arena, PERMISSIONS_MAX_TEXT);
    struct json_writer writer = json_writer_make(&text);
    permissions_put(&writer, permissions);
    return buf_finish(&text, json);
}
