/*
 * Looks from time to time which grants have come to their end, so that who listens hears of it though nobody
 * asks. Records stay as they are: their owners still learn from the first answer what became of them (spec/07
 * section A9). What they have known for long enough is removed.
 */
#ifndef BACKEND_SWEEP_H
#define BACKEND_SWEEP_H

#include "backend/backend.h"

enum { SWEEP_EVERY_MS = 120 * 1000 };

struct grant_sweep;

/*
 * Every SWEEP_EVERY_MS tells the watch GRANT_ENDED of each grant that has ended since the time before; the
 * first time also of all that are stale, and none that ended before the sweep was made. Who asks for the
 * grant in between has it told too: such news may come twice. Where a clock was ahead, a grant that is in
 * force after all is told as GRANT_GIVEN.
 */
enum deputy_error grant_sweep_create(struct grant_sweep **out, struct backend_loop *on);
/* On its loop, or after loop_run has returned and before loop_destroy. Waits for
 * what is under way: grants, sessions and watch are not used afterwards. NULL is allowed. */
void grant_sweep_destroy(struct grant_sweep *sweep);

/* Does it now, unless it is under way. On its loop. */
void grant_sweep_run(struct grant_sweep *sweep);

#endif
