#include "base/arena.h"
#include "base/try.h"
#include "crypto/random.h"
#include "http/connection.h"

/* ---- the request ---- */

enum http_method http_method(const struct http_exchange *x)
{
    return x->head.method;
}

const char *http_method_name(enum http_method method)
{
    static const char *const names[] = {"OTHER", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"};
    return names[method];
}

const struct http_route *http_route(const struct http_exchange *x)
{
    return x->match.route;
}

struct deputy_slice http_path(const struct http_exchange *x)
{
    return x->path;
}

struct deputy_slice http_header(const struct http_exchange *x, const char *name)
{
    return head_field(&x->head, name);
}

bool http_header_at(
        const struct http_exchange *x, size_t n, struct deputy_slice *name, struct deputy_slice *value)
{
    if (n >= x->head.count)
        return false;
    *name = x->head.fields[n].name;
    *value = x->head.fields[n].value;
    return true;
}

struct deputy_slice http_param(const struct http_exchange *x, const char *name)
{
    for (size_t i = 0; i < x->match.count; i++) {
        if (deputy_slice_equal(x->match.params[i].name, deputy_slice_text(name)))
            return x->match.params[i].value;
    }
    return (struct deputy_slice){NULL, 0};
}

struct deputy_slice http_query(struct http_exchange *x, const char *name)
{
    return query_find(x->arena, x->query, name);
}

size_t http_query_count(struct http_exchange *x, const char *name)
{
    return query_count(x->arena, x->query, name);
}

struct deputy_slice http_peer(const struct http_exchange *x)
{
    return deputy_slice_text(x->connection->peer);
}

bool http_over_unix(const struct http_exchange *x)
{
    return x->connection->socket.stream.type == UV_NAMED_PIPE;
}

struct deputy_slice http_body(const struct http_exchange *x)
{
    return x->whole;
}

struct deputy_arena *http_arena(struct http_exchange *x)
{
    return x->arena;
}

struct loop *http_loop(struct http_exchange *x)
{
    return x->connection->server->loop;
}

/* ---- begin, dispatch ---- */

static void target_split(struct http_exchange *x)
{
    const struct deputy_slice target = x->head.target;
    const uint8_t *mark = target.len == 0 ? NULL : memchr(target.ptr, '?', target.len);
    x->path = target;
    if (mark == NULL)
        return;
    x->path.len = (size_t)(mark - target.ptr);
    x->query = deputy_slice_bytes(mark + 1, target.len - x->path.len - 1);
}

/* Random, so that it says nothing about other requests. */
static void trace_make(struct http_exchange *x)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t id[16];
    random_bytes(id, sizeof id);
    for (size_t i = 0; i < sizeof id; i++) {
        x->trace[2 * i] = digits[id[i] >> 4];
        x->trace[2 * i + 1] = digits[id[i] & 15];
    }
}

enum deputy_error exchange_begin(struct http_exchange *x)
{
    size_t kept = offsetof(struct http_exchange, arena);
    memset((uint8_t *)x + kept, 0, sizeof *x - kept);
    x->arena = spare_arena_take(x->connection->server);
    ENSURE(x->arena != NULL, DEPUTY_E_NOMEM);
    x->started_ns = uv_hrtime();
    if (x->connection->server->config.trace_ids)
        trace_make(x);
    x->whole = deputy_slice_text("");
    x->headers = buf_make(x->arena, HTTP_MAX_OTHER_FIELDS);
    target_split(x);
    return DEPUTY_OK;
}

bool exchange_over(const struct http_exchange *x)
{
    return x->reply == REPLY_ENDED && !x->waiting;
}

/* Runs a handler, and does not let one get away without an answer. */
static void exchange_call(struct http_exchange *x, http_handler *handler, void *app)
{
    if (handler(x, app) == HTTP_LATER || x->reply >= REPLY_ENDING)
        return;
    if (x->reply == REPLY_NONE)
        http_reply_error(x, 500);
    else
        http_reply_end(x);
}

static void exchange_unrouted(struct http_exchange *x)
{
    if (x->head.method == HTTP_METHOD_OPTIONS)
        http_reply(x, 200, NULL, deputy_slice_text(""));
    else
        http_reply_error(x, 404);
}

