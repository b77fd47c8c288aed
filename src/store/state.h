/* What the parts of the store share. */
#ifndef STORE_STATE_H
#define STORE_STATE_H

#include "store/db.h"
#include "store/directory.h"
#include "store/seal.h"
#include "store/store.h"
#include <pthread.h>
#include <stdatomic.h>

struct store_read {
    struct store *store;
    struct db *db;
    struct db own;    /* a reader's connection; the writer's view borrows the writer's */
    uint64_t commits; /* of the store before its snapshot began */
    struct store_read *next;
};

struct store_write {
    struct store_read view;
    struct deputy_time now;
    uint64_t generation;
    bool moves_generation;
    int64_t cause_id; /* row of the job's invocation, 0 when there is none yet */
    uint8_t cause[STORE_DIGEST_BYTES];
};

struct store_queue {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct store_job *first;
    struct store_job *last;
    size_t waiting;
    size_t wanted; /* who waits for jobs is woken when so many wait */
    bool closing;
};

/* What the jobs of the commit under way have used up (store_replay_join). */
struct store_uses {
    struct store_replay replays[STORE_BATCH_JOBS];
    size_t count;
};

struct store {
    struct store_config config;
    struct directory directory;
    uint8_t *seal_key; /* guarded */
    struct db writer;
    pthread_t thread;
    bool thread_runs;
    bool names_synced;      /* the writer's: files made at the start are durable */
    struct store_uses uses; /* the writer's */
    struct store_queue queue;
    atomic_uint_fast64_t generation;
    atomic_uint_fast64_t jobs;
    atomic_uint_fast64_t commits;
    struct store_read *readers; /* all of them */
    pthread_mutex_t free_lock;
    struct store_read *free; /* those not in use, the last used first: its pages are the warmest */
    struct store_read *kept; /* those not in use whose snapshot has not ended, likewise */
};

/* The writer thread, and what it runs on. */
enum deputy_error writer_start(struct store *store);
void writer_stop(struct store *store);

/* Writes the joined uses of this commit, if there are any. */
enum deputy_error uses_flush(struct store_write *write);

/* Brings the database to the newest step of the schema. */
struct schema;
enum deputy_error schema_migrate(struct db *db, const struct schema *schema);

/* Is the database ours, and at the newest step? DEPUTY_E_STORE_OLDER when it waits for its next start. */
enum deputy_error schema_check(struct db *db, const struct schema *schema);

/* The row id of a space. DEPUTY_E_STORE_SPACE when it is not hosted. */
enum deputy_error space_find(struct db *db, int64_t *id, struct deputy_slice space);

/* Notes which spaces the delegation of that row names. */
enum deputy_error listing_insert(
        struct store_write *write, int64_t delegation, const struct deputy_slice *spaces, size_t count);

static inline struct deputy_slice digest_slice(const uint8_t digest[STORE_DIGEST_BYTES])
{
    return deputy_slice_bytes(digest, STORE_DIGEST_BYTES);
}

#endif
