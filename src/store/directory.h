/* The data directory: its lock, its database file and its blobs. */
#ifndef STORE_DIRECTORY_H
#define STORE_DIRECTORY_H

#include <deputy/error.h>
#include <dirent.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdint.h>

struct directory {
    int root;
    int lock;  /* held for the life of the process */
    int blobs; /* blobs/: files named by their hash */
    int tmp;   /* blobs/tmp/: files being written */
    atomic_uint_fast64_t tmp_count;
    char database[PATH_MAX];
};

/*
 * Makes what is missing, takes the lock, and removes the temporary files of a process that was killed. Close
 * also after a failure.
 */
enum deputy_error directory_open(struct directory *directory, const char *path);
/* The same for one database file and nothing beside it. */
enum deputy_error directory_open_database(struct directory *directory, const char *path, const char *name);
void directory_close(struct directory *directory);

/* Lists an open directory from its beginning; ended with closedir. */
enum deputy_error directory_list(DIR **out, int fd);

/*
 * Waits for a lock over the names below blobs/, shared by those who publish and exclusive to who removes. It
 * ends when *lock is closed.
 */
enum directory_lock { DIRECTORY_SHARED, DIRECTORY_EXCLUSIVE };
enum deputy_error directory_lock_names(int *lock, int blobs, enum directory_lock kind);

/*
 * Takes the lock over keeping files, shared by backups and exclusive to a collection, or fails with
 * DEPUTY_E_STORE_UPKEEP. It ends when *lock is closed; a running node does not take it.
 */
enum deputy_error directory_lock_upkeep(int *lock, int root, enum directory_lock kind);

/* The store's error for the current errno. */
enum deputy_error directory_error(void);

/* Makes names that were created or renamed in an open directory durable. */
enum deputy_error directory_sync(int fd);

/* The directory of a path, in its place: "." of a name alone. */
void directory_of(char path[PATH_MAX]);

/* Makes a name that was created or renamed durable, by its path. */
enum deputy_error directory_sync_name(const char *path);

/* The same for all that opening the directory, or the database in it, may have made. */
enum deputy_error directory_sync_names(const struct directory *directory);

#endif
