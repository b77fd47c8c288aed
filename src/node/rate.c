#include "node/rate.h"
#include "base/try.h"
#include "crypto/hash.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { RATE_SETS = 1024, RATE_WAYS = 8 };

/* A token is a million parts: what a microsecond brings is a whole number of sixtieths of them. */
#define RATE_TOKEN INT64_C(1000000)
#define RATE_PER_MINUTE_MAX INT64_C(60000000)
#define RATE_BURST_MAX INT64_C(1000000000)
#define RATE_ELAPSED_MAX_US INT64_C(3600000000) /* an hour fills what is worth filling */

struct bucket {
    uint8_t address[CLIENT_ADDRESS_BYTES];
    int64_t parts;
    int64_t seen_us; /* 0: nobody's */
};

struct rate_limit {
    pthread_mutex_t lock;
    uint8_t key[32];
    int64_t per_minute;
    int64_t capacity; /* parts */
    struct bucket buckets[RATE_SETS][RATE_WAYS];
};

enum deputy_error rate_create(
        struct rate_limit **out, int64_t per_minute, int64_t burst, const uint8_t key[32])
{
    struct rate_limit *limit = calloc(1, sizeof *limit);
    ENSURE(limit != NULL, DEPUTY_E_NOMEM);
    if (pthread_mutex_init(&limit->lock, NULL) != 0) {
        free(limit);
        return DEPUTY_E_NOMEM;
    }
    limit->per_minute = per_minute < RATE_PER_MINUTE_MAX ? per_minute : RATE_PER_MINUTE_MAX;
    burst = burst < RATE_BURST_MAX ? burst : RATE_BURST_MAX;
    limit->capacity = burst * RATE_TOKEN + limit->per_minute * RATE_TOKEN / 60;
    memcpy(limit->key, key, sizeof limit->key);
    *out = limit;
    return DEPUTY_OK;
}

void rate_destroy(struct rate_limit *limit)
{
    if (limit == NULL)
        return;
    pthread_mutex_destroy(&limit->lock);
    free(limit);
}

/* The address's bucket, or the place of the one that was silent longest. */
static struct bucket *bucket_of(struct rate_limit *limit, const uint8_t *address)
{
    uint8_t hash[HASH_BYTES];
    uint32_t set;
    blake3_keyed(hash, limit->key, deputy_slice_bytes(address, CLIENT_ADDRESS_BYTES));
    memcpy(&set, hash, sizeof set);
    struct bucket *ways = limit->buckets[set % RATE_SETS], *oldest = ways;
    for (size_t i = 0; i < RATE_WAYS; i++) {
        if (ways[i].seen_us != 0 && memcmp(ways[i].address, address, CLIENT_ADDRESS_BYTES) == 0)
            return &ways[i];
        if (ways[i].seen_us < oldest->seen_us)
            oldest = &ways[i];
    }
    oldest->seen_us = 0;
    return oldest;
}

static void bucket_fill(const struct rate_limit *limit, struct bucket *bucket, int64_t now_us)
{
    int64_t elapsed = now_us - bucket->seen_us;
    if (elapsed < 0) /* the clock was set back */
        elapsed = 0;
    if (elapsed > RATE_ELAPSED_MAX_US)
        elapsed = RATE_ELAPSED_MAX_US;
    bucket->parts += elapsed * limit->per_minute / 60;
    if (bucket->parts > limit->capacity)
        bucket->parts = limit->capacity;
    bucket->seen_us = now_us;
}

/* Until a whole token is there; an hour when nothing ever comes. */
static int64_t seconds_to_wait(const struct rate_limit *limit, const struct bucket *bucket)
{
    if (limit->per_minute == 0)
        return 3600;
    int64_t second = limit->per_minute * RATE_TOKEN / 60;
    return (RATE_TOKEN - bucket->parts + second - 1) / second;
}

bool rate_take(struct rate_limit *limit, const uint8_t address[CLIENT_ADDRESS_BYTES], struct deputy_time now,
        int64_t *wait_s)
{
    int64_t now_us = now.sec * 1000000 + now.nsec / 1000;
    pthread_mutex_lock(&limit->lock);
    struct bucket *bucket = bucket_of(limit, address);
    if (bucket->seen_us == 0) {
        memcpy(bucket->address, address, sizeof bucket->address);
        bucket->parts = limit->capacity;
        bucket->seen_us = now_us;
    }
    bucket_fill(limit, bucket, now_us);
    bool taken = bucket->parts >= RATE_TOKEN;
    if (taken)
        bucket->parts -= RATE_TOKEN;
    else
        *wait_s = seconds_to_wait(limit, bucket);
    pthread_mutex_unlock(&limit->lock);
    return taken;
}
