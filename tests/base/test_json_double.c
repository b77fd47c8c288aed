#include "base/json_write.h"
#include "support/check.h"
#include "support/prng.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static double from_bits(uint64_t bits)
{
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static struct deputy_slice printed(struct deputy_arena *arena, double number)
{
    struct buf out = buf_make(arena, 64);
    struct deputy_slice text;
    json_put_double(&out, number);
    assert_ok(buf_finish(&out, &text));
    return text;
}

/* RFC 8785 appendix B */
static void numbers_print_as_in_rfc_8785(void **state)
{
    static const struct {
        uint64_t bits;
        const char *text;
    } cases[] = {
            {0x0000000000000000, "0"},
            {0x8000000000000000, "0"},
            {0x0000000000000001, "5e-324"},
            {0x8000000000000001, "-5e-324"},
            {0x7fefffffffffffff, "1.7976931348623157e+308"},
            {0xffefffffffffffff, "-1.7976931348623157e+308"},
            {0x4340000000000000, "9007199254740992"},
            {0xc340000000000000, "-9007199254740992"},
            {0x4430000000000000, "295147905179352830000"},
            {0x44b52d02c7e14af5, "9.999999999999997e+22"},
            {0x44b52d02c7e14af6, "1e+23"},
            {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
            {0x444b1ae4d6e2ef4e, "999999999999999700000"},
            {0x444b1ae4d6e2ef4f, "999999999999999900000"},
            {0x444b1ae4d6e2ef50, "1e+21"},
            {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
            {0x3eb0c6f7a0b5ed8d, "0.000001"},
            {0x41b3de4355555553, "333333333.3333332"},
            {0x41b3de4355555554, "333333333.33333325"},
            {0x41b3de4355555555, "333333333.3333333"},
            {0x41b3de4355555556, "333333333.3333334"},
            {0x41b3de4355555557, "333333333.33333343"},
            {0xbecbf647612f3696, "-0.0000033333333333333333"},
            {0x43143ff3c1cb0959, "1424953923781206.2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_text(printed(*state, from_bits(cases[i].bits)), cases[i].text);
}

static void forms_change_where_ecmascript_changes_them(void **state)
{
    static const struct {
        double number;
        const char *text;
    } cases[] = {
            {1, "1"},
            {-1.5, "-1.5"},
            {0.1, "0.1"},
            {100, "100"},
            {123456.789, "123456.789"},
            {1e-6, "0.000001"},
            {1.25e-6, "0.00000125"},
            {1e-7, "1e-7"},
            {1.25e-7, "1.25e-7"},
            {9.5e-7, "9.5e-7"},
            {1e20, "100000000000000000000"},
            {1.5e20, "150000000000000000000"},
            {1e21, "1e+21"},
            {1.5e21, "1.5e+21"},
            {123456789012345680000.0, "123456789012345680000"},
            {1e100, "1e+100"},
            {333333333.33333329, "333333333.3333333"},
            {9007199254740991.0, "9007199254740991"},
            {9007199254740994.0, "9007199254740994"},
            {4503599627370495.5, "4503599627370495.5"},
            {1767225600.123, "1767225600.123"},
            {2.2250738585072014e-308, "2.2250738585072014e-308"},
            {2.225073858507201e-308, "2.225073858507201e-308"},
            {5.684341886080802e-14,
                    "5.684341886080802e-14"}, /* 2^-44: the nearest 16 digits read as its neighbour */
            {9.5367431640625e-7, "9.5367431640625e-7"},
            {2e-3, "0.002"},
            {4.5, "4.5"},
            {1e30, "1e+30"},
            {1e-27, "1e-27"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_text(printed(*state, cases[i].number), cases[i].text);
}

static void numbers_that_are_not_finite_are_refused(void **state)
{
    const double refused[] = {(double)INFINITY, -(double)INFINITY, (double)NAN};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct buf out = buf_make(*state, 64);
        struct deputy_slice text;
        json_put_double(&out, refused[i]);
        assert_int_equal(buf_finish(&out, &text), DEPUTY_E_JSON_NUMBER);
    }
}

/* The digits of a printed number without sign, point, exponent and the zeros around them. */
static int significant_digits(struct deputy_slice text)
{
    int digits = 0, zeros = 0;
    for (size_t i = 0; i < text.len && text.ptr[i] != 'e'; i++) {
        if (text.ptr[i] == '0') {
            zeros += digits > 0;
        } else if (text.ptr[i] >= '1' && text.ptr[i] <= '9') {
            digits += zeros + 1;
            zeros = 0;
        }
    }
    return digits;
}

static bool reads_as(const char *digits, int exponent, double number)
{
    char text[64];
    snprintf(text, sizeof text, "%se%d", digits, exponent);
    return strtod(text, NULL) == number;
}

/* Whether a decimal of so many digits reads as the number: the nearest one, or one beside it. */
static bool fits_in_digits(double number, int count)
{
    char text[64], digits[32];
    snprintf(text, sizeof text, "%.*e", count - 1, number);
    long long nearest = 0;
    const char *at = text;
    for (; *at != 'e'; at++) {
        if (*at != '.')
            nearest = nearest * 10 + (*at - '0');
    }
    int exponent = atoi(at + 1) - (count - 1);
    for (long long near = nearest - 1; near <= nearest + 1; near++) {
        snprintf(digits, sizeof digits, "%lld", near);
        if (reads_as(digits, exponent, number))
            return true;
    }
    return false;
}

static void assert_shortest(struct deputy_arena *arena, double number)
{
    char text[64] = {0};
    struct deputy_slice slice = printed(arena, number);
    memcpy(text, slice.ptr, slice.len);
    if (strtod(text, NULL) != number)
        fail_msg("%a prints as %s", number, text);
    int digits = significant_digits(slice);
    if (digits > 1 && fits_in_digits(fabs(number), digits - 1))
        fail_msg("%s is not the shortest", text);
    deputy_arena_reset(arena);
}

static void random_doubles_print_the_fewest_digits_that_read_back(void **state)
{
    struct prng prng = {9};
    for (int i = 0; i < 30000; i++) {
        double number = from_bits(prng_next(&prng));
        if (isfinite(number) && number != 0)
            assert_shortest(*state, number);
        assert_shortest(*state, (double)(1 + prng_next(&prng) % 10000000) / 1000);
        assert_shortest(
                *state, from_bits(1 + prng_next(&prng) % UINT64_C(0x0010000000000000))); /* subnormal */
    }
}

/* Below a power of two doubles lie closer than above it. */
static void powers_of_two_and_their_neighbours_print_the_fewest_digits(void **state)
{
    for (int exponent = -1074; exponent <= 1023; exponent++) {
        double power = ldexp(1, exponent);
        assert_shortest(*state, power);
        assert_shortest(*state, nextafter(power, INFINITY));
        if (nextafter(power, 0) > 0)
            assert_shortest(*state, nextafter(power, 0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(numbers_print_as_in_rfc_8785),
            ARENA_TEST(forms_change_where_ecmascript_changes_them),
            ARENA_TEST(numbers_that_are_not_finite_are_refused),
            ARENA_TEST(random_doubles_print_the_fewest_digits_that_read_back),
            ARENA_TEST(powers_of_two_and_their_neighbours_print_the_fewest_digits),
    };
    return cmocka_run_group_tests_name("base.json_double", tests, NULL, NULL);
}
