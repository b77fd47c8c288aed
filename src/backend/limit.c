#include "backend/limit.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT_SETS = 4096, LIMIT_WAYS = 8, MARK_BYTES = 16 };

struct counted {
    uint8_t mark[MARK_BYTES]; /* of the key */
    int64_t since;            /* seconds; 0: nobody's */
    int64_t count;
};

struct limit {
    pthread_mutex_t lock;
    uint8_t key[HASH_BYTES]; /* nobody outside can choose with whom he shares a set */
    int64_t limit;
    int64_t window_s;
    struct counted table[LIMIT_SETS][LIMIT_WAYS];
};

enum deputy_error limit_create(struct limit **out, int64_t limit, int64_t window_s)
{
    ENSURE(limit > 0 && window_s > 0, DEPUTY_E_ARGUMENT);
    struct limit *made = calloc(1, sizeof *made);
    ENSURE(made != NULL, DEPUTY_E_NOMEM);
    pthread_mutex_init(&made->lock, NULL);
    random_bytes(made->key, sizeof made->key);
    made->limit = limit;
    made->window_s = window_s;
    *out = made;
    return DEPUTY_OK;
}

void limit_destroy(struct limit *limit)
{
    if (limit == NULL)
        return;
    pthread_mutex_destroy(&limit->lock);
    free(limit);
}

/* The key's place, or that of the one who began longest ago, which is nobody's then. */
static struct counted *counted_of(struct limit *limit, struct deputy_slice key)
{
    uint8_t hash[HASH_BYTES];
    uint32_t set;
    blake3_keyed(hash, limit->key, key);
    memcpy(&set, hash + MARK_BYTES, sizeof set);
    struct counted *ways = limit->table[set % LIMIT_SETS], *oldest = ways;
    for (size_t i = 0; i < LIMIT_WAYS; i++) {
        if (ways[i].since != 0 && memcmp(ways[i].mark, hash, MARK_BYTES) == 0)
            return &ways[i];
        if (ways[i].since < oldest->since)
            oldest = &ways[i];
    }
    oldest->since = 0;
    memcpy(oldest->mark, hash, MARK_BYTES);
    return oldest;
}

/* A clock that was set back begins a new window, so that nobody waits for longer than one. */
static bool window_is_over(const struct limit *limit, const struct counted *counted, int64_t now)
{
    return counted->since == 0 || now < counted->since || now - counted->since >= limit->window_s;
}

struct limit_state limit_take(struct limit *limit, struct deputy_slice key, struct deputy_time now)
{
    pthread_mutex_lock(&limit->lock);
    struct counted *counted = counted_of(limit, key);
    if (window_is_over(limit, counted, now.sec)) {
        counted->since = now.sec;
        counted->count = 0;
    }
    bool allowed = counted->count < limit->limit;
    counted->count += allowed ? 1 : 0;
    struct limit_state state = {.allowed = allowed,
            .limit = limit->limit,
            .remaining = limit->limit - counted->count,
            .reset_s = counted->since + limit->window_s - now.sec,
            .window_s = limit->window_s};
    pthread_mutex_unlock(&limit->lock);
    return state;
}
