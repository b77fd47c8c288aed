/* What keeps one peer from taking everything: time, numbers, memory; and the end of a server. */
#include "http/serve.h"
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOST "Host: localhost\r\n"
#define GET_HELLO "GET /hello HTTP/1.1\r\n" HOST "\r\n"

static struct http_exchange *_Atomic held;

static enum http_flow answer_hello(struct http_exchange *x, void *app)
{
    (void)app;
    http_reply_text(x, 200, T("hello"));
    return HTTP_DONE;
}

static enum http_flow answer_peer(struct http_exchange *x, void *app)
{
    (void)app;
    http_reply_text(x, 200, http_peer(x));
    return HTTP_DONE;
}

static enum http_flow answer_held(struct http_exchange *x, void *app)
{
    (void)app;
    atomic_store(&held, x);
    return HTTP_LATER;
}

/* Larger than any socket buffer, in one piece. */
static enum http_flow answer_large(struct http_exchange *x, void *app)
{
    (void)app;
    http_reply(x, 200, NULL, deputy_slice_bytes(app, 64 * 1024 * 1024));
    return HTTP_DONE;
}

static const struct http_route routes[] = {
        {HTTP_METHOD_GET, "/hello", HTTP_BODY_NONE, 0, answer_hello},
        {HTTP_METHOD_POST, "/whole", HTTP_BODY_WHOLE, 200 * 1024, answer_hello},
        {HTTP_METHOD_GET, "/peer", HTTP_BODY_NONE, 0, answer_peer},
        {HTTP_METHOD_GET, "/held", HTTP_BODY_NONE, 0, answer_held},
        {HTTP_METHOD_GET, "/large", HTTP_BODY_NONE, 0, answer_large},
};

static void serve_limited(struct served *served, struct http_config config)
{
    static uint8_t large[64 * 1024 * 1024];
    serve(served, &config, routes, sizeof routes / sizeof routes[0], large);
}

static void a_head_that_takes_too_long_is_408(void **state)
{
    (void)state;
    struct served served;
    struct wire wire;
    serve_limited(&served, (struct http_config){.head_timeout_ms = 300});
    wire_open(&wire, served.port);
    wire_send_text(&wire, "GET /hello HTTP/1.1\r\n");
    for (int i = 0; i < 40 && wire_silent(&wire, 50); i++)
        wire_send_text(&wire, "A: b\r\n");
    struct wire_reply reply = wire_reply(&wire);
    assert_int_equal(reply.status, 408);
    assert_text(wire_header(&reply, "connection"), "close");
    assert_true(wire_ended(&wire));
    wire_close(&wire);
    served_end(&served);
}

static void a_connection_that_says_nothing_is_closed(void **state)
{
    (void)state;
    struct served served;
    struct wire fresh, used;
    serve_limited(&served, (struct http_config){.head_timeout_ms = 300, .idle_timeout_ms = 300});
    wire_open(&fresh, served.port);
    wire_open(&used, served.port);
    wire_send_text(&used, GET_HELLO);
    assert_int_equal(wire_reply(&used).status, 200);
    assert_true(wire_ended(&fresh));
    assert_true(wire_ended(&used));
    wire_close(&fresh);
    wire_close(&used);
    served_end(&served);
}

static void a_peer_that_takes_nothing_is_cut_off(void **state)
{
    (void)state;
    struct served served;
    struct wire wire;
    serve_limited(&served, (struct http_config){.write_timeout_ms = 600});
    wire_open(&wire, served.port);
    wire_send_text(&wire, "GET /large HTTP/1.1\r\n" HOST "\r\n");
    usleep(2500000);
    static uint8_t sink[1024 * 1024];
    size_t got = 0;
    for (ssize_t n; (n = recv(wire.fd, sink, sizeof sink, 0)) > 0;)
        got += (size_t)n;
    assert_true(got < 64 * 1024 * 1024);
    wire_close(&wire);
    served_end(&served);
}

