#include "kit.h"
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/stat.h>

/* --- jobs that can be watched --- */

struct watched {
    struct store_job job;
    struct store *store;
    struct deputy_slice space; /* inserted by apply */
    enum deputy_error answer;  /* of apply, after the insert */
    atomic_bool done;
    enum deputy_error result;
    uint64_t generation_at_done;
};

static enum deputy_error watched_apply(struct store_write *write, void *ctx)
{
    struct watched *watched = ctx;
    bool created;
    enum deputy_error result = store_space_insert(write, watched->space, &created);
    return result != DEPUTY_OK ? result : watched->answer;
}

static void watched_done(void *ctx, enum deputy_error result)
{
    struct watched *watched = ctx;
    watched->result = result;
    watched->generation_at_done = store_generation(watched->store);
    atomic_store(&watched->done, true);
}

static void watched_submit(struct watched *watched, struct kit *kit, const char *space)
{
    watched->store = kit->store;
    watched->space = T(space);
    watched->job.done = watched_done;
    watched->job.ctx = watched;
    if (watched->job.apply == NULL)
        watched->job.apply = watched_apply;
    store_submit(kit->store, &watched->job);
}

/* Holds the writer inside a job, so that what is submitted meanwhile waits together. */
struct gate {
    struct watched watched;
    sem_t entered, open;
};

static enum deputy_error gate_apply(struct store_write *write, void *ctx)
{
    struct gate *gate = (struct gate *)ctx;
    (void)write;
    sem_post(&gate->entered);
    sem_wait(&gate->open);
    return DEPUTY_OK;
}

static void gate_close(struct gate *gate, struct kit *kit)
{
    memset(gate, 0, sizeof *gate);
    sem_init(&gate->entered, 0, 0);
    sem_init(&gate->open, 0, 0);
    gate->watched.job.apply = gate_apply;
    watched_submit(&gate->watched, kit, "");
    sem_wait(&gate->entered);
}

static void wait_until_done(struct watched *watched)
{
    while (!atomic_load(&watched->done))
        usleep(1000);
}

/* Opens the gate and waits for the last of the jobs that were submitted behind it. */
static void gate_open(struct gate *gate, struct watched *last)
{
    sem_post(&gate->open);
    wait_until_done(last);
    sem_destroy(&gate->entered);
    sem_destroy(&gate->open);
}

static uint64_t commits(struct kit *kit)
{
    struct store_stats stats;
    store_stats(kit->store, &stats);
    return stats.commits;
}

static bool hosted(struct kit *kit, const char *space)
{
    bool exists;
    struct store_read *read = kit_read(kit);
    assert_ok(store_space_exists(read, &exists, T(space)));
    store_read_end(read);
    return exists;
}

/* --- batches --- */

static void failing_job_undoes_itself_alone(void **state)
{
    struct kit *kit = *state;
    struct gate gate;
    struct watched a = {0}, b = {.answer = DEPUTY_E_UNAUTHORIZED_ACTION}, c = {0};
    gate_close(&gate, kit);
    watched_submit(&a, kit, "a");
    watched_submit(&b, kit, "b");
    watched_submit(&c, kit, "c");
    gate_open(&gate, &c);
    assert_ok(a.result);
    assert_int_equal(b.result, DEPUTY_E_UNAUTHORIZED_ACTION);
    assert_ok(c.result);
    assert_true(hosted(kit, "a") && hosted(kit, "c"));
    assert_false(hosted(kit, "b"));
}

static void waiting_jobs_are_committed_together(void **state)
{
    struct kit *kit = *state;
    static struct watched jobs[STORE_BATCH_JOBS + 1];
    char names[STORE_BATCH_JOBS + 1][16];
    struct gate gate;
    memset(jobs, 0, sizeof jobs);
    uint64_t before = commits(kit);
    gate_close(&gate, kit);
    for (size_t i = 0; i <= STORE_BATCH_JOBS; i++) {
        snprintf(names[i], sizeof names[i], "space %zu", i);
        watched_submit(&jobs[i], kit, names[i]);
    }
    gate_open(&gate, &jobs[STORE_BATCH_JOBS]);
    for (size_t i = 0; i <= STORE_BATCH_JOBS; i++)
        assert_true(jobs[i].done && jobs[i].result == DEPUTY_OK);
    /* the gate, a full batch, and the one that was too many */
    assert_int_equal(commits(kit) - before, 3);
}

