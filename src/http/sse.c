#include "http/sse.h"
#include "base/try.h"
#include <stdlib.h>

struct sse {
    struct http_exchange *x;
    struct sse_config config;
    struct loop_timer *heartbeat;
    uint8_t *queue; /* waits */
    size_t len, cap;
    size_t events;
    uint8_t *sent; /* in the socket's hands until it drains */
    bool waiting;
    bool ending; /* nothing more is taken; ends when all is out */
};

static const char heartbeat_text[] = ":\n\n";
static const char overflow_text[] = "event:overflow\ndata:{\"type\":\"overflow\"}\n\n";

static void sse_free(struct sse *sse)
{
    loop_timer_destroy(sse->heartbeat);
    free(sse->queue);
    free(sse->sent);
    free(sse);
}

/* The exchange has ended, or ends now. */
static void sse_over(struct sse *sse)
{
    struct http_exchange *x = sse->x;
    struct sse_config config = sse->config;
    http_on_close(x, NULL, NULL);
    http_reply_on_drain(x, NULL, NULL);
    sse_free(sse);
    http_reply_end(x);
    config.over(config.ctx);
}

static bool queue_put(struct sse *sse, struct deputy_slice text)
{
    if (text.len > sse->cap - sse->len) {
        size_t cap = sse->cap == 0 ? 1024 : sse->cap;
        while (cap - sse->len < text.len)
            cap *= 2;
        uint8_t *grown = realloc(sse->queue, cap);
        if (grown == NULL)
            return false;
        sse->queue = grown;
        sse->cap = cap;
    }
    if (text.len > 0)
        memcpy(sse->queue + sse->len, text.ptr, text.len);
    sse->len += text.len;
    return true;
}

static enum http_write queue_write(struct sse *sse)
{
    struct deputy_slice all = deputy_slice_bytes(sse->queue, sse->len);
    free(sse->sent);
    sse->sent = sse->queue;
    sse->queue = NULL;
    sse->len = sse->cap = sse->events = 0;
    return http_reply_write(sse->x, all);
}

/* Writes what waits, unless a part is still on its way. The stream may be over afterwards. */
static void sse_flush(struct sse *sse)
{
    if (sse->waiting)
        return;
    enum http_write written = sse->len > 0 ? queue_write(sse) : HTTP_WRITE_OK;
    sse->waiting = written == HTTP_WRITE_WAIT;
    if (written == HTTP_WRITE_GONE || (sse->ending && !sse->waiting))
        sse_over(sse);
}

static void sse_on_drain(struct http_exchange *x, void *ctx)
{
    struct sse *sse = ctx;
    (void)x;
    sse->waiting = false;
    sse_flush(sse);
}

static void sse_on_close(struct http_exchange *x, void *ctx)
{
    (void)x;
    sse_over(ctx);
}

static void sse_on_heartbeat(void *ctx)
{
    struct sse *sse = ctx;
    if (!sse->waiting && !sse->ending && queue_put(sse, deputy_slice_text(heartbeat_text)))
        sse_flush(sse);
}

/* What waited is dropped: the peer could not use a part of it. */
static void sse_overflow(struct sse *sse)
{
    sse->len = sse->events = 0;
    sse->ending = true;
    queue_put(sse, deputy_slice_text(overflow_text));
    sse_flush(sse);
}

void sse_send(struct sse *sse, struct deputy_slice event)
{
    if (sse->ending)
        return;
    bool fits = sse->events < sse->config.max_events && event.len <= sse->config.max_bytes &&
                sse->len <= sse->config.max_bytes - event.len;
    if (!fits || !queue_put(sse, event)) {
        sse_overflow(sse);
        return;
    }
    sse->events++;
    sse_flush(sse);
}

void sse_finish(struct sse *sse, struct deputy_slice event)
{
    if (sse->ending)
        return;
    sse->ending = true;
    queue_put(sse, event);
    sse_flush(sse);
}

enum deputy_error sse_begin(struct sse **out, struct http_exchange *x, const struct sse_config *config)
{
    struct sse *sse = calloc(1, sizeof *sse);
    ENSURE(sse != NULL, DEPUTY_E_NOMEM);
    *sse = (struct sse){.x = x, .config = *config};
    enum deputy_error error = loop_timer_create(&sse->heartbeat, http_loop(x), sse_on_heartbeat, sse);
    if (error != DEPUTY_OK) {
        free(sse);
        return error;
    }
    http_reply_header(x, "Content-Type", deputy_slice_text("text/event-stream"));
    http_reply_header(x, "Cache-Control", deputy_slice_text("no-cache"));
    http_reply_begin(x, 200);
    http_end_with_peer(x);
    http_on_close(x, sse_on_close, sse);
    http_reply_on_drain(x, sse_on_drain, sse);
    loop_timer_start(sse->heartbeat, 1, config->heartbeat_ms); /* the first one carries the head */
    *out = sse;
    return DEPUTY_OK;
}
