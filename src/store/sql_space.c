#include "store/sql_space.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "store/blob_file.h"
#include "store/db.h"
#include "store/directory.h"
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum {
    SPACE_BUSY_MS = 5000, /* for a backup or a doctor that holds a lock for a moment */
    SPACE_PROGRESS_OPS = 1000,
    SPACE_PAGE_BYTES = 4096,
    SPACE_EXPR_DEPTH = 500,
    SPACE_COMPOUND = 100,
    SPACE_PATTERN = 128,
    SPACE_VDBE_OPS = 1000000,
    SPACE_FILE_MODE = 0600
};

void sql_name_make(struct sql_name *out, struct deputy_slice space, struct deputy_slice path)
{
    const struct deputy_slice parts[] = {deputy_slice_text("deputy/sql/v1"), deputy_slice_bytes("", 1), space,
            deputy_slice_bytes("", 1), path};
    blake3_parts(out->bytes, parts, sizeof parts / sizeof parts[0]);
}

bool sql_path(char out[SQL_PATH_MAX], const char *directory, const struct sql_name *name)
{
    char hex[BLOB_NAME_MAX];
    blob_name(hex, name->bytes);
    int len = snprintf(out, SQL_PATH_MAX, "%s/%s.db", directory, hex);
    return len > 0 && len < SQL_PATH_MAX;
}

uint64_t sql_monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

enum deputy_error sql_fault(int result)
{
    switch (result & 0xff) {
    case SQLITE_FULL: /* or the database is as large as it may be, which is the statement's fault */
        return db_no_room() ? DEPUTY_E_STORE_FULL : DEPUTY_OK;
    case SQLITE_IOERR:
        if (result == SQLITE_IOERR_NOMEM)
            return DEPUTY_OK;
        return db_no_room() ? DEPUTY_E_STORE_FULL : DEPUTY_E_STORE_IO;
    default:
        return db_file_error(result);
    }
}

/* For statements of our own, which have no fault. */
static enum deputy_error sql_error(int result)
{
    if (result == SQLITE_OK || result == SQLITE_ROW || result == SQLITE_DONE)
        return DEPUTY_OK;
    enum deputy_error fault = sql_fault(result);
    if (fault != DEPUTY_OK)
        return fault;
    return (result & 0xff) == SQLITE_FULL ? DEPUTY_E_STORE_FULL : DEPUTY_E_NOMEM;
}

enum deputy_error sql_exec(struct sql_space *space, const char *sql)
{
    return sql_error(sqlite3_exec(space->handle, sql, NULL, NULL, NULL));
}

static void raw_end(struct sqlite3_stmt **raw)
{
    sqlite3_finalize(*raw);
}

enum deputy_error sql_int(struct sql_space *space, int64_t *out, const char *sql)
{
    DEFER(raw_end) struct sqlite3_stmt *raw = NULL;
    TRY(sql_error(sqlite3_prepare_v2(space->handle, sql, -1, &raw, NULL)));
    int result = sqlite3_step(raw);
    ENSURE(result == SQLITE_ROW, result == SQLITE_DONE ? DEPUTY_E_STORE_CORRUPT : sql_error(result));
    *out = sqlite3_column_int64(raw, 0);
    return DEPUTY_OK;
}

/* --- setting up --- */

bool sql_space_expired(const struct sql_space *space)
{
    return sql_monotonic_ns() > space->deadline_ns ||
           (space->gone != NULL && atomic_load_explicit(space->gone, memory_order_relaxed));
}

static int space_progress(void *context)
{
    return sql_space_expired(context);
}

static void space_limit(struct sqlite3 *handle)
{
    sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, SQL_LENGTH_MAX);
    sqlite3_limit(handle, SQLITE_LIMIT_SQL_LENGTH, SQL_STATEMENT_MAX);
    sqlite3_limit(handle, SQLITE_LIMIT_EXPR_DEPTH, SPACE_EXPR_DEPTH);
    sqlite3_limit(handle, SQLITE_LIMIT_COMPOUND_SELECT, SPACE_COMPOUND);
    sqlite3_limit(handle, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, SPACE_PATTERN);
    sqlite3_limit(handle, SQLITE_LIMIT_VDBE_OP, SPACE_VDBE_OPS);
    sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_limit(handle, SQLITE_LIMIT_WORKER_THREADS, 0);
}

