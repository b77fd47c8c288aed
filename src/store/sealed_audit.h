/*
 * Looking at sealed records from beside their process, as store/audit.h does at a node's store: one snapshot,
 * read only, no lock. And copies of them, which are one file: as of one moment, checked before it takes its
 * name.
 */
#ifndef STORE_SEALED_AUDIT_H
#define STORE_SEALED_AUDIT_H

#include "store/audit.h"
#include "store/sealed.h"
#include <limits.h>

/*
 * Opens the database at the path. Fails as sealed_open does (DEPUTY_E_STORE_SECRET: its records are under
 * another key), and with DEPUTY_E_STORE_OLDER when its schema is not the newest; makes nothing. Ended with
 * store_audit_close; store_audit_database checks its pages.
 */
enum deputy_error sealed_audit_open(struct store_audit **out, const char *database,
        const uint8_t key[SEALED_KEY_BYTES], const struct audit_sink *sink);

/* "files": nobody but their owner reads or writes the files, or puts others into their directory. */
enum deputy_error sealed_audit_files(struct store_audit *audit);

/* A record that opens. The value is in the arena that was given, and the name lives until the callback
 * returns. */
typedef enum deputy_error sealed_audit_fn(void *ctx, struct deputy_slice name, struct deputy_slice value);

/* "records": each opens, under its name. Those that do go to the callback, but for the mark. The arena is
 * emptied before each. */
enum deputy_error sealed_audit_records(
        struct store_audit *audit, struct deputy_arena *arena, sealed_audit_fn *each, void *ctx);

/*
 * Copies the snapshot into "<target>.part", mode 0600. DEPUTY_E_STORE_EXISTS when there is something at the
 * target, or such a part; what failed otherwise is to be dropped.
 */
enum deputy_error sealed_copy_begin(struct store_audit *audit, const char *target);
enum deputy_error sealed_copy_part(char out[PATH_MAX], const char *target);
/* Synced and whole, or never; nothing is replaced: DEPUTY_E_STORE_EXISTS. */
enum deputy_error sealed_copy_publish(const char *target);
void sealed_copy_drop(const char *target);

#endif
