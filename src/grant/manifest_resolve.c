#include "base/arena.h"
#include "base/try.h"
#include "grant/expiry.h"
#include "grant/manifest.h"
#include "grant/names.h"
#include "grant/permission.h"
#include "grant/secret_shorthand.h"
#include "grant/text.h"
#include <deputy/ability.h>

#define SLICE(text)                                                                                          \
    {                                                                                                        \
        (const uint8_t *)(text), sizeof(text) - 1                                                            \
    }

/* The tiers of spec/05 section 3.1: each gives the entries up to its own. */
static const struct deputy_slice TIER_KV[] = {
        SLICE("get"), SLICE("put"), SLICE("del"), SLICE("list"), SLICE("metadata")};
static const struct deputy_slice TIER_SQL[] = {SLICE("read"), SLICE("write"), SLICE("schema")};

struct tier_row {
    const char *service;
    const struct deputy_slice *actions;
    size_t count;
};

static size_t tier_rows(struct tier_row rows[3], enum deputy_manifest_defaults defaults)
{
    rows[0] = (struct tier_row){SERVICE_KV, TIER_KV, 5};
    rows[1] = (struct tier_row){"tinycloud.sql", TIER_SQL, defaults == DEPUTY_DEFAULTS_STANDARD ? 2 : 3};
    rows[2] = (struct tier_row){"tinycloud.duckdb", TIER_SQL, 2};
    if (defaults == DEPUTY_DEFAULTS_NONE)
        return 0;
    return defaults == DEPUTY_DEFAULTS_ALL ? 3 : 2;
}

enum deputy_error prefix_apply(struct deputy_arena *arena, struct deputy_slice *out,
        struct deputy_slice prefix, struct deputy_slice path, bool skip)
{
    *out = path;
    if (skip || prefix.len == 0)
        return DEPUTY_OK;
    if (text_starts(path, "/"))
        return text_join(arena, out, prefix, path);
    TRY(text_join(arena, out, prefix, deputy_slice_text("/")));
    return text_join(arena, out, *out, path);
}

static bool space_usable(struct deputy_slice space)
{
    struct deputy_space parsed;
    if (!text_starts(space, "tinycloud:"))
        return name_usable(space);
    return deputy_space_parse(&parsed, space) == DEPUTY_OK && name_usable(parsed.name);
}

static enum deputy_error actions_check(
        const struct attempt *attempt, const struct deputy_permission *permission)
{
    for (size_t i = 0; i < permission->action_count; i++) {
        struct deputy_slice action = permission->actions[i];
        if (deputy_ability_parse(NULL, NULL, action) != DEPUTY_OK)
            return attempt_refuse_quoted(attempt, DEPUTY_E_ACTION_NAME, action);
    }
    return DEPUTY_OK;
}

enum deputy_error permission_check(const struct attempt *attempt, const struct deputy_permission *permission)
{
    bool restricted;
    if (!name_usable(permission->service))
        return attempt_refuse_quoted(attempt, DEPUTY_E_SERVICE_NAME, permission->service);
    if (!space_usable(permission->space))
        return attempt_refuse_quoted(attempt, DEPUTY_E_SPACE_NAME, permission->space);
    if (!path_usable(permission->path))
        return attempt_refuse_quoted(attempt, DEPUTY_E_PATH_INVALID, permission->path);
    TRY(expiry_check_max(attempt, permission->expiry_ms));
    TRY(caveats_restrict(attempt->arena, &restricted, permission->caveats));
    if (restricted)
        return attempt_refuse_quoted(attempt, DEPUTY_E_CAVEATS_UNSUPPORTED, permission->path);
    return actions_check(attempt, permission);
}

/* A network's URN is no path of a space, but it stands in a token as it is, so it must be whole. Caveats that
 * restrict nothing are not carried on. */
static enum deputy_error resolved_push(
        const struct attempt *attempt, struct permission_list *list, struct deputy_permission *permission)
{
    TRY(permission_check(attempt, permission));
    if (text_is(permission->service, SERVICE_ENCRYPTION) && text_is(permission->path, NETWORK_PREFIX))
        return attempt_refuse_quoted(attempt, DEPUTY_E_ENCRYPTION_PATH, permission->path);
    permission->caveats = (struct deputy_slice){NULL, 0};
    return permission_list_push(list, permission);
}

static enum deputy_error entry_resolve(const struct attempt *attempt, struct permission_list *list,
        const struct deputy_manifest *manifest, const struct deputy_permission *entry)
{
    struct deputy_permission whole = *entry;
    struct deputy_permission expanded;
    bool skip = entry->skip_prefix || text_is(entry->service, SERVICE_ENCRYPTION);
    TRY(prefix_apply(attempt->arena, &whole.path, manifest->prefix, entry->path, skip));
    if (!deputy_slice_present(whole.space))
        whole.space = manifest->space;
    if (!deputy_slice_present(whole.space))
        whole.space = deputy_slice_text(SPACE_APPLICATIONS);
    TRY(permission_expand(attempt, &expanded, &whole));
    return resolved_push(attempt, list, &expanded);
}

static enum deputy_error tier_resolve(
        const struct attempt *attempt, struct permission_list *list, const struct deputy_manifest *manifest)
{
    struct tier_row rows[3];
    size_t count = tier_rows(rows, manifest->defaults);
    for (size_t i = 0; i < count; i++) {
        struct deputy_permission entry = {.service = deputy_slice_text(rows[i].service),
                .space = deputy_slice_text(SPACE_APPLICATIONS),
                .path = deputy_slice_text("/"),
                .actions = rows[i].actions,
                .action_count = rows[i].count};
        TRY(entry_resolve(attempt, list, manifest, &entry));
    }
    return DEPUTY_OK;
}

static enum deputy_error resolve(
        const struct attempt *attempt, struct deputy_permissions *out, const struct deputy_manifest *manifest)
{
    struct permission_list list = permission_list_make(attempt->arena);
    TRY(expiry_check_max(attempt, manifest->expiry_ms));
    TRY(tier_resolve(attempt, &list, manifest));
    for (size_t i = 0; i < manifest->permissions.count; i++)
        TRY(entry_resolve(attempt, &list, manifest, &manifest->permissions.items[i]));
    for (size_t i = 0; i < manifest->secrets.count; i++) {
        struct deputy_permission secret;
        TRY(secret_expand(attempt, &secret, &manifest->secrets.items[i]));
        TRY(resolved_push(attempt, &list, &secret));
    }
    return permissions_with_capabilities(attempt->arena, out, permission_list_view(&list));
}

enum deputy_error deputy_manifest_resolve(struct deputy_arena *arena, struct deputy_permissions *out,
        struct deputy_refusal *refusal, const struct deputy_manifest *manifest)
{
    struct attempt attempt = attempt_make(arena, refusal);
    return attempt_end(&attempt, resolve(&attempt, out, manifest));
}
