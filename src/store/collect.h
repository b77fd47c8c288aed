/*
 * Collection: removes what no answer can depend on any more. Safe beside a running node, which sees each
 * batch as another writer's short transaction.
 *
 * Lock rules: the upkeep lock, exclusive, so that no backup refers to a file that goes; the database's write
 * lock for each batch of at most STORE_COLLECT_BATCH rows; the lock over names below blobs/ while a file is
 * judged and removed, so that none is published between the two. What changed within the grace is left alone:
 * a put publishes its file before its row, and an old value may still be on its way to a reader.
 */
#ifndef STORE_COLLECT_H
#define STORE_COLLECT_H

#include "store/store.h"

enum { STORE_COLLECT_BATCH = 500 };

struct store_collected {
    uint64_t replays;     /* rows of used invocations that could not be used any more anyway */
    uint64_t values;      /* contents of replaced or deleted keys; their events stay */
    uint64_t delegations; /* expired, and cited by none that is stored (H10) */
    uint64_t files;       /* that no value needs */
    uint64_t bytes;       /* of those files */
};

/*
 * Collects in the directory what ended at least grace_s seconds before now. DEPUTY_E_STORE_UPKEEP when a
 * backup or another collection runs; else as store_audit_open.
 */
enum deputy_error store_collect(struct store_collected *out, const char *directory,
        const uint8_t seal_key[STORE_SEAL_KEY_BYTES], struct deputy_time now, int64_t grace_s);

#endif
