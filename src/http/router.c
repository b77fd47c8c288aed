#include "http/router.h"
#include "base/try.h"
#include "http/escape.h"

/* Cuts the slice at the first `end` character and moves behind it; false when nothing was left. */
static bool cut(struct deputy_slice *rest, struct deputy_slice *part, char end)
{
    if (rest->ptr == NULL)
        return false;
    const uint8_t *at = memchr(rest->ptr, end, rest->len);
    *part = *rest;
    if (at == NULL) {
        *rest = (struct deputy_slice){NULL, 0};
        return true;
    }
    part->len = (size_t)(at - rest->ptr);
    *rest = deputy_slice_bytes(at + 1, rest->len - part->len - 1);
    return true;
}

static bool is_param(struct deputy_slice segment)
{
    return segment.len >= 2 && segment.ptr[0] == '{' && segment.ptr[segment.len - 1] == '}';
}

static bool takes_rest(struct deputy_slice *name)
{
    bool rest = name->len > 3 && memcmp(name->ptr + name->len - 3, "...", 3) == 0;
    name->len -= rest ? 3 : 0;
    return rest;
}

/* Both begin after their first slash. Values are as sent. */
static bool pattern_fits(struct http_match *match, struct deputy_slice pattern, struct deputy_slice path)
{
    struct deputy_slice want, have;
    match->count = 0;
    while (cut(&pattern, &want, '/')) {
        struct deputy_slice whole = path;
        if (!cut(&path, &have, '/'))
            return false;
        if (!is_param(want)) {
            if (!deputy_slice_equal(want, have))
                return false;
            continue;
        }
        struct http_param *param = &match->params[match->count++];
        param->name = deputy_slice_bytes(want.ptr + 1, want.len - 2);
        param->value = have;
        if (takes_rest(&param->name)) {
            param->value = whole;
            return true;
        }
        if (have.len == 0)
            return false;
    }
    return path.ptr == NULL;
}

static struct deputy_slice after_slash(struct deputy_slice path)
{
    return deputy_slice_bytes(path.ptr + 1, path.len - 1);
}

static bool route_matches(struct http_match *match, const struct http_router *router, enum http_method method,
        struct deputy_slice path)
{
    for (size_t i = 0; i < router->count; i++) {
        const struct http_route *route = &router->routes[i];
        if (route->method == method &&
                pattern_fits(match, after_slash(deputy_slice_text(route->pattern)), after_slash(path))) {
            match->route = route;
            return true;
        }
    }
    return false;
}

enum deputy_error router_match(struct deputy_arena *arena, struct http_match *out,
        const struct http_router *router, enum http_method method, struct deputy_slice path)
{
    out->route = NULL;
    out->count = 0;
    if (path.len == 0 || path.ptr[0] != '/')
        return DEPUTY_OK;
    bool found = route_matches(out, router, method, path) ||
                 (method == HTTP_METHOD_HEAD && route_matches(out, router, HTTP_METHOD_GET, path));
    for (size_t i = 0; found && i < out->count; i++)
        TRY(escape_decode(arena, &out->params[i].value, out->params[i].value, ESCAPE_PATH));
    return DEPUTY_OK;
}

/* The next parameter of that name, as it is written; false when none is left. */
static bool query_next(
        struct deputy_arena *arena, struct deputy_slice *query, struct deputy_slice *value, const char *name)
{
    struct deputy_slice pair, key;
    while (cut(query, &pair, '&')) {
        struct deputy_slice rest = pair;
        cut(&rest, &key, '=');
        *value = rest.ptr != NULL ? rest : deputy_slice_text("");
        if (escape_decode(arena, &key, key, ESCAPE_QUERY) == DEPUTY_OK &&
                deputy_slice_equal(key, deputy_slice_text(name)))
            return true;
    }
    return false;
}

struct deputy_slice query_find(struct deputy_arena *arena, struct deputy_slice query, const char *name)
{
    const struct deputy_slice absent = {NULL, 0};
    struct deputy_slice value;
    if (!query_next(arena, &query, &value, name))
        return absent;
    return escape_decode(arena, &value, value, ESCAPE_QUERY) == DEPUTY_OK ? value : absent;
}

size_t query_count(struct deputy_arena *arena, struct deputy_slice query, const char *name)
{
    struct deputy_slice value;
    size_t count = 0;
    while (query_next(arena, &query, &value, name))
        count++;
    return count;
}
