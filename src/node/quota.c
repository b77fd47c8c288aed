#include "node/quota.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/try.h"
#include <pthread.h>
#include <stdlib.h>

enum { QUOTA_NUMBER_MAX = 32 };

struct quota {
    uint64_t standard;
    uint64_t public_spaces;
    struct quota_service *service; /* NULL: there is none */
    pthread_mutex_t lock;
    struct quota_override *overrides; /* ascending by space, their texts owned */
    size_t count;
    size_t room;
};

enum deputy_error quota_create(struct quota **out, const struct quota_config *config)
{
    struct quota *quota = calloc(1, sizeof *quota);
    enum deputy_error error = DEPUTY_OK;
    ENSURE(quota != NULL, DEPUTY_E_NOMEM);
    quota->standard = config->standard;
    quota->public_spaces = config->public_spaces;
    pthread_mutex_init(&quota->lock, NULL);
    if (deputy_slice_present(config->service.url))
        error = quota_service_create(&quota->service, &config->service);
    if (error == DEPUTY_OK)
        *out = quota;
    else
        quota_destroy(quota);
    return error;
}

void quota_destroy(struct quota *quota)
{
    if (quota == NULL)
        return;
    quota_service_destroy(quota->service);
    for (size_t i = 0; i < quota->count; i++)
        free((void *)(uintptr_t)quota->overrides[i].space.ptr);
    free(quota->overrides);
    pthread_mutex_destroy(&quota->lock);
    free(quota);
}

/* ---- what the administrator said ---- */

