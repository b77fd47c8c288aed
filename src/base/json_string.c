#include "base/json_string.h"
#include "base/arena.h"
#include "base/codec.h"
#include "base/try.h"
#include <endian.h>

#define EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))
#define HIGH_BITS EACH_BYTE(0x80)

/* The high bit of each byte that is zero; bits above the lowest one may be wrong. */
static inline uint64_t zero_bytes(uint64_t word)
{
    return (word - EACH_BYTE(1)) & ~word & HIGH_BITS;
}

/* The high bit of each byte that ends a run of plain text: a quote, a backslash, a control. As above. */
static inline uint64_t special_bytes(uint64_t word)
{
    uint64_t controls = (word - EACH_BYTE(0x20)) & ~word & HIGH_BITS;
    return controls | zero_bytes(word ^ EACH_BYTE('"')) | zero_bytes(word ^ EACH_BYTE('\\'));
}

static inline bool is_special(uint8_t byte)
{
    return byte < 0x20 || byte == '"' || byte == '\\';
}

/* The first special byte from at on, or end; *seen collects all bytes passed. */
static const uint8_t *skip_plain(const uint8_t *at, const uint8_t *end, uint64_t *seen)
{
    for (; end - at >= 8; at += 8) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        word = le64toh(word);
        uint64_t special = special_bytes(word);
        if (special != 0) {
            unsigned plain = (unsigned)__builtin_ctzll(special) & ~7U; /* bits before the special byte */
            *seen |= word & ((UINT64_C(1) << plain) - 1);
            return at + plain / 8;
        }
        *seen |= word;
    }
    for (; at < end && !is_special(*at); at++)
        *seen |= *at;
    return at;
}

enum deputy_error json_string_scan(struct json_string *out, const uint8_t *at, const uint8_t *end)
{
    const uint8_t *begin = at;
    uint64_t seen = 0;
    out->escaped = false;
    for (;;) {
        at = skip_plain(at, end, &seen);
        ENSURE(at < end && *at >= 0x20, DEPUTY_E_JSON_SYNTAX);
        if (*at == '"')
            break;
        ENSURE(end - at > 1, DEPUTY_E_JSON_SYNTAX);
        out->escaped = true;
        at += 2; /* what follows the backslash is no closing quote; decoding judges it */
    }
    out->raw = deputy_slice_bytes(begin, (size_t)(at - begin));
    out->ascii = (seen & HIGH_BITS) == 0;
    return DEPUTY_OK;
}

/* Four hex digits from the front. */
static enum deputy_error take_unit(struct deputy_slice *raw, uint32_t *unit)
{
    uint8_t bytes[2];
    ENSURE(raw->len >= 4, DEPUTY_E_JSON_SYNTAX);
    ENSURE(hex_decode_fixed(bytes, 2, deputy_slice_bytes(raw->ptr, 4)) == DEPUTY_OK, DEPUTY_E_JSON_SYNTAX);
    *unit = (uint32_t)bytes[0] << 8 | bytes[1];
    *raw = deputy_slice_bytes(raw->ptr + 4, raw->len - 4);
    return DEPUTY_OK;
}

/* What follows "\u": a character of its own, or the first half of a pair together with the second half. */
static enum deputy_error take_unicode(struct deputy_slice *raw, uint32_t *character)
{
    uint32_t high, low;
    TRY(take_unit(raw, &high));
    *character = high;
    if (high < 0xd800 || high > 0xdfff)
        return DEPUTY_OK;
    ENSURE(high < 0xdc00 && raw->len >= 2 && raw->ptr[0] == '\\' && raw->ptr[1] == 'u', DEPUTY_E_UTF8);
    *raw = deputy_slice_bytes(raw->ptr + 2, raw->len - 2);
    TRY(take_unit(raw, &low));
    ENSURE(low >= 0xdc00 && low <= 0xdfff, DEPUTY_E_UTF8);
    *character = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    return DEPUTY_OK;
}

/* What follows a backslash. */
static enum deputy_error take_escape(struct deputy_slice *raw, uint32_t *character)
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    uint8_t name = raw->ptr[0];
    *raw = deputy_slice_bytes(raw->ptr + 1, raw->len - 1);
    if (name == 'u')
        return take_unicode(raw, character);
    const char *found = memchr(names, name, sizeof names - 1);
    ENSURE(found != NULL, DEPUTY_E_JSON_SYNTAX);
    *character = (uint8_t)values[found - names];
    return DEPUTY_OK;
}

/* The text is never longer than its escaped form, so one allocation holds it. */
static enum deputy_error unescape(
        struct deputy_arena *arena, struct deputy_slice *text, struct deputy_slice raw)
{
    struct buf out = buf_make(arena, raw.len);
    buf_reserve(&out, raw.len);
    uint64_t seen = 0;
    while (raw.len > 0) {
        const uint8_t *special = skip_plain(raw.ptr, raw.ptr + raw.len, &seen);
        size_t plain = (size_t)(special - raw.ptr);
        buf_put(&out, deputy_slice_bytes(raw.ptr, plain));
        raw = deputy_slice_bytes(special, raw.len - plain);
        if (raw.len == 0)
            break;
        uint32_t character;
        raw = deputy_slice_bytes(raw.ptr + 1, raw.len - 1);
        TRY(take_escape(&raw, &character));
        utf8_put(&out, character);
    }
    return buf_finish(&out, text);
}

enum deputy_error json_string_decode(
        struct deputy_arena *arena, struct deputy_slice *text, const struct json_string *string)
{
    ENSURE(string->ascii || utf8_valid(string->raw), DEPUTY_E_UTF8);
    *text = string->raw;
    return string->escaped ? unescape(arena, text, string->raw) : DEPUTY_OK;
}
