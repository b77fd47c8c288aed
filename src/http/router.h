/* Which route a request takes. */
#ifndef HTTP_ROUTER_H
#define HTTP_ROUTER_H

#include "http/exchange.h"

enum { HTTP_MAX_PARAMS = 4 };

struct http_param {
    struct deputy_slice name; /* as the pattern has it */
    struct deputy_slice value;
};

struct http_match {
    const struct http_route *route; /* NULL: none */
    struct http_param params[HTTP_MAX_PARAMS];
    size_t count;
};

struct http_router {
    const struct http_route *routes;
    size_t count;
};

/*
 * The first route that fits. Parameters are percent-decoded once, into the arena if they hold an escape.
 * DEPUTY_E_HTTP_SYNTAX: an escape is broken.
 */
enum deputy_error router_match(struct deputy_arena *arena, struct http_match *out,
        const struct http_router *router, enum http_method method, struct deputy_slice path);

/* A parameter of a query as URLSearchParams reads it; absent when there is none or its escapes are broken. */
struct deputy_slice query_find(struct deputy_arena *arena, struct deputy_slice query, const char *name);

/* How often a parameter of that name stands in the query. */
size_t query_count(struct deputy_arena *arena, struct deputy_slice query, const char *name);

#endif
