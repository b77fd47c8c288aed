/* What a service manager hands over and wants to be told, as sd_listen_fds(3) and sd_notify(3) describe it.
 */
#ifndef RUN_SYSTEMD_H
#define RUN_SYSTEMD_H

#include <stddef.h>

/* The sockets that were passed to this very process are *count descriptors from the returned one on, closed
 * on exec. *count is 0 when there are none. */
int systemd_sockets(size_t *count);

/* Tells the manager, if there is one that listens: "READY=1". Never fails: nobody waits for us then. */
void systemd_notify(const char *state);

/* "RELOADING=1" with the time that goes with it; end it with "READY=1". */
void systemd_notify_reloading(void);

#endif
