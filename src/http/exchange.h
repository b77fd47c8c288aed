/*
 * One request and its answer, as a handler sees them. An exchange lives on one loop; everything below is
 * called on that loop's thread.
 *
 * Slices of the request point into the connection or the exchange's arena and live until the exchange has
 * ended. An exchange ends with http_reply, http_reply_error or http_reply_end; it must not be touched after
 * that, except that a handler which ends it before returning may still use the arena until it returns.
 */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include "http/loop.h"
#include <deputy/arena.h>
#include <deputy/slice.h>

struct http_exchange;

enum http_method {
    HTTP_METHOD_OTHER, /* any other that HTTP knows: no route has it */
    HTTP_METHOD_GET,
    HTTP_METHOD_HEAD,
    HTTP_METHOD_POST,
    HTTP_METHOD_PUT,
    HTTP_METHOD_DELETE,
    HTTP_METHOD_OPTIONS,
    HTTP_METHOD_PATCH,
};

/* HTTP_DONE: the exchange has ended. HTTP_LATER: whoever holds it ends it, on its loop. */
enum http_flow { HTTP_DONE, HTTP_LATER };
typedef enum http_flow http_handler(struct http_exchange *x, void *app);

enum http_body {
    HTTP_BODY_NONE,  /* a body is read away */
    HTTP_BODY_WHOLE, /* the handler runs once up to body_max bytes are there (http_body); more is answered 413
                      */
    HTTP_BODY_STREAM, /* the handler runs on the headers; nothing of the body is read before it asks */
};

/*
 * A pattern is a path whose segments are literal or {name}; the last may be {name...}, which takes the rest
 * of the path with its slashes (possibly nothing). "/peer/generate/{space...}". The first route that matches
 * is taken; a HEAD request takes the GET route when there is no HEAD route.
 */
struct http_route {
    enum http_method method;
    const char *pattern;
    enum http_body body;
    size_t body_max; /* of HTTP_BODY_WHOLE, and what http_body_collect may not exceed by default */
    http_handler *handler;
};

/* ---- the request ---- */

/* A header as sent, without white space around its value. */
struct http_field {
    struct deputy_slice name;
    struct deputy_slice value;
};

enum http_method http_method(const struct http_exchange *x);
const char *http_method_name(enum http_method method);
const struct http_route *http_route(const struct http_exchange *x); /* NULL: no route matched */
struct deputy_slice http_path(const struct http_exchange *x);       /* as sent, without the query */

/* The first header of that name (any case), without white space around it; absent when there is none. */
struct deputy_slice http_header(const struct http_exchange *x, const char *name);

/* The nth header (from 0) for whoever must look at all; false beyond the last. */
bool http_header_at(
        const struct http_exchange *x, size_t n, struct deputy_slice *name, struct deputy_slice *value);

/* What {name} took of the path, percent-decoded once. The name must stand in the pattern. */
struct deputy_slice http_param(const struct http_exchange *x, const char *name);

/* The first query parameter of that name, decoded as a form field; absent when missing or badly encoded. */
struct deputy_slice http_query(struct http_exchange *x, const char *name);

/* How often it is there: for whoever must not guess which of two is meant. */
size_t http_query_count(struct http_exchange *x, const char *name);

/* The peer's address as text, without the port. */
struct deputy_slice http_peer(const struct http_exchange *x);

/* Whether it came over a Unix socket: by what was listened on, so nothing that a peer does changes it. */
bool http_over_unix(const struct http_exchange *x);

/* The body of an HTTP_BODY_WHOLE route, or after http_body_collect. Empty when there was none. */
struct deputy_slice http_body(const struct http_exchange *x);

struct deputy_arena *http_arena(struct http_exchange *x);
struct loop *http_loop(struct http_exchange *x);

/* ---- reading the body (HTTP_BODY_STREAM) ---- */

/* Content-Length, or UINT64_MAX when the body comes in chunks of unknown sum. */
uint64_t http_body_length(const struct http_exchange *x);

