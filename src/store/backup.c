#define _GNU_SOURCE /* copy_file_range */
#include "store/backup.h"
#include "base/try.h"
#include "store/audit_state.h"
#include "store/blob_file.h"
#include "store/sql_upkeep.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPY_DIRECTORY_MODE = 0700, COPY_FILE_MODE = 0600, COPY_BYTES = 1024 * 1024 * 1024 };

struct copy {
    int root;
    int blobs;
    enum store_copy_files files;
    uint64_t count;
};

static enum deputy_error path_join(char out[STORE_PATH_MAX], const char *path, const char *behind)
{
    int len = snprintf(out, STORE_PATH_MAX, "%s%s", path, behind);
    ENSURE(len > 0 && len < STORE_PATH_MAX, DEPUTY_E_STORE_DIRECTORY);
    return DEPUTY_OK;
}

enum deputy_error store_copy_part(char out[STORE_PATH_MAX], const char *target)
{
    size_t len = strlen(target);
    char plain[STORE_PATH_MAX];
    ENSURE(len < sizeof plain, DEPUTY_E_STORE_DIRECTORY);
    memcpy(plain, target, len + 1);
    while (len > 1 && plain[len - 1] == '/')
        plain[--len] = '\0';
    return path_join(out, plain, ".part");
}

/* --- the target --- */

static bool is_entry(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static enum deputy_error directory_check_empty(int fd)
{
    DIR *listing;
    bool empty = true;
    TRY(directory_list(&listing, fd));
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing))
        empty &= !is_entry(entry);
    closedir(listing);
    return empty ? DEPUTY_OK : DEPUTY_E_STORE_EXISTS;
}

/* Absent, or a directory without anything in it. */
static enum deputy_error target_check(const char *target)
{
    int fd = open(target, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? DEPUTY_OK : errno == ENOTDIR ? DEPUTY_E_STORE_EXISTS : directory_error();
    enum deputy_error error = directory_check_empty(fd);
    close(fd);
    return error;
}

/* A new directory, opened; -1 with errno when there is none. */
static int directory_make(int parent, const char *name)
{
    if (mkdirat(parent, name, COPY_DIRECTORY_MODE) != 0)
        return -1;
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* --- files --- */

static enum deputy_error bytes_copy(int from, int to)
{
    for (;;) {
        ssize_t moved = copy_file_range(from, NULL, to, NULL, COPY_BYTES, 0);
        if (moved < 0 && errno == EINTR)
            continue;
        ENSURE(moved >= 0, directory_error());
        if (moved == 0)
            break;
    }
    return directory_sync(to);
}

static enum deputy_error file_copy(int from_directory, int to_directory, const char *name)
{
    int from = openat(from_directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (from < 0)
        return errno == ENOENT ? DEPUTY_E_STORE_BLOB : directory_error();
    int to = openat(to_directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, COPY_FILE_MODE);
    enum deputy_error error = to >= 0 ? bytes_copy(from, to) : directory_error();
    if (to >= 0)
        close(to);
    close(from);
    return error;
}

/* A link fails where the target is on another disk, or where links are not allowed; then a copy is made. */
static enum deputy_error file_take(struct store_audit *audit, const struct copy *copy, const char *name)
{
    if (copy->files == STORE_LINK_FILES && linkat(audit->blobs, name, copy->blobs, name, 0) == 0)
        return DEPUTY_OK;
    return file_copy(audit->blobs, copy->blobs, name);
}

/* Columns: hash. */
static enum deputy_error copy_row(
        struct store_audit *audit, const char *check, const struct statement *row, void *ctx)
{
    struct copy *copy = ctx;
    struct deputy_slice hash;
    char name[BLOB_NAME_MAX];
    (void)check;
    TRY(column_bytes(row, 0, &hash));
    ENSURE(hash.len == STORE_DIGEST_BYTES, DEPUTY_E_STORE_CORRUPT);
    blob_name(name, hash.ptr);
    copy->count++;
    return file_take(audit, copy, name);
}

static enum deputy_error copy_fill(struct store_audit *audit, struct copy *copy, const char *part)
{
    char database[STORE_PATH_MAX];
    TRY(path_join(database, part, "/deputy.db"));
    int fd = openat(copy->root, "deputy.db", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, COPY_FILE_MODE);
    ENSURE(fd >= 0, directory_error());
    close(fd);
    TRY(db_copy(&audit->db, database));
    TRY(audit_scan(audit, "copy",
            "SELECT DISTINCT e.hash FROM kv_current c JOIN kv_event e ON e.id = c.event"
            " WHERE c.live = 1 AND e.value IS NULL",
            copy_row, copy));
    TRY(sql_copy_all(audit, part, &copy->count));
    TRY(directory_sync(copy->blobs));
    return directory_sync(copy->root);
}

static enum deputy_error copy_into(struct store_audit *audit, struct copy *copy, const char *part)
{
    copy->root = directory_make(AT_FDCWD, part);
    ENSURE(copy->root >= 0, errno == EEXIST ? DEPUTY_E_STORE_EXISTS : directory_error());
    copy->blobs = directory_make(copy->root, "blobs");
    ENSURE(copy->blobs >= 0, directory_error());
    return copy_fill(audit, copy, part);
}

enum deputy_error store_copy_begin(
        struct store_audit *audit, const char *target, enum store_copy_files files, uint64_t *file_count)
{
    struct copy copy = {.root = -1, .blobs = -1, .files = files};
    char part[STORE_PATH_MAX];
    TRY(target_check(target));
    TRY(store_copy_part(part, target));
    enum deputy_error error = copy_into(audit, &copy, part);
    if (copy.blobs >= 0)
        close(copy.blobs);
    if (copy.root >= 0)
        close(copy.root);
    *file_count = copy.count;
    return error;
}

/* --- the end --- */

/* A directory takes the place of an empty one, and of nothing else. A name that may not last is taken back.
 */
enum deputy_error store_copy_publish(const char *target)
{
    char part[STORE_PATH_MAX];
    TRY(store_copy_part(part, target));
    if (rename(part, target) != 0)
        return errno == ENOTEMPTY || errno == EEXIST ? DEPUTY_E_STORE_EXISTS : directory_error();
    enum deputy_error error = directory_sync_name(part);
    if (error != DEPUTY_OK)
        rename(target, part);
    return error;
}

static void directory_empty(int fd)
{
    DIR *listing;
    if (directory_list(&listing, fd) != DEPUTY_OK)
        return;
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
        if (is_entry(entry))
            unlinkat(fd, entry->d_name, 0);
    }
    closedir(listing);
}

void store_copy_drop(const char *target)
{
    char part[STORE_PATH_MAX];
    if (store_copy_part(part, target) != DEPUTY_OK)
        return;
    int root = open(part, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int blobs = root < 0 ? -1 : openat(root, "blobs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (blobs >= 0) {
        directory_empty(blobs);
        close(blobs);
        unlinkat(root, "blobs", AT_REMOVEDIR);
    }
    if (root >= 0) {
        sql_copy_drop(root);
        directory_empty(root);
        close(root);
        rmdir(part);
    }
}

enum deputy_error store_upkeep_begin(int *lock, const char *directory)
{
    int root = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ENSURE(root >= 0, directory_error());
    enum deputy_error error = directory_lock_upkeep(lock, root, DIRECTORY_SHARED);
    close(root);
    return error;
}

void store_upkeep_end(int lock)
{
    close(lock);
}
