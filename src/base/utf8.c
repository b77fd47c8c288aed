#include "base/codec.h"

static bool is_continuation(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

/*
 * The length of the character at the front of at most left bytes, or 0 when there is no valid one. The second
 * byte alone tells overlong forms, surrogates and values above U+10FFFF (RFC 3629 section 4).
 */
static size_t character_length(const uint8_t *at, size_t left)
{
    uint8_t lead = at[0];
    if (lead < 0x80)
        return 1;
    size_t len = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || left < len || !is_continuation(at[1]))
        return 0;
    if ((lead == 0xe0 && at[1] < 0xa0) || (lead == 0xed && at[1] > 0x9f))
        return 0;
    if ((lead == 0xf0 && at[1] < 0x90) || (lead == 0xf4 && at[1] > 0x8f))
        return 0;
    if ((len > 2 && !is_continuation(at[2])) || (len > 3 && !is_continuation(at[3])))
        return 0;
    return len;
}

/* How many bytes at the front are ASCII, in steps of eight. */
static size_t ascii_words(struct deputy_slice text)
{
    size_t at = 0;
    for (; text.len - at >= 8; at += 8) {
        uint64_t word;
        memcpy(&word, text.ptr + at, sizeof word);
        if ((word & 0x8080808080808080U) != 0)
            break;
    }
    return at;
}

bool utf8_valid(struct deputy_slice text)
{
    size_t at = ascii_words(text);
    while (at < text.len) {
        size_t len = character_length(text.ptr + at, text.len - at);
        if (len == 0)
            return false;
        at += len;
    }
    return true;
}

bool utf8_take(struct deputy_slice *text, uint32_t *character)
{
    size_t len = text->len == 0 ? 0 : character_length(text->ptr, text->len);
    if (len == 0)
        return false;
    uint32_t value = len == 1 ? text->ptr[0] : text->ptr[0] & (0x7fU >> len);
    for (size_t i = 1; i < len; i++)
        value = value << 6 | (text->ptr[i] & 0x3f);
    *character = value;
    *text = deputy_slice_bytes(text->ptr + len, text->len - len);
    return true;
}

void utf8_put(struct buf *out, uint32_t character)
{
    uint8_t bytes[4];
    size_t len = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    if (character > 0x10ffff || (character >= 0xd800 && character < 0xe000)) {
        buf_fail(out, DEPUTY_E_UTF8);
        return;
    }
    for (size_t i = len - 1; i > 0; i--, character >>= 6)
        bytes[i] = (uint8_t)(0x80 | (character & 0x3f));
    static const uint8_t lead[5] = {0, 0, 0xc0, 0xe0, 0xf0};
    bytes[0] = (uint8_t)(lead[len] | character);
    buf_put(out, deputy_slice_bytes(bytes, len));
}
