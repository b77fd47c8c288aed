/* Doubles as ECMAScript prints them: the fewest digits that read back as the same number. */
#include "base/json_write.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    MAX_DIGITS = 17,         /* always enough to tell a double */
    MAX_PLAIN_EXPONENT = 21, /* from 10^21 on an exponent is printed */
    MIN_PLAIN_EXPONENT = -6, /* and below 10^-6 */
};

static const double EXACT_INTEGER_MAX = 9007199254740992.0;

/* The number d1 d2 ... dn times 10 to (exponent - n), so that 0.d1 d2 ... dn e exponent. */
struct decimal {
    char digits[MAX_DIGITS + 1]; /* ended with NUL */
    int count;
    int exponent;
};

/* The decimal of so many digits that lies nearest. */
static struct decimal round_to(double number, int count)
{
    char text[40]; /* "d.ddde-324"; the sign of the point depends on the locale and is skipped */
    struct decimal decimal = {.count = 0};
    snprintf(text, sizeof text, "%.*e", count - 1, number);
    const char *at = text;
    for (; *at != 'e'; at++) {
        if (*at >= '0' && *at <= '9')
            decimal.digits[decimal.count++] = *at;
    }
    decimal.exponent = (int)strtol(at + 1, NULL, 10) + 1;
    return decimal;
}

static bool reads_as(const struct decimal *decimal, double number)
{
    char text[40];
    snprintf(text, sizeof text, "%se%d", decimal->digits, decimal->exponent - decimal->count);
    return strtod(text, NULL) == number;
}

/* The next larger decimal of as many digits; false where that would take another digit. */
static bool step_up(struct decimal *decimal)
{
    for (int i = decimal->count; i-- > 0;) {
        if (decimal->digits[i] != '9') {
            decimal->digits[i]++;
            return true;
        }
        decimal->digits[i] = '0';
    }
    return false;
}

static void trim_zeros(struct decimal *decimal)
{
    while (decimal->count > 1 && decimal->digits[decimal->count - 1] == '0')
        decimal->digits[--decimal->count] = '\0';
}

/*
 * A decimal of up to 15 digits is the nearest one of 15 digits to its double, unless that is subnormal: so
 * the search begins there, or at one digit. Above a power of two doubles lie twice as far apart as below it:
 * there the nearest decimal may read as the neighbour below while the next one up reads right.
 */
static struct decimal shortest(double number)
{
    struct decimal decimal = {.count = 0};
    for (int count = number < DBL_MIN ? 1 : DBL_DIG; count <= MAX_DIGITS; count++) {
        decimal = round_to(number, count);
        if (reads_as(&decimal, number))
            break;
        struct decimal above = decimal;
        if (step_up(&above) && reads_as(&above, number)) {
            decimal = above;
            break;
        }
    }
    trim_zeros(&decimal);
    return decimal;
}

static void put_zeros(struct buf *out, int count)
{
    for (; count > 0; count--)
        buf_put_byte(out, '0');
}

static void put_with_exponent(struct buf *out, const struct decimal *decimal)
{
    int exponent = decimal->exponent - 1;
    buf_put(out, deputy_slice_bytes(decimal->digits, 1));
    if (decimal->count > 1) {
        buf_put_byte(out, '.');
        buf_put_text(out, decimal->digits + 1);
    }
    buf_put_text(out, exponent < 0 ? "e-" : "e+");
    buf_put_decimal(out, (uint64_t)abs(exponent));
}

/* ECMAScript Number::toString, steps 6 to 10. */
static void put_decimal(struct buf *out, const struct decimal *decimal)
{
    int point = decimal->exponent;
    if (point > MAX_PLAIN_EXPONENT || point <= MIN_PLAIN_EXPONENT) {
        put_with_exponent(out, decimal);
    } else if (point <= 0) {
        buf_put_text(out, "0.");
        put_zeros(out, -point);
        buf_put_text(out, decimal->digits);
    } else if (point >= decimal->count) {
        buf_put_text(out, decimal->digits);
        put_zeros(out, point - decimal->count);
    } else {
        buf_put(out, deputy_slice_bytes(decimal->digits, (size_t)point));
        buf_put_byte(out, '.');
        buf_put_text(out, decimal->digits + point);
    }
}

void json_put_double(struct buf *out, double number)
{
    if (!isfinite(number)) {
        buf_fail(out, DEPUTY_E_JSON_NUMBER);
        return;
    }
    if (number < 0)
        buf_put_byte(out, '-');
    number = fabs(number);
    if (number <= EXACT_INTEGER_MAX && number == floor(number)) {
        buf_put_decimal(out, (uint64_t)number);
        return;
    }
    struct decimal decimal = shortest(number);
    put_decimal(out, &decimal);
}
