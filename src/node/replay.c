#include "node/replay.h"
#include "base/try.h"
#include "crypto/hash.h"
#include <pthread.h>
#include <stdlib.h>

enum { REPLAY_FIRST_SLOTS = 1 << 12, REPLAY_MAX_SLOTS = 2 * REPLAY_MAX_ENTRIES, REPLAY_KEY_BYTES = 32 };

#define REPLAY_DOMAIN "xyz.tinycloud/invocation-replay/v1"
#define REPLAY_LAST_SECOND INT64_C(253402300799)

/* Open addressing with linear probing; expires 0 marks a free slot. Nothing is removed but by sweeping. */
struct replay_slot {
    uint8_t fingerprint[REPLAY_FINGERPRINT_BYTES];
    int64_t expires;
};

struct replay_set {
    pthread_mutex_t lock;
    uint8_t key[REPLAY_KEY_BYTES];
    struct replay_slot *slots;
    size_t slot_count; /* a power of two */
    size_t used;
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

/* The slot that holds the fingerprint, or the free one where it would go. */
static struct replay_slot *replay_find(
        struct replay_slot *slots, size_t slot_count, const uint8_t fingerprint[REPLAY_FINGERPRINT_BYTES])
{
    uint64_t start;
    memcpy(&start, fingerprint, sizeof start);
    for (size_t i = (size_t)start & (slot_count - 1);; i = (i + 1) & (slot_count - 1)) {
        struct replay_slot *slot = &slots[i];
        if (slot->expires == 0 || memcmp(slot->fingerprint, fingerprint, REPLAY_FINGERPRINT_BYTES) == 0)
            return slot;
    }
}

static size_t replay_live(const struct replay_set *set, int64_t now)
{
    size_t live = 0;
    for (size_t i = 0; i < set->slot_count; i++)
        live += set->slots[i].expires > now;
    return live;
}

/* Makes room: drops what has expired, and doubles the table when what is left fills more than a quarter of
 * it. */
static enum deputy_error replay_sweep(struct replay_set *set, int64_t now)
{
    size_t live = replay_live(set, now);
    size_t slot_count = set->slot_count;
    if (live > slot_count / 4 && slot_count < REPLAY_MAX_SLOTS)
        slot_count *= 2;
    ENSURE(live < slot_count / 2, DEPUTY_E_REPLAY_FULL);
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
    if (set->used + 1 > set->slot_count / 2) {
        TRY(replay_sweep(set, now));
        slot = replay_find(set->slots, set->slot_count, fingerprint);
    }
    memcpy(slot->fingerprint, fingerprint, REPLAY_FINGERPRINT_BYTES);
    slot->expires = expires;
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
