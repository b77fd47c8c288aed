#include "base/arena.h"
#include "http/client.h"
#include "http/guard.h"
#include "http/serve.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

static bool is_public(const char *text)
{
    struct sockaddr_storage storage = {0};
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        memcpy(&storage, &v4, sizeof v4);
    else if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1)
        memcpy(&storage, &v6, sizeof v6);
    else
        fail_msg("not an address: %s", text);
    return guard_address_is_public((const struct sockaddr *)&storage);
}

static void address_that_is_not_public_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"0.0.0.0", "0.255.255.255", "10.0.0.1", "10.255.255.255",
            "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1",
            "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.2.0.1", "192.88.99.1", "192.168.0.1",
            "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255",
            "240.0.0.1", "255.255.255.255", "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
            "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1",
            "2001::1", "2001:db8::1", "fc00::1", "fdff::1", "fe80::1", "febf::1", "fec0::1", "ff02::1",
            "100::1"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (is_public(texts[i]))
            fail_msg("%s", texts[i]);
    }
    struct sockaddr other = {.sa_family = AF_UNIX};
    assert_false(guard_address_is_public(&other));
}

static void public_address_is_taken(void **state)
{
    (void)state;
    static const char *const texts[] = {"1.1.1.1", "9.255.255.255", "11.0.0.0", "93.184.215.14",
            "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0", "172.15.255.255", "172.32.0.0",
            "192.1.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "2606:4700::1111",
            "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::1"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (!is_public(texts[i]))
            fail_msg("%s", texts[i]);
    }
}

static void url_that_is_not_in_its_one_form_is_refused(void **state)
{
    static const struct {
        const char *url;
        enum deputy_error error;
    } cases[] = {
            {"", DEPUTY_E_GUARD_URL},
            {"nonsense", DEPUTY_E_GUARD_URL},
            {"https://a b/", DEPUTY_E_GUARD_URL},
            {"https://a/\n", DEPUTY_E_GUARD_URL},
            {"https://a\\b/", DEPUTY_E_GUARD_URL},
            {"https://\xc3\xa4.example/", DEPUTY_E_GUARD_URL},
            {"http://example.com/hooks", DEPUTY_E_GUARD_URL_FORM},
            {"ftp://example.com/", DEPUTY_E_GUARD_URL_FORM},
            {"file:///etc/passwd", DEPUTY_E_GUARD_URL_FORM},
            {"https://user:password@example.com/hooks", DEPUTY_E_GUARD_URL_FORM},
            {"https://@example.com/", DEPUTY_E_GUARD_HOST_FORM},
            {"https://example.com:8443/hooks", DEPUTY_E_GUARD_URL_FORM},
            {"https://example.com:443/hooks", DEPUTY_E_GUARD_URL_FORM},
            {"https://example.com/hooks#fragment", DEPUTY_E_GUARD_URL_FORM},
            {"HTTPS://example.com/", DEPUTY_E_GUARD_HOST_FORM},
            {"https://Example.com/", DEPUTY_E_GUARD_HOST_FORM},
            {"https://example.com./", DEPUTY_E_GUARD_HOST_FORM},
            {"https://exa%6dple.com/", DEPUTY_E_GUARD_HOST_FORM},
            {"https://127.1/", DEPUTY_E_GUARD_HOST_FORM},
            {"https://2130706433/", DEPUTY_E_GUARD_HOST_FORM},
            {"https://0x7f.0.0.1/", DEPUTY_E_GUARD_HOST_FORM},
            {"https://0177.0.0.1/", DEPUTY_E_GUARD_HOST_FORM},
            {"https://[::0001]/", DEPUTY_E_GUARD_HOST_FORM},
            {"https:example.com/", DEPUTY_E_GUARD_HOST_FORM},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *host, *why;
        enum deputy_error error = guard_url_check(*state, &host, T(cases[i].url), &why);
        bool refused =
                error == cases[i].error || (error != DEPUTY_OK && cases[i].error == DEPUTY_E_GUARD_HOST_FORM);
        if (!refused)
            fail_msg("%s: %d", cases[i].url, error);
    }
}

