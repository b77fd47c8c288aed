#include "kit.h"

/* --- delegations --- */

static void same_delegation_twice_is_stored_once(void **state)
{
    struct kit_token token = kit_token(1);
    bool created;
    assert_ok(kit_delegate(*state, &created, &token, NULL, 0));
    assert_true(created);
    assert_ok(kit_delegate(*state, &created, &token, NULL, 0));
    assert_false(created);
    struct store_counts counts;
    struct store_read *read = kit_read(*state);
    assert_ok(store_count(read, &counts));
    store_read_end(read);
    assert_int_equal(counts.delegations, 1);
}

static void delegation_under_a_foreign_digest_is_refused(void **state)
{
    struct kit_token token = kit_token(1);
    token.digest[0] ^= 1;
    assert_int_equal(kit_delegate(*state, NULL, &token, NULL, 0), DEPUTY_E_ARGUMENT);
}

static void delegation_with_too_many_parents_is_refused(void **state)
{
    static const uint8_t parents[STORE_PARENTS_MAX + 1][STORE_DIGEST_BYTES];
    struct kit_token token = kit_token(1);
    assert_int_equal(kit_delegate(*state, NULL, &token, parents, STORE_PARENTS_MAX + 1), DEPUTY_E_ARGUMENT);
    assert_ok(kit_delegate(*state, NULL, &token, parents, STORE_PARENTS_MAX));
}

/* --- revocation --- */

static bool is_revoked(struct kit *kit, const struct kit_token *token)
{
    bool revoked;
    struct store_read *read = kit_read(kit);
    assert_ok(store_is_revoked(read, &revoked, token->signed_digest));
    store_read_end(read);
    return revoked;
}

static struct store_rows load(struct kit *kit, const struct kit_token *tokens, size_t count, size_t limit)
{
    uint8_t cited[8][STORE_DIGEST_BYTES];
    for (size_t i = 0; i < count; i++)
        memcpy(cited[i], tokens[i].digest, STORE_DIGEST_BYTES);
    struct store_rows rows;
    struct store_read *read = kit_read(kit);
    assert_ok(store_proofs_load(
            kit->arena, &rows, read, (const uint8_t(*)[STORE_DIGEST_BYTES])cited, count, limit));
    store_read_end(read);
    return rows;
}

static void D58_revoked_delegation_is_reported_revoked(void **state)
{
    struct kit_token token = kit_token(1), other = kit_token(2);
    assert_ok(kit_delegate(*state, NULL, &token, NULL, 0));
    assert_ok(kit_delegate(*state, NULL, &other, NULL, 0));
    assert_ok(kit_revoke(*state, NULL, &token, "revocation"));
    assert_true(is_revoked(*state, &token));
    assert_true(load(*state, &token, 1, 64).rows[0].revoked);
    assert_false(load(*state, &other, 1, 64).rows[0].revoked);
}

static void H1_twin_stored_before_the_revocation_is_reported_revoked(void **state)
{
    struct kit_token token = kit_token(1), twin = kit_encoding(1, " re-encoded");
    assert_ok(kit_delegate(*state, NULL, &token, NULL, 0));
    assert_ok(kit_delegate(*state, NULL, &twin, NULL, 0));
    assert_false(load(*state, &twin, 1, 64).rows[0].revoked);
    assert_ok(kit_revoke(*state, NULL, &token, "revocation"));
    assert_true(load(*state, &twin, 1, 64).rows[0].revoked);
}

static void H1_twin_of_a_revoked_delegation_is_not_stored(void **state)
{
    struct kit_token token = kit_token(1), twin = kit_encoding(1, " re-encoded");
    assert_ok(kit_delegate(*state, NULL, &token, NULL, 0));
    assert_ok(kit_revoke(*state, NULL, &token, "revocation"));
    assert_int_equal(kit_delegate(*state, NULL, &twin, NULL, 0), DEPUTY_E_PARENT_REVOKED);
    assert_false(deputy_slice_present(load(*state, &twin, 1, 64).rows[0].bytes));
}

static void D78_revoked_delegation_posted_again_is_refused(void **state)
{
    struct kit_token token = kit_token(1);
    assert_ok(kit_delegate(*state, NULL, &token, NULL, 0));
    assert_ok(kit_revoke(*state, NULL, &token, "revocation"));
    assert_int_equal(kit_delegate(*state, NULL, &token, NULL, 0), DEPUTY_E_PARENT_REVOKED);
}

