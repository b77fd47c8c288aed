#include "token/text.h"
#include "base/codec.h"

bool text_take(struct deputy_slice *text, const char *prefix)
{
    size_t len = strlen(prefix);
    if (text->len < len || memcmp(text->ptr, prefix, len) != 0)
        return false;
    *text = deputy_slice_bytes(text->ptr + len, text->len - len);
    return true;
}

bool text_take_until(struct deputy_slice *text, struct deputy_slice *before, const char *end)
{
    for (size_t at = 0; at < text->len; at++) {
        struct deputy_slice rest = deputy_slice_bytes(text->ptr + at, text->len - at);
        if (text_take(&rest, end)) {
            *before = deputy_slice_bytes(text->ptr, at);
            *text = rest;
            return true;
        }
    }
    return false;
}

bool text_to_uint64(uint64_t *out, struct deputy_slice text)
{
    uint64_t number = 0;
    if (text.len == 0 || (text.len > 1 && text.ptr[0] == '0'))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned)text.ptr[i] - '0';
        if (digit > 9 || __builtin_mul_overflow(number, 10, &number) ||
                __builtin_add_overflow(number, digit, &number))
            return false;
    }
    *out = number;
    return true;
}

bool text_is_line(struct deputy_slice text)
{
    if (text.len == 0)
        return true;
    return memchr(text.ptr, '\n', text.len) == NULL && memchr(text.ptr, '\r', text.len) == NULL &&
           utf8_valid(text);
}
