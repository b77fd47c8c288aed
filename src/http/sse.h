/*
 * Server-sent events: an answer that lasts, and into which blocks of text are put as they happen. What the
 * peer has not read yet waits in a bounded queue; a peer that falls behind is told so with one last event,
 * `event:overflow`, and its stream ends.
 */
#ifndef HTTP_SSE_H
#define HTTP_SSE_H

#include "http/exchange.h"

struct sse;

struct sse_config {
    size_t max_events;     /* that may wait for the peer */
    size_t max_bytes;      /* of them together */
    uint32_t heartbeat_ms; /* how often a comment says that the stream lives */
    /* Called once when the stream is over, for whatever reason: it must not be touched any more. It may be
     * called from within sse_send and sse_finish, not from sse_begin. */
    void (*over)(void *ctx);
    void *ctx;
};

/* Begins the answer of an exchange, which the stream ends from now on. On failure the exchange is as before.
 */
enum deputy_error sse_begin(struct sse **out, struct http_exchange *x, const struct sse_config *config);

/* One event, with the empty line that ends it. Copied. */
void sse_send(struct sse *sse, struct deputy_slice event);

/* Ends the stream after what waits and a last event (may be absent). */
void sse_finish(struct sse *sse, struct deputy_slice event);

#endif
