/*
 * A connection and the one exchange that runs on it, for this room alone. Everything that happens (bytes
 * came, a handler asked or answered, a write went out, time passed) only notes itself here and calls
 * connection_run, which takes steps until nothing more can be done.
 */
#ifndef HTTP_CONNECTION_H
#define HTTP_CONNECTION_H

#include "base/buf.h"
#include "http/parse.h"
#include "http/router.h"
#include "http/secure.h"
#include "http/server.h"
#include <uv.h>

enum {
    HTTP_HEAD_BUFFER = 16 * 1024,
    HTTP_BODY_BUFFER = 64 * 1024,
    HTTP_DISCARD_MAX = 64 * 1024, /* of a body nobody wanted, read away to keep the connection */
    HTTP_PEER_TEXT = 46,
    HTTP_PEER_BUCKETS = 1024,
    TRANSPORT_MAX_PARTS = 4,
};

struct http_buffer {
    uint8_t *ptr;
    size_t cap;
};

/* What the handler wants of the body. */
enum body_want { BODY_UNWANTED, BODY_STREAMED, BODY_COLLECTED };

enum reply_phase {
    REPLY_NONE,   /* headers may be added */
    REPLY_BEGUN,  /* the status is set, the head not yet sent */
    REPLY_PARTS,  /* the head is sent */
    REPLY_ENDING, /* the last chunk waits for the write before it */
    REPLY_ENDED,
};

struct http_exchange {
    struct http_connection *connection;
    struct http_head head;

    struct deputy_arena *arena; /* from here on, exchange_begin clears everything */
    struct deputy_slice path;
    struct deputy_slice query;
    struct http_match match;
    uint64_t started_ns;

    enum body_want want;
    bool paused;
    bool continued;              /* 100 Continue is sent */
    enum deputy_error body_lost; /* why the rest of the body will not come */
    uint64_t body_seen;
    http_chunk_fn *on_chunk;
    http_end_fn *on_end;
    void *body_ctx;
    http_handler *then;
    void *then_app;
    struct buf collected;
    struct deputy_slice whole;
    uint64_t rate_from_ms;
    uint64_t rate_bytes;

    enum reply_phase reply;
    enum deputy_error reason;
    const char *topic;
    char trace[33]; /* empty: none */
    int status;
    bool keep_alive;
    bool chunked;
    bool waiting; /* for a write to go out */
    bool ends_with_peer;
    uint64_t length; /* UINT64_MAX: unknown */
    uint64_t written;
    struct buf headers;
    char chunk_line[20];
    void (*on_drain)(struct http_exchange *x, void *ctx);
    void *drain_ctx;
    void (*on_close)(struct http_exchange *x, void *ctx);
    void *close_ctx;
};

enum connection_phase {
    CONNECTION_HEAD,     /* a request is awaited, or its head is coming */
    CONNECTION_EXCHANGE, /* a request is being handled or its answer written */
    CONNECTION_DISCARD,  /* answered; the rest of its body is read away */
    CONNECTION_LINGER, /* our side is shut; what the peer still sends is read away, so that it sees the answer
                        */
    CONNECTION_CLOSED,
};

/* A TCP or a Unix socket. */
union http_socket {
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
};

struct http_connection {
    union http_socket socket;
    uv_write_t write;
    uv_shutdown_t shutdown;
    struct http_server *server;
    struct http_secure *secure;                     /* NULL: no TLS */
    struct http_connection *next, **link;           /* of the server's connections */
    struct http_connection *peer_next, **peer_link; /* of those in the same bucket of addresses */
    uint8_t peer_key[16];
    char peer[HTTP_PEER_TEXT];

    enum connection_phase phase;
    bool running;
    bool reading;
    bool peer_ended; /* the peer will send no more */
    bool gone;       /* the socket is closed, or closing */
    bool closed;     /* and the loop has let go of it */
    uint64_t deadline_ms;
    size_t write_queue;
    uint64_t write_since_ms;

    struct http_buffer head_buffer;
    struct http_buffer body_buffer;
    struct http_buffer *window; /* the one of the two that is being read: [pos, end) is not yet parsed */
    size_t pos, end;
    size_t scanned;
    size_t discarded;
    struct http_parser parser;
    struct http_exchange x;
};

/* Free memory of one kind, kept for the next request up to a number. */
struct http_spares {
    struct http_spare *first;
    size_t count;
};

struct http_listener {
    union http_socket socket;
    struct http_server *server;
    bool local; /* a Unix socket */
    struct http_listener *next;
};

