/* The wrapper of a delegation, as JSON (spec/05 sections 10.1 and 10.2). */
#include "base/arena.h"
#include "base/json_write.h"
#include "base/time.h"
#include "base/try.h"
#include "grant/authority.h"
#include "grant/json_plain.h"
#include "grant/portable.h"
#include "grant/text.h"

enum { CHAIN_MAX_EXACT = 1 << 30 };

/* All that the strict form knows, in its order. */
static const char *const STRICT_MEMBERS[] = {"cid", "delegationHeader", "ownerAddress", "chainId", "host",
        "spaceId", "path", "actions", "caveats", "expiry", "delegateDID", "delegatorDID", "parentCid",
        "disableSubDelegation", "resources"};

enum { STRICT_MEMBER_COUNT = sizeof STRICT_MEMBERS / sizeof STRICT_MEMBERS[0] };

static enum deputy_error refuse_member(const struct attempt *attempt, const char *name)
{
    return attempt_refuse_about(attempt, DEPUTY_E_PORTABLE_MEMBER, deputy_slice_text(name));
}

static enum deputy_error text_take(const struct attempt *attempt, struct deputy_slice *out,
        const struct json_value *object, const char *name, bool required)
{
    const struct json_value *member = json_member(object, name);
    if (member == NULL && !required)
        return DEPUTY_OK;
    return json_to_text(out, member) == DEPUTY_OK ? DEPUTY_OK : refuse_member(attempt, name);
}

/* A legacy "Bearer " in front is none of the token. */
static struct deputy_slice without_bearer(struct deputy_slice value)
{
    static const size_t len = sizeof "Bearer " - 1;
    if (value.len >= len && text_is_any_case(deputy_slice_bytes(value.ptr, len), "bearer "))
        return text_after(value, len);
    return value;
}

static enum deputy_error header_take(
        const struct attempt *attempt, struct deputy_slice *out, const struct json_value *root, bool strict)
{
    const struct json_value *header = json_member(root, "delegationHeader");
    struct deputy_slice value;
    if (strict && header != NULL && header->count > 1)
        return refuse_member(attempt, "delegationHeader");
    if (json_to_text(&value, json_member(header, "Authorization")) != DEPUTY_OK)
        return attempt_refuse(attempt, DEPUTY_E_PORTABLE_HEADER);
    *out = without_bearer(value);
    return out->len > 0 ? DEPUTY_OK : attempt_refuse(attempt, DEPUTY_E_PORTABLE_HEADER);
}

/* A date and a time with its zone; a bare date or number is somebody's guess. */
static enum deputy_error expiry_take(
        const struct attempt *attempt, struct deputy_time *out, const struct json_value *root)
{
    struct deputy_slice text;
    if (json_to_text(&text, json_member(root, "expiry")) != DEPUTY_OK || time_parse(out, text) != DEPUTY_OK)
        return attempt_refuse(attempt, DEPUTY_E_PORTABLE_EXPIRY);
    return DEPUTY_OK;
}

static enum deputy_error actions_take(const struct attempt *attempt, struct deputy_permission *out,
        const struct json_value *list, const char *name)
{
    if (!json_is(list, JSON_ARRAY) || list->count == 0)
        return refuse_member(attempt, name);
    ENSURE(list->count <= DEPUTY_PERMISSION_MAX_ACTIONS, DEPUTY_E_LIMIT);
    struct deputy_slice *actions = ARENA_ARRAY(attempt->arena, struct deputy_slice, list->count);
    ENSURE(actions != NULL, arena_error(attempt->arena));
    JSON_EACH (action, list) {
        if (action->kind != JSON_STRING || action->text.len == 0)
            return refuse_member(attempt, name);
        actions[out->action_count++] = action->text;
    }
    out->actions = actions;
    return DEPUTY_OK;
}

static enum deputy_error caveats_take(
        const struct attempt *attempt, struct deputy_slice *out, const struct json_value *object)
{
    const struct json_value *caveats = json_member(object, "caveats");
    if (caveats == NULL)
        return DEPUTY_OK;
    if (caveats->kind != JSON_ARRAY)
        return refuse_member(attempt, "caveats");
    JSON_EACH (branch, caveats) {
        if (branch->kind != JSON_OBJECT)
            return refuse_member(attempt, "caveats");
    }
    *out = caveats->raw;
    return DEPUTY_OK;
}

static enum deputy_error members_known(const struct attempt *attempt, const struct json_value *object,
        const char *const *known, size_t count)
{
    JSON_EACH (member, object) {
        bool found = false;
        for (size_t i = 0; i < count && !found; i++)
            found = text_is(member->key, known[i]);
        if (!found)
            return attempt_refuse_about(attempt, DEPUTY_E_PORTABLE_UNKNOWN, member->key);
    }
    return DEPUTY_OK;
}

