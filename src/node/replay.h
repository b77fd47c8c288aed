/*
 * Which invocations were used: a bounded set in memory that all loops share, so that the answer to "was it
 * used?" needs no disk. The store keeps the same facts for the next start (spec/02 section 6.4).
 */
#ifndef NODE_REPLAY_H
#define NODE_REPLAY_H

#include <deputy/error.h>
#include <deputy/token.h>

enum {
    REPLAY_FINGERPRINT_BYTES = 16,
    REPLAY_MAX_ENTRIES =
            3 << 19,    /* 24 MiB when full; then invocations are refused with 503 until some expire */
    REPLAY_GRACE_S = 60 /* an entry outlives its token by this much */
};

struct replay_set;

/* The key makes fingerprints unpredictable, so that nobody can choose two invocations that share one. */
enum deputy_error replay_create(struct replay_set **out, const uint8_t key[32]);
void replay_destroy(struct replay_set *set);

/*
 * What identifies an invocation: its nonce with its invoker, or without a nonce what was signed; either way a
 * re-encoded or re-signed copy is the same invocation.
 */
enum deputy_error replay_fingerprint(struct deputy_arena *arena, uint8_t out[REPLAY_FINGERPRINT_BYTES],
        const struct replay_set *set, const struct deputy_token *invocation);

/* Until when an invocation must be remembered: min(exp, now + max_lifetime) + 60 s. */
int64_t replay_expiry(const struct deputy_token *invocation, int64_t max_lifetime_s, int64_t now);

/*
 * Uses an invocation up. DEPUTY_E_STORE_REPLAY when it was used before, DEPUTY_E_REPLAY_FULL when the set has
 * no room. Thread-safe.
 */
enum deputy_error replay_take(struct replay_set *set, const uint8_t fingerprint[REPLAY_FINGERPRINT_BYTES],
        int64_t expires, int64_t now);

/* Bytes that the set takes now: at most 16 for each it holds or held a sweep ago, and a page for each shard.
 */
size_t replay_held(struct replay_set *set);

#endif
