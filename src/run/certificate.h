/* The certificate and key of a daemon's TLS, from their files. */
#ifndef RUN_CERTIFICATE_H
#define RUN_CERTIFICATE_H

#include "crypto/tls.h"
#include "http/server.h"

/*
 * Reads both, anew at each call. The key's file must not be open to everybody. TLS_FILE when a file cannot
 * be read, TLS_KEY_MODE, and what tls_identity_create says.
 */
enum deputy_error certificate_load(struct tls_identity **out, const char *certificates, const char *key);

/* Has the server of another loop show it to new connections from soon on; what cannot be is in the log. */
void certificate_send(struct loop *to, struct http_server *server, struct tls_identity *identity);

#endif
