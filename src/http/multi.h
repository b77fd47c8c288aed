/*
 * libcurl's multi interface on a loop, for this room alone: many transfers at once over connections that are
 * kept and used again. What libcurl wants of sockets and time is asked of libuv.
 */
#ifndef HTTP_MULTI_H
#define HTTP_MULTI_H

#include "http/loop.h"
#include <curl/curl.h>

struct multi;

/* A transfer has ended; it still has to be removed. Outside of libcurl: anything may be called but
 * multi_close. */
typedef void multi_done_fn(void *ctx, CURL *transfer, CURLcode result);

/* Nothing of a transfer's socket is waited for any more, as after its peer has closed it. Within libcurl. */
typedef void multi_quiet_fn(void *ctx, CURL *transfer);

struct multi_events {
    multi_done_fn *on_done;
    multi_quiet_fn *on_quiet;
    void *ctx;
};

/* Keeps at most so many connections. */
enum deputy_error multi_open(
        struct multi **out, struct loop *loop, size_t max_connections, const struct multi_events *events);

/* Every transfer must have been removed. Its memory goes when the loop has let go of it. NULL is allowed. */
void multi_close(struct multi *multi);

/* Has the sockets of a transfer closed here. Once for each handle, before it is added. */
void multi_adopt(const struct multi *multi, CURL *transfer);

/* To be called with every socket that is made for a transfer. */
void multi_socket_made(struct multi *multi, int fd);

/* These may not be called within a callback of libcurl. An added transfer begins with multi_go. */
enum deputy_error multi_add(struct multi *multi, CURL *transfer);
void multi_remove(struct multi *multi, CURL *transfer);

/* Does what is due now. */
void multi_go(struct multi *multi);

/* Closes the connections that are kept, while there is no transfer. */
void multi_forget(struct multi *multi);

#endif
