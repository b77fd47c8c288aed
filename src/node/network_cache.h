/*
 * Rows of the encryption networks that a loop has used lately, each as of a generation of the store: that
 * moves when a network is revoked, and nothing else of a row ever changes. A private key stays encrypted here
 * too.
 */
#ifndef NODE_NETWORK_CACHE_H
#define NODE_NETWORK_CACHE_H

#include "store/network.h"

enum { NETWORK_CACHE_SLOTS = 64, NETWORK_CACHE_TEXT_MAX = 320 /* id and algorithm of a row that is kept */ };

struct network_cache;

/* Ended with network_cache_destroy, to which NULL is allowed. */
enum deputy_error network_cache_create(struct network_cache **out);
void network_cache_destroy(struct network_cache *cache);

/*
 * The row of the network as of *generation, which is the store's at this moment or was a moment ago; its
 * texts are the arena's. DEPUTY_E_NETWORK_UNKNOWN, DEPUTY_E_STORE_BUSY when no reader is free, or an error of
 * the store.
 */
enum deputy_error network_cache_load(struct network_cache *cache, struct deputy_arena *arena,
        struct store_network *out, uint64_t *generation, struct store *store, struct deputy_slice id);

#endif
