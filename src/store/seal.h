/*
 * The seal of a stored delegation: a keyed hash that only this node can make. A chain is checked link by link
 * when each delegation arrives, and not again at use; so whoever can write the database must not be able to
 * add one.
 */
#ifndef STORE_SEAL_H
#define STORE_SEAL_H

#include "store/db.h"
#include "store/store.h"

/* Copies the key into guarded memory; ended with secret_free. */
enum deputy_error seal_key_keep(uint8_t **out, const uint8_t key[STORE_SEAL_KEY_BYTES]);

/*
 * Was the database sealed with this key? A new one is marked with it, and begins its chain of revocations;
 * one that is older than that chain gets its links. DEPUTY_E_STORE_SECRET when it was another, so that a
 * changed node secret is told at start and not by every request.
 */
enum deputy_error seal_check_database(struct db *db, const uint8_t *key);

/* The same for a database that must have been sealed and chained before. */
enum deputy_error seal_check_mark(struct db *db, const uint8_t *key);

/* The seal over what a load returns: digest, signed digest and edges. Parents are digests one behind the
 * other, at most STORE_PARENTS_MAX. */
void seal_delegation(uint8_t out[STORE_DIGEST_BYTES], const uint8_t *key, const uint8_t *digest,
        const uint8_t *signed_digest, struct deputy_slice parents);

#endif
