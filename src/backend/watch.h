/* Who hears of grants that come, change and go. Told from any thread; heard on the loop of each listener. */
#ifndef BACKEND_WATCH_H
#define BACKEND_WATCH_H

#include "http/loop.h"
#include <deputy/error.h>
#include <deputy/time.h>

enum grant_change {
    GRANT_GIVEN,     /* the owner had none */
    GRANT_REPLACED,  /* another one stands in its place */
    GRANT_WITHDRAWN, /* by its owner */
    GRANT_ENDED,     /* its time was over, or it was given for another policy */
    GRANT_REFUSED    /* the node does not honour it any more */
};

struct grant_news {
    uint8_t owner[20];
    enum grant_change change;
    struct deputy_time at;
    struct deputy_time expires; /* of one that is given or replaced */
};

struct grant_watch;
struct grant_listener;

enum deputy_error grant_watch_create(struct grant_watch **out);
/* No listener may be left. NULL is allowed. */
void grant_watch_destroy(struct grant_watch *watch);

/* Hears everything from now on, in order, on the loop. What cannot be kept for a slow listener (1024 pieces
 * of news) is lost, and `lost` tells so. */
enum deputy_error grant_listener_create(struct grant_listener **out, struct grant_watch *watch,
        struct loop *loop, void (*heard)(void *ctx, const struct grant_news *news, bool lost), void *ctx);
/* On its loop; nothing is heard afterwards. NULL is allowed. */
void grant_listener_destroy(struct grant_listener *listener);

void grant_watch_tell(struct grant_watch *watch, const struct grant_news *news);

#endif
