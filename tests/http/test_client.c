/* The blocking client against our own server, and against peers that break the rules. */
#include "http/client.h"
#include "http/echo_kit.h"
#include "http/serve.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static enum http_flow answer_refused(struct http_exchange *x, void *app)
{
    (void)app;
    http_reply_text(x, 401, T("Unauthorized Invoker"));
    return HTTP_DONE;
}

static enum http_flow answer_never(struct http_exchange *x, void *app)
{
    *(struct http_exchange **)app = x;
    return HTTP_LATER;
}

static struct http_exchange *waiting;

static void waiting_end(void *ctx)
{
    (void)ctx;
    http_reply_error(waiting, 500);
}

static const struct http_route routes[] = {
        ECHO_ROUTES,
        {HTTP_METHOD_GET, "/refused", HTTP_BODY_NONE, 0, answer_refused},
        {HTTP_METHOD_GET, "/never", HTTP_BODY_NONE, 0, answer_never},
};

static struct served served;

static int setup(void **state)
{
    static const struct http_config config = {0};
    (void)state;
    setenv("http_proxy", "http://127.0.0.1:1", 1); /* must not be used */
    serve(&served, &config, routes, sizeof routes / sizeof routes[0], &waiting);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    served_end(&served);
    return 0;
}

static struct http_request request_to(uint16_t port, const char *method, const char *path)
{
    static char url[256];
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", port, path);
    return (struct http_request){.method = method, .url = url, .timeout_ms = 5000, .response_max = 1000000};
}

static void method_headers_and_body_go_out_and_come_back(void **state)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "DELETE"};
    static uint8_t body[500000];
    const struct http_client_header headers[] = {
            {T("Authorization"), T("eyJ.e30.x")}, {T("Content-Type"), T("text/plain;charset=UTF-8")}};
    memset(body, '\0', sizeof body);
    for (size_t i = 0; i < 4; i++) {
        struct http_request request = request_to(served.port, methods[i], "/echo");
        struct http_response response;
        request.headers = headers;
        request.header_count = 2;
        if (i > 0)
            request.body = deputy_slice_bytes(body, sizeof body);
        assert_ok(http_fetch(*state, &response, &request));
        assert_int_equal(response.status, 200);
        assert_text(http_response_header(&response, "x-method"), methods[i]);
        assert_text(http_response_header(&response, "X-Authorization"), "eyJ.e30.x");
        assert_text(http_response_header(&response, "X-Type"), "text/plain;charset=UTF-8");
        assert_int_equal(response.body.len, i > 0 ? sizeof body : 0);
        assert_true(deputy_slice_present(response.body));
    }
}

static void head_brings_headers_alone(void **state)
{
    struct http_request request = request_to(served.port, "HEAD", "/echo");
    struct http_response response;
    assert_ok(http_fetch(*state, &response, &request));
    assert_text(http_response_header(&response, "x-method"), "HEAD");
    assert_int_equal(response.body.len, 0);
}

static void a_refusal_and_a_redirect_are_answers(void **state)
{
    struct http_request request = request_to(served.port, "GET", "/refused");
    struct http_response response;
    assert_ok(http_fetch(*state, &response, &request));
    assert_int_equal(response.status, 401);
    assert_text(response.body, "Unauthorized Invoker");
    request = request_to(served.port, "GET", "/moved");
    assert_ok(http_fetch(*state, &response, &request));
    assert_int_equal(response.status, 302);
}

static void an_answer_over_the_cap_is_refused(void **state)
{
    struct http_request request = request_to(served.port, "GET", "/refused");
    struct http_response response;
    request.response_max = 19;
    assert_int_equal(http_fetch(*state, &response, &request), DEPUTY_E_HTTP_TOO_LARGE);
    request.response_max = 20;
    assert_ok(http_fetch(*state, &response, &request));
}

static void silence_ends_at_the_deadline(void **state)
{
    static struct loop_task task = {.run = waiting_end};
    struct http_request request = request_to(served.port, "GET", "/never");
    struct http_response response;
    request.timeout_ms = 200;
    assert_int_equal(http_fetch(*state, &response, &request), DEPUTY_E_HTTP_TIMEOUT);
    loop_post(served.loop, &task);
}

