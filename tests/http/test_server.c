/* What a client sees of a server that works: routes, answers, connections that are kept. */
#include "base/arena.h"
#include "http/serve.h"
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>

static enum http_flow answer_hello(struct http_exchange *x, void *app)
{
    (void)app;
    http_reply_text(x, 200, T("hello"));
    return HTTP_DONE;
}

static enum http_flow answer_space(struct http_exchange *x, void *app)
{
    (void)app;
    http_reply_text(x, 200, http_param(x, "space"));
    return HTTP_DONE;
}

static enum http_flow answer_query(struct http_exchange *x, void *app)
{
    (void)app;
    struct deputy_slice value = http_query(x, "q");
    if (!deputy_slice_present(value))
        http_reply_error(x, 422);
    else
        http_reply_text(x, 200, value);
    return HTTP_DONE;
}

static enum http_flow answer_echo(struct http_exchange *x, void *app)
{
    (void)app;
    http_reply(x, 200, NULL, http_body(x));
    return HTTP_DONE;
}

static enum http_flow answer_authorization_length(struct http_exchange *x, void *app)
{
    (void)app;
    char text[32];
    snprintf(text, sizeof text, "%zu", http_header(x, "AUTHORIZATION").len);
    struct deputy_slice copy;
    assert_ok(arena_copy(http_arena(x), &copy, deputy_slice_text(text)));
    http_reply_text(x, 200, copy);
    return HTTP_DONE;
}

static enum http_flow answer_headers(struct http_exchange *x, void *app)
{
    (void)app;
    bool ok = http_reply_header(x, "ETag", T("\"1\""));
    bool split = http_reply_header(x, "X-Evil", T("a\r\nSet-Cookie: b"));
    bool named = http_reply_header(x, "X Evil", T("a"));
    bool length = http_reply_header(x, "content-length", T("7"));
    bool coding = http_reply_header(x, "Transfer-Encoding", T("chunked"));
    bool origin = http_reply_header(x, "access-control-allow-origin", T("https://evil.example"));
    http_reply(x, ok && !split && !named && !length && !coding && !origin ? 200 : 500, NULL, T(""));
    return HTTP_DONE;
}

/* Changes its mind after the head is out. */
static enum http_flow answer_twice(struct http_exchange *x, void *app)
{
    (void)app;
    http_reply_begin(x, 200);
    http_reply_write(x, T("first"));
    http_reply_error(x, 500);
    return HTTP_DONE;
}

static enum http_flow answer_not_modified(struct http_exchange *x, void *app)
{
    (void)app;
    http_reply(x, 304, NULL, T(""));
    return HTTP_DONE;
}

static enum http_flow answer_nothing(struct http_exchange *x, void *app)
{
    (void)x;
    (void)app;
    return HTTP_DONE;
}

static enum http_flow answer_after_authorization(struct http_exchange *x, void *app)
{
    if (deputy_slice_present(http_header(x, "authorization")))
        http_body_collect(x, 64, answer_echo, app);
    else
        http_reply_error(x, 401);
    return HTTP_LATER;
}

static const struct http_route routes[] = {
        {HTTP_METHOD_GET, "/hello", HTTP_BODY_NONE, 0, answer_hello},
        {HTTP_METHOD_GET, "/peer/generate/{space...}", HTTP_BODY_NONE, 0, answer_space},
        {HTTP_METHOD_GET, "/query", HTTP_BODY_NONE, 0, answer_query},
        {HTTP_METHOD_GET, "/headers", HTTP_BODY_NONE, 0, answer_headers},
        {HTTP_METHOD_GET, "/twice", HTTP_BODY_NONE, 0, answer_twice},
        {HTTP_METHOD_GET, "/not-modified", HTTP_BODY_NONE, 0, answer_not_modified},
        {HTTP_METHOD_GET, "/nothing", HTTP_BODY_NONE, 0, answer_nothing},
        {HTTP_METHOD_GET, "/authorization", HTTP_BODY_NONE, 0, answer_authorization_length},
        {HTTP_METHOD_POST, "/hello", HTTP_BODY_NONE, 0, answer_hello},
        {HTTP_METHOD_POST, "/echo", HTTP_BODY_WHOLE, 300000, answer_echo},
        {HTTP_METHOD_PUT, "/guarded", HTTP_BODY_STREAM, 0, answer_after_authorization},
};

