/* Where the server of a URL is, as far as the URL itself says so: nobody is asked. */
#ifndef HTTP_PLACE_H
#define HTTP_PLACE_H

#include <deputy/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct http_place {
    uint16_t port;
    bool named;                    /* a name is to be looked up, and may mean another address tomorrow */
    struct sockaddr_storage at[2]; /* not named: the address that is written there; both for localhost */
    size_t count;
};

/* HTTP_URL. */
enum deputy_error http_place_read(struct http_place *out, const char *url);

#endif
