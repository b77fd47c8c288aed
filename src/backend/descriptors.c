#include "backend/descriptors.h"
#include "base/arena.h"
#include "base/try.h"
#include "crypto/hash.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct place {
    uint8_t name[HASH_BYTES]; /* of the network's id, which is as long as somebody wants */
    uint64_t until_ms;
    size_t len;
    uint8_t *text; /* NULL: the place is free */
};

struct descriptors {
    pthread_mutex_t lock; /* around the places */
    struct place places[DESCRIPTORS_MAX];
};

enum deputy_error descriptors_create(struct descriptors **out)
{
    struct descriptors *descriptors = calloc(1, sizeof *descriptors);
    ENSURE(descriptors != NULL, DEPUTY_E_NOMEM);
    pthread_mutex_init(&descriptors->lock, NULL);
    *out = descriptors;
    return DEPUTY_OK;
}

static void place_clear(struct place *place)
{
    free(place->text);
    *place = (struct place){.text = NULL};
}

void descriptors_destroy(struct descriptors *descriptors)
{
    if (descriptors == NULL)
        return;
    for (size_t i = 0; i < DESCRIPTORS_MAX; i++)
        place_clear(&descriptors->places[i]);
    pthread_mutex_destroy(&descriptors->lock);
    free(descriptors);
}

static struct place *place_of(
        struct descriptors *descriptors, uint8_t name[HASH_BYTES], struct deputy_slice network)
{
    blake3(name, network);
    return &descriptors->places[(name[0] | (size_t)name[1] << 8) % DESCRIPTORS_MAX];
}

static bool place_is(const struct place *place, const uint8_t name[HASH_BYTES])
{
    return place->text != NULL && memcmp(place->name, name, HASH_BYTES) == 0;
}

enum deputy_error descriptors_find(struct deputy_arena *arena, struct deputy_slice *text,
        struct descriptors *descriptors, struct deputy_slice network, uint64_t now_ms)
{
    uint8_t name[HASH_BYTES];
    enum deputy_error result = DEPUTY_OK;
    const struct place *place = place_of(descriptors, name, network);
    *text = (struct deputy_slice){NULL, 0};
    pthread_mutex_lock(&descriptors->lock);
    if (place_is(place, name) && now_ms < place->until_ms)
        result = arena_copy(arena, text, deputy_slice_bytes(place->text, place->len));
    pthread_mutex_unlock(&descriptors->lock);
    return result;
}

void descriptors_keep(struct descriptors *descriptors, struct deputy_slice network, struct deputy_slice text,
        uint64_t now_ms)
{
    struct place next = {.until_ms = now_ms + DESCRIPTORS_LIFE_MS, .len = text.len};
    struct place *place = place_of(descriptors, next.name, network);
    if (text.len == 0 || text.len > DESCRIPTORS_MAX_BYTES)
        return;
    next.text = malloc(text.len);
    if (next.text == NULL)
        return;
    memcpy(next.text, text.ptr, text.len);
    pthread_mutex_lock(&descriptors->lock);
    place_clear(place);
    *place = next;
    pthread_mutex_unlock(&descriptors->lock);
}

void descriptors_drop(struct descriptors *descriptors, struct deputy_slice network)
{
    uint8_t name[HASH_BYTES];
    struct place *place = place_of(descriptors, name, network);
    pthread_mutex_lock(&descriptors->lock);
    if (place_is(place, name))
        place_clear(place);
    pthread_mutex_unlock(&descriptors->lock);
}
