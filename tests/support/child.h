/* What ends a process is tested in a child. */
#ifndef SUPPORT_CHILD_H
#define SUPPORT_CHILD_H

/* Runs the function in a forked child; gives 0 when it returns, the signal that ended it, or -1 for any other
 * end. */
int check_child(void (*run)(void *), void *context);

#endif
