/* The chain of revocations: what somebody who writes the database by hand does to it is noticed. */
#include "kit.h"

enum { REVOKED = 3 };

/* Three delegations, each revoked. */
static void revoke_three(struct kit *kit)
{
    static const char *const texts[REVOKED] = {"revocation 0", "revocation 1", "revocation 2"};
    for (unsigned i = 0; i < REVOKED; i++) {
        struct kit_token token = kit_token(i);
        assert_ok(kit_delegate(kit, NULL, &token, NULL, 0));
        assert_ok(kit_revoke(kit, NULL, &token, texts[i]));
    }
}

/* Changes the closed database, and gives what the next start says. */
static enum deputy_error start_after(struct kit *kit, const char *sql)
{
    revoke_three(kit);
    kit_close(kit);
    kit_tamper(kit, sql);
    return kit_try_open(kit);
}

static void untouched_chain_opens_again_and_goes_on(void **state)
{
    struct kit *kit = *state;
    struct kit_token next = kit_token(REVOKED);
    revoke_three(kit);
    kit_reopen(kit);
    assert_ok(kit_revoke(kit, NULL, &next, "one more"));
    kit_reopen(kit);
}

static void repeated_revocation_adds_no_link(void **state)
{
    struct kit *kit = *state;
    struct kit_token token = kit_token(0);
    bool created = true;
    revoke_three(kit);
    assert_ok(kit_revoke(kit, &created, &token, "revocation 0"));
    assert_false(created);
    kit_reopen(kit);
    assert_int_equal(kit_query_int(kit, "SELECT count FROM revocation_head"), REVOKED);
}

static void H18_deleted_revocation_stops_the_start(void **state)
{
    assert_int_equal(start_after(*state, "DELETE FROM revocation WHERE id = 1"), DEPUTY_E_STORE_REVOCATIONS);
}

static void H18_deleted_last_revocation_stops_the_start(void **state)
{
    assert_int_equal(start_after(*state, "DELETE FROM revocation WHERE id = 3"), DEPUTY_E_STORE_REVOCATIONS);
}

/* The link of the row before is known; the mark over it is not. */
static void H18_shortened_head_stops_the_start(void **state)
{
    assert_int_equal(start_after(*state, "DELETE FROM revocation WHERE id = 3;"
                                         "UPDATE revocation_head SET count = 2,"
                                         " link = (SELECT link FROM revocation WHERE id = 2)"),
            DEPUTY_E_STORE_REVOCATIONS);
}

static void H18_all_revocations_deleted_stops_the_start(void **state)
{
    assert_int_equal(start_after(*state, "DELETE FROM revocation; DELETE FROM revocation_head"),
            DEPUTY_E_STORE_REVOCATIONS);
}

static void H18_emptied_chain_with_zero_head_stops_the_start(void **state)
{
    assert_int_equal(start_after(*state, "DELETE FROM revocation;"
                                         "UPDATE revocation_head SET count = 0, link = zeroblob(32)"),
            DEPUTY_E_STORE_REVOCATIONS);
}

/* A database without the mark would be taken for a new one, and one without links for an older one. */
static void H18_removed_mark_does_not_make_a_new_chain(void **state)
{
    assert_int_equal(
            start_after(*state, "DELETE FROM revocation; DELETE FROM revocation_head; DELETE FROM seal"),
            DEPUTY_E_STORE_SEAL);
}

static void H18_links_cannot_be_asked_for_again(void **state)
{
    assert_int_equal(
            start_after(*state, "DELETE FROM revocation WHERE id = 2; UPDATE revocation SET link = x'';"
                                "DELETE FROM revocation_head"),
            DEPUTY_E_STORE_REVOCATIONS);
}

static void H18_edited_revocation_stops_the_start(void **state)
{
    (void)state;
    static const char *const edits[] = {
            "UPDATE revocation SET signed_digest = zeroblob(32) WHERE id = 2",
            "UPDATE revocation SET target = zeroblob(32) WHERE id = 2",
            "UPDATE revocation SET digest = zeroblob(32) WHERE id = 2",
            "UPDATE revocation SET bytes = x'00' WHERE id = 2",
            "UPDATE revocation SET revoker = 'did:key:zMallory' WHERE id = 2",
            "UPDATE revocation SET revoked_at = revoked_at + 1 WHERE id = 2",
            "UPDATE revocation SET link = zeroblob(32) WHERE id = 2",
    };
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        struct kit *kit = kit_make("/tmp");
        assert_ok(kit_try_open(kit));
        assert_int_equal(start_after(kit, edits[i]), DEPUTY_E_STORE_REVOCATIONS);
        kit_destroy(kit);
    }
}

