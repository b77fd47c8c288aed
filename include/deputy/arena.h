/*
 * An arena hands out memory that is freed all at once. It has a hard maximum, so that no input, however
 * hostile, can make the library use more. One arena serves one request at a time; it is not shared between
 * threads.
 */
#ifndef DEPUTY_ARENA_H
#define DEPUTY_ARENA_H

#include <deputy/error.h>
#include <deputy/export.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct deputy_arena;

/* Makes an arena that never holds more than max_bytes. The caller ends it with deputy_arena_destroy. */
DEPUTY_EXPORT enum deputy_error deputy_arena_create(struct deputy_arena **out, size_t max_bytes);

/* Takes back everything handed out, and keeps the memory for the next request. */
DEPUTY_EXPORT void deputy_arena_reset(struct deputy_arena *arena);

/* Frees the arena and everything handed out. NULL is allowed. */
DEPUTY_EXPORT void deputy_arena_destroy(struct deputy_arena *arena);

#ifdef __cplusplus
}
#endif

#endif
