#include "backend/nonce.h"
#include "base/codec.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "crypto/secret.h"
#include <pthread.h>
#include <stdlib.h>

enum {
    SALT_BYTES = 8,
    TIME_BYTES = 8,
    MARK_BYTES = 16,
    NONCE_BYTES = SALT_BYTES + TIME_BYTES + MARK_BYTES,
    USED_SETS = 8192,
    USED_WAYS = 8
};

_Static_assert(NONCE_DIGITS == 2 * NONCE_BYTES, "a nonce is written in hexadecimal digits");

struct used {
    uint8_t mark[MARK_BYTES];
    int64_t until; /* seconds: then it is over, and the place is free */
};

struct nonces {
    uint8_t *key; /* guarded, HASH_BYTES */
    pthread_mutex_t lock;
    struct used used[USED_SETS][USED_WAYS];
};

/* A nonce in parts, in the order in which it is written. */
struct parts {
    uint8_t salt[SALT_BYTES];
    uint8_t since[TIME_BYTES]; /* seconds, the highest byte first */
    uint8_t mark[MARK_BYTES];
};

enum deputy_error nonces_create(struct nonces **out)
{
    struct nonces *nonces = calloc(1, sizeof *nonces);
    ENSURE(nonces != NULL, DEPUTY_E_NOMEM);
    enum deputy_error result = secret_alloc(&nonces->key, HASH_BYTES);
    if (result != DEPUTY_OK) {
        free(nonces);
        return result;
    }
    random_bytes(nonces->key, HASH_BYTES);
    pthread_mutex_init(&nonces->lock, NULL);
    *out = nonces;
    return DEPUTY_OK;
}

void nonces_destroy(struct nonces *nonces)
{
    if (nonces == NULL)
        return;
    secret_free(nonces->key);
    pthread_mutex_destroy(&nonces->lock);
    free(nonces);
}

static void since_write(uint8_t out[TIME_BYTES], int64_t since)
{
    for (size_t i = 0; i < TIME_BYTES; i++)
        out[i] = (uint8_t)((uint64_t)since >> (8 * (TIME_BYTES - 1 - i)));
}

static int64_t since_read(const uint8_t in[TIME_BYTES])
{
    uint64_t since = 0;
    for (size_t i = 0; i < TIME_BYTES; i++)
        since = since << 8 | in[i];
    return (int64_t)since;
}

/* What only we can make for this salt, moment and address. */
static void mark_make(uint8_t mark[MARK_BYTES], const struct nonces *nonces, const struct parts *parts,
        const uint8_t address[20])
{
    uint8_t input[SALT_BYTES + TIME_BYTES + 20], hash[HASH_BYTES];
    memcpy(input, parts->salt, SALT_BYTES);
    memcpy(input + SALT_BYTES, parts->since, TIME_BYTES);
    memcpy(input + SALT_BYTES + TIME_BYTES, address, 20);
    hmac_sha256(hash, deputy_slice_bytes(nonces->key, HASH_BYTES), deputy_slice_bytes(input, sizeof input));
    memcpy(mark, hash, MARK_BYTES);
}

void nonce_make(
        struct nonces *nonces, char out[NONCE_DIGITS], const uint8_t address[20], struct deputy_time now)
{
    static const char digits[] = "0123456789abcdef";
    struct parts parts;
    const uint8_t *bytes = parts.salt;
    random_bytes(parts.salt, sizeof parts.salt);
    since_write(parts.since, now.sec);
    mark_make(parts.mark, nonces, &parts, address);
    for (size_t i = 0; i < NONCE_BYTES; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
}

/* Only the digits that we write: another way to write a nonce would be another nonce. */
static enum deputy_error parts_read(struct parts *parts, struct deputy_slice text)
{
    ENSURE(text.len == NONCE_DIGITS, DEPUTY_E_NONCE);
    for (size_t i = 0; i < text.len; i++)
        ENSURE(text.ptr[i] < 'A' || text.ptr[i] > 'F', DEPUTY_E_NONCE);
    ENSURE(hex_read_fixed((uint8_t *)parts, sizeof *parts, text) == DEPUTY_OK, DEPUTY_E_NONCE);
    return DEPUTY_OK;
}

/* Notes it, unless it is noted already or there is no room for it among those that are not over. */
static enum deputy_error used_note(struct nonces *nonces, const struct parts *parts, int64_t now)
{
    uint32_t set;
    struct used *place = NULL;
    memcpy(&set, parts->mark, sizeof set);
    struct used *ways = nonces->used[set % USED_SETS];
    for (size_t i = 0; i < USED_WAYS; i++) {
        if (ways[i].until <= now)
            place = &ways[i];
        else if (memcmp(ways[i].mark, parts->mark, MARK_BYTES) == 0)
            return DEPUTY_E_NONCE;
    }
    ENSURE(place != NULL, DEPUTY_E_NONCE);
    memcpy(place->mark, parts->mark, MARK_BYTES);
    place->until = since_read(parts->since) + NONCE_LIFE_S;
    return DEPUTY_OK;
}

enum deputy_error nonce_use(
        struct nonces *nonces, struct deputy_slice nonce, const uint8_t address[20], struct deputy_time now)
{
    struct parts parts;
    uint8_t mark[MARK_BYTES];
    TRY(parts_read(&parts, nonce));
    mark_make(mark, nonces, &parts, address);
    ENSURE(bytes_equal_secret(mark, parts.mark, sizeof mark), DEPUTY_E_NONCE);
    int64_t since = since_read(parts.since); /* ours, so no arithmetic on it overflows */
    ENSURE(now.sec >= since && now.sec < since + NONCE_LIFE_S, DEPUTY_E_NONCE);
    pthread_mutex_lock(&nonces->lock);
    enum deputy_error result = used_note(nonces, &parts, now.sec);
    pthread_mutex_unlock(&nonces->lock);
    return result;
}
