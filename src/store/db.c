#include "store/db.h"
#include "base/arena.h"
#include "base/try.h"
#include "store/sql_memory.h"
#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <string.h>

enum { DB_BUSY_MS = 5000, DB_WAL_KEEP_BYTES = 64 * 1024 * 1024, DB_MICROSECONDS = 1000000 };

/*
 * SQLite knows a full disk by ENOSPC from a write; a full quota, a limit on file sizes and a sync that found
 * no room reach us as an I/O error, and errno says which. sqlite3_system_errno does not know of failing
 * commits.
 */
bool db_no_room(void)
{
    return errno == ENOSPC || errno == EFBIG || errno == EDQUOT;
}

enum deputy_error db_file_error(int result)
{
    switch (result & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return DEPUTY_E_STORE_CORRUPT;
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return DEPUTY_E_STORE_DIRECTORY;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return DEPUTY_E_STORE_BUSY;
    default:
        return DEPUTY_OK;
    }
}

static enum deputy_error db_error(int code)
{
    TRY(db_file_error(code));
    if (code == SQLITE_IOERR_NOMEM)
        return DEPUTY_E_NOMEM;
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return DEPUTY_OK;
    case SQLITE_FULL:
        return DEPUTY_E_STORE_FULL;
    case SQLITE_IOERR:
        return db_no_room() ? DEPUTY_E_STORE_FULL : DEPUTY_E_STORE_IO;
    case SQLITE_NOMEM:
        return DEPUTY_E_NOMEM;
    case SQLITE_TOOBIG:
        return DEPUTY_E_LIMIT;
    default:
        return DEPUTY_E_INTERNAL;
    }
}

/* Counting every allocation under a lock costs more than a look-up; nobody reads the counts. */
static void library_configure(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sql_memory_install();
}

void db_library_start(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, library_configure);
}

static int db_committed(void *context, struct sqlite3 *handle, const char *name, int pages)
{
    (void)handle;
    (void)name;
    ((struct db *)context)->wal_pages = pages;
    return SQLITE_OK;
}

enum deputy_error db_exec(struct db *db, const char *sql)
{
    errno = 0;
    return db_error(sqlite3_exec(db->handle, sql, NULL, NULL, NULL));
}

static void raw_end(struct sqlite3_stmt **raw)
{
    sqlite3_finalize(*raw);
}

/* Prepares a statement that is used once, and steps to its only row. */
static enum deputy_error db_query(struct db *db, struct sqlite3_stmt **raw, const char *sql)
{
    errno = 0;
    TRY(db_error(sqlite3_prepare_v2(db->handle, sql, -1, raw, NULL)));
    int result = sqlite3_step(*raw);
    ENSURE(result != SQLITE_DONE, DEPUTY_E_INTERNAL);
    return db_error(result);
}

enum deputy_error db_query_int(struct db *db, int64_t *out, const char *sql)
{
    DEFER(raw_end) struct sqlite3_stmt *raw = NULL;
    TRY(db_query(db, &raw, sql));
    *out = sqlite3_column_int64(raw, 0);
    return DEPUTY_OK;
}

/* The file may have been made by an enemy: no trigger, view or function in its schema runs (H18). */
static enum deputy_error db_distrust(struct db *db)
{
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    return db_exec(db, "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0");
}

/* The answer is the mode that is in force now. */
static enum deputy_error db_enter_wal(struct db *db)
{
    DEFER(raw_end) struct sqlite3_stmt *raw = NULL;
    TRY(db_query(db, &raw, "PRAGMA journal_mode = wal"));
    const char *mode = (const char *)sqlite3_column_text(raw, 0);
    ENSURE(mode != NULL && strcmp(mode, "wal") == 0, DEPUTY_E_STORE_DIRECTORY);
    return DEPUTY_OK;
}

/*
 * FULL: a commit returns when the write-ahead log is on the disk. The log is moved into the database by us,
 * after the acknowledgements, and not inside a commit.
 */
