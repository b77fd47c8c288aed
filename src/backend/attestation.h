/*
 * Evidence of what code this backend is (spec/08 sections 2.2 and 2.3): for whoever asks with a nonce of his
 * own, bound to a statement that names the backend. What a caller says is never signed as it stands.
 */
#ifndef BACKEND_ATTESTATION_H
#define BACKEND_ATTESTATION_H

#include "backend/frame.h"

struct source;

enum { ATTESTATION_LIFE_S = 300, ATTESTATION_AUD_MAX = 512 };

struct attestation_state {
    const struct source *source; /* evidence/source.h; outlives the routes */
    bool simulated;              /* the source was named as a simulator: the answer says so */
};

/* GET /attestation and GET /api/attestation, which are one. */
extern const struct frame_table attestation_routes;

#endif
