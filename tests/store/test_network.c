#include "kit_audit.h"
#include "store/network.h"

static const char ID[] = "urn:tinycloud:encryption:did:key:zOwner:default";

static struct store_network make(const char *id)
{
    struct store_network network = {.id = T(id), .algorithm = T("x25519-aes256gcm/v1"), .key_version = 1};
    memset(network.public_key, 2, sizeof network.public_key);
    memset(network.private_key, 3, sizeof network.private_key);
    return network;
}

static enum deputy_error apply_insert(struct store_write *write, void *ctx)
{
    return store_network_insert(write, ctx);
}

struct revocation {
    struct deputy_arena *arena;
    const char *id;
};

static enum deputy_error apply_revoke(struct store_write *write, void *ctx)
{
    const struct revocation *revocation = ctx;
    return store_network_revoke(revocation->arena, write, T(revocation->id));
}

static enum deputy_error find(struct kit *kit, struct store_network *out, bool *found, const char *id)
{
    struct store_read *read = kit_read(kit);
    enum deputy_error error = store_network_find(kit->arena, out, found, read, T(id));
    store_read_end(read);
    return error;
}

static void network_is_found_as_it_was_stored_also_after_a_restart(void **state)
{
    struct kit *kit = *state;
    struct store_network network = make(ID), read;
    bool found;
    assert_ok(find(kit, &read, &found, ID));
    assert_false(found);
    assert_ok(store_run(kit->store, apply_insert, &network));
    kit_reopen(kit);
    assert_ok(find(kit, &read, &found, ID));
    assert_true(found);
    assert_text(read.id, ID);
    assert_text(read.algorithm, "x25519-aes256gcm/v1");
    assert_int_equal(read.key_version, 1);
    assert_memory_equal(read.public_key, network.public_key, sizeof read.public_key);
    assert_memory_equal(read.private_key, network.private_key, sizeof read.private_key);
    assert_false(read.revoked);
    assert_true(read.created == (int64_t)KIT_NOW * 1000000 && read.updated == read.created);
}

static void spec04_6_1_an_id_is_taken_once_and_for_good(void **state)
{
    struct kit *kit = *state;
    struct store_network network = make(ID), again = make(ID), read;
    struct revocation revocation = {kit->arena, ID};
    bool found;
    memset(again.public_key, 9, sizeof again.public_key);
    assert_ok(store_run(kit->store, apply_insert, &network));
    assert_int_equal(store_run(kit->store, apply_insert, &again), DEPUTY_E_NETWORK_EXISTS);
    assert_ok(store_run(kit->store, apply_revoke, &revocation));
    assert_int_equal(store_run(kit->store, apply_insert, &again), DEPUTY_E_NETWORK_EXISTS);
    assert_ok(find(kit, &read, &found, ID));
    assert_true(found && read.revoked);
    assert_memory_equal(read.public_key, network.public_key, sizeof read.public_key);
}

static void spec04_7_3_revoking_is_idempotent_and_needs_a_network(void **state)
{
    struct kit *kit = *state;
    struct store_network network = make(ID), read;
    struct revocation revocation = {kit->arena, ID};
    bool found;
    assert_int_equal(store_run(kit->store, apply_revoke, &revocation), DEPUTY_E_NETWORK_UNKNOWN);
    assert_ok(store_run(kit->store, apply_insert, &network));
    assert_ok(store_run(kit->store, apply_revoke, &revocation));
    assert_ok(store_run(kit->store, apply_revoke, &revocation));
    assert_ok(find(kit, &read, &found, ID));
    assert_true(read.revoked);
}

/* Whoever keeps a row keeps it with its generation. */
static void H8_revoking_a_network_moves_the_generation_once(void **state)
{
    struct kit *kit = *state;
    struct store_network network = make(ID);
    struct revocation revocation = {kit->arena, ID};
    uint64_t before = store_generation(kit->store);
    assert_ok(store_run(kit->store, apply_insert, &network));
    assert_int_equal(store_generation(kit->store), before);
    assert_ok(store_run(kit->store, apply_revoke, &revocation));
    assert_int_equal(store_generation(kit->store), before + 1);
    assert_ok(store_run(kit->store, apply_revoke, &revocation));
    assert_int_equal(store_generation(kit->store), before + 1);
}

static size_t audited(const struct kit *kit)
{
    return kit_audit(kit, "networks", store_audit_networks);
}

/* Whoever can write the database can neither bring back a revoked network nor put another key in its place.
 */
static void every_changed_column_is_refused_and_found_by_the_audit(void **state)
{
    static const char *const changes[] = {
            "revoked = 0",
            "public_key = zeroblob(32)",
            "private_key = zeroblob(61)",
            "key_version = 2",
            "algorithm = 'none'",
            "created_at = created_at + 1",
            "updated_at = updated_at + 1",
            "seal = zeroblob(32)",
            "id = 'urn:tinycloud:encryption:did:key:zOther:default'",
    };
    struct kit *kit = *state;
    struct store_network network = make(ID), read;
    struct revocation revocation = {kit->arena, ID};
    bool found;
    assert_ok(store_run(kit->store, apply_insert, &network));
    assert_ok(store_run(kit->store, apply_revoke, &revocation));
    kit_close(kit);
    kit_tamper(kit, "CREATE TABLE kept AS SELECT * FROM network");
    assert_int_equal(audited(kit), 0);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        char sql[256];
        snprintf(sql, sizeof sql, "UPDATE network SET %s", changes[i]);
        kit_tamper(kit, sql);
        assert_int_equal(audited(kit), 1);
        assert_ok(kit_try_open(kit));
        bool moved = strncmp(changes[i], "id", 2) == 0;
        assert_int_equal(
                find(kit, &read, &found, moved ? "urn:tinycloud:encryption:did:key:zOther:default" : ID),
                DEPUTY_E_STORE_SEAL);
        kit_close(kit);
        kit_tamper(kit, "DELETE FROM network; INSERT INTO network SELECT * FROM kept");
    }
    kit_tamper(kit, "DROP TABLE kept");
    assert_ok(kit_try_open(kit));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            STORE_TEST(network_is_found_as_it_was_stored_also_after_a_restart),
            STORE_TEST(spec04_6_1_an_id_is_taken_once_and_for_good),
            STORE_TEST(spec04_7_3_revoking_is_idempotent_and_needs_a_network),
            STORE_TEST(H8_revoking_a_network_moves_the_generation_once),
            STORE_TEST(every_changed_column_is_refused_and_found_by_the_audit),
    };
    return cmocka_run_group_tests_name("store.network", tests, NULL, NULL);
}
