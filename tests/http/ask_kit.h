/* Calls on a loop that runs in the test's own thread, and what came of them. */
#ifndef TESTS_HTTP_ASK_KIT_H
#define TESTS_HTTP_ASK_KIT_H

#include "http/call.h"
#include "support/check.h"
#include <stdio.h>
#include <string.h>

struct asker {
    struct loop *loop;
    struct http_caller *caller;
    int open; /* asks that have not ended */
};

struct ask {
    struct asker *asker;
    struct http_call *call;
    char url[128];
    struct http_call_plan plan;
    /* what the test wants to be done; NULL: nothing */
    void (*on_head)(struct ask *ask);
    enum http_read (*on_part)(struct ask *ask, struct deputy_slice part);
    void (*on_end)(struct ask *ask);
    void *ctx;
    /* what came */
    int heads, parts, ends;
    int status;
    const struct http_response *head;
    char header[64]; /* the value of the answer's X-Length */
    size_t received;
    uint64_t sum;
    char text[64]; /* the first bytes of the body */
    enum deputy_error result;
};

void asker_begin(struct asker *asker, const struct http_caller_config *config);
void asker_end(struct asker *asker);

/* An ask that has all its deadlines at five seconds. */
void ask_make(struct ask *ask, struct asker *asker, const char *method, uint16_t port, const char *path);
void ask_begin(struct ask *ask);

/* Runs the loop until all asks have ended. */
void asker_run(struct asker *asker);
/* For so many milliseconds. */
void asker_run_for(struct asker *asker, uint64_t ms);

/* Make, begin, run; the result. */
enum deputy_error ask_one(
        struct ask *ask, struct asker *asker, const char *method, uint16_t port, const char *path);

uint64_t sum_of(uint64_t sum, struct deputy_slice bytes);

#endif
