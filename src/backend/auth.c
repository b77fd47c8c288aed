#include "backend/auth.h"
#include "backend/jwt.h"
#include "backend/public.h"
#include "base/codec.h"
#include "base/json_write.h"
#include "base/time.h"
#include "base/try.h"
#include "grant/text.h"
#include <deputy/did.h>
#include <deputy/siwe.h>
#include <string.h>

enum { AUTH_BODY_MAX = 1024 * 1024, ANSWER_MAX = 4096, SIGNATURE_BYTES = 65 };

/* ---- the message ---- */

/* The one that the message is for: its session's key, as when the same bytes open a session at the node. */
static bool is_session_key(struct deputy_slice uri)
{
    struct deputy_did did;
    struct deputy_public_key key;
    return deputy_did_parse(&did, uri) == DEPUTY_OK && did.path.len == 0 &&
           !deputy_slice_present(did.query) && deputy_did_key_decode(&key, did.did) == DEPUTY_OK;
}

/* A page of ours: https and one of our domains, or an origin that is listed as it stands. */
static bool is_page(struct deputy_slice uri, const struct auth_rules *rules)
{
    static const char https[] = "https://";
    if (uri.len > 0 && uri.ptr[uri.len - 1] == '/')
        uri.len--;
    if (text_among(uri, rules->origins, rules->origin_count))
        return true;
    return text_starts(uri, https) &&
           text_among(text_after(uri, sizeof https - 1), rules->domains, rules->domain_count);
}

/* A message may say its page's scheme, too: https, or that of an origin that is listed. */
static bool is_domain(const struct deputy_siwe *siwe, const struct auth_rules *rules)
{
    bool listed = text_among(siwe->domain, rules->domains, rules->domain_count);
    if (!listed || !deputy_slice_present(siwe->scheme) || text_is(siwe->scheme, "https"))
        return listed;
    for (size_t i = 0; i < rules->origin_count; i++) {
        struct deputy_slice origin = rules->origins[i];
        size_t behind = siwe->scheme.len + sizeof "://" - 1;
        if (origin.len == behind + siwe->domain.len &&
                memcmp(origin.ptr, siwe->scheme.ptr, siwe->scheme.len) == 0 &&
                deputy_slice_equal(text_after(origin, behind), siwe->domain))
            return true;
    }
    return false;
}

static enum deputy_error time_read(struct deputy_time *out, struct deputy_slice text)
{
    return time_parse(out, text) == DEPUTY_OK ? DEPUTY_OK : DEPUTY_E_SIGN_IN_TIME;
}

static enum deputy_error times_check(const struct deputy_siwe *siwe, struct deputy_time now)
{
    struct deputy_time time;
    TRY(time_read(&time, siwe->issued_at));
    ENSURE(deputy_time_compare(time, time_add_ms(now, AUTH_MAX_EARLY_S * INT64_C(1000))) <= 0,
            DEPUTY_E_SIGN_IN_TIME);
    if (deputy_slice_present(siwe->expiration_time)) {
        TRY(time_read(&time, siwe->expiration_time));
        ENSURE(deputy_time_compare(time, now) > 0, DEPUTY_E_SIGN_IN_TIME);
    }
    if (deputy_slice_present(siwe->not_before)) {
        TRY(time_read(&time, siwe->not_before));
        ENSURE(deputy_time_compare(time, now) <= 0, DEPUTY_E_SIGN_IN_TIME);
    }
    return DEPUTY_OK;
}

static enum deputy_error signature_read(uint8_t out[SIGNATURE_BYTES], struct deputy_slice text)
{
    ENSURE(text_starts(text, "0x"), DEPUTY_E_SIGNATURE);
    return hex_read_fixed(out, SIGNATURE_BYTES, text_after(text, 2)) == DEPUTY_OK ? DEPUTY_OK
                                                                                  : DEPUTY_E_SIGNATURE;
}

enum deputy_error auth_check(struct deputy_arena *arena, struct deputy_siwe *out,
        const struct auth_rules *rules, struct deputy_slice message, struct deputy_slice signature,
        struct deputy_time now)
{
    uint8_t bytes[SIGNATURE_BYTES];
    TRY(deputy_siwe_parse(arena, out, message));
    ENSURE(is_domain(out, rules), DEPUTY_E_SIGN_IN_DOMAIN);
    ENSURE(is_session_key(out->uri) || is_page(out->uri, rules), DEPUTY_E_SIGN_IN_URI);
    ENSURE(out->chain_id == rules->chain, DEPUTY_E_SIGN_IN_CHAIN);
    TRY(times_check(out, now));
    TRY(signature_read(bytes, signature));
    return deputy_eip191_verify(message, bytes, out->address);
}

/* ---- the routes ---- */

