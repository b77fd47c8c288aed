/* Asks for the node until it answers once, so that whoever waits for this backend knows (spec/07 E2). */
#ifndef BACKEND_PROBE_H
#define BACKEND_PROBE_H

#include <deputy/error.h>
#include <deputy/slice.h>
#include <stdatomic.h>
#include <stdbool.h>

struct probe;

/* What is asked for, and how: the URL has no slash at its end. What it points to outlives
 * the probe. */
struct probe_target {
    struct deputy_slice node;
    struct deputy_slice authorities; /* as of http_request */
    bool guarded;                    /* connects to public addresses only */
    atomic_bool *reached;
};

/* On a thread of its own, from now on; *reached becomes true and the asking ends. */
enum deputy_error probe_start(struct probe **out, const struct probe_target *target);
/* A question under way is given up. NULL is allowed. */
void probe_stop(struct probe *probe);

#endif
