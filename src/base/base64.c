#include "base/arena.h"
#include "base/codec.h"
#include "base/try.h"
#include <endian.h>

/* What each byte stands for in an alphabet; X for what is not in it. */
#define X 64
/* clang-format off */
#define STANDARD_VALUES(V) \
    V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), \
    V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), \
    V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(62), V(X), V(X), V(X), V(63), \
    V(52), V(53), V(54), V(55), V(56), V(57), V(58), V(59), V(60), V(61), V(X), V(X), V(X), V(X), V(X), V(X), \
    V(X), V(0), V(1), V(2), V(3), V(4), V(5), V(6), V(7), V(8), V(9), V(10), V(11), V(12), V(13), V(14), \
    V(15), V(16), V(17), V(18), V(19), V(20), V(21), V(22), V(23), V(24), V(25), V(X), V(X), V(X), V(X), V(X), \
    V(X), V(26), V(27), V(28), V(29), V(30), V(31), V(32), V(33), V(34), V(35), V(36), V(37), V(38), V(39), V(40), \
    V(41), V(42), V(43), V(44), V(45), V(46), V(47), V(48), V(49), V(50), V(51), V(X), V(X), V(X), V(X), V(X), \
    V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), \
    V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), \
    V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), \
    V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), \
    V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), \
    V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), \
    V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), \
    V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X),

#define URL_VALUES(V) \
    V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), \
    V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), \
    V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(62), V(X), V(X), \
    V(52), V(53), V(54), V(55), V(56), V(57), V(58), V(59), V(60), V(61), V(X), V(X), V(X), V(X), V(X), V(X), \
    V(X), V(0), V(1), V(2), V(3), V(4), V(5), V(6), V(7), V(8), V(9), V(10), V(11), V(12), V(13), V(14), \
    V(15), V(16), V(17), V(18), V(19), V(20), V(21), V(22), V(23), V(24), V(25), V(X), V(X), V(X), V(X), V(63), \
    V(X), V(26), V(27), V(28), V(29), V(30), V(31), V(32), V(33), V(34), V(35), V(36), V(37), V(38), V(39), V(40), \
    V(41), V(42), V(43), V(44), V(45), V(46), V(47), V(48), V(49), V(50), V(51), V(X), V(X), V(X), V(X), V(X), \
    V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), \
    V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), \
    V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), \
    V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), \
    V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), \
    V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), \
    V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), \
    V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X), V(X),
/* clang-format on */

/* A digit's value where it stands in a group of four; bytes that are no digit set a bit above all groups. */
#define NO_DIGIT (UINT32_C(1) << 24)
#define FIRST(value) ((value) == X ? NO_DIGIT : UINT32_C(value) << 18)
#define SECOND(value) ((value) == X ? NO_DIGIT : UINT32_C(value) << 12)
#define THIRD(value) ((value) == X ? NO_DIGIT : UINT32_C(value) << 6)
#define FOURTH(value) ((value) == X ? NO_DIGIT : UINT32_C(value))

typedef uint32_t position_values[256];

static const position_values standard_values[4] = {{STANDARD_VALUES(FIRST)}, {STANDARD_VALUES(SECOND)},
        {STANDARD_VALUES(THIRD)}, {STANDARD_VALUES(FOURTH)}};
static const position_values url_values[4] = {
        {URL_VALUES(FIRST)}, {URL_VALUES(SECOND)}, {URL_VALUES(THIRD)}, {URL_VALUES(FOURTH)}};

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

/* Four digits as 24 bits, or NO_DIGIT and something. */
static inline uint32_t quad(const position_values *values, const uint8_t *text)
{
    return values[0][text[0]] | values[1][text[1]] | values[2][text[2]] | values[3][text[3]];
}

static inline void put_triple(uint8_t *out, uint32_t word)
{
    out[0] = (uint8_t)(word >> 16);
    out[1] = (uint8_t)(word >> 8);
    out[2] = (uint8_t)word;
}

/* The last two or three digits; the bits that they have too many must be zero. */
static enum deputy_error decode_tail(
        uint8_t *out, const uint8_t *text, size_t left, const position_values *values)
{
    ENSURE(left != 1, DEPUTY_E_BASE64);
    uint32_t word = values[0][text[0]] | values[1][text[1]] | (left == 3 ? values[2][text[2]] : 0);
    ENSURE(word < NO_DIGIT, DEPUTY_E_BASE64);
    ENSURE((word & (left == 3 ? 0xff : 0xffff)) == 0, DEPUTY_E_BASE64);
    out[0] = (uint8_t)(word >> 16);
    if (left == 3)
        out[1] = (uint8_t)(word >> 8);
    return DEPUTY_OK;
}

/*
 * Digits without padding into bytes_of_digits(text.len) bytes; eight digits a step while there is room to
 * store eight bytes for their six.
 */
static enum deputy_error decode(uint8_t *out, struct deputy_slice text, const position_values *values)
{
    const uint8_t *at = text.ptr;
    size_t left = text.len;
    uint32_t seen = 0;
    for (; left >= 12; at += 8, left -= 8, out += 6) {
        uint32_t high = quad(values, at), low = quad(values, at + 4);
        uint64_t word = htobe64((uint64_t)high << 40 | (uint64_t)low << 16);
        memcpy(out, &word, sizeof word);
        seen |= high | low;
    }
    for (; left >= 4; at += 4, left -= 4, out += 3) {
        uint32_t word = quad(values, at);
        put_triple(out, word);
        seen |= word;
    }
    ENSURE(seen < NO_DIGIT, DEPUTY_E_BASE64);
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

static enum deputy_error decode_new(struct deputy_arena *arena, struct deputy_slice *out,
        struct deputy_slice text, const position_values *values)
{
    size_t len = bytes_of_digits(text.len);
    uint8_t *bytes = arena_alloc_bytes(arena, len);
    ENSURE(bytes != NULL, arena_error(arena));
    TRY(decode(bytes, text, values));
    *out = deputy_slice_bytes(bytes, len);
    return DEPUTY_OK;
}

void base64url_put(struct buf *out, struct deputy_slice bytes, enum base64_padding padding)
{
    encode(out, bytes, url_digits, padding == BASE64_PADDED);
}

enum deputy_error base64url_read(struct deputy_arena *arena, struct deputy_slice *out,
        struct deputy_slice text, enum base64_padding padding)
{
    if (padding == BASE64_PADDED)
        TRY(take_padding(&text));
    return decode_new(arena, out, text, url_values);
}

enum deputy_error base64url_read_fixed(uint8_t *out, size_t len, struct deputy_slice text)
{
    ENSURE(len <= SIZE_MAX / 2 && text.len == digits_of_bytes(len), DEPUTY_E_BASE64);
    return decode(out, text, url_values);
}

void base64_put(struct buf *out, struct deputy_slice bytes)
{
    encode(out, bytes, standard_digits, true);
}

enum deputy_error base64_read(struct deputy_arena *arena, struct deputy_slice *out, struct deputy_slice text)
{
    TRY(take_padding(&text));
    return decode_new(arena, out, text, standard_values);
}
