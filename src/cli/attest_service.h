/*
 * `deputy attest serve`: verdicts over HTTP, for those who ask dstack's verifier service. What may block,
 * asking a maker, is done on threads of the pool; of those requests only so many are taken at once.
 */
#ifndef CLI_ATTEST_SERVICE_H
#define CLI_ATTEST_SERVICE_H

#include "cli/attest.h"
#include "evidence/intel.h"
#include "http/exchange.h"
#include "node/rate.h"
#include <stdatomic.h>

enum {
    ATTEST_SERVICE_JOBS = 16,                /* under way or waiting for a thread; beyond it 503 */
    ATTEST_SERVICE_CONNECTIONS = 256,        /* of one loop; beyond it 503 */
    ATTEST_SERVICE_BODIES = 64 * 1024 * 1024 /* of one loop, being read; beyond it 503 */
};

/* What all loops share. Nothing but the counts changes while it runs. */
struct attest_service {
    struct cli *cli;
    const struct deputy_attest_policy *policy; /* of its own, or NULL */
    struct deputy_slice root;                  /* in place of the maker's, or absent */
    struct deputy_time time;                   /* judge as of this; sec 0: now */
    struct intel_service intel;
    struct deputy_slice amd; /* base of the service for certificates */
    const char *cache;       /* directory; NULL: in the profile */
    bool offline;
    struct rate_limit *rate;
    atomic_uint jobs;
};

const struct http_route *attest_service_routes(size_t *count);

/* Answers without a message of ours, such as 404 and 413, in the form of the others (http_config.on_error).
 */
void attest_service_error(void *app, struct http_exchange *x, int status);

/* One line a request, with its verdict (facade_class) when there is one; never what was sent
 * (http_config.on_answer). */
void attest_service_answered(void *app, const struct http_exchange *x, int status, uint64_t micros);

#endif
