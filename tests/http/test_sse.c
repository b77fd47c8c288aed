/* Streams of events: what a reader gets, and what one that does not read is told. */
#include "http/serve.h"
#include "http/sse.h"
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PART = 64 * 1024, MANY = 1000 };

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"

static atomic_int overs;
static atomic_int floods; /* that all has been said of */
static _Atomic(struct sse *) open_stream;

static void on_over(void *ctx)
{
    (void)ctx;
    atomic_fetch_add(&overs, 1);
}

static struct sse *begin(struct http_exchange *x, size_t max_events)
{
    struct sse *sse = NULL;
    const struct sse_config config = {
            .max_events = max_events, .max_bytes = 8 * PART, .heartbeat_ms = 50, .over = on_over};
    assert_ok(sse_begin(&sse, x, &config));
    return sse;
}

static enum http_flow answer_two(struct http_exchange *x, void *app)
{
    (void)app;
    struct sse *sse = begin(x, 10);
    sse_send(sse, T("data:one\n\n"));
    sse_send(sse, T("data:two\n\n"));
    sse_finish(sse, T("event:end\ndata:bye\n\n"));
    return HTTP_LATER;
}

/* Far more at once than any socket takes. */
static enum http_flow answer_flood(struct http_exchange *x, void *app)
{
    static char event[PART];
    (void)app;
    memset(event, 'e', sizeof event);
    memcpy(event + sizeof event - 2, "\n\n", 2);
    struct sse *sse = begin(x, 4);
    int before = atomic_load(&overs);
    for (int i = 0; i < MANY && atomic_load(&overs) == before; i++)
        sse_send(sse, deputy_slice_bytes(event, sizeof event));
    atomic_fetch_add(&floods, 1);
    return HTTP_LATER;
}

static enum http_flow answer_quiet(struct http_exchange *x, void *app)
{
    (void)app;
    atomic_store(&open_stream, begin(x, 4));
    return HTTP_LATER;
}

static const struct http_route routes[] = {
        {HTTP_METHOD_GET, "/two", HTTP_BODY_NONE, 0, answer_two},
        {HTTP_METHOD_GET, "/flood", HTTP_BODY_NONE, 0, answer_flood},
        {HTTP_METHOD_GET, "/quiet", HTTP_BODY_NONE, 0, answer_quiet},
};

static int setup(void **state)
{
    static struct served served;
    const struct http_config config = {.write_timeout_ms = 1000};
    atomic_store(&overs, 0);
    atomic_store(&floods, 0);
    serve(&served, &config, routes, sizeof routes / sizeof routes[0], NULL);
    *state = &served;
    return 0;
}

static int teardown(void **state)
{
    served_end(*state);
    return 0;
}

static void wait_for(const atomic_int *counted, int count)
{
    for (int i = 0; i < 500 && atomic_load(counted) < count; i++)
        usleep(10000);
    assert_int_equal(atomic_load(counted), count);
}

static void wait_over(int count)
{
    wait_for(&overs, count);
}

static void events_come_in_order_and_the_last_one_ends_the_answer(void **state)
{
    struct wire wire;
    wire_open(&wire, ((struct served *)*state)->port);
    wire_send_text(&wire, GET("/two"));
    struct wire_reply reply = wire_reply(&wire);
    assert_int_equal(reply.status, 200);
    assert_text(wire_header(&reply, "content-type"), "text/event-stream");
    assert_text(wire_header(&reply, "cache-control"), "no-cache");
    assert_text(reply.body, "data:one\n\ndata:two\n\nevent:end\ndata:bye\n\n");
    wait_over(1);
    wire_send_text(&wire, GET("/two"));
    assert_int_equal(wire_reply(&wire).status, 200);
    wire_close(&wire);
}

static void slow_reader_is_told_what_happened_and_loses_its_stream(void **state)
{
    static const char last[] = "event:overflow\ndata:{\"type\":\"overflow\"}\n\n";
    struct wire wire;
    wire_open(&wire, ((struct served *)*state)->port);
    wire_send_text(&wire, GET("/flood"));
    wait_for(&floods, 1); /* a reader that begins before keeps up with it */
    struct wire_reply reply = wire_reply(&wire);
    assert_int_equal(reply.status, 200);
    assert_true(reply.body.len > sizeof last && reply.body.len < (size_t)MANY * PART);
    assert_slice(deputy_slice_bytes(reply.body.ptr + reply.body.len - (sizeof last - 1), sizeof last - 1),
            T(last));
    wait_over(1);
    wire_close(&wire);
}

static void reader_that_never_reads_is_cut_off(void **state)
{
    struct wire wire;
    wire_open(&wire, ((struct served *)*state)->port);
    wire_send_text(&wire, GET("/flood"));
    wait_over(1);
    wire_close(&wire);
}

static void quiet_stream_beats_and_notices_that_its_reader_left(void **state)
{
    struct wire wire;
    uint8_t bytes[4096];
    wire_open(&wire, ((struct served *)*state)->port);
    wire_send_text(&wire, GET("/quiet"));
    ssize_t got = 0, beats = 0;
    while (beats < 3 && (got = read(wire.fd, bytes, sizeof bytes)) > 0)
        beats += memchr(bytes, ':', (size_t)got) != NULL;
    assert_true(got > 0);
    wire_reset(&wire);
    wait_over(1);
    wire_open(&wire, ((struct served *)*state)->port);
    wire_send_text(&wire, GET("/quiet"));
    assert_false(wire_silent(&wire, 1000));
    assert_int_equal(shutdown(wire.fd, SHUT_WR), 0);
    wait_over(2);
    wire_close(&wire);
}

static void draining_server_ends_its_streams(void **state)
{
    struct served *served = *state;
    struct wire wire;
    served->grace_ms = 100;
    wire_open(&wire, served->port);
    wire_send_text(&wire, GET("/quiet"));
    assert_false(wire_silent(&wire, 1000));
    served_stop(served);
    wait_over(1);
    wire_close(&wire);
    served_join(served);
}

#define SSE_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
            SSE_TEST(events_come_in_order_and_the_last_one_ends_the_answer),
            SSE_TEST(slow_reader_is_told_what_happened_and_loses_its_stream),
            SSE_TEST(reader_that_never_reads_is_cut_off),
            SSE_TEST(quiet_stream_beats_and_notices_that_its_reader_left),
            cmocka_unit_test_setup(draining_server_ends_its_streams, setup),
    };
    return cmocka_run_group_tests_name("http.sse", tests, NULL, NULL);
}
