#include "base/json_number.h"
#include <stdio.h>
#include <stdlib.h>

enum {
    EXACT_DIGITS = 15,        /* integers of so many digits are exact as doubles */
    EXACT_POWER = 22,         /* and so are the powers of ten up to this one */
    SIGNIFICANT_DIGITS = 770, /* more never change how a decimal rounds, but that they are not all 0 */
    DOUBLE_EXPONENT_MAX = 2000,
};

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

/* The number after 'e', cut to +-JSON_EXPONENT_MAX. */
static int64_t exponent_value(struct deputy_slice text)
{
    int64_t value = 0;
    size_t at = text.len > 0 && !is_digit(text.ptr[0]) ? 1 : 0;
    bool negative = at == 1 && text.ptr[0] == '-';
    for (; at < text.len && value < JSON_EXPONENT_MAX; at++)
        value = value * 10 + (text.ptr[at] - '0');
    if (value > JSON_EXPONENT_MAX)
        value = JSON_EXPONENT_MAX;
    return negative ? -value : value;
}

/* How many of the bytes at the front are digits. */
static size_t count_digits(struct deputy_slice text)
{
    size_t count = 0;
    while (count < text.len && is_digit(text.ptr[count]))
        count++;
    return count;
}

/* Cuts zeros, and a point among them, from both ends; gives how many digits were cut in front. */
static size_t trim_zeros(struct deputy_slice *digits)
{
    size_t first = 0, end = digits->len, zeros = 0;
    for (; first < end && (digits->ptr[first] == '0' || digits->ptr[first] == '.'); first++)
        zeros += digits->ptr[first] == '0';
    while (end > first && (digits->ptr[end - 1] == '0' || digits->ptr[end - 1] == '.'))
        end--;
    *digits = deputy_slice_bytes(digits->ptr + first, end - first);
    return zeros;
}

struct json_decimal json_decimal_make(struct deputy_slice text)
{
    struct json_decimal decimal = {.negative = text.ptr[0] == '-'};
    if (decimal.negative)
        text = deputy_slice_bytes(text.ptr + 1, text.len - 1);
    size_t whole = count_digits(text), len = whole;
    if (len < text.len && text.ptr[len] == '.')
        len += 1 + count_digits(deputy_slice_bytes(text.ptr + len + 1, text.len - len - 1));
    if (len < text.len)
        decimal.exponent = exponent_value(deputy_slice_bytes(text.ptr + len + 1, text.len - len - 1));
    decimal.digits = deputy_slice_bytes(text.ptr, len);
    size_t zeros = trim_zeros(&decimal.digits);
    decimal.exponent = decimal.digits.len == 0 ? 0 : decimal.exponent + (int64_t)whole - (int64_t)zeros;
    return decimal;
}

bool json_decimal_take(struct json_decimal *decimal, unsigned *digit)
{
    struct deputy_slice *digits = &decimal->digits;
    size_t skip = digits->len > 0 && digits->ptr[0] == '.' ? 1 : 0;
    if (digits->len == skip)
        return false;
    *digit = (unsigned)(digits->ptr[skip] - '0');
    *digits = deputy_slice_bytes(digits->ptr + skip + 1, digits->len - skip - 1);
    return true;
}

bool json_decimal_equal(struct json_decimal a, struct json_decimal b)
{
    unsigned digit_a, digit_b;
    if (a.digits.len == 0 || b.digits.len == 0)
        return a.digits.len == b.digits.len; /* zero has no sign here */
    if (a.negative != b.negative || a.exponent != b.exponent)
        return false;
    for (;;) {
        bool more_a = json_decimal_take(&a, &digit_a), more_b = json_decimal_take(&b, &digit_b);
        if (!more_a || !more_b)
            return more_a == more_b;
        if (digit_a != digit_b)
            return false;
    }
}

/* Few digits and a small power of ten: both are exact as doubles, so one operation rounds once. */
static bool to_double_exactly(double *out, struct json_decimal decimal)
{
    static const double powers[EXACT_POWER + 1] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10,
            1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    int64_t power = decimal.exponent;
    uint64_t value = 0;
    unsigned digit;
    if (decimal.digits.len > EXACT_DIGITS + 1)
        return false;
    for (; json_decimal_take(&decimal, &digit); power--)
        value = value * 10 + digit;
    if (value >= UINT64_C(1000000000000000) || power < -EXACT_POWER || power > EXACT_POWER)
        return false;
    *out = power < 0 ? (double)value / powers[-power] : (double)value * powers[power];
    return true;
}

/*
 * The C library rounds any decimal correctly. What it is given has neither a point nor anything else that
 * depends on a locale, and is short: digits beyond the significant ones are replaced by a single 1.
 */
static double to_double_by_library(struct json_decimal decimal)
{
    char text[SIGNIFICANT_DIGITS + 32];
    size_t len = 0;
    int64_t exponent = decimal.exponent;
    unsigned digit;
    for (; len < SIGNIFICANT_DIGITS && json_decimal_take(&decimal, &digit); exponent--)
        text[len++] = (char)('0' + digit);
    if (json_decimal_take(&decimal, &digit)) {
        text[len++] = '1';
        exponent--;
    }
    if (exponent > DOUBLE_EXPONENT_MAX)
        exponent = DOUBLE_EXPONENT_MAX;
    if (exponent < -DOUBLE_EXPONENT_MAX)
        exponent = -DOUBLE_EXPONENT_MAX;
    snprintf(text + len, sizeof text - len, "e%d", (int)exponent);
    return strtod(text, NULL);
}

double json_decimal_to_double(struct json_decimal decimal)
{
    double value;
    if (!to_double_exactly(&value, decimal))
        value = to_double_by_library(decimal);
    return decimal.negative ? -value : value;
}