static void what_is_no_request_is_refused(void **state)
{
    static const char *const urls[] = {"", "file:///etc/passwd", "gopher://127.0.0.1/", "nonsense://x"};
    struct http_response response;
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct http_request request = request_to(served.port, "GET", "/echo");
        request.url = urls[i];
        assert_int_equal(http_fetch(*state, &response, &request), DEPUTY_E_HTTP_URL);
    }
    const struct http_client_header bad[] = {
            {T("A"), T("b\r\nC: d")}, {T("A\r\nB"), T("c")}, {T("A:B"), T("c")}, {T(""), T("c")}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct http_request request = request_to(served.port, "GET", "/echo");
        request.headers = &bad[i];
        request.header_count = 1;
        assert_int_equal(http_fetch(*state, &response, &request), DEPUTY_E_ARGUMENT);
    }
}

/* ---- a server that says one thing to whoever comes ---- */

struct rude {
    int fd;
    const char *says;
};

static void *rude_main(void *ctx)
{
    struct rude *rude = ctx;
    char request[4096];
    int peer = accept(rude->fd, NULL, NULL);
    if (recv(peer, request, sizeof request, 0) > 0)
        send(peer, rude->says, strlen(rude->says), MSG_NOSIGNAL);
    close(peer);
    return NULL;
}

static enum deputy_error fetch_from_rude(
        struct deputy_arena *arena, struct http_response *response, const char *says)
{
    struct rude rude = {socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), says};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    pthread_t thread;
    assert_int_equal(bind(rude.fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(rude.fd, 1), 0);
    assert_int_equal(getsockname(rude.fd, (struct sockaddr *)&address, &size), 0);
    assert_int_equal(pthread_create(&thread, NULL, rude_main, &rude), 0);
    struct http_request request = request_to(ntohs(address.sin_port), "GET", "/");
    enum deputy_error error = http_fetch(arena, response, &request);
    pthread_join(thread, NULL);
    close(rude.fd);
    return error;
}

static void a_broken_answer_is_an_error(void **state)
{
    struct http_response response;
    assert_ok(fetch_from_rude(
            *state, &response, "HTTP/1.1 100 Continue\r\nX: 1\r\n\r\nHTTP/1.1 204 No\r\nY: 2\r\n\r\n"));
    assert_int_equal(response.status, 204);
    assert_false(deputy_slice_present(http_response_header(&response, "X")));
    assert_text(http_response_header(&response, "y"), "2");
    assert_int_equal(fetch_from_rude(*state, &response, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"),
            DEPUTY_E_HTTP_CUT_OFF);
    assert_int_equal(fetch_from_rude(*state, &response, ""), DEPUTY_E_HTTP_CUT_OFF);
    assert_int_equal(fetch_from_rude(*state, &response, "SSH-2.0-OpenSSH\r\n"), DEPUTY_E_HTTP_SYNTAX);
    static char many[200 * 8] = "HTTP/1.1 200 OK\r\n";
    for (int i = 0; i < 101; i++)
        strcat(many, "A: b\r\n");
    strcat(many, "\r\n");
    assert_int_equal(fetch_from_rude(*state, &response, many), DEPUTY_E_HTTP_TOO_LARGE);
}

static void nobody_there_is_an_error(void **state)
{
    struct http_request request = request_to(1, "GET", "/");
    struct http_response response;
    assert_int_equal(http_fetch(*state, &response, &request), DEPUTY_E_HTTP_CONNECT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(method_headers_and_body_go_out_and_come_back),
            ARENA_TEST(head_brings_headers_alone),
            ARENA_TEST(a_refusal_and_a_redirect_are_answers),
            ARENA_TEST(an_answer_over_the_cap_is_refused),
            ARENA_TEST(silence_ends_at_the_deadline),
            ARENA_TEST(what_is_no_request_is_refused),
            ARENA_TEST(a_broken_answer_is_an_error),
            ARENA_TEST(nobody_there_is_an_error),
    };
    return cmocka_run_group_tests_name("http.client", tests, setup, teardown);
}
