/*
 * The workers. Each has its own databases, by their hash; each database that has something to do is a lane,
 * and the lanes of a worker take turns, so that no database waits for all requests of another.
 */
#include "base/try.h"
#include "store/db.h"
#include "store/directory.h"
#include "store/sql_handles.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { POOL_DIRECTORY_MODE = 0700, POOL_STACK_BYTES = 2 * 1024 * 1024 };

/* Requests that wait for one database. */
struct lane {
    struct sql_name name;
    struct sql_job *first;
    struct sql_job **last;
    size_t count;
    struct lane *next;
};

struct worker {
    struct sql_pool *pool;
    pthread_t thread;
    bool runs;
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct lane *lanes; /* whose turn it is first */
    struct lane **lanes_end;
    bool closing;
    struct sql_handles handles; /* the thread's own */
};

struct sql_pool {
    struct sql_paths paths;
    char directory[SQL_PATH_MAX];
    uint64_t time_ns, idle_ns;
    size_t handles_each;
    struct worker *workers;
    size_t worker_count;
    atomic_size_t open;
};

/* --- work --- */

static enum deputy_error job_run(struct worker *worker, struct sql_job *job)
{
    struct sql_handle *handle = NULL;
    TRY(job->hooks->begin(job));
    TRY(sql_handles_take(&worker->handles, &handle, &job->request));
    handle->space.deadline_ns = sql_monotonic_ns() + worker->pool->time_ns;
    handle->space.gone = &job->gone;
    if (job->request.action == SQL_EXPORT)
        job->refusal.code = sql_export(&handle->space, &worker->pool->paths, job);
    else
        sql_run(&handle->space, job);
    handle->space.gone = NULL;
    sql_handles_leave(&worker->handles, handle, job->recorded);
    return job->refusal.code;
}

static void job_serve(struct worker *worker, struct sql_job *job)
{
    enum deputy_error error = job_run(worker, job);
    if (job->refusal.code != error)
        job->refusal = (struct deputy_refusal){.code = error};
    job->hooks->done(job);
}

/* The first request of the lane whose turn it is; a lane with more goes to the end. With the lock held. */
static struct sql_job *lane_next(struct worker *worker)
{
    struct lane *lane = worker->lanes;
    struct sql_job *job = lane->first;
    worker->lanes = lane->next;
    if (worker->lanes == NULL)
        worker->lanes_end = &worker->lanes;
    lane->first = job->next;
    lane->next = NULL;
    if (--lane->count == 0) {
        free(lane);
        return job;
    }
    *worker->lanes_end = lane;
    worker->lanes_end = &lane->next;
    return job;
}

/* Sleeps until there is a request or a database has been idle long enough. With the lock held. */
static void worker_wait(struct worker *worker, uint64_t until_ns)
{
    if (until_ns == UINT64_MAX) {
        pthread_cond_wait(&worker->filled, &worker->lock);
        return;
    }
    struct timespec until = {(time_t)(until_ns / 1000000000U), (long)(until_ns % 1000000000U)};
    pthread_cond_timedwait(&worker->filled, &worker->lock, &until);
}

/* The next request; NULL when the pool closes and nothing is left. */
static struct sql_job *worker_next(struct worker *worker)
{
    for (;;) {
        uint64_t until = sql_handles_close_idle(&worker->handles);
        struct sql_job *job = NULL;
        pthread_mutex_lock(&worker->lock);
        bool closing = worker->closing;
        if (worker->lanes == NULL && !closing)
            worker_wait(worker, until);
        if (worker->lanes != NULL)
            job = lane_next(worker);
        pthread_mutex_unlock(&worker->lock);
        if (job != NULL || closing)
            return job;
    }
}

static void *worker_main(void *context)
{
    struct worker *worker = context;
    for (struct sql_job *job = worker_next(worker); job != NULL; job = worker_next(worker))
        job_serve(worker, job);
    sql_handles_close(&worker->handles);
    return NULL;
}

/* --- submitting --- */

static struct lane *lane_find(struct worker *worker, const struct sql_name *name)
{
    for (struct lane *lane = worker->lanes; lane != NULL; lane = lane->next) {
        if (sql_name_equal(&lane->name, name))
            return lane;
    }
    struct lane *lane = calloc(1, sizeof *lane);
    if (lane == NULL)
        return NULL;
    lane->name = *name;
    lane->last = &lane->first;
    *worker->lanes_end = lane;
    worker->lanes_end = &lane->next;
    return lane;
}

