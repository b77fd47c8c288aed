/*
 * The backend: what all its parts share. A backend is one identity, one policy and the grants of many owners;
 * each loop has a backend_loop of its own, which is the `app` of every handler. An application of its own
 * (examples/listen) adds its routes to the same loops and reaches the owners' data through backend/call.h.
 */
#ifndef BACKEND_BACKEND_H
#define BACKEND_BACKEND_H

#include "backend/grants.h"
#include "backend/identity.h"
#include "backend/intake.h"
#include "backend/policy.h"
#include "backend/server_info.h"
#include "http/call.h"
#include <deputy/session.h>

/* The clock, made once by whoever starts the backend; a request reads it once. */
struct backend_clock {
    struct deputy_time (*now)(void *ctx);
    void *ctx;
};

struct sessions;
struct public_state;
struct grant_watch;
struct descriptors;
struct metrics;

/* Who is let in to the local API (backend/local.h), besides whoever may open its Unix socket. */
struct local_rules {
    bool require_subject;       /* whatever is about an owner needs that owner's session beside it */
    struct deputy_slice bearer; /* what a request over TCP presents; absent: none is let in */
};

/* What never changes while the backend runs, and the parts that guard themselves. */
struct backend {
    struct backend_identity *identity;
    struct deputy_session_key
            session; /* the one key that signs requests to the node: born with the process */
    struct backend_policy policy;
    struct deputy_slice manifest; /* of the app, as it is served; absent: there is none */
    struct server_info info;
    struct intake_rules intake;
    struct deputy_slice node;        /* URL of the data node, without a slash at its end */
    struct deputy_slice authorities; /* PEM, that the node's certificate is checked against; absent: the
                                        system's */
    uint32_t node_ms;                /* for which the node may be silent */
    struct grants *grants;
    struct sessions *sessions;      /* backend/session.h */
    struct public_state *public_of; /* nonces, rates and tokens of the public routes: backend/public.h */
    struct grant_watch *watch; /* who wants to hear of grants that come, change and go: backend/watch.h */
    struct descriptors *descriptors; /* of owners' networks: backend/descriptors.h */
    struct local_rules local;
    struct backend_clock clock;
};

struct backend_loop {
    struct backend *backend;
    struct loop *loop;
    struct http_caller *caller; /* towards the node */
    struct metrics *metrics;    /* NULL: nothing is measured */
};

static inline struct deputy_time backend_now(const struct backend *backend)
{
    return backend->clock.now(backend->clock.ctx);
}

#endif
