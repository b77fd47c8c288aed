/*
 * The authority store of a data node: which delegations are known, what was revoked, and the values kept
 * under them. One directory, one process: SQLite in write-ahead mode, and a file for each value too large for
 * a row.
 *
 * Reading happens in snapshots on the caller's thread. Writing happens in jobs on one writer thread, which
 * commits all waiting jobs together; a job that is done is durable. Tokens are bytes with a digest here: the
 * store knows no token format, checks no signature and decides nothing. It holds what it returns against its
 * digest, and delegations against a seal that only this node can make, because whoever can write the disk can
 * write the database (spec/02 section 11, H18).
 *
 * Digests are 32 bytes of BLAKE3. Times are given by the caller, or by the clock of the configuration.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <deputy/arena.h>
#include <deputy/error.h>
#include <deputy/slice.h>
#include <deputy/time.h>

enum {
    STORE_DIGEST_BYTES = 32,
    STORE_FINGERPRINT_BYTES = 16,
    STORE_SEAL_KEY_BYTES = 32,
    STORE_INLINE_MAX = 64 * 1024, /* a value up to this size is a row, a larger one a file */
    STORE_LIST_MAX = 1000,        /* keys in one page of a list */
    STORE_REPLAY_PAGE = 1000,     /* replay rows loaded or removed by one call */
    STORE_USAGE_MAX = 10000,      /* spaces in a list of what they hold */
    STORE_PARENTS_MAX = 64,       /* parents of one delegation */
    STORE_JOBS_WAITING = 4096,    /* jobs that may wait for the writer; more are refused as busy */
    STORE_BATCH_JOBS = 256,       /* jobs in one commit */
    STORE_BATCH_BYTES = 8 * 1024 * 1024
};

struct store;
struct store_read;
struct store_write;
struct store_job;

/* --- life --- */

struct store_config {
    const char *directory; /* made, with mode 0700, when only its last component is missing */
    size_t readers;        /* snapshots that can be open at once: one a loop, and one a pool thread */
    /* Brings a finished job to its loop, where store_job_finish is called. Must not fail or block. Jobs with
     * a NULL loop do not come here. */
    void (*post)(void *loop, struct store_job *job);
    struct deputy_time (*now)(void *clock);
    void *clock;
    const uint8_t *seal_key; /* STORE_SEAL_KEY_BYTES, secret, copied: delegations are sealed with it */
    /* A snapshot that has ended may serve the next reader while nothing was committed; only for an owner who
     * calls store_rest, or the log would never be emptied. */
    bool keeps_snapshots;
};

/*
 * Opens the store in the directory, brings its schema up to date and starts the writer. Fails with
 * DEPUTY_E_STORE_… as errors.def says: another process holds it, the directory is unusable, the database is
 * newer, damaged or not ours, or its revocations are not those that this node wrote. The configuration's
 * strings need live only during the call.
 */
enum deputy_error store_open(struct store **out, const struct store_config *config);

/*
 * Finishes every job submitted so far, posting them as ever, then closes. No snapshot or blob writer may be
 * open, and nothing may be submitted any more. NULL is allowed.
 */
void store_close(struct store *store);

/* --- snapshots --- */

/*
 * Begins a snapshot: everything read through it is one state of the store. End it within the request; it
 * stays on the thread that began it. The generation (NULL: not wanted) was read before the snapshot began, so
 * that what is cached under it is never older than it. DEPUTY_E_STORE_BUSY when all readers are in use.
 */
enum deputy_error store_read_begin(struct store_read **out, struct store *store, uint64_t *generation);
void store_read_end(struct store_read *read);

/* Ends the snapshots that were kept. For each loop, whenever it has nothing more to do. */
void store_rest(struct store *store);

/* Changes whenever something stored stops being true (a revocation), before the change is acknowledged. */
uint64_t store_generation(const struct store *store);

/* --- jobs --- */