static void same_revocation_twice_moves_the_generation_once(void **state)
{
    struct kit *kit = *state;
    struct kit_token token = kit_token(1);
    bool created;
    uint64_t before = store_generation(kit->store);
    assert_ok(kit_delegate(kit, NULL, &token, NULL, 0));
    assert_int_equal(store_generation(kit->store), before);
    assert_ok(kit_revoke(kit, &created, &token, "revocation"));
    assert_true(created);
    assert_int_equal(store_generation(kit->store), before + 1);
    assert_ok(kit_revoke(kit, &created, &token, "revocation"));
    assert_false(created);
    assert_int_equal(store_generation(kit->store), before + 1);
}

static void revocation_survives_reopening(void **state)
{
    struct kit_token token = kit_token(1);
    assert_ok(kit_delegate(*state, NULL, &token, NULL, 0));
    assert_ok(kit_revoke(*state, NULL, &token, "revocation"));
    kit_reopen(*state);
    assert_true(is_revoked(*state, &token));
}

/* --- the closure --- */

/* 0 <- 1 <- 3, 0 <- 2 <- 3: a diamond. */
static void store_diamond(struct kit *kit, struct kit_token tokens[4])
{
    uint8_t both[2][STORE_DIGEST_BYTES];
    for (unsigned i = 0; i < 4; i++)
        tokens[i] = kit_token(i);
    memcpy(both[0], tokens[1].digest, STORE_DIGEST_BYTES);
    memcpy(both[1], tokens[2].digest, STORE_DIGEST_BYTES);
    assert_ok(kit_delegate(kit, NULL, &tokens[0], NULL, 0));
    assert_ok(kit_delegate(kit, NULL, &tokens[1], &tokens[0].digest, 1));
    assert_ok(kit_delegate(kit, NULL, &tokens[2], &tokens[0].digest, 1));
    assert_ok(kit_delegate(kit, NULL, &tokens[3], (const uint8_t(*)[STORE_DIGEST_BYTES])both, 2));
}

static void closure_holds_every_ancestor_once_breadth_first(void **state)
{
    struct kit_token t[4];
    store_diamond(*state, t);
    struct store_rows rows = load(*state, &t[3], 1, 64);
    assert_int_equal(rows.count, 4);
    assert_int_equal(rows.cited, 1);
    assert_text(rows.rows[0].bytes, t[3].text);
    assert_text(rows.rows[1].bytes, t[1].text);
    assert_text(rows.rows[2].bytes, t[2].text);
    assert_text(rows.rows[3].bytes, t[0].text);
    assert_int_equal(rows.rows[0].parent_count, 2);
    assert_int_equal(rows.rows[0].parents[0], 1);
    assert_int_equal(rows.rows[0].parents[1], 2);
    assert_int_equal(rows.rows[1].parents[0], 3);
    assert_int_equal(rows.rows[2].parents[0], 3);
    assert_int_equal(rows.rows[3].parent_count, 0);
    assert_memory_equal(rows.rows[3].signed_digest, t[0].signed_digest, STORE_DIGEST_BYTES);
}

static void cited_rows_come_first_in_cited_order(void **state)
{
    struct kit_token t[4];
    store_diamond(*state, t);
    struct kit_token cited[] = {t[0], t[3], t[1]};
    struct store_rows rows = load(*state, cited, 3, 64);
    assert_int_equal(rows.count, 4);
    assert_int_equal(rows.cited, 3);
    for (size_t i = 0; i < 3; i++)
        assert_text(rows.rows[i].bytes, cited[i].text);
    assert_int_equal(rows.rows[1].parents[0], 2);
    assert_int_equal(rows.rows[2].parents[0], 0);
}

static void D15_unknown_proof_gives_a_row_without_bytes(void **state)
{
    struct kit_token known = kit_token(1), unknown = kit_token(2);
    assert_ok(kit_delegate(*state, NULL, &known, NULL, 0));
    struct kit_token cited[] = {unknown, known};
    struct store_rows rows = load(*state, cited, 2, 64);
    assert_int_equal(rows.count, 2);
    assert_false(deputy_slice_present(rows.rows[0].bytes));
    assert_text(rows.rows[1].bytes, known.text);
}

static void D21_proof_cited_twice_is_found_once(void **state)
{
    struct kit_token t[4];
    store_diamond(*state, t);
    struct kit_token cited[] = {t[1], t[1]};
    struct store_rows rows = load(*state, cited, 2, 64);
    assert_int_equal(rows.count, 3);
    assert_int_equal(rows.cited, 2);
    assert_text(rows.rows[0].bytes, t[1].text);
    assert_false(deputy_slice_present(rows.rows[1].bytes));
}

