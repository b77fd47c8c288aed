/*
 * What a write waits at, on its loop: until the quota service has been asked about every space it goes to. Of
 * spaces that have been asked about before, and without a service, it never waits.
 */
#ifndef NODE_QUOTA_GATE_H
#define NODE_QUOTA_GATE_H

#include "node/quota.h"

struct quota_gate {
    struct quota_wait wait; /* wait.loop: whose thread it is */
    struct quota *quota;
    const struct deputy_slice *spaces; /* canonical ids */
    size_t count, at;
    void (*then)(void *ctx); /* called on the loop, unless the gate was open */
    void *ctx;
};

/* True: `then` is called later. False: go on. The gate, all but wait.letter, `at` and wait.next filled in,
 * lies still until then. On the loop. */
bool quota_gate_closed(struct quota_gate *gate);

#endif
