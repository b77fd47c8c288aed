#include "node/network_cache.h"
#include "base/arena.h"
#include "base/try.h"
#include <stdlib.h>
#include <string.h>

/* A copy of a row; its texts point into the slot's own. */
struct network_slot {
    struct store_network network; /* the id is absent in a free slot */
    uint64_t generation;
    uint8_t text[NETWORK_CACHE_TEXT_MAX];
};

struct network_cache {
    struct network_slot slots[NETWORK_CACHE_SLOTS];
};

enum deputy_error network_cache_create(struct network_cache **out)
{
    *out = calloc(1, sizeof **out);
    return *out != NULL ? DEPUTY_OK : DEPUTY_E_NOMEM;
}

void network_cache_destroy(struct network_cache *cache)
{
    free(cache);
}

/* FNV-1a: networks that share a slot only cost a look at the store. */
static struct network_slot *network_slot(struct network_cache *cache, struct deputy_slice id)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < id.len; i++)
        hash = (hash ^ id.ptr[i]) * 16777619u;
    return &cache->slots[hash % NETWORK_CACHE_SLOTS];
}

static void network_keep(struct network_slot *slot, const struct store_network *network, uint64_t generation)
{
    struct deputy_slice id = network->id, algorithm = network->algorithm;
    if (id.len > sizeof slot->text || algorithm.len > sizeof slot->text - id.len)
        return;
    memcpy(slot->text, id.ptr, id.len);
    memcpy(slot->text + id.len, algorithm.ptr, algorithm.len);
    slot->network = *network;
    slot->network.id = deputy_slice_bytes(slot->text, id.len);
    slot->network.algorithm = deputy_slice_bytes(slot->text + id.len, algorithm.len);
    slot->generation = generation;
}

static enum deputy_error network_read(struct deputy_arena *arena, struct store_network *out,
        uint64_t *generation, struct store *store, struct deputy_slice id)
{
    struct store_read *read = NULL;
    bool found = false;
    TRY(store_read_begin(&read, store, generation));
    enum deputy_error error = store_network_find(arena, out, &found, read, id);
    store_read_end(read);
    TRY(error);
    return found ? DEPUTY_OK : DEPUTY_E_NETWORK_UNKNOWN;
}

enum deputy_error network_cache_load(struct network_cache *cache, struct deputy_arena *arena,
        struct store_network *out, uint64_t *generation, struct store *store, struct deputy_slice id)
{
    struct network_slot *slot = network_slot(cache, id);
    *generation = store_generation(store);
    if (slot->generation == *generation && deputy_slice_present(slot->network.id) &&
            deputy_slice_equal(slot->network.id, id)) {
        *out = slot->network;
        TRY(arena_copy(arena, &out->id, out->id));
        return arena_copy(arena, &out->algorithm, out->algorithm);
    }
    TRY(network_read(arena, out, generation, store, id));
    network_keep(slot, out, *generation);
    return DEPUTY_OK;
}
