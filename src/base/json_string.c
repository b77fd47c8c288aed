#include "base/json_string.h"
#include "base/arena.h"
#include "base/codec.h"
#include "base/json_plain.h"
#include "base/try.h"

static inline bool is_special(uint8_t byte)
{
    return json_byte_is_escaped(byte) || byte >= 0x80;
}

/* The first special byte from at on, or end. */
static inline const uint8_t *skip_plain(const uint8_t *at, const uint8_t *end)
{
    for (; end - at >= 8; at += 8) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        word = le64toh(word);
        uint64_t special = (json_word_escapes(word) | word) & EACH_BYTE(0x80);
        if (special != 0)
            return at + __builtin_ctzll(special) / 8;
    }
    while (at < end && !is_special(*at))
        at++;
    return at;
}

/* Four hex digits from the front. */
static enum deputy_error take_unit(struct deputy_slice *raw, uint32_t *unit)
{
    uint8_t bytes[2];
    ENSURE(raw->len >= 4, DEPUTY_E_JSON_SYNTAX);
    ENSURE(hex_read_fixed(bytes, 2, deputy_slice_bytes(raw->ptr, 4)) == DEPUTY_OK, DEPUTY_E_JSON_SYNTAX);
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
    while (raw.len > 0) {
        const uint8_t *escape = memchr(raw.ptr, '\\', raw.len);
        size_t plain = escape == NULL ? raw.len : (size_t)(escape - raw.ptr);
        buf_put(&out, deputy_slice_bytes(raw.ptr, plain));
        raw = deputy_slice_bytes(raw.ptr + plain, raw.len - plain);
        if (escape != NULL) {
            uint32_t character;
            raw = deputy_slice_bytes(raw.ptr + 1, raw.len - 1);
            TRY(take_escape(&raw, &character));
            utf8_put(&out, character);
        }
    }
    return buf_finish(&out, text);
}

/* The rest of a string that is not all plain: begin is its first byte, special the first that is not plain.
 */
static enum deputy_error take_special(struct deputy_arena *arena, struct deputy_slice *text,
        const uint8_t *begin, const uint8_t **special, const uint8_t *end)
{
    const uint8_t *at = *special;
    bool escaped = false, ascii = true;
    for (; at < end && *at != '"'; at = skip_plain(at, end)) {
        ENSURE(*at >= 0x20, DEPUTY_E_JSON_SYNTAX);
        ascii &= *at < 0x80;
        if (*at++ == '\\') {
            ENSURE(at < end, DEPUTY_E_JSON_SYNTAX);
            escaped = true;
            at++; /* no closing quote; unescaping judges it */
        }
    }
    ENSURE(at < end, DEPUTY_E_JSON_SYNTAX);
    *text = deputy_slice_bytes(begin, (size_t)(at - begin));
    *special = at + 1;
    ENSURE(ascii || utf8_valid(*text), DEPUTY_E_UTF8);
    return escaped ? unescape(arena, text, *text) : DEPUTY_OK;
}

enum deputy_error json_string_take(
        struct deputy_arena *arena, struct deputy_slice *text, const uint8_t **at, const uint8_t *end)
{
    const uint8_t *begin = *at + 1;
    *at = skip_plain(begin, end);
    if (*at == end || **at != '"')
        return take_special(arena, text, begin, at, end);
    *text = deputy_slice_bytes(begin, (size_t)(*at - begin));
    ++*at;
    return DEPUTY_OK;
}