static enum deputy_error resource_take(const struct attempt *attempt, struct deputy_permission *out,
        const struct json_value *resource, enum portable_strictness strictness)
{
    static const char *const known[] = {"service", "space", "path", "actions", "caveats"};
    if (resource->kind != JSON_OBJECT)
        return refuse_member(attempt, "resources");
    if (strictness == PORTABLE_STRICT)
        TRY(members_known(attempt, resource, known, sizeof known / sizeof known[0]));
    TRY(text_take(attempt, &out->service, resource, "service", true));
    TRY(text_take(attempt, &out->space, resource, "space", true));
    TRY(text_take(attempt, &out->path, resource, "path", true));
    TRY(caveats_take(attempt, &out->caveats, resource));
    return actions_take(attempt, out, json_member(resource, "actions"), "resources");
}

static enum deputy_error resources_take(const struct attempt *attempt, struct deputy_portable *out,
        const struct json_value *list, enum portable_strictness strictness)
{
    if (!json_is(list, JSON_ARRAY) || list->count == 0)
        return refuse_member(attempt, "resources");
    ENSURE(list->count <= DEPUTY_PORTABLE_MAX_RESOURCES, DEPUTY_E_LIMIT);
    struct deputy_permission *items = ARENA_ARRAY(attempt->arena, struct deputy_permission, list->count);
    ENSURE(items != NULL, arena_error(attempt->arena));
    size_t count = 0;
    JSON_EACH (resource, list)
        TRY(resource_take(attempt, &items[count++], resource, strictness));
    out->resources = (struct deputy_permissions){items, count};
    return DEPUTY_OK;
}

/* The service of an action without "tinycloud."; the whole text when it has no '/'. */
static struct deputy_slice action_service(struct deputy_slice action)
{
    struct deputy_slice service = deputy_slice_bytes(action.ptr, text_find(action, '/'));
    return text_starts(service, "tinycloud.") ? text_after(service, strlen("tinycloud.")) : service;
}

static struct deputy_permission *service_find(
        struct deputy_permission *items, size_t count, struct deputy_slice service)
{
    for (size_t i = 0; i < count; i++) {
        if (deputy_slice_equal(items[i].service, service))
            return &items[i];
    }
    return NULL;
}

/* The flat shape: the actions by service, all on one path of one space. */
static enum deputy_error flat_take(
        const struct attempt *attempt, struct deputy_portable *out, const struct deputy_permission *flat)
{
    size_t n = flat->action_count;
    struct deputy_permission *items = ARENA_ARRAY(attempt->arena, struct deputy_permission, n);
    struct deputy_slice *actions = ARENA_ARRAY(attempt->arena, struct deputy_slice, n * n);
    ENSURE(items != NULL && actions != NULL, arena_error(attempt->arena));
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        struct deputy_slice service = action_service(flat->actions[i]);
        struct deputy_permission *item = service_find(items, count, service);
        if (item == NULL) {
            item = &items[count];
            *item = *flat;
            item->service = service;
            item->actions = &actions[n * count++];
            item->action_count = 0;
        }
        actions[n * (size_t)(item - items) + item->action_count++] = flat->actions[i];
    }
    out->resources = (struct deputy_permissions){items, count};
    out->form = DEPUTY_WRAPPER_FLAT;
    return DEPUTY_OK;
}

/* Like a URL with a scheme and something behind it. */
static enum deputy_error host_take(
        const struct attempt *attempt, struct deputy_slice *out, const struct json_value *root)
{
    TRY(text_take(attempt, out, root, "host", false));
    if (deputy_slice_present(*out) && !(text_starts(*out, "https://") && out->len > strlen("https://")) &&
            !(text_starts(*out, "http://") && out->len > strlen("http://")))
        return refuse_member(attempt, "host");
    return DEPUTY_OK;
}

static enum deputy_error chain_take(const struct attempt *attempt, struct deputy_portable *out,
        const struct json_value *root, enum portable_strictness strictness)
{
    const struct json_value *chain = json_member(root, "chainId");
    int64_t number;
    if (chain == NULL && strictness == PORTABLE_LOOSE)
        return DEPUTY_OK;
    if (json_to_int64(&number, chain) != DEPUTY_OK || number < (strictness == PORTABLE_ARTIFACT ? 1 : 0) ||
            number > CHAIN_MAX_EXACT)
        return refuse_member(attempt, "chainId");
    out->chain = (double)number;
    out->has_chain = true;
    return DEPUTY_OK;
}

