/* The blocking HTTP client, of the tool and of webhooks. Never on a loop. */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include <deputy/arena.h>
#include <deputy/error.h>
#include <stdatomic.h>

struct http_client_header {
    struct deputy_slice name;
    struct deputy_slice value;
};

struct http_request {
    const char *method;
    const char *url;         /* http or https */
    const char *unix_socket; /* path of the socket that is connected to, whatever host the url names; NULL */
    const struct http_client_header *headers;
    size_t header_count;
    struct deputy_slice body;  /* absent: none */
    uint32_t timeout_ms;       /* for everything together */
    uint32_t connect_ms;       /* of that, until a connection stands; 0: no time of its own */
    bool guarded;              /* connects to public addresses only (guard.h): GUARD_RESERVED */
    const atomic_bool *cancel; /* true: gives up soon, as after a time-out; NULL: never */
    /* Certificates (PEM) that servers' certificates are checked against; absent: those of the system. */
    struct deputy_slice authorities;
    size_t response_max; /* bytes of body; headers may take 64 KiB more */
};

struct http_response {
    int status;
    const struct http_client_header *headers;
    size_t header_count;
    struct deputy_slice body;
};

/*
 * One request, one answer, whatever its status; redirects are not followed, certificates are checked, and no
 * proxy, cookie or credential of the environment is used. The answer lives in the arena. HTTP_URL,
 * HTTP_CONNECT (name, route, TLS), HTTP_CERTIFICATE, HTTP_TIMEOUT, HTTP_TOO_LARGE, HTTP_SYNTAX, HTTP_CUT_OFF,
 * or ARGUMENT for a header that is not one line.
 */
enum deputy_error http_fetch(
        struct deputy_arena *arena, struct http_response *out, const struct http_request *request);

/* The first header of that name (any case) in an answer; absent when there is none. */
struct deputy_slice http_response_header(const struct http_response *response, const char *name);

#endif
