#include "base/json_number.h"
#include "support/check.h"
#include "support/prng.h"
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

static double number(const char *text)
{
    return json_decimal_to_double(json_decimal_make(T(text)));
}

static bool equal(const char *a, const char *b)
{
    return json_decimal_equal(json_decimal_make(T(a)), json_decimal_make(T(b)));
}

static void assert_same_bits(double actual, double expected, const char *text)
{
    if (memcmp(&actual, &expected, sizeof actual) != 0)
        fail_msg("%s: %.17g, not %.17g", text, actual, expected);
}

/* The compiler reads these constants on its own. */
static void decimals_round_to_the_nearest_double(void **state)
{
    (void)state;
#define CASE(text)                                                                                           \
    {                                                                                                        \
#text, text                                                                                          \
    }
    static const struct {
        const char *text;
        double value;
    } cases[] = {
            CASE(0.0),
            CASE(-0.0),
            CASE(1.0),
            CASE(0.1),
            CASE(0.3),
            CASE(1e22),
            CASE(1e23),
            CASE(123456789012345e22),
            CASE(123456789012345e-22),
            CASE(999999999999999e22),
            CASE(1000000000000000e0),
            CASE(9007199254740993.0),
            CASE(9007199254740991.0),
            CASE(333333333.33333329),
            CASE(1.7976931348623157e308),
            CASE(2.2250738585072014e-308),
            CASE(2.2250738585072011e-308),
            CASE(4.9406564584124654e-324),
            CASE(2.4703282292062328e-324),
            CASE(0.000000000000000000000000000000000000000000000000000001e54),
            CASE(1000000000000000000000000000000000000000000000000000000e-54),
            CASE(1767225600.123),
            CASE(0.500000000000000166533453693773481063544750213623046875),
            CASE(3.518437208883201171875e13),
    };
#undef CASE
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_same_bits(number(cases[i].text), cases[i].value, cases[i].text);
}

/* Half way between two doubles, then a digit beyond all significant ones decides. */
static void digits_beyond_the_significant_ones_still_decide(void **state)
{
    (void)state;
    char text[1200] = "9007199254740993.";
    memset(text + strlen(text), '0', 1100);
    assert_true(number(text) == 9007199254740992.0);
    text[1100] = '1';
    assert_true(number(text) == 9007199254740994.0);
}

static void exponents_of_any_length_saturate(void **state)
{
    (void)state;
    assert_true(number("1e999999999999999999999999") == __builtin_inf());
    assert_true(number("-1e999999999999999999999999") == -__builtin_inf());
    assert_true(number("1e-999999999999999999999999") == 0);
    assert_true(number("0e999999999999999999999999") == 0);
    assert_true(number("1e+0000000000000000000000000000000000003") == 1000);
    assert_true(number("1e-0000000000000000000000000000000000003") == 0.001);
}

/* strtod in the "C" locale is the oracle for what the grammar allows. */
static void random_decimals_agree_with_strtod(void **state)
{
    (void)state;
    struct prng prng = {5};
    for (int i = 0; i < 200000; i++) {
        char text[64];
        size_t len = 0, whole = 1 + prng_below(&prng, 20), fraction = prng_below(&prng, 20);
        if (prng_below(&prng, 2) == 0)
            text[len++] = '-';
        for (size_t n = 0; n < whole; n++)
            text[len++] = (char)('0' + prng_below(&prng, 10));
        if (fraction > 0)
            text[len++] = '.';
        for (size_t n = 0; n < fraction; n++)
            text[len++] = (char)('0' + prng_below(&prng, 10));
        text[len] = '\0';
        if (prng_below(&prng, 2) == 0)
            snprintf(text + len, sizeof text - len, "e%d", (int)prng_below(&prng, 700) - 350);
        assert_same_bits(number(text), strtod(text, NULL), text);
    }
}

/* Needs a locale with a decimal comma, which not every system has. */
static void locale_has_no_say(void **state)
{
    (void)state;
    if (setlocale(LC_NUMERIC, "de_DE.UTF-8") == NULL && setlocale(LC_NUMERIC, "fr_FR.UTF-8") == NULL)
        skip();
    double value = number("1.5000000000000000000000");
    setlocale(LC_NUMERIC, "C");
    assert_true(value == 1.5);
}

static void decimals_are_compared_by_value(void **state)
{
    (void)state;
    static const char *const same[][2] = {{"0", "-0"}, {"0", "0.000e99"}, {"1", "1.0"}, {"1", "10e-1"},
            {"1", "0.1e1"}, {"100", "1e2"}, {"100", "100.00"}, {"-12.50", "-1.25E+1"}, {"0.001", "1e-3"},
            {"120000", "1.2e5"}, {"10.01", "1001e-2"}};
    static const char *const other[][2] = {{"0", "1e-999"}, {"1", "-1"}, {"1", "1.0000000000000000000000001"},
            {"9007199254740992", "9007199254740993"}, {"1e400", "1e401"}, {"10", "1"}, {"12", "1.2"},
            {"1e400", "-1e400"}, {"12", "123"}, {"10.01", "10.1"}};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        assert_true(equal(same[i][0], same[i][1]) && equal(same[i][1], same[i][0]));
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++)
        assert_false(equal(other[i][0], other[i][1]) || equal(other[i][1], other[i][0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(decimals_round_to_the_nearest_double),
            cmocka_unit_test(digits_beyond_the_significant_ones_still_decide),
            cmocka_unit_test(exponents_of_any_length_saturate),
            cmocka_unit_test(random_decimals_agree_with_strtod),
            cmocka_unit_test(locale_has_no_say),
            cmocka_unit_test(decimals_are_compared_by_value),
    };
    return cmocka_run_group_tests_name("base.json_number", tests, NULL, NULL);
}
