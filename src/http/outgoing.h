/* What every request that goes out through libcurl has in common, for this room alone. */
#ifndef HTTP_OUTGOING_H
#define HTTP_OUTGOING_H

#include "http/client.h"
#include <curl/curl.h>

enum { OUTGOING_MAX_HEADERS = 100, OUTGOING_MAX_HEAD = 64 * 1024 };

/* Before anything else of libcurl; as often as one likes. */
void outgoing_start(void);

/* A new handle with what holds for all requests: no redirects, no proxy, no netrc, HTTP/1.1 alone, TLS 1.2
 * and later with certificates checked. NULL without memory. Ended with curl_easy_cleanup. */
CURL *outgoing_handle(void);

/* Certificates are checked against these (PEM, which must live as long as the handle) and no others; absent:
 * against those of the system. */
void outgoing_trust(CURL *curl, struct deputy_slice authorities);

bool outgoing_is_web(const char *url);

/*
 * The headers of a request as libcurl takes them, in the arena, which must live as long as the request.
 * DEPUTY_E_ARGUMENT for one that is not one line.
 */
enum deputy_error outgoing_headers(struct deputy_arena *arena, struct curl_slist **out,
        const struct http_client_header *headers, size_t count);

/* The head of an answer, line by line. */
struct outgoing_head {
    struct deputy_arena *arena;
    struct http_client_header headers[OUTGOING_MAX_HEADERS];
    size_t count;
    size_t len; /* of all lines */
};

/* A status line begins the head anew: what came before was a 100 Continue. HTTP_TOO_LARGE, HTTP_SYNTAX. */
enum deputy_error outgoing_head_line(struct outgoing_head *head, const char *line, size_t len);

enum deputy_error outgoing_error(CURLcode code);

#endif
