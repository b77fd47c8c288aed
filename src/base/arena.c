#include "base/arena.h"
#include "base/poison.h"
#include "base/try.h"
#include <stdalign.h>
#include <stdlib.h>

enum { ARENA_FIRST_CHUNK = 16 * 1024, ARENA_ALIGNMENT = alignof(max_align_t) };

struct arena_chunk {
    struct arena_chunk *next;
    size_t size; /* of data */
    size_t used;
    alignas(max_align_t) uint8_t data[];
};

struct deputy_arena {
    struct arena_chunk *first;
    struct arena_chunk *current; /* chunks after it are empty, kept from an earlier request */
    size_t held;                 /* bytes of all chunks */
    size_t max;
    enum deputy_error error;
};

enum deputy_error deputy_arena_create(struct deputy_arena **out, size_t max_bytes)
{
    struct deputy_arena *arena = calloc(1, sizeof *arena);
    ENSURE(arena != NULL, DEPUTY_E_NOMEM);
    arena->max = max_bytes;
    *out = arena;
    return DEPUTY_OK;
}

void deputy_arena_reset(struct deputy_arena *arena)
{
    for (struct arena_chunk *chunk = arena->first; chunk != NULL; chunk = chunk->next) {
        memory_poison(chunk->data, chunk->size);
        chunk->used = 0;
    }
    arena->current = arena->first;
    arena->error = DEPUTY_OK;
}

void deputy_arena_destroy(struct deputy_arena *arena)
{
    if (arena == NULL)
        return;
    for (struct arena_chunk *chunk = arena->first, *next; chunk != NULL; chunk = next) {
        next = chunk->next;
        free(chunk);
    }
    free(arena);
}

size_t arena_held(const struct deputy_arena *arena)
{
    return arena->held;
}

enum deputy_error arena_error(const struct deputy_arena *arena)
{
    return arena->error != DEPUTY_OK ? arena->error : DEPUTY_E_NOMEM;
}

static void *arena_failed(struct deputy_arena *arena, enum deputy_error error)
{
    arena->error = error;
    return NULL;
}

/* A chunk with room for at least size bytes, linked behind the current one. */
static struct arena_chunk *arena_add_chunk(struct deputy_arena *arena, size_t size)
{
    size_t wanted = arena->held > ARENA_FIRST_CHUNK ? arena->held : ARENA_FIRST_CHUNK;
    size_t room = arena->max - arena->held;
    if (size > room)
        return arena_failed(arena, DEPUTY_E_LIMIT);
    if (wanted > room)
        wanted = room;
    if (wanted < size)
        wanted = size;
    struct arena_chunk *chunk = malloc(sizeof *chunk + wanted);
    if (chunk == NULL)
        return arena_failed(arena, DEPUTY_E_NOMEM);
    memory_poison(chunk->data, wanted);
    chunk->size = wanted;
    chunk->used = 0;
    struct arena_chunk **link = arena->current != NULL ? &arena->current->next : &arena->first;
    chunk->next = *link;
    *link = chunk;
    arena->held += wanted;
    return chunk;
}

/*
 * Under AddressSanitizer what is not handed out is poisoned: reading past the newest allocation, or anything
 * after a reset, ends the program.
 */
static uint8_t *arena_hand_out(struct deputy_arena *arena, struct arena_chunk *chunk, size_t at, size_t size)
{
    memory_unpoison(chunk->data + at, size);
    chunk->used = at + size;
    arena->current = chunk;
    return chunk->data + at;
}

static uint8_t *arena_take(struct deputy_arena *arena, size_t size, size_t alignment)
{
    struct arena_chunk *chunk = arena->current;
    for (; chunk != NULL; chunk = chunk->next) {
        size_t at = (chunk->used + alignment - 1) & ~(alignment - 1);
        if (at <= chunk->size && size <= chunk->size - at)
            return arena_hand_out(arena, chunk, at, size);
    }
    chunk = arena_add_chunk(arena, size);
    return chunk == NULL ? NULL : arena_hand_out(arena, chunk, 0, size);
}

void *arena_alloc(struct deputy_arena *arena, size_t size)
{
    uint8_t *memory = arena_take(arena, size, ARENA_ALIGNMENT);
    return memory == NULL ? NULL : memset(memory, 0, size);
}

void *arena_alloc_array(struct deputy_arena *arena, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total))
        return arena_failed(arena, DEPUTY_E_LIMIT);
    return arena_alloc(arena, total);
}

uint8_t *arena_alloc_bytes(struct deputy_arena *arena, size_t size)
{
    return arena_take(arena, size, 1);
}

uint8_t *arena_grow_bytes(struct deputy_arena *arena, uint8_t *old, size_t old_size, size_t new_size)
{
    struct arena_chunk *chunk = arena->current;
    if (old != NULL && chunk != NULL && old + old_size == chunk->data + chunk->used &&
            new_size - old_size <= chunk->size - chunk->used) {
        memory_unpoison(old, new_size);
        chunk->used += new_size - old_size;
        return old;
    }
    uint8_t *moved = arena_alloc_bytes(arena, new_size);
    if (moved != NULL && old != NULL)
        memcpy(moved, old, old_size);
    return moved;
}

enum deputy_error arena_copy(struct deputy_arena *arena, struct deputy_slice *out, struct deputy_slice slice)
{
    *out = slice;
    if (!deputy_slice_present(slice))
        return DEPUTY_OK;
    uint8_t *copy = arena_alloc_bytes(arena, slice.len);
    ENSURE(copy != NULL, arena_error(arena));
    memcpy(copy, slice.ptr, slice.len);
    out->ptr = copy;
    return DEPUTY_OK;
}
