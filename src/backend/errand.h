/*
 * A request's work that may block: done on a thread of the pool, in memory of its own, and answered on the
 * loop afterwards. Whoever asks may be gone by then; the exchange is valid until it is answered.
 */
#ifndef BACKEND_ERRAND_H
#define BACKEND_ERRAND_H

#include "backend/frame.h"

struct errand {
    struct deputy_arena *arena; /* of the errand, which is made in it */
    struct http_exchange *x;
    struct backend_loop *on;
    struct deputy_time now;
    uint8_t owner[20];
};

/* An errand of `size` bytes (a struct that begins with one), zeroed otherwise; NULL: there is no memory, and
 * the exchange was answered. */
void *errand_begin(
        struct http_exchange *x, struct backend_loop *on, const struct frame_request *request, size_t size);

/* `work` on the pool, then `then` on the loop, both with the errand. Where no thread is to be had it is done
 * at once: what was begun has to be ended. */
enum http_flow errand_run(struct errand *errand, void (*work)(void *ctx), void (*then)(void *ctx));

/* After the exchange was answered. */
void errand_end(struct errand *errand);

#endif
