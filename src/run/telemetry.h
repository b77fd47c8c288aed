/*
 * A listener of its own that answers every GET with the daemon's metrics: on a loop and a thread of its own,
 * so that it answers while the others are busy. Whoever can reach it may read it: keep it private.
 */
#ifndef RUN_TELEMETRY_H
#define RUN_TELEMETRY_H

#include "http/server.h"
#include "run/metrics.h"
#include "run/place.h"

/* What is read: both lists outlive the telemetry, and are used on its thread. */
struct telemetry_source {
    struct metrics *const *metrics;
    size_t metric_count;
    struct http_server *const *servers;
    size_t server_count;
    void (*tell)(void *owner, struct buf *out); /* puts more of them; NULL: nothing */
    void *owner;
};

struct telemetry;

/* Runs from here on. A port 0 is chosen: the place says which. DEPUTY_E_LISTEN with *reason, static text. */
enum deputy_error telemetry_start(struct telemetry **out, struct place *place,
        const struct telemetry_source *source, const char **reason);
/* NULL is allowed. */
void telemetry_stop(struct telemetry *telemetry);

#endif
