/*
 * One question to the quota service (spec/03 section 14.2): GET <url>/api/quota/<space id>, answered by
 * {"storage_limit_bytes":N}. The service is the operator's: it may be in our own network, and what it says is
 * believed as far as it is a number of bytes.
 */
#ifndef NODE_QUOTA_ASK_H
#define NODE_QUOTA_ASK_H

#include <deputy/arena.h>
#include <deputy/error.h>
#include <stdatomic.h>

enum {
    QUOTA_TOTAL_MS = 3000, /* for everything together */
    QUOTA_CONNECT_MS = 2000,
    QUOTA_ANSWER_MAX = 4096, /* bytes of an answer's body */
    QUOTA_SPACE_MAX = 2048   /* bytes of a space id; a longer one is not asked about */
};

/* Can the setting be used: http or https, without credentials, query and fragment? It is shown to everybody
 * (/info). GUARD_URL when not. */
enum deputy_error quota_url_check(struct deputy_slice url);

/* Where the space's limit is asked for, with a NUL behind it: every byte of the id that is neither unreserved
 * nor a colon is percent-encoded, so that the id is one segment of the path. */
enum deputy_error quota_url_make(
        struct deputy_arena *arena, const char **out, struct deputy_slice url, struct deputy_slice space);

/* The limit in the answer's body. QUOTA_ANSWER when that is no JSON object with a whole number of bytes from
 * 0 to 2^63 - 1; other members are not looked at. */
enum deputy_error quota_answer_read(struct deputy_arena *arena, uint64_t *bytes, struct deputy_slice body);

struct quota_question {
    struct deputy_slice url; /* of the service */
    struct deputy_slice space;
    uint32_t timeout_ms;       /* at most QUOTA_TOTAL_MS */
    const atomic_bool *cancel; /* as in http_request */
};

/* Asks, and waits: not on a loop. The errors of http_fetch, QUOTA_STATUS for any status but 200, a redirect
 * among them, and QUOTA_ANSWER. */
enum deputy_error quota_ask(
        struct deputy_arena *arena, uint64_t *bytes, const struct quota_question *question);

#endif
