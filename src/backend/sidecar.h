/*
 * The paths of a sidecar (spec/07 section D1): what pages of agents ask, from anywhere and without signing
 * in. A delegation says itself whose it is. Taking one in this way is off unless it is configured.
 */
#ifndef BACKEND_SIDECAR_H
#define BACKEND_SIDECAR_H

#include "backend/frame.h"
#include "backend/sidecar_state.h"

/* GET /info and /health, POST /delegation and /refresh. */
extern const struct frame_table sidecar_routes;

#endif
