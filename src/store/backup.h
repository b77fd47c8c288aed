/*
 * Copies of a store: the database as of the audit's snapshot, the files that its values refer to, and every
 * SQL database, each as of the moment of its own copy. Files of values never change under their name, so a
 * copy may share them with the store by hard link.
 *
 * Lock rule: a copy holds the upkeep lock shared, so that no collection removes a file between snapshot and
 * link. The node may run and write all the while.
 */
#ifndef STORE_BACKUP_H
#define STORE_BACKUP_H

#include "store/audit.h"

enum store_copy_files {
    STORE_LINK_FILES, /* hard links where the file system can, else copies */
    STORE_COPY_FILES
};

/*
 * Copies into the directory, which must be absent (its last component alone) or empty, else
 * DEPUTY_E_STORE_EXISTS. The copy grows in "<target>.part" beside it, and takes the name in
 * store_copy_publish, synced and whole, or never.
 */
enum deputy_error store_copy_begin(
        struct store_audit *audit, const char *target, enum store_copy_files files, uint64_t *file_count);
enum deputy_error store_copy_publish(const char *target);

/* Removes an unpublished copy. */
void store_copy_drop(const char *target);

/* Where the copy is until it is published: for checking it. */
enum { STORE_PATH_MAX = 4096 };
enum deputy_error store_copy_part(char out[STORE_PATH_MAX], const char *target);

/* The upkeep lock of a store's directory, shared; close it with store_upkeep_end. */
enum deputy_error store_upkeep_begin(int *lock, const char *directory);
void store_upkeep_end(int lock);

#endif
