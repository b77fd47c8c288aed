/* Bodies in parts, both ways: who reads when, what a lost peer leaves behind. */
#include "base/arena.h"
#include "http/serve.h"
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BIG = 64 * 1024 * 1024, PART = 64 * 1024 };

static atomic_ulong received;
static atomic_int ends, failures, closes, drains, gone;
static _Atomic(struct http_exchange *) held;
static atomic_bool hold;

/* ---- an upload that adds up what it gets ---- */

struct upload {
    uint64_t sum;
};

static enum http_read upload_on_chunk(struct http_exchange *x, void *ctx, struct deputy_slice part)
{
    struct upload *upload = ctx;
    for (size_t i = 0; i < part.len; i++)
        upload->sum = upload->sum * 31 + part.ptr[i];
    atomic_fetch_add(&received, part.len);
    if (!atomic_load(&hold))
        return HTTP_READ_ON;
    atomic_store(&held, x);
    return HTTP_READ_PAUSE;
}

static void upload_on_end(struct http_exchange *x, void *ctx, enum deputy_error result)
{
    struct upload *upload = ctx;
    if (result != DEPUTY_OK) {
        atomic_fetch_add(&failures, 1);
        return;
    }
    char text[32];
    snprintf(text, sizeof text, "%llx", (unsigned long long)upload->sum);
    struct deputy_slice copy;
    assert_ok(arena_copy(http_arena(x), &copy, deputy_slice_text(text)));
    atomic_fetch_add(&ends, 1);
    http_reply_text(x, 200, copy);
}

static enum http_flow answer_upload(struct http_exchange *x, void *app)
{
    (void)app;
    struct upload *upload = ARENA_NEW(http_arena(x), struct upload);
    http_body_stream(x, upload_on_chunk, upload_on_end, upload);
    return HTTP_LATER;
}

static enum http_read refuse_on_chunk(struct http_exchange *x, void *ctx, struct deputy_slice part)
{
    (void)ctx;
    (void)part;
    http_reply_error(x, 413);
    return HTTP_READ_ON;
}

static enum http_flow answer_refused_midway(struct http_exchange *x, void *app)
{
    (void)app;
    http_body_stream(x, refuse_on_chunk, upload_on_end, NULL);
    return HTTP_LATER;
}

/* ---- a download of BIG bytes in parts ---- */

struct download {
    size_t left;
    uint8_t part[PART];
};

static void download_go_on(struct http_exchange *x, void *ctx)
{
    struct download *download = ctx;
    while (download->left > 0) {
        download->left -= PART;
        enum http_write result = http_reply_write(x, deputy_slice_bytes(download->part, PART));
        if (result == HTTP_WRITE_WAIT) {
            atomic_fetch_add(&drains, 1);
            return;
        }
        if (result == HTTP_WRITE_GONE) {
            atomic_fetch_add(&gone, 1);
            break;
        }
    }
    http_reply_end(x);
}

static void download_on_close(struct http_exchange *x, void *ctx)
{
    (void)x;
    (void)ctx;
    atomic_fetch_add(&closes, 1);
}

static enum http_flow answer_download(struct http_exchange *x, void *app)
{
    (void)app;
    struct download *download = ARENA_NEW(http_arena(x), struct download);
    memset(download->part, 'd', sizeof download->part);
    download->left = BIG;
    http_reply_begin(x, 200);
    if (deputy_slice_present(http_query(x, "length")))
        http_reply_length(x, BIG);
    http_on_close(x, download_on_close, NULL);
    http_reply_on_drain(x, download_go_on, download);
    download_go_on(x, download);
    return HTTP_LATER;
}

static void drain_never(struct http_exchange *x, void *ctx)
{
    (void)x;
    (void)ctx;
    atomic_fetch_add(&drains, 1);
}

