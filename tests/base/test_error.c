/* The table of errors: a number is one error. */
#include "support/check.h"
#include <deputy/error.h>

static const struct {
    const char *identifier;
    int value;
} errors[] = {
#define X(name, value, machine, text, status) {#name, (value)},
#include <deputy/errors.def>
#undef X
};

static void number_stands_for_one_error(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        assert_true(errors[i].value < 0);
        for (size_t j = 0; j < i; j++) {
            if (errors[i].value == errors[j].value)
                fail_msg(
                        "%s and %s are both %d", errors[j].identifier, errors[i].identifier, errors[i].value);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(number_stands_for_one_error)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
