#include "base/arena.h"
#include "base/try.h"
#include "grant/abilities.h"
#include "grant/names.h"
#include "grant/permission.h"
#include "grant/request.h"
#include "grant/text.h"

enum { PLAN_MAX_TEXT = 16 * 1024 * 1024 };

#define ACTION(text)                                                                                         \
    {                                                                                                        \
        (const uint8_t *)(text), sizeof(text) - 1                                                            \
    }

static const struct deputy_slice DECRYPT = ACTION(SERVICE_ENCRYPTION "/decrypt");
static const struct deputy_slice NETWORK_CREATE = ACTION(SERVICE_ENCRYPTION "/network.create");

/* A space of the plan while it grows. */
struct group {
    struct deputy_slice space;
    struct ability_rows rows;
};

struct planner {
    struct attempt attempt;
    const struct deputy_account *owner;
    struct group *groups;
    size_t group_count;
    struct ability_rows raw;
};

static bool is_encryption(const struct deputy_permission *permission)
{
    return text_is(permission->service, SERVICE_ENCRYPTION);
}

static bool owns(const struct deputy_account *owner, struct deputy_slice did)
{
    struct deputy_principal principal = deputy_principal_of(did);
    return principal.kind == DEPUTY_PRINCIPAL_ETHEREUM && principal.chain == owner->chain &&
           memcmp(principal.address, owner->address, sizeof owner->address) == 0;
}

/* Who may decrypt in a network of one's own may also have it made. */
static enum deputy_error add_network(struct planner *planner, const struct deputy_permission *permission)
{
    struct deputy_slice network_owner;
    TRY(network_grantable(&planner->attempt, &network_owner, permission->path));
    TRY(ability_rows_add(&planner->raw, deputy_slice_text(SPACE_ENCRYPTION), permission->path,
            permission->actions, permission->action_count));
    if (!text_among(DECRYPT, permission->actions, permission->action_count) ||
            !owns(planner->owner, network_owner))
        return DEPUTY_OK;
    return ability_rows_add(
            &planner->raw, deputy_slice_text(SPACE_ENCRYPTION), permission->path, &NETWORK_CREATE, 1);
}

/* The group of a space, whether it was named by its short name or its id. */
static struct group *group_of(struct planner *planner, struct deputy_slice space)
{
    for (size_t i = 0; i < planner->group_count; i++) {
        if (deputy_slice_equal(planner->groups[i].space, space))
            return &planner->groups[i];
    }
    struct group *group = &planner->groups[planner->group_count++];
    *group = (struct group){space, ability_rows_make(planner->attempt.arena)};
    return group;
}

static enum deputy_error add_to_space(struct planner *planner, const struct deputy_permission *permission)
{
    struct deputy_slice space;
    struct deputy_slice service = service_short(permission->service);
    if (!deputy_slice_present(service))
        return attempt_refuse_about(&planner->attempt, DEPUTY_E_SERVICE_UNKNOWN, permission->service);
    TRY(space_id(&planner->attempt, &space, planner->owner, permission->space));
    return ability_rows_add(&group_of(planner, space)->rows, service, permission->path, permission->actions,
            permission->action_count);
}

static struct deputy_slice primary_space(struct deputy_permissions resources)
{
    for (size_t i = 0; i < resources.count; i++) {
        if (!is_encryption(&resources.items[i]) && !text_is(resources.items[i].space, SPACE_ACCOUNT))
            return resources.items[i].space;
    }
    return deputy_slice_text(SPACE_APPLICATIONS);
}

static enum deputy_error finish(struct planner *planner, struct deputy_plan *out)
{
    struct deputy_space_abilities *spaces =
            ARENA_ARRAY(planner->attempt.arena, struct deputy_space_abilities, planner->group_count + 1);
    ENSURE(spaces != NULL, arena_error(planner->attempt.arena));
    for (size_t i = 0; i < planner->group_count; i++) {
        const struct group *group = &planner->groups[i];
        spaces[i] = (struct deputy_space_abilities){group->space, group->rows.rows, group->rows.count};
    }
    out->spaces = spaces;
    out->space_count = planner->group_count;
    out->raw = planner->raw.rows;
    out->raw_count = planner->raw.count;
    return DEPUTY_OK;
}

static enum deputy_error plan(struct planner *planner, struct deputy_plan *out,
        struct deputy_permissions resources, struct deputy_slice primary)
{
    struct deputy_arena *arena = planner->attempt.arena;
    *out = (struct deputy_plan){.space_count = 0};
    planner->raw = ability_rows_make(arena);
    planner->groups = ARENA_ARRAY(arena, struct group, resources.count + 1);
    ENSURE(planner->groups != NULL, arena_error(arena));
    TRY(space_id(&planner->attempt, &out->space, planner->owner, primary));
    for (size_t i = 0; i < resources.count; i++) {
        if (is_encryption(&resources.items[i]))
            TRY(add_network(planner, &resources.items[i]));
        else
            TRY(add_to_space(planner, &resources.items[i]));
    }
    return finish(planner, out);
}

enum deputy_error deputy_request_plan(struct deputy_arena *arena, struct deputy_plan *out,
        struct deputy_refusal *refusal, const struct deputy_request *request,
        const struct deputy_account *owner)
{
    struct planner planner = {.attempt = attempt_make(arena, refusal), .owner = owner};
    return attempt_end(
            &planner.attempt, plan(&planner, out, request->resources, primary_space(request->resources)));
}