static int setup(void **state)
{
    static struct served served;
    static const struct http_config config = {
            .cors = true, .trace_header = "TinyCloud-Trace-Id", .cors_expose = "ETag"};
    serve(&served, &config, routes, sizeof routes / sizeof routes[0], NULL);
    *state = &served;
    return 0;
}

static int teardown(void **state)
{
    served_end(*state);
    return 0;
}

static struct wire connected(void **state)
{
    struct wire wire;
    wire_open(&wire, ((struct served *)*state)->port);
    return wire;
}

#define HOST "Host: localhost:8000\r\n"

static void a_route_is_answered_and_the_connection_kept(void **state)
{
    struct wire wire = connected(state);
    for (int i = 0; i < 3; i++) {
        wire_send_text(&wire, "GET /hello HTTP/1.1\r\n" HOST "\r\n");
        struct wire_reply reply = wire_reply(&wire);
        assert_int_equal(reply.status, 200);
        assert_text(reply.body, "hello");
        assert_text(wire_header(&reply, "Content-Length"), "5");
        assert_text(wire_header(&reply, "content-type"), "text/plain; charset=utf-8");
        assert_false(deputy_slice_present(wire_header(&reply, "connection")));
        assert_int_equal(wire_header(&reply, "date").len, strlen("Thu, 01 Jan 1970 00:00:00 GMT"));
    }
    wire_close(&wire);
}

static void every_answer_carries_the_fixed_headers(void **state)
{
    static const char *const requests[] = {"GET /hello HTTP/1.1\r\n" HOST "\r\n",
            "GET /no HTTP/1.1\r\n" HOST "\r\n", "GET /hello HTTP/1.1\r\n\r\n"};
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        struct wire wire = connected(state);
        wire_send_text(&wire, requests[i]);
        struct wire_reply reply = wire_reply(&wire);
        assert_text(wire_header(&reply, "X-Content-Type-Options"), "nosniff");
        assert_text(wire_header(&reply, "X-Frame-Options"), "SAMEORIGIN");
        assert_text(wire_header(&reply, "Permissions-Policy"), "interest-cohort=()");
        assert_text(wire_header(&reply, "TinyCloud-Trace-Id"), "00000000000000000000000000000000");
        assert_text(wire_header(&reply, "Access-Control-Allow-Origin"), "*");
        assert_text(wire_header(&reply, "Access-Control-Allow-Methods"), "POST, PUT, GET, OPTIONS, DELETE");
        assert_text(wire_header(&reply, "Access-Control-Allow-Headers"), "*, Authorization");
        assert_text(wire_header(&reply, "Access-Control-Expose-Headers"), "*, Authorization, ETag");
        assert_text(wire_header(&reply, "Access-Control-Allow-Credentials"), "true");
        wire_close(&wire);
    }
}

static void no_route_is_one_plain_line(void **state)
{
    struct wire wire = connected(state);
    static const char *const requests[] = {"GET /hell HTTP/1.1\r\n" HOST "\r\n",
            "GET /hello/ HTTP/1.1\r\n" HOST "\r\n", "GET /Hello HTTP/1.1\r\n" HOST "\r\n",
            "DELETE /hello HTTP/1.1\r\n" HOST "\r\n", "PROPFIND /hello HTTP/1.1\r\n" HOST "\r\n"};
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        wire_send_text(&wire, requests[i]);
        struct wire_reply reply = wire_reply(&wire);
        assert_int_equal(reply.status, 404);
        assert_text(reply.body, "Not Found");
        assert_text(wire_header(&reply, "content-type"), "text/plain; charset=utf-8");
    }
    wire_close(&wire);
}

