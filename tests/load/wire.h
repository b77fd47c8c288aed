/*
 * Many HTTP/1.1 connections from one thread: the client side of measurements and of tests under load. Every
 * connection has at most one request under way; a connection that the server closed is opened again for the
 * next one. Loopback only.
 */
#ifndef LOAD_WIRE_H
#define LOAD_WIRE_H

#include <deputy/slice.h>
#include <stdint.h>

struct wire;

enum wire_turn {
    WIRE_SEND,  /* the request was filled in */
    WIRE_WAIT,  /* nothing now: asked again within a millisecond */
    WIRE_LEAVE, /* this connection has no more to do in this run */
};

struct wire_request {
    struct deputy_slice bytes; /* lives until it is answered */
    bool cut_off;              /* closes behind the bytes without reading an answer */
};

struct wire_answer {
    int status;               /* 0: none, the connection broke or was cut off */
    struct deputy_slice head; /* as received, up to the empty line */
    struct deputy_slice body; /* both live during the call */
    uint64_t sent_ns;         /* CLOCK_MONOTONIC, just before the first byte went out */
    uint64_t received_ns;     /* just after the last one came */
};

struct wire_driver {
    enum wire_turn (*next)(void *ctx, size_t connection, struct wire_request *request);
    void (*answered)(void *ctx, size_t connection, const struct wire_answer *answer);
    void *ctx;
};

/* Connections are opened when they are first used. Ends the program when the system refuses. */
struct wire *wire_open(uint16_t port, size_t connections);
void wire_close(struct wire *wire);

/* Until every connection has left. */
void wire_run(struct wire *wire, const struct wire_driver *driver);

/* A header of an answer, absent when there is none. */
struct deputy_slice wire_header(const struct wire_answer *answer, const char *name);

uint64_t wire_now_ns(void);

#endif
