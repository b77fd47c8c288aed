#include "kit.h"

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
            STORE_TEST(I19_failed_invocation_leaves_no_replay_row),
    };
    return cmocka_run_group_tests_name("store.replay", tests, NULL, NULL);
}