static void H18_reordered_revocations_stop_the_start(void **state)
{
    assert_int_equal(start_after(*state,
                             "UPDATE revocation SET id = 10 WHERE id = 1; UPDATE revocation SET id = 1 WHERE "
                             "id = 2; UPDATE revocation SET id = 2 WHERE id = 10"),
            DEPUTY_E_STORE_REVOCATIONS);
}

static void H18_added_revocation_stops_the_start(void **state)
{
    assert_int_equal(start_after(*state,
                             "INSERT INTO revocation (digest, target, signed_digest, bytes, revoker,"
                             " revoked_at, link) SELECT zeroblob(32), target, signed_digest, bytes, revoker,"
                             " revoked_at, link FROM revocation WHERE id = 3"),
            DEPUTY_E_STORE_REVOCATIONS);
}

static void H18_revoking_behind_a_changed_end_is_refused_while_running(void **state)
{
    struct kit *kit = *state;
    struct kit_token next = kit_token(REVOKED);
    revoke_three(kit);
    kit_tamper(kit, "DELETE FROM revocation WHERE id = 3");
    assert_int_equal(kit_revoke(kit, NULL, &next, "one more"), DEPUTY_E_STORE_REVOCATIONS);
}

static void chain_of_another_secret_is_refused(void **state)
{
    struct kit *kit = *state;
    static const uint8_t other_key[STORE_SEAL_KEY_BYTES] = {43};
    revoke_three(kit);
    kit_close(kit);
    struct store_config config = kit_config(kit);
    config.seal_key = other_key;
    assert_int_equal(store_open(&kit->store, &config), DEPUTY_E_STORE_SECRET);
}

/* Puts the closed database back to the first schema, as it was made before there was a chain. */
static void make_unchained(struct kit *kit)
{
    char sql[1024], hex[2 * STORE_DIGEST_BYTES + 1];
    uint8_t mark[STORE_DIGEST_BYTES];
    blake3_keyed(mark, kit_seal_key, T("deputy store database v1"));
    for (size_t i = 0; i < sizeof mark; i++)
        snprintf(hex + 2 * i, 3, "%02x", mark[i]);
    snprintf(sql, sizeof sql,
            KIT_UNDO_BEHIND_002
            "ALTER TABLE revocation DROP COLUMN link; DROP TABLE revocation_head; DROP INDEX kv_event_file;"
            "DROP TABLE replay_page;"
            "UPDATE seal SET mark = x'%s'; PRAGMA user_version = 1",
            hex);
    kit_tamper(kit, sql);
}

static void database_older_than_the_chain_is_chained_once(void **state)
{
    struct kit *kit = *state;
    revoke_three(kit);
    kit_close(kit);
    make_unchained(kit);
    assert_ok(kit_try_open(kit));
    assert_int_equal(kit_query_int(kit, "SELECT count FROM revocation_head"), REVOKED);
    kit_close(kit);
    kit_tamper(kit, "DELETE FROM revocation WHERE id = 2");
    assert_int_equal(kit_try_open(kit), DEPUTY_E_STORE_REVOCATIONS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            STORE_TEST(untouched_chain_opens_again_and_goes_on),
            STORE_TEST(repeated_revocation_adds_no_link),
            STORE_TEST(H18_deleted_revocation_stops_the_start),
            STORE_TEST(H18_deleted_last_revocation_stops_the_start),
            STORE_TEST(H18_shortened_head_stops_the_start),
            STORE_TEST(H18_all_revocations_deleted_stops_the_start),
            STORE_TEST(H18_emptied_chain_with_zero_head_stops_the_start),
            STORE_TEST(H18_removed_mark_does_not_make_a_new_chain),
            STORE_TEST(H18_links_cannot_be_asked_for_again),
            STORE_TEST(H18_edited_revocation_stops_the_start),
            STORE_TEST(H18_reordered_revocations_stop_the_start),
            STORE_TEST(H18_added_revocation_stops_the_start),
            STORE_TEST(H18_revoking_behind_a_changed_end_is_refused_while_running),
            STORE_TEST(chain_of_another_secret_is_refused),
            STORE_TEST(database_older_than_the_chain_is_chained_once),
    };
    return cmocka_run_group_tests_name("store.revocations", tests, NULL, NULL);
}