enum deputy_error deputy_plan_format(
        struct deputy_arena *arena, struct deputy_slice *json, const struct deputy_plan *plan)
{
    struct buf text = buf_make(arena, PLAN_MAX_TEXT);
    struct json_writer writer = json_writer_make(&text);
    json_object_begin(&writer);
    json_key(&writer, "spaceId");
    json_text(&writer, plan->space);
    json_key(&writer, "spaceAbilities");
    json_object_begin(&writer);
    for (size_t i = 0; i < plan->space_count; i++) {
        json_key_slice(&writer, plan->spaces[i].space);
        ability_rows_put(&writer, plan->spaces[i].rows, plan->spaces[i].row_count);
    }
    json_object_end(&writer);
    json_key(&writer, "rawAbilities");
    json_object_begin(&writer);
    for (size_t i = 0; i < plan->raw_count; i++) {
        json_key_slice(&writer, plan->raw[i].path);
        json_put_texts(&writer, plan->raw[i].actions, plan->raw[i].action_count);
    }
    json_object_end(&writer);
    json_object_end(&writer);
    return buf_finish(&text, json);
}

/* What a sign-in without a manifest asks for, by service (spec/05 section 5). */
static const struct deputy_slice KV_ALL[] = {ACTION("tinycloud.kv/put"), ACTION("tinycloud.kv/get"),
        ACTION("tinycloud.kv/del"), ACTION("tinycloud.kv/list"), ACTION("tinycloud.kv/metadata")};
static const struct deputy_slice SQL_ALL[] = {ACTION("tinycloud.sql/read"), ACTION("tinycloud.sql/write"),
        ACTION("tinycloud.sql/schema"), ACTION("tinycloud.sql/admin"), ACTION("tinycloud.sql/export")};
static const struct deputy_slice DUCKDB_ALL[] = {ACTION("tinycloud.duckdb/read"),
        ACTION("tinycloud.duckdb/write"), ACTION("tinycloud.duckdb/admin"),
        ACTION("tinycloud.duckdb/describe"), ACTION("tinycloud.duckdb/export"),
        ACTION("tinycloud.duckdb/import"), ACTION("tinycloud.duckdb/execute")};
static const struct deputy_slice CAPABILITIES_ALL[] = {ACTION(SERVICE_CAPABILITIES "/read")};
static const struct deputy_slice HOOKS_ALL[] = {ACTION("tinycloud.hooks/subscribe"),
        ACTION("tinycloud.hooks/register"), ACTION("tinycloud.hooks/list"),
        ACTION("tinycloud.hooks/unregister")};

static const struct {
    const char *service;
    const struct deputy_slice *actions;
    size_t count;
} EVERYTHING[] = {
        {SERVICE_KV, KV_ALL, 5},
        {"tinycloud.sql", SQL_ALL, 5},
        {"tinycloud.duckdb", DUCKDB_ALL, 7},
        {SERVICE_CAPABILITIES, CAPABILITIES_ALL, 1},
        {"tinycloud.hooks", HOOKS_ALL, 4},
};

static enum deputy_error push(struct permission_list *list, const char *service, struct deputy_slice space,
        struct deputy_slice path, const struct deputy_slice *actions, size_t count)
{
    struct deputy_permission permission = {.service = deputy_slice_text(service),
            .space = space,
            .path = path,
            .actions = actions,
            .action_count = count};
    return permission_list_push(list, &permission);
}

static enum deputy_error own_network(
        struct deputy_arena *arena, struct deputy_slice *urn, const struct deputy_account *owner)
{
    TRY(deputy_did_pkh_format(arena, urn, owner->chain, owner->address));
    TRY(text_join(arena, urn, deputy_slice_text(NETWORK_PREFIX), *urn));
    return text_join(arena, urn, *urn, deputy_slice_text(":default"));
}

static enum deputy_error everything(
        struct planner *planner, struct permission_list *list, struct deputy_slice space, bool account)
{
    static const struct deputy_slice secrets_get_first[] = {ACTION("tinycloud.kv/get"),
            ACTION("tinycloud.kv/put"), ACTION("tinycloud.kv/del"), ACTION("tinycloud.kv/list"),
            ACTION("tinycloud.kv/metadata")};
    struct deputy_slice network;
    for (size_t i = 0; i < sizeof EVERYTHING / sizeof EVERYTHING[0]; i++)
        TRY(push(list, EVERYTHING[i].service, space, deputy_slice_text(""), EVERYTHING[i].actions,
                EVERYTHING[i].count));
    TRY(push(list, SERVICE_KV, deputy_slice_text("secrets"), deputy_slice_text("vault/secrets/"),
            secrets_get_first, 5));
    if (account) {
        struct deputy_permissions entries = account_permissions();
        for (size_t i = 0; i < entries.count; i++)
            TRY(permission_list_push(list, &entries.items[i]));
    }
    TRY(own_network(list->arena, &network, planner->owner));
    return push(list, SERVICE_ENCRYPTION, deputy_slice_text(SPACE_ENCRYPTION), network, &DECRYPT, 1);
}

enum deputy_error deputy_plan_everything(struct deputy_arena *arena, struct deputy_plan *out,
        struct deputy_refusal *refusal, struct deputy_slice space_name, bool account,
        const struct deputy_account *owner)
{
    struct planner planner = {.attempt = attempt_make(arena, refusal), .owner = owner};
    struct permission_list list = permission_list_make(arena);
    enum deputy_error result = everything(&planner, &list, space_name, account);
    if (result == DEPUTY_OK)
        result = plan(&planner, out, permission_list_view(&list), space_name);
    return attempt_end(&planner.attempt, result);
}
