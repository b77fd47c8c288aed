#include "run/metrics.h"
#include "base/try.h"
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { METRICS_SERIES = 512, METRICS_BOUNDS = 16 };

enum metric_kind { COUNTER, HISTOGRAM };

static const struct metric_info {
    enum metric_kind kind;
    const char *name, *help, *first, *second, *number;
} infos[] = {
#define X(name_, kind_, text_, help_, first_, second_, number_)                                              \
    {.kind = (kind_),                                                                                        \
            .name = (text_),                                                                                 \
            .help = (help_),                                                                                 \
            .first = (first_),                                                                               \
            .second = (second_),                                                                             \
            .number = (number_)},
#include "run/metrics.def"
#undef X
};

/* Upper bounds of the buckets in microseconds, and as Prometheus says them in seconds. */
static const struct {
    uint64_t micros;
    const char *seconds;
} bounds[METRICS_BOUNDS] = {{100, "0.0001"}, {250, "0.00025"}, {500, "0.0005"}, {1000, "0.001"},
        {2500, "0.0025"}, {5000, "0.005"}, {10000, "0.01"}, {25000, "0.025"}, {50000, "0.05"},
        {100000, "0.1"}, {250000, "0.25"}, {500000, "0.5"}, {1000000, "1"}, {2500000, "2.5"}, {5000000, "5"},
        {10000000, "10"}};

struct series {
    enum metric metric;
    struct metric_labels labels;
    _Atomic uint64_t count, micros;
    _Atomic uint64_t buckets[METRICS_BOUNDS];
};

struct metrics {
    _Atomic(struct series *) series[METRICS_SERIES]; /* an open hash table; a slot is filled once */
    size_t used;
};

/* ---- one loop ---- */

enum deputy_error metrics_create(struct metrics **out)
{
    *out = calloc(1, sizeof **out);
    ENSURE(*out != NULL, DEPUTY_E_NOMEM);
    return DEPUTY_OK;
}

void metrics_destroy(struct metrics *metrics)
{
    for (size_t i = 0; metrics != NULL && i < METRICS_SERIES; i++)
        free(atomic_load(&metrics->series[i]));
    free(metrics);
}

/* Of addresses: the same literal in two places is two series here, and one again when they are printed. */
static size_t series_slot(enum metric metric, struct metric_labels labels)
{
    uint64_t hash = (uint64_t)metric * 31 + labels.number;
    hash = (hash ^ (uintptr_t)labels.first) * UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ (uintptr_t)labels.second) * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(hash >> 32) % METRICS_SERIES;
}

static bool series_is(const struct series *series, enum metric metric, struct metric_labels labels)
{
    return series->metric == metric && series->labels.first == labels.first &&
           series->labels.second == labels.second && series->labels.number == labels.number;
}

static struct series *series_find(struct metrics *metrics, enum metric metric, struct metric_labels labels)
{
    size_t slot = series_slot(metric, labels);
    struct series *series;
    while ((series = atomic_load_explicit(&metrics->series[slot], memory_order_relaxed)) != NULL) {
        if (series_is(series, metric, labels))
            return series;
        slot = (slot + 1) % METRICS_SERIES;
    }
    series = metrics->used < METRICS_SERIES / 2 ? calloc(1, sizeof *series) : NULL;
    if (series == NULL)
        return NULL;
    series->metric = metric;
    series->labels = labels;
    metrics->used++;
    atomic_store_explicit(&metrics->series[slot], series, memory_order_release);
    return series;
}

/* There is one writer: no addition can be lost. */
static void add(_Atomic uint64_t *number, uint64_t more)
{
    atomic_store_explicit(
            number, atomic_load_explicit(number, memory_order_relaxed) + more, memory_order_relaxed);
}

void metrics_count(struct metrics *metrics, enum metric metric, struct metric_labels labels)
{
    struct series *series = metrics != NULL ? series_find(metrics, metric, labels) : NULL;
    if (series != NULL)
        add(&series->count, 1);
}

void metrics_observe(
        struct metrics *metrics, enum metric metric, struct metric_labels labels, uint64_t micros)
{
    struct series *series = metrics != NULL ? series_find(metrics, metric, labels) : NULL;
    if (series == NULL)
        return;
    size_t bucket = 0;
    while (bucket < METRICS_BOUNDS && micros > bounds[bucket].micros)
        bucket++;
    if (bucket < METRICS_BOUNDS)
        add(&series->buckets[bucket], 1);
    add(&series->micros, micros);
    add(&series->count, 1);
}

uint64_t metrics_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* ---- the sum over all loops ---- */

struct total {
    enum metric metric;
    struct metric_labels labels;
    uint64_t count, micros, buckets[METRICS_BOUNDS];
};

struct totals {
    struct total *list;
    size_t count, max;
};

