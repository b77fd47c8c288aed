/* Rows of networks that a loop keeps: as of a generation, and none behind a revocation. */
#include "node/network_cache.h"
#include "store/kit.h"

#define ID "urn:tinycloud:encryption:did:key:zOwner:default"

struct fixture {
    struct kit *kit;
    struct network_cache *cache;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    kit_setup((void **)&fixture->kit);
    assert_ok(network_cache_create(&fixture->cache));
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    network_cache_destroy(fixture->cache);
    kit_destroy(fixture->kit);
    free(fixture);
    return 0;
}

static enum deputy_error apply_insert(struct store_write *write, void *ctx)
{
    return store_network_insert(write, ctx);
}

static void insert(struct fixture *fixture, const char *id, uint8_t fill)
{
    struct store_network network = {.id = T(id), .algorithm = T("x25519-aes256gcm/v1"), .key_version = fill};
    memset(network.public_key, fill, sizeof network.public_key);
    memset(network.private_key, fill, sizeof network.private_key);
    assert_ok(store_run(fixture->kit->store, apply_insert, &network));
}

static enum deputy_error apply_revoke(struct store_write *write, void *ctx)
{
    struct kit *kit = ctx;
    return store_network_revoke(kit->arena, write, T(ID));
}

static enum deputy_error load(struct fixture *fixture, struct store_network *out, const char *id)
{
    uint64_t generation = 0;
    enum deputy_error error = network_cache_load(
            fixture->cache, fixture->kit->arena, out, &generation, fixture->kit->store, T(id));
    if (error == DEPUTY_OK)
        assert_int_equal(generation, store_generation(fixture->kit->store));
    return error;
}

/* With every reader taken the store can tell nothing. */
static enum deputy_error load_from_memory(struct fixture *fixture, struct store_network *out, const char *id)
{
    struct store_read *readers[KIT_READERS];
    for (size_t i = 0; i < KIT_READERS; i++)
        readers[i] = kit_read(fixture->kit);
    enum deputy_error error = load(fixture, out, id);
    for (size_t i = 0; i < KIT_READERS; i++)
        store_read_end(readers[i]);
    return error;
}

static void row_that_was_loaded_needs_no_store(void **state)
{
    struct fixture *fixture = *state;
    struct store_network network;
    insert(fixture, ID, 7);
    assert_int_equal(load_from_memory(fixture, &network, ID), DEPUTY_E_STORE_BUSY);
    assert_ok(load(fixture, &network, ID));
    assert_ok(load_from_memory(fixture, &network, ID));
    assert_text(network.id, ID);
    assert_text(network.algorithm, "x25519-aes256gcm/v1");
    assert_int_equal(network.key_version, 7);
    assert_int_equal(network.public_key[31], 7);
    assert_int_equal(network.private_key[60], 7);
    assert_false(network.revoked);
}

static void spec04_7_3_row_is_loaded_again_behind_a_revocation(void **state)
{
    struct fixture *fixture = *state;
    struct store_network network;
    insert(fixture, ID, 7);
    assert_ok(load(fixture, &network, ID));
    assert_ok(store_run(fixture->kit->store, apply_revoke, fixture->kit));
    assert_int_equal(load_from_memory(fixture, &network, ID), DEPUTY_E_STORE_BUSY);
    assert_ok(load(fixture, &network, ID));
    assert_true(network.revoked);
}

static void what_is_missing_is_asked_for_each_time(void **state)
{
    struct fixture *fixture = *state;
    struct store_network network;
    assert_int_equal(load(fixture, &network, ID), DEPUTY_E_NETWORK_UNKNOWN);
    insert(fixture, ID, 7);
    assert_ok(load(fixture, &network, ID));
}

/* More networks than slots: each answer is the row that was asked for. */
static void networks_that_share_a_slot_are_not_mixed_up(void **state)
{
    struct fixture *fixture = *state;
    struct store_network network;
    char id[64];
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 1; i <= 3 * NETWORK_CACHE_SLOTS; i++) {
            snprintf(id, sizeof id, "urn:tinycloud:encryption:did:key:zOwner:%u", i);
            if (round == 0)
                insert(fixture, id, (uint8_t)i);
            assert_ok(load(fixture, &network, id));
            assert_text(network.id, id);
            assert_int_equal(network.public_key[0], i);
        }
    }
}

static void id_too_long_to_keep_is_answered_all_the_same(void **state)
{
    struct fixture *fixture = *state;
    struct store_network network;
    char id[NETWORK_CACHE_TEXT_MAX + 1];
    memset(id, 'a', sizeof id - 1);
    id[sizeof id - 1] = 0;
    insert(fixture, id, 9);
    for (int i = 0; i < 2; i++) {
        assert_ok(load(fixture, &network, id));
        assert_text(network.id, id);
    }
    assert_int_equal(load_from_memory(fixture, &network, id), DEPUTY_E_STORE_BUSY);
}

#define CACHE_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
            CACHE_TEST(row_that_was_loaded_needs_no_store),
            CACHE_TEST(spec04_7_3_row_is_loaded_again_behind_a_revocation),
            CACHE_TEST(what_is_missing_is_asked_for_each_time),
            CACHE_TEST(networks_that_share_a_slot_are_not_mixed_up),
            CACHE_TEST(id_too_long_to_keep_is_answered_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
