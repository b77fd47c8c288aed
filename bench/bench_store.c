/*
 * bench_store DIRECTORY: what a request asks of the store, and what its writer commits. One line a figure:
 * name, value, target, ok or MISSED. Reads are CPU time of the calling thread, with a snapshot each. How many
 * writes a disk takes is its own affair: printed, not judged. The directory must be new or empty.
 */
#include "base/arena.h"
#include "crypto/hash.h"
#include "store/store.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    CHAINS = 3000,
    HOT = 500, /* chains that fit into a reader's page cache beside everything else */
    CHAIN = 3,
    TOKEN = 1200,
    VALUE = 1024,
    KEYS = 2000,
    READS = 30000,
    WRITERS = 16,
    ALONE = 200,
    TOGETHER = 3200,
    BATCH = 100
};

#define SPACE deputy_slice_text("tinycloud:pkh:eip155:1:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf:default")

static struct store *store;
static struct deputy_arena *arena;
static uint8_t tokens[CHAINS * CHAIN][TOKEN];
static uint8_t digests[CHAINS * CHAIN][STORE_DIGEST_BYTES];

static void must(enum deputy_error result)
{
    if (result == DEPUTY_OK)
        return;
    fprintf(stderr, "bench_store: %s\n", deputy_error_info(result)->text);
    exit(2);
}

static double seconds(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static struct deputy_time now(void *clock)
{
    (void)clock;
    return (struct deputy_time){.sec = time(NULL)};
}

static void figure(const char *name, double value, const char *unit, double target, bool ok)
{
    printf("%-46s %8.2f %-9s target %6.2f  %s\n", name, value, unit, target, ok ? "ok" : "MISSED");
}

/* --- what is stored --- */

static enum deputy_error apply_chain(struct store_write *write, void *ctx)
{
    size_t first = *(size_t *)ctx * CHAIN;
    bool created;
    enum deputy_error result = DEPUTY_OK;
    for (size_t i = first; i < first + CHAIN && result == DEPUTY_OK; i++) {
        struct store_delegation row = {.digest = digests[i],
                .signed_digest = digests[i],
                .bytes = deputy_slice_bytes(tokens[i], TOKEN),
                .parent_count = i > first,
                .delegator = deputy_slice_text("did:key:zA"),
                .delegatee = deputy_slice_text("did:key:zB")};
        if (i > first)
            row.parents = (const uint8_t(*)[STORE_DIGEST_BYTES])digests[i - 1];
        result = store_delegation_insert(write, &created, &row);
    }
    return result;
}

static enum deputy_error apply_chains(struct store_write *write, void *ctx)
{
    size_t first = *(size_t *)ctx;
    for (size_t chain = first; chain < first + BATCH; chain++) {
        enum deputy_error result = apply_chain(write, &chain);
        if (result != DEPUTY_OK)
            return result;
    }
    return DEPUTY_OK;
}

static enum deputy_error apply_space(struct store_write *write, void *ctx)
{
    return store_space_insert(write, SPACE, ctx);
}

static void fill(void)
{
    bool created;
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        memcpy(tokens[i], &i, sizeof i);
        blake3(digests[i], deputy_slice_bytes(tokens[i], TOKEN));
    }
    for (size_t chain = 0; chain < CHAINS; chain += BATCH)
        must(store_run(store, apply_chains, &chain));
    must(store_run(store, apply_space, &created));
}

/* --- writes: a put with its replay row, as an invocation makes it --- */

struct put {
    struct store_put put;
    struct store_replay replay;
};

static enum deputy_error apply_put(struct store_write *write, void *ctx)
{
    struct put *put = ctx;
    enum deputy_error result = store_replay_insert(write, &put->replay);
    return result == DEPUTY_OK ? store_kv_set(write, &put->put) : result;
}

static void key_of(char key[32], unsigned number)
{
    snprintf(key, 32, "app/key/%u", number % KEYS);
}

static void write_one(unsigned number)
{
    static const uint8_t content[VALUE];
    char key[32];
    uint8_t digest[STORE_DIGEST_BYTES];
    struct put put = {.replay.expires = INT64_MAX};
    key_of(key, number);
    blake3(digest, deputy_slice_bytes(&number, sizeof number));
    memcpy(put.replay.fingerprint, digest, STORE_FINGERPRINT_BYTES);
    must(store_value_inline(&put.put.value, deputy_slice_bytes(content, VALUE)));
    put.put.space = SPACE;
    put.put.key = deputy_slice_text(key);
    put.put.metadata = deputy_slice_text("{\"content-type\":\"application/json\"}");
    put.put.cause = (struct store_cause){digest, deputy_slice_bytes(tokens[0], TOKEN)};
    must(store_run(store, apply_put, &put));
}