static void missing_ancestor_gives_a_row_without_bytes(void **state)
{
    struct kit_token parent = kit_token(1), child = kit_token(2);
    assert_ok(kit_delegate(*state, NULL, &child, &parent.digest, 1));
    struct store_rows rows = load(*state, &child, 1, 64);
    assert_int_equal(rows.count, 2);
    assert_int_equal(rows.rows[0].parents[0], 1);
    assert_memory_equal(rows.rows[1].digest, parent.digest, STORE_DIGEST_BYTES);
    assert_false(deputy_slice_present(rows.rows[1].bytes));
}

static void store_line(struct kit *kit, unsigned length)
{
    for (unsigned i = 0; i < length; i++) {
        struct kit_token token = kit_token(i), parent = kit_token(i - 1);
        assert_ok(kit_delegate(kit, NULL, &token, &parent.digest, i == 0 ? 0 : 1));
    }
}

static void closure_at_its_limit_is_loaded_and_beyond_it_is_not(void **state)
{
    store_line(*state, 65);
    struct kit_token at = kit_token(63), beyond = kit_token(64);
    struct store_rows rows = load(*state, &at, 1, 64);
    assert_false(rows.over_limit);
    assert_int_equal(rows.count, 64);
    rows = load(*state, &beyond, 1, 64);
    assert_true(rows.over_limit);
    assert_int_equal(rows.count, 0);
    assert_false(load(*state, &beyond, 1, 65).over_limit);
}

static void more_citations_than_the_limit_are_over_it(void **state)
{
    struct kit_token cited[] = {kit_token(1), kit_token(2), kit_token(3)};
    assert_true(load(*state, cited, 3, 2).over_limit);
    assert_false(load(*state, cited, 3, 3).over_limit);
}

static void closure_of_nothing_is_empty(void **state)
{
    struct store_rows rows = load(*state, NULL, 0, 64);
    assert_false(rows.over_limit);
    assert_int_equal(rows.count, 0);
}

/* --- a database changed by someone else --- */

static enum deputy_error try_load(struct kit *kit, const struct kit_token *token)
{
    struct store_rows rows;
    struct store_read *read = kit_read(kit);
    enum deputy_error result = store_proofs_load(kit->arena, &rows, read, &token->digest, 1, 64);
    store_read_end(read);
    return result;
}

static void tamper(struct kit *kit, const char *sql)
{
    kit_close(kit);
    kit_tamper(kit, sql);
    assert_ok(kit_try_open(kit));
}

static void H18_token_bytes_changed_in_the_database_are_not_loaded(void **state)
{
    struct kit_token token = kit_token(1);
    assert_ok(kit_delegate(*state, NULL, &token, NULL, 0));
    assert_ok(try_load(*state, &token));
    tamper(*state, "UPDATE delegation SET bytes = CAST('token 2' AS BLOB)");
    assert_int_equal(try_load(*state, &token), DEPUTY_E_STORE_TOKEN);
}

static void H18_token_moved_under_another_digest_is_not_loaded(void **state)
{
    struct kit_token token = kit_token(1), other = kit_token(2);
    assert_ok(kit_delegate(*state, NULL, &token, NULL, 0));
    assert_ok(kit_delegate(*state, NULL, &other, NULL, 0));
    tamper(*state, "UPDATE delegation SET bytes = (SELECT bytes FROM delegation WHERE id = 2) WHERE id = 1");
    assert_int_equal(try_load(*state, &token), DEPUTY_E_STORE_TOKEN);
}

static void H18_ancestor_changed_in_the_database_is_not_loaded(void **state)
{
    struct kit_token parent = kit_token(1), child = kit_token(2);
    assert_ok(kit_delegate(*state, NULL, &parent, NULL, 0));
    assert_ok(kit_delegate(*state, NULL, &child, &parent.digest, 1));
    tamper(*state, "UPDATE delegation SET bytes = CAST('x' AS BLOB) WHERE id = 1");
    assert_int_equal(try_load(*state, &child), DEPUTY_E_STORE_TOKEN);
}

