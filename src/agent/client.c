#include "agent/client.h"
#include "agent/answer.h"
#include "base/buf.h"
#include "base/json_write.h"
#include "base/try.h"
#include "crypto/secret.h"
#include "http/client.h"

enum {
    CONNECT_MS = 2000,
    TOTAL_MS = 30000,
    ANSWER_MAX = 16 * 1024 * 1024,
    REQUEST_MAX = 64 * 1024,
    STATUS_OK = 200,
    STATUS_REFUSED = 400
};

/* ---- calls ---- */

static enum deputy_error url_of(
        struct deputy_arena *arena, const char **url, const struct agent_place *place, const char *method)
{
    struct buf out = buf_make(arena, REQUEST_MAX);
    struct deputy_slice text, base = deputy_slice_text(place->url);
    while (base.len > 0 && base.ptr[base.len - 1] == '/')
        base.len--;
    buf_put(&out, base);
    buf_put_byte(&out, '/');
    buf_put_text(&out, method);
    buf_put_byte(&out, '\0');
    TRY(buf_finish(&out, &text));
    *url = (const char *)text.ptr;
    return DEPUTY_OK;
}

/* What the agent said against it, if it said something. */
static enum deputy_error refused(
        struct deputy_arena *arena, struct deputy_refusal *refusal, struct deputy_slice body)
{
    struct deputy_slice why;
    TRY(answer_read_refusal(arena, &why, body));
    *refusal = (struct deputy_refusal){DEPUTY_E_AGENT_CALL, {why, {0}}};
    return DEPUTY_E_AGENT_CALL;
}

struct agent_request {
    const struct agent_place *place;
    const char *method;
    struct deputy_slice body;
};

/* The body of an answer of status 200. */
static enum deputy_error call(struct deputy_arena *arena, struct deputy_slice *body,
        struct deputy_refusal *refusal, const struct agent_request *request)
{
    const struct http_client_header type = {
            deputy_slice_text("Content-Type"), deputy_slice_text("application/json")};
    struct http_request http = {.method = "POST",
            .unix_socket = request->place->socket,
            .headers = &type,
            .header_count = 1,
            .body = request->body,
            .timeout_ms = TOTAL_MS,
            .connect_ms = CONNECT_MS,
            .response_max = ANSWER_MAX};
    struct http_response response;
    TRY(url_of(arena, &http.url, request->place, request->method));
    TRY(http_fetch(arena, &response, &http));
    if (response.status == STATUS_REFUSED)
        return refused(arena, refusal, response.body);
    ENSURE(response.status == STATUS_OK, DEPUTY_E_AGENT_ANSWER);
    *body = response.body;
    return DEPUTY_OK;
}

/* ---- quotes ---- */

static enum deputy_error quote_body(
        struct deputy_arena *arena, struct deputy_slice *body, const uint8_t report_data[REPORT_DATA_BYTES])
{
    struct buf out = buf_make(arena, REQUEST_MAX);
    struct json_writer json = json_writer_make(&out);
    json_object_begin(&json);
    json_key(&json, "report_data");
    json_hex(&json, deputy_slice_bytes(report_data, REPORT_DATA_BYTES));
    json_object_end(&json);
    return buf_finish(&out, body);
}

enum deputy_error agent_get_quote(struct deputy_arena *arena, struct agent_quote *out,
        struct deputy_refusal *refusal, const struct agent_place *place,
        const uint8_t report_data[REPORT_DATA_BYTES])
{
    struct agent_request request = {
            .place = place, .method = place->legacy ? "prpc/Tappd.RawQuote" : "GetQuote"};
    struct deputy_slice answer;
    TRY(quote_body(arena, &request.body, report_data));
    TRY(call(arena, &answer, refusal, &request));
    return place->legacy ? answer_read_raw_quote(arena, out, answer)
                         : answer_read_quote(arena, out, answer, report_data);
}

/* ---- keys ---- */

static enum deputy_error key_body(struct deputy_arena *arena, struct deputy_slice *body,
        struct deputy_slice path, struct deputy_slice purpose)
{
    struct buf out = buf_make(arena, REQUEST_MAX);
    struct json_writer json = json_writer_make(&out);
    json_object_begin(&json);
    json_key(&json, "path");
    json_text(&json, path);
    json_key(&json, "purpose");
    json_text(&json, purpose);
    json_object_end(&json);
    return buf_finish(&out, body);
}

enum deputy_error agent_get_key(struct deputy_arena *arena, struct agent_key *out,
        struct deputy_refusal *refusal, const struct agent_place *place, struct deputy_slice path,
        struct deputy_slice purpose)
{
    struct agent_request request = {.place = place, .method = "GetKey"};
    struct deputy_slice answer;
    ENSURE(!place->legacy, DEPUTY_E_ARGUMENT);
    TRY(key_body(arena, &request.body, path, purpose));
    TRY(call(arena, &answer, refusal, &request));
    enum deputy_error error = answer_read_key(arena, out, answer);
    secret_wipe((void *)(uintptr_t)answer.ptr, answer.len); /* the arena lives on */
    return error;
}
