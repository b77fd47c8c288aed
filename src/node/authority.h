/*
 * From stored rows to the closure that grant/chain decides on: the cited proofs of a token and all their
 * ancestors, parsed, each held against the digests that the store keeps beside it.
 */
#ifndef NODE_AUTHORITY_H
#define NODE_AUTHORITY_H

#include "store/store.h"
#include <deputy/chain.h>

/*
 * Loads the closure of the cited proofs from one snapshot; everything lives in the arena. More than `limit`
 * nodes give over_limit. DEPUTY_E_STORE_TOKEN when a stored token is not what the store says it is.
 */
enum deputy_error authority_load(struct deputy_arena *arena, struct deputy_closure *out,
        struct store_read *read, const struct deputy_proof *proofs, size_t proof_count, size_t limit);

/* The closure of one delegation itself, which is its first link; its token is NULL when it is not stored. */
enum deputy_error authority_load_one(struct deputy_arena *arena, struct deputy_closure *out,
        struct store_read *read, const struct deputy_cid *cid, size_t limit);

#endif
