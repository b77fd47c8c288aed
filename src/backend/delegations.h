/* How owners hand in a grant, ask how it stands, and take it back (spec/07 section A9). */
#ifndef BACKEND_DELEGATIONS_H
#define BACKEND_DELEGATIONS_H

#include "backend/frame.h"

/* POST and DELETE /api/delegations, GET /api/delegations/status. */
extern const struct frame_table delegation_routes;

#endif
