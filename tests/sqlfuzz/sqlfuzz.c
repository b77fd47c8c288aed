/*
 * sqlfuzz SECONDS [SEED]: statements from a grammar, and bytes of them changed, against a database of which
 * only a part may be reached. What must hold whatever the statement is, judged by a plain SQLite that knows
 * nothing of our authorizer:
 *
 *   - nothing outside is read: the same statement is run on a copy in which everything outside the narrowing
 *     has other values. A difference in the answers is a leak.
 *   - nothing outside is written: what is outside stays as it was, and under a right to read so does all.
 *   - no statement outlives its time, and memory stays bounded.
 *
 * Each failure prints the seed and the statement, and ends the run with 1.
 */
#include "base/arena.h"
#include "store/sql.h"
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
    TIME_MS = 300,
    SLACK_MS = 3000,
    TEXT_MAX = 4096,
    DEPTH_MAX = 4,
    MEMORY_KIB_MAX = 700 * 1024 /* with what AddressSanitizer keeps */
};

/* --- chance --- */

static uint64_t state;

static uint32_t chance(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32) % below;
}

#define PICK(list) ((list)[chance(sizeof(list) / sizeof((list)[0]))])

/* --- statements --- */

struct text {
    char bytes[TEXT_MAX];
    size_t len;
};

static void say(struct text *out, const char *more)
{
    size_t len = strlen(more);
    if (out->len + len < sizeof out->bytes) {
        memcpy(out->bytes + out->len, more, len + 1);
        out->len += len;
    }
}

/* Half of the statements keep to names that exist and calls that fit, so that they run. */
static bool tame;

static void say_expression(struct text *out, int depth);
static void say_select(struct text *out, int depth);

static void say_table(struct text *out)
{
    static const char *const tables[] = {"open", "open", "open", "main.open", "\"open\"", "shut", "main.shut",
            "[shut]", "v_open", "v_shut", "v_both", "sqlite_master", "sqlite_schema",
            "pragma_table_info('shut')", "json_each('[1,2]')", "temp.shut", "shut AS open", "sqlite_sequence",
            "sqlite_stat1", "pragma_table_list", "pragma_index_list('shut')", "dbstat", "OPEN", "SHUT"};
    static const char *const plain[] = {
            "open", "open", "open", "v_open", "main.open", "shut", "v_both", "json_each('[1,2]')"};
    say(out, tame ? PICK(plain) : PICK(tables));
}

static void say_column(struct text *out)
{
    static const char *const columns[] = {"id", "a", "a", "open.a", "shut.a", "secret", "open.secret",
            "shut.secret", "rowid", "oid", "_rowid_", "*", "open.*", "\"secret\"", "\"a\"", "main.open.a",
            "main.shut.secret", "sql", "value", "ghost"};
    static const char *const plain[] = {"id", "a", "a", "secret", "*"};
    say(out, tame ? plain[chance(chance(4) == 0 ? 4 : 3)] : PICK(columns));
}

static void say_call(struct text *out, int depth)
{
    static const char *const names[] = {"abs", "hex", "quote", "length", "max", "min", "sum", "count",
            "group_concat", "json_group_array", "json_object", "printf", "coalesce", "instr", "replace",
            "substr", "typeof", "unicode", "load_extension", "readfile", "sqlite_offset", "changes", "random",
            "zeroblob", "iif", "nullif", "like", "glob", "json_patch", "trim", "total_changes",
            "last_insert_rowid", "row_number", "fts3_tokenizer"};
    static const char *const plain[] = {"abs", "hex", "quote", "length", "typeof", "max", "min", "sum",
            "count", "group_concat", "unicode", "json_group_array"};
    uint32_t count = tame ? 1 : chance(4);
    say(out, tame ? PICK(plain) : PICK(names));
    say(out, "(");
    for (uint32_t i = 0; i < count; i++) {
        say(out, i > 0 ? ", " : chance(12) == 0 ? "DISTINCT " : "");
        say_expression(out, depth + 1);
    }
    say(out, count == 0 && chance(3) == 0 ? "*)" : ")");
    if (!tame && chance(12) == 0)
        say(out, " OVER (ORDER BY id)");
}

