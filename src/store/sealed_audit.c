#include "store/sealed_audit.h"
#include "base/arena.h"
#include "base/try.h"
#include "crypto/secret.h"
#include "store/audit_state.h"
#include "store/schema.h"
#include "store/sealed_record.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MARK_ARENA = 4096, COPY_FILE_MODE = 0600 };

/* ---- opening ---- */

static void arena_end(struct deputy_arena **arena)
{
    deputy_arena_destroy(*arena);
}

/* None is a finding, and no other key. */
static enum deputy_error mark_check(struct store_audit *audit)
{
    DEFER(arena_end) struct deputy_arena *arena = NULL;
    DEFER(statement_drop) struct statement statement = {0};
    struct deputy_slice name = deputy_slice_text(SEALED_MARK), record, value;
    bool found;
    TRY(deputy_arena_create(&arena, MARK_ARENA));
    TRY(statement_once(&statement, &audit->db, "SELECT record FROM sealed WHERE name = ?"));
    bind_blob(&statement, name);
    TRY(statement_step(&statement, &found));
    if (!found)
        return DEPUTY_OK;
    TRY(column_bytes(&statement, 0, &record));
    enum deputy_error result = sealed_record_open(arena, &value, audit->seal_key, name, record);
    return result == DEPUTY_E_STORE_SEAL ? DEPUTY_E_STORE_SECRET : result;
}

static enum deputy_error audit_start(struct store_audit *audit, const char *database, const uint8_t *key)
{
    int len = snprintf(audit->database, sizeof audit->database, "%s", database);
    ENSURE(len > 0 && (size_t)len < sizeof audit->database, DEPUTY_E_STORE_DIRECTORY);
    TRY(seal_key_keep(&audit->seal_key, key));
    TRY(db_open(&audit->db, audit->database, DB_READER));
    TRY(db_exec(&audit->db, "BEGIN"));
    TRY(schema_check(&audit->db, &schema_backend));
    return mark_check(audit);
}

enum deputy_error sealed_audit_open(struct store_audit **out, const char *database,
        const uint8_t key[SEALED_KEY_BYTES], const struct audit_sink *sink)
{
    struct store_audit *audit = calloc(1, sizeof *audit);
    ENSURE(audit != NULL, DEPUTY_E_NOMEM);
    audit->root = audit->blobs = -1;
    audit->sink = *sink;
    enum deputy_error result = audit_start(audit, database, key);
    if (result == DEPUTY_OK)
        *out = audit;
    else
        store_audit_close(audit);
    return result;
}

/* ---- records ---- */

struct record_check {
    struct deputy_arena *arena;
    sealed_audit_fn *each;
    void *ctx;
    bool marked;
};

/* Columns: name, record. */
static enum deputy_error record_row(
        struct store_audit *audit, const char *check, const struct statement *row, void *ctx)
{
    struct record_check *then = ctx;
    struct deputy_slice name, record, value;
    TRY(column_bytes(row, 0, &name));
    TRY(column_bytes(row, 1, &record));
    deputy_arena_reset(then->arena);
    enum deputy_error result = sealed_record_open(then->arena, &value, audit->seal_key, name, record);
    if (result == DEPUTY_E_STORE_SEAL) {
        audit_found(audit, check, AUDIT_KEY, name,
                "the record does not open: it was made with another identity, for another name, or changed");
        return DEPUTY_OK;
    }
    TRY(result);
    if (!deputy_slice_equal(name, deputy_slice_text(SEALED_MARK)))
        return then->each(then->ctx, name, value);
    then->marked = true;
    return DEPUTY_OK;
}

enum deputy_error sealed_audit_records(
        struct store_audit *audit, struct deputy_arena *arena, sealed_audit_fn *each, void *ctx)
{
    struct record_check then = {arena, each, ctx, false};
    TRY(audit_scan(audit, "records", "SELECT name, record FROM sealed ORDER BY name", record_row, &then));
    if (!then.marked)
        audit_found(audit, "records", AUDIT_TEXT, deputy_slice_text(SEALED_MARK),
                "the record that names the key is gone: the next start makes it again");
    return DEPUTY_OK;
}

/* ---- files ---- */

static const char *file_problem(const struct stat *status)
{
    if (!S_ISREG(status->st_mode))
        return "it is no file";
    return (status->st_mode & (S_IRWXG | S_IRWXO)) != 0 ? "others than its owner may use it: chmod 600"
                                                        : NULL;
}

static void file_check(struct store_audit *audit, const char *path)
{
    struct stat status;
    if (lstat(path, &status) != 0)
        return;
    const char *problem = file_problem(&status);
    if (problem != NULL)
        audit_found(audit, "files", AUDIT_TEXT, deputy_slice_text(path), problem);
}

static void directory_check(struct store_audit *audit, const char *path)
{
    struct stat status;
    if (stat(path, &status) == 0 && (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        audit_found(audit, "files", AUDIT_TEXT, deputy_slice_text(path),
                "others than its owner may put files into it: chmod 700");
}

enum deputy_error sealed_audit_files(struct store_audit *audit)
{
    static const char *const behind[] = {"", "-wal", "-shm"};
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof behind / sizeof behind[0]; i++) {
        int len = snprintf(path, sizeof path, "%s%s", audit->database, behind[i]);
        ENSURE(len > 0 && (size_t)len < sizeof path, DEPUTY_E_STORE_DIRECTORY);
        file_check(audit, path);
    }
    memcpy(path, audit->database, sizeof path);
    directory_of(path);
    directory_check(audit, path);
    audit->sink.progress(audit->sink.ctx, "files", sizeof behind / sizeof behind[0], true);
    return DEPUTY_OK;
}

/* ---- copies ---- */

enum deputy_error sealed_copy_part(char out[PATH_MAX], const char *target)
{
    int len = snprintf(out, PATH_MAX, "%s.part", target);
    ENSURE(len > 0 && len < PATH_MAX, DEPUTY_E_STORE_DIRECTORY);
    return DEPUTY_OK;
}

/* Made before SQLite opens it, so that nobody else ever reads it. */
static enum deputy_error part_make(const char *part)
{
    int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, COPY_FILE_MODE);
    ENSURE(fd >= 0, errno == EEXIST ? DEPUTY_E_STORE_EXISTS : directory_error());
    close(fd);
    return DEPUTY_OK;
}

enum deputy_error sealed_copy_begin(struct store_audit *audit, const char *target)
{
    char part[PATH_MAX];
    struct stat there;
    TRY(sealed_copy_part(part, target));
    ENSURE(lstat(target, &there) != 0, DEPUTY_E_STORE_EXISTS);
    TRY(part_make(part));
    return db_copy(&audit->db, part);
}

/* A link replaces nothing. A name that may not last is taken back. */
enum deputy_error sealed_copy_publish(const char *target)
{
    char part[PATH_MAX];
    TRY(sealed_copy_part(part, target));
    if (link(part, target) != 0)
        return errno == EEXIST ? DEPUTY_E_STORE_EXISTS : directory_error();
    enum deputy_error result = directory_sync_name(target);
    unlink(result == DEPUTY_OK ? part : target);
    return result;
}

void sealed_copy_drop(const char *target)
{
    static const char *const behind[] = {"", "-journal", "-wal", "-shm"};
    char part[PATH_MAX], path[PATH_MAX + 16];
    if (sealed_copy_part(part, target) != DEPUTY_OK)
        return;
    for (size_t i = 0; i < sizeof behind / sizeof behind[0]; i++) {
        snprintf(path, sizeof path, "%s%s", part, behind[i]);
        unlink(path);
    }
}