void exchange_dispatch(struct http_exchange *x)
{
    struct http_server *server = x->connection->server;
    enum deputy_error error = router_match(x->arena, &x->match, &server->router, x->head.method, x->path);
    const struct http_route *route = x->match.route;
    if (error != DEPUTY_OK)
        http_reply_error(x, error == DEPUTY_E_HTTP_SYNTAX ? 400 : 500);
    else if (route == NULL)
        exchange_unrouted(x);
    else if (route->body == HTTP_BODY_WHOLE)
        http_body_collect(x, route->body_max, route->handler, server->app);
    else
        exchange_call(x, route->handler, server->app);
}

/* ---- the body ---- */

void http_set_reason(struct http_exchange *x, enum deputy_error reason)
{
    x->reason = reason;
}

enum deputy_error http_reason(const struct http_exchange *x)
{
    return x->reason;
}

struct deputy_slice http_trace(const struct http_exchange *x)
{
    return x->trace[0] != '\0' ? deputy_slice_text(x->trace) : (struct deputy_slice){NULL, 0};
}

void http_set_topic(struct http_exchange *x, const char *topic)
{
    x->topic = topic;
}

const char *http_topic(const struct http_exchange *x)
{
    return x->topic;
}

uint64_t http_body_length(const struct http_exchange *x)
{
    return x->head.content_length;
}

static void body_rate_restart(struct http_exchange *x)
{
    x->rate_from_ms = loop_now_ms(http_loop(x));
    x->rate_bytes = 0;
}

/* From now on the body is wanted: a client that waits for leave to send it gets it. */
static void body_want(struct http_exchange *x, enum body_want want)
{
    struct http_connection *c = x->connection;
    x->want = want;
    body_rate_restart(x);
    if (!x->head.expects_continue || x->continued || c->pos < c->end)
        return;
    x->continued = true;
    if (!transport_write_now(c, deputy_slice_text("HTTP/1.1 100 Continue\r\n\r\n")))
        connection_drop(c);
}

void http_body_stream(struct http_exchange *x, http_chunk_fn *on_chunk, http_end_fn *on_end, void *ctx)
{
    x->on_chunk = on_chunk;
    x->on_end = on_end;
    x->body_ctx = ctx;
    body_want(x, BODY_STREAMED);
    connection_run(x->connection);
}

void http_body_resume(struct http_exchange *x)
{
    x->paused = false;
    body_rate_restart(x);
    connection_run(x->connection);
}

void http_body_collect(struct http_exchange *x, size_t max, http_handler *then, void *app)
{
    uint64_t length = x->head.content_length;
    if (length != UINT64_MAX && length > max) {
        http_reply_error(x, 413);
        return;
    }
    x->then = then;
    x->then_app = app;
    x->collected = buf_make(x->arena, max);
    body_want(x, BODY_COLLECTED);
    connection_run(x->connection);
}

static int status_of_loss(enum deputy_error error)
{
    return error == DEPUTY_E_HTTP_TIMEOUT ? 408 : 400;
}

/* The rest will not come: whoever reads is told, and what can still be answered is answered. */
static void body_fail(struct http_exchange *x, enum deputy_error error)
{
    enum body_want want = x->want;
    x->want = BODY_UNWANTED;
    x->connection->parser.complete = false;
    if (want == BODY_STREAMED)
        x->on_end(x, x->body_ctx, error);
    if (x->reply == REPLY_NONE && !x->connection->gone) {
        http_reply_error(x, status_of_loss(error));
        return;
    }
    connection_drop(x->connection);
    x->reply = REPLY_ENDED;
}

static void body_end(struct http_exchange *x)
{
    enum body_want want = x->want;
    x->want = BODY_UNWANTED;
    if (want == BODY_STREAMED) {
        x->on_end(x, x->body_ctx, DEPUTY_OK);
        return;
    }
    if (x->collected.len > 0 && buf_finish(&x->collected, &x->whole) != DEPUTY_OK)
        http_reply_error(x, 500);
    else
        exchange_call(x, x->then, x->then_app);
}