/* One part, which goes out at once, and then a long thought. */
static enum http_flow answer_thinking(struct http_exchange *x, void *app)
{
    (void)app;
    http_reply_begin(x, 200);
    http_on_close(x, download_on_close, NULL);
    http_reply_on_drain(x, drain_never, NULL);
    http_reply_write(x, T("part"));
    atomic_store(&held, x);
    return HTTP_LATER;
}

static enum http_flow answer_short(struct http_exchange *x, void *app)
{
    (void)app;
    http_reply_begin(x, 200);
    http_reply_length(x, 10);
    http_reply_write(x, T("short"));
    http_reply_end(x);
    return HTTP_DONE;
}

/* ---- an answer that comes from elsewhere ---- */

static enum http_flow answer_held(struct http_exchange *x, void *app)
{
    (void)app;
    http_on_close(x, download_on_close, NULL);
    atomic_store(&held, x);
    return HTTP_LATER;
}

static void offloaded_work(void *ctx)
{
    usleep(1000);
    atomic_fetch_add(&received, 1);
    (void)ctx;
}

static void offloaded_then(void *ctx)
{
    http_reply_text(ctx, 200, T("worked"));
}

static enum http_flow answer_offloaded(struct http_exchange *x, void *app)
{
    (void)app;
    http_offload(x, offloaded_work, offloaded_then, x);
    return HTTP_LATER;
}

static const struct http_route routes[] = {
        {HTTP_METHOD_PUT, "/upload", HTTP_BODY_STREAM, 0, answer_upload},
        {HTTP_METHOD_PUT, "/refused", HTTP_BODY_STREAM, 0, answer_refused_midway},
        {HTTP_METHOD_GET, "/download", HTTP_BODY_NONE, 0, answer_download},
        {HTTP_METHOD_GET, "/thinking", HTTP_BODY_NONE, 0, answer_thinking},
        {HTTP_METHOD_GET, "/short", HTTP_BODY_NONE, 0, answer_short},
        {HTTP_METHOD_GET, "/held", HTTP_BODY_NONE, 0, answer_held},
        {HTTP_METHOD_PUT, "/unread", HTTP_BODY_STREAM, 0, answer_held},
        {HTTP_METHOD_GET, "/offloaded", HTTP_BODY_NONE, 0, answer_offloaded},
};

static int setup(void **state)
{
    static struct served served;
    static const struct http_config config = {.body_grace_ms = 1000};
    serve(&served, &config, routes, sizeof routes / sizeof routes[0], NULL);
    *state = &served;
    return 0;
}

static int teardown(void **state)
{
    served_end(*state);
    return 0;
}

static int reset(void **state)
{
    (void)state;
    atomic_store(&received, 0);
    atomic_store(&ends, 0);
    atomic_store(&failures, 0);
    atomic_store(&closes, 0);
    atomic_store(&drains, 0);
    atomic_store(&gone, 0);
    atomic_store(&held, NULL);
    atomic_store(&hold, false);
    return 0;
}

static struct wire connected(void **state)
{
    struct wire wire;
    wire_open(&wire, ((struct served *)*state)->port);
    return wire;
}

#define HOST "Host: localhost\r\n"

/* Waits up to five seconds for a counter. */
#define wait_for(condition)                                                                                  \
    do {                                                                                                     \
        for (int waited = 0; !(condition) && waited < 5000; waited++)                                        \
            usleep(1000);                                                                                    \
        assert_true(condition);                                                                              \
    } while (0)

static void on_loop(struct served *served, void (*run)(void *ctx), void *ctx)
{
    static struct loop_task task;
    task = (struct loop_task){.run = run, .ctx = ctx};
    loop_post(served->loop, &task);
}

static void resume(void *ctx)
{
    http_body_resume(ctx);
}

static void reply_from_elsewhere(void *ctx)
{
    http_reply_text(ctx, 200, T("later"));
}

/* s_client passes neither a reset nor half of an end nor a full buffer on: those are tested end to end. */
static void needs_the_socket_itself(void)
{
    if (wire_is_secure())
        skip();
}

