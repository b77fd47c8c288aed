/* Requests of a loop against our own server on a loop of its own, and against peers that break the rules. */
#include "http/ask_kit.h"
#include "http/echo_kit.h"
#include "http/rude_kit.h"
#include "http/serve.h"
#include <stdlib.h>
#include <unistd.h>

/* ---- our own server ---- */

static enum http_flow answer_path(struct http_exchange *x, void *app)
{
    (void)app;
    http_reply(x, 200, NULL, http_path(x));
    return HTTP_DONE;
}

static const struct http_route routes[] = {
        ECHO_ROUTES,
        {HTTP_METHOD_GET, "/path/{rest...}", HTTP_BODY_NONE, 0, answer_path},
};

static struct served served;
static struct asker asker;
static const struct http_caller_config defaults;

static int server_setup(void **state)
{
    static const struct http_config config = {0};
    (void)state;
    setenv("http_proxy", "http://127.0.0.1:1", 1); /* must not be used */
    serve(&served, &config, routes, sizeof routes / sizeof routes[0], NULL);
    return 0;
}

static int server_teardown(void **state)
{
    (void)state;
    served_end(&served);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    asker_begin(&asker, &defaults);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (asker.caller != NULL)
        asker_end(&asker);
    return 0;
}

/* ---- plain requests ---- */

static struct deputy_slice echoed(const struct ask *ask, const char *name)
{
    return http_response_header(ask->head, name);
}

static void check_echo(struct ask *ask)
{
    bool has_body = deputy_slice_present(ask->plan.body);
    assert_text(echoed(ask, "x-method"), ask->plan.method);
    assert_text(echoed(ask, "X-Authorization"), "eyJ.e30.x");
    assert_text(echoed(ask, "X-Type"), ask->plan.header_count > 1 ? "text/plain;charset=UTF-8" : "-");
    assert_text(echoed(ask, "X-Length"), has_body ? "500000" : "-");
    assert_text(echoed(ask, "X-Expect"), "-");
    assert_text(echoed(ask, "X-Cookie"), "-");
}

static void method_headers_and_body_go_out_and_come_back(void **state)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "DELETE", "GET"};
    static uint8_t body[500000];
    const struct http_client_header headers[] = {
            {T("Authorization"), T("eyJ.e30.x")}, {T("Content-Type"), T("text/plain;charset=UTF-8")}};
    (void)state;
    memset(body, '\0', sizeof body);
    for (size_t i = 0; i < 5; i++) {
        struct ask ask;
        bool sends = i > 0 && i < 4;
        ask_make(&ask, &asker, methods[i], served.port, "/echo");
        ask.plan.headers = headers;
        ask.plan.header_count = i % 2 == 0 ? 2 : 1;
        if (sends)
            ask.plan.body = deputy_slice_bytes(body, sizeof body);
        ask.on_end = check_echo;
        ask_begin(&ask);
        asker_run(&asker);
        assert_ok(ask.result);
        assert_int_equal(ask.status, 200);
        assert_int_equal(ask.received, sends ? sizeof body : 0);
    }
}

static void head_brings_headers_alone(void **state)
{
    struct ask ask;
    (void)state;
    assert_ok(ask_one(&ask, &asker, "HEAD", served.port, "/echo"));
    assert_int_equal(ask.status, 200);
    assert_int_equal(ask.parts, 0);
    assert_ok(ask_one(&ask, &asker, "GET", served.port, "/path/a"));
    assert_string_equal(ask.text, "/path/a");
}

static void a_redirect_is_an_answer_and_a_cookie_is_forgotten(void **state)
{
    struct ask ask;
    (void)state;
    assert_ok(ask_one(&ask, &asker, "GET", served.port, "/moved"));
    assert_int_equal(ask.status, 302);
    assert_ok(ask_one(&ask, &asker, "GET", served.port, "/missing"));
    assert_int_equal(ask.status, 404);
}

static void a_path_goes_out_as_it_is_written(void **state)
{
    struct ask ask;
    (void)state;
    assert_ok(ask_one(&ask, &asker, "GET", served.port, "/path/a%2Fb//c%20?q"));
    assert_string_equal(ask.text, "/path/a%2Fb//c%20");
}