static void connections_over_the_limit_are_503(void **state)
{
    enum { LIMIT = 8 };
    (void)state;
    struct served served;
    struct wire wires[LIMIT], more;
    serve_limited(&served, (struct http_config){.max_connections = LIMIT});
    for (int i = 0; i < LIMIT; i++) {
        wire_open(&wires[i], served.port);
        wire_send_text(&wires[i], GET_HELLO);
        assert_int_equal(wire_reply(&wires[i]).status, 200);
    }
    wire_open(&more, served.port);
    assert_int_equal(wire_reply(&more).status, 503);
    assert_true(wire_ended(&more));
    wire_close(&more);
    wire_close(&wires[0]);
    int status = 0;
    for (int i = 0; i < 100 && status != 200; i++) {
        usleep(10000);
        status = wire_status(served.port, T(GET_HELLO));
    }
    assert_int_equal(status, 200);
    for (int i = 1; i < LIMIT; i++)
        wire_close(&wires[i]);
    served_end(&served);
}

static void connections_of_one_address_over_the_limit_are_429(void **state)
{
    (void)state;
    struct served served;
    struct wire first, second, more;
    serve_limited(&served, (struct http_config){.max_per_peer = 2});
    wire_open(&first, served.port);
    wire_open(&second, served.port);
    wire_send_text(&first, GET_HELLO);
    wire_send_text(&second, "GET /peer HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(wire_reply(&first).status, 200);
    assert_text(wire_reply(&second).body, "127.0.0.1");
    wire_open(&more, served.port);
    assert_int_equal(wire_reply(&more).status, 429);
    wire_close(&more);
    wire_close(&first);
    wire_close(&second);
    served_end(&served);
}

static void large_heads_share_a_bounded_memory(void **state)
{
    (void)state;
    static char value[200 * 1024];
    struct served served;
    struct wire holder, more;
    memset(value, 'a', sizeof value);
    serve_limited(&served, (struct http_config){.max_head_memory = 300 * 1024});
    wire_open(&holder, served.port);
    wire_send_text(&holder, "GET /hello HTTP/1.1\r\n" HOST "Authorization: ");
    wire_send(&holder, deputy_slice_bytes(value, sizeof value));
    usleep(100000);
    wire_open(&more, served.port);
    wire_send_text(&more, "GET /hello HTTP/1.1\r\n" HOST "Authorization: ");
    wire_send(&more, deputy_slice_bytes(value, sizeof value));
    assert_int_equal(wire_reply(&more).status, 503);
    wire_close(&more);
    wire_send_text(&holder, "\r\n\r\n");
    assert_int_equal(wire_reply(&holder).status, 200);
    wire_close(&holder);
    usleep(50000);
    wire_open(&more, served.port);
    wire_send_text(&more, "GET /hello HTTP/1.1\r\n" HOST "Authorization: ");
    wire_send(&more, deputy_slice_bytes(value, sizeof value));
    wire_send_text(&more, "\r\n\r\n");
    assert_int_equal(wire_reply(&more).status, 200);
    wire_close(&more);
    served_end(&served);
}

static void bodies_read_whole_share_a_bounded_memory(void **state)
{
    (void)state;
    static char body[100 * 1024];
    struct served served;
    struct wire holder, more;
    serve_limited(&served, (struct http_config){.max_body_memory = 150 * 1024});
    wire_open(&holder, served.port);
    wire_open(&more, served.port);
    wire_send_text(&holder, "POST /whole HTTP/1.1\r\n" HOST "Content-Length: 102401\r\n\r\n");
    wire_send(&holder, deputy_slice_bytes(body, sizeof body));
    usleep(100000);
    wire_send_text(&more, "POST /whole HTTP/1.1\r\n" HOST "Content-Length: 102401\r\n\r\n");
    wire_send(&more, deputy_slice_bytes(body, sizeof body));
    assert_int_equal(wire_reply(&more).status, 503);
    wire_close(&more);
    for (int i = 0; i < 3; i++) {
        wire_send_text(&holder, "x");
        assert_int_equal(wire_reply(&holder).status, 200);
        wire_send_text(&holder, "POST /whole HTTP/1.1\r\n" HOST "Content-Length: 102401\r\n\r\n");
        wire_send(&holder, deputy_slice_bytes(body, sizeof body));
    }
    wire_close(&holder);
    served_end(&served);
}

static void many_connections_are_served_at_once(void **state)
{
    enum { MANY = 400 };
    (void)state;
    static struct wire wires[MANY];
    struct served served;
    serve_limited(&served, (struct http_config){0});
    for (int i = 0; i < MANY; i++)
        wire_open(&wires[i], served.port);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < MANY; i++)
            wire_send_text(&wires[i], GET_HELLO);
        for (int i = MANY; i-- > 0;)
            assert_int_equal(wire_reply(&wires[i]).status, 200);
    }
    for (int i = 0; i < MANY; i++)
        i % 2 == 0 ? wire_close(&wires[i]) : wire_reset(&wires[i]);
    served_end(&served);
}