static enum deputy_error db_setup_writer(struct db *db)
{
    TRY(db_enter_wal(db));
    TRY(db_exec(db, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON"));
    sqlite3_wal_hook(db->handle, db_committed, db);
    sqlite3_limit(db->handle, SQLITE_LIMIT_ATTACHED, 0);
    return DEPUTY_OK;
}

/* 8 MiB of pages a reader, taken as they are used: a closure found there costs two thirds of one that is not.
 */
static enum deputy_error db_setup_reader(struct db *db)
{
    return db_exec(db, "PRAGMA query_only = ON; PRAGMA cache_size = -8192");
}

enum deputy_error db_open(struct db *db, const char *path, enum db_mode mode)
{
    db_library_start();
    int result = sqlite3_open_v2(path, &db->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    ENSURE(db->handle != NULL, DEPUTY_E_NOMEM);
    TRY(db_error(result));
    sqlite3_busy_timeout(db->handle, DB_BUSY_MS);
    TRY(db_distrust(db));
    return mode == DB_WRITER ? db_setup_writer(db) : db_setup_reader(db);
}

void db_close(struct db *db)
{
    for (size_t i = 0; i < DB_SLOTS; i++)
        sqlite3_finalize(db->statements[i]);
    sqlite3_close(db->handle);
    *db = (struct db){0};
}

bool db_in_transaction(const struct db *db)
{
    return sqlite3_get_autocommit(db->handle) == 0;
}

int64_t db_changes(const struct db *db)
{
    return sqlite3_changes64(db->handle);
}

int64_t db_last_id(const struct db *db)
{
    return sqlite3_last_insert_rowid(db->handle);
}

static enum deputy_error db_copy_to(struct sqlite3 *target, struct db *db)
{
    sqlite3_backup *backup = sqlite3_backup_init(target, "main", db->handle, "main");
    ENSURE(backup != NULL, db_error(sqlite3_errcode(target)));
    int stepped = sqlite3_backup_step(backup, -1);
    int ended = sqlite3_backup_finish(backup);
    ENSURE(stepped == SQLITE_DONE, db_error(stepped));
    TRY(db_error(ended));
    /* Without a log beside it, a copy can be read from a medium that cannot be written. */
    return db_error(sqlite3_exec(target, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL));
}

enum deputy_error db_copy(struct db *db, const char *path)
{
    struct sqlite3 *target = NULL;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    errno = 0;
    enum deputy_error error = db_error(sqlite3_open_v2(path, &target, flags, NULL));
    if (error == DEPUTY_OK)
        error = db_copy_to(target, db);
    int closed = sqlite3_close(target);
    return error != DEPUTY_OK ? error : db_error(closed);
}

enum deputy_error db_checkpoint(struct db *db)
{
    return db_error(sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL));
}

enum deputy_error statement_begin(
        struct statement *statement, struct db *db, enum db_slot slot, const char *sql)
{
    if (db->statements[slot] == NULL) {
        int result = sqlite3_prepare_v3(
                db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &db->statements[slot], NULL);
        TRY(db_error(result));
    }
    *statement = (struct statement){.db = db, .raw = db->statements[slot]};
    return DEPUTY_OK;
}

void statement_end(struct statement *statement)
{
    if (statement->raw == NULL)
        return;
    sqlite3_reset(statement->raw);
    sqlite3_clear_bindings(statement->raw);
    statement->bound = 0;
}

enum deputy_error statement_once(struct statement *statement, struct db *db, const char *sql)
{
    *statement = (struct statement){.db = db};
    return db_error(sqlite3_prepare_v2(db->handle, sql, -1, &statement->raw, NULL));
}

void statement_drop(struct statement *statement)
{
    sqlite3_finalize(statement->raw);
    statement->raw = NULL;
}

static void bind_check(struct statement *statement, int result)
{
    if (result != SQLITE_OK && statement->failed == SQLITE_OK)
        statement->failed = result;
}

void bind_int(struct statement *statement, int64_t value)
{
    bind_check(statement, sqlite3_bind_int64(statement->raw, ++statement->bound, value));
}

void bind_null(struct statement *statement)
{
    bind_check(statement, sqlite3_bind_null(statement->raw, ++statement->bound));
}

void bind_blob(struct statement *statement, struct deputy_slice bytes)
{
    const void *ptr = bytes.ptr != NULL ? (const void *)bytes.ptr : "";
    bind_check(statement,
            sqlite3_bind_blob64(statement->raw, ++statement->bound, ptr, bytes.len, SQLITE_STATIC));
}

void bind_text(struct statement *statement, struct deputy_slice text)
{
    const char *ptr = text.ptr != NULL ? (const char *)text.ptr : "";
    bind_check(statement, sqlite3_bind_text64(statement->raw, ++statement->bound, ptr, text.len,
                                  SQLITE_STATIC, SQLITE_UTF8));
}

int64_t db_time(const struct deputy_time *time)
{
    int64_t micros;
    if (__builtin_mul_overflow(time->sec, DB_MICROSECONDS, &micros))
        return time->sec < 0 ? INT64_MIN : INT64_MAX;
    return micros + time->nsec / 1000;
}

void bind_time(struct statement *statement, const struct deputy_time *time)
{
    if (time == NULL)
        bind_null(statement);
    else
        bind_int(statement, db_time(time));
}

enum deputy_error statement_step(struct statement *statement, bool *row)
{
    *row = false;
    TRY(db_error(statement->failed));
    errno = 0;
    int result = sqlite3_step(statement->raw);
    *row = result == SQLITE_ROW;
    return db_error(result);
}

enum deputy_error statement_run(struct statement *statement)
{
    bool row;
    return statement_step(statement, &row);
}

int64_t column_int(const struct statement *statement, int column)
{
    return sqlite3_column_int64(statement->raw, column);
}

bool column_null(const struct statement *statement, int column)
{
    return sqlite3_column_type(statement->raw, column) == SQLITE_NULL;
}

enum deputy_error column_bytes(const struct statement *statement, int column, struct deputy_slice *out)
{
    const void *ptr = sqlite3_column_blob(statement->raw, column);
    size_t len = (size_t)sqlite3_column_bytes(statement->raw, column);
    if (ptr == NULL && sqlite3_errcode(statement->db->handle) == SQLITE_NOMEM)
        return DEPUTY_E_NOMEM;
    *out = deputy_slice_bytes(ptr != NULL ? ptr : "", ptr != NULL ? len : 0);
    return DEPUTY_OK;
}

enum deputy_error column_copy(
        struct deputy_arena *arena, struct deputy_slice *out, const struct statement *statement, int column)
{
    struct deputy_slice bytes;
    TRY(column_bytes(statement, column, &bytes));
    return arena_copy(arena, out, bytes);
}

enum deputy_error db_run(struct db *db, enum db_slot slot, const char *sql)
{
    DEFER(statement_end) struct statement statement = {0};
    TRY(statement_begin(&statement, db, slot, sql));
    return statement_run(&statement);
}
