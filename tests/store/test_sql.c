/* SQL databases: what statements may do, under which limits, and that a request is one transaction. */
#include "sql_kit.h"
#include "store/sql_admit.h"
#include <sqlite3.h>
#include <time.h>

/* --- admission --- */

static void first_word_decides_the_kind_behind_blanks_and_comments(void **state)
{
    static const struct {
        const char *sql;
        enum sql_kind kind;
    } cases[] = {
            {"", SQL_KIND_EMPTY},
            {" \n;; -- x", SQL_KIND_EMPTY},
            {"/* open", SQL_KIND_EMPTY},
            {"/*/ SELECT 1", SQL_KIND_EMPTY},
            {"select 1", SQL_KIND_READ},
            {"SELECTED", SQL_KIND_UNKNOWN},
            {"/**/vAlUeS (1)", SQL_KIND_READ},
            {"-- a\n\tPRAGMA x", SQL_KIND_PRAGMA},
            {"\xef\xbb\xbfPRAGMA x", SQL_KIND_PRAGMA},
            {"PRAGMATIC", SQL_KIND_UNKNOWN},
            {"attach'x'as y", SQL_KIND_ATTACH},
            {"create temp trigger t", SQL_KIND_REFUSED},
            {"CREATE/**/VIRTUAL TABLE t", SQL_KIND_REFUSED},
            {"CREATE UNIQUE INDEX i", SQL_KIND_DEFINE},
            {"EXPLAIN SELECT 1", SQL_KIND_REFUSED},
            {"VACUUM INTO 'x'", SQL_KIND_REFUSED},
            {"replace into t", SQL_KIND_WRITE},
            {"with a as (select 1) select 1", SQL_KIND_WITH},
            {"; ;PRAGMA x", SQL_KIND_PRAGMA},
            {";BEGIN", SQL_KIND_REFUSED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (sql_kind_of(T(cases[i].sql)) != cases[i].kind)
            fail_msg("%s: %d", cases[i].sql, (int)sql_kind_of(T(cases[i].sql)));
    }
}

static void nobody_may_send_transactions_or_reach_other_files(void **state)
{
    static const char *const refused[] = {"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT a", "RELEASE a", "VACUUM",
            "VACUUM INTO '/tmp/x'", "DETACH main", "EXPLAIN SELECT 1", "REINDEX", "ANALYZE",
            "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END", "CREATE VIRTUAL TABLE f USING fts5(a)"};
    struct sql_kit *kit = *state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        kit_refuses(kit, kit_all, refused[i], DEPUTY_E_SQL_KIND, refused[i]);
    kit_refuses(kit, kit_all, "ATTACH 'x' AS y", DEPUTY_E_SQL_DENIED, "ATTACH is not allowed");
    kit_refuses(kit, kit_all, "SELECT load_extension('x')", DEPUTY_E_SQL_ENGINE, NULL);
    kit_refuses(kit, kit_all, "SELECT * FROM sqlite_dbpage", DEPUTY_E_SQL_ENGINE, NULL);
    kit_refuses(kit, kit_all, "SELECT * FROM dbstat", DEPUTY_E_SQL_ENGINE, NULL);
    kit_refuses(kit, kit_all, "SELECT * FROM pragma_database_list", DEPUTY_E_SQL_ENGINE, "not authorized");
    kit_refuses(kit, kit_all, "SELECT 1; SELECT 2", DEPUTY_E_SQL_INVALID, NULL);
    kit_refuses(kit, kit_all, ";", DEPUTY_E_SQL_PARSE, "Empty SQL statement");
}

static void read_right_changes_nothing(void **state)
{
    static const char *const writes[] = {"INSERT INTO t VALUES (9)", "REPLACE INTO t VALUES (1)",
            "UPDATE t SET a = 2", "DELETE FROM t", "WITH x AS (SELECT 9) INSERT INTO t SELECT * FROM x",
            "WITH x AS (SELECT 1) DELETE FROM t", "WITH x AS (SELECT 1) UPDATE t SET a = 3",
            "INSERT INTO t VALUES (7) RETURNING a", "\xef\xbb\xbf INSERT INTO t VALUES (9)"};
    struct sql_kit *kit = *state;
    kit_answers(
            kit, SQL_EXECUTE, "CREATE TABLE t AS SELECT 1 AS a", "{\"changes\":0,\"lastInsertRowId\":null}");
    for (size_t i = 0; i < sizeof writes / sizeof writes[0]; i++) {
        kit_refuses(kit, kit_read, writes[i], DEPUTY_E_SQL_READ_ONLY, NULL);
        assert_int_equal(kit->commits, 0);
    }
    kit_refuses(kit, kit_read, "CREATE TABLE u (a)", DEPUTY_E_SQL_DENIED, NULL);
    kit_refuses(kit, kit_read, "DROP TABLE t", DEPUTY_E_SQL_DENIED, NULL);
    kit_refuses(kit, kit_read, "PRAGMA user_version = 5", DEPUTY_E_SQL_DENIED, NULL);
    kit_answers(kit, SQL_QUERY, "SELECT a FROM t", "{\"columns\":[\"a\"],\"rowCount\":1,\"rows\":[[1]]}");
}

static void schema_right_neither_reads_nor_copies_data(void **state)
{
    struct sql_kit *kit = *state;
    assert_ok(kit_sql(kit, SQL_EXECUTE, kit_schema, "CREATE TABLE t (a, b)"));
    assert_ok(kit_sql(kit, SQL_EXECUTE, kit_write, "INSERT INTO t VALUES (1, 2)"));
    kit_refuses(kit, kit_schema, "SELECT a FROM t", DEPUTY_E_SQL_DENIED, NULL);
    kit_refuses(kit, kit_schema, "INSERT INTO t VALUES (1, 2)", DEPUTY_E_SQL_DENIED, NULL);
    kit_refuses(kit, kit_schema, "CREATE TABLE u AS SELECT * FROM t", DEPUTY_E_SQL_ENGINE, NULL);
    kit_refuses(kit, kit_schema, "WITH x AS (SELECT 1) DELETE FROM t", DEPUTY_E_SQL_DENIED, NULL);
    assert_ok(kit_sql(kit, SQL_EXECUTE, kit_schema, "CREATE INDEX i ON t (a)"));
    assert_ok(kit_sql(kit, SQL_EXECUTE, kit_schema, "CREATE VIEW v AS SELECT a FROM t"));
    assert_ok(kit_sql(kit, SQL_EXECUTE, kit_schema, "ALTER TABLE t ADD COLUMN c NOT NULL DEFAULT 3"));
    assert_ok(kit_sql(kit, SQL_EXECUTE, kit_schema, "ALTER TABLE t RENAME COLUMN b TO d"));
    assert_ok(kit_sql(kit, SQL_EXECUTE, kit_schema, "ALTER TABLE t DROP COLUMN d"));
    kit_answers(
            kit, SQL_QUERY, "SELECT * FROM t", "{\"columns\":[\"a\",\"c\"],\"rowCount\":1,\"rows\":[[1,3]]}");
    assert_ok(kit_sql(kit, SQL_EXECUTE, kit_schema, "DROP VIEW v"));
    assert_ok(kit_sql(kit, SQL_EXECUTE, kit_schema, "DROP TABLE t"));
}

static void schema_and_read_together_copy_no_data_either(void **state)
{
    struct sql_kit *kit = *state;
    const struct sql_rights both = {.read = true, .schema = true};
    assert_ok(kit_sql(kit, SQL_EXECUTE, kit_all, "CREATE TABLE t (a)"));
    assert_ok(kit_sql(kit, SQL_QUERY, both, "SELECT a FROM t"));
    assert_ok(kit_sql(kit, SQL_EXECUTE, both, "CREATE TABLE u (a)"));
    kit_refuses(kit, both, "CREATE TABLE c AS SELECT * FROM t", DEPUTY_E_SQL_ENGINE, NULL);
    kit_refuses(kit, both, "INSERT INTO u SELECT * FROM t", DEPUTY_E_SQL_DENIED, NULL);
}

static void no_pragma_changes_the_connection_of_others(void **state)
{
    static const char *const refused[] = {"PRAGMA query_only = ON", "PRAGMA writable_schema = ON",
            "PRAGMA foreign_keys = OFF", "PRAGMA journal_mode = DELETE", "PRAGMA max_page_count = 1",
            "PRAGMA synchronous = OFF", "PRAGMA trusted_schema = ON", "PRAGMA database_list",
            "PRAGMA application_id = 7", "PRAGMA hard_heap_limit = 1", "PRAGMA temp_store_directory = 'x'",
            "PRAGMA wal_checkpoint", "PRAGMA cache_size = 1000000", "PRAGMA mmap_size = 1",
            "PRAGMA nonsense"};
    struct sql_kit *kit = *state;
    assert_ok(kit_sql(kit, SQL_EXECUTE, kit_all, "CREATE TABLE t (a)"));
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        kit_refuses(kit, kit_all, refused[i], DEPUTY_E_SQL_ENGINE, "not authorized");
    assert_ok(kit_sql(kit, SQL_EXECUTE, kit_all, "PRAGMA user_version = 5"));
    assert_int_equal(kit->commits, 1);
    kit_answers(kit, SQL_QUERY, "PRAGMA user_version",
            "{\"columns\":[\"user_version\"],\"rowCount\":1,\"rows\":[[5]]}");
}

static void temporary_objects_and_counts_do_not_leak(void **state)
{
    struct sql_kit *kit = *state;
    kit_refuses(kit, kit_all, "CREATE TEMP TABLE leak (a)", DEPUTY_E_SQL_ENGINE, "not authorized");
    kit_refuses(kit, kit_all, "CREATE TEMP VIEW leak AS SELECT 1", DEPUTY_E_SQL_ENGINE, "not authorized");
    assert_ok(kit_sql(kit, SQL_EXECUTE, kit_all, "CREATE TABLE t (a)"));
    assert_ok(kit_sql(kit, SQL_EXECUTE, kit_all, "INSERT INTO t VALUES (1), (2)"));
    kit_answers(kit, SQL_QUERY, "SELECT changes() AS a, total_changes() AS b, last_insert_rowid() AS c",
            "{\"columns\":[\"a\",\"b\",\"c\"],\"rowCount\":1,\"rows\":[[0,0,0]]}");
}

/* --- narrowing --- */

static enum deputy_error narrowed(struct sql_kit *kit, const char *sql, struct sql_narrowing narrowing)
{
    struct sql_statement statement = {.sql = T(sql)};
    return kit_run(kit, "db",
            &(struct sql_request){.action = SQL_QUERY,
                    .statements = &statement,
                    .statement_count = 1,
                    .rights = kit_all,
                    .narrowing = narrowing});
}

static void tables_and_columns_left_out_are_out_of_reach(void **state)
{
    struct sql_kit *kit = *state;
    const struct deputy_slice t = T("t"), a = T("a");
    const struct sql_narrowing tables = {.tables = {true, &t, 1}};
    const struct sql_narrowing columns = {.columns = {true, &a, 1}};
    assert_ok(kit_sql(kit, SQL_EXECUTE, kit_all, "CREATE TABLE t (a, b)"));
    assert_ok(kit_sql(kit, SQL_EXECUTE, kit_all, "CREATE TABLE u (a)"));
    assert_ok(kit_sql(kit, SQL_EXECUTE, kit_all, "CREATE VIEW v AS SELECT a FROM u"));
    assert_ok(narrowed(kit, "SELECT b FROM t", tables));
    assert_int_equal(narrowed(kit, "SELECT a FROM u", tables), DEPUTY_E_SQL_DENIED);
    assert_text(kit->job.refusal.args[0], "Access to table 'u' is not allowed");
    static const char *const beside[] = {"SELECT * FROM t, u", "SELECT (SELECT a FROM u) FROM t",
            "WITH x AS (SELECT * FROM u) SELECT * FROM x", "SELECT a FROM v", "DELETE FROM u",
            "INSERT INTO t SELECT a, a FROM u", "SELECT sql FROM sqlite_master", "DROP TABLE u",
            "SELECT count(*) FROM u", "ALTER TABLE u RENAME TO w", "CREATE TABLE w (a)"};
    for (size_t i = 0; i < sizeof beside / sizeof beside[0]; i++)
        assert_int_equal(narrowed(kit, beside[i], tables), DEPUTY_E_SQL_DENIED);
    assert_int_equal(narrowed(kit, "PRAGMA table_info(u)", tables), DEPUTY_E_SQL_DENIED);
    assert_int_equal(narrowed(kit, "PRAGMA table_list", tables), DEPUTY_E_SQL_ENGINE);
    assert_ok(narrowed(kit, "SELECT a FROM t", columns));
    assert_int_equal(narrowed(kit, "SELECT b FROM t", columns), DEPUTY_E_SQL_DENIED);
    assert_text(kit->job.refusal.args[0], "Access to column 'b' is not allowed");
    assert_int_equal(narrowed(kit, "SELECT a FROM t WHERE b = 1", columns), DEPUTY_E_SQL_DENIED);
    assert_int_equal(narrowed(kit, "UPDATE t SET b = 1", columns), DEPUTY_E_SQL_DENIED);
}

static void read_only_narrowing_writes_nothing_under_any_right(void **state)
{
    struct sql_kit *kit = *state;
    const struct sql_narrowing read_only = {.read_only = true};
    assert_ok(kit_sql(kit, SQL_EXECUTE, kit_all, "CREATE TABLE t (a)"));
    assert_int_equal(narrowed(kit, "INSERT INTO t VALUES (1)", read_only), DEPUTY_E_SQL_READ_ONLY);
    assert_int_equal(narrowed(kit, "CREATE TABLE u (a)", read_only), DEPUTY_E_SQL_READ_ONLY);
    assert_int_equal(narrowed(kit, "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x", read_only),
            DEPUTY_E_SQL_READ_ONLY);
    assert_int_equal(narrowed(kit, "PRAGMA user_version = 4", read_only), DEPUTY_E_SQL_READ_ONLY);
    assert_ok(narrowed(kit, "SELECT a FROM t", read_only));
}

/* --- transactions --- */

static enum deputy_error batch(struct sql_kit *kit, const char *first, const char *second)
{
    struct sql_statement statements[] = {{.sql = T(first)}, {.sql = T(second)}};
    return kit_run(kit, "db",
            &(struct sql_request){
                    .action = SQL_BATCH, .statements = statements, .statement_count = 2, .rights = kit_all});
}

static void batch_is_all_or_nothing(void **state)
{
    struct sql_kit *kit = *state;
    assert_ok(kit_sql(kit, SQL_EXECUTE, kit_all, "CREATE TABLE t (a INTEGER PRIMARY KEY)"));
    assert_int_equal(batch(kit, "INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (1)"), DEPUTY_E_SQL_ENGINE);
    assert_int_equal(batch(kit, "CREATE TABLE u (a)", "INSERT INTO nope VALUES (1)"), DEPUTY_E_SQL_ENGINE);
    assert_int_equal(kit->commits, 0);
    kit_answers(kit, SQL_QUERY, "SELECT (SELECT count(*) FROM t) AS t, count(*) AS n FROM sqlite_schema",
            "{\"columns\":[\"t\",\"n\"],\"rowCount\":1,\"rows\":[[0,1]]}");
    assert_ok(batch(kit, "INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (2)"));
    assert_text(kit->job.answer,
            "{\"results\":[{\"changes\":1,\"lastInsertRowId\":1},{\"changes\":1,\"lastInsertRowId\":2}]}");
    assert_int_equal(kit->commits, 1);
    assert_int_equal(kit->committed, 1);
    assert_int_equal(kit->table_count, 1);
    assert_string_equal(kit->table, "t");
}

static void refusing_the_commit_undoes_everything(void **state)
{
    struct sql_kit *kit = *state;
    assert_ok(kit_sql(kit, SQL_EXECUTE, kit_all, "CREATE TABLE t (a)"));
    kit->commit_error = DEPUTY_E_STORE_REPLAY;
    kit_refuses(kit, kit_all, "INSERT INTO t VALUES (1)", DEPUTY_E_STORE_REPLAY, NULL);
    assert_int_equal(kit->committed, 0);
    kit->commit_error = DEPUTY_OK;
    kit->change_error = DEPUTY_E_QUOTA_EXCEEDED;
    kit_refuses(kit, kit_all, "INSERT INTO t VALUES (1)", DEPUTY_E_QUOTA_EXCEEDED, NULL);
    assert_int_equal(kit->commits, 0);
    kit->change_error = DEPUTY_OK;
    kit_answers(kit, SQL_QUERY, "SELECT count(*) AS n FROM t",
            "{\"columns\":[\"n\"],\"rowCount\":1,\"rows\":[[0]]}");
}

static void references_checked_at_the_end_are_a_refusal(void **state)
{
    struct sql_kit *kit = *state;
    assert_ok(kit_sql(kit, SQL_EXECUTE, kit_all, "CREATE TABLE p (id INTEGER PRIMARY KEY)"));
    assert_ok(kit_sql(
            kit, SQL_EXECUTE, kit_all, "CREATE TABLE f (p REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED)"));
    kit_refuses(
            kit, kit_all, "INSERT INTO f VALUES (1)", DEPUTY_E_SQL_ENGINE, "FOREIGN KEY constraint failed");
    assert_ok(batch(kit, "INSERT INTO f VALUES (1)", "INSERT INTO p VALUES (1)"));
}

static void execute_that_yields_rows_keeps_nothing(void **state)
{
    struct sql_kit *kit = *state;
    assert_ok(kit_sql(kit, SQL_EXECUTE, kit_all, "CREATE TABLE t (a)"));
    assert_int_equal(
            kit_sql(kit, SQL_EXECUTE, kit_all, "INSERT INTO t VALUES (1) RETURNING a"), DEPUTY_E_SQL_ENGINE);
    kit_answers(kit, SQL_QUERY, "SELECT count(*) AS n FROM t",
            "{\"columns\":[\"n\"],\"rowCount\":1,\"rows\":[[0]]}");
}

static void what_was_committed_is_there_after_reopening(void **state)
{
    struct sql_kit *kit = *state;
    int32_t mark = 0;
    struct sql_name name;
    kit->mark = 77;
    assert_ok(kit_sql(kit, SQL_EXECUTE, kit_all, "CREATE TABLE t AS SELECT 5 AS a"));
    assert_true(kit->bytes >= 8192);
    sql_pool_destroy(kit->pool);
    sql_name_make(&name, T("space"), T("db"));
    assert_ok(sql_mark_read(&mark, kit->directory, &name));
    assert_int_equal(mark, 77);
    kit_start(kit);
    kit_answers(kit, SQL_QUERY, "SELECT a FROM t", "{\"columns\":[\"a\"],\"rowCount\":1,\"rows\":[[5]]}");
}

static void refused_first_request_leaves_no_file(void **state)
{
    struct sql_kit *kit = *state;
    char command[96];
    kit->change_error = DEPUTY_E_QUOTA_EXCEEDED;
    kit_refuses(kit, kit_all, "CREATE TABLE t (a)", DEPUTY_E_QUOTA_EXCEEDED, NULL);
    kit_refuses(kit, kit_all, "PRAGMA user_version", DEPUTY_OK, NULL);
    kit_refuses(kit, kit_read, "SELECT 1", DEPUTY_OK, NULL);
    kit_refuses(kit, kit_write, "INSERT INTO t VALUES (1)", DEPUTY_E_SQL_ENGINE, "no such table: t");
    snprintf(command, sizeof command, "test -z \"$(ls %s/sql)\"", kit->directory);
    assert_int_equal(system(command), 0);
}

/* --- limits --- */

static double seconds_of(struct sql_kit *kit, const char *sql, enum deputy_error error)
{
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    assert_int_equal(kit_sql(kit, SQL_QUERY, kit_all, sql), error);
    clock_gettime(CLOCK_MONOTONIC, &to);
    return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

static void no_statement_outlives_its_time(void **state)
{
    static const char *const bombs[] = {
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT count(*) FROM n",
            "WITH n(i) AS (VALUES (1),(2),(3),(4),(5),(6),(7),(8),(9),(10))"
            " SELECT count(*) FROM n a,n b,n c,n d,n e,n f,n g,n h,n i,n j,n k",
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n)"
            " SELECT sum(instr(hex(zeroblob(20000)), 'x')) FROM n"};
    struct sql_kit *kit = *state;
    sql_pool_destroy(kit->pool);
    kit->config.time_ms = 200;
    kit_start(kit);
    for (size_t i = 0; i < sizeof bombs / sizeof bombs[0]; i++) {
        double took = seconds_of(kit, bombs[i], DEPUTY_E_SQL_ENGINE);
        assert_text(kit->job.refusal.args[0], "interrupted");
        assert_true(took < 5);
    }
    kit_answers(kit, SQL_QUERY, "SELECT 1 AS a", "{\"columns\":[\"a\"],\"rowCount\":1,\"rows\":[[1]]}");
}

/* Their built-in forms would take minutes, in which no time limit is looked at. */
static void functions_with_products_of_lengths_are_refused(void **state)
{
    static const char *const bombs[] = {"SELECT instr(hex(zeroblob(4000000)), hex(zeroblob(2000000)) || 'x')",
            "SELECT replace(hex(zeroblob(4000000)), hex(zeroblob(2000000)) || 'x', '')",
            "SELECT trim(hex(zeroblob(4000000)), hex(zeroblob(2000000)))",
            "SELECT ltrim(hex(zeroblob(4000000)), hex(zeroblob(2000000)))",
            "SELECT rtrim(hex(zeroblob(4000000)), hex(zeroblob(2000000)))",
            "SELECT json_patch('[' || hex(zeroblob(4000000)) || ']', hex(zeroblob(2000000)))",
            "SELECT hex(zeroblob(4000000)) LIKE '%' || hex(zeroblob(2000)) || '%'"};
    for (size_t i = 0; i < sizeof bombs / sizeof bombs[0]; i++)
        assert_true(seconds_of(*state, bombs[i], DEPUTY_E_SQL_ENGINE) < 5);
    kit_answers(*state, SQL_QUERY, "SELECT json_array(json_patch('{\"a\":1}', '{\"a\":null,\"b\":2}')) AS p",
            "{\"columns\":[\"p\"],\"rowCount\":1,\"rows\":[[\"[{\\\"b\\\":2}]\"]]}");
}

static void memory_of_a_request_is_bounded(void **state)
{
    static const char *const bombs[] = {
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n LIMIT 30)"
            " SELECT group_concat(a) FROM (SELECT randomblob(4000000) AS a FROM n ORDER BY a)",
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION SELECT i+1 FROM n LIMIT 50000000) SELECT count(*) FROM n",
            "SELECT zeroblob(2000000000)"};
    struct sql_kit *kit = *state;
    for (size_t i = 0; i < sizeof bombs / sizeof bombs[0]; i++)
        assert_int_equal(kit_sql(kit, SQL_QUERY, kit_all, bombs[i]), DEPUTY_E_SQL_ENGINE);
    kit_answers(kit, SQL_QUERY, "SELECT 1 AS a", "{\"columns\":[\"a\"],\"rowCount\":1,\"rows\":[[1]]}");
}

