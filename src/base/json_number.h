/* Numbers of JSON as exact decimals, between their text and any binary kind. */
#ifndef BASE_JSON_NUMBER_H
#define BASE_JSON_NUMBER_H

#include <deputy/slice.h>

/*
 * The text taken apart: 0.d1 d2 d3 ... times 10 to the exponent, where d1 is not 0. Zero has no digits.
 */
struct json_decimal {
    bool negative;
    struct deputy_slice digits; /* from the first to the last that is not 0; may hold one '.' */
    int64_t exponent;           /* far out of any range: cut to +-JSON_EXPONENT_MAX */
};

#define JSON_EXPONENT_MAX INT64_C(1000000000000000)

/* The text must be a number by the grammar of RFC 8259. */
struct json_decimal json_decimal_make(struct deputy_slice text);

bool json_decimal_equal(struct json_decimal a, struct json_decimal b);

/* Takes the next digit's value from the front; false at the end. */
bool json_decimal_take(struct json_decimal *decimal, unsigned *digit);

/* The nearest double, infinite when it is too large. */
double json_decimal_to_double(struct json_decimal decimal);

#endif