/* Nothing in the file runs but views, nothing is loaded, and no module but those for JSON exists (H18). */
static int space_distrust(struct sqlite3 *handle)
{
    static const char *const modules[] = {"json_each", "json_tree", NULL};
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
    return sqlite3_drop_modules(handle, (const char **)(uintptr_t)modules);
}

static enum deputy_error space_configure(struct sql_space *space, const struct sql_paths *paths)
{
    char sql[256];
    snprintf(sql, sizeof sql,
            "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -256; PRAGMA mmap_size = 0;"
            "PRAGMA cell_size_check = ON; PRAGMA synchronous = FULL; PRAGMA max_page_count = %llu",
            (unsigned long long)(paths->max_bytes / SPACE_PAGE_BYTES));
    return sql_exec(space, sql);
}

/* The answer is the mode that is in force now. */
static enum deputy_error space_enter_wal(struct sql_space *space)
{
    DEFER(raw_end) struct sqlite3_stmt *raw = NULL;
    TRY(sql_error(sqlite3_prepare_v2(space->handle, "PRAGMA journal_mode = wal", -1, &raw, NULL)));
    int result = sqlite3_step(raw);
    ENSURE(result == SQLITE_ROW, sql_error(result));
    const char *mode = (const char *)sqlite3_column_text(raw, 0);
    return mode != NULL && sqlite3_stricmp(mode, "wal") == 0 ? DEPUTY_OK : DEPUTY_E_STORE_DIRECTORY;
}

/* The file exists before SQLite opens it, so that it and its log are readable by their owner alone. Its name
 * becomes durable with that of its log, at the first commit. */
static enum deputy_error space_touch(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, SPACE_FILE_MODE);
    ENSURE(fd >= 0, directory_error());
    close(fd);
    return DEPUTY_OK;
}

static enum deputy_error space_connect(
        struct sql_space *space, const char *path, const struct sql_paths *paths, struct sql_guards *guards)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (space->stored ? 0 : SQLITE_OPEN_CREATE);
    int result = sqlite3_open_v2(path, &space->handle, flags, NULL);
    ENSURE(space->handle != NULL, DEPUTY_E_NOMEM);
    TRY(sql_error(result));
    sqlite3_busy_timeout(space->handle, SPACE_BUSY_MS);
    TRY(sql_error(space_distrust(space->handle)));
    space_limit(space->handle);
    TRY(sql_functions_install(space->handle, guards, &space->counts));
    if (space->stored)
        TRY(space_enter_wal(space));
    TRY(space_configure(space, paths));
    sqlite3_progress_handler(space->handle, SPACE_PROGRESS_OPS, space_progress, space);
    return DEPUTY_OK;
}

enum deputy_error sql_space_open(struct sql_space *space, const struct sql_paths *paths,
        const struct sql_name *name, struct sql_guards *guards, bool create)
{
    char path[SQL_PATH_MAX];
    *space = (struct sql_space){.deadline_ns = UINT64_MAX};
    ENSURE(sql_path(path, paths->directory, name), DEPUTY_E_STORE_DIRECTORY);
    bool exists = access(path, F_OK) == 0;
    space->stored = create || exists;
    space->made = create && !exists;
    if (space->made)
        TRY(space_touch(path));
    return space_connect(space, space->stored ? path : ":memory:", paths, guards);
}

void sql_space_close(struct sql_space *space)
{
    sqlite3_close(space->handle);
    space->handle = NULL;
}

void sql_space_remove(const struct sql_paths *paths, const struct sql_name *name)
{
    char path[SQL_PATH_MAX];
    if (sql_path(path, paths->directory, name))
        unlink(path);
}

enum deputy_error sql_mark_read(int32_t *out, const char *directory, const struct sql_name *name)
{
    struct sql_space space = {.deadline_ns = UINT64_MAX};
    char databases[SQL_PATH_MAX], path[SQL_PATH_MAX];
    int64_t mark = 0;
    *out = 0;
    db_library_start();
    int len = snprintf(databases, sizeof databases, "%s/sql", directory);
    ENSURE(len > 0 && len < SQL_PATH_MAX && sql_path(path, databases, name), DEPUTY_E_STORE_DIRECTORY);
    if (access(path, F_OK) != 0)
        return DEPUTY_OK;
    int result = sqlite3_open_v2(path, &space.handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    enum deputy_error error = sql_error(result);
    if (error == DEPUTY_OK)
        error = sql_int(&space, &mark, "PRAGMA application_id");
    sqlite3_close(space.handle);
    *out = (int32_t)mark;
    return error;
}
