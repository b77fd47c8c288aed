/*
 * Clients look at more than HTTP says: they compare Content-Length with the length of the decoded text, so
 * every answer is ASCII with a length; and they tell errors by the text behind status 400.
 */
#include "agent/simulate.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/try.h"

enum { ANSWER_MAX = 16 * 1024 * 1024 };

#define WORKER_VERSION "v0.6.0 (unknown)"

/* ---- answers ---- */

static void put_unit(struct buf *out, uint32_t unit)
{
    static const char digits[] = "0123456789abcdef";
    buf_put_text(out, "\\u");
    for (int shift = 12; shift >= 0; shift -= 4)
        buf_put_byte(out, (uint8_t)digits[unit >> shift & 0xf]);
}

/* The same JSON in ASCII: whatever else stands in it stands in strings. */
static enum deputy_error ascii(struct deputy_arena *arena, struct deputy_slice *out, struct deputy_slice json)
{
    enum { BMP = 0x10000, HIGH = 0xd800, LOW = 0xdc00 };
    struct buf text = buf_make(arena, ANSWER_MAX);
    uint32_t character;
    while (utf8_take(&json, &character)) {
        if (character < 0x80) {
            buf_put_byte(&text, (uint8_t)character);
        } else if (character < BMP) {
            put_unit(&text, character);
        } else {
            put_unit(&text, HIGH + ((character - BMP) >> 10));
            put_unit(&text, LOW + ((character - BMP) & 0x3ff));
        }
    }
    return buf_finish(&text, out);
}

static enum http_flow answer(struct http_exchange *x, int status, struct deputy_slice json)
{
    struct deputy_slice body;
    if (ascii(http_arena(x), &body, json) != DEPUTY_OK)
        http_reply_error(x, 500);
    else
        http_reply_json(x, status, body);
    return HTTP_DONE;
}

/* An error in the layout of the reference. */
static enum http_flow refuse(struct http_exchange *x, struct deputy_slice why)
{
    struct buf out = buf_make(http_arena(x), ANSWER_MAX);
    struct deputy_slice json;
    buf_put_text(&out, "{\n  \"error\": ");
    json_put_text(&out, why);
    buf_put_text(&out, "\n}");
    if (buf_finish(&out, &json) == DEPUTY_OK)
        return answer(x, 400, json);
    http_reply_error(x, 500);
    return HTTP_DONE;
}

static enum http_flow refuse_unknown(struct http_exchange *x, struct deputy_slice name)
{
    struct buf out = buf_make(http_arena(x), ANSWER_MAX);
    struct deputy_slice why;
    buf_put_text(&out, "Service not found: ");
    buf_put(&out, name);
    if (buf_finish(&out, &why) == DEPUTY_OK && utf8_valid(why))
        return refuse(x, why);
    return refuse(x, deputy_slice_text("Service not found"));
}

/* ---- requests ---- */

static struct deputy_slice query_of(void *ctx, const char *name)
{
    return http_query(ctx, name);
}

static bool begins(struct deputy_slice text, const char *start)
{
    struct deputy_slice wanted = deputy_slice_text(start);
    return text.len >= wanted.len && memcmp(text.ptr, wanted.ptr, wanted.len) == 0;
}

/* JSON by its type, or by "?json", "?json=1", "?json=true". */
static bool asks_for_json(struct http_exchange *x)
{
    struct deputy_slice query = http_query(x, "json");
    if (begins(http_header(x, "content-type"), "application/json"))
        return true;
    return deputy_slice_present(query) &&
           (query.len == 0 || deputy_slice_equal(query, deputy_slice_text("1")) ||
                   deputy_slice_equal(query, deputy_slice_text("true")));
}

static bool needs_no_body(call_method *method)
{
    return method == put_info || method == put_version;
}

/* The fields of a POST. The reference does not look at the body of Info and Version at all. */
static enum deputy_error body_read(struct http_exchange *x, struct call *call, call_method *method)
{
    struct deputy_slice body = http_body(x);
    if (!asks_for_json(x))
        return call_fail(call, "send JSON, with Content-Type: application/json");
    if (needs_no_body(method) || body.len == 0)
        body = deputy_slice_text("{}");
    if (json_parse(call->arena, &call->body, body) != DEPUTY_OK || !json_is(call->body, JSON_OBJECT))
        return call_fail(call, "the body is no JSON object");
    return DEPUTY_OK;
}

static enum deputy_error run(struct http_exchange *x, struct call *call, call_method *method)
{
    bool is_post = http_method(x) == HTTP_METHOD_POST;
    if (is_post)
        TRY(body_read(x, call, method));
    json_object_begin(call->json);
    TRY(method(call));
    json_object_end(call->json);
    return DEPUTY_OK;
}

static enum http_flow serve(struct http_exchange *x, const struct agent *agent, call_method *method)
{
    struct buf out = buf_make(http_arena(x), ANSWER_MAX);
    struct json_writer json = json_writer_make(&out);
    struct call call = {
            .arena = http_arena(x), .agent = agent, .query = query_of, .query_ctx = x, .json = &json};
    struct deputy_slice text;
    enum deputy_error error = run(x, &call, method);
    if (error == DEPUTY_OK)
        error = buf_finish(&out, &text);
    if (error == DEPUTY_OK)
        return answer(x, 200, text);
    if (error == DEPUTY_E_AGENT_CALL)
        return refuse(x, call.error);
    return refuse(x, deputy_slice_text(deputy_error_info(error)->text));
}

static enum http_flow on_guest(struct http_exchange *x, void *app)
{
    struct deputy_slice name = http_param(x, "method");
    call_method *method = guest_method(name);
    return method == NULL ? refuse_unknown(x, name) : serve(x, app, method);
}

/* The two services with a prefix: Tappd, and the one that is meant for others than the app. */
static enum http_flow on_prefixed(struct http_exchange *x, void *app)
{
    struct deputy_slice name = http_param(x, "method");
    call_method *method = worker_method(name);
    if (begins(name, "Worker."))
        http_reply_header(x, "X-App-Version", deputy_slice_text(WORKER_VERSION));
    if (begins(name, "DstackGuest.")) {
        http_reply_error(x, 404);
        return HTTP_DONE;
    }
    if (method == NULL)
        method = tappd_method(name);
    return method == NULL ? refuse_unknown(x, name) : serve(x, app, method);
}

const struct http_route *simulate_routes(size_t *count)
{
    static const struct http_route routes[] = {
            {HTTP_METHOD_GET, "/prpc/{method}", HTTP_BODY_NONE, 0, on_prefixed},
            {HTTP_METHOD_POST, "/prpc/{method}", HTTP_BODY_WHOLE, SIMULATE_BODY_MAX, on_prefixed},
            {HTTP_METHOD_GET, "/{method}", HTTP_BODY_NONE, 0, on_guest},
            {HTTP_METHOD_POST, "/{method}", HTTP_BODY_WHOLE, SIMULATE_BODY_MAX, on_guest},
    };
    *count = sizeof routes / sizeof routes[0];
    return routes;
}
