#include "http/connection.h"

enum {
    /* What is read away when an upload was refused, until either is reached. */
    LINGER_MS = 2000,
    LINGER_MAX = 64 * 1024 * 1024,
};

static void connection_expect_head(struct http_connection *c, uint32_t timeout_ms)
{
    c->phase = CONNECTION_HEAD;
    c->scanned = 0;
    c->deadline_ms = loop_now_ms(c->server->loop) + timeout_ms;
}

void connection_start(struct http_connection *c)
{
    c->window = &c->head_buffer;
    connection_expect_head(c, c->server->config.head_timeout_ms);
    connection_run(c);
}

static void connection_close(struct http_connection *c)
{
    c->phase = CONNECTION_CLOSED;
    transport_end(c);
    c->gone = true;
    transport_close(c);
}

void connection_drop(struct http_connection *c)
{
    if (c->gone)
        return;
    c->gone = true;
    c->x.waiting = false;
    transport_close(c);
}

void connection_lost(struct http_connection *c)
{
    if (c->gone)
        return;
    bool was_waiting = c->x.waiting;
    connection_drop(c);
    if (c->phase == CONNECTION_EXCHANGE)
        exchange_tell_gone(&c->x, was_waiting);
    else
        c->phase = CONNECTION_CLOSED;
    connection_run(c);
}

/* ---- bytes ---- */

static struct deputy_slice window_bytes(const struct http_connection *c)
{
    const uint8_t *ptr = c->window->ptr;
    return deputy_slice_bytes(ptr != NULL ? ptr + c->pos : ptr, c->end - c->pos);
}

/* Room behind what the head buffer holds. While a head comes it may move and grow: no slice points into it
 * yet. */
static bool head_room(struct http_connection *c)
{
    if (c->head_buffer.ptr == NULL)
        return spare_head_take(c->server, &c->head_buffer);
    if (c->end < c->head_buffer.cap)
        return true;
    if (c->pos == 0)
        return spare_head_grow(c->server, &c->head_buffer);
    memmove(c->head_buffer.ptr, c->head_buffer.ptr + c->pos, c->end - c->pos);
    c->end -= c->pos;
    c->pos = 0;
    return true;
}

/* The body goes into a buffer of its own: the head must stay where it is, its slices are in use. */
static bool body_room(struct http_connection *c)
{
    if (c->pos < c->end)
        return true;
    if (c->body_buffer.ptr == NULL && !spare_body_take(c->server, &c->body_buffer))
        return false;
    c->window = &c->body_buffer;
    c->pos = c->end = 0;
    return true;
}

struct http_buffer connection_room(struct http_connection *c)
{
    bool room = true;
    if (c->phase == CONNECTION_HEAD) {
        room = head_room(c);
    } else if (c->phase != CONNECTION_EXCHANGE || !c->parser.complete) {
        room = body_room(c);
    }
    if (!room)
        return (struct http_buffer){NULL, 0};
    return (struct http_buffer){c->window->ptr + c->end, c->window->cap - c->end};
}

void connection_on_bytes(struct http_connection *c, size_t len)
{
    if (c->phase == CONNECTION_HEAD && c->end == c->pos)
        c->deadline_ms = loop_now_ms(c->server->loop) + c->server->config.head_timeout_ms;
    c->end += len;
    connection_run(c);
}

void connection_on_end(struct http_connection *c)
{
    c->peer_ended = true;
    if (c->phase == CONNECTION_EXCHANGE && c->x.ends_with_peer)
        connection_lost(c);
    connection_run(c);
}

/* After a request: what came behind it is the next one's, and goes to the head buffer if it does not lie
 * there. */
