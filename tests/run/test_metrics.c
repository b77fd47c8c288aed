/* Metrics: sums over loops, buckets, text, and one writer beside a reader. */
#include "base/arena.h"
#include "run/metrics.h"
#include "support/check.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static struct deputy_arena *arena;

static int setup(void **state)
{
    (void)state;
    return deputy_arena_create(&arena, 64 * 1024 * 1024) != DEPUTY_OK;
}

static int teardown(void **state)
{
    (void)state;
    deputy_arena_destroy(arena);
    return 0;
}

static const char *printed(struct metrics *const *loops, size_t count)
{
    struct deputy_slice text;
    struct buf out = buf_make(arena, 4 * 1024 * 1024);
    metrics_print(&out, loops, count);
    buf_put_byte(&out, '\0');
    assert_ok(buf_finish(&out, &text));
    return (const char *)text.ptr;
}

static void assert_line(const char *text, const char *line)
{
    char whole[256];
    snprintf(whole, sizeof whole, "\n%s\n", line);
    if (strstr(text, whole) == NULL)
        fail_msg("no line %s in\n%s", line, text);
}

#define NONE ((struct metric_labels){.first = NULL})
#define HTTP(route, status) ((struct metric_labels){"GET", (route), (status)})

static void counters_of_all_loops_are_summed(void **state)
{
    (void)state;
    struct metrics *loops[3];
    for (size_t i = 0; i < 3; i++) {
        assert_ok(metrics_create(&loops[i]));
        for (size_t n = 0; n <= i; n++)
            metrics_count(loops[i], METRIC_REPLAY_INSERTED, NONE);
    }
    metrics_count(loops[1], METRIC_TIME_REJECTIONS, (struct metric_labels){.first = "expired"});
    const char *text = printed(loops, 3);
    assert_line(text, "tinycloud_replay_rows_inserted_total 6");
    assert_line(text, "tinycloud_invocation_time_rejections_total{kind=\"expired\"} 1");
    assert_line(text, "# TYPE tinycloud_replay_rows_conflicted_total counter");
    for (size_t i = 0; i < 3; i++)
        metrics_destroy(loops[i]);
}

static void an_observation_is_in_each_bucket_from_its_bound_on(void **state)
{
    (void)state;
    static const uint64_t micros[] = {0, 100, 101, 2500, 9999999, 10000000, 10000001, 60000000};
    struct metrics *loop;
    assert_ok(metrics_create(&loop));
    for (size_t i = 0; i < sizeof micros / sizeof micros[0]; i++)
        metrics_observe(loop, METRIC_HTTP_REQUEST, HTTP("/a/{b}", 200), micros[i]);
    const char *text = printed(&loop, 1);
#define SERIES "tinycloud_http_request_duration_seconds"
#define LABELS "method=\"GET\",route=\"/a/{b}\",status=\"200\""
    assert_line(text, SERIES "_bucket{" LABELS ",le=\"0.0001\"} 2");
    assert_line(text, SERIES "_bucket{" LABELS ",le=\"0.00025\"} 3");
    assert_line(text, SERIES "_bucket{" LABELS ",le=\"0.0025\"} 4");
    assert_line(text, SERIES "_bucket{" LABELS ",le=\"5\"} 4");
    assert_line(text, SERIES "_bucket{" LABELS ",le=\"10\"} 6");
    assert_line(text, SERIES "_bucket{" LABELS ",le=\"+Inf\"} 8");
    assert_line(text, SERIES "_count{" LABELS "} 8");
    assert_line(text, SERIES "_sum{" LABELS "} 90.002701");
    metrics_destroy(loop);
}

static void one_label_in_two_places_is_one_series(void **state)
{
    (void)state;
    static const char one[] = "/same", other[] = "/same";
    struct metrics *loop;
    assert_ok(metrics_create(&loop));
    metrics_observe(loop, METRIC_HTTP_REQUEST, HTTP(one, 200), 1);
    metrics_observe(loop, METRIC_HTTP_REQUEST, HTTP(other, 200), 1);
    metrics_observe(loop, METRIC_HTTP_REQUEST, HTTP(one, 404), 1);
    const char *text = printed(&loop, 1);
    assert_line(text, SERIES "_count{method=\"GET\",route=\"/same\",status=\"200\"} 2");
    assert_line(text, SERIES "_count{method=\"GET\",route=\"/same\",status=\"404\"} 1");
    metrics_destroy(loop);
}

static void series_are_bounded(void **state)
{
    (void)state;
    struct metrics *loop;
    size_t lines = 0;
    assert_ok(metrics_create(&loop));
    for (unsigned status = 0; status < 10000; status++)
        metrics_observe(loop, METRIC_HTTP_REQUEST, HTTP("/", status), 1);
    for (const char *at = printed(&loop, 1); (at = strstr(at, "_count{")) != NULL; at++)
        lines++;
    assert_int_equal(lines, 256);
    metrics_destroy(loop);
}

static void nothing_is_measured_without_metrics(void **state)
{
    (void)state;
    metrics_count(NULL, METRIC_REPLAY_INSERTED, NONE);
    metrics_observe(NULL, METRIC_HTTP_REQUEST, HTTP("/", 200), 1);
    metrics_destroy(NULL);
}

enum { ROUNDS = 200000 };

static void *write_many(void *ctx)
{
    for (unsigned i = 0; i < ROUNDS; i++)
        metrics_observe(ctx, METRIC_HTTP_REQUEST, HTTP("/", 200 + i % 7), i % 1000);
    return NULL;
}

/* Also what ThreadSanitizer looks at. */
static void a_reader_beside_the_writer_sees_numbers_that_only_grow(void **state)
{
    (void)state;
    pthread_t thread;
    struct metrics *loop;
    unsigned long before = 0;
    assert_ok(metrics_create(&loop));
    assert_int_equal(pthread_create(&thread, NULL, write_many, loop), 0);
    for (int i = 0; i < 50; i++) {
        const char *line = strstr(printed(&loop, 1), "_count{method=\"GET\",route=\"/\",status=\"203\"} ");
        unsigned long now = 0;
        if (line != NULL)
            assert_int_equal(sscanf(strchr(line, '}'), "} %lu", &now), 1);
        assert_true(now >= before && now <= ROUNDS);
        before = now;
        deputy_arena_reset(arena);
    }
    pthread_join(thread, NULL);
    assert_line(printed(&loop, 1), SERIES "_count{method=\"GET\",route=\"/\",status=\"200\"} 28572");
    metrics_destroy(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(counters_of_all_loops_are_summed),
            cmocka_unit_test(an_observation_is_in_each_bucket_from_its_bound_on),
            cmocka_unit_test(one_label_in_two_places_is_one_series),
            cmocka_unit_test(series_are_bounded),
            cmocka_unit_test(nothing_is_measured_without_metrics),
            cmocka_unit_test(a_reader_beside_the_writer_sees_numbers_that_only_grow),
    };
    return cmocka_run_group_tests_name("run.metrics", tests, setup, teardown);
}
