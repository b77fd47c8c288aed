#include "token/uri.h"
#include "base/try.h"

const uint16_t uri_classes[256] = {
        ['a' ... 'f'] = URI_LOWER | URI_HEX_LETTER,
        ['g' ... 'z'] = URI_LOWER,
        ['A' ... 'F'] = URI_UPPER | URI_HEX_LETTER,
        ['G' ... 'Z'] = URI_UPPER,
        ['0' ... '9'] = URI_DIGIT,
        ['-'] = URI_MARK | URI_DID_MARK | URI_SCHEME_MARK,
        ['.'] = URI_MARK | URI_DID_MARK | URI_SCHEME_MARK,
        ['_'] = URI_MARK | URI_DID_MARK,
        ['~'] = URI_MARK,
        ['!'] = URI_SUBDELIM,
        ['$'] = URI_SUBDELIM,
        ['&' ... '*'] = URI_SUBDELIM,
        ['+'] = URI_SUBDELIM | URI_SCHEME_MARK,
        [','] = URI_SUBDELIM,
        [';'] = URI_SUBDELIM,
        ['='] = URI_SUBDELIM,
        [':'] = URI_COLON,
        ['@'] = URI_AT,
        ['/'] = URI_SLASH,
        ['?'] = URI_QUESTION,
};

static struct deputy_slice part(struct deputy_slice text, size_t from, size_t to)
{
    return deputy_slice_bytes(text.ptr + from, to - from);
}

static unsigned hex_value(uint8_t digit)
{
    return uri_byte_is(digit, URI_DIGIT) ? digit - (unsigned)'0' : (digit | 0x20U) - 'a' + 10;
}

/* The percent-encoding there has upper-case digits and stands for what must be encoded. */
static bool percent_normal(struct deputy_slice text, size_t at)
{
    uint8_t high = text.ptr[at + 1], low = text.ptr[at + 2];
    uint8_t byte = (uint8_t)(hex_value(high) << 4 | hex_value(low));
    return !uri_byte_is(high, URI_LOWER) && !uri_byte_is(low, URI_LOWER) &&
           !uri_byte_is(byte, URI_UNRESERVED);
}

/* The end of the run of characters of the classes and percent-encodings that begins at `at`. */
static size_t run_end(struct deputy_slice text, size_t at, unsigned classes, bool *normal)
{
    for (;;) {
        while (at < text.len && uri_byte_is(text.ptr[at], classes))
            at++;
        if (at == text.len || !uri_percent_at(text, at))
            return at;
        *normal = *normal && percent_normal(text, at);
        at += 3;
    }
}

/* A segment is "." or "..". */
static bool has_dot_segment(struct deputy_slice path)
{
    for (size_t at = 0; at < path.len; at++) {
        const uint8_t *dot = memchr(path.ptr + at, '.', path.len - at);
        if (dot == NULL)
            return false;
        at = (size_t)(dot - path.ptr);
        size_t end = at + 1 < path.len && path.ptr[at + 1] == '.' ? at + 2 : at + 1;
        if ((at == 0 || path.ptr[at - 1] == '/') && (end == path.len || path.ptr[end] == '/'))
            return true;
    }
    return false;
}

bool uri_tail_parse(struct uri_tail *out, struct deputy_slice text)
{
    *out = (struct uri_tail){.normal = true};
    size_t at = run_end(text, 0, URI_PCHAR | URI_SLASH, &out->normal);
    out->path = part(text, 0, at);
    out->normal = out->normal && !has_dot_segment(out->path);
    if (at < text.len && text.ptr[at] == '?') {
        size_t from = at + 1;
        at = run_end(text, from, URI_PCHAR | URI_SLASH | URI_QUESTION, &out->normal);
        out->query = part(text, from, at);
    }
    if (at < text.len && text.ptr[at] == '#') {
        size_t from = at + 1;
        at = run_end(text, from, URI_PCHAR | URI_SLASH | URI_QUESTION, &out->normal);
        out->fragment = part(text, from, at);
    }
    return at == text.len;
}

/* ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ) ":", the length of which is given; 0 when there is none. */
static size_t scheme_len(struct deputy_slice text, bool *normal)
{
    size_t at = 0;
    if (text.len == 0 || !uri_byte_is(text.ptr[0], URI_ALPHA))
        return 0;
    for (; at < text.len && uri_byte_is(text.ptr[at], URI_ALPHA | URI_DIGIT | URI_SCHEME_MARK); at++)
        *normal = *normal && !uri_byte_is(text.ptr[at], URI_UPPER);
    return at < text.len && text.ptr[at] == ':' ? at : 0;
}

static size_t authority_end(struct deputy_slice text, size_t at)
{
    while (at < text.len && text.ptr[at] != '/' && text.ptr[at] != '?' && text.ptr[at] != '#')
        at++;
    return at;
}

enum deputy_error uri_parse(struct uri *out, struct deputy_slice text)
{
    *out = (struct uri){.normal = true};
    size_t scheme = scheme_len(text, &out->normal);
    ENSURE(scheme > 0, DEPUTY_E_URI);
    out->scheme = part(text, 0, scheme);
    size_t at = scheme + 1;
    if (text.len - at >= 2 && text.ptr[at] == '/' && text.ptr[at + 1] == '/') {
        struct uri_authority authority;
        size_t end = authority_end(text, at + 2);
        out->authority = part(text, at + 2, end);
        TRY(uri_authority_parse(&authority, out->authority));
        at = end;
    }
    struct uri_tail tail;
    ENSURE(uri_tail_parse(&tail, part(text, at, text.len)), DEPUTY_E_URI);
    out->path = tail.path;
    out->query = tail.query;
    out->fragment = tail.fragment;
    out->normal = out->normal && tail.normal;
    return DEPUTY_OK;
}
