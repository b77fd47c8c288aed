#include "run/client.h"
#include <arpa/inet.h>

enum { IPV4_BYTES = 4, NETWORK_BYTES = 8 };

bool client_address_read(uint8_t out[CLIENT_ADDRESS_BYTES], struct deputy_slice text)
{
    static const uint8_t mapped[CLIENT_ADDRESS_BYTES - IPV4_BYTES] = {[10] = 0xff, [11] = 0xff};
    char copy[INET6_ADDRSTRLEN];
    memset(out, 0, CLIENT_ADDRESS_BYTES);
    if (text.len == 0 || text.len >= sizeof copy || memchr(text.ptr, '\0', text.len) != NULL)
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    if (inet_pton(AF_INET, copy, out + sizeof mapped) == 1) {
        memcpy(out, mapped, sizeof mapped);
        return true;
    }
    if (inet_pton(AF_INET6, copy, out) != 1)
        return false;
    if (memcmp(out, mapped, sizeof mapped) != 0)
        memset(out + NETWORK_BYTES, 0, CLIENT_ADDRESS_BYTES - NETWORK_BYTES);
    return true;
}

bool client_is_trusted(struct deputy_slice peer, const struct client_proxies *proxies)
{
    if (peer.len == 0)
        peer = deputy_slice_text("unix");
    for (size_t i = 0; i < proxies->count; i++) {
        if (deputy_slice_equal(proxies->addresses[i], peer))
            return true;
    }
    return false;
}

void client_address(uint8_t out[CLIENT_ADDRESS_BYTES], const struct http_exchange *x,
        const struct client_proxies *proxies)
{
    struct deputy_slice peer = http_peer(x), named = http_header(x, "x-real-ip");
    if (deputy_slice_present(named) && client_is_trusted(peer, proxies) && client_address_read(out, named))
        return;
    client_address_read(out, peer); /* a Unix socket has no address: all its peers count as one */
}
