/* The node's secret, as its settings say it. */
#ifndef NODE_SECRET_H
#define NODE_SECRET_H

#include "run/config.h"

/* The secret's bytes in the arena. DEPUTY_E_NODE_SECRET when there is none that can be used,
 * DEPUTY_E_SAMPLE_SECRET when it is the published one and this is no development. */
enum deputy_error node_secret(
        struct deputy_arena *arena, struct deputy_slice *out, const struct config *config);

#endif
