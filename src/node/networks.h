/* Encryption networks of this node: their rows, and their keys (spec/04 sections 5 and 6). */
#ifndef NODE_NETWORKS_H
#define NODE_NETWORKS_H

#include "node/admit.h"
#include "store/network.h"
#include <deputy/network.h>

/* Fills in a fresh key pair, the private key encrypted. */
enum deputy_error network_key_make(const struct node *node, struct store_network *network);

/* The private key, which the caller wipes at once. DEPUTY_E_DECRYPT when it is not this network's. */
enum deputy_error network_key_open(uint8_t secret[STORE_NETWORK_KEY_BYTES], const struct node *node,
        const struct store_network *network);

static inline enum deputy_network_state network_state(const struct store_network *network)
{
    return network->revoked ? DEPUTY_NETWORK_REVOKED : DEPUTY_NETWORK_ACTIVE;
}

/* What the row says to others. */
enum deputy_error network_describe(struct deputy_arena *arena, struct deputy_network_descriptor *out,
        const struct node *node, const struct store_network *network);

/* The row of the network, as of now. DEPUTY_E_NETWORK_UNKNOWN. */
enum deputy_error network_load(struct deputy_arena *arena, struct store_network *out, const struct node *node,
        struct deputy_slice id);

/* The canonical id in the path of the request; *refusal says what is wrong with it, to be answered 400. */
enum deputy_error network_in_path(
        struct http_exchange *x, struct deputy_slice *id, struct deputy_refusal *refusal);

/* An error of an id as a refusal that is answered 400 with its text. */
enum deputy_error network_id_refuse(
        struct deputy_arena *arena, struct deputy_refusal *refusal, enum deputy_error error);

/* What was admitted first with that ability, or NULL. */
const struct deputy_capability *network_admitted(const struct deputy_decision *decision, const char *ability);

/* Nothing but networks was admitted: nothing else rides along (spec/04 section 9.5). */
bool network_alone(const struct deputy_decision *decision);

#endif
