/* A wrapper has no authority: what it says beside the signed bytes must be what they say. */
#include "base/arena.h"
#include "base/try.h"
#include "grant/names.h"
#include "grant/permission.h"
#include "grant/portable.h"
#include "grant/text.h"
#include <stdlib.h>

/* One action on one path, in the form in which both sides can be compared. */
struct entry {
    struct deputy_slice fields[5]; /* service, space, path, action, caveats */
};

static int entry_order(const void *left, const void *right)
{
    const struct entry *a = left;
    const struct entry *b = right;
    int order = 0;
    for (size_t i = 0; i < 5 && order == 0; i++)
        order = deputy_slice_compare(a->fields[i], b->fields[i]);
    return order;
}

enum deputy_error resource_normalize(
        struct deputy_arena *arena, struct deputy_permission *out, const struct deputy_permission *resource)
{
    struct deputy_space space;
    *out = *resource;
    TRY(service_long(arena, &out->service, resource->service));
    if (deputy_space_parse(&space, resource->space) == DEPUTY_OK)
        TRY(deputy_space_format(arena, &out->space, &space));
    return DEPUTY_OK;
}

static enum deputy_error entries_of(
        struct deputy_arena *arena, struct entry **out, size_t *count, struct deputy_permissions permissions)
{
    size_t total = 0;
    for (size_t i = 0; i < permissions.count; i++)
        total += permissions.items[i].action_count;
    *out = ARENA_ARRAY(arena, struct entry, total + 1);
    ENSURE(*out != NULL, arena_error(arena));
    *count = 0;
    for (size_t i = 0; i < permissions.count; i++) {
        struct deputy_permission item;
        struct deputy_slice caveats;
        TRY(resource_normalize(arena, &item, &permissions.items[i]));
        TRY(caveats_canonical(arena, &caveats, item.caveats));
        for (size_t j = 0; j < item.action_count; j++)
            (*out)[(*count)++] =
                    (struct entry){{item.service, item.space, item.path, item.actions[j], caveats}};
    }
    qsort(*out, *count, sizeof **out, entry_order);
    return DEPUTY_OK;
}

static enum deputy_error resources_compare(
        const struct attempt *attempt, struct deputy_permissions declared, struct deputy_permissions held)
{
    struct entry *said = NULL;
    struct entry *meant = NULL;
    size_t said_count = 0;
    size_t meant_count = 0;
    TRY(entries_of(attempt->arena, &said, &said_count, declared));
    TRY(entries_of(attempt->arena, &meant, &meant_count, held));
    if (said_count != meant_count)
        return attempt_refuse(attempt, DEPUTY_E_PORTABLE_RESOURCES);
    for (size_t i = 0; i < said_count; i++) {
        if (entry_order(&said[i], &meant[i]) != 0)
            return attempt_refuse(attempt, DEPUTY_E_PORTABLE_RESOURCES);
    }
    return DEPUTY_OK;
}

/* A name stands for the space of that name of whoever owns what was signed (spec/07 section E11). */
static enum deputy_error in_full(const struct attempt *attempt, struct deputy_permissions *out,
        struct deputy_permissions declared, const struct deputy_account *owner)
{
    struct permission_list list = permission_list_make(attempt->arena);
    for (size_t i = 0; i < declared.count; i++) {
        struct deputy_permission item = declared.items[i];
        bool short_name = name_usable(item.space) && !text_is(item.space, SPACE_ENCRYPTION);
        if (short_name && owner->chain != 0)
            TRY(space_id(attempt, &item.space, owner, item.space));
        TRY(permission_list_push(&list, &item));
    }
    *out = permission_list_view(&list);
    return DEPUTY_OK;
}

static enum deputy_error refuse_place(const struct attempt *attempt, const char *what)
{
    return attempt_refuse_about(attempt, DEPUTY_E_PORTABLE_PLACE, deputy_slice_text(what));
}

/* path and actions repeat the first of the resources; those of the flat form are the resources. */
static bool mirrors_first(const struct deputy_portable *portable)
{
    const struct deputy_permission *first = &portable->resources.items[0];
    const struct deputy_permission *mirror = &portable->mirror;
    if (portable->form == DEPUTY_WRAPPER_FLAT)
        return true;
    if (!deputy_slice_equal(first->path, mirror->path) || first->action_count != mirror->action_count)
        return false;
    for (size_t i = 0; i < first->action_count; i++) {
        if (!text_among(first->actions[i], mirror->actions, mirror->action_count))
            return false;
    }
    return true;
}

static bool is_same_space(struct deputy_slice a, struct deputy_slice b)
{
    struct deputy_space first;
    struct deputy_space second;
    return deputy_space_parse(&first, a) == DEPUTY_OK && deputy_space_parse(&second, b) == DEPUTY_OK &&
           deputy_space_equal(&first, &second);
}

/* The space is one in which something is granted; where networks alone are, any space of their owner. */
static bool space_fits(const struct deputy_portable *portable, const struct deputy_delegation *delegation)
{
    struct deputy_space space;
    bool any = false;
    for (size_t i = 0; i < delegation->authority.held.count; i++) {
        const struct deputy_permission *held = &delegation->authority.held.items[i];
        if (text_is(held->service, SERVICE_ENCRYPTION))
            continue;
        if (is_same_space(held->space, portable->space))
            return true;
        any = true;
    }
    return !any && deputy_space_parse(&space, portable->space) == DEPUTY_OK &&
           space.owner.kind == DEPUTY_PRINCIPAL_ETHEREUM && space.owner.chain == delegation->owner.chain &&
           memcmp(space.owner.address, delegation->owner.address, sizeof delegation->owner.address) == 0;
}

static bool owner_fits(const struct deputy_portable *portable, const struct deputy_account *owner)
{
    uint8_t address[20];
    if (!deputy_slice_present(portable->owner_address))
        return true;
    return owner->chain != 0 && deputy_address_parse(address, portable->owner_address) == DEPUTY_OK &&
           memcmp(address, owner->address, sizeof address) == 0;
}

enum deputy_error portable_compare(const struct attempt *attempt, const struct deputy_portable *portable,
        const struct deputy_delegation *delegation)
{
    struct deputy_permissions declared;
    TRY(in_full(attempt, &declared, portable->resources, &delegation->owner));
    TRY(resources_compare(attempt, declared, delegation->authority.held));
    if (!mirrors_first(portable))
        return refuse_place(attempt, "path or actions");
    if (!space_fits(portable, delegation))
        return refuse_place(attempt, "space");
    if (!owner_fits(portable, &delegation->owner))
        return refuse_place(attempt, "owner");
    if (portable->has_chain && portable->chain != (double)delegation->owner.chain)
        return refuse_place(attempt, "chain");
    return DEPUTY_OK;
}
