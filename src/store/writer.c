/*
 * The one writer and its group commit: it takes what is waiting, gives each job a savepoint, and commits them
 * together, so that many writers share one sync of the disk. Nobody is told before that sync is done.
 */
#include "base/try.h"
#include "store/state.h"
#include <time.h>

/* The log is moved into the database when it has grown to this many pages (4 MiB). */
enum { WRITER_CHECKPOINT_PAGES = 1000 };

/*
 * When the last commit carried a crowd, its submitters are about to come back: until they are all there, but
 * for no longer than this, the next commit waits, so that they share a sync instead of each meeting it half
 * empty. Who is alone never waits.
 */
enum { WRITER_CROWD = 4, WRITER_GATHER_NS = 4 * 1000 * 1000 };

static void queue_append(struct store_queue *queue, struct store_job *job)
{
    job->next = NULL;
    if (queue->last != NULL)
        queue->last->next = job;
    else
        queue->first = job;
    queue->last = job;
    queue->waiting++;
}

/* Cuts the next batch from the queue: at least one job, then as many as fit. */
static struct store_job *queue_take_batch(struct store_queue *queue)
{
    struct store_job *batch = queue->first;
    struct store_job *last = batch;
    size_t count = 1, bytes = batch->bytes;
    while (last->next != NULL && count < STORE_BATCH_JOBS && bytes < STORE_BATCH_BYTES &&
            last->next->bytes <= STORE_BATCH_BYTES - bytes) {
        last = last->next;
        bytes += last->bytes;
        count++;
    }
    queue->first = last->next;
    if (queue->first == NULL)
        queue->last = NULL;
    queue->waiting -= count;
    last->next = NULL;
    return batch;
}

/* Lets those of the last commit, and as many as came while it ran, come together. With the lock held. */
static void queue_gather(struct store_queue *queue, size_t last_count)
{
    struct timespec until;
    size_t crowd = last_count + queue->waiting;
    if (last_count < WRITER_CROWD)
        return;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += WRITER_GATHER_NS;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    queue->wanted = crowd < STORE_BATCH_JOBS ? crowd : STORE_BATCH_JOBS;
    while (queue->waiting < queue->wanted && !queue->closing)
        if (pthread_cond_timedwait(&queue->filled, &queue->lock, &until) != 0)
            break;
    queue->wanted = 1;
}

/* Waits for jobs; NULL when the store closes and none is left. */
static struct store_job *queue_wait(struct store_queue *queue, size_t last_count)
{
    pthread_mutex_lock(&queue->lock);
    queue_gather(queue, last_count);
    while (queue->first == NULL && !queue->closing)
        pthread_cond_wait(&queue->filled, &queue->lock);
    struct store_job *batch = queue->first != NULL ? queue_take_batch(queue) : NULL;
    pthread_mutex_unlock(&queue->lock);
    return batch;
}

static size_t batch_count(const struct store_job *batch)
{
    size_t count = 0;
    for (; batch != NULL; batch = batch->next)
        count++;
    return count;
}

static struct store_write write_make(struct store *store, bool generation_moves)
{
    return (struct store_write){
            .view = {.store = store, .db = &store->writer},
            .now = store->config.now(store->config.clock),
            .generation = store_generation(store) + generation_moves,
    };
}

/*
 * Runs one job inside the batch's transaction. Its own failure is undone to its savepoint; when that cannot
 * be done the transaction is lost, and the error is the batch's.
 */
static enum deputy_error job_apply(struct store *store, struct store_job *job, bool *moves_generation)
{
    struct db *db = &store->writer;
    struct store_write write = write_make(store, *moves_generation);
    size_t uses = store->uses.count;
    TRY(db_run(db, DB_SAVEPOINT, "SAVEPOINT job"));
    job->result = job->apply(&write, job->ctx);
    ENSURE(db_in_transaction(db), job->result != DEPUTY_OK ? job->result : DEPUTY_E_STORE_IO);
    if (job->result != DEPUTY_OK) {
        store->uses.count = uses;
        TRY(db_run(db, DB_ROLLBACK_TO, "ROLLBACK TO job"));
    } else {
        *moves_generation |= write.moves_generation;
    }
    return db_run(db, DB_RELEASE, "RELEASE job");
}

/* Before the first commit, not at the start: whoever only reads need not wait for the disk. */
static enum deputy_error names_sync(struct store *store)
{
    if (!store->names_synced)
        TRY(directory_sync_names(&store->directory));
    store->names_synced = true;
    return DEPUTY_OK;
}

static enum deputy_error batch_apply(struct store *store, struct store_job *batch, bool *moves_generation)
{
    TRY(names_sync(store));
    TRY(db_run(&store->writer, DB_BEGIN_IMMEDIATE, "BEGIN IMMEDIATE"));
    store->uses.count = 0;
    for (struct store_job *job = batch; job != NULL; job = job->next)
        TRY(job_apply(store, job, moves_generation));
    struct store_write write = write_make(store, *moves_generation);
    TRY(uses_flush(&write));
    TRY(db_run(&store->writer, DB_COMMIT, "COMMIT"));
    atomic_fetch_add(&store->commits, 1);
    return DEPUTY_OK;
}

