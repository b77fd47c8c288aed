/* What everybody may read (spec/07 section A3): whom to delegate to, the app's manifest, how the backend is.
 */
#ifndef BACKEND_INFO_H
#define BACKEND_INFO_H

#include "backend/frame.h"
#include <stdatomic.h>

/* What the routes tell, beside what the backend itself knows. Slices outlive the routes. */
struct info_state {
    struct deputy_slice service; /* the name under which health is told */
    struct deputy_slice build;   /* absent for none */
    struct deputy_slice run;     /* URL of what deployed it; absent for none */
    struct deputy_time started;
    atomic_bool node_reached; /* at least once */
};

/* GET /api/server-info, /api/manifest, /healthz, /healthz/ready. */
extern const struct frame_table info_routes;

#endif
