/* The data directory: its lock, its database file and its blobs. */
#ifndef STORE_DIRECTORY_H
#define STORE_DIRECTORY_H

#include <deputy/error.h>
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
void directory_close(struct directory *directory);

/* The store's error for the current errno. */
enum deputy_error directory_error(void);

/* Makes names that were created or renamed in an open directory durable. */
enum deputy_error directory_sync(int fd);

#endif