/*
 * Makes the job's changes through the write. May run more than once, each time on the state before it: it
 * keeps nothing but what it finds, and its results in ctx count only after success. An error undoes
 * everything this job did, and nothing of other jobs.
 */
typedef enum deputy_error store_apply_fn(struct store_write *write, void *ctx);

struct store_job {
    store_apply_fn *apply;
    /* DEPUTY_OK: durable. Else nothing of it is kept; only a disk that fails in the sync itself, and a crash
     * before the next commit, can together bring it back, and then whole. */
    void (*done)(void *ctx, enum deputy_error result);
    void *ctx;
    void *loop;   /* where done runs; NULL: where the job ended, mostly the writer thread */
    size_t bytes; /* about how much it writes, for the size of a commit */
    /* the store's own, until done */
    struct store_job *next;
    enum deputy_error result;
};

/* Hands the job to the writer; the caller keeps it alive until done. done is called exactly once. */
void store_submit(struct store *store, struct store_job *job);

/* Calls done. For the loop to which the job was posted. */
void store_job_finish(struct store_job *job);

/* Applies on the writer and waits until it is durable: for threads that may wait, never on a loop. */
enum deputy_error store_run(struct store *store, store_apply_fn *apply, void *ctx);

/* What the writer sees: the committed state and the jobs before this one. Ends with the job. */
struct store_read *store_write_view(struct store_write *write);

/* The generation of what the writer sees; it has moved already when a job before this one in the commit
 * revoked. */
uint64_t store_write_generation(const struct store_write *write);

/* The moment of this application, read once a job. */
struct deputy_time store_write_now(const struct store_write *write);

struct store_stats {
    uint64_t jobs;    /* finished, well or not */
    uint64_t commits; /* each one sync */
};
void store_stats(const struct store *store, struct store_stats *out);

/* --- spaces --- */

/* Records that the space is hosted here. Known spaces are left alone. */
enum deputy_error store_space_insert(struct store_write *write, struct deputy_slice space, bool *created);
enum deputy_error store_space_exists(struct store_read *read, bool *out, struct deputy_slice space);

/* --- delegations and revocations --- */

/* Bounds of time that may be missing. */
struct store_window {
    const struct deputy_time *not_before;
    const struct deputy_time *expires;
};

struct store_delegation {
    const uint8_t *digest;        /* of the bytes */
    const uint8_t *signed_digest; /* of what the signer signed: equal for every encoding of it */
    struct deputy_slice bytes;    /* the token */
    const uint8_t (*parents)[STORE_DIGEST_BYTES]; /* in signed order */
    size_t parent_count;
    struct deputy_slice delegator; /* principals, for queries only: the bytes decide */
    struct deputy_slice delegatee;
    struct store_window window;
    const struct deputy_time *issued;  /* NULL: it does not say; then the moment of storing counts */
    const struct deputy_slice *spaces; /* canonical ids that it names, each once; for listings only */
    size_t space_count;
};

/*
 * Stores a delegation; *created is false when these bytes are stored already. DEPUTY_E_PARENT_REVOKED when
 * it, or another encoding of what its signer signed, is revoked (H1). DEPUTY_E_ARGUMENT when the digest is
 * not that of the bytes or there are more than STORE_PARENTS_MAX parents.
 */
enum deputy_error store_delegation_insert(
        struct store_write *write, bool *created, const struct store_delegation *delegation);

struct store_revocation {
    const uint8_t *digest;        /* of the bytes */
    const uint8_t *target;        /* the delegation */
    const uint8_t *signed_digest; /* the target's */
    struct deputy_slice bytes;    /* the revoking token */
    struct deputy_slice revoker;  /* principal */
};

/*
 * Revokes, for good, as the next link of the chain of revocations; *created is false when these bytes are
 * stored already. Moves the generation. DEPUTY_E_STORE_REVOCATIONS when the chain's end was changed.
 */
enum deputy_error store_revocation_insert(
        struct store_write *write, bool *created, const struct store_revocation *revocation);

