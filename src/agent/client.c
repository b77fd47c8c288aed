#include "agent/client.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "crypto/secret.h"
#include "http/client.h"
#include <unistd.h>

enum {
    CONNECT_MS = 2000,
    TOTAL_MS = 30000,
    ANSWER_MAX = 16 * 1024 * 1024,
    REQUEST_MAX = 64 * 1024,
    STATUS_OK = 200,
    STATUS_REFUSED = 400,
    PLACES = 4
};

#define LOCAL_URL "http://localhost"
#define ENDPOINT_VARIABLE "DSTACK_SIMULATOR_ENDPOINT="

/* ---- where ---- */

static bool is_url(const char *endpoint)
{
    return strncmp(endpoint, "http://", 7) == 0 || strncmp(endpoint, "https://", 8) == 0;
}

static struct agent_place place_of(const char *endpoint)
{
    if (is_url(endpoint))
        return (struct agent_place){NULL, endpoint};
    return (struct agent_place){endpoint, LOCAL_URL};
}

struct agent_place agent_find(const char *endpoint, char *const *environ)
{
    static const char *const sockets[PLACES] = {"/var/run/dstack.sock", "/run/dstack.sock",
            "/var/run/dstack/dstack.sock", "/run/dstack/dstack.sock"};
    const size_t len = sizeof ENDPOINT_VARIABLE - 1;
    if (endpoint != NULL)
        return place_of(endpoint);
    for (; *environ != NULL; environ++)
        if (strncmp(*environ, ENDPOINT_VARIABLE, len) == 0 && (*environ)[len] != '\0')
            return place_of(*environ + len);
    for (size_t i = 0; i < PLACES; i++)
        if (access(sockets[i], F_OK) == 0)
            return place_of(sockets[i]);
    return place_of(sockets[0]);
}

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
    const struct json_value *value;
    struct deputy_slice why;
    if (json_parse(arena, &value, body) != DEPUTY_OK ||
            json_to_text(&why, json_member(value, "error")) != DEPUTY_OK)
        return DEPUTY_E_AGENT_ANSWER;
    *refusal = (struct deputy_refusal){DEPUTY_E_AGENT_CALL, {why, {0}}};
    return DEPUTY_E_AGENT_CALL;
}

struct agent_request {
    const struct agent_place *place;
    const char *method;
    struct deputy_slice body;
};

static enum deputy_error call(struct deputy_arena *arena, const struct json_value **answer,
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
    enum deputy_error error = json_parse(arena, answer, response.body);
    ENSURE(error != DEPUTY_E_NOMEM && error != DEPUTY_E_LIMIT, error);
    return error == DEPUTY_OK && json_is(*answer, JSON_OBJECT) ? DEPUTY_OK : DEPUTY_E_AGENT_ANSWER;
}

/* ---- GetQuote ---- */

static enum deputy_error text_of(struct deputy_slice *out, const struct json_value *answer, const char *name)
{
    return json_to_text(out, json_member(answer, name)) == DEPUTY_OK ? DEPUTY_OK : DEPUTY_E_AGENT_ANSWER;
}

static enum deputy_error bytes_of(struct deputy_arena *arena, struct deputy_slice *out,
        const struct json_value *answer, const char *name)
{
    struct deputy_slice text;
    TRY(text_of(&text, answer, name));
    enum deputy_error error = hex_read(arena, out, text);
    return error == DEPUTY_E_HEX ? DEPUTY_E_AGENT_ANSWER : error;
}

/* The answer says what it is bound to; whoever verifies the quote looks there. */
static enum deputy_error binding_check(struct deputy_arena *arena, const struct json_value *answer,
        const uint8_t report_data[REPORT_DATA_BYTES])
{
    struct deputy_slice told;
    TRY(bytes_of(arena, &told, answer, "report_data"));
    ENSURE(told.len == REPORT_DATA_BYTES, DEPUTY_E_AGENT_ANSWER);
    ENSURE(bytes_equal_secret(told.ptr, report_data, REPORT_DATA_BYTES), DEPUTY_E_AGENT_ANSWER);
    return DEPUTY_OK;
}

static enum deputy_error quote_body(
        struct deputy_arena *arena, struct deputy_slice *body, const uint8_t report_data[REPORT_DATA_BYTES])
{
    struct buf out = buf_make(arena, REQUEST_MAX);
    buf_put_text(&out, "{\"report_data\":\"");
    hex_put(&out, deputy_slice_bytes(report_data, REPORT_DATA_BYTES));
    buf_put_text(&out, "\"}");
    return buf_finish(&out, body);
}

enum deputy_error agent_get_quote(struct deputy_arena *arena, struct agent_quote *out,
        struct deputy_refusal *refusal, const struct agent_place *place,
        const uint8_t report_data[REPORT_DATA_BYTES])
{
    struct agent_request request = {.place = place, .method = "GetQuote"};
    const struct json_value *answer;
    *out = (struct agent_quote){0};
    TRY(quote_body(arena, &request.body, report_data));
    TRY(call(arena, &answer, refusal, &request));
    TRY(binding_check(arena, answer, report_data));
    TRY(bytes_of(arena, &out->quote, answer, "quote"));
    TRY(text_of(&out->event_log, answer, "event_log"));
    TRY(text_of(&out->vm_config, answer, "vm_config"));
    if (json_member(answer, "attestation") != NULL)
        TRY(bytes_of(arena, &out->attestation, answer, "attestation"));
    return DEPUTY_OK;
}

/* ---- GetKey ---- */

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

static enum deputy_error signature_of(
        struct deputy_arena *arena, struct deputy_slice *out, const struct json_value *element)
{
    struct deputy_slice text;
    ENSURE(json_to_text(&text, element) == DEPUTY_OK, DEPUTY_E_AGENT_ANSWER);
    enum deputy_error error = hex_read(arena, out, text);
    return error == DEPUTY_E_HEX ? DEPUTY_E_AGENT_ANSWER : error;
}

static enum deputy_error key_of(
        struct deputy_arena *arena, struct agent_key *out, const struct json_value *answer)
{
    enum { CHAIN = 2 };
    const struct json_value *chain = json_member(answer, "signature_chain");
    struct deputy_slice text;
    TRY(text_of(&text, answer, "key"));
    ENSURE(hex_read_fixed(out->key, sizeof out->key, text) == DEPUTY_OK, DEPUTY_E_AGENT_ANSWER);
    ENSURE(json_is(chain, JSON_ARRAY) && chain->count == CHAIN, DEPUTY_E_AGENT_ANSWER);
    TRY(signature_of(arena, &out->app_signature, chain->first));
    return signature_of(arena, &out->kms_signature, chain->first->next);
}

enum deputy_error agent_get_key(struct deputy_arena *arena, struct agent_key *out,
        struct deputy_refusal *refusal, const struct agent_place *place, struct deputy_slice path,
        struct deputy_slice purpose)
{
    struct agent_request request = {.place = place, .method = "GetKey"};
    const struct json_value *answer;
    *out = (struct agent_key){0};
    TRY(key_body(arena, &request.body, path, purpose));
    TRY(call(arena, &answer, refusal, &request));
    enum deputy_error error = key_of(arena, out, answer);
    secret_wipe((void *)(uintptr_t)answer->raw.ptr, answer->raw.len); /* the arena lives on */
    return error;
}
