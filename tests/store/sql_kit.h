/* A pool of SQL databases in a directory of its own, and requests that are waited for. */
#ifndef STORE_SQL_KIT_H
#define STORE_SQL_KIT_H

#include "base/arena.h"
#include "store/sql.h"
#include "support/check.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct sql_kit {
    char directory[64];
    struct sql_config config;
    struct sql_pool *pool;
    struct deputy_arena *arena;
    /* of the last request */
    struct sql_job job;
    int changes, commits, committed;
    uint64_t bytes;
    size_t table_count;
    char table[64];
    enum deputy_error change_error, commit_error; /* what the hooks say */
    int32_t mark;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool done;
};

static struct sql_kit *kit_of_job; /* one test, one kit */

static inline enum deputy_error kit_begin(struct sql_job *job)
{
    (void)job;
    return DEPUTY_OK;
}

static inline enum deputy_error kit_change(struct sql_job *job)
{
    (void)job;
    kit_of_job->changes++;
    return kit_of_job->change_error;
}

static inline enum deputy_error kit_commit(
        struct sql_job *job, const struct sql_effect *effect, int32_t *mark)
{
    struct sql_kit *kit = kit_of_job;
    (void)job;
    kit->commits++;
    kit->bytes = effect->bytes;
    kit->table_count = effect->table_count;
    if (effect->table_count > 0)
        snprintf(kit->table, sizeof kit->table, "%.*s", (int)effect->tables[0].len,
                (const char *)effect->tables[0].ptr);
    *mark = kit->mark;
    return kit->commit_error;
}

static inline void kit_committed(struct sql_job *job)
{
    (void)job;
    kit_of_job->committed++;
}

static inline void kit_done(struct sql_job *job)
{
    (void)job;
    pthread_mutex_lock(&kit_of_job->lock);
    kit_of_job->done = true;
    pthread_cond_signal(&kit_of_job->ended);
    pthread_mutex_unlock(&kit_of_job->lock);
}

static const struct sql_hooks kit_hooks = {kit_begin, kit_change, kit_commit, kit_committed, kit_done};

static inline void kit_start(struct sql_kit *kit)
{
    kit->config.directory = kit->directory;
    assert_ok(sql_pool_create(&kit->pool, &kit->config));
}

static inline struct sql_kit *kit_make(void)
{
    struct sql_kit *kit = calloc(1, sizeof *kit);
    assert_non_null(kit);
    snprintf(kit->directory, sizeof kit->directory, "/tmp/deputy-sql-XXXXXX");
    assert_non_null(mkdtemp(kit->directory));
    kit->config = (struct sql_config){
            .workers = 1, .handles = 4, .time_ms = 10000, .idle_ms = 60000, .max_bytes = 64 << 20};
    pthread_mutex_init(&kit->lock, NULL);
    pthread_cond_init(&kit->ended, NULL);
    assert_ok(deputy_arena_create(&kit->arena, SQL_ARENA_MAX));
    kit_of_job = kit;
    return kit;
}

static inline int kit_setup(void **state)
{
    *state = kit_make();
    kit_start(*state);
    return 0;
}

static inline int kit_teardown(void **state)
{
    struct sql_kit *kit = *state;
    char command[128];
    sql_pool_destroy(kit->pool);
    deputy_arena_destroy(kit->arena);
    snprintf(command, sizeof command, "rm -rf %s", kit->directory);
    assert_int_equal(system(command), 0);
    free(kit);
    return 0;
}

#define SQL_TEST(function) cmocka_unit_test_setup_teardown(function, kit_setup, kit_teardown)

static const struct sql_rights kit_all = {true, true, true, true};
static const struct sql_rights kit_read = {.read = true};
static const struct sql_rights kit_write = {.write = true};
static const struct sql_rights kit_schema = {.schema = true};

/* Runs a request on the database of that path and waits. */
static inline enum deputy_error kit_run(
        struct sql_kit *kit, const char *path, const struct sql_request *request)
{
    deputy_arena_reset(kit->arena);
    kit->job = (struct sql_job){.request = *request, .hooks = &kit_hooks, .arena = kit->arena};
    sql_name_make(&kit->job.request.database, T("space"), T(path));
    kit->done = false;
    kit->changes = kit->commits = kit->committed = 0;
    sql_submit(kit->pool, &kit->job);
    pthread_mutex_lock(&kit->lock);
    while (!kit->done)
        pthread_cond_wait(&kit->ended, &kit->lock);
    pthread_mutex_unlock(&kit->lock);
    return kit->job.refusal.code;
}

static inline enum deputy_error kit_sql(
        struct sql_kit *kit, enum sql_action action, struct sql_rights rights, const char *sql)
{
    struct sql_statement statement = {.sql = T(sql)};
    return kit_run(kit, "db",
            &(struct sql_request){
                    .action = action, .statements = &statement, .statement_count = 1, .rights = rights});
}

/* The same, which must be answered with this JSON. */
static inline void kit_answers(
        struct sql_kit *kit, enum sql_action action, const char *sql, const char *answer)
{
    assert_ok(kit_sql(kit, action, kit_all, sql));
    assert_text(kit->job.answer, answer);
}

/* The same, which must be refused so. */
static inline void kit_refuses(struct sql_kit *kit, struct sql_rights rights, const char *sql,
        enum deputy_error error, const char *about)
{
    assert_int_equal(kit_sql(kit, SQL_QUERY, rights, sql), error);
    if (about != NULL)
        assert_text(kit->job.refusal.args[0], about);
}

#endif