static bool connection_rebase(struct http_connection *c)
{
    struct deputy_slice rest = window_bytes(c);
    if (rest.len > 0 && c->window == &c->head_buffer)
        return true;
    struct http_buffer fresh = {NULL, 0};
    bool ok = rest.len == 0 || spare_head_take(c->server, &fresh);
    while (ok && fresh.cap < rest.len)
        ok = spare_head_grow(c->server, &fresh);
    if (ok && fresh.ptr != NULL && rest.ptr != NULL)
        memcpy(fresh.ptr, rest.ptr, rest.len);
    spare_head_give(c->server, &c->head_buffer);
    spare_body_give(c->server, &c->body_buffer);
    c->head_buffer = fresh;
    c->window = &c->head_buffer;
    c->pos = 0;
    c->end = rest.len;
    return ok;
}

/* ---- phases ---- */

static void connection_next_head(struct http_connection *c)
{
    if (!connection_rebase(c) || c->server->draining) {
        connection_close(c);
        return;
    }
    bool begun = c->pos < c->end;
    connection_expect_head(c, begun ? c->server->config.head_timeout_ms : c->server->config.idle_timeout_ms);
}

static void connection_linger(struct http_connection *c)
{
    transport_shut(c);
    c->phase = CONNECTION_LINGER;
    c->discarded = 0;
    c->deadline_ms = loop_now_ms(c->server->loop) + LINGER_MS;
}

/* Closing with unread bytes would reset the connection under the answer: then the peer is let finish first.
 */
static void connection_finish(struct http_connection *c)
{
    bool nothing_follows = c->parser.complete && c->pos == c->end && !c->x.head.keep_alive;
    if (c->gone || c->peer_ended || nothing_follows)
        connection_close(c);
    else
        connection_linger(c);
}

void connection_abandon(struct http_connection *c)
{
    if (c->phase == CONNECTION_EXCHANGE || c->peer_ended) {
        connection_lost(c);
        return;
    }
    c->pos = c->end;
    connection_linger(c);
}

void connection_refuse(struct http_connection *c, int status)
{
    c->phase = CONNECTION_EXCHANGE;
    c->x.head = (struct http_head){.method = HTTP_METHOD_OTHER};
    c->parser.complete = false;
    if (exchange_begin(&c->x) == DEPUTY_OK)
        http_reply_error(&c->x, status);
    else
        connection_close(c);
    connection_run(c);
}

static int head_refused(const struct http_connection *c)
{
    struct deputy_slice bytes = window_bytes(c);
    if (bytes.ptr != NULL && bytes.len > HTTP_MAX_TARGET && memchr(bytes.ptr, '\n', HTTP_MAX_TARGET) == NULL)
        return 414;
    if (bytes.len >= HTTP_MAX_HEAD)
        return 431;
    return c->end == c->window->cap && c->pos == 0 && !spare_head_may_grow(c->server, &c->head_buffer) ? 503
                                                                                                       : 0;
}

/* True when a request, good or bad, has begun. */
static bool connection_take_head(struct http_connection *c)
{
    struct deputy_slice bytes = window_bytes(c);
    size_t len = parse_head_end(bytes, &c->scanned);
    if (len == 0 && c->peer_ended) {
        connection_close(c);
        return false;
    }
    int status = len == 0 ? head_refused(c) : 0;
    if (len == 0 && status == 0)
        return false;
    if (len > 0)
        status = parse_head(&c->parser, &c->x.head, deputy_slice_bytes(bytes.ptr, len));
    if (status != 0) {
        connection_refuse(c, status);
        return true;
    }
    c->pos += len;
    c->phase = CONNECTION_EXCHANGE;
    if (exchange_begin(&c->x) == DEPUTY_OK)
        exchange_dispatch(&c->x);
    else
        connection_close(c);
    return true;
}

