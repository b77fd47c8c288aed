#include "base/arena.h"
#include "http/connection.h"
#include <stdlib.h>

/* Free memory is chained through itself; an arena is, through a piece of its own memory. */
struct http_spare {
    struct http_spare *next;
    struct deputy_arena *arena;
};

enum {
    SPARE_MAX = 256,                /* of each kind; a burst is given back to the system */
    SPARE_ARENA_BYTES = 512 * 1024, /* an arena that grew beyond it is not kept */
};

static void *spare_take(struct http_spares *spares)
{
    struct http_spare *spare = spares->first;
    if (spare != NULL) {
        spares->first = spare->next;
        spares->count--;
    }
    return spare;
}

/* False when there are enough: the caller frees the memory. */
static bool spare_give(struct http_spares *spares, void *memory)
{
    struct http_spare *spare = memory;
    if (spares->count == SPARE_MAX)
        return false;
    spare->next = spares->first;
    spares->first = spare;
    spares->count++;
    return true;
}

struct deputy_arena *spare_arena_take(struct http_server *server)
{
    struct http_spare *spare = spare_take(&server->spare_arenas);
    struct deputy_arena *arena = NULL;
    if (spare == NULL)
        return deputy_arena_create(&arena, server->config.max_exchange_memory) == DEPUTY_OK ? arena : NULL;
    arena = spare->arena;
    deputy_arena_reset(arena);
    return arena;
}

void spare_arena_give(struct http_server *server, struct deputy_arena *arena)
{
    deputy_arena_reset(arena);
    struct http_spare *spare =
            arena_held(arena) <= SPARE_ARENA_BYTES ? ARENA_NEW(arena, struct http_spare) : NULL;
    if (spare != NULL)
        spare->arena = arena;
    if (spare == NULL || !spare_give(&server->spare_arenas, spare))
        deputy_arena_destroy(arena);
}

static void buffer_give(struct http_spares *spares, struct http_buffer *buffer)
{
    if (buffer->ptr != NULL && !spare_give(spares, buffer->ptr))
        free(buffer->ptr);
    *buffer = (struct http_buffer){NULL, 0};
}

static bool buffer_take(struct http_spares *spares, struct http_buffer *buffer, size_t cap)
{
    buffer->ptr = spare_take(spares);
    if (buffer->ptr == NULL)
        buffer->ptr = malloc(cap);
    buffer->cap = buffer->ptr != NULL ? cap : 0;
    return buffer->ptr != NULL;
}

bool spare_head_take(struct http_server *server, struct http_buffer *buffer)
{
    return buffer_take(&server->spare_heads, buffer, HTTP_HEAD_BUFFER);
}

static size_t head_cap_next(const struct http_buffer *buffer)
{
    return buffer->cap * 2 < HTTP_MAX_HEAD ? buffer->cap * 2 : HTTP_MAX_HEAD;
}

/* Of the memory for large heads; a buffer of the usual size is not counted. */
static size_t head_counted(size_t cap)
{
    return cap > HTTP_HEAD_BUFFER ? cap : 0;
}

bool spare_head_may_grow(const struct http_server *server, const struct http_buffer *buffer)
{
    size_t more = head_counted(head_cap_next(buffer)) - head_counted(buffer->cap);
    return more <= server->config.max_head_memory - server->large_heads;
}

bool spare_head_grow(struct http_server *server, struct http_buffer *buffer)
{
    size_t cap = head_cap_next(buffer);
    uint8_t *grown = spare_head_may_grow(server, buffer) ? realloc(buffer->ptr, cap) : NULL;
    if (grown == NULL)
        return false;
    server->large_heads += head_counted(cap) - head_counted(buffer->cap);
    *buffer = (struct http_buffer){grown, cap};
    return true;
}

void spare_head_give(struct http_server *server, struct http_buffer *buffer)
{
    server->large_heads -= head_counted(buffer->cap);
    if (buffer->cap > HTTP_HEAD_BUFFER) {
        free(buffer->ptr);
        *buffer = (struct http_buffer){NULL, 0};
    }
    buffer_give(&server->spare_heads, buffer);
}

bool spare_body_take(struct http_server *server, struct http_buffer *buffer)
{
    return buffer_take(&server->spare_bodies, buffer, HTTP_BODY_BUFFER);
}

void spare_body_give(struct http_server *server, struct http_buffer *buffer)
{
    buffer_give(&server->spare_bodies, buffer);
}

void spare_free(struct http_server *server)
{
    for (struct http_spare *arena; (arena = spare_take(&server->spare_arenas)) != NULL;)
        deputy_arena_destroy(arena->arena);
    for (void *buffer; (buffer = spare_take(&server->spare_heads)) != NULL;)
        free(buffer);
    for (void *buffer; (buffer = spare_take(&server->spare_bodies)) != NULL;)
        free(buffer);
}
