/* The authority of a URI: user, host and port (RFC 3986 section 3.2). */
#include "base/try.h"
#include "token/uri.h"

static struct deputy_slice part(struct deputy_slice text, size_t from, size_t to)
{
    return deputy_slice_bytes(text.ptr + from, to - from);
}

/* The first place at or after `from` that holds one of the set, or the end. */
static size_t find(struct deputy_slice text, size_t from, const char *set)
{
    while (from < text.len && (text.ptr[from] == 0 || strchr(set, text.ptr[from]) == NULL))
        from++;
    return from;
}

/* Only unreserved characters, sub-delims, percent-encoded bytes and those of another class. */
static bool characters_valid(struct deputy_slice text, unsigned extra)
{
    for (size_t i = 0; i < text.len; i++) {
        if (uri_percent_at(text, i))
            i += 2;
        else if (!uri_byte_is(text.ptr[i], URI_UNRESERVED | URI_SUBDELIM | extra))
            return false;
    }
    return true;
}

/* 0..255 without leading zeros. */
static bool octet_valid(struct deputy_slice text)
{
    unsigned value = 0;
    if (text.len == 0 || text.len > 3 || (text.len > 1 && text.ptr[0] == '0'))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (!uri_byte_is(text.ptr[i], URI_DIGIT))
            return false;
        value = value * 10 + (text.ptr[i] - '0');
    }
    return value <= 255;
}

static bool ipv4_valid(struct deputy_slice text)
{
    size_t from = 0;
    for (int octet = 0; octet < 4; octet++) {
        size_t to = octet < 3 ? find(text, from, ".") : text.len;
        if (to < from || (octet < 3 && to == text.len) || !octet_valid(part(text, from, to)))
            return false;
        from = to + 1;
    }
    return true;
}

/* Eight groups of 16 bits, the last two perhaps as an IPv4 address; one run of zero groups may be "::". */
static bool ipv6_valid(struct deputy_slice text)
{
    unsigned groups = 0;
    bool elided = text.len >= 2 && text.ptr[0] == ':' && text.ptr[1] == ':';
    size_t at = elided ? 2 : 0;
    while (at < text.len) {
        size_t end = find(text, at, ":.");
        if (end < text.len && text.ptr[end] == '.')
            return ipv4_valid(part(text, at, text.len)) && (elided ? groups + 2 <= 7 : groups + 2 == 8);
        if (end == at || end - at > 4)
            return false;
        for (; at < end; at++)
            if (!uri_byte_is(text.ptr[at], URI_HEX))
                return false;
        groups++;
        if (end == text.len)
            break;
        at = end + 1;
        if (at == text.len)
            return false;
        if (text.ptr[at] == ':') {
            if (elided)
                return false;
            elided = true;
            at++;
        }
    }
    return elided ? groups <= 7 : groups == 8;
}

/* "v" 1*HEXDIG "." and at least one character */
static bool ip_future_valid(struct deputy_slice text)
{
    size_t dot = find(text, 0, ".");
    if (dot < 2 || dot + 1 >= text.len)
        return false;
    for (size_t i = 1; i < dot; i++)
        if (!uri_byte_is(text.ptr[i], URI_HEX))
            return false;
    struct deputy_slice rest = part(text, dot + 1, text.len);
    return find(rest, 0, "%") == rest.len && characters_valid(rest, URI_COLON);
}

/* What stands between the brackets. */
static bool ip_literal_valid(struct deputy_slice text)
{
    if (text.len > 0 && (text.ptr[0] | 0x20) == 'v')
        return ip_future_valid(text);
    return ipv6_valid(text);
}

static bool port_valid(struct deputy_slice port)
{
    for (size_t i = 0; i < port.len; i++)
        if (!uri_byte_is(port.ptr[i], URI_DIGIT))
            return false;
    return true;
}

enum deputy_error uri_authority_parse(struct uri_authority *out, struct deputy_slice text)
{
    *out = (struct uri_authority){0};
    size_t at = find(text, 0, "@");
    size_t host = at < text.len ? at + 1 : 0;
    if (at < text.len)
        out->userinfo = part(text, 0, at);
    bool literal = host < text.len && text.ptr[host] == '[';
    size_t end = literal ? find(text, host, "]") : find(text, host, ":");
    if (literal) {
        ENSURE(end < text.len && ip_literal_valid(part(text, host + 1, end)), DEPUTY_E_URI);
        end++;
        ENSURE(end == text.len || text.ptr[end] == ':', DEPUTY_E_URI);
    }
    out->host = part(text, host, end);
    if (end < text.len)
        out->port = part(text, end + 1, text.len);
    ENSURE(literal || characters_valid(out->host, 0), DEPUTY_E_URI);
    ENSURE(characters_valid(out->userinfo, URI_COLON) && port_valid(out->port), DEPUTY_E_URI);
    return DEPUTY_OK;
}
