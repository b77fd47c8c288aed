#include "kit.h"
#include <semaphore.h>

static struct store_replay replay_of(unsigned number, int64_t expires)
{
    struct store_replay replay = {.expires = expires};
    for (size_t i = 0; i < sizeof number; i++)
        replay.fingerprint[i] = (uint8_t)(number >> (24 - 8 * i));
    return replay;
}

static enum deputy_error apply_insert(struct store_write *write, void *ctx)
{
    return store_replay_insert(write, ctx);
}

static enum deputy_error insert(struct kit *kit, unsigned number, int64_t expires)
{
    struct store_replay replay = replay_of(number, expires);
    return store_run(kit->store, apply_insert, &replay);
}

struct prune {
    int64_t now, latest;
    size_t removed;
};

static enum deputy_error apply_prune(struct store_write *write, void *ctx)
{
    struct prune *prune = ctx;
    return store_replay_prune(write, &prune->removed, prune->now, prune->latest);
}

static size_t prune(struct kit *kit, int64_t now, int64_t latest)
{
    struct prune prune = {.now = now, .latest = latest};
    assert_ok(store_run(kit->store, apply_prune, &prune));
    return prune.removed;
}

static void I18_same_fingerprint_twice_is_refused(void **state)
{
    assert_ok(insert(*state, 1, 100));
    assert_int_equal(insert(*state, 1, 100), DEPUTY_E_STORE_REPLAY);
    assert_int_equal(insert(*state, 1, 200), DEPUTY_E_STORE_REPLAY);
    assert_ok(insert(*state, 2, 100));
}

static void I18_fingerprint_is_remembered_after_reopening(void **state)
{
    assert_ok(insert(*state, 1, 100));
    kit_reopen(*state);
    assert_int_equal(insert(*state, 1, 100), DEPUTY_E_STORE_REPLAY);
}

static void expired_and_far_too_late_rows_are_removed(void **state)
{
    assert_ok(insert(*state, 1, 99));
    assert_ok(insert(*state, 2, 100));
    assert_ok(insert(*state, 3, 101));
    assert_ok(insert(*state, 4, 500));
    assert_ok(insert(*state, 5, 501));
    assert_int_equal(prune(*state, 100, 500), 3);
    assert_int_equal(insert(*state, 3, 101), DEPUTY_E_STORE_REPLAY);
    assert_int_equal(insert(*state, 4, 500), DEPUTY_E_STORE_REPLAY);
    assert_ok(insert(*state, 1, 99));
    assert_int_equal(prune(*state, 98, 500), 0);
}

static enum deputy_error apply_many(struct store_write *write, void *ctx)
{
    enum deputy_error result = DEPUTY_OK;
    for (unsigned i = 0; i < *(unsigned *)ctx && result == DEPUTY_OK; i++) {
        struct store_replay replay = replay_of(i, 100 + i);
        result = store_replay_insert(write, &replay);
    }
    return result;
}

static void pruning_is_bounded_and_goes_on_where_it_stopped(void **state)
{
    unsigned count = STORE_REPLAY_PAGE + 5;
    assert_ok(store_run(((struct kit *)*state)->store, apply_many, &count));
    assert_int_equal(prune(*state, 10000, 20000), STORE_REPLAY_PAGE);
    assert_int_equal(prune(*state, 10000, 20000), 5);
    assert_int_equal(prune(*state, 10000, 20000), 0);
}

static void every_row_is_loaded_once_page_by_page(void **state)
{
    struct kit *kit = *state;
    unsigned count = 2 * STORE_REPLAY_PAGE + 5, seen = 0;
    const uint8_t *after = NULL;
    assert_ok(store_run(kit->store, apply_many, &count));
    struct store_read *read = kit_read(kit);
    for (size_t got = STORE_REPLAY_PAGE; got == STORE_REPLAY_PAGE;) {
        struct store_replay *rows;
        assert_ok(store_replay_load(kit->arena, &rows, &got, read, after));
        for (size_t i = 0; i < got; i++, seen++) {
            struct store_replay expected = replay_of(seen, 100 + seen);
            assert_memory_equal(rows[i].fingerprint, expected.fingerprint, STORE_FINGERPRINT_BYTES);
            assert_int_equal(rows[i].expires, expected.expires);
        }
        after = rows[got - 1].fingerprint;
    }
    store_read_end(read);
    assert_int_equal(seen, count);
}

struct page {
    struct store_replay replays[STORE_REPLAY_PAGE + 1];
    size_t count;
};

