#include "backend/errand.h"
#include "base/arena.h"

enum { ERRAND_ARENA = 64 * 1024 * 1024 };

void *errand_begin(
        struct http_exchange *x, struct backend_loop *on, const struct frame_request *request, size_t size)
{
    struct deputy_arena *arena = NULL;
    struct errand *errand = NULL;
    enum deputy_error result = deputy_arena_create(&arena, ERRAND_ARENA);
    if (result == DEPUTY_OK)
        errand = arena_alloc(arena, size);
    if (errand == NULL) {
        deputy_arena_destroy(arena);
        frame_refuse_for(x, &frame_internal, result != DEPUTY_OK ? result : DEPUTY_E_NOMEM);
        return NULL;
    }
    *errand = (struct errand){.arena = arena, .x = x, .on = on, .now = request->now};
    memcpy(errand->owner, request->owner, sizeof errand->owner);
    return errand;
}

enum http_flow errand_run(struct errand *errand, void (*work)(void *ctx), void (*then)(void *ctx))
{
    if (loop_offload(errand->on->loop, work, then, errand) != DEPUTY_OK) {
        work(errand);
        then(errand);
    }
    return HTTP_LATER;
}

void errand_end(struct errand *errand)
{
    deputy_arena_destroy(errand->arena);
}