static void options_on_any_path_is_200_and_empty(void **state)
{
    struct wire wire = connected(state);
    static const char *const paths[] = {"/hello", "/invoke", "/.well-known/x/y", "*"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        char request[128];
        snprintf(request, sizeof request, "OPTIONS %s HTTP/1.1\r\n" HOST "\r\n", paths[i]);
        wire_send_text(&wire, request);
        struct wire_reply reply = wire_reply(&wire);
        assert_int_equal(reply.status, 200);
        assert_int_equal(reply.body.len, 0);
        assert_text(wire_header(&reply, "Access-Control-Allow-Origin"), "*");
    }
    wire_close(&wire);
}

static void head_is_answered_like_get_without_a_body(void **state)
{
    struct wire wire = connected(state);
    wire_send_text(&wire, "HEAD /hello HTTP/1.1\r\n" HOST "\r\nGET /hello HTTP/1.1\r\n" HOST "\r\n");
    struct wire_reply reply = wire_reply_head(&wire);
    assert_int_equal(reply.status, 200);
    assert_text(wire_header(&reply, "content-length"), "5");
    reply = wire_reply(&wire);
    assert_int_equal(reply.status, 200);
    assert_text(reply.body, "hello");
    wire_close(&wire);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    enum { MANY = 3000 };
    struct wire wire = connected(state);
    static char requests[MANY * 128];
    size_t len = 0;
    for (int i = 0; i < MANY; i++)
        len += (size_t)snprintf(requests + len, sizeof requests - len,
                "GET /query?q=%d HTTP/1.1\r\n" HOST "\r\nPOST /echo HTTP/1.1\r\n" HOST
                "Content-Length: 2\r\n\r\nhi",
                i);
    wire_send(&wire, deputy_slice_bytes(requests, len));
    for (int i = 0; i < MANY; i++) {
        char expected[16];
        snprintf(expected, sizeof expected, "%d", i);
        assert_text(wire_reply(&wire).body, expected);
        assert_text(wire_reply(&wire).body, "hi");
    }
    wire_close(&wire);
}

static void a_request_may_come_byte_by_byte(void **state)
{
    struct wire wire = connected(state);
    const char *request = "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
                          "3\r\nabc\r\n1\r\nd\r\n0\r\n\r\nGET /hello HTTP/1.1\r\n" HOST "\r\n";
    for (const char *at = request; *at != '\0'; at++)
        wire_send(&wire, deputy_slice_bytes(at, 1));
    assert_text(wire_reply(&wire).body, "abcd");
    assert_text(wire_reply(&wire).body, "hello");
    wire_close(&wire);
}

