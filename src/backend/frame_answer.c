#include "backend/frame.h"
#include "base/json_write.h"

enum { ERROR_MAX_TEXT = 1024 };

const struct frame_error frame_internal = {500, "internal_error", "Internal error", DEPUTY_E_INTERNAL};
const struct frame_error frame_too_large = {
        413, "payload_too_large", "Request body is too large", DEPUTY_E_LIMIT};

/* {"error": code, "message": message}: literals of the program, so that nothing of a request comes back. */
static enum deputy_error error_write(
        struct deputy_arena *arena, struct deputy_slice *text, const struct frame_error *error)
{
    struct buf out = buf_make(arena, ERROR_MAX_TEXT);
    struct json_writer writer = json_writer_make(&out);
    json_object_begin(&writer);
    json_key(&writer, "error");
    json_text_z(&writer, error->code);
    if (error->message != NULL) {
        json_key(&writer, "message");
        json_text_z(&writer, error->message);
    }
    json_object_end(&writer);
    return buf_finish(&out, text);
}

enum http_flow frame_refuse_for(
        struct http_exchange *x, const struct frame_error *error, enum deputy_error reason)
{
    struct deputy_slice text;
    http_set_reason(x, reason);
    if (error_write(http_arena(x), &text, error) != DEPUTY_OK)
        text = deputy_slice_text("{\"error\":\"internal_error\",\"message\":\"Internal error\"}");
    http_reply(x, error->status, FRAME_JSON, text);
    return HTTP_DONE;
}

enum http_flow frame_refuse(struct http_exchange *x, const struct frame_error *error)
{
    return frame_refuse_for(x, error, error->reason);
}

enum http_flow frame_answer(struct http_exchange *x, int status, struct buf *built)
{
    struct deputy_slice text;
    enum deputy_error result = buf_finish(built, &text);
    if (result != DEPUTY_OK)
        return frame_refuse_for(x, &frame_internal, result);
    http_reply(x, status, FRAME_JSON, text);
    return HTTP_DONE;
}

void frame_on_error(void *app, struct http_exchange *x, int status)
{
    static const struct frame_error known[] = {
            {400, "bad_request", "Bad request", DEPUTY_E_HTTP_SYNTAX},
            {404, "not_found", "Not found", DEPUTY_OK},
            {408, "request_timeout", "The request took too long", DEPUTY_E_HTTP_TIMEOUT},
            {413, "payload_too_large", "Request body is too large", DEPUTY_E_HTTP_TOO_LARGE},
            {414, "uri_too_long", "URI is too long", DEPUTY_E_HTTP_TOO_LARGE},
            {429, "rate_limited", "Too many connections", DEPUTY_E_TOO_OFTEN},
            {431, "headers_too_large", "Request headers are too large", DEPUTY_E_HTTP_TOO_LARGE},
            {503, "busy", "The server is busy", DEPUTY_E_LIMIT},
    };
    (void)app;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].status == status) {
            frame_refuse(x, &known[i]);
            return;
        }
    }
    struct frame_error other = frame_internal;
    other.status = status;
    frame_refuse(x, &other);
}
