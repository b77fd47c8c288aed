#include "store/directory.h"
#include "base/try.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIRECTORY_MODE = 0700, FILE_MODE = 0600 };

enum deputy_error directory_error(void)
{
    switch (errno) {
    case ENOSPC:
    case EFBIG:
    case EDQUOT:
        return DEPUTY_E_STORE_FULL;
    case EIO:
        return DEPUTY_E_STORE_IO;
    case ENOMEM:
        return DEPUTY_E_NOMEM;
    default:
        return DEPUTY_E_STORE_DIRECTORY;
    }
}

enum deputy_error directory_sync(int fd)
{
    ENSURE(fsync(fd) == 0, directory_error());
    return DEPUTY_OK;
}

void directory_of(char path[PATH_MAX])
{
    char *slash = strrchr(path, '/');
    if (slash == NULL)
        memcpy(path, ".", 2);
    else
        slash[slash == path] = '\0';
}

enum deputy_error directory_sync_name(const char *path)
{
    char parent[PATH_MAX];
    int len = snprintf(parent, sizeof parent, "%s", path);
    ENSURE(len > 0 && (size_t)len < sizeof parent, DEPUTY_E_STORE_DIRECTORY);
    directory_of(parent);
    int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ENSURE(fd >= 0, directory_error());
    enum deputy_error result = directory_sync(fd);
    close(fd);
    return result;
}

static enum deputy_error directory_enter(int *out, int parent, const char *name)
{
    if (mkdirat(parent, name, DIRECTORY_MODE) != 0 && errno != EEXIST)
        return directory_error();
    *out = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ENSURE(*out >= 0, directory_error());
    return DEPUTY_OK;
}

static enum deputy_error directory_take_lock(struct directory *directory)
{
    directory->lock = openat(directory->root, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    ENSURE(directory->lock >= 0, directory_error());
    if (flock(directory->lock, LOCK_EX | LOCK_NB) == 0)
        return DEPUTY_OK;
    return errno == EWOULDBLOCK ? DEPUTY_E_STORE_LOCKED : directory_error();
}

/* The database file exists before SQLite opens it, so that it and its log are readable by their owner alone.
 */
static enum deputy_error directory_touch_database(
        struct directory *directory, const char *path, const char *name)
{
    int len = snprintf(directory->database, sizeof directory->database, "%s/%s", path, name);
    ENSURE(len > 0 && (size_t)len < sizeof directory->database, DEPUTY_E_STORE_DIRECTORY);
    int fd = openat(directory->root, name, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    ENSURE(fd >= 0, directory_error());
    close(fd);
    return DEPUTY_OK;
}

enum deputy_error directory_list(DIR **out, int fd)
{
    int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ENSURE(own >= 0, directory_error());
    *out = fdopendir(own);
    if (*out == NULL)
        close(own);
    return *out != NULL ? DEPUTY_OK : DEPUTY_E_NOMEM;
}

static enum deputy_error directory_sweep_tmp(const struct directory *directory)
{
    DIR *listing;
    TRY(directory_list(&listing, directory->tmp));
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
        if (entry->d_name[0] != '.')
            unlinkat(directory->tmp, entry->d_name, 0);
    }
    closedir(listing);
    return DEPUTY_OK;
}

enum deputy_error directory_open_database(struct directory *directory, const char *path, const char *name)
{
    directory->root = directory->lock = directory->blobs = directory->tmp = -1;
    TRY(directory_enter(&directory->root, AT_FDCWD, path));
    TRY(directory_take_lock(directory));
    return directory_touch_database(directory, path, name);
}

enum deputy_error directory_open(struct directory *directory, const char *path)
{
    TRY(directory_open_database(directory, path, "deputy.db"));
    TRY(directory_enter(&directory->blobs, directory->root, "blobs"));
    TRY(directory_enter(&directory->tmp, directory->blobs, "tmp"));
    return directory_sweep_tmp(directory);
}

enum deputy_error directory_sync_names(const struct directory *directory)
{
    TRY(directory_sync(directory->blobs));
    return directory_sync(directory->root);
}

static void close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

void directory_close(struct directory *directory)
{
    close_if_open(directory->tmp);
    close_if_open(directory->blobs);
    close_if_open(directory->root);
    close_if_open(directory->lock);
}

static enum deputy_error lock_take(int *lock, int parent, const char *name, int open_flags, int operation)
{
    *lock = openat(parent, name, open_flags | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    ENSURE(*lock >= 0, directory_error());
    int result;
    do
        result = flock(*lock, operation);
    while (result != 0 && errno == EINTR);
    if (result == 0)
        return DEPUTY_OK;
    enum deputy_error error = errno == EWOULDBLOCK ? DEPUTY_E_STORE_UPKEEP : directory_error();
    close(*lock);
    *lock = -1;
    return error;
}

/* A file description of its own each time, or threads would end each other's locks. */
enum deputy_error directory_lock_names(int *lock, int blobs, enum directory_lock kind)
{
    return lock_take(lock, blobs, ".", O_RDONLY | O_DIRECTORY, kind == DIRECTORY_SHARED ? LOCK_SH : LOCK_EX);
}

enum deputy_error directory_lock_upkeep(int *lock, int root, enum directory_lock kind)
{
    int operation = (kind == DIRECTORY_SHARED ? LOCK_SH : LOCK_EX) | LOCK_NB;
    return lock_take(lock, root, "upkeep.lock", O_RDWR | O_CREAT, operation);
}