static void answers_and_databases_have_a_largest_size(void **state)
{
    struct sql_kit *kit = *state;
    kit_refuses(kit, kit_all, "SELECT hex(zeroblob(5300000))", DEPUTY_E_SQL_TOO_LARGE, NULL);
    assert_ok(kit_sql(kit, SQL_EXECUTE, kit_all, "CREATE TABLE big (a)"));
    sql_pool_destroy(kit->pool);
    kit->config.max_bytes = 1 << 20;
    kit_start(kit);
    kit_refuses(kit, kit_all, "INSERT INTO big VALUES (zeroblob(2000000))", DEPUTY_E_SQL_ENGINE,
            "database or disk is full");
}

static void text_that_is_not_utf8_is_refused_and_harms_nothing(void **state)
{
    struct sql_kit *kit = *state;
    kit_refuses(kit, kit_all, "SELECT CAST(x'ff' AS TEXT)", DEPUTY_E_SQL_ENGINE, NULL);
    kit_answers(kit, SQL_QUERY, "SELECT x'ff' AS a, 1.0 AS b, 9e999 AS c, -9223372036854775808 AS d",
            "{\"columns\":[\"a\",\"b\",\"c\",\"d\"],\"rowCount\":1,"
            "\"rows\":[[[255],1.0,null,-9223372036854775808]]}");
}

