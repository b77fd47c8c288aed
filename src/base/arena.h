/* Allocation from an arena, for the library's own use. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <deputy/arena.h>
#include <stddef.h>

/* Zeroed memory, aligned for any type, or NULL: then arena_error says whether the maximum or malloc was met.
 */
void *arena_alloc(struct deputy_arena *arena, size_t size);
void *arena_alloc_array(struct deputy_arena *arena, size_t count, size_t size);

/* Not zeroed, aligned to one byte: for text that is written at once. */
uint8_t *arena_alloc_bytes(struct deputy_arena *arena, size_t size);

/*
 * Makes the newest allocation larger in place where it can, else moves it. NULL as above, and the old one
 * stays. old_size must be the size it was allocated with.
 */
uint8_t *arena_grow_bytes(struct deputy_arena *arena, uint8_t *old, size_t old_size, size_t new_size);

/* A copy of the slice in the arena; an absent slice stays absent. */
enum deputy_error arena_copy(struct deputy_arena *arena, struct deputy_slice *out, struct deputy_slice slice);

/* The memory that the arena holds, handed out or kept. */
size_t arena_held(const struct deputy_arena *arena);

/* Why the last allocation failed: DEPUTY_E_LIMIT or DEPUTY_E_NOMEM. */
enum deputy_error arena_error(const struct deputy_arena *arena);

#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_alloc_array((arena), (count), sizeof(type)))

#endif
