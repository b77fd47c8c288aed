/* An HTTP/1.1 server on one loop. Several loops share a port: each has a server of its own that listens on
 * it. */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "http/exchange.h"

/* 0 stands for the default in brackets. Limits of numbers hold for each server, so for each loop. */
struct http_config {
    size_t max_connections; /* [4096] beyond it a connection is answered 503 and closed, over TLS closed at
                               once */
    size_t max_per_peer;    /* [no limit] from one address (IPv6: one /64), not on Unix sockets; beyond it
                               429 */
    size_t max_head_memory; /* [64 MiB] held by heads larger than 16 KiB; beyond it 503 */
    size_t max_body_memory; /* [256 MiB] of bodies being read whole; beyond it 503 */
    size_t max_exchange_memory; /* [64 MiB] of one exchange's arena */
    uint32_t head_timeout_ms;   /* [10 000] from the first byte of a request, or the connection, to the end of
                                   its head */
    uint32_t idle_timeout_ms;   /* [60 000] between requests */
    uint32_t body_grace_ms;     /* [10 000] how long the body may be slower than body_min_rate */
    uint32_t body_min_rate;     /* [1024] bytes a second */
    uint32_t write_timeout_ms;  /* [30 000] for the peer to take anything of the answer */
    bool cors;                  /* headers of spec/03 section 1.2 on every answer */
    const char *cors_expose;    /* [none] names of headers that pages may read besides "*, Authorization" */
    const char *trace_header;   /* [none] name of the header that carries the trace id */
    bool trace_ids;             /* make a random one for each request; else it is all zeros */
    /* Answers with that status when there is nothing else to say (http_reply_error), in the manner of the
     * application. NULL: the status and one plain line. The app may not have begun with the exchange. */
    void (*on_error)(void *app, struct http_exchange *x, int status);
    /* Told once about each answer, just before it goes out. micros: since the head was complete. */
    void (*on_answer)(void *app, const struct http_exchange *x, int status, uint64_t micros);
};

struct http_server;

/* Routes stay with the caller and outlive the server. app is handed to every handler. */
enum deputy_error http_server_create(struct http_server **out, struct loop *loop,
        const struct http_config *config, const struct http_route *routes, size_t count, void *app);

/*
 * Listens on an address (IPv4 or IPv6 text) and port; 0 takes a free one. *bound is the port. Several servers
 * may listen on one port (SO_REUSEPORT). DEPUTY_E_LISTEN with *reason, static text.
 */
enum deputy_error http_server_listen(
        struct http_server *server, const char *address, uint16_t port, uint16_t *bound, const char **reason);

/*
 * Listens on a socket that is bound already: TCP or Unix. Takes the descriptor over, also when it fails.
 * Servers that share a socket each take a duplicate of it. DEPUTY_E_LISTEN with *reason, static text.
 */
enum deputy_error http_server_adopt(struct http_server *server, int fd, const char **reason);

struct tls_identity;

/*
 * From now on, new connections over TCP speak TLS 1.3 as this identity (crypto/tls.h); those that there are
 * go on as they began. Unix sockets stay as they are. Holds the identity. On the loop's thread, or before it
 * runs.
 */
enum deputy_error http_server_secure(struct http_server *server, struct tls_identity *identity);

/* How many connections there are. From any thread. */
size_t http_server_connections(const struct http_server *server);

/*
 * Takes no more connections and closes idle ones; running exchanges are answered, and cut off after grace_ms.
 * `done` runs once all is over. On the loop's thread.
 */
void http_server_drain(struct http_server *server, uint32_t grace_ms, void (*done)(void *ctx), void *ctx);

/* After it has drained, or while its loop does not run. NULL is allowed. */
void http_server_destroy(struct http_server *server);

#endif
