/* Where a node's data is, and the key that seals it, for those who look after it beside the node. */
#ifndef NODE_PLACE_H
#define NODE_PLACE_H

#include "store/store.h"
#include <deputy/arena.h>

struct node_place {
    const char *directory; /* in the arena */
    uint8_t seal_key[STORE_SEAL_KEY_BYTES];
};

/*
 * Reads the settings of the node, as the node does. *refusal says what is wrong with them. Ended with
 * node_place_end.
 */
enum deputy_error node_place_read(struct deputy_arena *arena, struct node_place *out,
        struct deputy_refusal *refusal, char *const *environment, char *const *arguments);

/* Wipes the key. */
void node_place_end(struct node_place *place);

#endif
