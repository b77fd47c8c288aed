/*
 * One grant on its way into use: what is signed for it, on a thread of the pool, and what is posted to the
 * node, one after the other (spec/07 section A11).
 */
#ifndef BACKEND_ACTIVATION_H
#define BACKEND_ACTIVATION_H

#include "backend/fetch.h"
#include "backend/session_parts.h"

/* One delegation of the grant. */
struct activation_post {
    struct deputy_slice received; /* the owner's word, as it was handed in */
    struct deputy_cid received_cid;
    struct deputy_slice handed_on; /* the backend's to its session key */
    struct deputy_cid handed_on_cid;
};

struct activation {
    struct backend_loop *on;
    uint8_t owner[20];
    const struct intake *taken; /* NULL: the grant that is kept */
    const struct backend_wants *wants;
    bool (*goes_on)(void *ctx); /* asked before each post */
    void (*ended)(void *ctx, struct session *session, struct ending fault);
    void (*discard)(void *ctx); /* in the place of `ended` when the backend has ended meanwhile: only frees */
    void *ctx;
    /* while the pool has it, under the lock of the sessions */
    struct activation *pool_next, **pool_link;
    bool orphaned; /* the backend has ended */
    /* of the pool thread, then of the loop */
    struct deputy_arena *arena;
    struct activation_post *posts;
    struct session *session;
    struct ending fault;
    /* of the loop */
    size_t next;
    bool registers; /* what is under way is the owner's word, of this post */
    bool registered;
    struct fetch fetch;
};

/*
 * Whoever begins it fills what is above `pool_next`; `ended` is told once, on the loop and not before this
 * returns. With a session there is no fault, and it is the callee's. A fault DEPUTY_E_GRANT_OVERTAKEN: it was
 * not to go on. The memory must live until then. On failure nothing follows.
 */
enum deputy_error activation_begin(struct activation *activation);

/* Signs all that will be posted: `posts` and `session`, or the fault. On a thread of the pool. */
void activation_prepare(struct activation *activation);

#endif
