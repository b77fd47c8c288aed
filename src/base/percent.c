#include "base/codec.h"

static bool is_alphanumeric(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
}

void percent_put(struct buf *out, struct deputy_slice text, const char *plain)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.ptr[i];
        if (is_alphanumeric(byte) || (byte != '\0' && strchr(plain, byte) != NULL)) {
            buf_put_byte(out, byte);
            continue;
        }
        buf_put_byte(out, '%');
        buf_put_byte(out, (uint8_t)digits[byte >> 4]);
        buf_put_byte(out, (uint8_t)digits[byte & 15]);
    }
}