static void batch_ends_before_its_bytes_exceed_the_maximum(void **state)
{
    struct kit *kit = *state;
    struct watched jobs[4] = {0};
    struct gate gate;
    uint64_t before = commits(kit);
    gate_close(&gate, kit);
    for (size_t i = 0; i < 4; i++) {
        jobs[i].job.bytes = (size_t)STORE_BATCH_BYTES / 8 * (i < 2 ? 4 : 5);
        watched_submit(&jobs[i], kit, "space");
    }
    gate_open(&gate, &jobs[3]);
    /* the gate, the first two, and the others one by one */
    assert_int_equal(commits(kit) - before, 4);
}

static void job_larger_than_a_batch_is_committed_alone(void **state)
{
    struct kit *kit = *state;
    struct watched large = {.job.bytes = 2 * (size_t)STORE_BATCH_BYTES};
    watched_submit(&large, kit, "space");
    wait_until_done(&large);
    assert_ok(large.result);
}

enum { WRITERS = 16, WRITES_EACH = 40 };

static void *write_repeatedly(void *context)
{
    struct kit *kit = context;
    enum deputy_error result = DEPUTY_OK;
    for (unsigned i = 0; i < WRITES_EACH && result == DEPUTY_OK; i++)
        result = kit_put(kit, T("key"), T("value"));
    return result == DEPUTY_OK ? NULL : context;
}

static void sixteen_writers_share_their_commits(void **state)
{
    struct kit *kit = *state;
    pthread_t threads[WRITERS];
    struct store_stats before, after;
    kit_host(kit, KIT_SPACE);
    store_stats(kit->store, &before);
    for (size_t i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_repeatedly, kit), 0);
    for (size_t i = 0; i < WRITERS; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    store_stats(kit->store, &after);
    assert_int_equal(after.jobs - before.jobs, WRITERS * WRITES_EACH);
    assert_true(after.commits - before.commits < WRITERS * WRITES_EACH / 2);
}

/* --- what a job sees --- */

struct revoke_then_look {
    struct kit_write revoke;
    struct store_job first, second;
    uint64_t before, seen;
    bool revoked;
};

static enum deputy_error apply_revoke(struct store_write *write, void *ctx)
{
    struct revoke_then_look *both = ctx;
    both->before = store_write_generation(write);
    return store_revocation_insert(write, &both->revoke.created, &both->revoke.revocation);
}

static enum deputy_error apply_look(struct store_write *write, void *ctx)
{
    struct revoke_then_look *both = ctx;
    both->seen = store_write_generation(write);
    return store_is_revoked(store_write_view(write), &both->revoked, both->revoke.revocation.signed_digest);
}

static void ignore_result(void *ctx, enum deputy_error result)
{
    (void)ctx;
    (void)result;
}

static void H8_job_sees_the_revocation_before_it_in_the_same_commit(void **state)
{
    struct kit *kit = *state;
    struct gate gate;
    struct kit_token token = kit_token(1), revocation = kit_token(2);
    struct revoke_then_look both = {.revoke.revocation = {.digest = revocation.digest,
                                            .target = token.digest,
                                            .signed_digest = token.signed_digest,
                                            .bytes = T(revocation.text)}};
    both.first = (struct store_job){.apply = apply_revoke, .done = ignore_result, .ctx = &both};
    both.second = (struct store_job){.apply = apply_look, .done = ignore_result, .ctx = &both};
    struct watched last = {0};
    uint64_t before = commits(kit);
    gate_close(&gate, kit);
    store_submit(kit->store, &both.first);
    store_submit(kit->store, &both.second);
    watched_submit(&last, kit, "last");
    gate_open(&gate, &last);
    assert_int_equal(commits(kit) - before, 2);
    assert_true(both.revoked);
    assert_int_equal(both.seen, both.before + 1);
    assert_int_equal(store_generation(kit->store), both.seen);
}

static enum deputy_error apply_revoke_and_fail(struct store_write *write, void *ctx)
{
    struct kit_write *w = ctx;
    enum deputy_error result = store_revocation_insert(write, &w->created, &w->revocation);
    return result != DEPUTY_OK ? result : DEPUTY_E_UNAUTHORIZED_REVOKER;
}

