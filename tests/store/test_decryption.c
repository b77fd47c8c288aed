#include "kit_audit.h"
#include "store/decryption.h"

static const char REQUEST[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static struct store_decryption make(const char *outcome)
{
    return (struct store_decryption){.request = T(REQUEST),
            .requester = T("did:key:zAsker"),
            .network = T("urn:tinycloud:encryption:did:key:zOwner:default"),
            .node = T("did:key:zNode"),
            .outcome = T(outcome)};
}

static enum deputy_error apply_insert(struct store_write *write, void *ctx)
{
    return store_decryption_insert(write, ctx);
}

static void spec04_13_first_row_of_a_request_is_its_outcome(void **state)
{
    struct kit *kit = *state;
    struct store_decryption allowed = make("allowed"), denied = make("denied:replay");
    assert_ok(store_run(kit->store, apply_insert, &allowed));
    assert_ok(store_run(kit->store, apply_insert, &denied));
    kit_reopen(kit);
    assert_int_equal(kit_query_int(kit, "SELECT count(*) FROM decryption"), 2);
    assert_int_equal(kit_query_int(kit, "SELECT min(id) FROM decryption WHERE outcome = 'allowed'"), 1);
    assert_int_equal(kit_query_int(kit, "SELECT min(id) FROM decryption WHERE outcome = 'denied:replay'"), 2);
    assert_true(kit_query_int(kit, "SELECT decided_at FROM decryption WHERE id = 1") ==
                (int64_t)KIT_NOW * 1000000);
}

static void request_that_is_no_hash_is_not_recorded(void **state)
{
    struct kit *kit = *state;
    struct store_decryption decryption = make("allowed");
    decryption.request.len--;
    assert_int_not_equal(store_run(kit->store, apply_insert, &decryption), DEPUTY_OK);
    assert_int_equal(kit_query_int(kit, "SELECT count(*) FROM decryption"), 0);
}

static size_t audited(const struct kit *kit)
{
    return kit_audit(kit, "decryptions", store_audit_decryptions);
}

static void every_changed_column_is_found_by_the_audit(void **state)
{
    static const char *const changes[] = {
            "request = replace(request, '0', '1')",
            "requester = 'did:key:zOther'",
            "network = 'urn:tinycloud:encryption:did:key:zOther:default'",
            "node = 'did:key:zOther'",
            "outcome = 'denied:state'",
            "decided_at = decided_at + 1",
            "seal = zeroblob(32)",
            /* the border between two columns moved */
            "requester = requester || substr(network, 1, 1), network = substr(network, 2)",
    };
    struct kit *kit = *state;
    struct store_decryption decryption = make("allowed");
    assert_ok(store_run(kit->store, apply_insert, &decryption));
    kit_close(kit);
    kit_tamper(kit, "CREATE TABLE kept AS SELECT * FROM decryption");
    assert_int_equal(audited(kit), 0);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        char sql[160];
        snprintf(sql, sizeof sql, "UPDATE decryption SET %s", changes[i]);
        kit_tamper(kit, sql);
        assert_int_equal(audited(kit), 1);
        kit_tamper(kit, "DELETE FROM decryption; INSERT INTO decryption SELECT * FROM kept");
    }
    assert_int_equal(audited(kit), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            STORE_TEST(spec04_13_first_row_of_a_request_is_its_outcome),
            STORE_TEST(request_that_is_no_hash_is_not_recorded),
            STORE_TEST(every_changed_column_is_found_by_the_audit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
