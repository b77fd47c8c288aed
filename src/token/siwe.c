#include "token/siwe.h"
#include "base/time.h"
#include "base/try.h"
#include "token/siwe_lines.h"
#include "token/text.h"
#include "token/uri.h"
#include <deputy/did.h>

enum { SIWE_MIN_NONCE_BYTES = 8, SIWE_MAX_SCHEME_BYTES = 64 };

static bool scheme_valid(struct deputy_slice scheme)
{
    if (scheme.len == 0 || scheme.len > SIWE_MAX_SCHEME_BYTES)
        return false;
    for (size_t i = 0; i < scheme.len; i++) {
        uint8_t c = scheme.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '+' && c != '-' && c != '.')
            return false;
    }
    return true;
}

static enum deputy_error domain_check(struct deputy_slice domain)
{
    struct uri_authority authority;
    ENSURE(uri_authority_parse(&authority, domain) == DEPUTY_OK, DEPUTY_E_SIWE_DOMAIN);
    ENSURE(authority.host.len > 0, DEPUTY_E_SIWE_DOMAIN);
    ENSURE(memchr(authority.host.ptr, '%', authority.host.len) == NULL, DEPUTY_E_SIWE_DOMAIN);
    return DEPUTY_OK;
}

static enum deputy_error uri_check(struct deputy_slice text)
{
    struct uri uri;
    return uri_parse(&uri, text);
}

static enum deputy_error times_check(const struct deputy_siwe *siwe)
{
    struct deputy_time issued_at;
    struct deputy_window window;
    TRY(time_parse(&issued_at, siwe->issued_at));
    return siwe_window(&window, siwe);
}

enum deputy_error siwe_check(const struct deputy_siwe *siwe)
{
    if (deputy_slice_present(siwe->scheme))
        ENSURE(scheme_valid(siwe->scheme), DEPUTY_E_SIWE);
    TRY(domain_check(siwe->domain));
    /* An empty statement would read as none, with one line too many. */
    if (deputy_slice_present(siwe->statement))
        ENSURE(siwe->statement.len > 0 && text_is_line(siwe->statement), DEPUTY_E_SIWE);
    TRY(uri_check(siwe->uri));
    ENSURE(text_is_line(siwe->nonce) && text_is_line(siwe->request_id), DEPUTY_E_SIWE);
    TRY(times_check(siwe));
    ENSURE(siwe->resource_count <= DEPUTY_SIWE_MAX_RESOURCES, DEPUTY_E_LIMIT);
    for (size_t i = 0; i < siwe->resource_count; i++)
        TRY(uri_check(siwe->resources[i]));
    return DEPUTY_OK;
}

static void put_line(struct buf *out, const char *tag, struct deputy_slice value)
{
    buf_put_byte(out, '\n');
    buf_put_text(out, tag);
    buf_put(out, value);
}

static void put_optional_line(struct buf *out, const char *tag, struct deputy_slice value)
{
    if (deputy_slice_present(value))
        put_line(out, tag, value);
}

static void put_head(struct buf *out, const struct deputy_siwe *siwe)
{
    char address[42];
    deputy_address_format(address, siwe->address);
    if (deputy_slice_present(siwe->scheme)) {
        buf_put(out, siwe->scheme);
        buf_put_text(out, SIWE_SCHEME_END);
    }
    buf_put(out, siwe->domain);
    buf_put_text(out, SIWE_PREAMBLE);
    put_line(out, "", deputy_slice_bytes(address, sizeof address));
}

void siwe_put(struct buf *out, const struct deputy_siwe *siwe)
{
    put_head(out, siwe);
    buf_put_byte(out, '\n');
    put_optional_line(out, "", siwe->statement);
    buf_put_byte(out, '\n');
    put_line(out, SIWE_URI, siwe->uri);
    put_line(out, SIWE_VERSION, deputy_slice_text("1"));
    put_line(out, SIWE_CHAIN_ID, deputy_slice_text(""));
    buf_put_decimal(out, siwe->chain_id);
    put_line(out, SIWE_NONCE, siwe->nonce);
    put_line(out, SIWE_ISSUED_AT, siwe->issued_at);
    put_optional_line(out, SIWE_EXPIRATION_TIME, siwe->expiration_time);
    put_optional_line(out, SIWE_NOT_BEFORE, siwe->not_before);
    put_optional_line(out, SIWE_REQUEST_ID, siwe->request_id);
    if (siwe->resource_count > 0)
        put_line(out, SIWE_RESOURCES, deputy_slice_text(""));
    for (size_t i = 0; i < siwe->resource_count; i++)
        put_line(out, SIWE_RESOURCE, siwe->resources[i]);
}

enum deputy_error deputy_siwe_build(
        struct deputy_arena *arena, struct deputy_slice *text, const struct deputy_siwe *siwe)
{
    TRY(siwe_check(siwe));
    ENSURE(siwe->nonce.len >= SIWE_MIN_NONCE_BYTES, DEPUTY_E_SIWE_NONCE);
    struct buf out = buf_make(arena, SIWE_MAX_BYTES);
    siwe_put(&out, siwe);
    return buf_finish(&out, text);
}

enum deputy_error siwe_window(struct deputy_window *out, const struct deputy_siwe *siwe)
{
    *out = (struct deputy_window){
            .has_not_before = deputy_slice_present(siwe->not_before),
            .has_expiry = deputy_slice_present(siwe->expiration_time),
    };
    if (out->has_not_before)
        TRY(time_parse(&out->not_before, siwe->not_before));
    if (out->has_expiry)
        TRY(time_parse(&out->expiry, siwe->expiration_time));
    return DEPUTY_OK;
}