static enum deputy_error apply_page(struct store_write *write, void *ctx)
{
    const struct page *page = ctx;
    return store_replay_insert_page(write, page->replays, page->count);
}

/* Uses `first`, `first` + 1, ..., each expiring at its number. */
static enum deputy_error insert_page(struct kit *kit, unsigned first, size_t count)
{
    static struct page page;
    page.count = count;
    for (unsigned i = 0; i < count; i++)
        page.replays[i] = replay_of(first + i, first + i);
    return store_run(kit->store, apply_page, &page);
}

/* How many uses lie in pages; each must be the number after the one before. */
static unsigned count_in_pages(struct kit *kit, unsigned first)
{
    struct store_read *read = kit_read(kit);
    int64_t after = 0;
    unsigned seen = 0;
    for (size_t got = 1; got > 0;) {
        struct store_replay *rows = NULL;
        assert_ok(store_replay_load_page(kit->arena, &rows, &got, read, &after));
        for (size_t i = 0; i < got; i++, seen++) {
            struct store_replay expected = replay_of(first + seen, first + seen);
            assert_memory_equal(rows[i].fingerprint, expected.fingerprint, STORE_FINGERPRINT_BYTES);
            assert_int_equal(rows[i].expires, expected.expires);
        }
    }
    store_read_end(read);
    return seen;
}

static void page_that_is_empty_or_too_long_is_refused(void **state)
{
    assert_int_equal(insert_page(*state, 1, 0), DEPUTY_E_ARGUMENT);
    assert_int_equal(insert_page(*state, 1, STORE_REPLAY_PAGE + 1), DEPUTY_E_ARGUMENT);
    assert_int_equal(count_in_pages(*state, 1), 0);
}

static void I18_pages_are_remembered_after_reopening_each_use_once(void **state)
{
    assert_ok(insert_page(*state, 1, 1));
    assert_ok(insert_page(*state, 2, STORE_REPLAY_PAGE));
    kit_reopen(*state);
    assert_int_equal(count_in_pages(*state, 1), 1 + STORE_REPLAY_PAGE);
}

static void page_is_removed_when_the_last_of_it_has_expired_or_it_lies_too_far_ahead(void **state)
{
    assert_ok(insert_page(*state, 1, 10));
    assert_ok(insert_page(*state, 11, 10));
    assert_ok(insert_page(*state, 21, 10));
    assert_int_equal(prune(*state, 9, 1000), 0);
    assert_int_equal(prune(*state, 10, 29), 2);
    assert_int_equal(count_in_pages(*state, 11), 10);
}

/* ---- uses that are written with their commit ---- */

/* One of a few jobs of the same commit: the first of them holds the writer until the others wait. */
struct joining {
    struct store_job job;
    struct store_replay replay;
    size_t times;
    enum deputy_error answer, result;
    sem_t *entered, *open; /* NULL but for the first */
    sem_t *done;           /* NULL but for the last */
};

static enum deputy_error apply_join(struct store_write *write, void *ctx)
{
    const struct joining *joining = ctx;
    enum deputy_error result = DEPUTY_OK;
    if (joining->entered != NULL) {
        sem_post(joining->entered);
        sem_wait(joining->open);
    }
    for (size_t i = 0; i < joining->times && result == DEPUTY_OK; i++)
        result = store_replay_join(write, &joining->replay);
    return result == DEPUTY_OK ? joining->answer : result;
}

static void join_done(void *ctx, enum deputy_error result)
{
    struct joining *joining = ctx;
    joining->result = result;
    if (joining->done != NULL)
        sem_post(joining->done);
}

/* The first is a commit of its own, the others are one. */
static void join_all(struct kit *kit, struct joining *all, size_t count)
{
    sem_t entered, open, done;
    sem_init(&entered, 0, 0);
    sem_init(&open, 0, 0);
    sem_init(&done, 0, 0);
    all[0].entered = &entered;
    all[0].open = &open;
    all[count - 1].done = &done;
    for (size_t i = 0; i < count; i++) {
        all[i].job = (struct store_job){.apply = apply_join, .done = join_done, .ctx = &all[i]};
        store_submit(kit->store, &all[i].job);
        if (i == 0)
            sem_wait(&entered);
    }
    sem_post(&open);
    sem_wait(&done);
    sem_destroy(&entered);
    sem_destroy(&open);
    sem_destroy(&done);
}

