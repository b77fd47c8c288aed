/* The syntax of URIs (RFC 3986). ASCII only; nothing is decoded or normalised. */
#ifndef TOKEN_URI_H
#define TOKEN_URI_H

#include <deputy/error.h>
#include <deputy/slice.h>

/* scheme ":" ["//" authority] path ["?" query] ["#" fragment]; slices point into the input. */
struct uri {
    struct deputy_slice scheme;
    struct deputy_slice authority; /* absent differs from empty, as for the two below */
    struct deputy_slice path;
    struct deputy_slice query;
    struct deputy_slice fragment;
};

/* DEPUTY_E_URI when the text is no URI; a relative reference is none. */
enum deputy_error uri_parse(struct uri *out, struct deputy_slice text);

/* [userinfo "@"] host [":" port] */
struct uri_authority {
    struct deputy_slice userinfo; /* absent when there is none */
    struct deputy_slice host;     /* may be empty; an IP literal keeps its brackets */
    struct deputy_slice port;     /* absent when there is none, may be empty */
};

enum deputy_error uri_authority_parse(struct uri_authority *out, struct deputy_slice text);

#endif