static atomic_uint written;

static void *write_many(void *count)
{
    for (unsigned i = 0; i < *(const unsigned *)count; i++)
        write_one(atomic_fetch_add(&written, 1));
    return NULL;
}

/* Writes a second, and jobs a commit. */
static double measure_writes(unsigned writers, unsigned total, double *jobs_a_commit)
{
    pthread_t threads[WRITERS];
    struct store_stats before, after;
    unsigned each = total / writers;
    store_stats(store, &before);
    double start = seconds(CLOCK_MONOTONIC);
    for (unsigned i = 0; i < writers; i++) {
        if (pthread_create(&threads[i], NULL, write_many, &each) != 0)
            must(DEPUTY_E_NOMEM);
    }
    for (unsigned i = 0; i < writers; i++)
        pthread_join(threads[i], NULL);
    double spent = seconds(CLOCK_MONOTONIC) - start;
    store_stats(store, &after);
    *jobs_a_commit = (double)(after.jobs - before.jobs) / (double)(after.commits - before.commits);
    return (double)(after.jobs - before.jobs) / spent;
}

/* --- reads --- */

static void read_chain(struct store_read *read, size_t chain)
{
    struct store_rows rows;
    const uint8_t *leaf = digests[chain * CHAIN + CHAIN - 1];
    must(store_proofs_load(arena, &rows, read, (const uint8_t(*)[STORE_DIGEST_BYTES])leaf, 1, 64));
    if (rows.count != CHAIN)
        must(DEPUTY_E_INTERNAL);
}

static void read_hot_chain(struct store_read *read, unsigned i)
{
    read_chain(read, (size_t)i * 7 % HOT);
}

static void read_any_chain(struct store_read *read, unsigned i)
{
    read_chain(read, (size_t)i * 7 % CHAINS);
}

static void read_value(struct store_read *read, unsigned i)
{
    struct store_object object;
    char key[32];
    key_of(key, i * 7);
    must(store_kv_get(arena, &object, read, SPACE, deputy_slice_text(key)));
    if (!object.found)
        must(DEPUTY_E_INTERNAL);
}

/* CPU microseconds of one read in a snapshot of its own; the best of three rounds. */
static double measure_reads(void (*read_one)(struct store_read *, unsigned))
{
    double best = 1e9;
    for (unsigned round = 0; round < 3; round++) {
        double start = seconds(CLOCK_THREAD_CPUTIME_ID);
        for (unsigned i = 0; i < READS; i++) {
            struct store_read *read = NULL;
            uint64_t generation;
            deputy_arena_reset(arena);
            must(store_read_begin(&read, store, &generation));
            read_one(read, i);
            store_read_end(read);
        }
        double spent = (seconds(CLOCK_THREAD_CPUTIME_ID) - start) * 1e6 / READS;
        best = spent < best ? spent : best;
    }
    return best;
}

int main(int argc, char **argv)
{
    static const uint8_t seal_key[STORE_SEAL_KEY_BYTES] = {1};
    struct store_config config = {.readers = 1, .now = now, .seal_key = seal_key};
    if (argc != 2) {
        fprintf(stderr, "usage: bench_store DIRECTORY\n");
        return 2;
    }
    config.directory = argv[1];
    must(store_open(&store, &config));
    must(deputy_arena_create(&arena, 1 << 22));
    fill();
    double jobs_a_commit;
    double alone = measure_writes(1, ALONE, &jobs_a_commit);
    double together = measure_writes(WRITERS, TOGETHER, &jobs_a_commit);
    printf("one writer %.0f puts/s, %d writers %.0f puts/s\n", alone, WRITERS, together);
    figure("16 writers, jobs a commit", jobs_a_commit, "", 6, jobs_a_commit >= 6);
    double hot = measure_reads(read_hot_chain), any = measure_reads(read_any_chain);
    double value = measure_reads(read_value);
    figure("closure of 3 rows of 1200 bytes, cached pages", hot, "us CPU", 12, hot <= 12);
    figure("the same among more than the cache holds", any, "us CPU", 20, any <= 20);
    figure("value of 1 KiB", value, "us CPU", 5, value <= 5);
    deputy_arena_destroy(arena);
    store_close(store);
    return 0;
}
