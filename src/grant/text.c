#include "grant/text.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/try.h"

bool text_is(struct deputy_slice text, const char *expected)
{
    return deputy_slice_equal(text, deputy_slice_text(expected));
}

bool text_starts(struct deputy_slice text, const char *start)
{
    size_t len = strlen(start);
    return text.len >= len && memcmp(text.ptr, start, len) == 0;
}

bool text_ends(struct deputy_slice text, const char *end)
{
    size_t len = strlen(end);
    return text.len >= len && memcmp(text.ptr + (text.len - len), end, len) == 0;
}

struct deputy_slice text_after(struct deputy_slice text, size_t count)
{
    return deputy_slice_bytes(text.ptr + count, text.len - count);
}

struct deputy_slice text_without_slashes(struct deputy_slice text)
{
    while (text.len > 0 && text.ptr[text.len - 1] == '/')
        text.len--;
    return text;
}

size_t text_find(struct deputy_slice text, uint8_t byte)
{
    size_t at = 0;
    while (at < text.len && text.ptr[at] != byte)
        at++;
    return at;
}

size_t text_find_last(struct deputy_slice text, uint8_t byte)
{
    size_t at = text.len;
    while (at > 0 && text.ptr[at - 1] != byte)
        at--;
    return at == 0 ? text.len : at - 1;
}

bool text_among(struct deputy_slice text, const struct deputy_slice *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (deputy_slice_equal(text, list[i]))
            return true;
    }
    return false;
}

/* WhiteSpace and LineTerminator of ECMA-262. */
static bool is_blank(uint32_t character)
{
    return (character >= 0x09 && character <= 0x0d) || character == 0x20 || character == 0xa0 ||
           character == 0x1680 || (character >= 0x2000 && character <= 0x200a) || character == 0x2028 ||
           character == 0x2029 || character == 0x202f || character == 0x205f || character == 0x3000 ||
           character == 0xfeff;
}

struct deputy_slice text_trim(struct deputy_slice text)
{
    struct deputy_slice rest = text;
    const uint8_t *start = NULL;
    const uint8_t *end = NULL;
    const uint8_t *before = text.ptr;
    uint32_t character;
    while (utf8_take(&rest, &character)) {
        if (!is_blank(character)) {
            start = start == NULL ? before : start;
            end = rest.ptr;
        }
        before = rest.ptr;
    }
    return start == NULL ? deputy_slice_bytes(text.ptr, 0) : deputy_slice_bytes(start, (size_t)(end - start));
}

bool text_is_any_case(struct deputy_slice text, const char *lower)
{
    if (text.len != strlen(lower))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.ptr[i];
        uint8_t folded = byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + 32) : byte;
        if (folded != (uint8_t)lower[i])
            return false;
    }
    return true;
}

static bool is_line_break(uint32_t character)
{
    return character == '\n' || character == '\r' || character == 0x2028 || character == 0x2029;
}

bool has_line_break(struct deputy_slice text)
{
    uint32_t character;
    while (utf8_take(&text, &character)) {
        if (is_line_break(character))
            return true;
    }
    return false;
}

enum deputy_error decimal_value(struct deputy_arena *arena, double *out, struct deputy_slice digits)
{
    while (digits.len > 1 && digits.ptr[0] == '0' && digits.ptr[1] != '.')
        digits = text_after(digits, 1);
    struct buf text = buf_make(arena, digits.len + 1);
    if (digits.ptr[0] == '.')
        buf_put_byte(&text, '0');
    buf_put(&text, digits);
    struct deputy_slice json;
    const struct json_value *value;
    TRY(buf_finish(&text, &json));
    TRY(json_parse(arena, &value, json));
    return json_to_double(out, value);
}
