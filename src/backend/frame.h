/*
 * What all public routes share (spec/07 section A6): pages of listed origins and no others, the header that
 * no foreign form can send, who asks and how often, JSON bodies, and errors as {"error": code, "message":
 * text}. A route says what it needs; its handler runs once all of that is given.
 */
#ifndef BACKEND_FRAME_H
#define BACKEND_FRAME_H

#include "backend/backend.h"
#include "backend/limit.h"
#include "base/buf.h"
#include "base/json.h"
#include "http/server.h"
#include "run/client.h"

#define FRAME_JSON "application/json; charset=utf-8"

enum { FRAME_BODY_MAX = 25 * 1024 * 1024 };

/* How a route is counted. All but UNCOUNTED and ATTEST count with the general limit, too. */
enum frame_rate {
    FRAME_GENERAL,
    FRAME_UNCOUNTED, /* whoever looks whether the backend is well */
    FRAME_AUTH,
    FRAME_WRITE, /* by owner: behind who is signed in only */
    FRAME_ATTEST,
    FRAME_RATES
};

/* Who may use a route. */
enum frame_who {
    FRAME_PAGES,    /* pages of the listed origins, and who is no page */
    FRAME_OWNERS,   /* the same, with a session token */
    FRAME_EVERYBODY /* pages of any origin, and without the header of our own */
};

struct frame_quota {
    int64_t limit;
    int64_t window_s;
};

/* Slices must outlive the frame. */
struct frame_config {
    struct deputy_slice csrf;           /* what X-Requested-With must say where something is changed */
    const struct deputy_slice *origins; /* of pages that may ask, as browsers write them */
    size_t origin_count;
    struct client_proxies proxies;
    struct frame_quota quotas[FRAME_RATES]; /* that of UNCOUNTED is not used */
};

/* What a handler is given. It lives as long as the exchange. */
struct frame_request {
    struct deputy_time now;
    bool signed_in;
    uint8_t owner[20];             /* of the session token, when signed in */
    const struct json_value *body; /* an object or array, when the route reads one; never NULL then */
};

typedef enum http_flow frame_handler(
        struct http_exchange *x, struct backend_loop *on, const struct frame_request *request);

struct frame_route {
    enum http_method method; /* all but GET change something */
    const char *pattern;     /* also with a slash behind it */
    enum frame_rate rate;
    enum frame_who who;
    size_t body_max; /* bytes of JSON, at most FRAME_BODY_MAX; 0: a body is not looked at */
    frame_handler *handler;
};

/* Who a session token stands for. The frame knows no more of tokens. */
typedef enum deputy_error frame_subject_fn(
        const void *tokens, uint8_t owner[20], struct deputy_slice token, struct deputy_time now);

struct frame;

/* The routes of all tables, and one that answers for whatever they do not have. The tables stay the caller's
 * and outlive the frame. */
struct frame_table {
    const struct frame_route *routes;
    size_t count;
};

enum deputy_error frame_create(struct frame **out, const struct frame_config *config,
        const struct frame_table *tables, size_t count, frame_subject_fn *subject, const void *tokens);
/* NULL is allowed. */
void frame_destroy(struct frame *frame);

/* For a server whose app is a backend_loop. */
const struct http_route *frame_http_routes(const struct frame *frame, size_t *count);

/* The server's own errors in the frame's manner: http_config.on_error. */
void frame_on_error(void *app, struct http_exchange *x, int status);

/* ---- answers ---- */

struct frame_error {
    int status;
    const char *code; /* what clients know it by */
    const char *message;
    enum deputy_error reason; /* for the log */
};

enum http_flow frame_refuse(struct http_exchange *x, const struct frame_error *error);
/* The same with the very reason, which is for the log alone. */
enum http_flow frame_refuse_for(
        struct http_exchange *x, const struct frame_error *error, enum deputy_error reason);

extern const struct frame_error frame_internal;  /* the last resort */
extern const struct frame_error frame_too_large; /* a body, or a part of it */

/* Ends the exchange with the JSON that was built; 500 when building it failed. */
enum http_flow frame_answer(struct http_exchange *x, int status, struct buf *built);

#endif
