/*
 * What the quota service says spaces may hold (spec/03 section 14.2), as far as it was asked. A space is
 * asked about when it is first written to, and whoever writes waits for that, 3 seconds at the most; after
 * that the answer is told from memory, and asked for anew behind the back of whoever writes once it is a
 * minute old. A question that fails is asked again after half a minute; until it is answered the service has
 * said nothing about the space, and what holds without a service does (fail open).
 *
 * Questions go out on a few threads of their own, so that a slow service keeps nothing else waiting; there is
 * one about a space at a time, however many wait for it. Safe from every thread.
 */
#ifndef NODE_QUOTA_SERVICE_H
#define NODE_QUOTA_SERVICE_H

#include "http/loop.h"
#include <deputy/error.h>
#include <deputy/slice.h>

enum {
    QUOTA_THREADS = 4,          /* questions at once */
    QUOTA_QUESTIONS_MAX = 1024, /* that are waited for or under way; beyond, one fails unasked */
    QUOTA_SPACES_MAX = 8192     /* remembered; the one written to longest ago makes room */
};

struct quota_service;

/* No limit where `limited` is false. */
struct quota_limit {
    bool limited;
    uint64_t bytes;
};

struct quota_service_config {
    struct deputy_slice url; /* that quota_url_check took; copied */
    int64_t fresh_s;         /* how long an answer is told without asking anew; a day at the most */
    int64_t retry_s;         /* how long nothing is asked after a failure; likewise */
};

/* What went well and what did not, since the start. */
struct quota_service_counts {
    uint64_t answered, failed;
};

enum deputy_error quota_service_create(struct quota_service **out, const struct quota_service_config *config);

/* Gives up what is under way. Nothing may wait any more. NULL is allowed. */
void quota_service_destroy(struct quota_service *service);

/* Somebody on a loop who waits for an answer: letter is posted to the loop then. Lies still until it is run.
 */
struct quota_wait {
    struct loop_task letter;
    struct loop *loop;
    struct quota_wait *next;
};

/*
 * The space is about to be written to: asks about it if that is due. True: nothing is known of it yet, and
 * the letter is posted once it is, or cannot be. wait NULL: nobody waits.
 */
bool quota_service_need(struct quota_service *service, struct deputy_slice space, struct quota_wait *wait);

/* What was said last; not limited when nothing was, or the last question failed. */
struct quota_limit quota_service_said(struct quota_service *service, struct deputy_slice space);

struct quota_service_counts quota_service_count(struct quota_service *service);

#endif