/* Does a revocation name a delegation with this signed digest? */
enum deputy_error store_is_revoked(
        struct store_read *read, bool *out, const uint8_t signed_digest[STORE_DIGEST_BYTES]);

/* A delegation as stored: digest, signed digest and edges are those with which it was inserted. */
struct store_row {
    uint8_t digest[STORE_DIGEST_BYTES];
    uint8_t signed_digest[STORE_DIGEST_BYTES];
    struct deputy_slice bytes; /* absent: not stored */
    const uint16_t *parents;   /* indices into the rows */
    size_t parent_count;
    bool revoked; /* itself, or another encoding of what its signer signed */
};

struct store_rows {
    struct store_row *rows;
    size_t count;
    size_t cited; /* the first rows, one for each cited digest in its order */
    bool over_limit;
};

/*
 * The closure of the cited delegations: they first, then every ancestor once, breadth first. A digest cited a
 * second time gives a row without bytes, as an unknown one does (D21). More than limit rows: over_limit, and
 * no rows at all. DEPUTY_E_STORE_TOKEN when bytes are not those of their digest, DEPUTY_E_STORE_SEAL when
 * this node did not store the row like this.
 */
enum deputy_error store_proofs_load(struct deputy_arena *arena, struct store_rows *out,
        struct store_read *read, const uint8_t (*cited)[STORE_DIGEST_BYTES], size_t count, size_t limit);

/* --- values --- */

/* A value: in a row (bytes present) or in a file named by its hash (bytes absent). */
struct store_value {
    uint8_t hash[STORE_DIGEST_BYTES]; /* BLAKE3 of the content */
    uint64_t size;
    struct deputy_slice bytes;
};

/* A value of at most STORE_INLINE_MAX bytes that lies in memory. DEPUTY_E_LIMIT when it is larger. */
enum deputy_error store_value_inline(struct store_value *out, struct deputy_slice bytes);

/* The invocation that caused a change: its digest and the token's bytes, kept with it. */
struct store_cause {
    const uint8_t *digest;
    struct deputy_slice bytes;
};

struct store_put {
    struct deputy_slice space; /* "tinycloud:<suffix>:<name>" */
    struct deputy_slice key;   /* any bytes, compared bytewise; may be empty */
    struct store_value value;
    struct deputy_slice metadata; /* JSON object, returned as it is */
    struct store_cause cause;
};

/* Makes this the newest value of the key. DEPUTY_E_STORE_SPACE when the space is not hosted. */
enum deputy_error store_kv_set(struct store_write *write, const struct store_put *put);

enum store_deleted { STORE_NEVER_WRITTEN, STORE_WAS_DELETED, STORE_DELETED };

/* Deletes the key. hash is that of the value that was live, and written only with STORE_DELETED. */
enum deputy_error store_kv_delete(struct store_write *write, enum store_deleted *out,
        uint8_t hash[STORE_DIGEST_BYTES], struct deputy_slice space, struct deputy_slice key,
        struct store_cause cause);

struct store_object {
    bool found;
    struct store_value value; /* bytes in the arena */
    struct deputy_slice metadata;
};

/* The newest value of a key; found is false when there is none, or it was deleted. */
enum deputy_error store_kv_get(struct deputy_arena *arena, struct store_object *out, struct store_read *read,
        struct deputy_slice space, struct deputy_slice key);

/* The same without reading the value: value.bytes is absent. */
enum deputy_error store_kv_head(struct deputy_arena *arena, struct store_object *out, struct store_read *read,
        struct deputy_slice space, struct deputy_slice key);

struct store_keys {
    struct deputy_slice *keys;
    size_t count;
    bool more; /* there are keys behind the last one */
};

/*
 * Live keys that begin with the prefix, ascending by bytes, behind `after` (absent: from the first), at most
 * limit (1 to STORE_LIST_MAX). Keys in the arena.
 */
enum deputy_error store_kv_list(struct deputy_arena *arena, struct store_keys *out, struct store_read *read,
        struct deputy_slice space, struct deputy_slice prefix, struct deputy_slice after, size_t limit);

