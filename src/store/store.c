#include "base/try.h"
#include "crypto/secret.h"
#include "store/delivery_count.h"
#include "store/revocations.h"
#include "store/schema.h"
#include "store/state.h"
#include <stdlib.h>

static enum deputy_error readers_open(struct store *store)
{
    store->readers = calloc(store->config.readers, sizeof *store->readers);
    ENSURE(store->readers != NULL, DEPUTY_E_NOMEM);
    for (size_t i = 0; i < store->config.readers; i++) {
        struct store_read *read = &store->readers[i];
        *read = (struct store_read){.store = store, .db = &read->own, .next = store->free};
        store->free = read;
        TRY(db_open(read->db, store->directory.database, DB_READER));
    }
    return DEPUTY_OK;
}

static void readers_close(struct store *store)
{
    for (size_t i = 0; store->readers != NULL && i < store->config.readers; i++)
        db_close(&store->readers[i].own);
    free(store->readers);
}

static enum deputy_error store_start(struct store *store)
{
    TRY(directory_open(&store->directory, store->config.directory));
    TRY(seal_key_keep(&store->seal_key, store->config.seal_key));
    TRY(db_open(&store->writer, store->directory.database, DB_WRITER));
    TRY(schema_migrate(&store->writer, &schema_node));
    TRY(seal_check_database(&store->writer, store->seal_key));
    TRY(revocations_check(&store->writer, store->seal_key));
    TRY(delivery_recount(&store->writer));
    TRY(readers_open(store));
    return writer_start(store);
}

/* Waits by the clock that nobody sets. */
static void queue_prepare(struct store_queue *queue)
{
    pthread_condattr_t clock;
    pthread_mutex_init(&queue->lock, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&queue->filled, &clock);
    pthread_condattr_destroy(&clock);
    queue->wanted = 1;
}

enum deputy_error store_open(struct store **out, const struct store_config *config)
{
    ENSURE(config->readers > 0 && config->now != NULL && config->seal_key != NULL, DEPUTY_E_ARGUMENT);
    struct store *store = calloc(1, sizeof *store);
    ENSURE(store != NULL, DEPUTY_E_NOMEM);
    store->config = *config;
    pthread_mutex_init(&store->free_lock, NULL);
    queue_prepare(&store->queue);
    atomic_init(&store->generation, 1);
    enum deputy_error result = store_start(store);
    store->config.directory = NULL;
    store->config.seal_key = NULL;
    if (result == DEPUTY_OK)
        *out = store;
    else
        store_close(store);
    return result;
}

/* The readers go first, so that the last connection to close is the one that may empty the log. */
void store_close(struct store *store)
{
    if (store == NULL)
        return;
    writer_stop(store);
    readers_close(store);
    db_close(&store->writer);
    directory_close(&store->directory);
    secret_free(store->seal_key);
    pthread_cond_destroy(&store->queue.filled);
    pthread_mutex_destroy(&store->queue.lock);
    pthread_mutex_destroy(&store->free_lock);
    free(store);
}

/* ---- snapshots ---- */

static struct store_read *pop(struct store_read **list)
{
    struct store_read *read = *list;
    if (read != NULL)
        *list = read->next;
    return read;
}

static void push(struct store_read **list, struct store_read *read)
{
    read->next = *list;
    *list = read;
}

static struct store_read *reader_take(struct store *store)
{
    pthread_mutex_lock(&store->free_lock);
    struct store_read *read = pop(store->kept != NULL ? &store->kept : &store->free);
    pthread_mutex_unlock(&store->free_lock);
    return read;
}

static void reader_return(struct store_read *read, struct store_read **list)
{
    struct store *store = read->store;
    pthread_mutex_lock(&store->free_lock);
    push(list, read);
    pthread_mutex_unlock(&store->free_lock);
}

/* The snapshot itself is taken by the first statement that reads, so not before the commits were counted. */
static enum deputy_error snapshot_begin(struct store_read *read, uint64_t commits)
{
    read->commits = commits;
    return db_run(read->db, DB_BEGIN, "BEGIN");
}

static void snapshot_end(struct store_read *read)
{
    db_run(read->db, DB_COMMIT, "COMMIT");
    if (db_in_transaction(read->db))
        db_run(read->db, DB_ROLLBACK, "ROLLBACK");
}

/* A kept snapshot still shows all that anybody was told of: the writer counts a commit before it acknowledges
 * it, and before the generation moves. */
enum deputy_error store_read_begin(struct store_read **out, struct store *store, uint64_t *generation)
{
    struct store_read *read = reader_take(store);
    ENSURE(read != NULL, DEPUTY_E_STORE_BUSY);
    if (generation != NULL)
        *generation = store_generation(store);
    uint64_t commits = atomic_load(&store->commits);
    enum deputy_error result = DEPUTY_OK;
    if (db_in_transaction(read->db) && read->commits != commits)
        snapshot_end(read);
    if (!db_in_transaction(read->db))
        result = snapshot_begin(read, commits);
    if (result == DEPUTY_OK)
        *out = read;
    else
        reader_return(read, &store->free);
    return result;
}

void store_read_end(struct store_read *read)
{
    struct store *store = read->store;
    bool keep = store->config.keeps_snapshots && atomic_load(&store->commits) == read->commits;
    if (!keep)
        snapshot_end(read);
    reader_return(read, keep ? &store->kept : &store->free);
}

void store_rest(struct store *store)
{
    pthread_mutex_lock(&store->free_lock);
    for (struct store_read *read; (read = pop(&store->kept)) != NULL;) {
        snapshot_end(read);
        push(&store->free, read);
    }
    pthread_mutex_unlock(&store->free_lock);
}

uint64_t store_generation(const struct store *store)
{
    return atomic_load_explicit(&store->generation, memory_order_acquire);
}

void store_stats(const struct store *store, struct store_stats *out)
{
    out->jobs = atomic_load(&store->jobs);
    out->commits = atomic_load(&store->commits);
}