static void what_is_no_request_is_refused(void **state)
{
    static const char *const urls[] = {"", "file:///etc/passwd", "gopher://127.0.0.1/", "ftp://127.0.0.1/"};
    static const char *const methods[] = {"", "get", "GET /", "G\r\nA: b", "ABCDEFGHIJKLMNOP"};
    const struct http_client_header bad[] = {
            {T("A"), T("b\r\nC: d")}, {T("A\r\nB"), T("c")}, {T("A:B"), T("c")}, {T(""), T("c")}};
    struct ask ask;
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        ask_make(&ask, &asker, "GET", served.port, "/echo");
        ask.plan.url = urls[i];
        assert_int_equal(http_call_begin(&ask.call, asker.caller, &ask.plan), DEPUTY_E_HTTP_URL);
        ask_make(&ask, &asker, "GET", served.port, "/echo");
        ask.plan.headers = &bad[i];
        ask.plan.header_count = 1;
        assert_int_equal(http_call_begin(&ask.call, asker.caller, &ask.plan), DEPUTY_E_ARGUMENT);
    }
    for (size_t i = 0; i < 5; i++) {
        ask_make(&ask, &asker, methods[i], served.port, "/echo");
        assert_int_equal(http_call_begin(&ask.call, asker.caller, &ask.plan), DEPUTY_E_ARGUMENT);
    }
    ask_make(&ask, &asker, "GET", served.port, "/echo");
    ask.plan.url = "http://a b/";
    ask_begin(&ask);
    asker_run(&asker);
    assert_int_equal(ask.result, DEPUTY_E_HTTP_URL);
}

static void nobody_there_is_an_error(void **state)
{
    struct ask ask;
    (void)state;
    assert_int_equal(ask_one(&ask, &asker, "GET", 1, "/"), DEPUTY_E_HTTP_CONNECT);
    assert_int_equal(ask.heads, 0);
}

/* ---- connections ---- */

static void a_connection_is_kept_and_used_again(void **state)
{
    struct rude rude;
    (void)state;
    rude_begin(&rude, rude_answer_all, NULL);
    for (int i = 0; i < 50; i++) {
        struct ask ask;
        assert_ok(ask_one(&ask, &asker, "GET", rude.port, "/"));
        assert_string_equal(ask.text, "ok");
    }
    assert_int_equal(atomic_load(&rude.peers), 1);
    assert_int_equal(atomic_load(&rude.requests), 50);
    asker_end(&asker);
    asker.caller = NULL;
    rude_end(&rude);
}

/* The first connection is closed at its second request, which was read. */
static void close_at_the_second(struct rude *rude, int peer, int number)
{
    if (number > 0) {
        rude_answer_all(rude, peer, number);
        return;
    }
    if (rude_read_head(rude, peer))
        rude_say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    (void)rude_read_head(rude, peer);
}

/* The result of a request over a connection that is closed on its way, and how many requests were read. */
static enum deputy_error ask_over_a_closed_one(bool once, int *requests)
{
    struct rude rude;
    struct ask ask;
    rude_begin(&rude, close_at_the_second, NULL);
    assert_ok(ask_one(&ask, &asker, "GET", rude.port, "/"));
    ask_make(&ask, &asker, "POST", rude.port, "/");
    ask.plan.once = once;
    ask_begin(&ask);
    asker_run(&asker);
    asker_end(&asker);
    asker.caller = NULL;
    rude_end(&rude);
    *requests = atomic_load(&rude.requests);
    return ask.result;
}

static void a_request_meets_a_closed_connection_and_goes_out_again(void **state)
{
    int requests;
    (void)state;
    assert_ok(ask_over_a_closed_one(false, &requests));
    assert_int_equal(requests, 3);
}

static void what_must_go_out_once_does_not_go_out_again(void **state)
{
    int requests;
    (void)state;
    assert_int_equal(ask_over_a_closed_one(true, &requests), DEPUTY_E_HTTP_CUT_OFF);
    assert_int_equal(requests, 2);
}

#define CALL_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
            CALL_TEST(method_headers_and_body_go_out_and_come_back),
            CALL_TEST(head_brings_headers_alone),
            CALL_TEST(a_redirect_is_an_answer_and_a_cookie_is_forgotten),
            CALL_TEST(a_path_goes_out_as_it_is_written),
            CALL_TEST(what_is_no_request_is_refused),
            CALL_TEST(nobody_there_is_an_error),
            CALL_TEST(a_connection_is_kept_and_used_again),
            CALL_TEST(a_request_meets_a_closed_connection_and_goes_out_again),
            CALL_TEST(what_must_go_out_once_does_not_go_out_again),
    };
    return cmocka_run_group_tests_name("http.call", tests, server_setup, server_teardown);
}