static void say_expression(struct text *out, int depth)
{
    static const char *const values[] = {
            "1", "0", "NULL", "-1", "'x'", "x'00ff'", "9e99", "9223372036854775807", "?1", "'secret'"};
    static const char *const operators[] = {" + ", " || ", " = ", " < ", " AND ", " OR ", " IS ", " LIKE ",
            " GLOB ", " -> ", " ->> ", " COLLATE NOCASE = ", " IN ", " * ", " % ", " << "};
    switch (depth >= DEPTH_MAX ? chance(2) : chance(8)) {
    case 0:
        say(out, PICK(values));
        break;
    case 1:
    case 2:
        say_column(out);
        break;
    case 3:
        say_call(out, depth);
        break;
    case 4:
        say(out, chance(2) ? "(" : "EXISTS (");
        say_select(out, depth + 1);
        say(out, ")");
        break;
    case 5:
        say(out, "CASE WHEN ");
        say_expression(out, depth + 1);
        say(out, " THEN ");
        say_expression(out, depth + 1);
        say(out, " ELSE 1 END");
        break;
    default:
        say(out, "(");
        say_expression(out, depth + 1);
        say(out, PICK(operators));
        say_expression(out, depth + 1);
        say(out, ")");
    }
}

static void say_from(struct text *out, int depth)
{
    static const char *const joins[] = {", ", " JOIN ", " LEFT JOIN ", " NATURAL JOIN ", " CROSS JOIN "};
    say(out, " FROM ");
    if (chance(6) == 0 && depth < DEPTH_MAX) {
        say(out, "(");
        say_select(out, depth + 1);
        say(out, ") AS open");
    } else
        say_table(out);
    if (chance(tame ? 12 : 3) == 0) {
        say(out, PICK(joins));
        say_table(out);
        if (chance(3) == 0)
            say(out, " USING (id)");
    }
}

static void say_select(struct text *out, int depth)
{
    uint32_t columns = tame && depth > 0 ? 1 : 1 + chance(3);
    if (chance(10) == 0 && depth < DEPTH_MAX) {
        say(out, chance(2) ? "WITH x AS (" : "WITH RECURSIVE open AS (");
        say_select(out, depth + 1);
        say(out, ") ");
    }
    say(out, chance(8) == 0 ? "SELECT DISTINCT " : "SELECT ");
    for (uint32_t i = 0; i < columns; i++) {
        say(out, i > 0 ? ", " : "");
        say_expression(out, depth + 1);
    }
    if (tame || chance(8) > 0)
        say_from(out, depth);
    if (chance(3) == 0) {
        say(out, " WHERE ");
        say_expression(out, depth + 1);
    }
    if (chance(8) == 0)
        say(out, " GROUP BY 1");
    if (chance(6) == 0)
        say(out, " ORDER BY 1");
    if (!tame && chance(10) == 0 && depth < DEPTH_MAX) {
        say(out, chance(2) ? " UNION ALL " : " EXCEPT ");
        say_select(out, depth + 1);
    }
    if (chance(8) == 0)
        say(out, " LIMIT 3");
}

static void say_change(struct text *out)
{
    static const char *const inserts[] = {
            "INSERT INTO ", "INSERT OR REPLACE INTO ", "REPLACE INTO ", "INSERT OR IGNORE INTO "};
    static const char *const others[] = {"DROP TABLE shut", "DROP VIEW v_open",
            "ALTER TABLE shut RENAME TO gone", "ALTER TABLE shut ADD COLUMN z",
            "ALTER TABLE open RENAME COLUMN a TO b", "CREATE TABLE open2 AS SELECT * FROM shut",
            "CREATE INDEX i ON shut (secret)", "CREATE VIEW w AS SELECT * FROM shut",
            "CREATE TEMP TABLE q AS SELECT * FROM shut",
            "CREATE TRIGGER g AFTER INSERT ON open BEGIN DELETE FROM shut; END",
            "PRAGMA writable_schema = ON", "PRAGMA user_version = 9", "ATTACH ':memory:' AS m",
            "VACUUM INTO '/tmp/sqlfuzz-never'", "PRAGMA table_info(shut)",
            "UPDATE sqlite_master SET sql = ''", "DELETE FROM sqlite_master",
            "ALTER TABLE shut DROP COLUMN secret", "BEGIN", "COMMIT", "SAVEPOINT s", "REINDEX shut",
            "ANALYZE", "EXPLAIN SELECT * FROM shut", "WITH x AS (SELECT * FROM shut) DELETE FROM open",
            "CREATE VIRTUAL TABLE f USING fts5(a)", "PRAGMA table_list"};
    switch (chance(5)) {
    case 0:
        say(out, PICK(inserts));
        say_table(out);
        say(out, chance(2) ? " " : " (id, a) ");
        say_select(out, 1);
        break;
    case 1:
        say(out, "UPDATE ");
        say_table(out);
        say(out, " SET a = ");
        say_expression(out, 1);
        if (chance(3) == 0)
            say(out, " WHERE id = 1");
        break;
    case 2:
        say(out, "DELETE FROM ");
        say_table(out);
        if (chance(2)) {
            say(out, " WHERE ");
            say_expression(out, 1);
        }
        break;
    default:
        say(out, PICK(others));
    }
    if (chance(6) == 0) {
        say(out, " RETURNING ");
        say_column(out);
    }
}

