/*
 * A moment in UTC. The library never reads a clock: the caller passes the moment at which a question is
 * asked.
 */
#ifndef DEPUTY_TIME_H
#define DEPUTY_TIME_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Seconds since 1970-01-01T00:00:00Z and nanoseconds within that second (0..999 999 999). */
struct deputy_time {
    int64_t sec;
    uint32_t nsec;
};

/* < 0 when a is earlier, 0 when equal, > 0 when a is later. */
static inline int deputy_time_compare(struct deputy_time a, struct deputy_time b)
{
    if (a.sec != b.sec)
        return a.sec < b.sec ? -1 : 1;
    return (a.nsec > b.nsec) - (a.nsec < b.nsec);
}

#ifdef __cplusplus
}
#endif

#endif