static void revocation_that_fails_does_not_move_the_generation(void **state)
{
    struct kit *kit = *state;
    struct kit_token token = kit_token(1), revocation = kit_token(2);
    struct kit_write w = {.revocation = {.digest = revocation.digest,
                                  .target = token.digest,
                                  .signed_digest = token.signed_digest,
                                  .bytes = T(revocation.text)}};
    uint64_t before = store_generation(kit->store);
    assert_int_equal(store_run(kit->store, apply_revoke_and_fail, &w), DEPUTY_E_UNAUTHORIZED_REVOKER);
    assert_int_equal(store_generation(kit->store), before);
}

static enum deputy_error watched_revoke(struct store_write *write, void *ctx)
{
    struct watched *watched = ctx;
    struct kit_token token = kit_token(1), revocation = kit_token(2);
    struct store_revocation row = {.digest = revocation.digest,
            .target = token.digest,
            .signed_digest = token.signed_digest,
            .bytes = T(revocation.text)};
    bool created;
    (void)watched;
    return store_revocation_insert(write, &created, &row);
}

static void H8_generation_has_moved_when_a_revocation_is_acknowledged(void **state)
{
    struct kit *kit = *state;
    uint64_t before = store_generation(kit->store);
    struct watched revoke = {.job.apply = watched_revoke};
    watched_submit(&revoke, kit, "");
    wait_until_done(&revoke);
    assert_int_equal(revoke.generation_at_done, before + 1);
}

/* --- whole transactions --- */

struct pair_race {
    struct kit *kit;
    atomic_bool stop;
    atomic_bool torn;
};

struct pair_write {
    struct store_put a, b;
};

static enum deputy_error apply_pair(struct store_write *write, void *ctx)
{
    struct pair_write *pair = ctx;
    enum deputy_error result = store_kv_set(write, &pair->a);
    return result != DEPUTY_OK ? result : store_kv_set(write, &pair->b);
}

static void read_pair(struct pair_race *race, struct deputy_arena *arena)
{
    struct store_object a, b;
    struct store_read *read = NULL;
    bool whole = store_read_begin(&read, race->kit->store, NULL) == DEPUTY_OK &&
                 store_kv_get(arena, &a, read, KIT_SPACE, T("a")) == DEPUTY_OK &&
                 store_kv_get(arena, &b, read, KIT_SPACE, T("b")) == DEPUTY_OK && a.found == b.found &&
                 deputy_slice_equal(a.value.bytes, b.value.bytes);
    if (!whole)
        atomic_store(&race->torn, true);
    store_read_end(read);
}

static void *read_pairs(void *context)
{
    struct pair_race *race = context;
    struct deputy_arena *arena = NULL;
    uint64_t last = 0;
    if (deputy_arena_create(&arena, 1 << 20) != DEPUTY_OK)
        return NULL;
    while (!atomic_load(&race->stop)) {
        uint64_t generation = store_generation(race->kit->store);
        if (generation < last)
            atomic_store(&race->torn, true);
        last = generation;
        read_pair(race, arena);
        deputy_arena_reset(arena);
    }
    deputy_arena_destroy(arena);
    return NULL;
}

static void H8_readers_see_whole_commits_while_many_write(void **state)
{
    struct pair_race race = {.kit = *state};
    pthread_t readers[2];
    kit_host(*state, KIT_SPACE);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_pairs, &race), 0);
    for (unsigned i = 0; i < 200; i++) {
        struct store_value value;
        struct kit_token revoked = kit_token(i);
        assert_ok(store_value_inline(&value, deputy_slice_bytes(&i, sizeof i)));
        struct pair_write pair = {kit_make_put(T("a"), &value), kit_make_put(T("b"), &value)};
        assert_ok(store_run(race.kit->store, apply_pair, &pair));
        if (i % 20 == 0)
            assert_ok(kit_revoke(race.kit, NULL, &revoked, revoked.text));
    }
    atomic_store(&race.stop, true);
    for (size_t i = 0; i < 2; i++)
        pthread_join(readers[i], NULL);
    assert_false(race.torn);
}

/* --- the write-ahead log --- */

enum { LOG_JOBS = 60, LOG_PUTS = 20, LOG_VALUE = 16 * 1024, LOG_MAX = 8 * 1024 * 1024 };

static enum deputy_error apply_many_puts(struct store_write *write, void *ctx)
{
    enum deputy_error result = DEPUTY_OK;
    for (unsigned i = 0; i < LOG_PUTS && result == DEPUTY_OK; i++)
        result = store_kv_set(write, ctx);
    return result;
}

