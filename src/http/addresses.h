/* Which addresses a caller may connect to, for this room alone. */
#ifndef HTTP_ADDRESSES_H
#define HTTP_ADDRESSES_H

#include <stdbool.h>
#include <stddef.h>

struct sockaddr;
struct sockaddr_storage;

/* Whether this address and port is among them. */
bool addresses_have(const struct sockaddr_storage *list, size_t count, const struct sockaddr *address);

#endif
