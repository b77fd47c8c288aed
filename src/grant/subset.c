#include "grant/subset.h"
#include "base/arena.h"
#include "base/try.h"
#include "grant/names.h"
#include "grant/permission.h"
#include "grant/text.h"

bool subset_path_contains(struct deputy_slice held, struct deputy_slice wanted)
{
    if (has_dot_segment(wanted))
        return false;
    if (held.len == 0 || deputy_slice_equal(held, wanted))
        return true;
    return held.ptr[held.len - 1] == '/' && wanted.len > held.len &&
           memcmp(wanted.ptr, held.ptr, held.len) == 0;
}

bool subset_action_contains(struct deputy_slice held, struct deputy_slice wanted)
{
    if (deputy_slice_equal(held, wanted))
        return true;
    bool starred = text_is(held, "tinycloud.sql/*") || text_is(held, "tinycloud.duckdb/*");
    return starred && wanted.len >= held.len && memcmp(wanted.ptr, held.ptr, held.len - 1) == 0;
}

static struct deputy_slice space_or_default(struct deputy_slice space)
{
    return deputy_slice_present(space) ? space : deputy_slice_text(SPACE_APPLICATIONS);
}

/* Two ids are compared whole; a name is compared with the name of the other. */
static bool same_space(struct deputy_slice a, struct deputy_slice b)
{
    struct deputy_space first;
    struct deputy_space second;
    a = space_or_default(a);
    b = space_or_default(b);
    if (text_starts(a, "tinycloud:") && text_starts(b, "tinycloud:"))
        return deputy_space_parse(&first, a) == DEPUTY_OK && deputy_space_parse(&second, b) == DEPUTY_OK &&
               deputy_space_equal(&first, &second);
    return deputy_slice_equal(space_short(a), space_short(b));
}

static bool same_place(const struct deputy_permission *held, const struct deputy_permission *wanted)
{
    if (!deputy_slice_equal(held->service, wanted->service) || !same_space(held->space, wanted->space))
        return false;
    if (text_is(held->service, SERVICE_ENCRYPTION))
        return deputy_slice_equal(held->path, wanted->path);
    return subset_path_contains(held->path, wanted->path);
}

struct subset {
    struct deputy_arena *arena;
    struct deputy_permissions held;
    struct deputy_slice *caveats; /* of each held entry, canonical */
};

static bool action_covered(const struct subset *subset, const struct deputy_permission *wanted,
        struct deputy_slice caveats, struct deputy_slice action)
{
    for (size_t i = 0; i < subset->held.count; i++) {
        const struct deputy_permission *held = &subset->held.items[i];
        if (!same_place(held, wanted) || !deputy_slice_equal(subset->caveats[i], caveats))
            continue;
        for (size_t j = 0; j < held->action_count; j++) {
            if (subset_action_contains(held->actions[j], action))
                return true;
        }
    }
    return false;
}

static enum deputy_error entry_covered(
        const struct subset *subset, bool *covered, const struct deputy_permission *wanted)
{
    struct deputy_slice caveats;
    ENSURE(wanted->action_count > 0, DEPUTY_E_PERMISSION_ACTIONS);
    ENSURE(!has_dot_segment(wanted->path), DEPUTY_E_PATH_INVALID);
    TRY(caveats_canonical(subset->arena, &caveats, wanted->caveats));
    *covered = true;
    for (size_t i = 0; i < wanted->action_count && *covered; i++)
        *covered = action_covered(subset, wanted, caveats, wanted->actions[i]);
    return DEPUTY_OK;
}

static enum deputy_error subset_make(
        struct subset *subset, struct deputy_arena *arena, struct deputy_permissions held)
{
    *subset = (struct subset){arena, held, ARENA_ARRAY(arena, struct deputy_slice, held.count + 1)};
    ENSURE(subset->caveats != NULL, arena_error(arena));
    for (size_t i = 0; i < held.count; i++)
        TRY(caveats_canonical(arena, &subset->caveats[i], held.items[i].caveats));
    return DEPUTY_OK;
}

enum deputy_error deputy_subset_check(struct deputy_arena *arena, struct deputy_permissions *missing,
        struct deputy_permissions wanted, struct deputy_permissions held)
{
    struct subset subset;
    struct permission_list list = permission_list_make(arena);
    TRY(subset_make(&subset, arena, held));
    for (size_t i = 0; i < wanted.count; i++) {
        bool covered;
        TRY(entry_covered(&subset, &covered, &wanted.items[i]));
        if (!covered)
            TRY(permission_list_push(&list, &wanted.items[i]));
    }
    *missing = permission_list_view(&list);
    return DEPUTY_OK;
}