/* --- open databases --- */

static void databases_used_longest_ago_are_closed_first(void **state)
{
    struct sql_kit *kit = *state;
    struct sql_statement create = {.sql = T("CREATE TABLE t AS SELECT 1 AS a")},
                         read = {.sql = T("SELECT a FROM t")};
    char path[16];
    for (int i = 0; i < 10; i++) {
        snprintf(path, sizeof path, "db%d", i);
        assert_ok(kit_run(kit, path,
                &(struct sql_request){.action = SQL_EXECUTE,
                        .statements = &create,
                        .statement_count = 1,
                        .rights = kit_all}));
        assert_true(sql_pool_open(kit->pool) <= 4);
    }
    for (int i = 0; i < 10; i++) {
        snprintf(path, sizeof path, "db%d", i);
        assert_ok(kit_run(kit, path,
                &(struct sql_request){
                        .action = SQL_QUERY, .statements = &read, .statement_count = 1, .rights = kit_read}));
    }
    assert_int_equal(sql_pool_open(kit->pool), 4);
}

static void idle_databases_are_closed(void **state)
{
    struct sql_kit *kit = *state;
    sql_pool_destroy(kit->pool);
    kit->config.idle_ms = 50;
    kit_start(kit);
    assert_ok(kit_sql(kit, SQL_EXECUTE, kit_all, "CREATE TABLE t (a)"));
    assert_int_equal(sql_pool_open(kit->pool), 1);
    for (int i = 0; i < 100 && sql_pool_open(kit->pool) > 0; i++)
        usleep(20000);
    assert_int_equal(sql_pool_open(kit->pool), 0);
}

