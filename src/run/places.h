/* Where the doors of a daemon are reached: read from its settings, opened once, listened on by every loop. */
#ifndef RUN_PLACES_H
#define RUN_PLACES_H

#include "run/daemon.h"
#include "run/place.h"

enum { PLACES_MAX = 16 };

struct places {
    const struct daemon_plan *plan;
    struct {
        struct place place;
        size_t door;
    } items[PLACES_MAX];
    size_t count;
};

/* What cannot be is said on standard error: DEPUTY_E_LISTEN. The plan must outlive the places. */
enum deputy_error places_read(struct places *out, const struct daemon_plan *plan);

/* After the owner has opened: a second process on the same data has been refused by then. */
enum deputy_error places_open(struct places *places);

/* Has the server of one loop listen where that door is reached. */
enum deputy_error places_listen(struct places *places, size_t door, struct http_server *server);

/* The line "ready ..." on standard output, and what the log says of it. */
void places_tell(const struct places *places);

void places_close(struct places *places);

/* Says that the place cannot be listened on; DEPUTY_E_LISTEN. */
enum deputy_error place_refused(const char *daemon, const struct place *place, const char *reason);

#endif
