/* One request of the backend itself to its node, and the whole answer. On a loop. */
#ifndef BACKEND_FETCH_H
#define BACKEND_FETCH_H

#include "backend/backend.h"
#include "base/buf.h"

/* The URL of a path on the node, which begins with a slash and is encoded already. */
enum deputy_error node_url(struct deputy_arena *arena, const char **url, const struct backend *backend,
        struct deputy_slice path);

struct fetch_order {
    const char *method;
    struct deputy_slice path;
    struct deputy_slice authorization; /* absent for none */
    size_t max;                        /* bytes of the answer's body */
    uint32_t silence_ms;               /* for which the node may be silent; 0: as long as it always may */
};

struct fetch_answer {
    enum deputy_error error; /* DEPUTY_OK: the answer is whole */
    int status;
    struct deputy_slice body;
};

typedef void fetch_fn(void *ctx, const struct fetch_answer *answer);

/* The members are fetch.c's. */
struct fetch {
    struct loop *loop;
    struct http_call *call;
    struct buf body;
    struct fetch_answer answer;
    uint64_t give_up_ms;
    bool gave_up;
    fetch_fn *then;
    void *ctx;
};

/*
 * `then` is told once, on the loop and never before this returns; what it is told lies in the arena. Memory
 * and arena must live until then. The answer as a whole may take three times as long as the node may be
 * silent. On failure nothing follows.
 */
enum deputy_error fetch_begin(struct fetch *fetch, struct backend_loop *on, struct deputy_arena *arena,
        const struct fetch_order *order, fetch_fn *then, void *ctx);

#endif