static void export_is_the_whole_database_without_our_mark(void **state)
{
    struct sql_kit *kit = *state;
    const struct sql_request request = {.action = SQL_EXPORT, .rights = kit_read};
    uint8_t head[100];
    assert_int_equal(kit_run(kit, "db", &request), DEPUTY_E_SQL_NO_DATABASE);
    kit->mark = 0x01020304;
    assert_ok(kit_sql(kit, SQL_EXECUTE, kit_all, "CREATE TABLE t AS SELECT 5 AS a"));
    assert_ok(kit_run(kit, "db", &request));
    assert_true(kit->job.image >= 0);
    assert_int_equal(pread(kit->job.image, head, sizeof head, 0), sizeof head);
    assert_memory_equal(head, "SQLite format 3", 16);
    assert_memory_equal(head + 68, "\0\0\0\0", 4);
    assert_int_equal(kit->job.image_bytes % 4096, 0);
    close(kit->job.image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(first_word_decides_the_kind_behind_blanks_and_comments),
            SQL_TEST(nobody_may_send_transactions_or_reach_other_files),
            SQL_TEST(read_right_changes_nothing),
            SQL_TEST(schema_right_neither_reads_nor_copies_data),
            SQL_TEST(schema_and_read_together_copy_no_data_either),
            SQL_TEST(no_pragma_changes_the_connection_of_others),
            SQL_TEST(temporary_objects_and_counts_do_not_leak),
            SQL_TEST(tables_and_columns_left_out_are_out_of_reach),
            SQL_TEST(read_only_narrowing_writes_nothing_under_any_right),
            SQL_TEST(batch_is_all_or_nothing),
            SQL_TEST(refusing_the_commit_undoes_everything),
            SQL_TEST(references_checked_at_the_end_are_a_refusal),
            SQL_TEST(execute_that_yields_rows_keeps_nothing),
            SQL_TEST(what_was_committed_is_there_after_reopening),
            SQL_TEST(refused_first_request_leaves_no_file),
            SQL_TEST(no_statement_outlives_its_time),
            SQL_TEST(functions_with_products_of_lengths_are_refused),
            SQL_TEST(memory_of_a_request_is_bounded),
            SQL_TEST(answers_and_databases_have_a_largest_size),
            SQL_TEST(text_that_is_not_utf8_is_refused_and_harms_nothing),
            SQL_TEST(databases_used_longest_ago_are_closed_first),
            SQL_TEST(idle_databases_are_closed),
            SQL_TEST(export_is_the_whole_database_without_our_mark),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
