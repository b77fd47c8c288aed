/*
 * What a page wants to know at once when it opens (spec/07 section A12): how the grant stands, whether the
 * node takes it, and which of the app's secrets the backend can read. No trouble with the grant is an error
 * here.
 */
#ifndef BACKEND_WORKSPACE_H
#define BACKEND_WORKSPACE_H

#include "backend/frame.h"

enum { WORKSPACE_SECRETS_MAX = 32, WORKSPACE_WAIT_MS = 5000 };

/* A secret whose readability is told, under the name that the page knows it by. */
struct workspace_secret {
    struct deputy_slice label;
    struct deputy_slice name;
    struct deputy_slice scope; /* absent for a global one */
};

struct workspace_state {
    struct workspace_secret secrets[WORKSPACE_SECRETS_MAX];
    size_t count;
};

/* "label=NAME" or "label=scope/NAME". DEPUTY_E_ARGUMENT. */
enum deputy_error workspace_secret_read(struct workspace_secret *out, struct deputy_slice text);

/* GET /api/workspace-state. */
extern const struct frame_table workspace_routes;

#endif