static enum http_flow answer_nonce(
        struct http_exchange *x, struct backend_loop *on, const struct frame_request *request)
{
    static const struct frame_error none = {
            400, "invalid_request", "Query parameter 'address' is required", DEPUTY_E_ARGUMENT};
    static const struct frame_error bad = {
            400, "invalid_address", "Invalid Ethereum address format", DEPUTY_E_ADDRESS_PREFIX};
    struct deputy_slice text = http_query(x, "address");
    char nonce[NONCE_DIGITS];
    uint8_t address[20];
    if (http_query_count(x, "address") != 1 || text.len == 0)
        return frame_refuse(x, &none);
    enum deputy_error result = deputy_address_parse(address, text);
    if (result != DEPUTY_OK)
        return frame_refuse_for(x, &bad, result);
    nonce_make(on->backend->public_of->nonces, nonce, address, request->now);
    struct buf out = buf_make(http_arena(x), ANSWER_MAX);
    struct json_writer writer = json_writer_make(&out);
    json_object_begin(&writer);
    json_key(&writer, "nonce");
    json_text(&writer, deputy_slice_bytes(nonce, sizeof nonce));
    json_object_end(&writer);
    http_reply_header(x, "Cache-Control", deputy_slice_text("no-store"));
    return frame_answer(x, 200, &out);
}

static enum http_flow answer_token(struct http_exchange *x, const struct backend_loop *on,
        const uint8_t address[20], struct deputy_time now)
{
    const struct tokens *tokens = on->backend->public_of->tokens;
    struct buf out = buf_make(http_arena(x), ANSWER_MAX);
    struct json_writer writer = json_writer_make(&out);
    struct deputy_slice token;
    char text[42];
    enum deputy_error result = token_issue(http_arena(x), &token, tokens, address, now);
    if (result != DEPUTY_OK)
        return frame_refuse_for(x, &frame_internal, result);
    deputy_address_format(text, address);
    json_object_begin(&writer);
    json_key(&writer, "token");
    json_text(&writer, token);
    json_key(&writer, "expiresIn");
    json_int(&writer, tokens_life_s(tokens));
    json_key(&writer, "address");
    json_text(&writer, deputy_slice_bytes(text, sizeof text));
    json_object_end(&writer);
    http_reply_header(x, "Cache-Control", deputy_slice_text("no-store"));
    return frame_answer(x, 200, &out);
}

/* NULL: the member is a text that is not empty, and not too long. */
static const struct frame_error *text_member(
        struct deputy_slice *out, const struct json_value *body, const char *name, size_t max)
{
    static const struct frame_error no_message = {
            400, "invalid_request", "Request body must include a 'message' string field", DEPUTY_E_JSON_TYPE};
    static const struct frame_error no_signature = {400, "invalid_request",
            "Request body must include a 'signature' string field", DEPUTY_E_JSON_TYPE};
    if (json_to_text(out, json_member(body, name)) != DEPUTY_OK || out->len == 0)
        return strcmp(name, "message") == 0 ? &no_message : &no_signature;
    return out->len <= max ? NULL : &frame_too_large;
}

static enum http_flow answer_verify(
        struct http_exchange *x, struct backend_loop *on, const struct frame_request *request)
{
    static const struct frame_error failed = {
            401, "verification_failed", "SIWE signature verification failed", DEPUTY_E_SIGNATURE};
    static const struct frame_error used = {
            401, "invalid_nonce", "Nonce is invalid, expired, or already used", DEPUTY_E_NONCE};
    const struct public_state *public_of = on->backend->public_of;
    struct deputy_slice message, signature;
    struct deputy_siwe siwe;
    const struct frame_error *refusal = text_member(&message, request->body, "message", AUTH_MESSAGE_MAX);
    if (refusal == NULL)
        refusal = text_member(&signature, request->body, "signature", AUTH_SIGNATURE_MAX);
    if (refusal != NULL)
        return frame_refuse(x, refusal);
    enum deputy_error result =
            auth_check(http_arena(x), &siwe, &public_of->auth, message, signature, request->now);
    if (result != DEPUTY_OK)
        return frame_refuse_for(x, &failed, result);
    result = nonce_use(public_of->nonces, siwe.nonce, siwe.address, request->now);
    if (result != DEPUTY_OK)
        return frame_refuse_for(x, &used, result);
    return answer_token(x, on, siwe.address, request->now);
}

static const struct frame_route routes[] = {
        {HTTP_METHOD_GET, "/api/auth/nonce", FRAME_AUTH, FRAME_PAGES, 0, answer_nonce},
        {HTTP_METHOD_POST, "/api/auth/verify", FRAME_AUTH, FRAME_PAGES, AUTH_BODY_MAX, answer_verify},
};

const struct frame_table auth_routes = {routes, sizeof routes / sizeof routes[0]};
