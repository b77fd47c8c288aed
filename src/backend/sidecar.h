/*
 * The paths of a sidecar (spec/07 section D1): what pages of agents ask, from anywhere and without signing
 * in. A delegation says itself whose it is. Taking one in this way is off unless it is configured.
 */
#ifndef BACKEND_SIDECAR_H
#define BACKEND_SIDECAR_H

#include "backend/frame.h"
#include <pthread.h>

struct sidecar_state {
    bool intake;          /* POST /delegation and /refresh are served */
    pthread_mutex_t lock; /* around what follows */
    bool named;           /* somebody granted in this way since the start: */
    uint8_t owner[20];
    int64_t attempted_ms, succeeded_ms; /* of taking it into use; 0: not yet */
    enum deputy_error error;            /* of the last attempt */
    bool in_flight;
};

/* GET /info and /health, POST /delegation and /refresh. */
extern const struct frame_table sidecar_routes;

#endif
