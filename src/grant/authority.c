#include "grant/authority.h"
#include "base/arena.h"
#include "base/time.h"
#include "base/try.h"
#include "grant/names.h"
#include "grant/text.h"
#include <stdlib.h>

enum { ISO_MAX_BYTES = 32 };

static bool is_network(const struct deputy_resource *resource)
{
    return resource->kind == DEPUTY_RESOURCE_NETWORK;
}

bool authority_expresses(const struct deputy_capability *capability)
{
    const struct deputy_resource *resource = &capability->resource;
    bool empty_path = deputy_slice_present(resource->path) && resource->path.len == 0;
    return is_network(resource) ||
           (resource->kind == DEPUTY_RESOURCE_SPACE && !empty_path &&
                   !deputy_slice_present(resource->query) && !deputy_slice_present(resource->fragment));
}

static enum deputy_error place(
        struct deputy_arena *arena, struct deputy_permission *out, const struct deputy_resource *resource)
{
    if (is_network(resource)) {
        out->service = deputy_slice_text(SERVICE_ENCRYPTION);
        out->space = deputy_slice_text(SPACE_ENCRYPTION);
        out->path = resource->written;
        return DEPUTY_OK;
    }
    out->path = deputy_slice_present(resource->path) ? resource->path : deputy_slice_text("");
    TRY(service_long(arena, &out->service, resource->service));
    return deputy_space_format(arena, &out->space, &resource->space);
}

/* By the space's name before its owner, as the reference lists them. */
static int permission_order(const void *left, const void *right)
{
    const struct deputy_permission *a = left;
    const struct deputy_permission *b = right;
    int order = deputy_slice_compare(space_short(a->space), space_short(b->space));
    if (order == 0)
        order = deputy_slice_compare(a->space, b->space);
    if (order == 0)
        order = deputy_slice_compare(a->service, b->service);
    if (order == 0)
        order = deputy_slice_compare(a->path, b->path);
    return order != 0 ? order : deputy_slice_compare(a->actions[0], b->actions[0]);
}

enum deputy_error authority_permissions(struct deputy_arena *arena, struct deputy_permissions *out,
        const struct deputy_capability *capabilities, size_t count)
{
    struct deputy_permission *items = ARENA_ARRAY(arena, struct deputy_permission, count + 1);
    ENSURE(items != NULL, arena_error(arena));
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (!authority_expresses(&capabilities[i]))
            continue;
        struct deputy_permission *item = &items[kept++];
        item->actions = &capabilities[i].ability;
        item->action_count = 1;
        item->caveats = capabilities[i].caveats;
        TRY(place(arena, item, &capabilities[i].resource));
    }
    qsort(items, kept, sizeof *items, permission_order);
    *out = (struct deputy_permissions){items, kept};
    return DEPUTY_OK;
}

bool authority_over(const struct deputy_authority *authority, struct deputy_time now)
{
    return authority_over_within(authority, now, 0);
}

bool authority_over_within(
        const struct deputy_authority *authority, struct deputy_time now, int64_t margin_ms)
{
    return authority->has_expiry && deputy_time_compare(authority->expiry, time_add_ms(now, margin_ms)) <= 0;
}

enum deputy_error time_iso(struct deputy_arena *arena, struct deputy_slice *text, struct deputy_time time)
{
    struct buf out = buf_make(arena, ISO_MAX_BYTES);
    time_put_iso(&out, time);
    return buf_finish(&out, text);
}

enum deputy_error time_after_ms(struct deputy_time *out, struct deputy_time time, double ms)
{
    const double range = 8.64e15; /* of a date in JavaScript */
    ENSURE(ms >= 0 && ms <= range, DEPUTY_E_LIFETIME);
    *out = time_add_ms(time, (int64_t)ms);
    return DEPUTY_OK;
}