static bool text_is(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static struct total *total_of(struct totals *totals, const struct series *series)
{
    for (size_t i = 0; i < totals->count; i++) {
        struct total *total = &totals->list[i];
        if (total->metric == series->metric && total->labels.number == series->labels.number &&
                text_is(total->labels.first, series->labels.first) &&
                text_is(total->labels.second, series->labels.second))
            return total;
    }
    struct total *total = &totals->list[totals->count++];
    *total = (struct total){.metric = series->metric, .labels = series->labels};
    return total;
}

static void totals_add(struct totals *totals, struct metrics *metrics)
{
    for (size_t i = 0; i < METRICS_SERIES && totals->count < totals->max; i++) {
        struct series *series = atomic_load_explicit(&metrics->series[i], memory_order_acquire);
        if (series == NULL)
            continue;
        struct total *total = total_of(totals, series);
        total->count += atomic_load_explicit(&series->count, memory_order_relaxed);
        total->micros += atomic_load_explicit(&series->micros, memory_order_relaxed);
        for (size_t b = 0; b < METRICS_BOUNDS; b++)
            total->buckets[b] += atomic_load_explicit(&series->buckets[b], memory_order_relaxed);
    }
}

/* ---- text ---- */

static void put_label(struct buf *out, const char **separator, const char *name, const char *value)
{
    if (name == NULL)
        return;
    buf_put_text(out, *separator);
    buf_put_text(out, name);
    buf_put_text(out, "=\"");
    buf_put_text(out, value != NULL ? value : "");
    buf_put_byte(out, '"');
    *separator = ",";
}

/* name_suffix{labels,le="bound"} */
static void put_name(struct buf *out, const struct total *total, const char *suffix, const char *bound)
{
    const struct metric_info *info = &infos[total->metric];
    const char *separator = "{";
    char number[16];
    snprintf(number, sizeof number, "%u", total->labels.number);
    buf_put_text(out, info->name);
    buf_put_text(out, suffix);
    put_label(out, &separator, info->first, total->labels.first);
    put_label(out, &separator, info->second, total->labels.second);
    put_label(out, &separator, info->number, number);
    put_label(out, &separator, bound != NULL ? "le" : NULL, bound);
    buf_put_text(out, separator[0] == ',' ? "} " : " ");
}

static void put_line(
        struct buf *out, const struct total *total, const char *suffix, const char *bound, uint64_t value)
{
    put_name(out, total, suffix, bound);
    buf_put_decimal(out, value);
    buf_put_byte(out, '\n');
}

/* The last bucket and the count are the sum of the buckets read, so that the three never contradict. */
static void put_histogram(struct buf *out, const struct total *total)
{
    uint64_t below = 0;
    char seconds[48];
    for (size_t b = 0; b < METRICS_BOUNDS; b++) {
        below += total->buckets[b];
        put_line(out, total, "_bucket", bounds[b].seconds, below);
    }
    uint64_t count = total->count > below ? total->count : below;
    put_line(out, total, "_bucket", "+Inf", count);
    put_name(out, total, "_sum", NULL);
    snprintf(seconds, sizeof seconds, "%llu.%06llu\n", (unsigned long long)(total->micros / 1000000),
            (unsigned long long)(total->micros % 1000000));
    buf_put_text(out, seconds);
    put_line(out, total, "_count", NULL, count);
}

static void put_head(struct buf *out, const char *name, const char *help, const char *kind)
{
    buf_put_text(out, "# HELP ");
    buf_put_text(out, name);
    buf_put_byte(out, ' ');
    buf_put_text(out, help);
    buf_put_text(out, "\n# TYPE ");
    buf_put_text(out, name);
    buf_put_byte(out, ' ');
    buf_put_text(out, kind);
    buf_put_byte(out, '\n');
}

static void put_metric(struct buf *out, const struct totals *totals, enum metric metric)
{
    const struct metric_info *info = &infos[metric];
    put_head(out, info->name, info->help, info->kind == COUNTER ? "counter" : "histogram");
    for (size_t i = 0; i < totals->count; i++) {
        if (totals->list[i].metric != metric)
            continue;
        if (info->kind == COUNTER)
            put_line(out, &totals->list[i], "", NULL, totals->list[i].count);
        else
            put_histogram(out, &totals->list[i]);
    }
}

void metrics_print(struct buf *out, struct metrics *const *loops, size_t count)
{
    struct totals totals = {.max = METRICS_SERIES};
    totals.list = calloc(totals.max, sizeof *totals.list);
    if (totals.list == NULL) {
        out->error = DEPUTY_E_NOMEM;
        return;
    }
    for (size_t i = 0; i < count; i++)
        totals_add(&totals, loops[i]);
    for (enum metric metric = 0; metric < METRIC_COUNT; metric++)
        put_metric(out, &totals, metric);
    free(totals.list);
}

static void put_number(struct buf *out, const char *name, const char *help, const char *kind, uint64_t value)
{
    put_head(out, name, help, kind);
    buf_put_text(out, name);
    buf_put_byte(out, ' ');
    buf_put_decimal(out, value);
    buf_put_byte(out, '\n');
}

void metrics_print_gauge(struct buf *out, const char *name, const char *help, uint64_t value)
{
    put_number(out, name, help, "gauge", value);
}

void metrics_print_counter(struct buf *out, const char *name, const char *help, uint64_t value)
{
    put_number(out, name, help, "counter", value);
}
