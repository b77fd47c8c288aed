/* Whom a chain of proxies names. */
#include "run/client.h"
#include <strings.h>

#define FORWARDED "x-forwarded-for"

enum { FORWARDED_LINES = 8 };

static struct deputy_slice trimmed(struct deputy_slice text)
{
    while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t'))
        text = deputy_slice_bytes(text.ptr + 1, text.len - 1);
    while (text.len > 0 && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
        text.len--;
    return text;
}

/* Takes the last name of a list off it; false when nothing is left. */
static bool last_take(struct deputy_slice *list, struct deputy_slice *name)
{
    size_t at = list->len;
    if (list->len == 0)
        return false;
    while (at > 0 && list->ptr[at - 1] != ',')
        at--;
    *name = trimmed(deputy_slice_bytes(list->ptr + at, list->len - at));
    list->len = at > 0 ? at - 1 : 0;
    return true;
}

/* The number of header lines of that name, which together are one list. */
static size_t forwarded_lines(const struct http_exchange *x, struct deputy_slice *lines, size_t max)
{
    struct deputy_slice name, value;
    size_t count = 0;
    for (size_t n = 0; http_header_at(x, n, &name, &value); n++) {
        if (name.len != sizeof FORWARDED - 1 || strncasecmp((const char *)name.ptr, FORWARDED, name.len) != 0)
            continue;
        if (count == max) /* the last ones count */
            memmove(lines, lines + 1, --count * sizeof *lines);
        lines[count++] = value;
    }
    return count;
}

void client_forwarded_address(uint8_t out[CLIENT_ADDRESS_BYTES], const struct http_exchange *x,
        const struct client_proxies *proxies)
{
    struct deputy_slice lines[FORWARDED_LINES], name;
    struct deputy_slice asks = http_peer(x);
    size_t count = forwarded_lines(x, lines, FORWARDED_LINES);
    client_address_read(out, asks);
    while (count > 0 && client_is_trusted(asks, proxies)) {
        uint8_t named[CLIENT_ADDRESS_BYTES];
        if (!last_take(&lines[count - 1], &name)) {
            count--;
            continue;
        }
        if (!client_address_read(named, name))
            return;
        memcpy(out, named, sizeof named);
        asks = name;
    }
}
