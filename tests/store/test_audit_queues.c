/*
 * The doctor's look at what waits: deliveries, events of SQL commits, uses of invocations. Each kind of
 * damage is done to a store that was in order, and is named by its table and row.
 */
#include "base/try.h"
#include "kit_audit.h"
#include "store/sql_registry.h"
#include "store/webhook.h"

#define EVENT "epoch:0"
#define DATABASE "app/main"

enum { FOUND_MAX = 16 };

struct ward {
    struct kit *kit;
    size_t count;
    struct {
        char check[32], subject[128], problem[256];
    } found[FOUND_MAX];
};

/* ---- a store in order ---- */

static enum deputy_error furnish_webhook(struct store_write *write, void *ctx)
{
    struct store_webhook webhook = {.space = KIT_SPACE,
            .subscriber = T("did:key:zA"),
            .service = T("kv"),
            .url = T("https://example.com/"),
            .secret = T("sealed"),
            .proofs = T(""),
            .created = {.sec = KIT_NOW}};
    (void)ctx;
    return store_webhook_insert(write, &webhook, 5);
}

static enum deputy_error furnish_queues(struct store_write *write, void *ctx)
{
    const struct store_delivery_bounds bounds = {10, 10};
    const struct store_notice notice = {1, T(EVENT), T("{\"type\":\"write\",\"id\":\"" EVENT "\"}")};
    const struct store_replay replays[] = {
            {.fingerprint = {1}, .expires = KIT_NOW + 100}, {.fingerprint = {2}, .expires = KIT_NOW + 50}};
    struct sql_record record = {.space = KIT_SPACE, .path = T(DATABASE), .bytes = 4096};
    struct sql_intent intent = {.space = KIT_SPACE,
            .paths = T("[\"" DATABASE "/t\",\"" DATABASE "/u\"]"),
            .invocation = T("good token")};
    uint64_t dropped = 0;
    (void)ctx;
    sql_name_make(&record.name, record.space, record.path);
    intent.name = record.name;
    TRY(store_delivery_insert(write, &notice, &bounds, &dropped));
    TRY(store_sql_record(write, &record));
    TRY(store_sql_intent_insert(write, &intent));
    TRY(store_replay_insert(write, &replays[0]));
    return store_replay_insert_page(write, replays, 2);
}

static int setup(void **state)
{
    struct ward *ward = calloc(1, sizeof *ward);
    assert_non_null(ward);
    assert_int_equal(kit_setup((void **)&ward->kit), 0);
    kit_host(ward->kit, KIT_SPACE);
    assert_ok(store_run(ward->kit->store, furnish_webhook, NULL));
    assert_ok(store_run(ward->kit->store, furnish_queues, NULL));
    kit_close(ward->kit);
    *state = ward;
    return 0;
}

static int teardown(void **state)
{
    struct ward *ward = *state;
    kit_destroy(ward->kit);
    free(ward);
    return 0;
}

#define WARD_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

/* ---- the look ---- */

static void found(void *ctx, const struct audit_finding *finding)
{
    struct ward *ward = ctx;
    assert_in_range(ward->count, 0, FOUND_MAX - 1);
    snprintf(ward->found[ward->count].check, sizeof ward->found[0].check, "%s", finding->check);
    snprintf(ward->found[ward->count].problem, sizeof ward->found[0].problem, "%s", finding->problem);
    snprintf(ward->found[ward->count].subject, sizeof ward->found[0].subject, "%.*s",
            (int)finding->subject.len, (const char *)finding->subject.ptr);
    ward->count++;
}

static const char *token_problem(void *ctx, struct deputy_slice bytes)
{
    (void)ctx;
    return deputy_slice_equal(bytes, T("good token")) ? NULL : "no good token";
}

static void look(struct ward *ward)
{
    const struct audit_sink sink = {found, kit_audit_progress, ward};
    struct store_audit *audit = NULL;
    ward->count = 0;
    assert_ok(store_audit_open(&audit, ward->kit->directory, kit_seal_key, &sink));
    assert_ok(store_audit_deliveries(audit));
    assert_ok(store_audit_intents(audit, token_problem, NULL));
    assert_ok(store_audit_replays(audit));
    store_audit_close(audit);
}

struct damage {
    const char *sql;
    const char *subject;
    const char *problem; /* how it begins */
};

