/* One request on one database: a transaction that commits as a whole, or leaves nothing. */
#include "base/arena.h"
#include "base/try.h"
#include "store/sql_answer.h"
#include "store/sql_memory.h"
#include "store/sql_space.h"
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>

/* A request while it runs. */
struct sql_running {
    struct sql_space *space;
    struct sql_job *job;
    struct deputy_slice tables[SQL_TABLES_MAX]; /* written so far */
    size_t table_count;
    bool in_schema; /* its errors are told as those of the schema */
};

struct sql_prepared {
    struct sqlite3_stmt *raw;
    enum sql_kind kind;
    const struct sql_statement *said;
};

/* --- refusals --- */

static enum deputy_error refuse(struct sql_running *run, enum deputy_error code, struct deputy_slice about)
{
    run->job->refusal = (struct deputy_refusal){code, {about}};
    return code;
}

static enum deputy_error refuse_text(struct sql_running *run, enum deputy_error code, const char *text)
{
    struct deputy_slice about = {0};
    (void)arena_copy(run->job->arena, &about, deputy_slice_text(text));
    return refuse(run, code, about);
}

/* What the authorizer said no to, where the protocol has a text of its own for it. */
static enum deputy_error refuse_denied(struct sql_running *run)
{
    const struct sql_authorizer *authorizer = &run->space->authorizer;
    char text[256];
    const char *what = authorizer->denial == SQL_DENIED_TABLE ? "table" : "column";
    if (authorizer->denial == SQL_DENIED_WRITE)
        return refuse_text(run, DEPUTY_E_SQL_READ_ONLY, "");
    int len = snprintf(text, sizeof text, "Access to %s '%.*s' is not allowed", what,
            authorizer->denied.len < 128 ? (int)authorizer->denied.len : 0,
            authorizer->denied.ptr != NULL ? (const char *)authorizer->denied.ptr : "");
    return refuse_text(run, DEPUTY_E_SQL_DENIED, len > 0 ? text : "");
}

static bool is_syntax_error(const char *message)
{
    return strstr(message, "syntax error") != NULL || strcmp(message, "incomplete input") == 0 ||
           strncmp(message, "unrecognized token", 18) == 0;
}

/* A result of SQLite as a refusal: our disk's fault, or that of the statement in SQLite's own words. */
static enum deputy_error refuse_result(struct sql_running *run, int result, bool preparing)
{
    enum deputy_error fault = sql_fault(result);
    const char *message = sqlite3_errmsg(run->space->handle);
    if (fault != DEPUTY_OK)
        return refuse_text(run, fault, "");
    if ((result & 0xff) == SQLITE_AUTH && run->space->authorizer.denial > SQL_DENIED_OTHER)
        return refuse_denied(run);
    if (preparing && is_syntax_error(message))
        return refuse_text(run, DEPUTY_E_SQL_PARSE, message);
    return refuse_text(run, run->in_schema ? DEPUTY_E_SQL_SCHEMA : DEPUTY_E_SQL_ENGINE, message);
}

/* --- preparing --- */

static void prepared_end(struct sql_prepared *prepared)
{
    if (prepared->raw != NULL)
        sqlite3_finalize(prepared->raw);
}

/* Takes the authorizer away, and notes what was written under it. */
static void authorizer_end(struct sql_running *run, bool changed)
{
    const struct sql_authorizer *authorizer = &run->space->authorizer;
    sqlite3_set_authorizer(run->space->handle, NULL, NULL);
    for (size_t i = 0; changed && i < authorizer->written_count && run->table_count < SQL_TABLES_MAX; i++) {
        bool known = false;
        for (size_t k = 0; k < run->table_count && !known; k++)
            known = deputy_slice_equal(run->tables[k], authorizer->written[i]);
        if (!known)
            run->tables[run->table_count++] = authorizer->written[i];
    }
}

static enum deputy_error authorizer_begin(
        struct sql_running *run, const struct sql_statement *said, enum sql_kind *kind)
{
    struct sql_authorizer *authorizer = &run->space->authorizer;
    enum sql_mode mode = SQL_MODE_READ;
    *kind = sql_kind_of(said->sql);
    TRY(sql_admit(&mode, &run->job->refusal, *kind, &run->job->request, said->sql));
    *authorizer = (struct sql_authorizer){
            .mode = mode, .kind = *kind, .narrowing = &run->job->request.narrowing, .arena = run->job->arena};
    sqlite3_set_authorizer(run->space->handle, sql_authorize, authorizer);
    return DEPUTY_OK;
}