static void host_of_a_good_url_is_found(void **state)
{
    static const struct {
        const char *url, *host;
    } cases[] = {
            {"https://example.com", "example.com"},
            {"https://example.com/hooks?a=b", "example.com"},
            {"https://example.com?a", "example.com"},
            {"https://93.184.215.14/hook", "93.184.215.14"},
            {"https://[2606:4700::1111]/", "2606:4700::1111"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *host, *why;
        assert_ok(guard_url_check(*state, &host, T(cases[i].url), &why));
        assert_string_equal(host, cases[i].host);
    }
}

static void host_with_a_reserved_address_is_refused(void **state)
{
    (void)state;
    assert_int_equal(guard_host_check("localhost"), DEPUTY_E_GUARD_RESERVED);
    assert_int_equal(guard_host_check("10.0.0.1"), DEPUTY_E_GUARD_RESERVED);
    assert_int_equal(guard_host_check("::1"), DEPUTY_E_GUARD_RESERVED);
    assert_int_equal(guard_host_check("no-such-host.invalid"), DEPUTY_E_GUARD_UNRESOLVED);
    assert_ok(guard_host_check("93.184.215.14"));
}

static atomic_int asked;

static enum http_flow answer_yes(struct http_exchange *x, void *app)
{
    (void)app;
    atomic_fetch_add(&asked, 1);
    http_reply_text(x, 200, T("yes"));
    return HTTP_DONE;
}

static enum http_flow answer_never(struct http_exchange *x, void *app)
{
    struct http_exchange **held = app;
    *held = x;
    return HTTP_LATER;
}

static const struct http_route routes[] = {
        {HTTP_METHOD_GET, "/yes", HTTP_BODY_NONE, 0, answer_yes},
        {HTTP_METHOD_GET, "/never", HTTP_BODY_NONE, 0, answer_never},
};

static enum deputy_error fetch(
        struct deputy_arena *arena, uint16_t port, const char *path, bool guarded, const atomic_bool *cancel)
{
    char url[64];
    struct http_response response;
    snprintf(url, sizeof url, "http://localhost:%u%s", port, path);
    struct http_request request = {.method = "GET",
            .url = url,
            .timeout_ms = 20000,
            .response_max = 1024,
            .guarded = guarded,
            .cancel = cancel};
    return http_fetch(arena, &response, &request);
}

static void guarded_client_does_not_connect_to_our_own_network(void **state)
{
    struct served served;
    const struct http_config config = {0};
    serve(&served, &config, routes, 2, NULL);
    assert_int_equal(fetch(*state, served.port, "/yes", true, NULL), DEPUTY_E_GUARD_RESERVED);
    assert_int_equal(atomic_load(&asked), 0);
    assert_ok(fetch(*state, served.port, "/yes", false, NULL));
    assert_int_equal(atomic_load(&asked), 1);
    served_end(&served);
}

static void cancelled_request_ends_soon(void **state)
{
    struct served served;
    struct http_exchange *held = NULL;
    const struct http_config config = {0};
    static atomic_bool cancel;
    atomic_store(&cancel, true);
    serve(&served, &config, routes, 2, &held);
    served.grace_ms = 1;
    assert_int_equal(fetch(*state, served.port, "/never", false, &cancel), DEPUTY_E_HTTP_TIMEOUT);
    if (held != NULL)
        http_reply_error(held, 503);
    served_end(&served);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(address_that_is_not_public_is_refused),
            cmocka_unit_test(public_address_is_taken),
            ARENA_TEST(url_that_is_not_in_its_one_form_is_refused),
            ARENA_TEST(host_of_a_good_url_is_found),
            cmocka_unit_test(host_with_a_reserved_address_is_refused),
            ARENA_TEST(guarded_client_does_not_connect_to_our_own_network),
            ARENA_TEST(cancelled_request_ends_soon),
    };
    return cmocka_run_group_tests_name("http.guard", tests, NULL, NULL);
}
