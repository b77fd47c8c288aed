/*
 * How often somebody may ask (spec/07 section A6): so many requests in a window of fixed length, counted for
 * each key in a table of fixed size that all loops share. Where the table is full, whoever began longest ago
 * is forgotten, and begins anew.
 */
#ifndef BACKEND_LIMIT_H
#define BACKEND_LIMIT_H

#include <deputy/error.h>
#include <deputy/slice.h>
#include <deputy/time.h>
#include <stdbool.h>

struct limit;

/* What was asked for, and what is left of it. */
struct limit_state {
    bool allowed;
    int64_t limit;
    int64_t remaining;
    int64_t reset_s; /* until the window ends: 1 to its length */
    int64_t window_s;
};

/* Both numbers are at least 1, else DEPUTY_E_ARGUMENT. */
enum deputy_error limit_create(struct limit **out, int64_t limit, int64_t window_s);
/* NULL is allowed. */
void limit_destroy(struct limit *limit);

/* Counts one more. Any thread. */
struct limit_state limit_take(struct limit *limit, struct deputy_slice key, struct deputy_time now);

#endif