static enum deputy_error prepare(
        struct sql_running *run, struct sql_prepared *out, const struct sql_statement *said)
{
    const char *tail = NULL, *sql = (const char *)said->sql.ptr;
    ENSURE(said->sql.len <= SQL_STATEMENT_MAX,
            refuse_text(run, DEPUTY_E_SQL_PARSE, "the statement is too long"));
    *out = (struct sql_prepared){.said = said};
    TRY(authorizer_begin(run, said, &out->kind));
    errno = 0;
    int result = sqlite3_prepare_v3(run->space->handle, sql, (int)said->sql.len, 0, &out->raw, &tail);
    if (result != SQLITE_OK)
        return refuse_result(run, result, true);
    ENSURE(out->raw != NULL, refuse_text(run, DEPUTY_E_SQL_PARSE, "Empty SQL statement"));
    size_t used = (size_t)(tail - sql);
    if (!sql_is_blank(deputy_slice_bytes(tail, said->sql.len - used)))
        return refuse_text(run, DEPUTY_E_SQL_INVALID, "Exactly one SQL statement is required");
    return DEPUTY_OK;
}

/* --- parameters --- */

static int bind_one(struct sqlite3_stmt *raw, int index, const struct sql_value *value)
{
    const char *bytes = value->bytes.ptr != NULL ? (const char *)value->bytes.ptr : "";
    switch (value->kind) {
    case SQL_INTEGER:
        return sqlite3_bind_int64(raw, index, value->integer);
    case SQL_REAL:
        return sqlite3_bind_double(raw, index, value->real);
    case SQL_TEXT:
        return sqlite3_bind_text64(raw, index, bytes, value->bytes.len, SQLITE_STATIC, SQLITE_UTF8);
    case SQL_BLOB:
        return sqlite3_bind_blob64(raw, index, bytes, value->bytes.len, SQLITE_STATIC);
    default:
        return sqlite3_bind_null(raw, index);
    }
}

static enum deputy_error bind(struct sql_running *run, const struct sql_prepared *prepared)
{
    char text[96];
    int needed = sqlite3_bind_parameter_count(prepared->raw);
    size_t got = prepared->said->param_count;
    if (got != (size_t)needed) {
        snprintf(text, sizeof text, "Wrong number of parameters passed to query. Got %zu, needed %d", got,
                needed);
        return refuse_text(run, DEPUTY_E_SQL_ENGINE, text);
    }
    for (size_t i = 0; i < got; i++) {
        int result = bind_one(prepared->raw, (int)i + 1, &prepared->said->params[i]);
        if (result != SQLITE_OK)
            return refuse_result(run, result, false);
    }
    return DEPUTY_OK;
}

/* --- running --- */

/* The first write of a request asks whether there may be one. */
static enum deputy_error announce_write(struct sql_running *run, const struct sql_prepared *prepared)
{
    struct sql_job *job = run->job;
    if (sqlite3_stmt_readonly(prepared->raw))
        return DEPUTY_OK;
    if (job->request.narrowing.read_only)
        return refuse_text(run, DEPUTY_E_SQL_READ_ONLY, "");
    if (job->wrote)
        return DEPUTY_OK;
    job->wrote = true;
    return job->hooks->change(job);
}

static enum deputy_error run_rows(
        struct sql_running *run, const struct sql_prepared *prepared, struct sql_rows *rows)
{
    for (;;) {
        errno = 0;
        int result = sqlite3_step(prepared->raw);
        if (result == SQLITE_DONE)
            return DEPUTY_OK;
        if (result != SQLITE_ROW)
            return refuse_result(run, result, false);
        TRY(sql_rows_take(rows, &run->job->refusal, prepared->raw));
    }
}

static enum deputy_error run_change(struct sql_running *run, const struct sql_prepared *prepared)
{
    errno = 0;
    int result = sqlite3_step(prepared->raw);
    if (result == SQLITE_DONE)
        return DEPUTY_OK;
    if (result == SQLITE_ROW)
        return refuse_text(
                run, DEPUTY_E_SQL_ENGINE, "Execute returned results - did you mean to call query?");
    return refuse_result(run, result, false);
}

static bool gives_rows(const struct sql_running *run, const struct sql_prepared *prepared)
{
    enum sql_action action = run->job->request.action;
    return action == SQL_QUERY || (action == SQL_NAMED && sqlite3_column_count(prepared->raw) > 0);
}

static struct sql_change change_of(const struct sql_running *run, const struct sql_prepared *prepared)
{
    struct sqlite3 *handle = run->space->handle;
    struct sql_change change = {0};
    if (prepared->kind == SQL_KIND_DEFINE || sqlite3_stmt_readonly(prepared->raw))
        return change;
    change.changes = sqlite3_changes64(handle);
    change.inserts = run->space->authorizer.inserts;
    change.last_id = sqlite3_last_insert_rowid(handle);
    return change;
}

static enum deputy_error run_prepared(
        struct sql_running *run, const struct sql_prepared *prepared, struct sql_answer *answer)
{
    TRY(announce_write(run, prepared));
    TRY(bind(run, prepared));
    if (answer != NULL && gives_rows(run, prepared)) {
        TRY(sql_rows_begin(&answer->rows, &run->job->refusal, run->job, prepared->raw));
        TRY(run_rows(run, prepared, &answer->rows));
        return sql_rows_end(&answer->rows, answer);
    }
    /* What a statement of the schema yields is of no interest. */
    TRY(run_change(run, prepared));
    if (answer != NULL)
        sql_answer_change(answer, change_of(run, prepared));
    return DEPUTY_OK;
}

