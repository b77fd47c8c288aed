/*
 * Parsed closures of the chains that were used lately, so that an invocation under a known chain costs no
 * lookup and no parse. One cache a loop, no locks. It holds closures, never decisions: those depend on the
 * moment and the token.
 *
 * An entry belongs to a generation of the store. When something was revoked or deleted the generation has
 * moved, and the entry is loaded again.
 */
#ifndef NODE_CHAIN_CACHE_H
#define NODE_CHAIN_CACHE_H

#include "node/authority.h"

enum {
    CHAIN_CACHE_ENTRIES = 512,
    CHAIN_CACHE_ENTRY_MAX = 128 * 1024 /* bytes; a larger closure is not kept */
};

struct chain_cache;

/* A closure in use. It stays valid until it is released, whatever happens to the cache meanwhile. */
struct chain_entry;

enum deputy_error chain_cache_create(struct chain_cache **out);
void chain_cache_destroy(struct chain_cache *cache);

/*
 * The closure of a token's proofs as of now. DEPUTY_E_STORE_BUSY when no reader is free. The entry is
 * released with chain_entry_release; closure and generation are those of the entry.
 */
enum deputy_error chain_cache_load(struct chain_cache *cache, struct chain_entry **out, struct store *store,
        const struct deputy_token *token, size_t limit);

const struct deputy_closure *chain_entry_closure(const struct chain_entry *entry);
uint64_t chain_entry_generation(const struct chain_entry *entry);

/* NULL is allowed. */
void chain_entry_release(struct chain_entry *entry);

#endif
