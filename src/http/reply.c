#include "http/connection.h"
#include <stdio.h>
#include <strings.h>

enum { REPLY_MAX_HEAD = 32 * 1024 };

static const char *reason_of(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
            {200, "OK"},
            {201, "Created"},
            {202, "Accepted"},
            {204, "No Content"},
            {206, "Partial Content"},
            {302, "Found"},
            {303, "See Other"},
            {304, "Not Modified"},
            {400, "Bad Request"},
            {401, "Unauthorized"},
            {402, "Payment Required"},
            {403, "Forbidden"},
            {404, "Not Found"},
            {405, "Method Not Allowed"},
            {408, "Request Timeout"},
            {409, "Conflict"},
            {410, "Gone"},
            {412, "Precondition Failed"},
            {413, "Content Too Large"},
            {414, "URI Too Long"},
            {415, "Unsupported Media Type"},
            {416, "Range Not Satisfiable"},
            {417, "Expectation Failed"},
            {422, "Unprocessable Content"},
            {429, "Too Many Requests"},
            {431, "Request Header Fields Too Large"},
            {500, "Internal Server Error"},
            {501, "Not Implemented"},
            {502, "Bad Gateway"},
            {503, "Service Unavailable"},
            {504, "Gateway Timeout"},
            {505, "HTTP Version Not Supported"},
            {507, "Insufficient Storage"},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].status == status)
            return reasons[i].reason;
    }
    return "Unknown";
}

/* ---- the head ---- */

static bool is_line(struct deputy_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((text.ptr[i] < ' ' && text.ptr[i] != '\t') || text.ptr[i] == 0x7f)
            return false;
    }
    return true;
}

bool reply_is_field_name(const char *name)
{
    static const char allowed[] =
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~";
    return name[0] != '\0' && strspn(name, allowed) == strlen(name);
}

static void put_field(struct buf *out, const char *name, struct deputy_slice value)
{
    buf_put_text(out, name);
    buf_put_text(out, ": ");
    buf_put(out, value);
    buf_put_text(out, "\r\n");
}

/* What says where an answer ends, or is the same on every answer, is not a handler's to set. */
static bool is_reserved(const struct http_exchange *x, const char *name)
{
    static const char *const reserved[] = {
            "Connection", "Content-Length", "Date", "Keep-Alive", "Trailer", "Transfer-Encoding", "Upgrade"};
    static const char cors[] = "Access-Control-";
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        if (strcasecmp(name, reserved[i]) == 0)
            return true;
    }
    return x->connection->server->config.cors && strncasecmp(name, cors, strlen(cors)) == 0;
}

bool http_reply_header(struct http_exchange *x, const char *name, struct deputy_slice value)
{
    if (x->reply >= REPLY_PARTS || !reply_is_field_name(name) || !is_line(value) || is_reserved(x, name))
        return false;
    put_field(&x->headers, name, value);
    return x->headers.error == DEPUTY_OK;
}

static bool has_no_body(const struct http_exchange *x)
{
    return x->head.method == HTTP_METHOD_HEAD || x->status == 204 || x->status == 304;
}

/* Whether what is left of the request's body may be read away, so that the connection can be kept. */
static bool rest_is_small(const struct http_exchange *x)
{
    if (x->connection->parser.complete)
        return true;
    if (x->body_lost != DEPUTY_OK || (x->head.expects_continue && !x->continued && x->body_seen == 0))
        return false;
    return x->head.content_length == UINT64_MAX || x->head.content_length - x->body_seen <= HTTP_DISCARD_MAX;
}

/* How the end of the answer will be known, and whether another request may follow. */
static void framing_choose(struct http_exchange *x)
{
    const struct http_connection *c = x->connection;
    bool needs_end = x->length == UINT64_MAX && !has_no_body(x);
    x->chunked = needs_end && x->head.http_1_1;
    x->keep_alive = x->head.keep_alive && !c->server->draining && !c->peer_ended && rest_is_small(x) &&
                    (!needs_end || x->chunked);
}

/* A 304 repeats the length of the 200 it stands for, or says none; a 204 never does (RFC 9110 section 8.6).
 */
static bool may_say_length(const struct http_exchange *x)
{
    return x->status != 204 && (x->status != 304 || x->length > 0);
}

static void put_framing(struct buf *out, const struct http_exchange *x)
{
    if (x->chunked) {
        buf_put_text(out, "Transfer-Encoding: chunked\r\n");
    } else if (x->length != UINT64_MAX && may_say_length(x)) {
        buf_put_text(out, "Content-Length: ");
        buf_put_decimal(out, x->length);
        buf_put_text(out, "\r\n");
    }
    if (!x->keep_alive)
        buf_put_text(out, "Connection: close\r\n");
    else if (!x->head.http_1_1)
        buf_put_text(out, "Connection: keep-alive\r\n");
}

static void answer_tell(const struct http_exchange *x)
{
    const struct http_server *server = x->connection->server;
    if (server->config.on_answer != NULL)
        server->config.on_answer(server->app, x, x->status, (uv_hrtime() - x->started_ns) / 1000);
}

