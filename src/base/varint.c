#include "base/codec.h"
#include "base/try.h"

enum { VARINT_MAX_BYTES = 9 };

enum deputy_error varint_take(struct deputy_slice *bytes, uint64_t *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes->len && i < VARINT_MAX_BYTES; i++) {
        uint8_t byte = bytes->ptr[i];
        value |= (uint64_t)(byte & 0x7f) << 7 * i;
        if (byte < 0x80) {
            ENSURE(byte != 0 || i == 0, DEPUTY_E_VARINT); /* else not minimal */
            *bytes = deputy_slice_bytes(bytes->ptr + i + 1, bytes->len - i - 1);
            *out = value;
            return DEPUTY_OK;
        }
    }
    return DEPUTY_E_VARINT;
}

void varint_put(struct buf *out, uint64_t value)
{
    if (value >> 7 * VARINT_MAX_BYTES != 0) {
        buf_fail(out, DEPUTY_E_VARINT);
        return;
    }
    for (; value >= 0x80; value >>= 7)
        buf_put_byte(out, (uint8_t)(value | 0x80));
    buf_put_byte(out, (uint8_t)value);
}
