#include "store/sql_upkeep.h"
#include "base/try.h"
#include "store/blob_file.h"
#include "store/sql_registry.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { UPKEEP_DIRECTORY_MODE = 0700, UPKEEP_FILE_MODE = 0600, UPKEEP_PATH_MAX = PATH_MAX };

#define UPKEEP_ROWS "SELECT d.name, s.name, d.path FROM sql_database d JOIN space s ON s.id = d.space"

/* Beside the database of an audit: "<data directory>/sql/<hex>.db". */
static enum deputy_error database_path(
        char out[UPKEEP_PATH_MAX], const char *directory, struct deputy_slice name)
{
    char hex[BLOB_NAME_MAX];
    ENSURE(name.len == SQL_NAME_BYTES, DEPUTY_E_STORE_CORRUPT);
    blob_name(hex, name.ptr);
    int len = snprintf(out, UPKEEP_PATH_MAX, "%s/sql/%s.db", directory, hex);
    ENSURE(len > 0 && len < UPKEEP_PATH_MAX, DEPUTY_E_STORE_DIRECTORY);
    return DEPUTY_OK;
}

/* The audit's own directory, without a slash. */
static void audit_directory(char out[UPKEEP_PATH_MAX], const struct store_audit *audit)
{
    snprintf(out, UPKEEP_PATH_MAX, "%s", audit->database);
    char *slash = strrchr(out, '/');
    if (slash != NULL)
        *slash = '\0';
}

/* --- checking --- */

static bool is_named_after(const struct statement *row, struct deputy_slice name)
{
    struct deputy_slice space, path;
    struct sql_name expected;
    if (column_bytes(row, 1, &space) != DEPUTY_OK || column_bytes(row, 2, &path) != DEPUTY_OK)
        return false;
    sql_name_make(&expected, space, path);
    return deputy_slice_equal(name, deputy_slice_bytes(expected.bytes, SQL_NAME_BYTES));
}

/* What is wrong with the file, or NULL. */
static const char *file_problem(const char *path)
{
    struct db db = {0};
    int64_t ok = 0;
    if (access(path, F_OK) != 0)
        return "the file of the SQL database is missing";
    enum deputy_error error = db_open(&db, path, DB_READER);
    if (error == DEPUTY_OK)
        error = db_query_int(
                &db, &ok, "SELECT min(integrity_check) = 'ok' AND count(*) = 1 FROM pragma_integrity_check");
    db_close(&db);
    return error == DEPUTY_OK && ok == 1 ? NULL : "the SQL database is damaged";
}

/* Columns: name, space, path. */
static enum deputy_error sql_row(
        struct store_audit *audit, const char *check, const struct statement *row, void *ctx)
{
    struct deputy_slice name, path;
    char directory[UPKEEP_PATH_MAX], file[UPKEEP_PATH_MAX];
    (void)ctx;
    TRY(column_bytes(row, 0, &name));
    TRY(column_bytes(row, 2, &path));
    audit_directory(directory, audit);
    TRY(database_path(file, directory, name));
    const char *problem =
            is_named_after(row, name) ? file_problem(file) : "the name is not that of space and path";
    if (problem != NULL)
        audit_found(audit, check, AUDIT_KEY, path, problem);
    return DEPUTY_OK;
}

enum deputy_error store_audit_sql(struct store_audit *audit)
{
    return audit_scan(audit, "sql", UPKEEP_ROWS, sql_row, NULL);
}

/* --- copying --- */

struct sql_copy {
    const char *target;
    uint64_t *count;
};

static enum deputy_error database_copy(const char *from, const char *to)
{
    struct db db = {0};
    int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, UPKEEP_FILE_MODE);
    ENSURE(fd >= 0, directory_error());
    close(fd);
    ENSURE(access(from, F_OK) == 0, DEPUTY_E_STORE_BLOB);
    enum deputy_error error = db_open(&db, from, DB_READER);
    if (error == DEPUTY_OK)
        error = db_copy(&db, to);
    db_close(&db);
    return error;
}

static enum deputy_error copy_row(
        struct store_audit *audit, const char *check, const struct statement *row, void *ctx)
{
    struct sql_copy *copy = ctx;
    struct deputy_slice name;
    char directory[UPKEEP_PATH_MAX], from[UPKEEP_PATH_MAX], to[UPKEEP_PATH_MAX];
    (void)check;
    TRY(column_bytes(row, 0, &name));
    audit_directory(directory, audit);
    TRY(database_path(from, directory, name));
    TRY(database_path(to, copy->target, name));
    ++*copy->count;
    return database_copy(from, to);
}