/* Where the space stands, or would stand. */
static bool override_find(const struct quota *quota, size_t *at, struct deputy_slice space)
{
    size_t low = 0, high = quota->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = deputy_slice_compare(quota->overrides[middle].space, space);
        if (order == 0) {
            *at = middle;
            return true;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *at = low;
    return false;
}

static enum deputy_error override_grow(struct quota *quota)
{
    if (quota->count < quota->room)
        return DEPUTY_OK;
    ENSURE(quota->count < QUOTA_OVERRIDES_MAX, DEPUTY_E_LIMIT);
    size_t room = quota->room == 0 ? 16 : 2 * quota->room;
    struct quota_override *grown = realloc(quota->overrides, room * sizeof *grown);
    ENSURE(grown != NULL, DEPUTY_E_NOMEM);
    quota->overrides = grown;
    quota->room = room;
    return DEPUTY_OK;
}

static enum deputy_error override_insert(struct quota *quota, size_t at, struct deputy_slice space)
{
    TRY(override_grow(quota));
    uint8_t *text = malloc(space.len);
    ENSURE(text != NULL, DEPUTY_E_NOMEM);
    memcpy(text, space.ptr, space.len);
    struct quota_override *place = &quota->overrides[at];
    memmove(place + 1, place, (quota->count - at) * sizeof *place);
    place->space = deputy_slice_bytes(text, space.len);
    quota->count++;
    return DEPUTY_OK;
}

enum deputy_error quota_override_set(struct quota *quota, struct deputy_slice space, uint64_t bytes)
{
    size_t at;
    enum deputy_error error = DEPUTY_OK;
    ENSURE(space.len > 0, DEPUTY_E_ARGUMENT);
    pthread_mutex_lock(&quota->lock);
    if (!override_find(quota, &at, space))
        error = override_insert(quota, at, space);
    if (error == DEPUTY_OK)
        quota->overrides[at].bytes = bytes;
    pthread_mutex_unlock(&quota->lock);
    return error;
}

void quota_override_clear(struct quota *quota, struct deputy_slice space)
{
    size_t at;
    pthread_mutex_lock(&quota->lock);
    if (override_find(quota, &at, space)) {
        struct quota_override *place = &quota->overrides[at];
        free((void *)(uintptr_t)place->space.ptr);
        quota->count--;
        memmove(place, place + 1, (quota->count - at) * sizeof *place);
    }
    pthread_mutex_unlock(&quota->lock);
}

struct quota_limit quota_override(struct quota *quota, struct deputy_slice space)
{
    size_t at;
    struct quota_limit limit = {0};
    pthread_mutex_lock(&quota->lock);
    if (override_find(quota, &at, space))
        limit = (struct quota_limit){true, quota->overrides[at].bytes};
    pthread_mutex_unlock(&quota->lock);
    return limit;
}

static enum deputy_error overrides_copy(
        struct deputy_arena *arena, struct quota_override *out, const struct quota *quota)
{
    for (size_t i = 0; i < quota->count; i++) {
        out[i] = quota->overrides[i];
        TRY(arena_copy(arena, &out[i].space, quota->overrides[i].space));
    }
    return DEPUTY_OK;
}

enum deputy_error quota_overrides(
        struct deputy_arena *arena, struct quota_override **out, size_t *count, struct quota *quota)
{
    pthread_mutex_lock(&quota->lock);
    *count = quota->count;
    *out = ARENA_ARRAY(arena, struct quota_override, quota->count);
    enum deputy_error error = *out == NULL ? arena_error(arena) : overrides_copy(arena, *out, quota);
    pthread_mutex_unlock(&quota->lock);
    return error;
}

/* ---- what holds ---- */

/* A space whose name is exactly "public" (spec/03 section 12). */
static bool is_public(struct deputy_slice space)
{
    static const char end[] = ":public";
    size_t len = sizeof end - 1;
    return space.len > len && memcmp(space.ptr + space.len - len, end, len) == 0;
}

static struct quota_limit limit_or_none(uint64_t bytes)
{
    return (struct quota_limit){bytes > 0, bytes};
}

struct quota_limit quota_standard(const struct quota *quota)
{
    return limit_or_none(quota->standard);
}

struct quota_limit quota_effective(struct quota *quota, struct deputy_slice space)
{
    if (is_public(space))
        return limit_or_none(quota->public_spaces);
    struct quota_limit limit = quota_override(quota, space);
    if (!limit.limited && quota->service != NULL)
        limit = quota_service_said(quota->service, space);
    return limit.limited ? limit : quota_standard(quota);
}

bool quota_has_service(const struct quota *quota)
{
    return quota->service != NULL;
}

bool quota_need(struct quota *quota, struct deputy_slice space, struct quota_wait *wait)
{
    return quota->service != NULL && !is_public(space) && !quota_override(quota, space).limited &&
           quota_service_need(quota->service, space, wait);
}

struct quota_service_counts quota_counts(const struct quota *quota)
{
    return quota->service != NULL ? quota_service_count(quota->service) : (struct quota_service_counts){0};
}

enum deputy_error quota_room_of(
        struct quota_room *out, struct quota *quota, struct store_read *read, struct deputy_slice space)
{
    *out = (struct quota_room){.limit = quota_effective(quota, space)};
    return out->limit.limited ? store_usage(read, &out->used, space) : DEPUTY_OK;
}

static enum deputy_error put_number(struct deputy_arena *arena, struct deputy_slice *out, uint64_t number)
{
    struct buf text = buf_make(arena, QUOTA_NUMBER_MAX);
    buf_put_decimal(&text, number);
    return buf_finish(&text, out);
}

enum deputy_error quota_room_check(struct deputy_arena *arena, struct deputy_refusal *refusal,
        const struct quota_room *room, uint64_t bytes)
{
    if (!room->limit.limited)
        return DEPUTY_OK;
    bool full = room->used >= room->limit.bytes;
    if (!full && bytes <= room->limit.bytes - room->used)
        return DEPUTY_OK;
    *refusal = (struct deputy_refusal){.code = full ? DEPUTY_E_QUOTA_EXCEEDED : DEPUTY_E_QUOTA_REMAINING};
    TRY(put_number(arena, &refusal->args[0], room->used));
    TRY(put_number(arena, &refusal->args[1], room->limit.bytes));
    return refusal->code;
}