/* The database is as before after each of them: a savepoint would not be seen by the audit. */
static void check_damages(struct ward *ward, const struct damage *damages, size_t count)
{
    char path[128], copy[160], command[1024];
    snprintf(path, sizeof path, "%s/deputy.db", ward->kit->directory);
    snprintf(copy, sizeof copy, "%s.copy", path);
    kit_tamper(ward->kit, "PRAGMA wal_checkpoint(TRUNCATE)");
    snprintf(command, sizeof command, "cp '%s' '%s'", path, copy);
    assert_int_equal(system(command), 0);
    look(ward);
    assert_int_equal(ward->count, 0);
    for (size_t i = 0; i < count; i++) {
        char sql[1024];
        snprintf(sql, sizeof sql, "PRAGMA ignore_check_constraints = 1; PRAGMA foreign_keys = 0; %s",
                damages[i].sql);
        kit_tamper(ward->kit, sql);
        look(ward);
        if (ward->count != 1)
            fail_msg("%s: %zu findings", damages[i].sql, ward->count);
        assert_string_equal(ward->found[0].subject, damages[i].subject);
        if (strncmp(ward->found[0].problem, damages[i].problem, strlen(damages[i].problem)) != 0)
            fail_msg("%s: %s", damages[i].sql, ward->found[0].problem);
        snprintf(command, sizeof command, "rm -f '%s-wal' '%s-shm' && cp '%s' '%s'", path, path, copy, path);
        assert_int_equal(system(command), 0);
    }
}

#define CHECK_DAMAGES(ward, damages) check_damages((ward), (damages), sizeof(damages) / sizeof(damages)[0])

static void damaged_delivery_is_named(void **state)
{
    static const struct damage damages[] = {
            {"UPDATE webhook_delivery SET webhook = 77; UPDATE webhook_waiting SET webhook = 77 WHERE "
             "webhook = 1",
                    "webhook_delivery 1", "it is for a webhook that is not there: delete"},
            {"UPDATE webhook SET active = 0", "webhook_delivery 1",
                    "it waits for a webhook that has ended: delete"},
            {"UPDATE webhook_delivery SET body = ''", "webhook_delivery 1",
                    "its body is not that of its event"},
            {"UPDATE webhook_delivery SET body = '{\"id\":\"" EVENT "\"'", "webhook_delivery 1",
                    "its body is not that of its event"},
            {"UPDATE webhook_delivery SET body = '[\"" EVENT "\"]'", "webhook_delivery 1",
                    "its body is not that of its event"},
            {"UPDATE webhook_delivery SET event = 'epoch:1'", "webhook_delivery 1",
                    "its body is not that of its event"},
            {"UPDATE webhook_delivery SET body = '{\"id\":\"" EVENT
             "\",\"x\":\"' || hex(zeroblob(200000)) || '\"}'",
                    "webhook_delivery 1", "its body is not that of its event"},
            {"UPDATE webhook_delivery SET attempts = -1", "webhook_delivery 1", "its number of attempts"},
            {"UPDATE webhook_delivery SET attempts = 1000001", "webhook_delivery 1",
                    "its number of attempts"},
            {"UPDATE webhook_delivery SET due = -1", "webhook_delivery 1",
                    "when it is due is out of bounds: set"},
            {"UPDATE webhook_delivery SET due = 253402300799000001", "webhook_delivery 1", "when it is due"},
    };
    CHECK_DAMAGES(*state, damages);
}

static void number_of_deliveries_that_wait_is_held_against_them(void **state)
{
    static const struct damage damages[] = {
            {"UPDATE webhook_waiting SET waiting = 2 WHERE webhook = 1", "webhook_waiting 1",
                    "not so many deliveries wait: start the node again"},
            {"UPDATE webhook_waiting SET waiting = 0 WHERE webhook = 0", "webhook_waiting 0", "not so many"},
            {"DELETE FROM webhook_waiting WHERE webhook = 1", "webhook_waiting 1", "not so many"},
            {"INSERT INTO webhook_waiting VALUES (5, 1)", "webhook_waiting 5", "not so many"},
    };
    CHECK_DAMAGES(*state, damages);
}