static size_t pages(const struct kit *kit)
{
    struct store_read *read = kit_read((struct kit *)kit);
    struct store_replay *rows;
    int64_t after = 0;
    size_t count = 0;
    for (size_t got = 1; got > 0; count += got > 0)
        assert_ok(store_replay_load_page(kit->arena, &rows, &got, read, &after));
    store_read_end(read);
    return count;
}

static void I18_uses_of_one_commit_share_a_page_that_is_there_after_reopening(void **state)
{
    struct joining all[4];
    memset(all, 0, sizeof all);
    for (unsigned i = 0; i < 4; i++)
        all[i] = (struct joining){.replay = replay_of(1 + i, 1 + i), .times = 1};
    join_all(*state, all, 4);
    kit_reopen(*state);
    assert_int_equal(count_in_pages(*state, 1), 4);
    assert_int_equal(pages(*state), 2);
}

static void I19_joined_use_of_a_failing_job_is_not_kept_and_the_others_are(void **state)
{
    struct joining all[5];
    memset(all, 0, sizeof all);
    all[1] = (struct joining){.replay = replay_of(9, 9), .times = 1, .answer = DEPUTY_E_UNAUTHORIZED_ACTION};
    all[2] = (struct joining){.replay = replay_of(1, 1), .times = 1};
    all[3] = (struct joining){.replay = replay_of(9, 9), .times = 2, .answer = DEPUTY_E_UNAUTHORIZED_ACTION};
    all[4] = (struct joining){.replay = replay_of(2, 2), .times = 1};
    join_all(*state, all, 5);
    assert_int_equal(all[1].result, DEPUTY_E_UNAUTHORIZED_ACTION);
    assert_int_equal(all[2].result, DEPUTY_OK);
    assert_int_equal(all[4].result, DEPUTY_OK);
    assert_int_equal(count_in_pages(*state, 1), 2);
    assert_int_equal(pages(*state), 1);
}

static void job_that_joins_more_uses_than_a_page_holds_is_refused(void **state)
{
    struct joining all[2];
    memset(all, 0, sizeof all);
    all[1] = (struct joining){.replay = replay_of(1, 1), .times = STORE_BATCH_JOBS + 1};
    join_all(*state, all, 2);
    assert_int_equal(all[1].result, DEPUTY_E_ARGUMENT);
    assert_int_equal(pages(*state), 0);
}

struct effect {
    struct store_replay replay;
    struct store_put put;
    enum deputy_error answer;
};

static enum deputy_error apply_effect(struct store_write *write, void *ctx)
{
    struct effect *effect = ctx;
    enum deputy_error result = store_replay_insert(write, &effect->replay);
    if (result == DEPUTY_OK)
        result = store_kv_set(write, &effect->put);
    return result == DEPUTY_OK ? effect->answer : result;
}

static void I19_failed_invocation_leaves_no_replay_row(void **state)
{
    struct kit *kit = *state;
    struct store_value value;
    kit_host(kit, KIT_SPACE);
    assert_ok(store_value_inline(&value, T("x")));
    struct effect effect = {replay_of(1, 100), kit_make_put(T("k"), &value), DEPUTY_E_UNAUTHORIZED_ACTION};
    assert_int_equal(store_run(kit->store, apply_effect, &effect), DEPUTY_E_UNAUTHORIZED_ACTION);
    effect.answer = DEPUTY_OK;
    assert_ok(store_run(kit->store, apply_effect, &effect));
    assert_int_equal(store_run(kit->store, apply_effect, &effect), DEPUTY_E_STORE_REPLAY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            STORE_TEST(I18_same_fingerprint_twice_is_refused),
            STORE_TEST(I18_fingerprint_is_remembered_after_reopening),
            STORE_TEST(expired_and_far_too_late_rows_are_removed),
            STORE_TEST(pruning_is_bounded_and_goes_on_where_it_stopped),
            STORE_TEST(every_row_is_loaded_once_page_by_page),
            STORE_TEST(page_that_is_empty_or_too_long_is_refused),
            STORE_TEST(I18_pages_are_remembered_after_reopening_each_use_once),
            STORE_TEST(page_is_removed_when_the_last_of_it_has_expired_or_it_lies_too_far_ahead),
            STORE_TEST(I18_uses_of_one_commit_share_a_page_that_is_there_after_reopening),
            STORE_TEST(I19_joined_use_of_a_failing_job_is_not_kept_and_the_others_are),
            STORE_TEST(job_that_joins_more_uses_than_a_page_holds_is_refused),
            STORE_TEST(I19_failed_invocation_leaves_no_replay_row),
    };
    return cmocka_run_group_tests_name("store.replay", tests, NULL, NULL);
}
