#include "token/did.h"
#include "base/try.h"
#include "token/uri.h"

/* No DID of ours is longer; a foreign one may be, up to this. */
enum { DID_MAX_BYTES = 64 * 1024 };

static bool starts_with(struct deputy_slice text, const char *prefix)
{
    size_t len = strlen(prefix);
    return text.len >= len && memcmp(text.ptr, prefix, len) == 0;
}

static struct deputy_slice drop(struct deputy_slice text, size_t count)
{
    return deputy_slice_bytes(text.ptr + count, text.len - count);
}

/* [1-9][0-9]*, at most 2^64 - 1, up to the ':' that is taken too. */
static bool chain_take(struct deputy_slice *text, uint64_t *chain)
{
    size_t at = 0;
    *chain = 0;
    if (text->len == 0 || text->ptr[0] == '0')
        return false;
    for (; at < text->len && text->ptr[at] != ':'; at++) {
        unsigned digit = text->ptr[at] - (unsigned)'0';
        if (digit > 9 || __builtin_mul_overflow(*chain, 10, chain) ||
                __builtin_add_overflow(*chain, digit, chain))
            return false;
    }
    if (at == 0 || at == text->len)
        return false;
    *text = drop(*text, at + 1);
    return true;
}

/* Whether the id (without "did:") is an Ethereum account. */
static bool account_parse(struct deputy_principal *out, struct deputy_slice id)
{
    struct deputy_slice rest = drop(id, strlen("pkh:eip155:"));
    return chain_take(&rest, &out->chain) && deputy_address_parse(out->address, rest) == DEPUTY_OK;
}

struct deputy_principal deputy_principal_of(struct deputy_slice text)
{
    const uint8_t *hash = text.len == 0 ? NULL : memchr(text.ptr, '#', text.len);
    if (hash != NULL)
        text.len = (size_t)(hash - text.ptr);
    struct deputy_principal principal = {.kind = DEPUTY_PRINCIPAL_TEXT, .id = text};
    if (!starts_with(text, "did:"))
        return principal;
    principal.kind = DEPUTY_PRINCIPAL_DID;
    principal.id = drop(text, strlen("did:"));
    if (starts_with(principal.id, "pkh:eip155:") && account_parse(&principal, principal.id))
        principal.kind = DEPUTY_PRINCIPAL_ETHEREUM;
    return principal;
}

bool deputy_principal_equal(const struct deputy_principal *a, const struct deputy_principal *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == DEPUTY_PRINCIPAL_ETHEREUM)
        return a->chain == b->chain && memcmp(a->address, b->address, sizeof a->address) == 0;
    return deputy_slice_equal(a->id, b->id);
}

static void account_put(struct buf *out, uint64_t chain, const uint8_t address[20])
{
    char text[42];
    deputy_address_format(text, address);
    buf_put_text(out, "pkh:eip155:");
    buf_put_decimal(out, chain);
    buf_put_byte(out, ':');
    buf_put(out, deputy_slice_bytes(text, sizeof text));
}

void principal_put_id(struct buf *out, const struct deputy_principal *principal)
{
    if (principal->kind == DEPUTY_PRINCIPAL_ETHEREUM)
        account_put(out, principal->chain, principal->address);
    else
        buf_put(out, principal->id);
}

enum deputy_error deputy_principal_format(
        struct deputy_arena *arena, struct deputy_slice *text, const struct deputy_principal *principal)
{
    struct buf out = buf_make(arena, SIZE_MAX);
    if (principal->kind != DEPUTY_PRINCIPAL_TEXT)
        buf_put_text(&out, "did:");
    principal_put_id(&out, principal);
    return buf_finish(&out, text);
}

enum deputy_error deputy_did_pkh_format(
        struct deputy_arena *arena, struct deputy_slice *did, uint64_t chain, const uint8_t address[20])
{
    struct buf out = buf_make(arena, DID_MAX_BYTES);
    buf_put_text(&out, "did:");
    account_put(&out, chain, address);
    return buf_finish(&out, did);
}

/* 1*( lower-case letter / digit ) ":", taken from the front. */
static bool method_take(struct deputy_slice *text, struct deputy_slice *method)
{
    size_t at = 0;
    while (at < text->len && text->ptr[at] != ':') {
        if (!uri_byte_is(text->ptr[at], URI_LOWER | URI_DIGIT))
            return false;
        at++;
    }
    if (at == 0 || at == text->len)
        return false;
    *method = deputy_slice_bytes(text->ptr, at);
    *text = drop(*text, at + 1);
    return true;
}

/* The method-specific id, up to what cannot belong to it; its last character is no ':'. */
static bool id_take(struct deputy_slice *text, struct deputy_slice *id)
{
    size_t at = 0;
    for (;;) {
        while (at < text->len && uri_byte_is(text->ptr[at], URI_DID_ID | URI_COLON))
            at++;
        if (at == text->len || !uri_percent_at(*text, at))
            break;
        at += 3;
    }
    if (at == 0 || text->ptr[at - 1] == ':')
        return false;
    *id = deputy_slice_bytes(text->ptr, at);
    *text = drop(*text, at);
    return true;
}

enum deputy_error principal_from_did_suffix(struct deputy_principal *out, struct deputy_slice suffix)
{
    struct deputy_slice rest = suffix, method, id;
    ENSURE(method_take(&rest, &method) && id_take(&rest, &id) && rest.len == 0, DEPUTY_E_DID);
    *out = (struct deputy_principal){.kind = DEPUTY_PRINCIPAL_DID, .id = suffix};
    if (!starts_with(suffix, "pkh:eip155:"))
        return DEPUTY_OK;
    ENSURE(account_parse(out, suffix), DEPUTY_E_DID);
    out->kind = DEPUTY_PRINCIPAL_ETHEREUM;
    return DEPUTY_OK;
}

/* What follows the id: path, query and fragment of a URI. */
static enum deputy_error did_tail_parse(struct deputy_did *out, struct deputy_slice rest)
{
    struct uri_tail tail;
    ENSURE(uri_tail_parse(&tail, rest), DEPUTY_E_DID);
    ENSURE(tail.path.len == 0 || tail.path.ptr[0] == '/', DEPUTY_E_DID);
    if (tail.path.len > 0)
        out->path = tail.path;
    out->query = tail.query;
    out->fragment = tail.fragment;
    return DEPUTY_OK;
}

enum deputy_error deputy_did_parse(struct deputy_did *out, struct deputy_slice text)
{
    *out = (struct deputy_did){0};
    ENSURE(starts_with(text, "did:"), DEPUTY_E_DID);
    struct deputy_slice rest = drop(text, strlen("did:"));
    ENSURE(method_take(&rest, &out->method) && id_take(&rest, &out->id), DEPUTY_E_DID);
    out->did = deputy_slice_bytes(text.ptr, text.len - rest.len);
    return rest.len == 0 ? DEPUTY_OK : did_tail_parse(out, rest);
}