static enum deputy_error reply_head(struct http_exchange *x, struct deputy_slice *out)
{
    const struct http_server *server = x->connection->server;
    struct buf head = buf_make(x->arena, REPLY_MAX_HEAD);
    struct deputy_slice headers = {NULL, 0};
    enum deputy_error error = buf_finish(&x->headers, &headers);
    if (error != DEPUTY_OK)
        return error;
    framing_choose(x);
    buf_put_text(&head, "HTTP/1.1 ");
    buf_put_decimal(&head, (uint64_t)x->status);
    buf_put_byte(&head, ' ');
    buf_put_text(&head, reason_of(x->status));
    buf_put_text(&head, "\r\n");
    buf_put_text(&head, server->date);
    buf_put(&head, server->fixed);
    if (x->trace[0] != '\0')
        put_field(&head, server->config.trace_header, http_trace(x));
    buf_put(&head, headers);
    put_framing(&head, x);
    buf_put_text(&head, "\r\n");
    answer_tell(x);
    return buf_finish(&head, out);
}

/* ---- sending ---- */

static enum http_write reply_send(struct http_exchange *x, const struct deputy_slice *parts, size_t count)
{
    enum http_write sent = transport_write(x->connection, parts, count);
    x->waiting = sent == HTTP_WRITE_WAIT;
    if (sent == HTTP_WRITE_GONE)
        connection_drop(x->connection);
    return sent;
}

static void reply_ended(struct http_exchange *x)
{
    x->reply = REPLY_ENDED;
    connection_run(x->connection);
}

/* An answer that cannot be made, or was made wrong: the connection says so by breaking. */
static void reply_break(struct http_exchange *x)
{
    connection_drop(x->connection);
}

void http_reply(struct http_exchange *x, int status, const char *type, struct deputy_slice body)
{
    struct deputy_slice parts[2] = {{NULL, 0}, body};
    if (x->reply >= REPLY_PARTS) { /* a second head would be read as part of the first answer */
        reply_break(x);
        reply_ended(x);
        return;
    }
    x->status = status;
    x->length = body.len;
    if (type != NULL)
        http_reply_header(x, "Content-Type", deputy_slice_text(type));
    if (reply_head(x, &parts[0]) == DEPUTY_OK)
        reply_send(x, parts, has_no_body(x) ? 1 : 2);
    else
        reply_break(x);
    reply_ended(x);
}

void http_reply_text(struct http_exchange *x, int status, struct deputy_slice text)
{
    http_reply(x, status, "text/plain; charset=utf-8", text);
}

void http_reply_json(struct http_exchange *x, int status, struct deputy_slice json)
{
    http_reply(x, status, "application/json", json);
}

void http_reply_error(struct http_exchange *x, int status)
{
    const struct http_server *server = x->connection->server;
    if (server->config.on_error != NULL && x->reply < REPLY_PARTS) {
        server->config.on_error(server->app, x, status);
        return;
    }
    http_reply_text(x, status, deputy_slice_text(reason_of(status)));
}

/* ---- in parts ---- */

void http_reply_begin(struct http_exchange *x, int status)
{
    x->status = status;
    x->length = UINT64_MAX;
    x->reply = REPLY_BEGUN;
}

void http_reply_length(struct http_exchange *x, uint64_t length)
{
    x->length = length;
}

void http_reply_on_drain(
        struct http_exchange *x, void (*on_drain)(struct http_exchange *x, void *ctx), void *ctx)
{
    x->on_drain = on_drain;
    x->drain_ctx = ctx;
}

/* The head, once; an empty slice after that. */
static enum deputy_error reply_head_once(struct http_exchange *x, struct deputy_slice *out)
{
    *out = (struct deputy_slice){NULL, 0};
    if (x->reply != REPLY_BEGUN)
        return DEPUTY_OK;
    x->reply = REPLY_PARTS;
    return reply_head(x, out);
}

enum http_write http_reply_write(struct http_exchange *x, struct deputy_slice part)
{
    struct deputy_slice parts[4] = {{NULL, 0}, {NULL, 0}, part, {NULL, 0}};
    bool too_long = x->length != UINT64_MAX && part.len > x->length - x->written;
    if (x->connection->gone || too_long || reply_head_once(x, &parts[0]) != DEPUTY_OK) {
        reply_break(x);
        return HTTP_WRITE_GONE;
    }
    x->written += part.len;
    if (has_no_body(x))
        parts[2].len = 0;
    if (x->chunked && parts[2].len > 0) {
        int len = snprintf(x->chunk_line, sizeof x->chunk_line, "%zx\r\n", part.len);
        parts[1] = deputy_slice_bytes(x->chunk_line, (size_t)len);
        parts[3] = deputy_slice_text("\r\n");
    }
    return reply_send(x, parts, 4);
}

static void reply_finish(struct http_exchange *x)
{
    struct deputy_slice parts[2] = {{NULL, 0}, {NULL, 0}};
    bool nothing_written = x->reply == REPLY_BEGUN;
    if (nothing_written && x->length == UINT64_MAX)
        x->length = 0;
    bool too_short = !has_no_body(x) && x->length != UINT64_MAX && x->written < x->length;
    if (too_short || reply_head_once(x, &parts[0]) != DEPUTY_OK)
        reply_break(x);
    if (x->chunked)
        parts[1] = deputy_slice_text("0\r\n\r\n");
    reply_send(x, parts, 2);
    reply_ended(x);
}

void http_reply_end(struct http_exchange *x)
{
    if (x->waiting)
        x->reply = REPLY_ENDING;
    else
        reply_finish(x);
}

void reply_on_written(struct http_exchange *x)
{
    x->waiting = false;
    if (x->reply == REPLY_ENDING)
        reply_finish(x);
    else if (x->reply == REPLY_PARTS && x->on_drain != NULL)
        x->on_drain(x, x->drain_ctx);
}
