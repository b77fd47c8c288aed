/* The transport's half for connections that speak TLS, for this room alone. */
#ifndef HTTP_SECURE_H
#define HTTP_SECURE_H

#include "http/exchange.h"

enum { SECURE_WIRE = 64 * 1024 }; /* the buffer of a server that records are received in */

struct http_connection;
struct http_secure;
struct tls_identity;

/* Makes c->secure, which secure_destroy ends, also after a failure. */
bool secure_create(struct http_connection *c, struct tls_identity *identity);
void secure_destroy(struct http_secure *secure); /* NULL is allowed */

/* Whether what the socket brings goes through TLS. */
bool secure_reads(const struct http_connection *c);

/* What transport.c does for such a connection, and what came over its socket. */
enum http_write secure_write(struct http_connection *c, const struct deputy_slice *parts, size_t count);
void secure_end(struct http_connection *c);
void secure_read(struct http_connection *c); /* c->reading has changed */
void secure_on_bytes(struct http_connection *c, struct deputy_slice bytes);
void secure_on_end(struct http_connection *c);

#endif
