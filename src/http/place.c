#include "http/place.h"
#include "base/try.h"
#include "http/call.h"
#include "http/outgoing.h"
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void url_end(CURLU **url)
{
    curl_url_cleanup(*url);
}

static void part_end(char **part)
{
    curl_free(*part);
}

static enum deputy_error place_add(struct http_place *place, const char *address, const char *port)
{
    size_t room = sizeof place->at / sizeof place->at[0] - place->count, found;
    TRY(http_addresses_find(place->at + place->count, room, &found, address, port));
    place->count += found;
    return DEPUTY_OK;
}

/* "[::1]" to "::1". */
static void brackets_drop(char *host)
{
    size_t len = strlen(host);
    if (host[0] == '[' && len > 2) {
        memmove(host, host + 1, len - 2);
        host[len - 2] = '\0';
    }
}

/* What libcurl takes localhost for, whatever a resolver says. */
static enum deputy_error place_fill(struct http_place *place, const char *host, const char *port)
{
    uint8_t bytes[16];
    if (strcasecmp(host, "localhost") == 0) {
        TRY(place_add(place, "127.0.0.1", port));
        return place_add(place, "::1", port);
    }
    place->named = inet_pton(AF_INET, host, bytes) != 1 && inet_pton(AF_INET6, host, bytes) != 1;
    return place->named ? DEPUTY_OK : place_add(place, host, port);
}

enum deputy_error http_place_read(struct http_place *out, const char *url)
{
    DEFER(url_end) CURLU *parsed = curl_url();
    DEFER(part_end) char *host = NULL;
    DEFER(part_end) char *port = NULL;
    *out = (struct http_place){.port = 0};
    ENSURE(parsed != NULL, DEPUTY_E_NOMEM);
    ENSURE(outgoing_is_web(url) && curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK,
            DEPUTY_E_HTTP_URL);
    ENSURE(curl_url_get(parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
                    curl_url_get(parsed, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK,
            DEPUTY_E_HTTP_URL);
    brackets_drop(host);
    out->port = (uint16_t)strtoul(port, NULL, 10);
    return place_fill(out, host, port);
}
