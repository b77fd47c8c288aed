/* Origins as browsers write them. */
#include "backend/origin.h"
#include "support/check.h"

static void origin_is_scheme_host_and_port_in_lower_case(void **state)
{
    static const char *const good[] = {"https://app.example", "http://localhost:5173", "https://[::1]:8443",
            "https://a", "http://127.0.0.1"};
    static const char *const bad[] = {"", "https://", "http://", "https:/a", "ftp://app.example",
            "app.example", "https://App.example", "HTTPS://app.example", "https://app.example/",
            "https://app.example?", "https://app.example#", "https://me@app.example", "https://app\\example",
            "https://app example", "https://app.example\n", "https://app\"example", "https://app'example",
            "https://\xc3\xa4.example", "https://app.example\x7f", "https:///app"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(is_origin(T(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (is_origin(T(bad[i])))
            fail_msg("taken: %s", bad[i]);
    }
    assert_false(is_origin(deputy_slice_bytes((const uint8_t *)"https://a\0b", 11)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(origin_is_scheme_host_and_port_in_lower_case),
    };
    return cmocka_run_group_tests_name("backend.origin", tests, NULL, NULL);
}