enum deputy_error sql_copy_all(struct store_audit *audit, const char *directory, uint64_t *count)
{
    struct sql_copy copy = {directory, count};
    char path[UPKEEP_PATH_MAX];
    int len = snprintf(path, sizeof path, "%s/sql", directory);
    ENSURE(len > 0 && (size_t)len < sizeof path, DEPUTY_E_STORE_DIRECTORY);
    ENSURE(mkdir(path, UPKEEP_DIRECTORY_MODE) == 0, directory_error());
    TRY(audit_scan(audit, "copy", UPKEEP_ROWS, copy_row, &copy));
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ENSURE(fd >= 0, directory_error());
    enum deputy_error error = directory_sync(fd);
    close(fd);
    return error;
}

void sql_copy_drop(int root)
{
    DIR *listing;
    int fd = openat(root, "sql", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    if (directory_list(&listing, fd) == DEPUTY_OK) {
        for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
            if (entry->d_name[0] != '.')
                unlinkat(fd, entry->d_name, 0);
        }
        closedir(listing);
    }
    close(fd);
    unlinkat(root, "sql", AT_REMOVEDIR);
}

/* --- collecting --- */

/* The hash before ".db..."; false for a file that is not of ours. */
static bool name_read(uint8_t out[STORE_DIGEST_BYTES], const char *file)
{
    char hex[BLOB_NAME_MAX];
    size_t digits = sizeof hex - 1;
    if (strlen(file) < digits + 3 || memcmp(file + digits, ".db", 3) != 0)
        return false;
    memcpy(hex, file, digits);
    hex[digits] = '\0';
    return blob_name_read(out, hex);
}

static enum deputy_error is_recorded(struct db *db, bool *out, const uint8_t name[STORE_DIGEST_BYTES])
{
    DEFER(statement_end) struct statement statement = {0};
    TRY(statement_begin(&statement, db, DB_SQL_FIND, "SELECT bytes FROM sql_database WHERE name = ?"));
    bind_blob(&statement, digest_slice(name));
    return statement_step(&statement, out);
}

/* What an export that was cut off left behind, or a database whose first commit never was. */
static enum deputy_error file_judge(struct db *db, bool *goes, const char *file)
{
    uint8_t name[STORE_DIGEST_BYTES];
    bool recorded = false;
    *goes = false;
    if (!name_read(name, file))
        return DEPUTY_OK;
    TRY(is_recorded(db, &recorded, name));
    *goes = !recorded || strstr(file, ".db.copy") != NULL;
    return DEPUTY_OK;
}

struct sql_sweep {
    struct db *db;
    int fd;
    int64_t before;
    uint64_t *files, *bytes;
};

static enum deputy_error sweep_file(struct sql_sweep *sweep, const char *file)
{
    struct stat about;
    bool goes;
    TRY(file_judge(sweep->db, &goes, file));
    if (!goes || fstatat(sweep->fd, file, &about, AT_SYMLINK_NOFOLLOW) != 0 ||
            about.st_mtim.tv_sec > sweep->before)
        return DEPUTY_OK;
    ENSURE(unlinkat(sweep->fd, file, 0) == 0, directory_error());
    ++*sweep->files;
    *sweep->bytes += (uint64_t)about.st_size;
    return DEPUTY_OK;
}

enum deputy_error sql_collect(struct db *db, int root, int64_t before, uint64_t *files, uint64_t *bytes)
{
    DIR *listing;
    struct sql_sweep sweep = {
            db, openat(root, "sql", O_RDONLY | O_DIRECTORY | O_CLOEXEC), before, files, bytes};
    if (sweep.fd < 0)
        return errno == ENOENT ? DEPUTY_OK : directory_error();
    enum deputy_error error = directory_list(&listing, sweep.fd);
    if (error == DEPUTY_OK) {
        for (struct dirent *entry = readdir(listing); entry != NULL && error == DEPUTY_OK;
                entry = readdir(listing))
            error = sweep_file(&sweep, entry->d_name);
        closedir(listing);
    }
    close(sweep.fd);
    return error;
}