static void an_upload_arrives_whole_and_in_order(void **state)
{
    static uint8_t part[100000];
    uint64_t sum = 0;
    struct wire wire = connected(state);
    wire_send_text(&wire, "PUT /upload HTTP/1.1\r\n" HOST "Content-Length: 5000000\r\n\r\n");
    for (int i = 0; i < 50; i++) {
        for (size_t at = 0; at < sizeof part; at++) {
            part[at] = (uint8_t)((size_t)i * 7 + at * 13);
            sum = sum * 31 + part[at];
        }
        wire_send(&wire, deputy_slice_bytes(part, sizeof part));
    }
    char expected[32];
    snprintf(expected, sizeof expected, "%llx", (unsigned long long)sum);
    assert_text(wire_reply(&wire).body, expected);
    wire_send_text(&wire, "PUT /upload HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n186a0\r\n");
    wire_send(&wire, deputy_slice_bytes(part, sizeof part));
    wire_send_text(&wire, "\r\n0\r\n\r\n");
    assert_int_equal(wire_reply(&wire).status, 200);
    wire_close(&wire);
}

/* A paused upload reads at most what is in flight; the peer's writes stall until it is resumed. */
static void a_paused_upload_is_not_read(void **state)
{
    static uint8_t part[PART];
    struct wire wire = connected(state);
    atomic_store(&hold, true);
    wire_send_text(&wire, "PUT /upload HTTP/1.1\r\n" HOST "Content-Length: 131072\r\n\r\n");
    wire_send(&wire, deputy_slice_bytes(part, PART));
    wait_for(atomic_load(&held) != NULL);
    unsigned long before = atomic_load(&received);
    wire_send(&wire, deputy_slice_bytes(part, PART));
    usleep(50000);
    assert_int_equal(atomic_load(&received), before);
    /* Longer than the grace for slow bodies: the peer must not be blamed for our pause. */
    usleep(1700000);
    assert_int_equal(atomic_load(&failures), 0);
    atomic_store(&hold, false);
    on_loop(*state, resume, atomic_load(&held));
    assert_int_equal(wire_reply(&wire).status, 200);
    assert_int_equal(atomic_load(&received), 2 * PART);
    wire_close(&wire);
}