enum http_read { HTTP_READ_ON, HTTP_READ_PAUSE };

/* A part of the body. After HTTP_READ_PAUSE the part stays valid, and nothing is read, until
 * http_body_resume. */
typedef enum http_read http_chunk_fn(struct http_exchange *x, void *ctx, struct deputy_slice part);

/*
 * The end of the body: DEPUTY_OK, or why it broke off (HTTP_CUT_OFF, HTTP_SYNTAX, HTTP_TIMEOUT). After a
 * failure the exchange has ended: the callee only undoes what it has kept. Not called while paused, nor after
 * a reply.
 */
typedef void http_end_fn(struct http_exchange *x, void *ctx, enum deputy_error result);

void http_body_stream(struct http_exchange *x, http_chunk_fn *on_chunk, http_end_fn *on_end, void *ctx);
void http_body_resume(struct http_exchange *x);

/* Reads the body whole, answers 413 beyond max bytes, and then runs `then` like a handler, with the app given
 * here. */
void http_body_collect(struct http_exchange *x, size_t max, http_handler *then, void *app);

/* ---- the answer ---- */

/* A header for the answer, before its first byte. False, and nothing added, when it would not be one line. */
bool http_reply_header(struct http_exchange *x, const char *name, struct deputy_slice value);

/* A whole answer. type may be NULL: no Content-Type. body must live until the exchange has ended. */
void http_reply(struct http_exchange *x, int status, const char *type, struct deputy_slice body);
void http_reply_text(struct http_exchange *x, int status, struct deputy_slice text);
void http_reply_json(struct http_exchange *x, int status, struct deputy_slice json);

/* The status and one plain line that names it, unless the server's configuration has another manner
 * (http_config.on_error): for what carries no message of the application. */
void http_reply_error(struct http_exchange *x, int status);

/*
 * An answer in parts: begin, length if it is known (else chunks), write ..., end. A known length must be met:
 * what is short or too long closes the connection, so that the client sees it broken.
 */
void http_reply_begin(struct http_exchange *x, int status);
void http_reply_length(struct http_exchange *x, uint64_t length);

enum http_write {
    HTTP_WRITE_OK,   /* taken: write on */
    HTTP_WRITE_WAIT, /* the part must stay as it is until on_drain; write on then, not before */
    HTTP_WRITE_GONE, /* the peer is gone: end the exchange */
};
enum http_write http_reply_write(struct http_exchange *x, struct deputy_slice part);
void http_reply_on_drain(
        struct http_exchange *x, void (*on_drain)(struct http_exchange *x, void *ctx), void *ctx);
void http_reply_end(struct http_exchange *x);

/* ---- while it lasts ---- */

/* Why it is refused, for the log line of its answer; DEPUTY_OK until it is set. */
void http_set_reason(struct http_exchange *x, enum deputy_error reason);
enum deputy_error http_reason(const struct http_exchange *x);

/* Its trace id, 32 hexadecimal digits; absent when none are made. */
struct deputy_slice http_trace(const struct http_exchange *x);

/* What it turned out to be about, likewise: a literal of the program; NULL until it is set. */
void http_set_topic(struct http_exchange *x, const char *topic);
const char *http_topic(const struct http_exchange *x);

/*
 * Called once if the peer goes away before the answer is out, unless a write finds it out first: that one is
 * told by its result alone. The exchange still has to be ended.
 */
void http_on_close(struct http_exchange *x, void (*on_close)(struct http_exchange *x, void *ctx), void *ctx);

/* From now on a peer that ends its side counts as gone: for an answer that lasts as long as somebody listens.
 */
void http_end_with_peer(struct http_exchange *x);

/* loop_offload for an exchange: it is answered 500 when the job cannot be taken. */
void http_offload(struct http_exchange *x, void (*work)(void *ctx), void (*then)(void *ctx), void *ctx);

#endif
