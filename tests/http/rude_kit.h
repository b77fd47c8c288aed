/* A server in a thread that does on each connection what the test says, one connection after the other. */
#ifndef TESTS_HTTP_RUDE_KIT_H
#define TESTS_HTTP_RUDE_KIT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct rude {
    int fd;
    uint16_t port;
    pthread_t thread;
    atomic_int peers;    /* connections taken */
    atomic_int requests; /* heads read by rude_read_head */
    void (*serve)(struct rude *rude, int peer, int number);
    void *ctx;
};

void rude_begin(struct rude *rude, void (*serve)(struct rude *rude, int peer, int number), void *ctx);
/* The same on a socket that listens already, and is taken over. */
void rude_begin_on(
        struct rude *rude, int fd, void (*serve)(struct rude *rude, int peer, int number), void *ctx);
/* The thread has to come to its end by itself: the caller's connections must be closed. */
void rude_end(struct rude *rude);

/* Reads to the end of a head, byte by byte; false when the connection ends before. */
int rude_read_head(struct rude *rude, int peer);
/* Reads so many bytes and throws them away; false when the connection ends before. */
int rude_read(int peer, size_t len);
void rude_say(int peer, const char *text);

/* Scripts. */
void rude_answer_all(
        struct rude *rude, int peer, int number); /* "ok" to each request, keeps the connection */
void rude_answer_once(
        struct rude *rude, int peer, int number); /* ctx: what it says to a request; then closes */
void rude_say_nothing(struct rude *rude, int peer, int number); /* until the peer goes */

#endif
