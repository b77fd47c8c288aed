#include "run/address.h"
#include "support/check.h"

static void an_address_and_a_port_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host, *printed;
        uint16_t port;
    } rows[] = {
            {"127.0.0.1:8000", "127.0.0.1", "127.0.0.1:8000", 8000},
            {"0.0.0.0:0", "0.0.0.0", "0.0.0.0:0", 0},
            {"localhost:65535", "127.0.0.1", "127.0.0.1:65535", 65535},
            {"[::1]:80", "::1", "[::1]:80", 80},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct address address;
        char printed[64];
        assert_ok(address_read(&address, T(rows[i].text)));
        assert_string_equal(address.host, rows[i].host);
        assert_int_equal(address.port, rows[i].port);
        address_print(printed, &address);
        assert_string_equal(printed, rows[i].printed);
    }
}

static void anything_else_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"", ":", "127.0.0.1", ":80", "127.0.0.1:", "127.0.0.1:65536",
            "127.0.0.1:-1", "127.0.0.1:+1", "127.0.0.1:0x1", "127.0.0.1: 1", "127.0.0.1:1 ", "::1:80",
            "[::1]", "[]:80", "[127.0.0.1]:80", "example.org:80", "127.0.0.1.1:80", "256.0.0.1:80",
            "http://127.0.0.1:80", "[1111:1111:1111:1111:1111:1111:1111:1111:1111:1111]:80"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct address address;
        if (address_read(&address, T(texts[i])) != DEPUTY_E_ARGUMENT)
            fail_msg("%s was read", texts[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(an_address_and_a_port_are_read),
            cmocka_unit_test(anything_else_is_refused),
    };
    return cmocka_run_group_tests_name("run.address", tests, NULL, NULL);
}
