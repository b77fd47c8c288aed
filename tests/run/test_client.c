/* Addresses as they are counted. */
#include "run/client.h"
#include "support/check.h"

static void check_same(const char *a, const char *b, bool same)
{
    uint8_t first[CLIENT_ADDRESS_BYTES], second[CLIENT_ADDRESS_BYTES];
    assert_true(client_address_read(first, T(a)));
    assert_true(client_address_read(second, T(b)));
    if ((memcmp(first, second, sizeof first) == 0) != same)
        fail_msg("%s and %s", a, b);
}

static void ipv6_counts_by_network_and_ipv4_by_address(void **state)
{
    (void)state;
    check_same("192.0.2.1", "192.0.2.2", false);
    check_same("192.0.2.1", "::ffff:192.0.2.1", true);
    check_same("::ffff:192.0.2.1", "::ffff:192.0.2.2", false);
    check_same("2001:db8::1", "2001:db8::ffff:1", true);
    check_same("2001:db8::1", "2001:db8:0:1::1", false);
    check_same("::1", "::2", true);
}

static void texts_that_are_no_address_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "unix", "192.0.2", "192.0.2.1:80", "192.0.2.1, 192.0.2.2",
            "[::1]", " 192.0.2.1", "2001:db8::1%eth0",
            "00000000000000000000000000000000000000000000000000000000"};
    uint8_t address[CLIENT_ADDRESS_BYTES];
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (client_address_read(address, T(texts[i])))
            fail_msg("%s was taken", texts[i]);
    }
    assert_false(client_address_read(address, deputy_slice_bytes("1.2.3.4\0", 8)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(ipv6_counts_by_network_and_ipv4_by_address),
            cmocka_unit_test(texts_that_are_no_address_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