static void nothing_is_read_before_the_handler_asks(void **state)
{
    needs_the_socket_itself();
    static uint8_t part[PART];
    struct wire wire = connected(state);
    wire_send_text(&wire, "PUT /unread HTTP/1.1\r\n" HOST "Content-Length: 100000000\r\n\r\n");
    wait_for(atomic_load(&held) != NULL);
    struct timeval patience = {0, 300000};
    setsockopt(wire.fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    size_t sent = 0;
    for (ssize_t n; sent < 100000000 && (n = send(wire.fd, part, PART, MSG_NOSIGNAL)) > 0;)
        sent += (size_t)n;
    assert_true(sent < 50000000); /* what the two socket buffers hold */
    on_loop(*state, reply_from_elsewhere, atomic_load(&held));
    struct wire_reply reply = wire_reply(&wire);
    assert_int_equal(reply.status, 200);
    assert_text(wire_header(&reply, "connection"), "close");
    wire_close(&wire);
}

static void an_upload_cut_off_is_told_as_failure(void **state)
{
    needs_the_socket_itself();
    struct wire wire = connected(state);
    wire_send_text(&wire, "PUT /upload HTTP/1.1\r\n" HOST "Content-Length: 100\r\n\r\nabc");
    wait_for(atomic_load(&received) == 3);
    shutdown(wire.fd, SHUT_WR);
    assert_int_equal(wire_reply(&wire).status, 400);
    assert_true(wire_ended(&wire));
    wire_close(&wire);

    wire = connected(state);
    wire_send_text(&wire, "PUT /upload HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    wait_for(atomic_load(&received) == 6);
    wire_reset(&wire);
    wait_for(atomic_load(&failures) == 2);

    wire = connected(state);
    wire_send_text(&wire, "PUT /upload HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nx");
    assert_int_equal(wire_reply(&wire).status, 400);
    wire_close(&wire);
    assert_int_equal(atomic_load(&failures), 3);
    assert_int_equal(atomic_load(&ends), 0);
}

static void an_upload_that_dribbles_is_cut_off(void **state)
{
    struct wire wire = connected(state);
    wire_send_text(&wire, "PUT /upload HTTP/1.1\r\n" HOST "Content-Length: 100000\r\n\r\n");
    for (int i = 0; i < 100 && wire_silent(&wire, 20); i++)
        wire_send_text(&wire, "a");
    assert_int_equal(wire_reply(&wire).status, 408);
    assert_true(wire_ended(&wire));
    assert_int_equal(atomic_load(&failures), 1);
    wire_close(&wire);
}

static void a_handler_may_refuse_midway(void **state)
{
    struct wire wire = connected(state);
    wire_send_text(&wire, "PUT /refused HTTP/1.1\r\n" HOST "Content-Length: 10000000\r\n\r\nabc");
    struct wire_reply reply = wire_reply(&wire);
    assert_int_equal(reply.status, 413);
    assert_text(wire_header(&reply, "connection"), "close");
    wire_close(&wire);
    assert_int_equal(atomic_load(&failures), 0);
}

static void a_download_waits_for_a_slow_reader(void **state)
{
    needs_the_socket_itself();
    static const char *const requests[] = {"GET /download HTTP/1.1\r\n" HOST "\r\n",
            "GET /download?length HTTP/1.1\r\n" HOST "\r\n", "GET /download HTTP/1.0\r\n\r\n"};
    for (size_t i = 0; i < 3; i++) {
        struct wire wire = connected(state);
        wire_send_text(&wire, requests[i]);
        wait_for(atomic_load(&drains) > (int)i);
        static uint8_t sink[1024 * 1024];
        size_t got = 0;
        ssize_t n;
        shutdown(wire.fd, SHUT_WR);
        while ((n = recv(wire.fd, sink, sizeof sink, 0)) > 0) {
            for (ssize_t at = 0; at < n; at++)
                got += sink[at] == 'd';
        }
        assert_int_equal(n, 0);
        assert_true(got >= BIG && got < BIG + 100000);
        wire_close(&wire);
    }
    assert_int_equal(atomic_load(&gone), 0);
}

static void a_head_of_a_streamed_answer_has_no_body(void **state)
{
    struct wire wire = connected(state);
    wire_send_text(
            &wire, "HEAD /download?length HTTP/1.1\r\n" HOST "\r\nGET /offloaded HTTP/1.1\r\n" HOST "\r\n");
    struct wire_reply reply = wire_reply_head(&wire);
    assert_text(wire_header(&reply, "content-length"), "67108864");
    assert_text(wire_reply(&wire).body, "worked");
    wire_close(&wire);
}

static void a_peer_that_leaves_ends_a_download(void **state)
{
    struct wire wire = connected(state);
    wire_send_text(&wire, "GET /download HTTP/1.1\r\n" HOST "\r\n");
    wait_for(atomic_load(&drains) > 0);
    wire_reset(&wire);
    wait_for(atomic_load(&gone) == 1);
    assert_true(atomic_load(&closes) <= 1); /* none when the write itself found out */
}

static void end_from_elsewhere(void *ctx)
{
    if (http_reply_write(ctx, T("more")) == HTTP_WRITE_GONE)
        atomic_fetch_add(&gone, 1);
    http_reply_end(ctx);
}

static void a_lost_peer_calls_for_no_more_parts_than_were_waited_for(void **state)
{
    needs_the_socket_itself();
    struct wire wire = connected(state);
    wire_send_text(&wire, "GET /thinking HTTP/1.1\r\n" HOST "\r\n");
    wait_for(atomic_load(&held) != NULL);
    wire_reset(&wire);
    wait_for(atomic_load(&closes) == 1);
    assert_int_equal(atomic_load(&drains), 0);
    on_loop(*state, end_from_elsewhere, atomic_load(&held));
    wait_for(atomic_load(&gone) == 1);
}

static void an_answer_shorter_than_it_said_breaks_the_connection(void **state)
{
    struct wire wire = connected(state);
    wire_send_text(&wire, "GET /short HTTP/1.1\r\n" HOST "\r\n");
    char text[1024];
    ssize_t n;
    size_t got = 0;
    while ((n = recv(wire.fd, text + got, sizeof text - 1 - got, 0)) > 0)
        got += (size_t)n;
    text[got] = '\0';
    assert_non_null(strstr(text, "Content-Length: 10\r\n"));
    assert_non_null(strstr(text, "\r\n\r\nshort"));
    wire_close(&wire);
}

static void an_exchange_may_be_answered_later_and_requests_wait_behind_it(void **state)
{
    struct wire wire = connected(state);
    wire_send_text(&wire, "GET /held HTTP/1.1\r\n" HOST "\r\nGET /offloaded HTTP/1.1\r\n" HOST "\r\n");
    wait_for(atomic_load(&held) != NULL);
    assert_true(wire_silent(&wire, 50));
    on_loop(*state, reply_from_elsewhere, atomic_load(&held));
    assert_text(wire_reply(&wire).body, "later");
    assert_text(wire_reply(&wire).body, "worked");
    wire_close(&wire);
}

static void a_held_exchange_outlives_its_peer(void **state)
{
    needs_the_socket_itself();
    struct wire wire = connected(state);
    wire_send_text(&wire, "GET /held HTTP/1.1\r\n" HOST "\r\n");
    wait_for(atomic_load(&held) != NULL);
    wire_reset(&wire);
    wait_for(atomic_load(&closes) == 1);
    usleep(20000);
    on_loop(*state, reply_from_elsewhere, atomic_load(&held));
    wire = connected(state);
    wire_send_text(&wire, "GET /offloaded HTTP/1.1\r\n" HOST "\r\n");
    assert_text(wire_reply(&wire).body, "worked");
    wire_close(&wire);
}

static void a_peer_that_only_shut_its_side_gets_its_answer(void **state)
{
    needs_the_socket_itself();
    struct wire wire = connected(state);
    wire_send_text(&wire, "GET /held HTTP/1.1\r\n" HOST "\r\n");
    wait_for(atomic_load(&held) != NULL);
    shutdown(wire.fd, SHUT_WR);
    usleep(20000);
    assert_int_equal(atomic_load(&closes), 0);
    on_loop(*state, reply_from_elsewhere, atomic_load(&held));
    assert_text(wire_reply(&wire).body, "later");
    assert_true(wire_ended(&wire));
    wire_close(&wire);
}

#define STREAM_TEST(function) cmocka_unit_test_setup(function, reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
            STREAM_TEST(an_upload_arrives_whole_and_in_order),
            STREAM_TEST(a_paused_upload_is_not_read),
            STREAM_TEST(nothing_is_read_before_the_handler_asks),
            STREAM_TEST(an_upload_cut_off_is_told_as_failure),
            STREAM_TEST(an_upload_that_dribbles_is_cut_off),
            STREAM_TEST(a_handler_may_refuse_midway),
            STREAM_TEST(a_download_waits_for_a_slow_reader),
            STREAM_TEST(a_head_of_a_streamed_answer_has_no_body),
            STREAM_TEST(a_peer_that_leaves_ends_a_download),
            STREAM_TEST(a_lost_peer_calls_for_no_more_parts_than_were_waited_for),
            STREAM_TEST(an_answer_shorter_than_it_said_breaks_the_connection),
            STREAM_TEST(an_exchange_may_be_answered_later_and_requests_wait_behind_it),
            STREAM_TEST(a_held_exchange_outlives_its_peer),
            STREAM_TEST(a_peer_that_only_shut_its_side_gets_its_answer),
    };
    return cmocka_run_group_tests_name("http.stream", tests, setup, teardown);
}
