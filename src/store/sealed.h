/*
 * Named records that are sealed at rest: AES-256-GCM under one key, with the name as associated data, in a
 * database of their own (backend.db). Whoever can write the disk can remove a record or bring an old one of
 * the same name back, but can neither read nor make one.
 *
 * A change is durable when its function returns. Every function may be called from any thread; they wait for
 * each other and for the disk, so never on a loop.
 */
#ifndef STORE_SEALED_H
#define STORE_SEALED_H

#include <deputy/arena.h>
#include <deputy/error.h>
#include <deputy/slice.h>

enum {
    SEALED_KEY_BYTES = 32,
    SEALED_NAME_MAX = 256,
    SEALED_VALUE_MAX = 4 * 1024 * 1024,
    SEALED_LIST_MAX = 1000
};

struct sealed;

/*
 * Opens the database in the directory, which is made (mode 0700) when only its last component is missing. The
 * key is copied. DEPUTY_E_STORE_SECRET when the database was made with another key; otherwise as store_open.
 */
enum deputy_error sealed_open(
        struct sealed **out, const char *directory, const uint8_t key[SEALED_KEY_BYTES]);
/* NULL is allowed. */
void sealed_close(struct sealed *sealed);

/* Replaces the record of that name as a whole. DEPUTY_E_ARGUMENT for a name that is empty or too long,
 * DEPUTY_E_LIMIT for a value that is too large. */
enum deputy_error sealed_put(struct sealed *sealed, struct deputy_slice name, struct deputy_slice value);

/* The value in the arena; absent when there is none. DEPUTY_E_STORE_SEAL when it does not open. */
enum deputy_error sealed_get(struct deputy_arena *arena, struct deputy_slice *value, struct sealed *sealed,
        struct deputy_slice name);

/*
 * At most `limit` (SEALED_LIST_MAX) names that begin with the prefix, which is not empty and does not end in
 * a byte 255, behind `after` (absent: from the first), in the order of their bytes. The names are what the
 * disk says: only sealed_get tells whether the record is ours. In the arena.
 */
enum deputy_error sealed_list(struct deputy_arena *arena, struct deputy_slice *names, size_t *count,
        struct sealed *sealed, struct deputy_slice prefix, struct deputy_slice after, size_t limit);

/* Nothing happens when there is none. */
enum deputy_error sealed_delete(struct sealed *sealed, struct deputy_slice name);

#endif
