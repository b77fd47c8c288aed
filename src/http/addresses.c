#include "http/addresses.h"
#include "base/try.h"
#include "http/call.h"
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static bool is_same(const struct sockaddr_storage *known, const struct sockaddr *address)
{
    if (known->ss_family != address->sa_family)
        return false;
    if (known->ss_family == AF_INET) {
        struct sockaddr_in a, b;
        memcpy(&a, known, sizeof a);
        memcpy(&b, address, sizeof b);
        return a.sin_port == b.sin_port && a.sin_addr.s_addr == b.sin_addr.s_addr;
    }
    if (known->ss_family != AF_INET6)
        return false;
    struct sockaddr_in6 a, b;
    memcpy(&a, known, sizeof a);
    memcpy(&b, address, sizeof b);
    return a.sin6_port == b.sin6_port && a.sin6_scope_id == b.sin6_scope_id &&
           memcmp(&a.sin6_addr, &b.sin6_addr, sizeof a.sin6_addr) == 0;
}

bool addresses_have(const struct sockaddr_storage *list, size_t count, const struct sockaddr *address)
{
    for (size_t i = 0; i < count; i++) {
        if (is_same(&list[i], address))
            return true;
    }
    return false;
}

enum deputy_error http_addresses_find(
        struct sockaddr_storage *out, size_t max, size_t *count, const char *host, const char *port)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    *count = 0;
    ENSURE(getaddrinfo(host, port, &hints, &list) == 0, DEPUTY_E_HTTP_CONNECT);
    for (const struct addrinfo *found = list; found != NULL && *count < max; found = found->ai_next) {
        if (found->ai_addrlen <= sizeof *out)
            memcpy(&out[(*count)++], found->ai_addr, found->ai_addrlen);
    }
    freeaddrinfo(list);
    return *count > 0 ? DEPUTY_OK : DEPUTY_E_HTTP_CONNECT;
}
