/* "host:port" as listeners are named. */
#ifndef RUN_ADDRESS_H
#define RUN_ADDRESS_H

#include <deputy/error.h>

struct address {
    char host[48]; /* an IP address as text */
    uint16_t port;
};

/* An IPv4 address, "localhost" or a bracketed IPv6 address, a colon and a port. DEPUTY_E_ARGUMENT. */
enum deputy_error address_read(struct address *out, struct deputy_slice text);

/* For a URL: IPv6 in brackets. The buffer takes 64 bytes. */
void address_print(char *out, const struct address *address);

#endif
