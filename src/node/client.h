/* Who asks, as far as an address says: the peer, or whom a trusted proxy names (spec/03 section 12). */
#ifndef NODE_CLIENT_H
#define NODE_CLIENT_H

#include "http/exchange.h"
#include "node/rate.h"

/* Proxies whose X-Real-IP is believed; nobody else's is. */
struct client_proxies {
    const struct deputy_slice *addresses; /* IP addresses as text, or "unix" for Unix sockets */
    size_t count;
};

/* An address for counting: IPv4 as it is, of IPv6 the network of 64 bits. */
void client_address(
        uint8_t out[RATE_ADDRESS_BYTES], const struct http_exchange *x, const struct client_proxies *proxies);

/* The same of a text; false when it is no IP address. */
bool client_address_read(uint8_t out[RATE_ADDRESS_BYTES], struct deputy_slice text);

#endif
