/*
 * The grant of a sidecar, taken into use at the start and again every 25 minutes (spec/07 section D1), so
 * that its state is known though nobody uses it. A node that cannot be asked is asked again after 5 s, 15 s,
 * and then every 60 s, and what is in use stays so; what it refuses is in use no more, and tried again after
 * the usual time.
 */
#ifndef BACKEND_REFRESH_H
#define BACKEND_REFRESH_H

#include "backend/backend.h"

enum { REFRESH_EVERY_MS = 25 * 60 * 1000 };

struct sidecar_refresh;

/* Before the loops run; hears from then on of all that the sessions take into use (sessions_set_ear). */
enum deputy_error sidecar_refresh_create(struct sidecar_refresh **out, struct backend_loop *on);
/* After loop_run has returned, before loop_destroy and before the sessions are destroyed. NULL is allowed. */
void sidecar_refresh_destroy(struct sidecar_refresh *refresh);

#endif