static void write_ahead_log_stays_bounded(void **state)
{
    struct kit *kit = *state;
    struct store_value value;
    char path[128];
    struct stat info;
    uint8_t *content = arena_alloc(kit->arena, LOG_VALUE);
    kit_host(kit, KIT_SPACE);
    assert_ok(store_value_inline(&value, deputy_slice_bytes(content, LOG_VALUE)));
    struct store_put put = kit_make_put(T("k"), &value);
    for (unsigned i = 0; i < LOG_JOBS; i++)
        assert_ok(store_run(kit->store, apply_many_puts, &put));
    snprintf(path, sizeof path, "%s/deputy.db-wal", kit->directory);
    assert_int_equal(stat(path, &info), 0);
    assert_in_range(info.st_size, 1, LOG_MAX);
}

/* --- queue and delivery --- */

static void job_beyond_the_waiting_ones_is_refused_as_busy(void **state)
{
    struct kit *kit = *state;
    struct gate gate;
    struct watched refused = {0};
    struct watched *jobs = calloc(STORE_JOBS_WAITING, sizeof *jobs);
    assert_non_null(jobs);
    gate_close(&gate, kit);
    for (size_t i = 0; i < STORE_JOBS_WAITING; i++)
        watched_submit(&jobs[i], kit, "space");
    watched_submit(&refused, kit, "refused");
    assert_true(refused.done);
    assert_int_equal(refused.result, DEPUTY_E_STORE_BUSY);
    sem_post(&gate.open);
    kit_close(kit);
    for (size_t i = 0; i < STORE_JOBS_WAITING; i++)
        assert_true(jobs[i].done && jobs[i].result == DEPUTY_OK);
    free(jobs);
}

struct fake_loop {
    sem_t arrived;
    struct store_job *job;
};

static void fake_post(void *loop, struct store_job *job)
{
    struct fake_loop *fake = loop;
    fake->job = job;
    sem_post(&fake->arrived);
}

static void finished_job_is_brought_to_its_loop(void **state)
{
    struct kit *kit = *state;
    struct store_config config = kit_config(kit);
    struct fake_loop loop = {0};
    struct watched watched = {.job.loop = &loop};
    sem_init(&loop.arrived, 0, 0);
    config.post = fake_post;
    kit_close(kit);
    assert_ok(store_open(&kit->store, &config));
    watched_submit(&watched, kit, "space");
    sem_wait(&loop.arrived);
    assert_ptr_equal(loop.job, &watched.job);
    assert_false(watched.done);
    store_job_finish(loop.job);
    assert_true(watched.done);
    assert_ok(watched.result);
    sem_destroy(&loop.arrived);
}

static void closing_finishes_what_was_submitted(void **state)
{
    struct kit *kit = *state;
    struct watched jobs[8] = {0};
    for (size_t i = 0; i < 8; i++)
        watched_submit(&jobs[i], kit, "space");
    kit_reopen(kit);
    for (size_t i = 0; i < 8; i++)
        assert_true(jobs[i].done && jobs[i].result == DEPUTY_OK);
    assert_true(hosted(kit, "space"));
}

static enum deputy_error apply_now(struct store_write *write, void *ctx)
{
    *(struct deputy_time *)ctx = store_write_now(write);
    return DEPUTY_OK;
}

static void job_reads_the_clock_of_the_configuration(void **state)
{
    struct deputy_time now = {0};
    assert_ok(store_run(((struct kit *)*state)->store, apply_now, &now));
    assert_int_equal(now.sec, KIT_NOW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            STORE_TEST(failing_job_undoes_itself_alone),
            STORE_TEST(waiting_jobs_are_committed_together),
            STORE_TEST(batch_ends_before_its_bytes_exceed_the_maximum),
            STORE_TEST(job_larger_than_a_batch_is_committed_alone),
            STORE_TEST(sixteen_writers_share_their_commits),
            STORE_TEST(H8_job_sees_the_revocation_before_it_in_the_same_commit),
            STORE_TEST(revocation_that_fails_does_not_move_the_generation),
            STORE_TEST(H8_generation_has_moved_when_a_revocation_is_acknowledged),
            STORE_TEST(H8_readers_see_whole_commits_while_many_write),
            STORE_TEST(write_ahead_log_stays_bounded),
            STORE_TEST(job_beyond_the_waiting_ones_is_refused_as_busy),
            STORE_TEST(finished_job_is_brought_to_its_loop),
            STORE_TEST(closing_finishes_what_was_submitted),
            STORE_TEST(job_reads_the_clock_of_the_configuration),
    };
    return cmocka_run_group_tests_name("store.writer", tests, NULL, NULL);
}
