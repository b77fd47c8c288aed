#include "backend/frame.h"
#include "backend/public.h"
#include "base/arena.h"
#include "base/try.h"
#include "grant/text.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { PATTERN_MAX = 64, LINE_MAX_TEXT = 128, LIMIT_KEY_BYTES = 21 };

#define METHODS "GET,HEAD,PUT,PATCH,POST,DELETE"

struct frame {
    struct frame_config config;
    struct limit *limits[FRAME_RATES];
    frame_subject_fn *subject;
    const void *tokens;
    size_t count;
    struct http_route *http;           /* [count] */
    const struct frame_route **routes; /* [count], as http has them */
    char (*patterns)[PATTERN_MAX];     /* of those with a slash behind */
};

/* ---- where a page comes from ---- */

/* Compared byte for byte: a browser writes an origin in one form only. */
static bool origin_check(struct http_exchange *x, const struct frame *frame)
{
    struct deputy_slice origin = http_header(x, "origin");
    http_reply_header(x, "Vary", deputy_slice_text("Origin"));
    if (!deputy_slice_present(origin))
        return true;
    return text_among(origin, frame->config.origins, frame->config.origin_count) &&
           http_reply_header(x, "Access-Control-Allow-Origin", origin);
}

static enum http_flow preflight(
        struct http_exchange *x, struct backend_loop *on, const struct frame_request *request)
{
    (void)on;
    (void)request;
    struct deputy_slice headers = http_header(x, "access-control-request-headers");
    http_reply_header(x, "Access-Control-Allow-Methods", deputy_slice_text(METHODS));
    if (deputy_slice_present(headers))
        http_reply_header(x, "Access-Control-Allow-Headers", headers);
    http_reply(x, 204, NULL, deputy_slice_text(""));
    return HTTP_DONE;
}

/* A form of a foreign page can send a request, but no header of its own choice. */
static bool csrf_check(struct http_exchange *x, const struct frame *frame)
{
    enum http_method method = http_method(x);
    if (method == HTTP_METHOD_GET || method == HTTP_METHOD_HEAD || method == HTTP_METHOD_OPTIONS)
        return true;
    return deputy_slice_equal(http_header(x, "x-requested-with"), frame->config.csrf);
}

/* ---- who asks ---- */

static const struct frame_error no_header = {
        401, "missing_token", "Authorization header is required", DEPUTY_E_SESSION_MISSING};
static const struct frame_error no_token = {
        401, "missing_token", "Bearer token is required", DEPUTY_E_SESSION_MISSING};
static const struct frame_error bad_token = {
        401, "invalid_token", "Token verification failed", DEPUTY_E_SESSION_INVALID};

/* The token behind "Bearer ", in any letter case; a value without it is one whole token. */
static struct deputy_slice bearer_token(struct deputy_slice value)
{
    static const char scheme[] = "bearer";
    size_t len = sizeof scheme - 1;
    if (value.len < len || strncasecmp((const char *)value.ptr, scheme, len) != 0)
        return value;
    if (value.len == len) /* what stood behind it was blank */
        return deputy_slice_text("");
    return value.ptr[len] == ' ' ? deputy_slice_bytes(value.ptr + len + 1, value.len - len - 1) : value;
}

/* NULL when the token is good. */
static const struct frame_error *subject_read(
        struct http_exchange *x, struct frame_request *request, const struct frame *frame)
{
    struct deputy_slice value = http_header(x, "authorization");
    if (value.len == 0)
        return &no_header;
    struct deputy_slice token = bearer_token(value);
    if (token.len == 0)
        return &no_token;
    request->signed_in = frame->subject(frame->tokens, request->owner, token, request->now) == DEPUTY_OK;
    return request->signed_in ? NULL : &bad_token;
}

/* ---- how often ---- */

/* An owner is counted wherever he comes from; who is not signed in, by address. */
static struct limit_state count_one(struct http_exchange *x, struct limit *limit, const struct frame *frame,
        const struct frame_request *r)
{
    uint8_t key[LIMIT_KEY_BYTES] = {r->signed_in};
    if (r->signed_in)
        memcpy(key + 1, r->owner, sizeof r->owner);
    else
        client_forwarded_address(key + 1, x, &frame->config.proxies);
    return limit_take(limit, deputy_slice_bytes(key, sizeof key), r->now);
}

__attribute__((format(printf, 3, 4))) static void put_line(
        struct http_exchange *x, const char *name, const char *format, ...)
{
    char text[LINE_MAX_TEXT];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    http_reply_header(x, name, deputy_slice_text(text));
}

static void put_limit(struct http_exchange *x, const struct limit_state *state)
{
    put_line(x, "RateLimit-Policy", "%lld;w=%lld", (long long)state->limit, (long long)state->window_s);
    put_line(x, "RateLimit", "limit=%lld, remaining=%lld, reset=%lld", (long long)state->limit,
            (long long)state->remaining, (long long)state->reset_s);
    if (!state->allowed)
        put_line(x, "Retry-After", "%lld", (long long)state->reset_s);
}

