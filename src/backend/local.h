/*
 * The local API: what the app's own server, in whatever language it is written, asks of the backend beside it
 * (docs/backend.md). It sees a user's values, databases and secrets, and no key. The owner stands in the
 * path, because whoever calls is the app itself; the user's session beside it, in Deputy-Subject, shows that
 * the app did not mix two users up.
 *
 * It is reached over a Unix socket, by whoever may open that; or over loopback TCP, with a token. Pages of
 * browsers are never answered.
 */
#ifndef BACKEND_LOCAL_H
#define BACKEND_LOCAL_H

#include "backend/backend.h"
#include "http/server.h"

/* For a server whose app is a backend_loop. */
const struct http_route *local_routes(size_t *count);

/* The server's own errors in this API's manner: http_config.on_error. */
void local_on_error(void *app, struct http_exchange *x, int status);

#endif