static bool lane_add(struct worker *worker, struct sql_job *job)
{
    struct lane *lane = lane_find(worker, &job->request.database);
    if (lane == NULL || lane->count >= SQL_QUEUE_MAX)
        return false;
    job->next = NULL;
    *lane->last = job;
    lane->last = &job->next;
    lane->count++;
    return true;
}

void sql_submit(struct sql_pool *pool, struct sql_job *job)
{
    struct worker *worker = &pool->workers[job->request.database.bytes[0] % pool->worker_count];
    job->image = -1;
    pthread_mutex_lock(&worker->lock);
    bool taken = lane_add(worker, job);
    pthread_cond_signal(&worker->filled);
    pthread_mutex_unlock(&worker->lock);
    if (taken)
        return;
    job->refusal = (struct deputy_refusal){.code = DEPUTY_E_STORE_BUSY};
    job->hooks->done(job);
}

/* --- life --- */

static enum deputy_error worker_start(struct worker *worker, struct sql_pool *pool)
{
    pthread_condattr_t clock;
    pthread_attr_t stack;
    worker->pool = pool;
    worker->lanes_end = &worker->lanes;
    pthread_mutex_init(&worker->lock, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&worker->filled, &clock);
    pthread_condattr_destroy(&clock);
    worker->handles = (struct sql_handles){
            .paths = &pool->paths, .most = pool->handles_each, .idle_ns = pool->idle_ns, .open = &pool->open};
    TRY(sql_handles_begin(&worker->handles));
    pthread_attr_init(&stack);
    pthread_attr_setstacksize(&stack, POOL_STACK_BYTES);
    worker->runs = pthread_create(&worker->thread, &stack, worker_main, worker) == 0;
    pthread_attr_destroy(&stack);
    return worker->runs ? DEPUTY_OK : DEPUTY_E_NOMEM;
}

static void worker_stop(struct worker *worker)
{
    if (worker->pool == NULL)
        return;
    pthread_mutex_lock(&worker->lock);
    worker->closing = true;
    pthread_cond_signal(&worker->filled);
    pthread_mutex_unlock(&worker->lock);
    if (worker->runs)
        pthread_join(worker->thread, NULL);
    sql_handles_end(&worker->handles);
    pthread_cond_destroy(&worker->filled);
    pthread_mutex_destroy(&worker->lock);
}

/* The directory of the databases; its own name is durable before anything in it is. */
static enum deputy_error pool_enter(struct sql_pool *pool, const struct sql_config *config)
{
    int len = snprintf(pool->directory, sizeof pool->directory, "%s/sql", config->directory);
    ENSURE(len > 0 && (size_t)len < sizeof pool->directory, DEPUTY_E_STORE_DIRECTORY);
    if (mkdir(pool->directory, POOL_DIRECTORY_MODE) != 0 && errno != EEXIST)
        return directory_error();
    int root = open(config->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ENSURE(root >= 0, directory_error());
    enum deputy_error error = directory_sync(root);
    close(root);
    pool->paths = (struct sql_paths){.directory = pool->directory, .max_bytes = config->max_bytes};
    return error;
}

static enum deputy_error pool_start(struct sql_pool *pool, const struct sql_config *config)
{
    TRY(pool_enter(pool, config));
    pool->workers = calloc(config->workers, sizeof *pool->workers);
    ENSURE(pool->workers != NULL, DEPUTY_E_NOMEM);
    pool->worker_count = config->workers;
    for (size_t i = 0; i < pool->worker_count; i++)
        TRY(worker_start(&pool->workers[i], pool));
    return DEPUTY_OK;
}

enum deputy_error sql_pool_create(struct sql_pool **out, const struct sql_config *config)
{
    ENSURE(config->workers > 0 && config->handles >= config->workers, DEPUTY_E_ARGUMENT);
    struct sql_pool *pool = calloc(1, sizeof *pool);
    ENSURE(pool != NULL, DEPUTY_E_NOMEM);
    db_library_start();
    pool->time_ns = (uint64_t)config->time_ms * 1000000U;
    pool->idle_ns = (uint64_t)config->idle_ms * 1000000U;
    pool->handles_each = config->handles / config->workers;
    atomic_init(&pool->open, 0);
    enum deputy_error error = pool_start(pool, config);
    if (error == DEPUTY_OK)
        *out = pool;
    else
        sql_pool_destroy(pool);
    return error;
}

void sql_pool_destroy(struct sql_pool *pool)
{
    if (pool == NULL)
        return;
    for (size_t i = 0; i < pool->worker_count; i++)
        worker_stop(&pool->workers[i]);
    free(pool->workers);
    free(pool);
}

size_t sql_pool_open(const struct sql_pool *pool)
{
    return atomic_load(&pool->open);
}
