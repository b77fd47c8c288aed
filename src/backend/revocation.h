/*
 * What the backend has handed on to its own session key, taken back at the node when the owner withdraws
 * (spec/07 sections A9 and E16). The session key does it, to which it was given (spec/02 section 7.3).
 */
#ifndef BACKEND_REVOCATION_H
#define BACKEND_REVOCATION_H

#include "backend/session_parts.h"

/* The node may keep us waiting for so long with all of them together; one that is slow to the last for three
 * times as long. */
enum { REVOCATION_MS = 2000 };

/*
 * Takes back the first `count` delegations of the session, one after the other. `then` is told once, on the
 * loop and never before this returns, however it ended: what the node did not take is logged and counted, and
 * ends by itself within the hour. NULL: nobody wants to know. False, and nothing follows: there is nothing to
 * take back, or it could not begin.
 */
bool revocation_begin(
        struct backend_loop *on, struct session *session, size_t count, void (*then)(void *ctx), void *ctx);

#endif
