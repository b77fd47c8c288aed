/* Requests over TLS against our own server: whom they trust, and that nothing goes out to anybody else. */
#include "http/ask_kit.h"
#include "http/echo_kit.h"
#include "http/serve.h"

/* Counts what was asked. */
static enum http_flow answer(struct http_exchange *x, void *app)
{
    atomic_fetch_add((atomic_int *)app, 1);
    return echo_answer(x, app);
}

static const struct http_route routes[] = {
        {HTTP_METHOD_GET, "/echo", HTTP_BODY_WHOLE, 1000000, answer},
        {HTTP_METHOD_POST, "/echo", HTTP_BODY_WHOLE, 1000000, answer},
};

struct secure {
    struct served served;
    atomic_int requests;
    struct deputy_arena *arena;
    struct deputy_slice authorities;
    char url[128];
    uint32_t ms; /* to wait for an answer */
};

static void secure_begin(
        struct secure *secure, const char *certificate, const char *authorities, const char *url)
{
    static const struct http_config config = {0};
    *secure = (struct secure){.arena = check_arena(), .ms = 5000};
    serve_with(&secure->served, &config, routes, 2, &secure->requests, certificate);
    if (authorities != NULL)
        secure->authorities = check_data(secure->arena, authorities);
    snprintf(secure->url, sizeof secure->url, url, (unsigned)secure->served.port);
}

static void secure_end(struct secure *secure)
{
    served_end(&secure->served);
    deputy_arena_destroy(secure->arena);
}

/* As the tool and webhooks ask. */
static enum deputy_error fetched(struct secure *secure)
{
    struct http_response response;
    const struct http_request request = {.method = "GET",
            .url = secure->url,
            .timeout_ms = secure->ms,
            .response_max = 1000,
            .authorities = secure->authorities};
    enum deputy_error result = http_fetch(secure->arena, &response, &request);
    if (result == DEPUTY_OK)
        assert_int_equal(response.status, 200);
    return result;
}

/* As a loop asks. */
static enum deputy_error called(struct secure *secure)
{
    const struct http_caller_config config = {.authorities = secure->authorities};
    struct asker asker;
    struct ask ask;
    asker_begin(&asker, &config);
    ask_make(&ask, &asker, "GET", secure->served.port, "/echo");
    snprintf(ask.url, sizeof ask.url, "%s", secure->url);
    ask.plan.head_ms = secure->ms;
    ask_begin(&ask);
    asker_run(&asker);
    asker_end(&asker);
    assert_int_equal(ask.heads, ask.result == DEPUTY_OK);
    return ask.result;
}

static void certificate_that_is_trusted_for_the_name_is_taken(void **state)
{
    static const struct {
        const char *certificate, *authorities, *url;
    } rows[] = {
            {"tls/signed.pem", "tls/authority.pem", "https://localhost:%u/echo"},
            {"tls/signed.pem", "tls/authority.pem", "https://127.0.0.1:%u/echo"},
            {"tls/certificate.pem", "tls/certificate.pem", "https://localhost:%u/echo"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct secure secure;
        secure_begin(&secure, rows[i].certificate, rows[i].authorities, rows[i].url);
        assert_ok(fetched(&secure));
        assert_ok(called(&secure));
        assert_int_equal(atomic_load(&secure.requests), 2);
        secure_end(&secure);
    }
}

static void any_other_certificate_is_refused_before_anything_is_asked(void **state)
{
    static const char localhost[] = "https://localhost:%u/echo";
    static const struct {
        const char *what, *certificate, *authorities, *url;
    } rows[] = {
            {"wrong name", "tls/elsewhere.pem", "tls/authority.pem", localhost},
            {"wrong address", "tls/elsewhere.pem", "tls/authority.pem", "https://127.0.0.1:%u/echo"},
            {"expired", "tls/expired.pem", "tls/authority.pem", localhost},
            {"not yet good", "tls/not_yet.pem", "tls/authority.pem", localhost},
            {"self-signed", "tls/certificate.pem", "tls/authority.pem", localhost},
            {"another authority", "tls/signed.pem", "tls/certificate.pem", localhost},
            {"authority of no system", "tls/signed.pem", NULL, localhost},
            {"self-signed, of no system", "tls/certificate.pem", NULL, localhost},
            {"no authorities but other text", "tls/signed.pem", "tls/README.md", localhost},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct secure secure;
        secure_begin(&secure, rows[i].certificate, rows[i].authorities, rows[i].url);
        enum deputy_error first = fetched(&secure), second = called(&secure);
        if (first != DEPUTY_E_HTTP_CERTIFICATE || second != DEPUTY_E_HTTP_CERTIFICATE)
            fail_msg("%s: %s, %s", rows[i].what, deputy_error_info(first)->name,
                    deputy_error_info(second)->name);
        assert_int_equal(atomic_load(&secure.requests), 0);
        secure_end(&secure);
    }
}

/* A server without TLS waits for the rest of what it takes for the head of a request. */
static void one_side_without_tls_is_no_answer(void **state)
{
    static const struct {
        const char *certificate, *url;
    } rows[] = {{NULL, "https://localhost:%u/echo"}, {"tls/signed.pem", "http://localhost:%u/echo"}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct secure secure;
        secure_begin(&secure, rows[i].certificate, "tls/authority.pem", rows[i].url);
        secure.ms = 500;
        assert_int_not_equal(fetched(&secure), DEPUTY_OK);
        assert_int_not_equal(called(&secure), DEPUTY_OK);
        assert_int_equal(atomic_load(&secure.requests), 0);
        secure_end(&secure);
    }
}

static void bodies_go_both_ways_over_connections_that_are_kept(void **state)
{
    static uint8_t body[500000];
    struct secure secure;
    struct asker asker;
    (void)state;
    for (size_t i = 0; i < sizeof body; i++)
        body[i] = (uint8_t)(i * 7);
    secure_begin(&secure, "tls/signed.pem", "tls/authority.pem", "https://localhost:%u/echo");
    const struct http_caller_config config = {.authorities = secure.authorities, .max_connections = 1};
    asker_begin(&asker, &config);
    for (size_t i = 0; i < 3; i++) {
        struct ask ask;
        ask_make(&ask, &asker, "POST", secure.served.port, "/echo");
        snprintf(ask.url, sizeof ask.url, "%s", secure.url);
        ask.plan.body = deputy_slice_bytes(body, sizeof body);
        ask_begin(&ask);
        asker_run(&asker);
        assert_ok(ask.result);
        assert_int_equal(ask.received, sizeof body);
        assert_int_equal(ask.sum, sum_of(0, deputy_slice_bytes(body, sizeof body)));
    }
    asker_end(&asker);
    assert_int_equal(atomic_load(&secure.requests), 3);
    secure_end(&secure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(certificate_that_is_trusted_for_the_name_is_taken),
            cmocka_unit_test(any_other_certificate_is_refused_before_anything_is_asked),
            cmocka_unit_test(one_side_without_tls_is_no_answer),
            cmocka_unit_test(bodies_go_both_ways_over_connections_that_are_kept),
    };
    return cmocka_run_group_tests_name("http.secure_calls", tests, NULL, NULL);
}
