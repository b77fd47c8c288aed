/*
 * Who asks, as far as an address says: the peer, or whom a trusted proxy names (spec/03 section 12, spec/07
 * section A6).
 */
#ifndef RUN_CLIENT_H
#define RUN_CLIENT_H

#include "http/exchange.h"

enum { CLIENT_ADDRESS_BYTES = 16 };

/* Proxies that are believed when they say for whom they ask; nobody else is. */
struct client_proxies {
    const struct deputy_slice *addresses; /* IP addresses as text, or "unix" for Unix sockets */
    size_t count;
};

/* An address for counting: IPv4 as it is, of IPv6 the network of 64 bits. Proxies say it in X-Real-IP. */
void client_address(uint8_t out[CLIENT_ADDRESS_BYTES], const struct http_exchange *x,
        const struct client_proxies *proxies);

/*
 * The same where proxies say it in X-Forwarded-For: each adds the one that asked it at the end, so the last
 * that is no trusted proxy is who asks. What stands before it could have been written by anybody.
 */
void client_forwarded_address(uint8_t out[CLIENT_ADDRESS_BYTES], const struct http_exchange *x,
        const struct client_proxies *proxies);

/* Is it one of the proxies? The peer of a Unix socket has no address. */
bool client_is_trusted(struct deputy_slice peer, const struct client_proxies *proxies);

/* The same of a text; false when it is no IP address. */
bool client_address_read(uint8_t out[CLIENT_ADDRESS_BYTES], struct deputy_slice text);

#endif
