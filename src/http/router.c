#include "http/router.h"
#include "base/arena.h"
#include "base/try.h"

static int digit_of(uint8_t character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    if (character >= 'a' && character <= 'f')
        return character - 'a' + 10;
    return character >= 'A' && character <= 'F' ? character - 'A' + 10 : -1;
}

/* Takes one character; an escape counts as one. -1 when it is broken. */
static int escape_take(struct deputy_slice *text)
{
    uint8_t first = text->ptr[0];
    size_t used = 1;
    int value = first;
    if (first == '%') {
        int high = text->len >= 3 ? digit_of(text->ptr[1]) : -1;
        int low = text->len >= 3 ? digit_of(text->ptr[2]) : -1;
        if (high < 0 || low < 0)
            return -1;
        value = high * 16 + low;
        used = 3;
    }
    text->ptr += used;
    text->len -= used;
    return value;
}

enum escape_form { ESCAPE_PATH, ESCAPE_QUERY /* a plus is a space */ };

static enum deputy_error unescape(
        struct deputy_arena *arena, struct deputy_slice *out, struct deputy_slice text, enum escape_form form)
{
    *out = text;
    bool plus = form == ESCAPE_QUERY && memchr(text.ptr, '+', text.len) != NULL;
    if (!plus && memchr(text.ptr, '%', text.len) == NULL)
        return DEPUTY_OK;
    uint8_t *decoded = arena_alloc_bytes(arena, text.len);
    ENSURE(decoded != NULL, arena_error(arena));
    size_t len = 0;
    while (text.len > 0) {
        bool space = plus && text.ptr[0] == '+';
        int value = escape_take(&text);
        ENSURE(value >= 0, DEPUTY_E_HTTP_SYNTAX);
        decoded[len++] = space ? ' ' : (uint8_t)value;
    }
    *out = deputy_slice_bytes(decoded, len);
    return DEPUTY_OK;
}

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
        TRY(unescape(arena, &out->params[i].value, out->params[i].value, ESCAPE_PATH));
    return DEPUTY_OK;
}

struct deputy_slice query_find(struct deputy_arena *arena, struct deputy_slice query, const char *name)
{
    const struct deputy_slice absent = {NULL, 0};
    struct deputy_slice pair, key, value;
    while (cut(&query, &pair, '&')) {
        struct deputy_slice rest = pair;
        cut(&rest, &key, '=');
        value = rest.ptr != NULL ? rest : deputy_slice_text("");
        if (unescape(arena, &key, key, ESCAPE_QUERY) != DEPUTY_OK ||
                !deputy_slice_equal(key, deputy_slice_text(name)))
            continue;
        return unescape(arena, &value, value, ESCAPE_QUERY) == DEPUTY_OK ? value : absent;
    }
    return absent;
}
