#include "node/replay.h"
#include "base/try.h"
#include "crypto/hash.h"
#include <pthread.h>
#include <stdlib.h>

enum {
    REPLAY_FIRST_SLOTS = 1 << 12,
    REPLAY_MAX_SLOTS = 1 << 21,
    REPLAY_KEY_BYTES = 32,
    REPLAY_KEPT_BYTES = 12, /* of a fingerprint: among a million keyed ones two meet once in 2^57 sets */
};
_Static_assert((int)REPLAY_MAX_ENTRIES == REPLAY_MAX_SLOTS / 4 * 3, "a table is filled to three quarters");

#define REPLAY_DOMAIN "xyz.tinycloud/invocation-replay/v1"
#define REPLAY_LAST_SECOND INT64_C(253402300799)

/*
 * Open addressing with linear probing. Nothing is removed but by sweeping. Sixteen bytes, because there may
 * be a million: the expiry is counted from the set's base.
 */
struct replay_slot {
    uint8_t fingerprint[REPLAY_KEPT_BYTES];
    uint32_t expires; /* 0: free */
};

struct replay_set {
    pthread_mutex_t lock;
    uint8_t key[REPLAY_KEY_BYTES];
    struct replay_slot *slots;
    size_t slot_count; /* a power of two */
    size_t used;
    int64_t base; /* seconds, shortly before the first use */
};

enum deputy_error replay_create(struct replay_set **out, const uint8_t key[REPLAY_KEY_BYTES])
{
    struct replay_set *set = calloc(1, sizeof *set);
    ENSURE(set != NULL, DEPUTY_E_NOMEM);
    set->slots = calloc(REPLAY_FIRST_SLOTS, sizeof *set->slots);
    if (set->slots == NULL) {
        free(set);
        return DEPUTY_E_NOMEM;
    }
    set->slot_count = REPLAY_FIRST_SLOTS;
    memcpy(set->key, key, REPLAY_KEY_BYTES);
    pthread_mutex_init(&set->lock, NULL);
    *out = set;
    return DEPUTY_OK;
}

void replay_destroy(struct replay_set *set)
{
    if (set == NULL)
        return;
    pthread_mutex_destroy(&set->lock);
    free(set->slots);
    free(set);
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
static uint32_t replay_seconds(const struct replay_set *set, int64_t time)
{
    if (time <= set->base)
        return 0;
    uint64_t since = (uint64_t)time - (uint64_t)set->base;
    return since > UINT32_MAX ? UINT32_MAX : (uint32_t)since;
}

/* Nothing is remembered too briefly: what expires before the base counts as behind it. */
static uint32_t replay_slot_expiry(const struct replay_set *set, int64_t expires)
{
    uint32_t seconds = replay_seconds(set, expires);
    return seconds > 0 ? seconds : 1;
}

/* The slot that holds the fingerprint, or the free one where it would go. */
static struct replay_slot *replay_find(
        struct replay_slot *slots, size_t slot_count, const uint8_t fingerprint[REPLAY_KEPT_BYTES])
{
    uint64_t start;
    memcpy(&start, fingerprint, sizeof start);
    for (size_t i = (size_t)start & (slot_count - 1);; i = (i + 1) & (slot_count - 1)) {
        struct replay_slot *slot = &slots[i];
        if (slot->expires == 0 || memcmp(slot->fingerprint, fingerprint, REPLAY_KEPT_BYTES) == 0)
            return slot;
    }
}

static size_t replay_live(const struct replay_set *set, uint32_t now)
{
    size_t live = 0;
    for (size_t i = 0; i < set->slot_count; i++)
        live += set->slots[i].expires > now;
    return live;
}

static size_t replay_room(size_t slot_count)
{
    return slot_count / 4 * 3;
}

/* Makes room: drops what has expired, and doubles the table when what is left fills more than half of the
 * room. */
static enum deputy_error replay_sweep(struct replay_set *set, uint32_t now)
{
    size_t live = replay_live(set, now);
    size_t slot_count = set->slot_count;
    if (live > replay_room(slot_count) / 2 && slot_count < REPLAY_MAX_SLOTS)
        slot_count *= 2;
    ENSURE(live < replay_room(slot_count), DEPUTY_E_REPLAY_FULL);
    struct replay_slot *slots = calloc(slot_count, sizeof *slots);
    ENSURE(slots != NULL, DEPUTY_E_REPLAY_FULL);
    for (size_t i = 0; i < set->slot_count; i++) {
        if (set->slots[i].expires > now)
            *replay_find(slots, slot_count, set->slots[i].fingerprint) = set->slots[i];
    }
    free(set->slots);
    set->slots = slots;
    set->slot_count = slot_count;
    set->used = live;
    return DEPUTY_OK;
}

static enum deputy_error replay_take_locked(struct replay_set *set,
        const uint8_t fingerprint[REPLAY_FINGERPRINT_BYTES], int64_t expires, int64_t now)
{
    struct replay_slot *slot = replay_find(set->slots, set->slot_count, fingerprint);
    ENSURE(slot->expires == 0, DEPUTY_E_STORE_REPLAY);
    if (set->used == 0)
        set->base = now - REPLAY_GRACE_S;
    if (set->used + 1 > replay_room(set->slot_count)) {
        TRY(replay_sweep(set, replay_seconds(set, now)));
        slot = replay_find(set->slots, set->slot_count, fingerprint);
    }
    memcpy(slot->fingerprint, fingerprint, REPLAY_KEPT_BYTES);
    slot->expires = replay_slot_expiry(set, expires);
    set->used++;
    return DEPUTY_OK;
}

enum deputy_error replay_take(struct replay_set *set, const uint8_t fingerprint[REPLAY_FINGERPRINT_BYTES],
        int64_t expires, int64_t now)
{
    pthread_mutex_lock(&set->lock);
    enum deputy_error error = replay_take_locked(set, fingerprint, expires, now);
    pthread_mutex_unlock(&set->lock);
    return error;
}
