/*
 * A process that writes from several threads is killed at random moments. What it had acknowledged must be
 * there afterwards, every job whole or absent, and nothing of a job that failed. CRASH_ROUNDS sets how often
 * (default 8).
 */
#include "kit.h"
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

enum { THREADS = 4, BLOB_THREAD = 3, BLOB_BYTES = STORE_INLINE_MAX + 4096, DEFAULT_ROUNDS = 8 };

/* What the child tells: this job of this thread is done. */
struct acknowledgement {
    uint32_t thread, number;
};

/* --- the child --- */

struct child_thread {
    struct kit *kit;
    int pipe;
    uint32_t thread, number;
};

static void key_of(char key[32], const char *kind, uint32_t thread, uint32_t number)
{
    snprintf(key, 32, "%s/%u/%08u", kind, thread, number);
}

struct pair {
    struct store_put first, second;
    struct store_replay replay;
    enum deputy_error answer;
};

static enum deputy_error apply_pair(struct store_write *write, void *ctx)
{
    struct pair *pair = ctx;
    enum deputy_error result = store_kv_set(write, &pair->first);
    if (result == DEPUTY_OK)
        result = store_replay_insert(write, &pair->replay);
    if (result == DEPUTY_OK)
        result = store_kv_set(write, &pair->second);
    return result == DEPUTY_OK ? pair->answer : result;
}

static enum deputy_error write_pair(
        const struct child_thread *t, const struct store_value *value, enum deputy_error answer)
{
    char first[32], second[32];
    bool kept = answer == DEPUTY_OK;
    key_of(first, kept ? "first" : "failed", t->thread, t->number);
    key_of(second, kept ? "second" : "failed", t->thread, t->number);
    struct pair pair = {kit_make_put(T(first), value), kit_make_put(T(second), value), .answer = answer};
    memcpy(pair.replay.fingerprint, &t->thread, sizeof t->thread);
    memcpy(pair.replay.fingerprint + sizeof t->thread, &t->number, sizeof t->number);
    return store_run(t->kit->store, apply_pair, &pair);
}

/* The content of a job's value is its number, repeated. */
static void fill(uint8_t *out, size_t len, uint32_t number)
{
    for (size_t at = 0; at + sizeof number <= len; at += sizeof number)
        memcpy(out + at, &number, sizeof number);
}

static enum deputy_error write_next(const struct child_thread *t)
{
    static uint8_t large[BLOB_BYTES];
    struct store_value value;
    struct blob_writer *writer = NULL;
    enum deputy_error result;
    if (t->thread != BLOB_THREAD) {
        result = store_value_inline(&value, deputy_slice_bytes(&t->number, sizeof t->number));
        return result == DEPUTY_OK ? write_pair(t, &value, DEPUTY_OK) : result;
    }
    fill(large, sizeof large, t->number);
    result = blob_writer_open(&writer, t->kit->store);
    if (result == DEPUTY_OK)
        result = blob_writer_append(writer, deputy_slice_bytes(large, sizeof large));
    if (result == DEPUTY_OK)
        result = blob_writer_finish(writer, &value);
    if (result == DEPUTY_OK)
        result = write_pair(t, &value, DEPUTY_OK);
    blob_writer_close(writer);
    return result;
}

static void *child_thread_main(void *context)
{
    struct child_thread *t = context;
    struct store_value value;
    for (;; t->number++) {
        struct acknowledgement done = {t->thread, t->number};
        if (store_value_inline(&value, T("x")) != DEPUTY_OK ||
                write_pair(t, &value, DEPUTY_E_LIMIT) != DEPUTY_E_LIMIT || write_next(t) != DEPUTY_OK)
            _exit(2);
        if (write(t->pipe, &done, sizeof done) != sizeof done)
            _exit(3);
    }
    return NULL;
}

static void child_main(struct kit *kit, int pipe, const uint32_t next[THREADS])
{
    static struct child_thread contexts[THREADS];
    pthread_t threads[THREADS];
    if (kit_try_open(kit) != DEPUTY_OK)
        _exit(4);
    for (uint32_t i = 0; i < THREADS; i++) {
        contexts[i] = (struct child_thread){kit, pipe, i, next[i]};
        if (pthread_create(&threads[i], NULL, child_thread_main, &contexts[i]) != 0)
            _exit(5);
    }
    pause();
}