struct store_counts {
    uint64_t spaces, delegations, revocations, keys;
};
enum deputy_error store_count(struct store_read *read, struct store_counts *out);

/* --- what spaces hold --- */

/* The bytes of all distinct contents that were ever stored in the space; deleting does not lessen them.
 * DEPUTY_E_STORE_SPACE when it is not hosted. */
enum deputy_error store_usage(struct store_read *read, uint64_t *out, struct deputy_slice space);

struct store_usage {
    struct deputy_slice space;
    uint64_t used;
};

/* The spaces that hold most, at most STORE_USAGE_MAX, in descending order. */
enum deputy_error store_usage_list(
        struct deputy_arena *arena, struct store_usage **out, size_t *count, struct store_read *read);

/* --- content that arrives in parts --- */

struct blob_writer;

/*
 * Takes content of unknown size: up to STORE_INLINE_MAX bytes stay in memory, more go to a file. Blocks on
 * the disk: for pool threads. One writer is used by one thread at a time.
 */
enum deputy_error blob_writer_open(struct blob_writer **out, struct store *store);
enum deputy_error blob_writer_append(struct blob_writer *writer, struct deputy_slice part);

/* From here on the content goes to a file, however short it is: for values that are too many for memory. */
enum deputy_error blob_writer_spill(struct blob_writer *writer);

/* The value, ready for store_kv_set: a file is durable under its hash. Inline bytes live until the close. */
enum deputy_error blob_writer_finish(struct blob_writer *writer, struct store_value *out);

/* Frees the writer, and drops what was not finished. NULL is allowed. */
void blob_writer_close(struct blob_writer *writer);

/*
 * Reads up to len bytes of a value's file from the offset; *got is less only at its end. DEPUTY_E_STORE_BLOB
 * when there is no such file. Blocks on the disk.
 */
enum deputy_error blob_read_at(struct store *store, const uint8_t hash[STORE_DIGEST_BYTES], uint64_t offset,
        uint8_t *out, size_t len, size_t *got);

/* --- replay --- */

struct store_replay {
    uint8_t fingerprint[STORE_FINGERPRINT_BYTES];
    int64_t expires; /* seconds */
};

/* Records a used invocation. DEPUTY_E_STORE_REPLAY when it is there already. */
enum deputy_error store_replay_insert(struct store_write *write, const struct store_replay *replay);

/*
 * The next STORE_REPLAY_PAGE at most, ascending by fingerprint, behind `after` (NULL: from the first): for
 * filling the set in memory at start.
 */
enum deputy_error store_replay_load(struct deputy_arena *arena, struct store_replay **out, size_t *count,
        struct store_read *read, const uint8_t after[STORE_FINGERPRINT_BYTES]);

/*
 * Records up to STORE_REPLAY_PAGE uses that were held in memory till now, as one row. Nothing is looked up:
 * that none of them was used before is what the memory said.
 */
enum deputy_error store_replay_insert_page(
        struct store_write *write, const struct store_replay *replays, size_t count);

/*
 * For a use that commits with the job it belongs to, once a job: those of all jobs of one commit become one
 * page, written before it. A job that fails leaves none. DEPUTY_E_ARGUMENT when a job has more than one and
 * the page is full.
 */
enum deputy_error store_replay_join(struct store_write *write, const struct store_replay *replay);

/* The next page so recorded, behind *after (0: the first), which is moved on; *count is 0 behind the last. */
enum deputy_error store_replay_load_page(struct deputy_arena *arena, struct store_replay **out, size_t *count,
        struct store_read *read, int64_t *after);

/*
 * Removes up to STORE_REPLAY_PAGE rows, and as many pages, that expired by `now`, or claim to expire after
 * `latest` (the clock was set back); *removed says how many (spec/02 section 6.4).
 */
enum deputy_error store_replay_prune(struct store_write *write, size_t *removed, int64_t now, int64_t latest);

#endif