static void body_refuse(struct http_exchange *x, int status)
{
    x->want = BODY_UNWANTED;
    http_reply_error(x, status);
}

/* A body that came in one piece is used where it lies: the buffer is not written over before the exchange
 * ends. */
static void body_collect_piece(struct http_exchange *x, struct deputy_slice piece)
{
    struct http_server *server = x->connection->server;
    if (piece.len == x->head.content_length) {
        x->whole = piece;
        return;
    }
    if (piece.len > server->config.max_body_memory - server->body_memory) {
        body_refuse(x, 503);
        return;
    }
    buf_put(&x->collected, piece);
    if (x->collected.error == DEPUTY_OK)
        server->body_memory += piece.len;
    else
        body_refuse(x, x->collected.error == DEPUTY_E_LIMIT ? 413 : 500);
}

static void body_piece(struct http_exchange *x, struct deputy_slice piece)
{
    x->body_seen += piece.len;
    x->rate_bytes += piece.len;
    if (x->want == BODY_STREAMED)
        x->paused = x->on_chunk(x, x->body_ctx, piece) == HTTP_READ_PAUSE;
    else
        body_collect_piece(x, piece);
}

static bool body_step(struct http_exchange *x)
{
    struct http_connection *c = x->connection;
    size_t used;
    if (c->gone)
        x->body_lost = DEPUTY_E_HTTP_CUT_OFF;
    if (x->body_lost != DEPUTY_OK) {
        body_fail(x, x->body_lost);
        return true;
    }
    struct deputy_slice bytes = {c->window->ptr, c->end - c->pos};
    if (bytes.len > 0)
        bytes.ptr += c->pos;
    enum parse_step step = parse_body(&c->parser, bytes, &used);
    c->pos += used;
    if (step == PARSE_PIECE)
        body_piece(x, c->parser.piece);
    else if (step == PARSE_COMPLETE)
        body_end(x);
    else if (step == PARSE_BAD)
        x->body_lost = DEPUTY_E_HTTP_SYNTAX;
    else if (c->peer_ended)
        x->body_lost = DEPUTY_E_HTTP_CUT_OFF;
    else
        return false;
    return true;
}

bool exchange_step(struct http_exchange *x)
{
    return x->want != BODY_UNWANTED && x->reply < REPLY_ENDING && !x->paused && body_step(x);
}

bool exchange_wants_bytes(const struct http_exchange *x)
{
    return x->want != BODY_UNWANTED && x->reply < REPLY_ENDING && !x->paused;
}

void exchange_tick(struct http_exchange *x, uint64_t now_ms)
{
    const struct http_config *config = &x->connection->server->config;
    uint64_t elapsed = now_ms - x->rate_from_ms;
    if (!exchange_wants_bytes(x)) {
        body_rate_restart(x);
    } else if (elapsed >= config->body_grace_ms) {
        if (x->rate_bytes < elapsed * config->body_min_rate / 1000)
            x->body_lost = DEPUTY_E_HTTP_TIMEOUT;
        body_rate_restart(x);
        connection_run(x->connection);
    }
}

/* ---- while it lasts ---- */

void exchange_tell_gone(struct http_exchange *x, bool was_waiting)
{
    if (x->reply >= REPLY_ENDING) {
        x->reply = REPLY_ENDED;
        return;
    }
    if (x->on_close != NULL)
        x->on_close(x, x->close_ctx);
    if (was_waiting && x->reply == REPLY_PARTS && x->on_drain != NULL)
        x->on_drain(x, x->drain_ctx);
}

void http_on_close(struct http_exchange *x, void (*on_close)(struct http_exchange *x, void *ctx), void *ctx)
{
    x->on_close = on_close;
    x->close_ctx = ctx;
}

void http_end_with_peer(struct http_exchange *x)
{
    x->ends_with_peer = true;
}

void http_offload(struct http_exchange *x, void (*work)(void *ctx), void (*then)(void *ctx), void *ctx)
{
    if (loop_offload(http_loop(x), work, then, ctx) != DEPUTY_OK)
        http_reply_error(x, 500);
}
