#include "node/replay.h"
#include "base/try.h"
#include "crypto/hash.h"
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

enum {
    REPLAY_SHARDS = 128,
    REPLAY_SHARD_MAX = REPLAY_MAX_ENTRIES / REPLAY_SHARDS,
    REPLAY_KEY_BYTES = 32,
    REPLAY_KEPT_BYTES = 8,    /* of a fingerprint, beside seven bits that choose the shard: see replay_slot */
    REPLAY_STEP_BYTES = 4096, /* tables grow by whole pages */
    REPLAY_SHARD_BYTE = 8
};
_Static_assert(REPLAY_KEPT_BYTES <= REPLAY_SHARD_BYTE, "what chooses a shard is not what chooses a slot");
_Static_assert((int)REPLAY_SHARD_BYTE < (int)REPLAY_FINGERPRINT_BYTES,
        "a fingerprint has the byte that chooses a shard");

#define REPLAY_DOMAIN "xyz.tinycloud/invocation-replay/v1"
#define REPLAY_LAST_SECOND INT64_C(253402300799)

/*
 * Twelve bytes, because there may be a million. What two invocations share they share by chance alone, since
 * nobody else knows the key: beside a full set a new one is taken for a used one once in 2^50 requests, and a
 * used one never for a new one. The expiry is counted from the shard's base.
 */
struct replay_slot {
    uint32_t fingerprint[REPLAY_KEPT_BYTES / sizeof(uint32_t)];
    uint32_t expires; /* 0: free */
};

/*
 * Open addressing with linear probing. Nothing is removed but by sweeping, which makes a new table as large
 * as what is left asks for: so the set follows what it holds in steps of one shard, and no request waits for
 * more than the copy of one. Tables are pages of their own: what a smaller one leaves goes back to the
 * system.
 */
struct replay_shard {
    pthread_mutex_t lock;
    struct replay_slot *slots; /* NULL before the first use */
    size_t slot_count;
    size_t used;
    int64_t base;        /* seconds, shortly before the first use */
    uint32_t full_until; /* no sweep helps before; 0: it is not full */
};

struct replay_set {
    uint8_t key[REPLAY_KEY_BYTES];
    struct replay_shard shards[REPLAY_SHARDS];
};

enum deputy_error replay_create(struct replay_set **out, const uint8_t key[REPLAY_KEY_BYTES])
{
    struct replay_set *set = calloc(1, sizeof *set);
    ENSURE(set != NULL, DEPUTY_E_NOMEM);
    memcpy(set->key, key, REPLAY_KEY_BYTES);
    for (size_t i = 0; i < REPLAY_SHARDS; i++)
        pthread_mutex_init(&set->shards[i].lock, NULL);
    *out = set;
    return DEPUTY_OK;
}

static size_t replay_table_bytes(size_t slot_count)
{
    size_t bytes = slot_count * sizeof(struct replay_slot);
    return (bytes + REPLAY_STEP_BYTES - 1) / REPLAY_STEP_BYTES * REPLAY_STEP_BYTES;
}

static void replay_table_free(struct replay_slot *slots, size_t slot_count)
{
    if (slots != NULL)
        munmap(slots, replay_table_bytes(slot_count));
}

