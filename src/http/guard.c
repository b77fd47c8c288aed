#include "http/guard.h"
#include "base/arena.h"
#include "base/try.h"
#include <arpa/inet.h>
#include <curl/curl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

/* ---- addresses ---- */

struct block {
    const char *address;
    unsigned bits;
};

static bool bits_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    if (memcmp(a, b, whole) != 0)
        return false;
    return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

static bool is_in(int family, const uint8_t *address, const struct block *blocks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t start[16];
        if (inet_pton(family, blocks[i].address, start) != 1 || bits_equal(address, start, blocks[i].bits))
            return true;
    }
    return false;
}

static bool v4_is_public(const uint8_t address[4])
{
    static const struct block blocks[] = {
            {"0.0.0.0", 8}, {"10.0.0.0", 8}, {"100.64.0.0", 10}, /* shared by a carrier's customers */
            {"127.0.0.0", 8}, {"169.254.0.0", 16}, {"172.16.0.0", 12}, {"192.0.0.0", 16}, {"192.2.0.0", 16},
            {"192.88.99.0", 24}, {"192.168.0.0", 16}, {"198.18.0.0", 15}, {"198.51.0.0", 16},
            {"203.0.113.0", 24}, {"224.0.0.0", 3}, /* multicast, and all that is reserved behind it */
    };
    return !is_in(AF_INET, address, blocks, sizeof blocks / sizeof blocks[0]);
}

/* Where an IPv6 address carries an IPv4 one, that is where packets may go; -1: it carries none. */
static int v4_inside(const uint8_t address[16])
{
    static const struct {
        struct block block;
        int at;
    } kinds[] = {
            {{"::ffff:0:0", 96}, 12},                            /* mapped */
            {{"::ffff:0:0:0", 96}, 12}, {{"64:ff9b::", 96}, 12}, /* translated */
            {{"2002::", 16}, 2},                                 /* 6to4 */
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (is_in(AF_INET6, address, &kinds[i].block, 1))
            return kinds[i].at;
    }
    return -1;
}

static bool v6_is_public(const uint8_t address[16])
{
    static const struct block blocks[] = {
            {"::", 96}, /* unspecified, loopback, and IPv4 in its oldest form */
            {"64:ff9b:1::", 48},
            {"100::", 64},
            {"2001::", 23}, /* protocols, Teredo among them */
            {"2001:db8::", 32},
            {"fc00::", 7},
            {"fe80::", 10},
            {"fec0::", 10},
            {"ff00::", 8},
    };
    int inside = v4_inside(address);
    if (inside >= 0)
        return v4_is_public(address + inside);
    return !is_in(AF_INET6, address, blocks, sizeof blocks / sizeof blocks[0]);
}

bool guard_address_is_public(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof v4);
        return v4_is_public((const uint8_t *)&v4.sin_addr);
    }
    if (address->sa_family != AF_INET6)
        return false;
    struct sockaddr_in6 v6;
    memcpy(&v6, address, sizeof v6);
    return v6_is_public(v6.sin6_addr.s6_addr);
}

enum deputy_error guard_host_check(const char *host)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    enum deputy_error error = DEPUTY_OK;
    ENSURE(getaddrinfo(host, "443", &hints, &list) == 0 && list != NULL, DEPUTY_E_GUARD_UNRESOLVED);
    for (const struct addrinfo *found = list; found != NULL; found = found->ai_next) {
        if (!guard_address_is_public(found->ai_addr))
            error = DEPUTY_E_GUARD_RESERVED;
    }
    freeaddrinfo(list);
    return error;
}

/* ---- the URL ---- */

static void url_end(CURLU **url)
{
    curl_url_cleanup(*url);
}

static void part_end(char **part)
{
    curl_free(*part);
}

static bool has_part(CURLU *url, CURLUPart what)
{
    DEFER(part_end) char *part = NULL;
    return curl_url_get(url, what, &part, 0) == CURLUE_OK;
}

/* Lower-case names of letters, digits and hyphens; addresses as inet_ntop writes them. */
static bool is_name(const char *host)
{
    size_t len = strlen(host);
    return strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789-.") == len && host[0] != '.' &&
           host[len - 1] != '.' && strstr(host, "..") == NULL && len <= 253;
}

