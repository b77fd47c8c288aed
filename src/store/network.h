/*
 * Encryption networks (spec/04 section 6). The store keeps a private key as the node encrypted it and cannot
 * open it. A row is sealed, so that whoever can write the database can neither put a key of their own in a
 * network's place nor make a revoked network active.
 */
#ifndef STORE_NETWORK_H
#define STORE_NETWORK_H

#include "store/store.h"

enum { STORE_NETWORK_KEY_BYTES = 32, STORE_NETWORK_SEALED_BYTES = 61 };

struct store_network {
    struct deputy_slice id; /* canonical URN */
    struct deputy_slice algorithm;
    int64_t key_version;
    uint8_t public_key[STORE_NETWORK_KEY_BYTES];
    uint8_t private_key[STORE_NETWORK_SEALED_BYTES]; /* encrypted */
    bool revoked;
    int64_t created; /* microseconds since 1970 */
    int64_t updated;
};

/* Stores a new network, created now; sets both times. DEPUTY_E_NETWORK_EXISTS when the id is taken. */
enum deputy_error store_network_insert(struct store_write *write, struct store_network *network);

/* The network with that id; *found. DEPUTY_E_STORE_SEAL when the row is not as this node stored it. */
enum deputy_error store_network_find(struct deputy_arena *arena, struct store_network *out, bool *found,
        struct store_read *read, struct deputy_slice id);

/*
 * Revokes, for good, and moves the generation; nothing changes when it was revoked before. That apart, no row
 * ever changes. DEPUTY_E_NETWORK_UNKNOWN. The arena is for scratch.
 */
enum deputy_error store_network_revoke(
        struct deputy_arena *arena, struct store_write *write, struct deputy_slice id);

#endif