/* One transaction for the batch. After an error nothing of it is kept. */
static enum deputy_error batch_commit(struct store *store, struct store_job *batch)
{
    bool moves_generation = false;
    enum deputy_error result = batch_apply(store, batch, &moves_generation);
    if (db_in_transaction(&store->writer))
        db_run(&store->writer, DB_ROLLBACK, "ROLLBACK");
    /* Behind the commit, or the old state could be cached under the new number; before the acknowledgements,
     * or a cache could still say yes after them. */
    if (result == DEPUTY_OK && moves_generation)
        atomic_fetch_add_explicit(&store->generation, 1, memory_order_release);
    return result;
}

static void job_post(struct store *store, struct store_job *job)
{
    atomic_fetch_add(&store->jobs, 1);
    if (job->loop == NULL)
        store_job_finish(job);
    else
        store->config.post(job->loop, job);
}

/* The job may be gone once it is posted. */
static void batch_post(struct store *store, struct store_job *batch)
{
    for (struct store_job *job = batch, *next; job != NULL; job = next) {
        next = job->next;
        job_post(store, job);
    }
}

/*
 * Commits and acknowledges. A batch that failed as a whole is tried again job by job, so that one too large
 * for the disk fails alone.
 */
static void batch_settle(struct store *store, struct store_job *batch)
{
    enum deputy_error result = batch_commit(store, batch);
    if (result == DEPUTY_OK || batch->next == NULL) {
        if (result != DEPUTY_OK)
            batch->result = result;
        batch_post(store, batch);
        return;
    }
    for (struct store_job *job = batch, *next; job != NULL; job = next) {
        next = job->next;
        job->next = NULL;
        batch_settle(store, job);
    }
}

static void *writer_main(void *context)
{
    struct store *store = context;
    size_t last_count = 0;
    for (;;) {
        struct store_job *batch = queue_wait(&store->queue, last_count);
        if (batch == NULL)
            return NULL;
        last_count = batch_count(batch);
        batch_settle(store, batch);
        /* A failure here loses nothing: the log stays, and the next commit tries again. */
        if (store->writer.wal_pages >= WRITER_CHECKPOINT_PAGES)
            db_checkpoint(&store->writer);
    }
}

enum deputy_error writer_start(struct store *store)
{
    ENSURE(pthread_create(&store->thread, NULL, writer_main, store) == 0, DEPUTY_E_NOMEM);
    store->thread_runs = true;
    return DEPUTY_OK;
}

void writer_stop(struct store *store)
{
    if (!store->thread_runs)
        return;
    pthread_mutex_lock(&store->queue.lock);
    store->queue.closing = true;
    pthread_cond_signal(&store->queue.filled);
    pthread_mutex_unlock(&store->queue.lock);
    pthread_join(store->thread, NULL);
}

void store_submit(struct store *store, struct store_job *job)
{
    pthread_mutex_lock(&store->queue.lock);
    bool accepted = store->queue.waiting < STORE_JOBS_WAITING && !store->queue.closing;
    if (accepted) {
        queue_append(&store->queue, job);
        if (store->queue.waiting >= store->queue.wanted)
            pthread_cond_signal(&store->queue.filled);
    }
    pthread_mutex_unlock(&store->queue.lock);
    if (!accepted) {
        job->result = DEPUTY_E_STORE_BUSY;
        job_post(store, job);
    }
}

void store_job_finish(struct store_job *job)
{
    job->done(job->ctx, job->result);
}

struct store_read *store_write_view(struct store_write *write)
{
    return &write->view;
}

uint64_t store_write_generation(const struct store_write *write)
{
    return write->generation;
}

struct deputy_time store_write_now(const struct store_write *write)
{
    return write->now;
}

/* A job whose submitter sleeps until it is done. */
struct blocking_job {
    struct store_job job;
    store_apply_fn *apply;
    void *ctx;
    pthread_mutex_t lock;
    pthread_cond_t finished;
    bool done;
    enum deputy_error result;
};

static enum deputy_error blocking_apply(struct store_write *write, void *context)
{
    struct blocking_job *blocking = context;
    return blocking->apply(write, blocking->ctx);
}

static void blocking_done(void *context, enum deputy_error result)
{
    struct blocking_job *blocking = context;
    pthread_mutex_lock(&blocking->lock);
    blocking->done = true;
    blocking->result = result;
    pthread_cond_signal(&blocking->finished);
    pthread_mutex_unlock(&blocking->lock);
}

enum deputy_error store_run(struct store *store, store_apply_fn *apply, void *ctx)
{
    struct blocking_job blocking = {
            .apply = apply,
            .ctx = ctx,
            .lock = PTHREAD_MUTEX_INITIALIZER,
            .finished = PTHREAD_COND_INITIALIZER,
    };
    blocking.job = (struct store_job){.apply = blocking_apply, .done = blocking_done, .ctx = &blocking};
    store_submit(store, &blocking.job);
    pthread_mutex_lock(&blocking.lock);
    while (!blocking.done)
        pthread_cond_wait(&blocking.finished, &blocking.lock);
    pthread_mutex_unlock(&blocking.lock);
    pthread_cond_destroy(&blocking.finished);
    pthread_mutex_destroy(&blocking.lock);
    return blocking.result;
}
