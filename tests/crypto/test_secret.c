#include "crypto/secret.h"
#include "support/check.h"
#include "support/child.h"
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { SECRET_BYTES = 32 };

static uint8_t *secret_new(void)
{
    uint8_t *secret = NULL;
    assert_ok(secret_alloc(&secret, SECRET_BYTES));
    return secret;
}

static void read_byte(void *address)
{
    (void)*(volatile uint8_t *)address;
}

static void write_byte(void *address)
{
    *(volatile uint8_t *)address = 1;
}

static void secrets_begin_as_zeros(void **state)
{
    (void)state;
    static const uint8_t zeros[SECRET_BYTES];
    uint8_t *secret = secret_new();
    assert_memory_equal(secret, zeros, SECRET_BYTES);
    secret_free(secret);
    secret_free(NULL);
}

static void freed_secret_is_not_readable(void **state)
{
    (void)state;
    uint8_t *secret = secret_new();
    assert_int_equal(check_child(read_byte, secret), 0);
    secret_free(secret);
    assert_int_equal(check_child(read_byte, secret), SIGSEGV);
}

static void frozen_secret_is_readable_and_not_writable(void **state)
{
    (void)state;
    uint8_t *secret = secret_new();
    secret[0] = 7;
    assert_ok(secret_freeze(secret));
    assert_int_equal(secret[0], 7);
    assert_int_equal(check_child(read_byte, secret), 0);
    assert_int_equal(check_child(write_byte, secret), SIGSEGV);
    secret_free(secret);
}

static void byte_after_a_secret_is_out_of_reach(void **state)
{
    (void)state;
    uint8_t *secret = secret_new();
    assert_int_equal(check_child(read_byte, secret + SECRET_BYTES - 1), 0);
    assert_int_equal(check_child(read_byte, secret + SECRET_BYTES), SIGSEGV);
    secret_free(secret);
}

/* Whether the mapping that holds the address has the flag ("dd": never in a core file) in VmFlags. */
static bool mapping_has_flag(const void *address, const char *flag)
{
    char line[512];
    bool inside = false, found = false;
    FILE *maps = fopen("/proc/self/smaps", "r");
    assert_non_null(maps);
    while (!found && fgets(line, sizeof line, maps) != NULL) {
        unsigned long begin, end;
        if (sscanf(line, "%lx-%lx ", &begin, &end) == 2)
            inside = begin <= (uintptr_t)address && (uintptr_t)address < end;
        found = inside && strncmp(line, "VmFlags:", 8) == 0 && strstr(line, flag) != NULL;
    }
    fclose(maps);
    return found;
}

static void secrets_are_left_out_of_core_files(void **state)
{
    (void)state;
    static uint8_t ordinary[SECRET_BYTES];
    if (access("/proc/self/smaps", R_OK) != 0)
        skip();
    uint8_t *secret = secret_new();
    assert_true(mapping_has_flag(secret, " dd"));
    assert_false(mapping_has_flag(ordinary, " dd"));
    secret_free(secret);
}

static void wiping_leaves_zeros(void **state)
{
    (void)state;
    uint8_t memory[40];
    memset(memory, 0xff, sizeof memory);
    secret_wipe(memory + 4, 32);
    for (size_t i = 0; i < sizeof memory; i++)
        assert_int_equal(memory[i], i < 4 || i >= 36 ? 0xff : 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(secrets_begin_as_zeros),
            cmocka_unit_test(freed_secret_is_not_readable),
            cmocka_unit_test(frozen_secret_is_readable_and_not_writable),
            cmocka_unit_test(byte_after_a_secret_is_out_of_reach),
            cmocka_unit_test(secrets_are_left_out_of_core_files),
            cmocka_unit_test(wiping_leaves_zeros),
    };
    return cmocka_run_group_tests_name("crypto.secret", tests, NULL, NULL);
}
