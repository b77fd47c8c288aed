/*
 * Work that a loop has done on the pool for itself, now and then, and never twice at once. Unlike an errand
 * it belongs to nobody who asks, and may be under way when the backend ends.
 */
#ifndef BACKEND_CHORE_H
#define BACKEND_CHORE_H

#include "http/loop.h"
#include <deputy/error.h>

struct chore;

/* `work` is called on the pool, `done` on the loop afterwards; NULL: nothing is to be done then. */
enum deputy_error chore_create(
        struct chore **out, struct loop *loop, void (*work)(void *ctx), void (*done)(void *ctx), void *ctx);
/* On its loop, or after loop_run has returned and before loop_destroy. Waits for what is under way: ctx is
 * not used afterwards. NULL is allowed. */
void chore_destroy(struct chore *chore);

/* Does it now, unless it is under way. On its loop. False: no thread was to be had. */
bool chore_run(struct chore *chore);

#endif