struct http_server {
    struct loop *loop;
    struct deputy_arena *arena; /* what lasts as long as the server */
    struct http_config config;
    struct http_router router;
    void *app;
    struct http_listener *listeners;
    struct tls_identity *identity; /* NULL: no TLS */
    uint8_t *wire;                 /* SECURE_WIRE bytes, when there is TLS */
    struct loop_timer *tick;
    struct http_connection *connections;
    struct http_connection *peers[HTTP_PEER_BUCKETS];
    struct http_connection *ended; /* while a walk over the connections lasts: to be freed after it */
    bool walking;
    size_t connection_count;
    size_t listener_count;
    size_t large_heads; /* bytes held by heads that outgrew HTTP_HEAD_BUFFER */
    size_t body_memory; /* bytes of bodies being read whole */
    bool draining;
    uint64_t drain_deadline_ms;
    void (*drained)(void *ctx);
    void *drained_ctx;
    struct http_spares spare_arenas, spare_heads, spare_bodies;
    struct deputy_slice fixed; /* header lines of every answer */
    char date[48];             /* the Date line of this second */
};

/* ---- connection.c: phases ---- */
void connection_start(struct http_connection *c);
void connection_run(struct http_connection *c);
void connection_tick(struct http_connection *c, uint64_t now_ms);
/* No more requests on it: closes it now if it is between two. */
void connection_retire(struct http_connection *c);
/* Answers a request that could not be read, or a connection that cannot be served, and closes. */
void connection_refuse(struct http_connection *c, int status);
/* The transport is broken: nothing the peer sends means anything any more. */
void connection_abandon(struct http_connection *c);
/* The socket is lost: noted, nobody told yet. */
void connection_drop(struct http_connection *c);
/* The same, and whoever holds the exchange is told. */
void connection_lost(struct http_connection *c);

/* ---- exchange.c: one request ---- */
enum deputy_error exchange_begin(struct http_exchange *x);
void exchange_dispatch(struct http_exchange *x);
bool exchange_step(struct http_exchange *x); /* true when more may be done */
void exchange_tick(struct http_exchange *x, uint64_t now_ms);
bool exchange_wants_bytes(const struct http_exchange *x);
bool exchange_over(const struct http_exchange *x); /* answered, and the answer is out */
/* The peer is lost; was_waiting: for a part of the answer to go out. */
void exchange_tell_gone(struct http_exchange *x, bool was_waiting);

/* ---- reply.c: its answer ---- */
void reply_on_written(struct http_exchange *x);
bool reply_is_field_name(const char *name);

/* ---- transport.c: the socket, with TLS (secure.c) or without ---- */
enum http_write transport_write(struct http_connection *c, const struct deputy_slice *parts, size_t count);
bool transport_write_now(struct http_connection *c, struct deputy_slice part); /* whole, or not */
void transport_read(struct http_connection *c, bool on);
/* Makes the socket read or not, as c->reading says. */
void transport_listen(struct http_connection *c);
/* Says, if there is a way to, that nothing more will be sent: not after an answer that broke off. */
void transport_end(struct http_connection *c);
void transport_shut(struct http_connection *c);
void transport_close(struct http_connection *c);
/* What it calls back. */
struct http_buffer connection_room(struct http_connection *c);
void connection_on_bytes(struct http_connection *c, size_t len);
void connection_on_end(struct http_connection *c);
void connection_on_written(struct http_connection *c, bool ok);
void connection_on_closed(struct http_connection *c);

/* ---- server.c ---- */
void server_remember(struct http_connection *c);
void server_forget(struct http_connection *c);        /* frees it */
void server_finish_drain(struct http_server *server); /* if there is nothing left */

/* ---- listen.c ---- */
struct http_connection **server_peers(struct http_server *server, const uint8_t key[16]); /* a bucket */
void server_stop_listening(struct http_server *server);

/* ---- spare.c: memory kept from one request to the next ---- */
struct deputy_arena *spare_arena_take(struct http_server *server);
void spare_arena_give(struct http_server *server, struct deputy_arena *arena);
bool spare_head_take(struct http_server *server, struct http_buffer *buffer);
bool spare_head_may_grow(const struct http_server *server, const struct http_buffer *buffer);
bool spare_head_grow(struct http_server *server, struct http_buffer *buffer);
void spare_head_give(struct http_server *server, struct http_buffer *buffer);
bool spare_body_take(struct http_server *server, struct http_buffer *buffer);
void spare_body_give(struct http_server *server, struct http_buffer *buffer);
void spare_free(struct http_server *server);

#endif
