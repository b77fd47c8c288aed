/* RFC 3339 times and their arithmetic. */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include "base/buf.h"
#include <deputy/time.h>

/* The last second of the year 9999; nothing later is a time here. */
#define TIME_MAX_SEC INT64_C(253402300799)

/*
 * RFC 3339 as spec/01 section 6.2 accepts it: 'T', 't' or a space between date and time, a fraction of any
 * length (cut to nanoseconds), 'Z', 'z' or an offset, a leap second only at a UTC month's end (as the last
 * nanosecond before the next month), nothing after it.
 */
enum deputy_error time_parse(struct deputy_time *out, struct deputy_slice text);

/* YYYY-MM-DDTHH:MM:SS.sssZ, as JavaScript's toISOString prints it. */
void time_put_iso(struct buf *out, struct deputy_time time);

/* The same with as much of the fraction as there is: none, or up to nine digits without trailing zeros. */
void time_put_utc(struct buf *out, struct deputy_time time);

/* The time plus whole milliseconds, saturating at the ends of the years 0000 to 9999. */
struct deputy_time time_add_ms(struct deputy_time time, int64_t ms);

/*
 * Seconds times 10^9 as an IEEE double, cut toward zero to whole nanoseconds (spec/02 section 2.6). The
 * product of a fraction and a present day is rounded to 256 ns; whole seconds below 2^32 are exact. Fails
 * outside [0, TIME_MAX_SEC] and for NaN.
 */
enum deputy_error time_from_double(struct deputy_time *out, double seconds);

#endif
