#include "backend/shape.h"
#include "base/arena.h"
#include "base/try.h"
#include "grant/names.h"
#include "grant/permission.h"
#include "grant/subset.h"
#include "grant/text.h"
#include <deputy/network.h>
#include <stdlib.h>

enum { SHAPE_ARENA = 8 * 1024 * 1024 };

static const char service_prefix[] = "tinycloud.";

/* ---- networks ---- */

static bool is_network(const struct deputy_permission *entry)
{
    return text_is(entry->service, SERVICE_ENCRYPTION);
}

/* urn:tinycloud:encryption:<owner>:default, of just this owner and in whatever letter case. */
static bool is_default_network(struct deputy_slice urn, const struct deputy_account *owner)
{
    struct deputy_network network;
    if (deputy_network_parse(&network, urn) != DEPUTY_OK || !text_is(network.name, DEPUTY_NETWORK_DEFAULT))
        return false;
    return network.owner.kind == DEPUTY_PRINCIPAL_ETHEREUM && network.owner.chain == owner->chain &&
           memcmp(network.owner.address, owner->address, sizeof owner->address) == 0;
}

static bool same_network(struct deputy_slice a, struct deputy_slice b)
{
    struct deputy_network first, second;
    return deputy_network_parse(&first, a) == DEPUTY_OK && deputy_network_parse(&second, b) == DEPUTY_OK &&
           deputy_principal_equal(&first.owner, &second.owner) && deputy_slice_equal(first.name, second.name);
}

/* ---- making ---- */

static struct deputy_permission without_owner(
        const struct deputy_permission *entry, const struct deputy_account *owner)
{
    struct deputy_permission out = {.service = entry->service,
            .space = entry->space,
            .path = entry->path,
            .actions = entry->actions,
            .action_count = entry->action_count};
    if (is_network(entry) && is_default_network(entry->path, owner))
        out.path = (struct deputy_slice){NULL, 0};
    return out;
}

static enum deputy_error copy_entry(
        struct deputy_arena *arena, struct deputy_permission *out, const struct deputy_permission *entry)
{
    struct deputy_slice *actions = ARENA_ARRAY(arena, struct deputy_slice, entry->action_count + 1);
    ENSURE(actions != NULL, arena_error(arena));
    *out = *entry;
    for (size_t i = 0; i < entry->action_count; i++)
        TRY(arena_copy(arena, &actions[i], entry->actions[i]));
    out->actions = actions;
    TRY(arena_copy(arena, &out->service, entry->service));
    TRY(arena_copy(arena, &out->space, entry->space));
    return arena_copy(arena, &out->path, entry->path);
}

static enum deputy_error shape_fill(struct shape *shape, const struct backend_wants *wants)
{
    const struct deputy_permissions *wanted = &wants->entries;
    TRY(deputy_arena_create(&shape->arena, SHAPE_ARENA));
    struct deputy_permission *items = ARENA_ARRAY(shape->arena, struct deputy_permission, wanted->count + 1);
    ENSURE(items != NULL, arena_error(shape->arena));
    for (size_t i = 0; i < wanted->count; i++) {
        const struct deputy_permission entry = without_owner(&wanted->items[i], &wants->owner);
        TRY(copy_entry(shape->arena, &items[i], &entry));
        shape->actions += entry.action_count;
    }
    shape->entries = (struct deputy_permissions){items, wanted->count};
    return DEPUTY_OK;
}

enum deputy_error shape_make(struct shape **out, const struct backend_wants *wants)
{
    struct shape *shape = calloc(1, sizeof *shape);
    ENSURE(shape != NULL, DEPUTY_E_NOMEM);
    atomic_store(&shape->references, 1);
    enum deputy_error result = shape_fill(shape, wants);
    if (result != DEPUTY_OK) {
        shape_release(shape);
        return result;
    }
    *out = shape;
    return DEPUTY_OK;
}

void shape_release(struct shape *shape)
{
    if (atomic_fetch_sub(&shape->references, 1) > 1)
        return;
    deputy_arena_destroy(shape->arena);
    free(shape);
}

static bool same_entry(const struct deputy_permission *a, const struct deputy_permission *b)
{
    bool same = deputy_slice_equal(a->service, b->service) && deputy_slice_equal(a->space, b->space) &&
                deputy_slice_present(a->path) == deputy_slice_present(b->path) &&
                deputy_slice_equal(a->path, b->path) && a->action_count == b->action_count;
    for (size_t i = 0; same && i < a->action_count; i++)
        same = deputy_slice_equal(a->actions[i], b->actions[i]);
    return same;
}

bool shape_fits(const struct shape *shape, const struct backend_wants *wants)
{
    if (shape->entries.count != wants->entries.count)
        return false;
    for (size_t i = 0; i < wants->entries.count; i++) {
        const struct deputy_permission entry = without_owner(&wants->entries.items[i], &wants->owner);
        if (!same_entry(&shape->entries.items[i], &entry))
            return false;
    }
    return true;
}

/* ---- finding ---- */

/* tinycloud.<service> */
static bool is_service(struct deputy_slice name, struct deputy_slice service)
{
    return text_starts(name, service_prefix) &&
           deputy_slice_equal(text_after(name, sizeof service_prefix - 1), service);
}

static bool is_place(const struct deputy_permission *entry, const struct shape_question *question)
{
    if (!is_service(entry->service, question->service))
        return false;
    if (!is_network(entry))
        return deputy_slice_equal(entry->space, question->space) &&
               subset_path_contains(entry->path, question->path);
    return deputy_slice_present(entry->path) ? same_network(entry->path, question->path)
                                             : is_default_network(question->path, question->owner);
}

/* `held` is <service>/<action>, or has a star there that stands for every action of the service. */
static bool is_action(
        struct deputy_slice held, const struct deputy_permission *entry, struct deputy_slice action)
{
    size_t skip = entry->service.len + 1;
    if (held.len <= skip || memcmp(held.ptr, entry->service.ptr, skip - 1) != 0)
        return false;
    return deputy_slice_equal(text_after(held, skip), action) || text_is(held, "tinycloud.sql/*") ||
           text_is(held, "tinycloud.duckdb/*");
}

size_t shape_find(const struct shape *shape, const uint8_t *given, const struct shape_question *question)
{
    size_t place = 0;
    for (size_t i = 0; i < shape->entries.count; i++) {
        const struct deputy_permission *entry = &shape->entries.items[i];
        bool there = is_place(entry, question);
        for (size_t j = 0; j < entry->action_count; j++, place++) {
            if (there && given[place] != SHAPE_NONE && is_action(entry->actions[j], entry, question->action))
                return place;
        }
    }
    return SIZE_MAX;
}

struct deputy_slice shape_first_space(const struct shape *shape)
{
    for (size_t i = 0; i < shape->entries.count; i++) {
        if (!is_network(&shape->entries.items[i]))
            return shape->entries.items[i].space;
    }
    return (struct deputy_slice){NULL, 0};
}