static void refuse_often(struct http_exchange *x, enum frame_rate rate)
{
    static const struct frame_error often[FRAME_RATES] = {
            [FRAME_AUTH] = {429, "rate_limited", "Too many auth requests", DEPUTY_E_TOO_OFTEN},
            [FRAME_WRITE] = {429, "rate_limited", "Too many delegation requests", DEPUTY_E_TOO_OFTEN},
            [FRAME_ATTEST] = {429, "rate_limited", "Too many attestation requests", DEPUTY_E_TOO_OFTEN},
    };
    if (rate != FRAME_GENERAL) {
        frame_refuse(x, &often[rate]);
        return;
    }
    http_set_reason(x, DEPUTY_E_TOO_OFTEN);
    http_reply_text(x, 429, deputy_slice_text("Too many requests, please try again later."));
}

/* Counts, and says on the answer what is left of the narrowest limit. False: the exchange has ended. */
static bool rate_check(struct http_exchange *x, const struct frame *frame, enum frame_rate rate,
        const struct frame_request *request)
{
    struct limit_state state;
    enum frame_rate counted = FRAME_GENERAL;
    if (rate == FRAME_UNCOUNTED)
        return true;
    state = count_one(x, frame->limits[FRAME_GENERAL], frame, request);
    if (state.allowed && rate != FRAME_GENERAL) {
        counted = rate;
        state = count_one(x, frame->limits[rate], frame, request);
    }
    put_limit(x, &state);
    if (!state.allowed)
        refuse_often(x, counted);
    return state.allowed;
}

/* ---- the body ---- */

/* A request that waits for its body. */
struct entered {
    struct backend_loop *on;
    const struct frame_route *route;
    struct frame_request request;
};

static bool is_json(struct deputy_slice type)
{
    static const char json[] = "application/json";
    size_t len = sizeof json - 1;
    return type.len >= len && strncasecmp((const char *)type.ptr, json, len) == 0 &&
           (type.len == len || type.ptr[len] == ';' || type.ptr[len] == ' ');
}

/* Anything but JSON is as if nothing had been sent, and so is nothing. */
static enum deputy_error body_read(
        struct deputy_arena *arena, const struct json_value **out, struct deputy_slice body)
{
    static const struct json_value nothing = {.kind = JSON_OBJECT};
    *out = &nothing;
    if (body.len == 0)
        return DEPUTY_OK;
    TRY(json_parse(arena, out, body));
    return json_is(*out, JSON_OBJECT) || json_is(*out, JSON_ARRAY) ? DEPUTY_OK : DEPUTY_E_JSON_TYPE;
}

static enum http_flow body_refuse(struct http_exchange *x, enum deputy_error reason)
{
    static const struct frame_error invalid = {
            400, "invalid_json", "Request body is not valid JSON", DEPUTY_E_JSON_SYNTAX};
    bool beyond = reason == DEPUTY_E_LIMIT || reason == DEPUTY_E_NOMEM;
    return frame_refuse_for(x, beyond ? &frame_too_large : &invalid, reason);
}

static enum http_flow body_take(struct http_exchange *x, void *app)
{
    struct entered *entered = app;
    enum deputy_error result = body_read(http_arena(x), &entered->request.body, http_body(x));
    if (result != DEPUTY_OK)
        return body_refuse(x, result);
    return entered->route->handler(x, entered->on, &entered->request);
}

/* ---- the way in ---- */

static const struct frame_error foreign_origin = {
        403, "origin_not_allowed", "Origin is not allowed", DEPUTY_E_ORIGIN};
static const struct frame_error no_csrf = {
        403, "csrf_rejected", "Missing or invalid X-Requested-With header", DEPUTY_E_CSRF};

static const struct frame_route *route_of(const struct frame *frame, const struct http_exchange *x)
{
    return frame->routes[http_route(x) - frame->http];
}

/* What is cheap to refuse is refused first, and nothing of a body is read for it. */
static bool may_enter(struct http_exchange *x, const struct frame *frame, struct entered *entered)
{
    const struct frame_error *refusal = NULL;
    bool listed = entered->route->who != FRAME_EVERYBODY;
    if (listed && !origin_check(x, frame)) {
        frame_refuse(x, &foreign_origin);
        return false;
    }
    if (listed && !csrf_check(x, frame)) {
        frame_refuse(x, &no_csrf);
        return false;
    }
    if (entered->route->who == FRAME_OWNERS)
        refusal = subject_read(x, &entered->request, frame);
    /* Who has no good token is not asked what for: that request counts like any other. */
    if (!rate_check(x, frame, refusal == NULL ? entered->route->rate : FRAME_GENERAL, &entered->request))
        return false;
    if (refusal != NULL)
        frame_refuse(x, refusal);
    return refusal == NULL;
}

