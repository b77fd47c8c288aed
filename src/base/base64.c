#include "base/arena.h"
#include "base/codec.h"
#include "base/try.h"
#include <endian.h>

/* X marks what is not in the alphabet: all values below it fit six bits. */
enum { X = 0xff };

/* clang-format off */
static const uint8_t standard_values[256] = {
        X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
        X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
        X, X, X, X, X, X, X, X, X, X, X, 62, X, X, X, 63,
        52, 53, 54, 55, 56, 57, 58, 59, 60, 61, X, X, X, X, X, X,
        X, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
        15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, X, X, X, X, X,
        X, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
        41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, X, X, X, X, X,
        X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
        X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
        X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
        X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
        X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
        X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
        X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
        X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
};

static const uint8_t url_values[256] = {
        X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
        X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
        X, X, X, X, X, X, X, X, X, X, X, X, X, 62, X, X,
        52, 53, 54, 55, 56, 57, 58, 59, 60, 61, X, X, X, X, X, X,
        X, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
        15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, X, X, X, X, 63,
        X, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
        41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, X, X, X, X, X,
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

static const char standard_digits[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_digits[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Digits without padding: three bytes give four, the last one or two give two or three. */
static size_t digits_of_bytes(size_t len)
{
    return len / 3 * 4 + (len % 3 == 0 ? 0 : len % 3 + 1);
}

static size_t bytes_of_digits(size_t len)
{
    return len / 4 * 3 + len % 4 * 3 / 4;
}

/* The last one or two bytes: left digits and, where wanted, '=' up to four. */
static void encode_tail(uint8_t *text, const uint8_t *bytes, size_t left, const char *digits, bool padded)
{
    unsigned word = (unsigned)bytes[0] << 16 | (left == 2 ? (unsigned)bytes[1] << 8 : 0);
    text[0] = (uint8_t)digits[word >> 18];
    text[1] = (uint8_t)digits[word >> 12 & 63];
    if (left == 2)
        text[2] = (uint8_t)digits[word >> 6 & 63];
    if (padded)
        memset(text + left + 1, '=', 3 - left);
}

static void encode(struct buf *out, struct deputy_slice bytes, const char *digits, bool padded)
{
    size_t len = padded ? (bytes.len / 3 + (bytes.len % 3 != 0)) * 4 : digits_of_bytes(bytes.len);
    uint8_t *text = bytes.len <= SIZE_MAX / 2 ? buf_extend(out, len) : NULL;
    if (text == NULL) {
        buf_fail(out, DEPUTY_E_LIMIT);
        return;
    }
    size_t i = 0;
    for (; bytes.len - i >= 3; i += 3, text += 4) {
        const uint8_t *at = bytes.ptr + i;
        unsigned word = (unsigned)at[0] << 16 | (unsigned)at[1] << 8 | at[2];
        text[0] = (uint8_t)digits[word >> 18];
        text[1] = (uint8_t)digits[word >> 12 & 63];
        text[2] = (uint8_t)digits[word >> 6 & 63];
        text[3] = (uint8_t)digits[word & 63];
    }
    if (i < bytes.len)
        encode_tail(text, bytes.ptr + i, bytes.len - i, digits, padded);
}

/* Four digits as 24 bits; X in any of them shows in *seen. */
static inline uint32_t quad(const uint8_t *values, const uint8_t *text, unsigned *seen)
{
    unsigned a = values[text[0]], b = values[text[1]], c = values[text[2]], d = values[text[3]];
    *seen |= a | b | c | d;
    return a << 18 | b << 12 | c << 6 | d;
}

/* The last two or three digits; the bits that they have too many must be zero. */
static enum deputy_error decode_tail(uint8_t *out, const uint8_t *text, size_t left, const uint8_t *values)
{
    ENSURE(left != 1, DEPUTY_E_BASE64);
    unsigned a = values[text[0]], b = values[text[1]], c = left == 3 ? values[text[2]] : 0;
    ENSURE((a | b | c) < 64, DEPUTY_E_BASE64);
    uint32_t word = a << 18 | b << 12 | c << 6;
    ENSURE((word & (left == 3 ? 0xff : 0xffff)) == 0, DEPUTY_E_BASE64);
    out[0] = (uint8_t)(word >> 16);
    if (left == 3)
        out[1] = (uint8_t)(word >> 8);
    return DEPUTY_OK;
}

/* Digits without padding into bytes_of_digits(text.len) bytes; eight digits a step while there is room to
 * store eight bytes for their six. */
static enum deputy_error decode(uint8_t *out, struct deputy_slice text, const uint8_t *values)
{
    const uint8_t *at = text.ptr;
    size_t left = text.len;
    unsigned seen = 0;
    for (; left >= 12; at += 8, left -= 8, out += 6) {
        uint64_t high = quad(values, at, &seen);
        uint64_t word = htobe64(high << 40 | (uint64_t)quad(values, at + 4, &seen) << 16);
        memcpy(out, &word, sizeof word);
    }
    for (; left >= 4; at += 4, left -= 4, out += 3) {
        uint32_t word = quad(values, at, &seen);
        out[0] = (uint8_t)(word >> 16);
        out[1] = (uint8_t)(word >> 8);
        out[2] = (uint8_t)word;
    }
    ENSURE(seen < 64, DEPUTY_E_BASE64);
    return left == 0 ? DEPUTY_OK : decode_tail(out, at, left, values);
}

/* Takes away the padding, which must fill the last group of four and nothing more. */
static enum deputy_error take_padding(struct deputy_slice *text)
{
    ENSURE(text->len % 4 == 0, DEPUTY_E_BASE64);
    for (int i = 0; i < 2 && text->len > 0 && text->ptr[text->len - 1] == '='; i++)
        text->len--;
    return DEPUTY_OK;
}

static enum deputy_error decode_new(
        struct deputy_arena *arena, struct deputy_slice *out, struct deputy_slice text, const uint8_t *values)
{
    size_t len = bytes_of_digits(text.len);
    uint8_t *bytes = arena_alloc_bytes(arena, len);
    ENSURE(bytes != NULL, arena_error(arena));
    TRY(decode(bytes, text, values));
    *out = deputy_slice_bytes(bytes, len);
    return DEPUTY_OK;
}

void base64url_encode(struct buf *out, struct deputy_slice bytes, enum base64_padding padding)
{
    encode(out, bytes, url_digits, padding == BASE64_PADDED);
}

enum deputy_error base64url_decode(struct deputy_arena *arena, struct deputy_slice *out,
        struct deputy_slice text, enum base64_padding padding)
{
    if (padding == BASE64_PADDED)
        TRY(take_padding(&text));
    return decode_new(arena, out, text, url_values);
}

enum deputy_error base64url_decode_fixed(uint8_t *out, size_t len, struct deputy_slice text)
{
    ENSURE(len <= SIZE_MAX / 2 && text.len == digits_of_bytes(len), DEPUTY_E_BASE64);
    return decode(out, text, url_values);
}

void base64_encode(struct buf *out, struct deputy_slice bytes)
{
    encode(out, bytes, standard_digits, true);
}

enum deputy_error base64_decode(
        struct deputy_arena *arena, struct deputy_slice *out, struct deputy_slice text)
{
    TRY(take_padding(&text));
    return decode_new(arena, out, text, standard_values);
}
