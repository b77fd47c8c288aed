/* The part of the sandbox that refuses system calls, for sandbox.c. */
#ifndef RUN_SANDBOX_CALLS_H
#define RUN_SANDBOX_CALLS_H

#include <stdbool.h>

/* For all threads of the process; false when the kernel or the processor has no such filter. Needs
 * no_new_privs. */
bool sandbox_calls_refuse(void);

#endif