static void the_rest_of_a_path_is_decoded_once(void **state)
{
    struct wire wire = connected(state);
    static const struct {
        const char *path, *space;
    } rows[] = {
            {"/peer/generate/tinycloud%3Apkh%3Aeip155%3A1%3A0xAb%3Adefault",
                    "tinycloud:pkh:eip155:1:0xAb:default"},
            {"/peer/generate/a/b//c", "a/b//c"},
            {"/peer/generate/%252e%2F", "%2e/"},
            {"/peer/generate/a+b", "a+b"},
            {"/peer/generate/", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char request[256];
        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\n" HOST "\r\n", rows[i].path);
        wire_send_text(&wire, request);
        struct wire_reply reply = wire_reply(&wire);
        assert_int_equal(reply.status, 200);
        assert_text(reply.body, rows[i].space);
    }
    wire_send_text(&wire, "GET /peer/generate/%zz HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(wire_reply(&wire).status, 400);
    wire_send_text(&wire, "GET /peer/generate/%4 HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(wire_reply(&wire).status, 400);
    wire_close(&wire);
}

static void a_query_is_read_as_a_form(void **state)
{
    struct wire wire = connected(state);
    static const struct {
        const char *query, *value;
    } rows[] = {{"?q=1", "1"}, {"?a=b&q=x%20y+z&q=2", "x y z"}, {"?q", ""}, {"?q=", ""}, {"?%71=a=b", "a=b"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char request[256];
        snprintf(request, sizeof request, "GET /query%s HTTP/1.1\r\n" HOST "\r\n", rows[i].query);
        wire_send_text(&wire, request);
        assert_text(wire_reply(&wire).body, rows[i].value);
    }
    wire_send_text(&wire, "GET /query?x=1 HTTP/1.1\r\n" HOST "\r\nGET /query?q=%f HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(wire_reply(&wire).status, 422);
    assert_int_equal(wire_reply(&wire).status, 422);
    wire_close(&wire);
}

static void a_second_answer_breaks_the_connection(void **state)
{
    char text[2048];
    size_t got = 0;
    struct wire wire = connected(state);
    wire_send_text(&wire, "GET /twice HTTP/1.1\r\n" HOST "\r\n");
    for (ssize_t n; (n = recv(wire.fd, text + got, sizeof text - 1 - got, 0)) > 0;)
        got += (size_t)n;
    text[got] = '\0';
    assert_non_null(strstr(text, "first"));
    assert_null(strstr(text, " 500 "));
    wire_close(&wire);
}

static void not_modified_says_no_length(void **state)
{
    struct wire wire = connected(state);
    wire_send_text(&wire, "GET /not-modified HTTP/1.1\r\n" HOST "\r\nGET /hello HTTP/1.1\r\n" HOST "\r\n");
    struct wire_reply reply = wire_reply(&wire);
    assert_int_equal(reply.status, 304);
    assert_false(deputy_slice_present(wire_header(&reply, "content-length")));
    assert_text(wire_reply(&wire).body, "hello");
    wire_close(&wire);
}

static void a_header_that_is_not_the_handlers_or_more_than_one_line_is_not_sent(void **state)
{
    struct wire wire = connected(state);
    wire_send_text(&wire, "GET /headers HTTP/1.1\r\n" HOST "\r\n");
    struct wire_reply reply = wire_reply(&wire);
    assert_int_equal(reply.status, 200);
    assert_text(wire_header(&reply, "etag"), "\"1\"");
    assert_false(deputy_slice_present(wire_header(&reply, "set-cookie")));
    wire_close(&wire);
}

static void a_handler_that_forgets_to_answer_is_a_500(void **state)
{
    struct wire wire = connected(state);
    wire_send_text(&wire, "GET /nothing HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(wire_reply(&wire).status, 500);
    wire_close(&wire);
}

static void connection_close_and_http_1_0_end_the_connection(void **state)
{
    static const char *const requests[] = {
            "GET /hello HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", "GET /hello HTTP/1.0\r\n\r\n"};
    for (size_t i = 0; i < 2; i++) {
        struct wire wire = connected(state);
        wire_send_text(&wire, requests[i]);
        struct wire_reply reply = wire_reply(&wire);
        assert_text(reply.body, "hello");
        assert_text(wire_header(&reply, "connection"), "close");
        assert_true(wire_ended(&wire));
        wire_close(&wire);
    }
    struct wire wire = connected(state);
    wire_send_text(&wire, "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    struct wire_reply reply = wire_reply(&wire);
    assert_text(wire_header(&reply, "connection"), "keep-alive");
    wire_close(&wire);
}

static void an_upgrade_that_is_offered_is_not_taken(void **state)
{
    struct wire wire = connected(state);
    wire_send_text(&wire,
            "GET /hello HTTP/1.1\r\n" HOST
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"
            "POST /echo HTTP/1.1\r\n" HOST
            "Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nab");
    assert_text(wire_reply(&wire).body, "hello");
    assert_text(wire_reply(&wire).body, "ab");
    wire_close(&wire);
}

/* ---- bodies read whole ---- */

static void a_body_up_to_its_limit_is_echoed(void **state)
{
    static char body[300001];
    memset(body, 'x', sizeof body);
    struct wire wire = connected(state);
    wire_send_text(&wire, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 300000\r\n\r\n");
    wire_send(&wire, deputy_slice_bytes(body, 300000));
    struct wire_reply reply = wire_reply(&wire);
    assert_int_equal(reply.status, 200);
    assert_slice(reply.body, deputy_slice_bytes(body, 300000));

    wire_send_text(&wire, "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n493e0\r\n");
    wire_send(&wire, deputy_slice_bytes(body, 300000));
    wire_send_text(&wire, "\r\n0\r\n\r\n");
    assert_slice(wire_reply(&wire).body, deputy_slice_bytes(body, 300000));

    wire_send_text(&wire, "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n493e1\r\n");
    wire_send(&wire, deputy_slice_bytes(body, 300001));
    wire_send_text(&wire, "\r\n0\r\n\r\n");
    assert_int_equal(wire_reply(&wire).status, 413);
    wire_close(&wire);
}

static void a_body_that_will_be_too_long_is_refused_before_it_comes(void **state)
{
    struct wire wire = connected(state);
    wire_send_text(&wire, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 300001\r\n\r\n");
    struct wire_reply reply = wire_reply(&wire);
    assert_int_equal(reply.status, 413);
    assert_text(wire_header(&reply, "connection"), "close");
    assert_true(wire_ended(&wire));
    wire_close(&wire);
}

static void a_body_nobody_asked_for_is_read_away(void **state)
{
    struct wire wire = connected(state);
    wire_send_text(&wire, "POST /hello HTTP/1.1\r\n" HOST "Content-Length: 40\r\n\r\nGET /nothing HTTP/1.1");
    assert_text(wire_reply(&wire).body, "hello");
    wire_send_text(&wire, " Host: x padding!!!GET /hello HTTP/1.1\r\n" HOST "\r\n");
    assert_text(wire_reply(&wire).body, "hello");
    wire_close(&wire);
}

static void continue_is_said_only_when_the_handler_asks(void **state)
{
    struct wire wire = connected(state);
    wire_send_text(
            &wire, "PUT /guarded HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    struct wire_reply reply = wire_reply(&wire);
    assert_int_equal(reply.status, 401);
    assert_text(wire_header(&reply, "connection"), "close");
    assert_true(wire_ended(&wire));
    wire_close(&wire);

    wire = connected(state);
    wire_send_text(&wire, "PUT /guarded HTTP/1.1\r\n" HOST
                          "Authorization: x\r\nExpect: 100-Continue\r\nContent-Length: 3\r\n\r\n");
    assert_int_equal(wire_reply(&wire).status, 100);
    wire_send_text(&wire, "abc");
    assert_text(wire_reply(&wire).body, "abc");
    wire_close(&wire);
}

static void continue_is_not_said_when_the_body_is_there_or_too_long(void **state)
{
    struct wire wire = connected(state);
    wire_send_text(&wire, "PUT /guarded HTTP/1.1\r\n" HOST
                          "Authorization: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc");
    assert_int_equal(wire_reply(&wire).status, 200);
    wire_send_text(&wire, "PUT /guarded HTTP/1.1\r\n" HOST
                          "Authorization: x\r\nExpect: 100-continue\r\nContent-Length: 65\r\n\r\n");
    assert_int_equal(wire_reply(&wire).status, 413);
    wire_close(&wire);
}

/* ---- the Authorization header ---- */

static int authorization_status(void **state, size_t len, const char *more)
{
    static char request[512 * 1024];
    size_t at = (size_t)snprintf(
            request, sizeof request, "GET /authorization HTTP/1.1\r\n" HOST "%sAuthorization: ", more);
    memset(request + at, 'a', len);
    memcpy(request + at + len, "\r\n\r\n", 4);
    struct wire wire = connected(state);
    wire_send(&wire, deputy_slice_bytes(request, at + len + 4));
    struct wire_reply reply = wire_reply(&wire);
    if (reply.status == 200) {
        char expected[32];
        snprintf(expected, sizeof expected, "%zu", len);
        assert_text(reply.body, expected);
    }
    wire_close(&wire);
    return reply.status;
}

static void authorization_of_384_kib_is_taken_and_more_is_431(void **state)
{
    assert_int_equal(authorization_status(state, 84252, ""), 200);
    assert_int_equal(authorization_status(state, 256 * 1024, ""), 200);
    assert_int_equal(authorization_status(state, 384 * 1024, ""), 200);
    assert_int_equal(authorization_status(state, 384 * 1024 + 1, ""), 431);
    assert_int_equal(authorization_status(state, 500 * 1024, ""), 431);
}

static void other_headers_take_16_kib_together(void **state)
{
    static char more[20 * 1024];
    int prefix = snprintf(more, sizeof more, "X-Long: ");
    memset(more + prefix, 'b', 16 * 1024 - 200);
    snprintf(more + prefix + 16 * 1024 - 200, 16, "\r\n");
    assert_int_equal(authorization_status(state, 10, more), 200);
    memset(more + prefix, 'b', 16 * 1024);
    snprintf(more + prefix + 16 * 1024, 16, "\r\n");
    assert_int_equal(authorization_status(state, 10, more), 431);
}

static void more_than_a_hundred_headers_are_431(void **state)
{
    char more[101 * 8] = "";
    for (int i = 0; i < 98; i++)
        strcat(more, "A: b\r\n");
    assert_int_equal(authorization_status(state, 10, more), 200);
    strcat(more, "A: b\r\n");
    assert_int_equal(authorization_status(state, 10, more), 431);
}

static void a_long_target_is_414(void **state)
{
    static char request[64 * 1024];
    memset(request, 'a', sizeof request);
    memcpy(request, "GET /", 5);
    assert_int_equal(
            wire_status(((struct served *)*state)->port, deputy_slice_bytes(request, sizeof request)), 414);
    snprintf(request + 16500, 64, " HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(wire_status(((struct served *)*state)->port, deputy_slice_text(request)), 414);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_route_is_answered_and_the_connection_kept),
            cmocka_unit_test(every_answer_carries_the_fixed_headers),
            cmocka_unit_test(no_route_is_one_plain_line),
            cmocka_unit_test(options_on_any_path_is_200_and_empty),
            cmocka_unit_test(head_is_answered_like_get_without_a_body),
            cmocka_unit_test(pipelined_requests_are_answered_in_order),
            cmocka_unit_test(a_request_may_come_byte_by_byte),
            cmocka_unit_test(the_rest_of_a_path_is_decoded_once),
            cmocka_unit_test(a_query_is_read_as_a_form),
            cmocka_unit_test(a_header_that_is_not_the_handlers_or_more_than_one_line_is_not_sent),
            cmocka_unit_test(a_second_answer_breaks_the_connection),
            cmocka_unit_test(not_modified_says_no_length),
            cmocka_unit_test(a_handler_that_forgets_to_answer_is_a_500),
            cmocka_unit_test(connection_close_and_http_1_0_end_the_connection),
            cmocka_unit_test(an_upgrade_that_is_offered_is_not_taken),
            cmocka_unit_test(a_body_up_to_its_limit_is_echoed),
            cmocka_unit_test(a_body_that_will_be_too_long_is_refused_before_it_comes),
            cmocka_unit_test(a_body_nobody_asked_for_is_read_away),
            cmocka_unit_test(continue_is_said_only_when_the_handler_asks),
            cmocka_unit_test(continue_is_not_said_when_the_body_is_there_or_too_long),
            cmocka_unit_test(authorization_of_384_kib_is_taken_and_more_is_431),
            cmocka_unit_test(other_headers_take_16_kib_together),
            cmocka_unit_test(more_than_a_hundred_headers_are_431),
            cmocka_unit_test(a_long_target_is_414),
    };
    return cmocka_run_group_tests_name("http.server", tests, setup, teardown);
}