/* A few bytes other than the grammar would have them. */
static void garble(struct text *out)
{
    static const char *const bits[] = {"'", "\"", ";", "--", "/*", "*/", "(", ")", "shut", ", secret",
            "\xef\xbb\xbf", "[", "]", "`", " UNION SELECT secret FROM shut "};
    for (uint32_t i = 1 + chance(3); i > 0 && out->len > 0; i--) {
        size_t at = chance((uint32_t)out->len);
        if (chance(2)) {
            out->bytes[at] = (char)(1 + chance(126));
            continue;
        }
        struct text tail = {.len = 0};
        say(&tail, out->bytes + at);
        out->bytes[at] = '\0';
        out->len = at;
        say(out, PICK(bits));
        say(out, tail.bytes);
    }
}

static void statement_make(struct text *out)
{
    out->len = 0;
    out->bytes[0] = '\0';
    tame = chance(2);
    if (chance(3) == 0)
        say_change(out);
    else
        say_select(out, 0);
    if (!tame && chance(3) == 0)
        garble(out);
}

/* --- the database, and the copy that differs where nothing may be seen --- */

struct side {
    char directory[64];
    struct sql_pool *pool;
    struct deputy_arena *arena;
    struct sql_job job;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool done;
};

static struct side sides[2];

static enum deputy_error nothing(struct sql_job *job)
{
    (void)job;
    return DEPUTY_OK;
}

static enum deputy_error agree(struct sql_job *job, const struct sql_effect *effect, int32_t *mark)
{
    (void)job;
    (void)effect;
    *mark = 0;
    return DEPUTY_OK;
}

static void ignore(struct sql_job *job)
{
    (void)job;
}

static void finished(struct sql_job *job)
{
    struct side *side = job == &sides[0].job ? &sides[0] : &sides[1];
    pthread_mutex_lock(&side->lock);
    side->done = true;
    pthread_cond_signal(&side->ended);
    pthread_mutex_unlock(&side->lock);
}

static void fail(const char *what, uint64_t seed, const char *sql)
{
    printf("%s\nseed %llu\n%s\n0 passed, 1 failed\n", what, (unsigned long long)seed, sql);
    exit(1);
}

static enum deputy_error side_run(struct side *side, const struct sql_request *request)
{
    static const struct sql_hooks hooks = {nothing, nothing, agree, ignore, finished};
    deputy_arena_reset(side->arena);
    side->job = (struct sql_job){.request = *request, .hooks = &hooks, .arena = side->arena};
    sql_name_make(&side->job.request.database, deputy_slice_text("space"), deputy_slice_text("db"));
    side->done = false;
    sql_submit(side->pool, &side->job);
    pthread_mutex_lock(&side->lock);
    while (!side->done)
        pthread_cond_wait(&side->ended, &side->lock);
    pthread_mutex_unlock(&side->lock);
    return side->job.refusal.code;
}

static const struct sql_rights all_rights = {true, true, true, true};

/* The columns id and a of a table may be read under the narrowing to columns, whichever table it is. */
static void side_fill(struct side *side, const char *shown, const char *hidden)
{
    char secret[128] = "";
    struct sql_statement batch[] = {
            {.sql = deputy_slice_text("CREATE TABLE open (id INTEGER PRIMARY KEY, a, secret)")},
            {.sql = deputy_slice_text("CREATE TABLE shut (id INTEGER PRIMARY KEY, a, secret)")},
            {.sql = deputy_slice_text("CREATE VIEW v_open AS SELECT id, a FROM open")},
            {.sql = deputy_slice_text("CREATE VIEW v_shut AS SELECT id, a, secret FROM shut")},
            {.sql = deputy_slice_text(
                     "CREATE VIEW v_both AS SELECT o.id, o.a, s.secret FROM open o, shut s")},
            {.sql = deputy_slice_text(
                     "INSERT INTO open VALUES (1, 'one', 'p'), (2, 'two', 'q'), (3, 3.5, NULL)")},
            {.sql = {0}}, /* what is hidden */
    };
    const struct sql_request request = {.action = SQL_BATCH,
            .statements = batch,
            .statement_count = sizeof batch / sizeof batch[0],
            .rights = all_rights};
    snprintf(secret, sizeof secret, "INSERT INTO shut VALUES (1, '%s', '%s%s'), (7, 8, '%s')", shown, hidden,
            hidden, hidden);
    batch[6].sql = deputy_slice_text(secret);
    if (side_run(side, &request) != DEPUTY_OK)
        fail("the database cannot be filled", 0, secret);
}