static void H18_ragged_edges_in_the_database_are_refused(void **state)
{
    struct kit_token token = kit_token(1);
    assert_ok(kit_delegate(*state, NULL, &token, NULL, 0));
    tamper(*state, "PRAGMA ignore_check_constraints = ON; UPDATE delegation SET parents = x'00'");
    assert_int_equal(try_load(*state, &token), DEPUTY_E_STORE_CORRUPT);
    tamper(*state, "UPDATE delegation SET parents = zeroblob(32 * 65)");
    assert_int_equal(try_load(*state, &token), DEPUTY_E_STORE_CORRUPT);
}

/* Adds a row for the token with the given expressions, the other columns as in the row that is there. */
static void forge(struct kit *kit, const struct kit_token *token, const char *signed_digest)
{
    char sql[512], digest[2 * STORE_DIGEST_BYTES + 1];
    for (size_t i = 0; i < STORE_DIGEST_BYTES; i++)
        snprintf(digest + 2 * i, 3, "%02x", token->digest[i]);
    snprintf(sql, sizeof sql,
            "INSERT INTO delegation (digest, signed_digest, parents, seal, bytes, delegator, delegatee,"
            " received_at) SELECT x'%s', %s, parents, seal, CAST('%s' AS BLOB), 'a', 'b', 0 FROM delegation",
            digest, signed_digest, token->text);
    tamper(kit, sql);
}

static void H18_delegation_added_to_the_database_is_not_loaded(void **state)
{
    struct kit_token admitted = kit_token(1), forged = kit_token(2);
    assert_ok(kit_delegate(*state, NULL, &admitted, NULL, 0));
    forge(*state, &forged, "zeroblob(32)");
    assert_int_equal(try_load(*state, &forged), DEPUTY_E_STORE_SEAL);
    assert_ok(try_load(*state, &admitted));
}

static void H18_seal_does_not_fit_another_delegation(void **state)
{
    struct kit_token admitted = kit_token(1), forged = kit_token(2);
    assert_ok(kit_delegate(*state, NULL, &admitted, NULL, 0));
    forge(*state, &forged, "signed_digest");
    assert_int_equal(try_load(*state, &forged), DEPUTY_E_STORE_SEAL);
}

static void H18_seal_of_another_key_or_length_is_refused(void **state)
{
    struct kit_token token = kit_token(1);
    assert_ok(kit_delegate(*state, NULL, &token, NULL, 0));
    tamper(*state, "UPDATE delegation SET seal = zeroblob(32)");
    assert_int_equal(try_load(*state, &token), DEPUTY_E_STORE_SEAL);
    tamper(*state, "PRAGMA ignore_check_constraints = ON; UPDATE delegation SET seal = x''");
    assert_int_equal(try_load(*state, &token), DEPUTY_E_STORE_SEAL);
}

static void H1_signed_digest_changed_in_the_database_does_not_undo_a_revocation(void **state)
{
    struct kit_token token = kit_token(1);
    assert_ok(kit_delegate(*state, NULL, &token, NULL, 0));
    assert_ok(kit_revoke(*state, NULL, &token, "revocation"));
    tamper(*state, "UPDATE delegation SET signed_digest = zeroblob(32)");
    assert_int_equal(try_load(*state, &token), DEPUTY_E_STORE_SEAL);
}

static void H18_edges_changed_in_the_database_are_refused(void **state)
{
    struct kit_token parent = kit_token(1), child = kit_token(2);
    assert_ok(kit_delegate(*state, NULL, &parent, NULL, 0));
    assert_ok(kit_delegate(*state, NULL, &child, &parent.digest, 1));
    tamper(*state, "UPDATE delegation SET parents = x'' WHERE id = 2");
    assert_int_equal(try_load(*state, &child), DEPUTY_E_STORE_SEAL);
}

/* No token can cite itself, but the walk must end whatever was inserted. */
static void delegation_that_is_its_own_parent_is_loaded_once(void **state)
{
    struct kit_token token = kit_token(1);
    assert_ok(kit_delegate(*state, NULL, &token, &token.digest, 1));
    struct store_rows rows = load(*state, &token, 1, 64);
    assert_int_equal(rows.count, 1);
    assert_int_equal(rows.rows[0].parents[0], 0);
}

static void H18_trigger_in_the_database_does_not_run(void **state)
{
    struct kit_token token = kit_token(1);
    assert_ok(kit_delegate(*state, NULL, &token, NULL, 0));
    tamper(*state, "CREATE TRIGGER undo AFTER INSERT ON revocation BEGIN DELETE FROM revocation; END");
    assert_ok(kit_revoke(*state, NULL, &token, "revocation"));
    assert_true(is_revoked(*state, &token));
}