static bool connection_take_exchange(struct http_connection *c)
{
    struct http_exchange *x = &c->x;
    if (!exchange_over(x))
        return exchange_step(x);
    bool keep = x->keep_alive && !c->gone;
    c->server->body_memory -= x->collected.len;
    spare_arena_give(c->server, x->arena);
    x->arena = NULL;
    if (!keep) {
        connection_finish(c);
    } else if (c->parser.complete) {
        connection_next_head(c);
    } else {
        c->phase = CONNECTION_DISCARD;
        c->discarded = 0;
        c->deadline_ms = loop_now_ms(c->server->loop) + c->server->config.body_grace_ms;
    }
    return true;
}

static bool connection_discard(struct http_connection *c)
{
    size_t used;
    enum parse_step step = parse_body(&c->parser, window_bytes(c), &used);
    c->pos += used;
    c->discarded += used;
    if (step == PARSE_COMPLETE)
        connection_next_head(c);
    else if (step == PARSE_BAD || c->peer_ended || c->discarded > HTTP_DISCARD_MAX)
        connection_finish(c);
    else
        return step == PARSE_PIECE;
    return true;
}

static bool connection_ignore(struct http_connection *c)
{
    c->discarded += c->end - c->pos;
    c->pos = c->end;
    if (c->peer_ended || c->discarded > LINGER_MAX)
        connection_close(c);
    return false;
}

static bool connection_step(struct http_connection *c)
{
    switch (c->phase) {
    case CONNECTION_HEAD:
        return connection_take_head(c);
    case CONNECTION_EXCHANGE:
        return connection_take_exchange(c);
    case CONNECTION_DISCARD:
        return connection_discard(c);
    case CONNECTION_LINGER:
        return connection_ignore(c);
    case CONNECTION_CLOSED:
    default:
        return false;
    }
}

static bool connection_wants_bytes(const struct http_connection *c)
{
    if (c->peer_ended || c->phase == CONNECTION_CLOSED)
        return false;
    if (c->phase != CONNECTION_EXCHANGE)
        return true;
    /* Once the body is in, reading on is how a lost peer is noticed; what it sends is kept, as far as there
     * is room. */
    return c->parser.complete ? c->end < c->window->cap : exchange_wants_bytes(&c->x);
}

static void connection_forget(struct http_connection *c)
{
    spare_head_give(c->server, &c->head_buffer);
    spare_body_give(c->server, &c->body_buffer);
    secure_destroy(c->secure);
    server_forget(c);
}

void connection_run(struct http_connection *c)
{
    if (c->running)
        return;
    c->running = true;
    while (connection_step(c)) {}
    c->running = false;
    if (c->phase == CONNECTION_CLOSED && c->closed)
        connection_forget(c);
    else
        transport_read(c, connection_wants_bytes(c));
}

void connection_on_closed(struct http_connection *c)
{
    c->closed = true;
    connection_run(c);
}

void connection_on_written(struct http_connection *c, bool ok)
{
    if (c->gone)
        return;
    if (ok)
        reply_on_written(&c->x);
    else
        connection_lost(c);
    connection_run(c);
}

void connection_retire(struct http_connection *c)
{
    if (c->phase == CONNECTION_HEAD && c->pos == c->end)
        connection_close(c);
}

/* ---- time ---- */

static void connection_tick_write(struct http_connection *c, uint64_t now_ms)
{
    size_t queue = uv_stream_get_write_queue_size(&c->socket.stream);
    if (queue != c->write_queue || queue == 0) {
        c->write_queue = queue;
        c->write_since_ms = now_ms;
    } else if (now_ms - c->write_since_ms > c->server->config.write_timeout_ms) {
        connection_lost(c);
    }
}

void connection_tick(struct http_connection *c, uint64_t now_ms)
{
    if (c->phase == CONNECTION_EXCHANGE) {
        connection_tick_write(c, now_ms);
        if (!c->gone)
            exchange_tick(&c->x, now_ms);
        return;
    }
    if (now_ms < c->deadline_ms || c->phase == CONNECTION_CLOSED)
        return;
    if (c->phase == CONNECTION_HEAD && c->pos < c->end)
        connection_refuse(c, 408);
    else
        connection_close(c);
}
