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

struct key_query {
    struct deputy_slice path, purpose;
    const char *algorithm; /* "": secp256k1 */
};

static enum deputy_error key_body(
        struct deputy_arena *arena, struct deputy_slice *body, const struct key_query *query)
{
    struct buf out = buf_make(arena, REQUEST_MAX);
    struct json_writer json = json_writer_make(&out);
    json_object_begin(&json);
    json_key(&json, "path");
    json_text(&json, query->path);
    json_key(&json, "purpose");
    json_text(&json, query->purpose);
    json_key(&json, "algorithm");
    json_text_z(&json, query->algorithm);
    json_object_end(&json);
    return buf_finish(&out, body);
}

static enum deputy_error key_ask(struct deputy_arena *arena, struct agent_key *out,
        struct deputy_refusal *refusal, const struct agent_place *place, const struct key_query *query)
{
    struct agent_request request = {.place = place, .method = "GetKey"};
    struct deputy_slice answer;
    ENSURE(!place->legacy, DEPUTY_E_ARGUMENT);
    TRY(key_body(arena, &request.body, query));
    TRY(call(arena, &answer, refusal, &request));
    enum deputy_error error = answer_read_key(arena, out, answer);
    secret_wipe((void *)(uintptr_t)answer.ptr, answer.len); /* the arena lives on */
    return error;
}

enum deputy_error agent_get_key(struct deputy_arena *arena, struct agent_key *out,
        struct deputy_refusal *refusal, const struct agent_place *place, struct deputy_slice path,
        struct deputy_slice purpose)
{
    const struct key_query query = {path, purpose, ""};
    return key_ask(arena, out, refusal, place, &query);
}

/* Whether the chain of a key leads to a KMS that is trusted. */
static enum deputy_error key_prove(struct deputy_arena *arena, const struct agent_key *key,
        const struct dstack_claim *wanted, const struct dstack_roots *roots)
{
    uint8_t public_key[DSTACK_ROOT_BYTES];
    struct dstack_claim claim = *wanted;
    TRY(dstack_public_key(public_key, wanted->algorithm, key->key));
    claim.public_key = deputy_slice_bytes(public_key, dstack_public_bytes(wanted->algorithm));
    claim.app_signature = key->app_signature;
    claim.kms_signature = key->kms_signature;
    return dstack_claim_verify(arena, &claim, roots);
}

enum deputy_error agent_get_proven_key(struct deputy_arena *arena, struct agent_key *out,
        struct deputy_refusal *refusal, const struct agent_place *place, const struct dstack_claim *wanted,
        struct deputy_slice path, const struct dstack_roots *roots)
{
    const struct key_query query = {
            path, wanted->purpose, wanted->algorithm == DSTACK_ED25519 ? "ed25519" : "secp256k1"};
    TRY(key_ask(arena, out, refusal, place, &query));
    enum deputy_error error = key_prove(arena, out, wanted, roots);
    if (error != DEPUTY_OK)
        secret_wipe(out, sizeof *out);
    return error;
}

/* ---- the rest ---- */

enum deputy_error agent_get_attestation(struct deputy_arena *arena, struct deputy_slice *out,
        struct deputy_refusal *refusal, const struct agent_place *place,
        const uint8_t report_data[REPORT_DATA_BYTES])
{
    struct agent_request request = {.place = place, .method = "Attest"};
    struct deputy_slice answer;
    ENSURE(!place->legacy, DEPUTY_E_ARGUMENT);
    TRY(quote_body(arena, &request.body, report_data));
    TRY(call(arena, &answer, refusal, &request));
    return answer_read_attestation(arena, out, answer);
}

enum deputy_error agent_get_info(struct deputy_arena *arena, struct agent_info *out,
        struct deputy_refusal *refusal, const struct agent_place *place)
{
    const struct agent_request request = {.place = place,
            .method = place->legacy ? "prpc/Tappd.Info" : "Info",
            .body = deputy_slice_text("{}")};
    struct deputy_slice answer;
    TRY(call(arena, &answer, refusal, &request));
    return answer_read_info(arena, out, answer);
}

enum deputy_error agent_get_version(struct deputy_arena *arena, struct agent_version *out,
        struct deputy_refusal *refusal, const struct agent_place *place)
{
    const struct agent_request request = {.place = place,
            .method = place->legacy ? "prpc/Tappd.Version" : "Version",
            .body = deputy_slice_text("{}")};
    struct deputy_slice answer;
    TRY(call(arena, &answer, refusal, &request));
    return answer_read_version(arena, out, answer);
}
