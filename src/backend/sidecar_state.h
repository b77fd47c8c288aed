/*
 * Whose grant the paths of a sidecar are about, and how its being taken into use goes (spec/07 section D1).
 * Shared by all loops.
 */
#ifndef BACKEND_SIDECAR_STATE_H
#define BACKEND_SIDECAR_STATE_H

#include "backend/backend.h"
#include "base/json_write.h"
#include <pthread.h>

struct sidecar_state {
    bool intake;          /* POST /delegation and /refresh are served */
    pthread_mutex_t lock; /* around what follows */
    bool named;           /* it is known of whom: */
    uint8_t owner[20];
    int64_t attempted_ms, succeeded_ms; /* of taking it into use; 0: not yet */
    enum deputy_error error;            /* of the last attempt */
    unsigned in_flight;
};

/* Whoever granted last in this way; after a restart the first of whom something is kept. */
void sidecar_name(struct sidecar_state *state, const uint8_t owner[20]);
bool sidecar_is_about(struct sidecar_state *state, const uint8_t owner[20]);

/* What is known of that grant. */
struct sidecar_look {
    bool found; /* it is in force: */
    uint8_t owner[20];
    struct grant grant;
};

/* On the pool; names the owner where nobody is named yet. Nothing is told to the owner. */
enum deputy_error sidecar_look(struct deputy_arena *arena, struct sidecar_look *out,
        const struct backend *backend, struct sidecar_state *state);

void sidecar_note_begin(struct sidecar_state *state, struct deputy_time now);
void sidecar_note_end(struct sidecar_state *state, enum deputy_error error, struct deputy_time now);

int64_t sidecar_ms(struct deputy_time time);
/* A time, null for 0; the name of an error, or null; and all of it as an object, returning the error. */
void sidecar_put_ms(struct json_writer *writer, const char *name, int64_t ms);
void sidecar_put_error(struct json_writer *writer, enum deputy_error error);
enum deputy_error sidecar_put_state(
        struct json_writer *writer, const char *name, struct sidecar_state *state);

#endif
