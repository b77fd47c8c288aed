/*
 * An operation on an owner's data, from the request of the app to its answer. What goes to the node and what
 * comes from it passes through in parts: one side waits for the other, and neither is kept whole.
 */
#ifndef BACKEND_LOCAL_TRANSFER_H
#define BACKEND_LOCAL_TRANSFER_H

#include "backend/backend.h"
#include "backend/call.h"

/* What becomes of the body of an answer. */
enum local_form {
    LOCAL_STREAMED, /* passed on, with the headers that are the value's */
    LOCAL_RANGED,   /* the same, or the part of it that was asked for */
    LOCAL_BARE,     /* nothing is passed on but those headers */
    LOCAL_WHOLE     /* gathered, and handed to `whole` */
};

/* Which headers of the app's request go to the node. */
enum local_headers { LOCAL_HEADERS_READ, LOCAL_HEADERS_CHANGE, LOCAL_HEADERS_VALUE, LOCAL_HEADERS_NONE };

enum { LOCAL_HEADERS_MAX = 64, LOCAL_WHOLE_MAX = 8 * 1024 * 1024 };

/* What is asked for. Texts live as long as the exchange. */
struct local_request {
    uint8_t owner[20];
    struct deputy_slice space; /* absent: the policy's first */
    const char *service;
    const char *action;
    struct deputy_slice path;
    enum local_headers headers;
    struct http_client_header more[2]; /* besides; their number: */
    size_t more_count;
    struct deputy_slice body; /* absent: none, or it is still to be read from the app: */
    bool uploads;
    enum local_form form;
    int status; /* of an answer that is bare: 200 or 204 */
    /* Ends the exchange with what was gathered, which lives until then. */
    void (*whole)(struct http_exchange *x, const struct http_response *head, struct deputy_slice body);
};

/* Ends the exchange, now or later. */
enum http_flow local_transfer(
        struct http_exchange *x, struct backend_loop *on, const struct local_request *request);

#endif
