/*
 * What somebody tries who is inside of a daemon through a fault in it. What came of each is said on standard
 * error: "inside: WHAT: done", or why not.
 *
 * The environment says at what: INSIDE_FILE, a file outside of what the daemon needs; INSIDE_DATA, a file to
 * make within; and variables with the number of a port of 127.0.0.1 where somebody listens.
 */
#ifndef CONFINE_ATTEMPTS_H
#define CONFINE_ATTEMPTS_H

#include <deputy/time.h>

/* Everything that is tried in this daemon: each has its own. */
void attempt_everything(void);

/* The clock of the daemon. When a thread beside the first one reads it for the first time, all is tried. */
struct deputy_time attempt_clock(void *ctx);

void attempt_tell(const char *what, const char *outcome);
const char *attempt_variable(const char *name);
void attempt_files_and_programs(void);
/* Over TCP, to the port in this variable. */
void attempt_connection(const char *what, const char *port);

#endif
