/*
 * TLS 1.3 of a server: bytes in, bytes out. Whoever holds the socket feeds what came, takes what is to be
 * sent, and reads and writes plain bytes between the two.
 *
 * TLS 1.3 alone (RFC 8446): no older version, so no renegotiation and no compression. No session tickets and
 * no early data: every connection is a full handshake, and nothing can be replayed. A client that asks for
 * protocols (ALPN, RFC 7301) must ask for http/1.1.
 */
#ifndef CRYPTO_TLS_H
#define CRYPTO_TLS_H

#include <deputy/error.h>

enum { TLS_RECORD = 16 * 1024 }; /* the most plain bytes of one record */

/* A certificate with its chain and key: what a server shows. Shared by threads. */
struct tls_identity;

/*
 * certificates: PEM, the server's own first, then the chain. key: PEM, not encrypted. TLS_CERTIFICATE,
 * TLS_KEY, or TLS_MISMATCH when the key is not the certificate's.
 */
enum deputy_error tls_identity_create(
        struct tls_identity **out, struct deputy_slice certificates, struct deputy_slice key);

/* One more holder. Each ends its hold with _release; NULL is allowed there. */
struct tls_identity *tls_identity_hold(struct tls_identity *identity);
void tls_identity_release(struct tls_identity *identity);

/* The server's side of one connection. */
struct tls;

enum deputy_error tls_create(struct tls **out, struct tls_identity *identity);
/* NULL is allowed. */
void tls_destroy(struct tls *tls);

/*
 * Gives what came from the peer. Of one call at a time: the bytes stay where they are until tls_read has used
 * them up, or tls_fed says what is left.
 */
void tls_feed(struct tls *tls, struct deputy_slice bytes);
struct deputy_slice tls_fed(const struct tls *tls);

/* Whether tls_read has something to work on: the peer need not send more first. */
bool tls_has_more(const struct tls *tls);

/* Whether the handshake is over. */
bool tls_is_open(const struct tls *tls);

enum tls_step {
    TLS_BYTES, /* at least one plain byte */
    TLS_WANT,  /* nothing without more from the peer */
    TLS_END,   /* the peer will send no more, and said so */
    TLS_BAD,   /* not TLS, not acceptable, or broken: nothing more will come; an alert may wait to be sent */
};

/* Takes plain bytes, and the handshake forward. */
enum tls_step tls_read(struct tls *tls, uint8_t *out, size_t cap, size_t *len);

/* Makes one record of at most TLS_RECORD bytes. False: the handshake is not over, or the connection is bad.
 */
bool tls_write(struct tls *tls, struct deputy_slice plain);

/* Says that we will send no more. */
void tls_end(struct tls *tls);

/* What is to be sent; absent when there is nothing. */
struct deputy_slice tls_waiting(const struct tls *tls);
/* So many of these bytes are sent. */
void tls_sent(struct tls *tls, size_t len);
/* Takes what is to be sent as memory of the caller's, for free(); tls starts with nothing to send. */
uint8_t *tls_take(struct tls *tls, struct deputy_slice *bytes);

#endif