/* ---- the end ---- */

static void reply_held(void *ctx)
{
    (void)ctx;
    http_reply_text(atomic_load(&held), 200, T("held"));
}

static void a_server_that_ends_answers_what_runs(void **state)
{
    (void)state;
    struct served served;
    struct wire idle, busy;
    static struct loop_task task = {.run = reply_held};
    serve_limited(&served, (struct http_config){0});
    atomic_store(&held, NULL);
    wire_open(&idle, served.port);
    wire_send_text(&idle, GET_HELLO);
    assert_int_equal(wire_reply(&idle).status, 200);
    wire_open(&busy, served.port);
    wire_send_text(&busy, "GET /held HTTP/1.1\r\n" HOST "\r\n");
    while (atomic_load(&held) == NULL)
        usleep(1000);
    served_stop(&served);
    assert_true(wire_ended(&idle));
    loop_post(served.loop, &task);
    struct wire_reply reply = wire_reply(&busy);
    assert_text(reply.body, "held");
    assert_text(wire_header(&reply, "connection"), "close");
    wire_close(&idle);
    wire_close(&busy);
    served_join(&served);
}

static void a_server_that_ends_cuts_off_what_lasts_too_long(void **state)
{
    (void)state;
    struct served served;
    struct wire slow, large;
    serve_limited(&served, (struct http_config){0});
    served.grace_ms = 300;
    wire_open(&slow, served.port);
    wire_send_text(&slow, "GET /hello HTTP/1.1\r\n");
    wire_open(&large, served.port);
    wire_send_text(&large, "GET /large HTTP/1.1\r\n" HOST "\r\n");
    usleep(50000);
    served_end(&served);
    assert_true(wire_ended(&slow));
    wire_close(&slow);
    wire_close(&large);
}

static void a_trace_header_that_is_no_name_is_refused(void **state)
{
    (void)state;
    struct loop *loop;
    struct http_server *server;
    assert_ok(loop_create(&loop));
    const struct http_config config = {.trace_header = "X: y\r\nSet-Cookie"};
    assert_int_equal(http_server_create(&server, loop, &config, routes, 1, NULL), DEPUTY_E_ARGUMENT);
    loop_destroy(loop);
}

static void two_servers_share_a_port(void **state)
{
    (void)state;
    struct served first, second;
    const char *reason;
    uint16_t port;
    struct http_config config = {0};
    serve_limited(&first, config);
    assert_ok(loop_create(&second.loop));
    assert_ok(http_server_create(&second.server, second.loop, &config, routes, 1, NULL));
    assert_ok(http_server_listen(second.server, "127.0.0.1", first.port, &port, &reason));
    assert_int_equal(port, first.port);
    assert_int_equal(http_server_listen(second.server, "localhost", 0, &port, &reason), DEPUTY_E_LISTEN);
    assert_string_equal(reason, "not an IP address");
    assert_int_equal(http_server_listen(second.server, "192.0.2.1", 0, &port, &reason), DEPUTY_E_LISTEN);
    assert_non_null(reason);
    http_server_destroy(second.server);
    loop_destroy(second.loop);
    assert_int_equal(wire_status(first.port, T(GET_HELLO)), 200);
    served_end(&first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_head_that_takes_too_long_is_408),
            cmocka_unit_test(a_connection_that_says_nothing_is_closed),
            cmocka_unit_test(a_peer_that_takes_nothing_is_cut_off),
            cmocka_unit_test(connections_over_the_limit_are_503),
            cmocka_unit_test(connections_of_one_address_over_the_limit_are_429),
            cmocka_unit_test(large_heads_share_a_bounded_memory),
            cmocka_unit_test(bodies_read_whole_share_a_bounded_memory),
            cmocka_unit_test(many_connections_are_served_at_once),
            cmocka_unit_test(a_server_that_ends_answers_what_runs),
            cmocka_unit_test(a_server_that_ends_cuts_off_what_lasts_too_long),
            cmocka_unit_test(a_trace_header_that_is_no_name_is_refused),
            cmocka_unit_test(two_servers_share_a_port),
    };
    return cmocka_run_group_tests_name("http.limits", tests, NULL, NULL);
}