static bool is_address(int family, const char *host)
{
    uint8_t bytes[16];
    char text[INET6_ADDRSTRLEN];
    return inet_pton(family, host, bytes) == 1 && inet_ntop(family, bytes, text, sizeof text) != NULL &&
           strcmp(text, host) == 0;
}

/* Behind https:// stands the host, and then the path, a query or nothing. */
static bool is_written_out(struct deputy_slice url, const char *host, bool bracketed)
{
    static const char scheme[] = "https://";
    size_t skip = sizeof scheme - 1, len = strlen(host), around = bracketed ? 1 : 0;
    if (url.len < skip + len + 2 * around || memcmp(url.ptr, scheme, skip) != 0 ||
            memcmp(url.ptr + skip + around, host, len) != 0)
        return false;
    size_t end = skip + len + 2 * around;
    return url.len == end || url.ptr[end] == '/' || url.ptr[end] == '?';
}

/* "[::1]" to "::1"; everything else stays. */
static bool bracket_strip(char *host)
{
    size_t len = strlen(host);
    if (len < 2 || host[0] != '[')
        return false;
    memmove(host, host + 1, len - 2);
    host[len - 2] = '\0';
    return true;
}

static enum deputy_error host_take(
        struct deputy_arena *arena, const char **out, struct deputy_slice url, char *host)
{
    struct deputy_slice kept;
    bool bracketed = bracket_strip(host);
    ENSURE(bracketed ? is_address(AF_INET6, host) : is_name(host), DEPUTY_E_GUARD_HOST_FORM);
    ENSURE(is_written_out(url, host, bracketed), DEPUTY_E_GUARD_HOST_FORM);
    TRY(arena_copy(arena, &kept, deputy_slice_bytes(host, strlen(host) + 1)));
    *out = (const char *)kept.ptr;
    return DEPUTY_OK;
}

static bool is_plain(struct deputy_slice url)
{
    for (size_t i = 0; i < url.len; i++) {
        if (url.ptr[i] <= ' ' || url.ptr[i] >= 0x7f || url.ptr[i] == '\\')
            return false;
    }
    return url.len <= GUARD_URL_MAX;
}

static enum deputy_error url_parse(CURLU *parsed, struct deputy_slice url, const char **why)
{
    char text[GUARD_URL_MAX + 1];
    *why = "not a URL of at most 2048 plain characters";
    ENSURE(is_plain(url), DEPUTY_E_GUARD_URL);
    memcpy(text, url.ptr, url.len);
    text[url.len] = '\0';
    CURLUcode code = curl_url_set(parsed, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME);
    *why = curl_url_strerror(code);
    ENSURE(code != CURLUE_NO_HOST, DEPUTY_E_GUARD_HOST_MISSING);
    ENSURE(code == CURLUE_OK, DEPUTY_E_GUARD_URL);
    return DEPUTY_OK;
}

enum deputy_error guard_url_check(
        struct deputy_arena *arena, const char **host, struct deputy_slice url, const char **why)
{
    DEFER(url_end) CURLU *parsed = curl_url();
    DEFER(part_end) char *scheme = NULL;
    DEFER(part_end) char *name = NULL;
    ENSURE(parsed != NULL, DEPUTY_E_NOMEM);
    TRY(url_parse(parsed, url, why));
    ENSURE(curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK && strcmp(scheme, "https") == 0 &&
                    !has_part(parsed, CURLUPART_PORT) && !has_part(parsed, CURLUPART_USER) &&
                    !has_part(parsed, CURLUPART_PASSWORD) && !has_part(parsed, CURLUPART_FRAGMENT),
            DEPUTY_E_GUARD_URL_FORM);
    ENSURE(curl_url_get(parsed, CURLUPART_HOST, &name, 0) == CURLUE_OK && name[0] != '\0',
            DEPUTY_E_GUARD_HOST_MISSING);
    return host_take(arena, host, url, name);
}

enum deputy_error guard_url_is_web(struct deputy_slice url, const char **why)
{
    DEFER(url_end) CURLU *parsed = curl_url();
    DEFER(part_end) char *scheme = NULL;
    ENSURE(parsed != NULL, DEPUTY_E_NOMEM);
    TRY(url_parse(parsed, url, why));
    *why = "neither http nor https";
    ENSURE(curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                    (strcmp(scheme, "https") == 0 || strcmp(scheme, "http") == 0),
            DEPUTY_E_GUARD_URL);
    return DEPUTY_OK;
}
