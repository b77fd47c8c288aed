/*
 * The databases that one worker has open, from the one used longest ago to the last used: there are only so
 * many, and the one used longest ago makes room. Used by that worker's thread alone.
 */
#ifndef STORE_SQL_HANDLES_H
#define STORE_SQL_HANDLES_H

#include "store/sql_space.h"

struct sql_handle {
    struct sql_space space;
    struct sql_name name;
    uint64_t used_ns; /* on the monotonic clock */
};

struct sql_handles {
    const struct sql_paths *paths;
    struct sql_guards guards;
    struct sql_handle **all; /* the one used longest ago first; room for `most` */
    size_t count, most;
    uint64_t idle_ns;    /* after which an unused one is closed */
    atomic_size_t *open; /* counts those of all workers */
};

bool sql_name_equal(const struct sql_name *a, const struct sql_name *b);

/* The other fields are the caller's, and set. End also after a failure. */
enum deputy_error sql_handles_begin(struct sql_handles *handles);
void sql_handles_end(struct sql_handles *handles);

/* The request's database, opened when it is not; made, when the request may do so and there is none. */
enum deputy_error sql_handles_take(
        struct sql_handles *handles, struct sql_handle **out, const struct sql_request *request);

/* After a request, which is told of (recorded) or not: a database that was made for a request which then kept
 * nothing is not kept either. */
void sql_handles_leave(struct sql_handles *handles, struct sql_handle *handle, bool recorded);

/* When the next database has not been used for long enough; UINT64_MAX when none is open. */
uint64_t sql_handles_close_idle(struct sql_handles *handles);

/* On the worker's thread, which uses none afterwards. */
void sql_handles_close(struct sql_handles *handles);

#endif