static void dead_letter_of_an_ended_webhook_is_in_order(void **state)
{
    struct ward *ward = *state;
    kit_tamper(ward->kit,
            "UPDATE webhook SET active = 0; UPDATE webhook_delivery SET due = NULL, attempts = 5;"
            "UPDATE webhook_waiting SET waiting = 0");
    look(ward);
    assert_int_equal(ward->count, 0);
}

static void damaged_event_of_an_sql_commit_is_named(void **state)
{
    static const struct damage damages[] = {
            {"UPDATE sql_intent SET id = -1", "sql_intent -1", "its number is out of bounds: delete"},
            {"UPDATE sql_intent SET name = zeroblob(32)", "sql_intent 1",
                    "it is of an SQL database that is not there: delete"},
            {"UPDATE sql_intent SET name = x'00'", "sql_intent 1",
                    "it is of an SQL database that is not there"},
            {"UPDATE sql_intent SET space = 'tinycloud:key:zB:other'", "sql_intent 1",
                    "it is of another space than its SQL database: delete"},
            {"UPDATE sql_database SET space = 77", "sql_intent 1",
                    "it is of another space than its SQL database"},
            {"UPDATE sql_intent SET paths = ''", "sql_intent 1", "its paths are no list of tables"},
            {"UPDATE sql_intent SET paths = '[]'", "sql_intent 1", "its paths are no list of tables"},
            {"UPDATE sql_intent SET paths = '[\"" DATABASE "/t\",5]'", "sql_intent 1",
                    "its paths are no list of tables"},
            {"UPDATE sql_intent SET paths = '{\"a\":\"" DATABASE "/t\"}'", "sql_intent 1",
                    "its paths are no list of tables"},
            {"UPDATE sql_intent SET paths = '[\"" DATABASE "/\"]'", "sql_intent 1",
                    "its paths are no list of tables"},
            {"UPDATE sql_intent SET paths = '[\"app/other/t\"]'", "sql_intent 1",
                    "its paths are no list of tables"},
            {"UPDATE sql_intent SET paths = (WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
             " WHERE i < 65) SELECT '[' || group_concat('\"" DATABASE "/t' || i || '\"') || ']' FROM n)",
                    "sql_intent 1", "its paths are no list of tables"},
            {"UPDATE sql_intent SET invocation = x'00'", "sql_intent 1", "no good token"},
    };
    CHECK_DAMAGES(*state, damages);
}

static void damaged_use_of_an_invocation_is_named(void **state)
{
    static const struct damage damages[] = {
            {"UPDATE replay SET fingerprint = CAST('short' AS BLOB)", "short",
                    "a fingerprint in table replay is not 16 bytes: leave the node stopped"},
            {"UPDATE replay SET fingerprint = CAST('0123456789abcdef' AS BLOB), expires = 0",
                    "0123456789abcdef",
                    "its expiry in table replay is out of bounds: leave the node stopped"},
            {"UPDATE replay SET fingerprint = CAST('0123456789abcdef' AS BLOB), expires = 253402300800",
                    "0123456789abcdef", "its expiry in table replay is out of bounds"},
            {"UPDATE replay_page SET entries = x''", "replay_page 1",
                    "its entries cannot be read: leave the node"},
            {"UPDATE replay_page SET entries = zeroblob(25)", "replay_page 1", "its entries cannot be read"},
            {"UPDATE replay_page SET entries = zeroblob(24 * 100000)", "replay_page 1",
                    "it has more entries than a page"},
            {"UPDATE replay_page SET entries = zeroblob(24), expires = 0", "replay_page 1",
                    "the expiry of an entry is out of bounds"},
            {"UPDATE replay_page SET expires = expires - 1", "replay_page 1",
                    "its expiry is not the latest of its entries"},
            {"UPDATE replay_page SET expires = expires + 1", "replay_page 1",
                    "its expiry is not the latest of its entries"},
    };
    CHECK_DAMAGES(*state, damages);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            WARD_TEST(damaged_delivery_is_named),
            WARD_TEST(number_of_deliveries_that_wait_is_held_against_them),
            WARD_TEST(dead_letter_of_an_ended_webhook_is_in_order),
            WARD_TEST(damaged_event_of_an_sql_commit_is_named),
            WARD_TEST(damaged_use_of_an_invocation_is_named),
    };
    return cmocka_run_group_tests_name("store.audit_queues", tests, NULL, NULL);
}
