#include "node/chain_cache.h"
#include "base/arena.h"
#include "base/try.h"
#include <stdlib.h>

/* The largest closure that is loaded at all: 64 tokens of the largest size, and what parsing them takes. */
enum { CHAIN_CLOSURE_MAX = 64 * 1024 * 1024, CHAIN_CACHE_BUCKETS = CHAIN_CACHE_ENTRIES };

struct chain_entry {
    struct chain_entry *next;          /* in its bucket */
    struct chain_entry *newer, *older; /* by last use */
    struct deputy_arena *arena;
    struct deputy_closure closure;
    uint64_t generation;
    size_t references;
    size_t limit;
    size_t proof_count;
    struct deputy_proof proofs[DEPUTY_TOKEN_MAX_PROOFS];
};

struct chain_cache {
    struct chain_entry *buckets[CHAIN_CACHE_BUCKETS];
    struct chain_entry *newest, *oldest;
    size_t count;
};

enum deputy_error chain_cache_create(struct chain_cache **out)
{
    *out = calloc(1, sizeof **out);
    return *out != NULL ? DEPUTY_OK : DEPUTY_E_NOMEM;
}

const struct deputy_closure *chain_entry_closure(const struct chain_entry *entry)
{
    return &entry->closure;
}

uint64_t chain_entry_generation(const struct chain_entry *entry)
{
    return entry->generation;
}

void chain_entry_release(struct chain_entry *entry)
{
    if (entry == NULL || --entry->references > 0)
        return;
    deputy_arena_destroy(entry->arena);
    free(entry);
}

static struct chain_entry **chain_bucket(struct chain_cache *cache, const struct deputy_proof *proofs)
{
    uint64_t start;
    memcpy(&start, proofs[0].cid.digest, sizeof start);
    return &cache->buckets[start % CHAIN_CACHE_BUCKETS];
}

static bool chain_entry_is(const struct chain_entry *entry, const struct deputy_token *token, size_t limit)
{
    if (entry->proof_count != token->proof_count || entry->limit != limit)
        return false;
    for (size_t i = 0; i < token->proof_count; i++) {
        if (entry->proofs[i].foreign != token->proofs[i].foreign ||
                !deputy_cid_equal(&entry->proofs[i].cid, &token->proofs[i].cid))
            return false;
    }
    return true;
}

static void chain_unlink_use(struct chain_cache *cache, struct chain_entry *entry)
{
    *(entry->newer != NULL ? &entry->newer->older : &cache->newest) = entry->older;
    *(entry->older != NULL ? &entry->older->newer : &cache->oldest) = entry->newer;
    entry->newer = entry->older = NULL;
}

static void chain_link_newest(struct chain_cache *cache, struct chain_entry *entry)
{
    entry->older = cache->newest;
    *(cache->newest != NULL ? &cache->newest->newer : &cache->oldest) = entry;
    cache->newest = entry;
}

/* Takes the entry out of the cache; whoever uses it keeps it. */
static void chain_drop(struct chain_cache *cache, struct chain_entry *entry)
{
    struct chain_entry **link = chain_bucket(cache, entry->proofs);
    while (*link != entry)
        link = &(*link)->next;
    *link = entry->next;
    chain_unlink_use(cache, entry);
    cache->count--;
    chain_entry_release(entry);
}

void chain_cache_destroy(struct chain_cache *cache)
{
    if (cache == NULL)
        return;
    while (cache->newest != NULL)
        chain_drop(cache, cache->newest);
    free(cache);
}

static struct chain_entry *chain_find(
        struct chain_cache *cache, struct store *store, const struct deputy_token *token, size_t limit)
{
    struct chain_entry *entry = *chain_bucket(cache, token->proofs);
    while (entry != NULL && !chain_entry_is(entry, token, limit))
        entry = entry->next;
    if (entry != NULL && entry->generation != store_generation(store)) {
        chain_drop(cache, entry);
        entry = NULL;
    }
    return entry;
}

static enum deputy_error chain_fill(
        struct chain_entry *entry, struct store *store, const struct deputy_token *token, size_t limit)
{
    TRY(deputy_arena_create(&entry->arena, CHAIN_CLOSURE_MAX));
    struct store_read *read = NULL;
    TRY(store_read_begin(&read, store, &entry->generation));
    enum deputy_error error =
            authority_load(entry->arena, &entry->closure, read, token->proofs, token->proof_count, limit);
    store_read_end(read);
    return error;
}

static enum deputy_error chain_load_new(
        struct chain_entry **out, struct store *store, const struct deputy_token *token, size_t limit)
{
    struct chain_entry *entry = calloc(1, sizeof *entry);
    ENSURE(entry != NULL, DEPUTY_E_NOMEM);
    entry->references = 1;
    entry->limit = limit;
    entry->proof_count = token->proof_count;
    if (token->proof_count > 0)
        memcpy(entry->proofs, token->proofs, token->proof_count * sizeof entry->proofs[0]);
    enum deputy_error error = chain_fill(entry, store, token, limit);
    if (error != DEPUTY_OK) {
        chain_entry_release(entry);
        return error;
    }
    *out = entry;
    return DEPUTY_OK;
}

/* Only what was found whole is kept: a proof that is missing now may arrive without moving the generation. */
static bool chain_worth_keeping(const struct chain_entry *entry)
{
    if (entry->proof_count == 0 || entry->closure.over_limit ||
            arena_held(entry->arena) > CHAIN_CACHE_ENTRY_MAX)
        return false;
    for (size_t i = 0; i < entry->closure.count; i++) {
        if (entry->closure.links[i].token == NULL)
            return false;
    }
    return true;
}

static void chain_keep(struct chain_cache *cache, struct chain_entry *entry)
{
    if (cache->count == CHAIN_CACHE_ENTRIES)
        chain_drop(cache, cache->oldest);
    struct chain_entry **bucket = chain_bucket(cache, entry->proofs);
    entry->next = *bucket;
    *bucket = entry;
    chain_link_newest(cache, entry);
    entry->references++;
    cache->count++;
}

enum deputy_error chain_cache_load(struct chain_cache *cache, struct chain_entry **out, struct store *store,
        const struct deputy_token *token, size_t limit)
{
    struct chain_entry *entry = token->proof_count > 0 ? chain_find(cache, store, token, limit) : NULL;
    if (entry == NULL) {
        TRY(chain_load_new(&entry, store, token, limit));
        if (chain_worth_keeping(entry))
            chain_keep(cache, entry);
        *out = entry;
        return DEPUTY_OK;
    }
    chain_unlink_use(cache, entry);
    chain_link_newest(cache, entry);
    entry->references++;
    *out = entry;
    return DEPUTY_OK;
}
