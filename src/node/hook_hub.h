/* How an event comes from the writer to the streams of a loop; for the files of the hooks alone. */
#ifndef NODE_HOOK_HUB_H
#define NODE_HOOK_HUB_H

#include "node/hooks.h"
#include <pthread.h>
#include <stdatomic.h>

struct hooks {
    struct hook_limits limits;
    atomic_size_t streams;
    atomic_uint_least64_t dropped; /* deliveries to webhooks */
    pthread_mutex_t lock;          /* over the hubs */
    struct hook_hub **hubs;
    size_t count, room;
};

/* An event on its way, the same for all loops. */
struct hook_letter {
    atomic_uint references;
    struct deputy_slice space, service, path; /* behind it in the same memory */
    enum hook_ability ability;
    struct deputy_slice text; /* the event as its stream says it */
};

/* NULL when there is no memory: then streams are told that they missed something. */
struct hook_letter *hook_letter_make(const struct hook_event *event);
void hook_letter_release(struct hook_letter *letter); /* NULL is allowed */

/* From any thread, under the lock of the hooks. */
void hook_hub_deliver(struct hook_hub *hub, struct hook_letter *letter);

#endif
