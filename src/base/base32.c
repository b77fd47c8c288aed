#include "base/codec.h"
#include "base/try.h"

/* X marks what is not in the alphabet: all values below it fit five bits. */
enum { X = 0xff };

/* clang-format off */
static const uint8_t values[256] = {
        X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
        X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
        X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
        X, X, 26, 27, 28, 29, 30, 31, X, X, X, X, X, X, X, X,
        X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
        X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
        X, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
        15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, X, X, X, X, X,
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

static size_t digits_of_bytes(size_t len)
{
    return len / 5 * 8 + (len % 5 * 8 + 4) / 5;
}

void base32_put(struct buf *out, struct deputy_slice bytes)
{
    static const char digits[32] = "abcdefghijklmnopqrstuvwxyz234567";
    uint8_t *text = bytes.len <= SIZE_MAX / 2 ? buf_extend(out, digits_of_bytes(bytes.len)) : NULL;
    if (text == NULL) {
        buf_fail(out, DEPUTY_E_LIMIT);
        return;
    }
    uint32_t word = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        word = word << 8 | bytes.ptr[i];
        for (bits += 8; bits >= 5; bits -= 5)
            *text++ = (uint8_t)digits[word >> (bits - 5) & 31];
    }
    if (bits > 0)
        *text = (uint8_t)digits[word << (5 - bits) & 31];
}

enum deputy_error base32_read_fixed(uint8_t *out, size_t len, struct deputy_slice text)
{
    ENSURE(len <= SIZE_MAX / 2 && text.len == digits_of_bytes(len), DEPUTY_E_BASE32);
    uint32_t word = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned value = values[text.ptr[i]];
        ENSURE(value != X, DEPUTY_E_BASE32);
        word = word << 5 | value;
        bits += 5;
        if (bits >= 8) {
            bits -= 8;
            *out++ = (uint8_t)(word >> bits);
        }
    }
    ENSURE((word & ((1U << bits) - 1)) == 0, DEPUTY_E_BASE32);
    return DEPUTY_OK;
}
