/* A request on a kept connection allocates nothing once the server is warm. */
#include "http/serve.h"
#include <stdatomic.h>
#include <stdio.h>

/* Of the sanitizers' run time, when the program is built with one. */
int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *ptr, size_t size),
        void (*on_free)(const volatile void *ptr)) __attribute__((weak));

static _Thread_local bool on_loop;
static atomic_ulong allocations;
static atomic_bool counting;

static void count_malloc(const volatile void *ptr, size_t size)
{
    (void)ptr;
    (void)size;
    if (on_loop && atomic_load(&counting))
        atomic_fetch_add(&allocations, 1);
}

static void count_free(const volatile void *ptr)
{
    (void)ptr;
}

static enum http_flow answer_echo(struct http_exchange *x, void *app)
{
    (void)app;
    on_loop = true;
    http_reply_header(x, "X-Key", http_param(x, "key"));
    http_reply(x, 200, "text/plain", http_body(x));
    return HTTP_DONE;
}

static const struct http_route routes[] = {
        {HTTP_METHOD_POST, "/kv/{key...}", HTTP_BODY_WHOLE, 100000, answer_echo}};

static void exchange_bytes(struct wire *wire, const char *request, size_t body)
{
    static uint8_t bytes[100000];
    wire_send_text(wire, request);
    wire_send(wire, deputy_slice_bytes(bytes, body));
    assert_int_equal(wire_reply(wire).status, 200);
}

static void requests_on_a_warm_connection_allocate_nothing(void **state)
{
    (void)state;
    struct served served;
    struct wire wire;
    const struct http_config config = {0};
    if (__sanitizer_install_malloc_and_free_hooks == NULL) {
        print_message("requests_on_a_warm_connection_allocate_nothing: no hooks in this build\n");
        skip();
    }
    __sanitizer_install_malloc_and_free_hooks(count_malloc, count_free);
    serve(&served, &config, routes, 1, NULL);
    wire_open(&wire, served.port);
    for (int i = 0; i < 2000; i++) {
        atomic_store(&counting, i >= 1000);
        exchange_bytes(&wire, "POST /kv/a%20b HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n", 1000);
        exchange_bytes(&wire, "POST /kv/a%20b HTTP/1.1\r\nHost: a\r\nContent-Length: 90000\r\n\r\n", 90000);
    }
    assert_int_equal(atomic_load(&allocations), 0);
    wire_close(&wire);
    wire_open(&wire, served.port); /* a new connection does allocate: so the hooks count */
    exchange_bytes(&wire, "POST /kv/a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n", 1);
    assert_true(atomic_load(&allocations) > 0);
    atomic_store(&counting, false);
    wire_close(&wire);
    served_end(&served);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(requests_on_a_warm_connection_allocate_nothing)};
    return cmocka_run_group_tests_name("http.memory", tests, NULL, NULL);
}
