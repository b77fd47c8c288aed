#include "base/codec.h"
#include "base/try.h"

/* X marks what is not in the alphabet. */
enum { X = 0xff };

/* clang-format off */
static const uint8_t values[256] = {
        X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
        X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
        X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
        X, 0, 1, 2, 3, 4, 5, 6, 7, 8, X, X, X, X, X, X,
        X, 9, 10, 11, 12, 13, 14, 15, 16, X, 17, 18, 19, 20, 21, X,
        22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, X, X, X, X, X,
        X, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, X, 44, 45, 46,
        47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, X, X, X, X, X,
        X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
        X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
        X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
        X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
        X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
        X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
        X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
        X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
};
/* clang-format on */

/* Numbers are worked on in limbs of 32 bits, least significant first, five digits a step. */
enum {
    LIMBS = BASE58_MAX_BYTES / 4,
    DIGITS_PER_STEP = 5,
    STEP = 58 * 58 * 58 * 58 * 58,
    MAX_DIGITS = 175 /* of BASE58_MAX_BYTES bytes: ceil(1024 / log2(58)) */
};

struct number {
    uint32_t limbs[LIMBS];
    size_t used;
};

/* number = number * factor + add; false when it no longer fits. */
static bool number_multiply_add(struct number *number, uint32_t factor, uint32_t add)
{
    uint64_t carry = add;
    for (size_t i = 0; i < number->used; i++) {
        carry += (uint64_t)number->limbs[i] * factor;
        number->limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry == 0)
        return true;
    if (number->used == LIMBS)
        return false;
    number->limbs[number->used++] = (uint32_t)carry;
    return true;
}

/* number = number / STEP; gives the remainder. */
static uint32_t number_divide_by_step(struct number *number)
{
    uint64_t rest = 0;
    for (size_t i = number->used; i-- > 0;) {
        rest = rest << 32 | number->limbs[i];
        number->limbs[i] = (uint32_t)(rest / STEP);
        rest %= STEP;
    }
    while (number->used > 0 && number->limbs[number->used - 1] == 0)
        number->used--;
    return (uint32_t)rest;
}

static uint8_t number_byte(const struct number *number, size_t i)
{
    return (uint8_t)(number->limbs[i / 4] >> 8 * (i % 4));
}

static size_t number_bytes(const struct number *number)
{
    size_t len = number->used * 4;
    while (len > 0 && number_byte(number, len - 1) == 0)
        len--;
    return len;
}

static struct number number_from_bytes(struct deputy_slice bytes)
{
    struct number number = {.used = (bytes.len + 3) / 4};
    for (size_t i = 0; i < bytes.len; i++)
        number.limbs[i / 4] |= (uint32_t)bytes.ptr[bytes.len - 1 - i] << 8 * (i % 4);
    return number;
}

static enum deputy_error number_from_digits(struct number *number, struct deputy_slice text)
{
    for (size_t i = 0; i < text.len;) {
        uint32_t factor = 1, add = 0;
        for (size_t n = 0; n < DIGITS_PER_STEP && i < text.len; n++, i++) {
            uint32_t value = values[text.ptr[i]];
            ENSURE(value != X, DEPUTY_E_BASE58);
            factor *= 58;
            add = add * 58 + value;
        }
        ENSURE(number_multiply_add(number, factor, add), DEPUTY_E_LIMIT);
    }
    return DEPUTY_OK;
}

/* How many bytes of that value stand at the front; they are taken away. */
static size_t take_leading(struct deputy_slice *bytes, uint8_t value)
{
    size_t count = 0;
    while (count < bytes->len && bytes->ptr[count] == value)
        count++;
    if (count > 0)
        *bytes = deputy_slice_bytes(bytes->ptr + count, bytes->len - count);
    return count;
}

void base58_put(struct buf *out, struct deputy_slice bytes)
{
    static const char digits[58] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    if (bytes.len > BASE58_MAX_BYTES) {
        buf_fail(out, DEPUTY_E_LIMIT);
        return;
    }
    for (size_t zeros = take_leading(&bytes, 0); zeros > 0; zeros--)
        buf_put_byte(out, '1');
    struct number number = number_from_bytes(bytes);
    uint8_t text[MAX_DIGITS + DIGITS_PER_STEP];
    size_t at = sizeof text;
    while (number.used > 0) {
        uint32_t rest = number_divide_by_step(&number);
        for (int n = 0; n < DIGITS_PER_STEP; n++, rest /= 58)
            text[--at] = (uint8_t)digits[rest % 58];
    }
    struct deputy_slice written = {text + at, sizeof text - at};
    take_leading(&written, '1'); /* the last step's digits may begin with zeros */
    buf_put(out, written);
}

enum deputy_error base58_read(uint8_t *out, size_t cap, size_t *len, struct deputy_slice text)
{
    struct number number = {.used = 0};
    size_t zeros = take_leading(&text, '1');
    TRY(number_from_digits(&number, text));
    size_t rest = number_bytes(&number);
    ENSURE(zeros + rest <= cap && zeros + rest <= BASE58_MAX_BYTES, DEPUTY_E_LIMIT);
    if (zeros > 0)
        memset(out, 0, zeros);
    for (size_t i = 0; i < rest; i++)
        out[zeros + i] = number_byte(&number, rest - 1 - i);
    *len = zeros + rest;
    return DEPUTY_OK;
}
