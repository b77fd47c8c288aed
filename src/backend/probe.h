/* Asks for the node until it answers once, so that whoever waits for this backend knows (spec/07 E2). */
#ifndef BACKEND_PROBE_H
#define BACKEND_PROBE_H

#include <deputy/error.h>
#include <deputy/slice.h>
#include <stdatomic.h>

struct probe;

/* On a thread of its own, from now on; *reached becomes true and the asking ends. The URL has no slash at its
 * end and outlives the probe. */
enum deputy_error probe_start(
        struct probe **out, struct deputy_slice node, struct deputy_slice authorities, atomic_bool *reached);
/* A question under way is given up. NULL is allowed. */
void probe_stop(struct probe *probe);

#endif