/* --- the parent --- */

static void sleep_ms(long ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

/* Lets a child write for a while, kills it, and collects what it acknowledged. */
static void run_and_kill(
        struct kit *kit, const uint32_t next[THREADS], uint32_t acknowledged[THREADS], long ms)
{
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        child_main(kit, ends[1], next);
    close(ends[1]);
    sleep_ms(ms);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    for (struct acknowledgement one; read(ends[0], &one, sizeof one) == sizeof one;)
        acknowledged[one.thread] = one.number + 1;
    close(ends[0]);
}

static void check_value(struct kit *kit, const struct store_object *object, uint32_t number)
{
    if (deputy_slice_present(object->value.bytes)) {
        assert_slice(object->value.bytes, deputy_slice_bytes(&number, sizeof number));
        return;
    }
    uint8_t *expected = arena_alloc(kit->arena, BLOB_BYTES), *actual = arena_alloc(kit->arena, BLOB_BYTES);
    size_t got;
    fill(expected, BLOB_BYTES, number);
    assert_ok(blob_read_at(kit->store, object->value.hash, 0, actual, BLOB_BYTES, &got));
    assert_slice(deputy_slice_bytes(actual, got), deputy_slice_bytes(expected, BLOB_BYTES));
}

/* Is the job there, whole? */
static bool check_job(struct kit *kit, uint32_t thread, uint32_t number)
{
    char first[32], second[32], failed[32];
    key_of(first, "first", thread, number);
    key_of(second, "second", thread, number);
    key_of(failed, "failed", thread, number);
    struct store_object a = kit_get(kit, T(first)), b = kit_get(kit, T(second));
    assert_false(kit_get(kit, T(failed)).found);
    assert_int_equal(a.found, b.found);
    if (a.found) {
        check_value(kit, &a, number);
        check_value(kit, &b, number);
    }
    deputy_arena_reset(kit->arena);
    return a.found;
}

static uint32_t count_replay(struct kit *kit)
{
    const uint8_t *after = NULL;
    uint32_t count = 0;
    struct store_read *read = kit_read(kit);
    for (size_t got = STORE_REPLAY_PAGE; got == STORE_REPLAY_PAGE; count += (uint32_t)got) {
        struct store_replay *rows;
        assert_ok(store_replay_load(kit->arena, &rows, &got, read, after));
        after = rows[got > 0 ? got - 1 : 0].fingerprint;
    }
    store_read_end(read);
    deputy_arena_reset(kit->arena);
    return count;
}

/* Checks every job since the last round. Only the one in flight may be there without an acknowledgement. */
static void check_round(struct kit *kit, uint32_t next[THREADS], const uint32_t acknowledged[THREADS])
{
    uint32_t total = 0;
    for (uint32_t thread = 0; thread < THREADS; thread++) {
        for (; next[thread] < acknowledged[thread]; next[thread]++)
            assert_true(check_job(kit, thread, next[thread]));
        next[thread] += check_job(kit, thread, next[thread]);
        assert_false(check_job(kit, thread, next[thread]));
        total += next[thread];
    }
    assert_int_equal(count_replay(kit), total);
}

static void acknowledged_jobs_survive_kill_and_every_job_is_whole(void **state)
{
    struct kit *kit = *state;
    const char *wanted = getenv("CRASH_ROUNDS");
    long rounds = wanted != NULL ? strtol(wanted, NULL, 10) : DEFAULT_ROUNDS;
    uint32_t next[THREADS] = {0}, total = 0;
    kit_host(kit, KIT_SPACE);
    srand((unsigned)getpid());
    for (long round = 0; round < rounds; round++) {
        uint32_t acknowledged[THREADS] = {0};
        kit_close(kit);
        run_and_kill(kit, next, acknowledged, 30 + rand() % 200);
        assert_ok(kit_try_open(kit));
        check_round(kit, next, acknowledged);
    }
    for (size_t i = 0; i < THREADS; i++)
        total += next[i];
    print_message("%u jobs over %ld kills\n", total, rounds);
    assert_true(total > (uint32_t)rounds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            STORE_TEST(acknowledged_jobs_survive_kill_and_every_job_is_whole),
    };
    return cmocka_run_group_tests_name("store.crash", tests, NULL, NULL);
}
