/* Who is let in to the local API, and for which owner. */
#ifndef BACKEND_LOCAL_GATE_H
#define BACKEND_LOCAL_GATE_H

#include "backend/call.h"

/* The header with the user's session, as /api/auth/verify gave it. */
#define LOCAL_SUBJECT "Deputy-Subject"

/* May the caller ask anything at all? If not, the exchange is answered. */
bool local_admits(struct http_exchange *x, const struct backend_loop *on);

/* The same for something about the owner in the path, who is written to `owner`. */
bool local_admits_owner(struct http_exchange *x, const struct backend_loop *on, uint8_t owner[20]);

/* Answers with the error, for which `blame` is to blame. */
enum http_flow local_refuse(struct http_exchange *x, enum deputy_error code, enum backend_blame blame);

#endif
