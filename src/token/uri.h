/* The syntax of URIs (RFC 3986). ASCII only; nothing is decoded or normalised. */
#ifndef TOKEN_URI_H
#define TOKEN_URI_H

#include <deputy/error.h>
#include <deputy/slice.h>

/* What a byte may stand for; a percent sign is in none of the classes. */
enum uri_class {
    URI_LOWER = 1 << 0,
    URI_UPPER = 1 << 1,
    URI_DIGIT = 1 << 2,
    URI_HEX_LETTER = 1 << 3,
    URI_MARK = 1 << 4,         /* - . _ ~, unreserved as letters and digits are */
    URI_SUBDELIM = 1 << 5,     /* ! $ & ' ( ) * + , ; = */
    URI_COLON = 1 << 6,        /* : */
    URI_AT = 1 << 7,           /* @ */
    URI_SLASH = 1 << 8,        /* / */
    URI_QUESTION = 1 << 9,     /* ? */
    URI_SCHEME_MARK = 1 << 10, /* + - . */
    URI_DID_MARK = 1 << 11,    /* . - _ */
    URI_ALPHA = URI_LOWER | URI_UPPER,
    URI_UNRESERVED = URI_ALPHA | URI_DIGIT | URI_MARK,
    URI_HEX = URI_DIGIT | URI_HEX_LETTER,
    URI_PCHAR = URI_UNRESERVED | URI_SUBDELIM | URI_COLON | URI_AT,
    URI_DID_ID = URI_ALPHA | URI_DIGIT | URI_DID_MARK
};

extern const uint16_t uri_classes[256];

/* The byte is in one of the classes. */
static inline bool uri_byte_is(uint8_t byte, unsigned classes)
{
    return (uri_classes[byte] & classes) != 0;
}

/* A percent sign and two hex digits stand there. */
static inline bool uri_percent_at(struct deputy_slice text, size_t at)
{
    return text.len - at >= 3 && text.ptr[at] == '%' && uri_byte_is(text.ptr[at + 1], URI_HEX) &&
           uri_byte_is(text.ptr[at + 2], URI_HEX);
}

/* scheme ":" ["//" authority] path ["?" query] ["#" fragment]; slices point into the input. */
struct uri {
    struct deputy_slice scheme;
    struct deputy_slice authority; /* absent differs from empty, as for the two below */
    struct deputy_slice path;
    struct deputy_slice query;
    struct deputy_slice fragment;
    bool normal; /* in the normal form of RFC 3986 section 6.2.2: uri_parse */
};

/*
 * DEPUTY_E_URI when the text is no URI; a relative reference is none. `normal` is false when the scheme has
 * an upper-case letter, a percent-encoding has a lower-case digit or stands for an unreserved character, or a
 * path segment is "." or "..".
 */
enum deputy_error uri_parse(struct uri *out, struct deputy_slice text);

/* path ["?" query] ["#" fragment], as they end a URI or a DID URL; false when a byte does not fit. */
struct uri_tail {
    struct deputy_slice path;
    struct deputy_slice query;
    struct deputy_slice fragment;
    bool normal;
};

bool uri_tail_parse(struct uri_tail *out, struct deputy_slice text);

/* [userinfo "@"] host [":" port] */
struct uri_authority {
    struct deputy_slice userinfo; /* absent when there is none */
    struct deputy_slice host;     /* may be empty; an IP literal keeps its brackets */
    struct deputy_slice port;     /* absent when there is none, may be empty */
};

enum deputy_error uri_authority_parse(struct uri_authority *out, struct deputy_slice text);

#endif
