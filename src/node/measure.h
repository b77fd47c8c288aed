/* What a node counts and measures (spec/03 section 16.2). Nothing is done, and no clock read, without
 * telemetry. */
#ifndef NODE_MEASURE_H
#define NODE_MEASURE_H

#include "base/buf.h"
#include "node/node.h"

/* The log line of an answer and its duration: http_config.on_answer. */
void measure_answer(void *app, const struct http_exchange *x, int status, uint64_t micros);

/* The time it is now, to be given to measure_authorization; 0 without telemetry. */
uint64_t measure_start(const struct node_loop *on);
/* How long it took to say yes or no to a token. */
void measure_authorization(const struct node_loop *on, enum deputy_use use, uint64_t started);

/* An invocation outside its window. */
void measure_untimely(const struct node_loop *on, const struct deputy_token *token, struct deputy_time now);

/* An invocation used for the first time, or DEPUTY_E_STORE_REPLAY for one that was used before. */
void measure_use(const struct node_loop *on, enum deputy_error taken);

/* What the node counts beside its loops, as metrics. On any thread. */
void measure_node(const struct node *node, struct buf *out);

#endif