static enum deputy_error run_statement(
        struct sql_running *run, const struct sql_statement *said, struct sql_answer *answer)
{
    DEFER(prepared_end) struct sql_prepared prepared = {0};
    int64_t before = sqlite3_total_changes64(run->space->handle);
    enum deputy_error error = prepare(run, &prepared, said);
    if (error == DEPUTY_OK)
        error = run_prepared(run, &prepared, answer);
    authorizer_end(run, sqlite3_total_changes64(run->space->handle) != before);
    return error;
}

/* Every statement is looked at before the first one runs. */
static enum deputy_error admit_all(struct sql_running *run, const struct sql_statement *said, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum sql_mode mode;
        enum sql_kind kind = sql_kind_of(said[i].sql);
        TRY(sql_admit(&mode, &run->job->refusal, kind, &run->job->request, said[i].sql));
    }
    return DEPUTY_OK;
}

static enum deputy_error run_statements(struct sql_running *run, struct sql_answer *answer)
{
    const struct sql_request *request = &run->job->request;
    TRY(admit_all(run, request->schema, request->schema_count));
    TRY(admit_all(run, request->statements, request->statement_count));
    run->in_schema = true;
    for (size_t i = 0; i < request->schema_count; i++)
        TRY(run_statement(run, &request->schema[i], NULL));
    run->in_schema = false;
    for (size_t i = 0; i < request->statement_count; i++)
        TRY(run_statement(run, &request->statements[i], answer));
    return DEPUTY_OK;
}

/* --- the transaction --- */

/* The size that the database has once the open transaction is committed. */
static enum deputy_error size_after(struct sql_space *space, uint64_t *bytes)
{
    int64_t pages = 0, page = 0;
    TRY(sql_int(space, &pages, "PRAGMA page_count"));
    TRY(sql_int(space, &page, "PRAGMA page_size"));
    *bytes = (uint64_t)(pages * page);
    return DEPUTY_OK;
}

/* References that may be broken until the end are whole now, or the commit would fail. */
static enum deputy_error check_references(struct sql_running *run)
{
    int broken = 0, most = 0;
    sqlite3_db_status(run->space->handle, SQLITE_DBSTATUS_DEFERRED_FKS, &broken, &most, 0);
    return broken == 0 ? DEPUTY_OK : refuse_text(run, DEPUTY_E_SQL_ENGINE, "FOREIGN KEY constraint failed");
}

static enum deputy_error commit_write(struct sql_running *run)
{
    struct sql_job *job = run->job;
    struct sql_effect effect = {.tables = run->tables, .table_count = run->table_count};
    int32_t mark = 0;
    char sql[64];
    TRY(check_references(run));
    TRY(size_after(run->space, &effect.bytes));
    TRY(job->hooks->commit(job, &effect, &mark));
    job->recorded = true;
    snprintf(sql, sizeof sql, "PRAGMA application_id = %d", mark);
    if (mark != 0)
        TRY(sql_exec(run->space, sql));
    TRY(sql_exec(run->space, "COMMIT"));
    job->hooks->committed(job);
    return DEPUTY_OK;
}

/* What is left, a commit or the way back, is not cut short. */
static void run_to_the_end(struct sql_space *space)
{
    space->deadline_ns = UINT64_MAX;
    space->gone = NULL;
}

static enum deputy_error run_transaction(struct sql_running *run)
{
    struct sql_answer answer;
    struct sql_job *job = run->job;
    TRY(sql_exec(run->space, "BEGIN"));
    sql_answer_begin(&answer, job);
    sql_memory_bound(SQL_MEMORY_MAX);
    enum deputy_error error = run_statements(run, &answer);
    sql_memory_bound(0);
    TRY(error);
    TRY(sql_answer_end(&answer, job));
    run_to_the_end(run->space);
    return job->wrote ? commit_write(run) : sql_exec(run->space, "COMMIT");
}

void sql_run(struct sql_space *space, struct sql_job *job)
{
    struct sql_running run = {.space = space, .job = job};
    sqlite3_set_last_insert_rowid(space->handle, 0);
    space->counts.before = sqlite3_total_changes64(space->handle);
    enum deputy_error error = run_transaction(&run);
    run_to_the_end(space);
    if (error != DEPUTY_OK && sqlite3_get_autocommit(space->handle) == 0)
        (void)sql_exec(space, "ROLLBACK");
    if (error == DEPUTY_E_LIMIT)
        error = refuse_text(&run, DEPUTY_E_SQL_TOO_LARGE, "more than 10485760");
    if (job->refusal.code != error)
        job->refusal = (struct deputy_refusal){.code = error};
}