/* All free. NULL when there is no memory. */
static struct replay_slot *replay_table_make(size_t slot_count)
{
    void *pages = mmap(
            NULL, replay_table_bytes(slot_count), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return pages != MAP_FAILED ? pages : NULL;
}

void replay_destroy(struct replay_set *set)
{
    if (set == NULL)
        return;
    for (size_t i = 0; i < REPLAY_SHARDS; i++) {
        pthread_mutex_destroy(&set->shards[i].lock);
        replay_table_free(set->shards[i].slots, set->shards[i].slot_count);
    }
    free(set);
}

size_t replay_held(struct replay_set *set)
{
    size_t held = sizeof *set;
    for (size_t i = 0; i < REPLAY_SHARDS; i++) {
        struct replay_shard *shard = &set->shards[i];
        pthread_mutex_lock(&shard->lock);
        held += shard->slots != NULL ? replay_table_bytes(shard->slot_count) : 0;
        pthread_mutex_unlock(&shard->lock);
    }
    return held;
}

/* What the fingerprint is over; spec/02 section 6.4. */
static enum deputy_error replay_identity(
        struct deputy_arena *arena, uint8_t out[HASH_BYTES], const struct deputy_token *invocation)
{
    static const uint8_t zero = 0;
    if (!deputy_slice_present(invocation->nonce))
        return deputy_token_signed_digest(arena, out, invocation);
    struct deputy_slice invoker;
    TRY(deputy_principal_format(arena, &invoker, &invocation->issuer));
    struct deputy_slice separator = deputy_slice_bytes(&zero, 1);
    struct deputy_slice parts[] = {
            deputy_slice_text(REPLAY_DOMAIN), separator, invoker, separator, invocation->nonce};
    blake3_parts(out, parts, sizeof parts / sizeof parts[0]);
    return DEPUTY_OK;
}

enum deputy_error replay_fingerprint(struct deputy_arena *arena, uint8_t out[REPLAY_FINGERPRINT_BYTES],
        const struct replay_set *set, const struct deputy_token *invocation)
{
    uint8_t identity[HASH_BYTES], keyed[HASH_BYTES];
    TRY(replay_identity(arena, identity, invocation));
    blake3_keyed(keyed, set->key, deputy_slice_bytes(identity, sizeof identity));
    memcpy(out, keyed, REPLAY_FINGERPRINT_BYTES);
    return DEPUTY_OK;
}

int64_t replay_expiry(const struct deputy_token *invocation, int64_t max_lifetime_s, int64_t now)
{
    int64_t latest = now > REPLAY_LAST_SECOND - max_lifetime_s ? REPLAY_LAST_SECOND : now + max_lifetime_s;
    if (invocation->window.has_expiry && invocation->window.expiry.sec < latest)
        latest = invocation->window.expiry.sec;
    return latest > REPLAY_LAST_SECOND - REPLAY_GRACE_S ? REPLAY_LAST_SECOND : latest + REPLAY_GRACE_S;
}

/* A moment as slots have it; 0 for all before the base. */
static uint32_t replay_seconds(const struct replay_shard *shard, int64_t time)
{
    if (time <= shard->base)
        return 0;
    uint64_t since = (uint64_t)time - (uint64_t)shard->base;
    return since > UINT32_MAX ? UINT32_MAX : (uint32_t)since;
}

/* What would be kept of a use. Nothing is remembered too briefly: what expires before the base counts as
 * behind it. */
static struct replay_slot replay_slot_of(const struct replay_shard *shard,
        const uint8_t fingerprint[REPLAY_FINGERPRINT_BYTES], int64_t expires)
{
    uint32_t seconds = replay_seconds(shard, expires);
    struct replay_slot slot = {.expires = seconds > 0 ? seconds : 1};
    memcpy(slot.fingerprint, fingerprint, sizeof slot.fingerprint);
    return slot;
}

/* The slot that holds the fingerprint, or the free one where it would go. */
static struct replay_slot *replay_find(
        struct replay_slot *slots, size_t slot_count, const struct replay_slot *wanted)
{
    size_t i = (size_t)((uint64_t)wanted->fingerprint[0] * slot_count >> 32);
    while (slots[i].expires != 0 &&
            memcmp(slots[i].fingerprint, wanted->fingerprint, sizeof wanted->fingerprint) != 0)
        i = i + 1 < slot_count ? i + 1 : 0;
    return &slots[i];
}

/* A table is filled to seven eighths. */
static size_t replay_room(size_t slot_count)
{
    size_t room = slot_count - slot_count / 8;
    return room < REPLAY_SHARD_MAX ? room : REPLAY_SHARD_MAX;
}

/* Slots of which that many are three quarters, and what else their pages have room for. */
static size_t replay_slots_for(size_t live)
{
    return replay_table_bytes(live + live / 3 + 1) / sizeof(struct replay_slot);
}

struct replay_left {
    size_t live;
    uint32_t first_end; /* when the first of them expires */
};

static struct replay_left replay_left(const struct replay_shard *shard, uint32_t now)
{
    struct replay_left left = {.first_end = UINT32_MAX};
    for (size_t i = 0; i < shard->slot_count; i++) {
        uint32_t expires = shard->slots[i].expires;
        if (expires <= now)
            continue;
        left.live++;
        left.first_end = expires < left.first_end ? expires : left.first_end;
    }
    return left;
}

/* Makes room: what has not expired moves to a table of its size. */
static enum deputy_error replay_sweep(struct replay_shard *shard, uint32_t now)
{
    ENSURE(now >= shard->full_until, DEPUTY_E_REPLAY_FULL);
    struct replay_left left = replay_left(shard, now);
    shard->full_until = left.live >= REPLAY_SHARD_MAX ? left.first_end : 0;
    ENSURE(shard->full_until == 0, DEPUTY_E_REPLAY_FULL);
    size_t slot_count = replay_slots_for(left.live);
    struct replay_slot *slots = replay_table_make(slot_count);
    ENSURE(slots != NULL, DEPUTY_E_REPLAY_FULL);
    for (size_t i = 0; i < shard->slot_count; i++) {
        if (shard->slots[i].expires > now)
            *replay_find(slots, slot_count, &shard->slots[i]) = shard->slots[i];
    }
    replay_table_free(shard->slots, shard->slot_count);
    shard->slots = slots;
    shard->slot_count = slot_count;
    shard->used = left.live;
    return DEPUTY_OK;
}

static bool replay_holds(const struct replay_shard *shard, const struct replay_slot *use)
{
    return shard->used > 0 && replay_find(shard->slots, shard->slot_count, use)->expires != 0;
}

static enum deputy_error replay_take_locked(struct replay_shard *shard,
        const uint8_t fingerprint[REPLAY_FINGERPRINT_BYTES], int64_t expires, int64_t now)
{
    if (shard->used == 0)
        shard->base = now - REPLAY_GRACE_S;
    struct replay_slot use = replay_slot_of(shard, fingerprint, expires);
    ENSURE(!replay_holds(shard, &use), DEPUTY_E_STORE_REPLAY);
    if (shard->used >= replay_room(shard->slot_count))
        TRY(replay_sweep(shard, replay_seconds(shard, now)));
    *replay_find(shard->slots, shard->slot_count, &use) = use;
    shard->used++;
    return DEPUTY_OK;
}

enum deputy_error replay_take(struct replay_set *set, const uint8_t fingerprint[REPLAY_FINGERPRINT_BYTES],
        int64_t expires, int64_t now)
{
    struct replay_shard *shard = &set->shards[fingerprint[REPLAY_SHARD_BYTE] % REPLAY_SHARDS];
    pthread_mutex_lock(&shard->lock);
    enum deputy_error error = replay_take_locked(shard, fingerprint, expires, now);
    pthread_mutex_unlock(&shard->lock);
    return error;
}