/* --- spaces and snapshots --- */

static void space_is_hosted_once_it_is_recorded(void **state)
{
    struct kit *kit = *state;
    bool exists;
    struct store_read *read = kit_read(kit);
    assert_ok(store_space_exists(read, &exists, KIT_SPACE));
    assert_false(exists);
    store_read_end(read);
    assert_true(kit_host(kit, KIT_SPACE));
    assert_false(kit_host(kit, KIT_SPACE));
    read = kit_read(kit);
    assert_ok(store_space_exists(read, &exists, KIT_SPACE));
    assert_true(exists);
    store_read_end(read);
}

static void H8_snapshot_does_not_see_what_is_committed_behind_it(void **state)
{
    struct kit *kit = *state;
    struct kit_token token = kit_token(1);
    assert_ok(kit_delegate(kit, NULL, &token, NULL, 0));
    uint64_t generation;
    bool revoked;
    struct store_read *read = NULL;
    assert_ok(store_read_begin(&read, kit->store, &generation));
    assert_ok(store_is_revoked(read, &revoked, token.signed_digest));
    assert_ok(kit_revoke(kit, NULL, &token, "revocation"));
    assert_ok(store_is_revoked(read, &revoked, token.signed_digest));
    assert_false(revoked);
    assert_true(store_generation(kit->store) > generation);
    store_read_end(read);
    assert_true(is_revoked(kit, &token));
}

static void more_snapshots_than_readers_are_refused(void **state)
{
    struct kit *kit = *state;
    struct store_read *reads[KIT_READERS], *one_more;
    for (size_t i = 0; i < KIT_READERS; i++)
        reads[i] = kit_read(kit);
    assert_int_equal(store_read_begin(&one_more, kit->store, NULL), DEPUTY_E_STORE_BUSY);
    for (size_t i = 0; i < KIT_READERS; i++)
        store_read_end(reads[i]);
    store_read_end(kit_read(kit));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            STORE_TEST(same_delegation_twice_is_stored_once),
            STORE_TEST(delegation_under_a_foreign_digest_is_refused),
            STORE_TEST(delegation_with_too_many_parents_is_refused),
            STORE_TEST(D58_revoked_delegation_is_reported_revoked),
            STORE_TEST(H1_twin_stored_before_the_revocation_is_reported_revoked),
            STORE_TEST(H1_twin_of_a_revoked_delegation_is_not_stored),
            STORE_TEST(D78_revoked_delegation_posted_again_is_refused),
            STORE_TEST(same_revocation_twice_moves_the_generation_once),
            STORE_TEST(revocation_survives_reopening),
            STORE_TEST(closure_holds_every_ancestor_once_breadth_first),
            STORE_TEST(cited_rows_come_first_in_cited_order),
            STORE_TEST(D15_unknown_proof_gives_a_row_without_bytes),
            STORE_TEST(D21_proof_cited_twice_is_found_once),
            STORE_TEST(missing_ancestor_gives_a_row_without_bytes),
            STORE_TEST(closure_at_its_limit_is_loaded_and_beyond_it_is_not),
            STORE_TEST(more_citations_than_the_limit_are_over_it),
            STORE_TEST(closure_of_nothing_is_empty),
            STORE_TEST(H18_token_bytes_changed_in_the_database_are_not_loaded),
            STORE_TEST(H18_token_moved_under_another_digest_is_not_loaded),
            STORE_TEST(H18_ancestor_changed_in_the_database_is_not_loaded),
            STORE_TEST(H18_ragged_edges_in_the_database_are_refused),
            STORE_TEST(H18_delegation_added_to_the_database_is_not_loaded),
            STORE_TEST(H18_seal_does_not_fit_another_delegation),
            STORE_TEST(H18_seal_of_another_key_or_length_is_refused),
            STORE_TEST(H1_signed_digest_changed_in_the_database_does_not_undo_a_revocation),
            STORE_TEST(H18_edges_changed_in_the_database_are_refused),
            STORE_TEST(delegation_that_is_its_own_parent_is_loaded_once),
            STORE_TEST(H18_trigger_in_the_database_does_not_run),
            STORE_TEST(space_is_hosted_once_it_is_recorded),
            STORE_TEST(H8_snapshot_does_not_see_what_is_committed_behind_it),
            STORE_TEST(more_snapshots_than_readers_are_refused),
    };
    return cmocka_run_group_tests_name("store.authority", tests, NULL, NULL);
}