/* Under the narrowing to columns, what is hidden is also in the open table. */
static void side_hide_column(struct side *side, const char *hidden)
{
    char sql[96];
    snprintf(sql, sizeof sql, "UPDATE open SET secret = '%s' || id", hidden);
    struct sql_statement statement = {.sql = deputy_slice_text(sql)};
    side_run(side, &(struct sql_request){.action = SQL_EXECUTE,
                           .statements = &statement,
                           .statement_count = 1,
                           .rights = all_rights});
}

static void side_remove(struct side *side)
{
    char command[128];
    sql_pool_destroy(side->pool);
    deputy_arena_destroy(side->arena);
    snprintf(command, sizeof command, "rm -rf %s", side->directory);
    if (system(command) != 0)
        fail("a directory cannot be removed", 0, side->directory);
}

static void side_make(struct side *side, const char *shown, const char *hidden)
{
    const struct sql_config config = {.directory = side->directory,
            .workers = 1,
            .handles = 2,
            .time_ms = TIME_MS,
            .idle_ms = 60000,
            .max_bytes = 8 << 20};
    *side = (struct side){.lock = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER};
    snprintf(side->directory, sizeof side->directory, "/tmp/sqlfuzz-XXXXXX");
    if (mkdtemp(side->directory) == NULL || deputy_arena_create(&side->arena, SQL_ARENA_MAX) != DEPUTY_OK ||
            sql_pool_create(&side->pool, &config) != DEPUTY_OK)
        fail("no directory", 0, "");
    side_fill(side, shown, hidden);
}

/* --- the oracle: a plain SQLite --- */

static void oracle(struct side *side, const char *sql, char *out, size_t size)
{
    struct sqlite3 *handle;
    struct sqlite3_stmt *statement = NULL;
    struct sql_name name;
    char path[256];
    size_t len = (size_t)snprintf(path, sizeof path, "%s/sql/", side->directory);
    sql_name_make(&name, deputy_slice_text("space"), deputy_slice_text("db"));
    for (size_t i = 0; i < sizeof name.bytes; i++)
        len += (size_t)snprintf(path + len, sizeof path - len, "%02x", name.bytes[i]);
    snprintf(path + len, sizeof path - len, ".db");
    out[0] = '\0';
    if (sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
            sqlite3_prepare_v2(handle, sql, -1, &statement, NULL) == SQLITE_OK &&
            sqlite3_step(statement) == SQLITE_ROW)
        snprintf(out, size, "%s", (const char *)sqlite3_column_text(statement, 0));
    else
        snprintf(out, size, "(%s)", sqlite3_errmsg(handle));
    sqlite3_finalize(statement);
    sqlite3_close(handle);
}

/* Everything that may not change, as one text. */
#define OUTSIDE                                                                                              \
    "SELECT (SELECT group_concat(id || '/' || quote(a) || '/' || quote(secret)) FROM shut) || "              \
    "(SELECT group_concat(sql) FROM sqlite_schema WHERE tbl_name = 'shut')"
#define ALL                                                                                                  \
    "SELECT (SELECT group_concat(id || quote(a) || quote(secret)) FROM shut) || "                            \
    "(SELECT group_concat(id || quote(a) || quote(secret)) FROM open) || "                                   \
    "(SELECT group_concat(sql) FROM sqlite_schema)"
#define HIDDEN_COLUMN "SELECT group_concat(id || quote(secret)) FROM open WHERE id IN (1, 2, 3)"

/* --- one round --- */

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

enum narrowing { NARROW_TABLES, NARROW_COLUMNS, NARROW_READ, NARROWINGS };