static enum deputy_error hints_take(const struct attempt *attempt, struct deputy_portable *out,
        const struct json_value *root, enum portable_strictness strictness)
{
    const struct json_value *disable = json_member(root, "disableSubDelegation");
    const struct json_value *companion = json_member(root, "publicDelegation");
    TRY(text_take(attempt, &out->owner_address, root, "ownerAddress", strictness != PORTABLE_LOOSE));
    TRY(chain_take(attempt, out, root, strictness));
    if (disable != NULL && json_to_bool(&out->disable_sub_delegation, disable) != DEPUTY_OK)
        return refuse_member(attempt, "disableSubDelegation");
    if (companion != NULL)
        out->companion = companion->raw;
    return host_take(attempt, &out->host, root);
}

static void put_member(
        struct json_writer *writer, const struct json_value *member, struct deputy_slice expiry)
{
    json_key_slice(writer, member->key);
    if (text_is(member->key, "expiry"))
        json_text(writer, expiry);
    else
        json_put_member(writer, member);
}

/* The object again, compact, with the expiry in the one form of ISO; in its own order, but for the strict
 * form, which has one. */
static enum deputy_error serialize(const struct attempt *attempt, struct deputy_portable *out,
        const struct json_value *root, enum portable_strictness strictness)
{
    struct deputy_slice expiry;
    struct buf text = buf_make(attempt->arena, 2 * DEPUTY_PORTABLE_MAX_BYTES);
    struct json_writer writer = json_writer_make(&text);
    TRY(time_iso(attempt->arena, &expiry, out->expiry));
    json_object_begin(&writer);
    if (strictness == PORTABLE_STRICT) {
        for (size_t i = 0; i < STRICT_MEMBER_COUNT; i++) {
            const struct json_value *member = json_member(root, STRICT_MEMBERS[i]);
            if (member != NULL)
                put_member(&writer, member, expiry);
        }
    } else {
        JSON_EACH (member, root)
            put_member(&writer, member, expiry);
    }
    json_object_end(&writer);
    return buf_finish(&text, &out->json);
}

static enum deputy_error place_take(const struct attempt *attempt, struct deputy_portable *out,
        const struct json_value *root, enum portable_strictness strictness)
{
    struct deputy_permission flat = {.action_count = 0};
    const struct json_value *resources = json_member(root, "resources");
    TRY(text_take(attempt, &out->space, root, "spaceId", true));
    TRY(text_take(attempt, &flat.path, root, "path", true));
    TRY(actions_take(attempt, &flat, json_member(root, "actions"), "actions"));
    TRY(caveats_take(attempt, &flat.caveats, root));
    flat.space = out->space;
    out->mirror = flat;
    return resources == NULL ? flat_take(attempt, out, &flat)
                             : resources_take(attempt, out, resources, strictness);
}

enum deputy_error portable_read(const struct attempt *attempt, struct deputy_portable *out,
        const struct json_value *root, enum portable_strictness strictness)
{
    *out = (struct deputy_portable){.chain = 0};
    if (root->kind != JSON_OBJECT)
        return refuse_member(attempt, "the object");
    if (strictness == PORTABLE_STRICT)
        TRY(members_known(attempt, root, STRICT_MEMBERS, STRICT_MEMBER_COUNT));
    TRY(expiry_take(attempt, &out->expiry, root));
    TRY(header_take(attempt, &out->header, root, strictness == PORTABLE_STRICT));
    TRY(text_take(attempt, &out->cid, root, "cid", true));
    if (out->cid.len == 0)
        return refuse_member(attempt, "cid");
    TRY(place_take(attempt, out, root, strictness));
    TRY(text_take(attempt, &out->delegate, root, "delegateDID", true));
    TRY(hints_take(attempt, out, root, strictness));
    return serialize(attempt, out, root, strictness);
}

static enum deputy_error read_text(
        const struct attempt *attempt, struct deputy_portable *out, struct deputy_slice json)
{
    const struct json_value *root;
    ENSURE(json.len <= DEPUTY_PORTABLE_MAX_BYTES, DEPUTY_E_LIMIT);
    TRY(json_parse(attempt->arena, &root, json));
    return portable_read(attempt, out, root, PORTABLE_LOOSE);
}

enum deputy_error deputy_portable_read(struct deputy_arena *arena, struct deputy_portable *out,
        struct deputy_refusal *refusal, struct deputy_slice json)
{
    struct attempt attempt = attempt_make(arena, refusal);
    return attempt_end(&attempt, read_text(&attempt, out, json));
}
