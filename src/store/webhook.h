/*
 * Webhooks and what is to be delivered to them (spec/03 section 13.4). The secret of a webhook is encrypted
 * (spec/03 section 15.3), and a row is sealed, so that whoever can write the database can neither redirect a
 * webhook nor take its authority's end away.
 */
#ifndef STORE_WEBHOOK_H
#define STORE_WEBHOOK_H

#include "store/store.h"

enum {
    STORE_WEBHOOK_KEY_BYTES = 32,
    STORE_WEBHOOKS_MAX = 1000,      /* in one list */
    STORE_DEAD_LETTERS_MAX = 1000,  /* kept for one webhook */
    STORE_DEAD_LETTERS_ALL = 10000, /* and of all */
    STORE_NOTICE_MAX = 256 * 1024   /* bytes of a body */
};

struct store_webhook {
    int64_t id;                         /* of the row; set by reading */
    uint8_t digest[STORE_DIGEST_BYTES]; /* of its CID */
    struct deputy_slice space;
    struct deputy_slice subscriber; /* DID */
    struct deputy_slice service;
    struct deputy_slice prefix; /* absent: none */
    unsigned abilities;
    struct deputy_slice url;
    struct deputy_slice secret; /* encrypted */
    struct deputy_slice proofs; /* digests, one behind the other */
    bool active;
    struct deputy_time created;
};

/* 0x01, a fresh nonce, AES-256-GCM of the secret. */
enum deputy_error store_webhook_seal_secret(struct deputy_arena *arena, struct deputy_slice *out,
        const uint8_t key[STORE_WEBHOOK_KEY_BYTES], struct deputy_slice secret);
/* DEPUTY_E_DECRYPT when it is not what this key made. */
enum deputy_error store_webhook_open_secret(struct deputy_arena *arena, struct deputy_slice *out,
        const uint8_t key[STORE_WEBHOOK_KEY_BYTES], struct deputy_slice sealed);

/* DEPUTY_E_STORE_SPACE when the space is not hosted; DEPUTY_E_LIMIT when it has `most` active webhooks. */
enum deputy_error store_webhook_insert(
        struct store_write *write, const struct store_webhook *webhook, size_t most);

/* The active webhook with that digest; *found. DEPUTY_E_STORE_SEAL when the row is not ours. */
enum deputy_error store_webhook_find(struct deputy_arena *arena, struct store_webhook *out, bool *found,
        struct store_read *read, const uint8_t digest[STORE_DIGEST_BYTES]);

/* The active ones of a space, oldest first. */
enum deputy_error store_webhook_list(struct deputy_arena *arena, struct store_webhook **out, size_t *count,
        struct store_read *read, struct deputy_slice space);

/* It gets no more events, and what waits for it becomes dead letters. */
enum deputy_error store_webhook_end(struct store_write *write, int64_t id);

/* ---- deliveries ---- */

struct store_delivery {
    int64_t id;
    struct store_webhook webhook;
    struct deputy_slice event; /* its id */
    struct deputy_slice body;
    int64_t attempts; /* so far */
};

struct store_notice {
    int64_t webhook;
    struct deputy_slice event; /* its id */
    struct deputy_slice body;
};

/* How many deliveries may wait, retries among them. */
struct store_delivery_bounds {
    int64_t each; /* for one webhook */
    int64_t all;
};

/*
 * Due at once. A webhook is told of one event once. Beyond a bound the oldest delivery goes that waits for
 * this webhook, or for the one that most wait for; *dropped grows by how many went.
 */
enum deputy_error store_delivery_insert(struct store_write *write, const struct store_notice *notice,
        const struct store_delivery_bounds *bounds, uint64_t *dropped);

/*
 * The delivery that has been due longest, of a webhook that is not among the busy ones; *found. The oldest
 * one of each webhook is looked at, so that a long queue of one keeps no other waiting.
 */
enum deputy_error store_delivery_next(struct deputy_arena *arena, struct store_delivery *out, bool *found,
        struct store_read *read, struct deputy_time now, const int64_t *busy, size_t busy_count);

enum deputy_error store_delivery_done(struct store_write *write, const struct store_delivery *delivery);
enum deputy_error store_delivery_retry(struct store_write *write, int64_t id, struct deputy_time due);
enum deputy_error store_delivery_bury(struct store_write *write, const struct store_delivery *delivery);

#endif