static struct sql_request request_make(enum narrowing kind, const struct sql_statement *statement)
{
    static struct deputy_slice table, columns[3];
    table = deputy_slice_text("open");
    columns[0] = deputy_slice_text("id");
    columns[1] = deputy_slice_text("a");
    columns[2] = deputy_slice_text("value");
    struct sql_request request = {
            .action = SQL_QUERY, .statements = statement, .statement_count = 1, .rights = all_rights};
    if (kind == NARROW_TABLES)
        request.narrowing.tables = (struct sql_names){true, &table, 1};
    else if (kind == NARROW_COLUMNS)
        request.narrowing.columns = (struct sql_names){true, columns, 3};
    else
        request.rights = (struct sql_rights){.read = true};
    return request;
}

static bool is_random(const char *sql)
{
    return strstr(sql, "random") != NULL;
}

/* Both sides look the same from inside, whatever is outside. */
static void compare_answers(uint64_t seed, const char *sql)
{
    const struct sql_job *one = &sides[0].job, *two = &sides[1].job;
    bool timed = deputy_slice_equal(one->refusal.args[0], deputy_slice_text("interrupted")) ||
                 deputy_slice_equal(two->refusal.args[0], deputy_slice_text("interrupted"));
    if (timed || is_random(sql))
        return;
    if (one->refusal.code != two->refusal.code || !deputy_slice_equal(one->answer, two->answer) ||
            !deputy_slice_equal(one->refusal.args[0], two->refusal.args[0])) {
        printf("%.*s\n%.*s\n", (int)one->answer.len, (const char *)one->answer.ptr, (int)two->answer.len,
                (const char *)two->answer.ptr);
        fail("an answer depends on what is outside", seed, sql);
    }
}

static void round_run(uint64_t seed, enum narrowing kind, const struct text *sql, bool *wrote)
{
    static char before[65536], after[65536];
    const struct sql_statement statement = {.sql = deputy_slice_bytes(sql->bytes, sql->len)};
    const struct sql_request request = request_make(kind, &statement);
    const char *kept = kind == NARROW_TABLES ? OUTSIDE : kind == NARROW_COLUMNS ? HIDDEN_COLUMN : ALL;
    oracle(&sides[0], kept, before, sizeof before);
    for (int i = 0; i < 2; i++) {
        double began = now_ms();
        side_run(&sides[i], &request);
        if (now_ms() - began > TIME_MS + SLACK_MS)
            fail("a statement outlived its time", seed, sql->bytes);
    }
    *wrote = sides[0].job.wrote;
    if (kind != NARROW_READ)
        compare_answers(seed, sql->bytes);
    if (kind == NARROW_READ && *wrote)
        fail("a right to read wrote", seed, sql->bytes);
    /* Whole rows may be removed or replaced: that a column is hidden does not protect its row. */
    if (kind == NARROW_COLUMNS && *wrote)
        return;
    oracle(&sides[0], kept, after, sizeof after);
    if (strcmp(before, after) != 0)
        fail("something outside was changed", seed, sql->bytes);
}

static void check_memory(uint64_t seed, const char *sql)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    if (usage.ru_maxrss > MEMORY_KIB_MAX && getenv("SQLFUZZ_ANY_MEMORY") == NULL)
        fail("memory is not bounded", seed, sql);
}

static void world_make(enum narrowing kind)
{
    side_make(&sides[0], "alpha", "alpha");
    side_make(&sides[1], kind == NARROW_TABLES ? "omega-other" : "alpha",
            kind == NARROW_READ ? "alpha" : "omega-other");
    if (kind == NARROW_COLUMNS) {
        side_hide_column(&sides[0], "alpha");
        side_hide_column(&sides[1], "omega-other");
    }
}

int main(int argc, char **argv)
{
    double until = now_ms() + 1000.0 * (argc > 1 ? atof(argv[1]) : 60);
    uint64_t seed =
            argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)time(NULL) * 1000003U + (uint64_t)getpid();
    uint64_t count = 0, answered = 0, changed = 0;
    struct text sql;
    printf("seed %llu\n", (unsigned long long)seed);
    for (state = seed | 1; now_ms() < until;) {
        enum narrowing kind = (enum narrowing)chance(NARROWINGS);
        world_make(kind);
        bool wrote = false;
        for (int i = 0; i < 200 && !wrote && now_ms() < until; i++, count++) {
            statement_make(&sql);
            round_run(seed, kind, &sql, &wrote);
            answered += sides[0].job.refusal.code == DEPUTY_OK;
            changed += wrote;
        }
        check_memory(seed, sql.bytes);
        side_remove(&sides[0]);
        side_remove(&sides[1]);
    }
    printf("%llu statements, %llu answered, %llu that wrote\n1 passed, 0 failed\n", (unsigned long long)count,
            (unsigned long long)answered, (unsigned long long)changed);
    return 0;
}
