/*
 * The public contract (spec/07 part A): its routes, and the parts that all loops share, which guard
 * themselves.
 */
#ifndef BACKEND_PUBLIC_H
#define BACKEND_PUBLIC_H

#include "backend/attestation.h"
#include "backend/auth.h"
#include "backend/frame.h"
#include "backend/info.h"
#include "backend/jwt.h"
#include "backend/nonce.h"
#include "backend/sidecar.h"
#include "backend/workspace.h"
#include <pthread.h>

struct public_state {
    struct frame *frame;
    struct tokens *tokens;
    struct nonces *nonces;
    struct auth_rules auth;
    struct info_state info;
    struct attestation_state attestation;
    struct workspace_state workspace;
    struct sidecar_state sidecar;
    pthread_mutex_t placing; /* around what is kept for an owner and what is in use: handin.c */
};

/* Slices must outlive the state. */
struct public_config {
    struct frame_config frame;
    struct auth_rules auth;
    int64_t token_life_s;
    struct deputy_slice service, build, run; /* as of info_state */
    struct workspace_state workspace;
    bool sidecar_intake;            /* as of sidecar_state */
    const struct source *evidence;  /* where evidence of this guest comes from */
    bool simulated;                 /* as of attestation_state */
    const struct frame_table *more; /* routes of an application of its own */
    size_t more_count;
};

/* Makes the parts and the routes for a backend whose identity, policy and clock are there. */
enum deputy_error public_create(
        struct public_state **out, const struct backend *backend, const struct public_config *config);
/* NULL is allowed. */
void public_destroy(struct public_state *state);

/*
 * Whose session token it is: for an application that is given one by other ways than the Authorization
 * header. DEPUTY_E_SESSION_INVALID. Any thread.
 */
enum deputy_error public_subject(const struct public_state *state, uint8_t owner[20],
        struct deputy_slice token, struct deputy_time now);

#endif
