/* What daemons make of their settings before they run: where they listen, how they log, what --check-config
 * prints. */
#ifndef RUN_START_H
#define RUN_START_H

#include "run/config.h"
#include "run/daemon.h"
#include <deputy/arena.h>

/* "address:port" of the setting `address` and the port that the other setting names; IPv6 in brackets. With a
 * NUL behind it, in the arena. */
enum deputy_error start_address(
        struct deputy_arena *arena, struct deputy_slice *out, const struct config *config, const char *port);

/* The places of a list into a door. DEPUTY_E_LIMIT beyond DAEMON_MAX_LISTEN. */
enum deputy_error start_listen(struct daemon_door *door, const struct config *config, const char *list);

/* As log_level and log.format say. */
void start_log(const struct config *config);

/* Of a setting with the choices on, off and required. */
enum sandbox_mode start_sandbox(const struct config *config, const char *setting);

/* The settings on standard output; the exit status: 0, or 2. */
int start_print_settings(struct deputy_arena *arena, const struct config *config);

#endif