static enum http_flow frame_enter(struct http_exchange *x, void *app)
{
    struct backend_loop *on = app;
    const struct frame *frame = on->backend->public_of->frame;
    struct entered *entered = ARENA_ARRAY(http_arena(x), struct entered, 1);
    if (entered == NULL)
        return frame_refuse_for(x, &frame_internal, arena_error(http_arena(x)));
    *entered = (struct entered){
            .on = on, .route = route_of(frame, x), .request = {.now = backend_now(on->backend)}};
    if (!may_enter(x, frame, entered))
        return HTTP_DONE;
    if (entered->route->body_max == 0)
        return entered->route->handler(x, on, &entered->request);
    if (!is_json(http_header(x, "content-type"))) {
        body_read(http_arena(x), &entered->request.body, deputy_slice_text(""));
        return entered->route->handler(x, on, &entered->request);
    }
    http_body_collect(x, entered->route->body_max, body_take, entered);
    return HTTP_LATER;
}

/* ---- the routes ---- */

static enum http_flow answer_nothing_here(
        struct http_exchange *x, struct backend_loop *on, const struct frame_request *request)
{
    static const struct frame_error nothing = {404, "not_found", NULL, DEPUTY_OK};
    (void)on;
    (void)request;
    return frame_refuse(x, &nothing);
}

/* HEAD is as GET. */
static const struct frame_route last_routes[] = {
        {HTTP_METHOD_OPTIONS, "/{path...}", FRAME_UNCOUNTED, FRAME_PAGES, 0, preflight},
        {HTTP_METHOD_GET, "/{path...}", FRAME_GENERAL, FRAME_PAGES, 0, answer_nothing_here},
        {HTTP_METHOD_POST, "/{path...}", FRAME_GENERAL, FRAME_PAGES, 0, answer_nothing_here},
        {HTTP_METHOD_PUT, "/{path...}", FRAME_GENERAL, FRAME_PAGES, 0, answer_nothing_here},
        {HTTP_METHOD_PATCH, "/{path...}", FRAME_GENERAL, FRAME_PAGES, 0, answer_nothing_here},
        {HTTP_METHOD_DELETE, "/{path...}", FRAME_GENERAL, FRAME_PAGES, 0, answer_nothing_here},
        {HTTP_METHOD_OTHER, "/{path...}", FRAME_GENERAL, FRAME_PAGES, 0, answer_nothing_here},
};

static void http_put(struct frame *frame, const struct frame_route *route, const char *pattern)
{
    frame->routes[frame->count] = route;
    frame->http[frame->count++] =
            (struct http_route){route->method, pattern, HTTP_BODY_STREAM, 0, frame_enter};
}

static enum deputy_error route_put(struct frame *frame, const struct frame_route *route)
{
    char *pattern = frame->patterns[frame->count];
    ENSURE(strlen(route->pattern) + 2 <= PATTERN_MAX && route->body_max <= FRAME_BODY_MAX, DEPUTY_E_ARGUMENT);
    http_put(frame, route, route->pattern);
    snprintf(pattern, PATTERN_MAX, "%s/", route->pattern);
    http_put(frame, route, pattern);
    return DEPUTY_OK;
}

static enum deputy_error routes_make(struct frame *frame, const struct frame_table *tables, size_t count)
{
    const size_t last = sizeof last_routes / sizeof last_routes[0];
    size_t room = last;
    for (size_t i = 0; i < count; i++)
        room += 2 * tables[i].count;
    frame->http = calloc(room, sizeof *frame->http);
    frame->routes = calloc(room, sizeof(struct frame_route *));
    frame->patterns = calloc(room, sizeof *frame->patterns);
    ENSURE(frame->http != NULL && frame->routes != NULL && frame->patterns != NULL, DEPUTY_E_NOMEM);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < tables[i].count; j++)
            TRY(route_put(frame, &tables[i].routes[j]));
    }
    for (size_t i = 0; i < last; i++)
        http_put(frame, &last_routes[i], last_routes[i].pattern);
    return DEPUTY_OK;
}

static enum deputy_error limits_make(struct frame *frame)
{
    for (size_t i = 0; i < FRAME_RATES; i++) {
        const struct frame_quota *quota = &frame->config.quotas[i];
        if (i != FRAME_UNCOUNTED)
            TRY(limit_create(&frame->limits[i], quota->limit, quota->window_s));
    }
    return DEPUTY_OK;
}

static enum deputy_error frame_fill(struct frame *frame, const struct frame_table *tables, size_t count)
{
    TRY(limits_make(frame));
    return routes_make(frame, tables, count);
}

enum deputy_error frame_create(struct frame **out, const struct frame_config *config,
        const struct frame_table *tables, size_t count, frame_subject_fn *subject, const void *tokens)
{
    struct frame *frame = calloc(1, sizeof *frame);
    ENSURE(frame != NULL, DEPUTY_E_NOMEM);
    frame->config = *config;
    frame->subject = subject;
    frame->tokens = tokens;
    enum deputy_error result = frame_fill(frame, tables, count);
    if (result == DEPUTY_OK)
        *out = frame;
    else
        frame_destroy(frame);
    return result;
}

void frame_destroy(struct frame *frame)
{
    if (frame == NULL)
        return;
    for (size_t i = 0; i < FRAME_RATES; i++)
        limit_destroy(frame->limits[i]);
    free(frame->http);
    free(frame->routes);
    free(frame->patterns);
    free(frame);
}

const struct http_route *frame_http_routes(const struct frame *frame, size_t *count)
{
    *count = frame->count;
    return frame->http;
}
