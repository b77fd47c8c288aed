#include "base/arena.h"
#include "base/try.h"
#include "grant/names.h"
#include "grant/permission.h"
#include "grant/text.h"

struct permission_list permission_list_make(struct deputy_arena *arena)
{
    return (struct permission_list){arena, NULL, 0, 0};
}

struct deputy_permissions permission_list_view(const struct permission_list *list)
{
    return (struct deputy_permissions){list->items, list->count};
}

static bool grow(struct permission_list *list)
{
    size_t capacity = list->capacity == 0 ? 16 : 2 * list->capacity;
    struct deputy_permission *items = ARENA_ARRAY(list->arena, struct deputy_permission, capacity);
    if (items == NULL)
        return false;
    if (list->count > 0)
        memcpy(items, list->items, list->count * sizeof *items);
    list->items = items;
    list->capacity = capacity;
    return true;
}

enum deputy_error permission_list_push(
        struct permission_list *list, const struct deputy_permission *permission)
{
    ENSURE(list->count < DEPUTY_REQUEST_MAX_RESOURCES, DEPUTY_E_LIMIT);
    if (list->count == list->capacity && !grow(list))
        return arena_error(list->arena);
    list->items[list->count++] = *permission;
    return DEPUTY_OK;
}

static struct deputy_permission *find_equal(
        const struct permission_list *list, const struct deputy_permission *like)
{
    for (size_t i = 0; i < list->count; i++) {
        struct deputy_permission *item = &list->items[i];
        if (deputy_slice_equal(item->service, like->service) &&
                deputy_slice_equal(item->space, like->space) && deputy_slice_equal(item->path, like->path) &&
                item->expiry_ms == like->expiry_ms)
            return item;
    }
    return NULL;
}

static enum deputy_error add_actions(
        struct deputy_arena *arena, struct deputy_permission *into, const struct deputy_permission *from)
{
    struct deputy_slice *actions =
            ARENA_ARRAY(arena, struct deputy_slice, into->action_count + from->action_count);
    ENSURE(actions != NULL, arena_error(arena));
    memcpy(actions, into->actions, into->action_count * sizeof *actions);
    size_t count = into->action_count;
    for (size_t i = 0; i < from->action_count; i++) {
        if (!text_among(from->actions[i], actions, count))
            actions[count++] = from->actions[i];
    }
    into->actions = actions;
    into->action_count = count;
    return DEPUTY_OK;
}

enum deputy_error permission_list_merge(
        struct permission_list *list, const struct deputy_permission *permission)
{
    struct deputy_permission *equal = find_equal(list, permission);
    if (equal == NULL)
        return permission_list_push(list, permission);
    if (!deputy_slice_present(equal->description))
        equal->description = permission->description;
    return add_actions(list->arena, equal, permission);
}

static bool space_seen_before(struct deputy_permissions entries, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (!text_is(entries.items[i].service, SERVICE_ENCRYPTION) &&
                deputy_slice_equal(entries.items[i].space, entries.items[index].space))
            return true;
    }
    return false;
}

enum deputy_error permissions_with_capabilities(
        struct deputy_arena *arena, struct deputy_permissions *out, struct deputy_permissions entries)
{
    static const struct deputy_slice read = {(const uint8_t *)"tinycloud.capabilities/read", 27};
    struct permission_list list = permission_list_make(arena);
    for (size_t i = 0; i < entries.count; i++)
        TRY(permission_list_merge(&list, &entries.items[i]));
    for (size_t i = 0; i < entries.count; i++) {
        if (text_is(entries.items[i].service, SERVICE_ENCRYPTION) || space_seen_before(entries, i))
            continue;
        struct deputy_permission capabilities = {.service = deputy_slice_text(SERVICE_CAPABILITIES),
                .space = entries.items[i].space,
                .path = deputy_slice_text(""),
                .actions = &read,
                .action_count = 1};
        TRY(permission_list_merge(&list, &capabilities));
    }
    *out = permission_list_view(&list);
    return DEPUTY_OK;
}
