/*
 * What a daemon counts and measures. Each loop has its own: only its thread writes there, without a lock, and
 * whoever reads sums over the loops. A reader may see a series a few events behind, never a torn number.
 */
#ifndef RUN_METRICS_H
#define RUN_METRICS_H

#include "base/buf.h"
#include <deputy/error.h>

enum metric {
#define X(name, kind, text, help, first, second, number) METRIC_##name,
#include "run/metrics.def"
#undef X
    METRIC_COUNT,
};

/* Literals of the program: never what a request says. Which of them a metric has is in metrics.def. */
struct metric_labels {
    const char *first, *second;
    unsigned number;
};

struct metrics;

enum deputy_error metrics_create(struct metrics **out);
void metrics_destroy(struct metrics *metrics); /* NULL is allowed */

/* On the loop's thread. Nothing when metrics is NULL, and for a series beyond the most that one loop keeps.
 */
void metrics_count(struct metrics *metrics, enum metric metric, struct metric_labels labels);
void metrics_observe(
        struct metrics *metrics, enum metric metric, struct metric_labels labels, uint64_t micros);

/* Microseconds of a clock that never goes back. */
uint64_t metrics_clock(void);

/* All series of all loops, summed, in Prometheus text (version 0.0.4). On any thread. */
void metrics_print(struct buf *out, struct metrics *const *loops, size_t count);

/* One more of it: a number that goes up and down, or that only goes up. */
void metrics_print_gauge(struct buf *out, const char *name, const char *help, uint64_t value);
void metrics_print_counter(struct buf *out, const char *name, const char *help, uint64_t value);

#endif
