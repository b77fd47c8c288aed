/*
 * The post of the webhooks: a few threads that deliver what the store says is due, one delivery of a webhook
 * at a time. What was under way when the node ended is tried again after its next start.
 */
#ifndef NODE_WEBHOOK_POST_H
#define NODE_WEBHOOK_POST_H

#include "node/node.h"

enum { WEBHOOK_POST_THREADS = 4 };

struct webhook_post;

enum deputy_error webhook_post_start(struct webhook_post **out, const struct node *node);
/* Gives up what is under way, and waits for the threads. NULL is allowed. */
void webhook_post_stop(struct webhook_post *post);

/* Something is due. From any thread; never waits. */
void webhook_post_wake(struct webhook_post *post);

/* When a delivery that failed so many times is tried again, in seconds. */
int64_t webhook_delay(int64_t failures);

#endif
