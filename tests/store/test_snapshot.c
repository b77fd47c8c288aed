/* Snapshots that are kept for the next reader: they spare a transaction, and nobody sees less for it. */
#include "kit.h"
#include <pthread.h>
#include <stdatomic.h>

static void reopen_keeping(struct kit *kit)
{
    struct store_config config = kit_config(kit);
    config.keeps_snapshots = true;
    kit_close(kit);
    assert_ok(store_open(&kit->store, &config));
}

static void put_number(struct kit *kit, uint32_t number)
{
    kit_host(kit, KIT_SPACE);
    assert_ok(kit_put(kit, T("number"), deputy_slice_bytes(&number, sizeof number)));
}

static uint32_t number_of(const struct store_object *object)
{
    uint32_t number = 0;
    if (object->found && object->value.bytes.len == sizeof number)
        memcpy(&number, object->value.bytes.ptr, sizeof number);
    return number;
}

static uint32_t get_number(struct kit *kit)
{
    struct store_object object = kit_get(kit, T("number"));
    return number_of(&object);
}

/* Can the log be emptied? Not while a snapshot needs what is in it. */
static bool log_is_emptied(struct kit *kit)
{
    return kit_query_int(kit, "PRAGMA wal_checkpoint(TRUNCATE)") == 0;
}

static void H8_kept_snapshot_does_not_hide_what_was_acknowledged(void **state)
{
    struct kit *kit = *state;
    struct kit_token token = kit_token(1);
    reopen_keeping(kit);
    assert_ok(kit_delegate(kit, NULL, &token, NULL, 0));
    for (uint32_t i = 1; i < 20; i++) {
        put_number(kit, i);
        assert_int_equal(get_number(kit), i);
        assert_int_equal(get_number(kit), i);
    }
    store_read_end(kit_read(kit));
    assert_ok(kit_revoke(kit, NULL, &token, "revocation"));
    bool revoked;
    struct store_read *read = kit_read(kit);
    assert_ok(store_is_revoked(read, &revoked, token.signed_digest));
    store_read_end(read);
    assert_true(revoked);
}

static void kept_snapshot_lasts_until_the_store_rests(void **state)
{
    struct kit *kit = *state;
    reopen_keeping(kit);
    put_number(kit, 1);
    assert_int_equal(get_number(kit), 1);
    put_number(kit, 2);
    assert_false(log_is_emptied(kit));
    store_rest(kit->store);
    assert_true(log_is_emptied(kit));
    assert_int_equal(get_number(kit), 2);
    store_rest(kit->store);
    store_rest(kit->store);
}

static void snapshot_ends_at_once_unless_the_owner_rests(void **state)
{
    struct kit *kit = *state;
    put_number(kit, 1);
    assert_int_equal(get_number(kit), 1);
    put_number(kit, 2);
    assert_true(log_is_emptied(kit));
}

static void snapshot_that_is_overtaken_is_not_kept(void **state)
{
    struct kit *kit = *state;
    reopen_keeping(kit);
    struct store_read *read = kit_read(kit);
    bool exists;
    assert_ok(store_space_exists(read, &exists, KIT_SPACE));
    put_number(kit, 1);
    store_read_end(read);
    assert_true(log_is_emptied(kit));
}

static void kept_snapshots_are_readers_like_others(void **state)
{
    struct kit *kit = *state;
    struct store_read *reads[KIT_READERS], *one_more;
    reopen_keeping(kit);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < KIT_READERS; i++)
            reads[i] = kit_read(kit);
        assert_int_equal(store_read_begin(&one_more, kit->store, NULL), DEPUTY_E_STORE_BUSY);
        for (size_t i = 0; i < KIT_READERS; i++)
            store_read_end(reads[i]);
    }
    kit_reopen(kit); /* with all of them kept */
}

/* ---- many at once ---- */

enum { RACE_READERS = 3, RACE_WRITES = 300 };

struct race {
    struct kit *kit;
    _Atomic uint32_t acknowledged;
    atomic_bool stop, behind;
};

/* What was acknowledged before a snapshot began is in it. */
static void race_read(struct race *race, struct deputy_arena *arena)
{
    struct store_read *read;
    struct store_object object;
    uint32_t least = atomic_load(&race->acknowledged);
    if (store_read_begin(&read, race->kit->store, NULL) != DEPUTY_OK ||
            store_kv_get(arena, &object, read, KIT_SPACE, T("number")) != DEPUTY_OK ||
            number_of(&object) < least)
        atomic_store(&race->behind, true);
    store_read_end(read);
}

static void *race_main(void *ctx)
{
    struct race *race = ctx;
    struct deputy_arena *arena;
    if (deputy_arena_create(&arena, 1 << 20) != DEPUTY_OK)
        return NULL;
    for (unsigned i = 1; !atomic_load(&race->stop); i++) {
        race_read(race, arena);
        deputy_arena_reset(arena);
        if (i % 8 == 0)
            store_rest(race->kit->store);
    }
    deputy_arena_destroy(arena);
    return NULL;
}

static void H8_readers_of_kept_snapshots_see_what_was_acknowledged_before_they_began(void **state)
{
    struct race race = {.kit = *state};
    pthread_t threads[RACE_READERS];
    reopen_keeping(race.kit);
    for (size_t i = 0; i < RACE_READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, race_main, &race), 0);
    for (uint32_t i = 1; i <= RACE_WRITES; i++) {
        put_number(race.kit, i);
        atomic_store(&race.acknowledged, i);
    }
    atomic_store(&race.stop, true);
    for (size_t i = 0; i < RACE_READERS; i++)
        pthread_join(threads[i], NULL);
    assert_false(race.behind);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            STORE_TEST(H8_kept_snapshot_does_not_hide_what_was_acknowledged),
            STORE_TEST(kept_snapshot_lasts_until_the_store_rests),
            STORE_TEST(snapshot_ends_at_once_unless_the_owner_rests),
            STORE_TEST(snapshot_that_is_overtaken_is_not_kept),
            STORE_TEST(kept_snapshots_are_readers_like_others),
            STORE_TEST(H8_readers_of_kept_snapshots_see_what_was_acknowledged_before_they_began),
    };
    return cmocka_run_group_tests_name("store.snapshot", tests, NULL, NULL);
}
