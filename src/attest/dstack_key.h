/*
 * Keys that dstack derives for an app, and the two signatures that say whose they are (spec/08 section 7). A
 * signature here is recovered, and recovering always gives some key: that the last one equals a pinned key of
 * the KMS is the only proof there is.
 */
#ifndef ATTEST_DSTACK_KEY_H
#define ATTEST_DSTACK_KEY_H

#include <deputy/arena.h>
#include <deputy/error.h>
#include <deputy/slice.h>

enum {
    DSTACK_KEY_BYTES = 32,
    DSTACK_APP_ID_BYTES = 20,
    DSTACK_SIGNATURE_BYTES = 65, /* r, s, recovery id 0 to 3, or 27 to 30 */
    DSTACK_ROOT_BYTES = 33       /* a compressed secp256k1 key */
};

enum dstack_algorithm { DSTACK_SECP256K1, DSTACK_ED25519 };

/* 33 (compressed) or 32. */
size_t dstack_public_bytes(enum dstack_algorithm algorithm);

/* The key of an app, by the key of its KMS. The caller wipes what it gets. */
enum deputy_error dstack_app_key(uint8_t out[DSTACK_KEY_BYTES], const uint8_t kms_key[DSTACK_KEY_BYTES],
        const uint8_t app_id[DSTACK_APP_ID_BYTES]);
/*
 * The key of a path, by the key of the app. It is the same for both algorithms: whoever uses both gives them
 * different paths. The path is at most HKDF_MAX_IN bytes. The caller wipes what it gets.
 */
enum deputy_error dstack_path_key(
        uint8_t out[DSTACK_KEY_BYTES], const uint8_t app_key[DSTACK_KEY_BYTES], struct deputy_slice path);

/* The public key of a path's key; its length is dstack_public_bytes. */
enum deputy_error dstack_public_key(
        uint8_t out[DSTACK_ROOT_BYTES], enum dstack_algorithm algorithm, const uint8_t key[DSTACK_KEY_BYTES]);

/* What the app key signs: Keccak-256 of purpose, a colon and the public key in hexadecimal. */
enum deputy_error dstack_purpose_digest(struct deputy_arena *arena, uint8_t out[32],
        struct deputy_slice purpose, struct deputy_slice public_key);
/* What the KMS signs: Keccak-256 over "dstack-kms-issued:", the app id, and the app's compressed key. */
void dstack_issue_digest(uint8_t out[32], const uint8_t app_id[DSTACK_APP_ID_BYTES],
        const uint8_t app_public[DSTACK_ROOT_BYTES]);

struct dstack_claim {
    enum dstack_algorithm algorithm;
    struct deputy_slice public_key; /* the key that is to be believed */
    struct deputy_slice purpose;
    struct deputy_slice app_id;        /* from a verified event log, never from the one who claims */
    struct deputy_slice app_signature; /* signature_chain[0] */
    struct deputy_slice kms_signature; /* signature_chain[1] */
};

/* Compressed keys that are trusted to issue. */
struct dstack_roots {
    const struct deputy_slice *keys;
    size_t count;
};

/*
 * OK when the chain ends in one of the roots. DEPUTY_E_KEYS_CHAIN otherwise: also when there are no roots, or
 * when the KMS signature is empty, as it is for apps whose keys no KMS issued (they cannot be proven this
 * way at all).
 */
enum deputy_error dstack_claim_verify(
        struct deputy_arena *arena, const struct dstack_claim *claim, const struct dstack_roots *roots);

/* The compressed key that made a signature over a digest. DEPUTY_E_KEYS_CHAIN when there is none. */
enum deputy_error dstack_recover(
        uint8_t public_key[DSTACK_ROOT_BYTES], const uint8_t digest[32], struct deputy_slice signature);

enum { DSTACK_ENV_KEY_BYTES = 32 };

/* The key to which a deployer encrypts the environment of an app, as a KMS hands it out. */
struct dstack_env_key {
    struct deputy_slice public_key; /* X25519, 32 bytes */
    struct deputy_slice app_id;
    struct deputy_slice signature;
    bool stamped;       /* the newer form, whose signature covers a time */
    int64_t stamped_at; /* Unix seconds */
};

/*
 * OK when one of the roots signed it, and, if stamped, at most 300 s ago and 60 s ahead. A key without a
 * stamp may have been handed out at any time: the caller decides whether that is good enough.
 */
enum deputy_error dstack_env_key_verify(
        const struct dstack_env_key *key, const struct dstack_roots *roots, int64_t now);

#endif
