#include "base/arena.h"
#include "base/codec.h"
#include "base/try.h"

/* X marks what is no digit: the upper bits of an invalid pair are then set. */
enum { X = 0xff };

/* clang-format off */
static const uint8_t values[256] = {
        X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
        X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
        X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, X, X, X, X, X, X,
        X, 10, 11, 12, 13, 14, 15, X, X, X, X, X, X, X, X, X,
        X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
        X, 10, 11, 12, 13, 14, 15, X, X, X, X, X, X, X, X, X,
        X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
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

void hex_put(struct buf *out, struct deputy_slice bytes)
{
    static const char digits[16] = "0123456789abcdef";
    uint8_t *text = bytes.len <= SIZE_MAX / 2 ? buf_extend(out, 2 * bytes.len) : NULL;
    if (text == NULL) {
        buf_fail(out, DEPUTY_E_LIMIT);
        return;
    }
    for (size_t i = 0; i < bytes.len; i++) {
        text[2 * i] = (uint8_t)digits[bytes.ptr[i] >> 4];
        text[2 * i + 1] = (uint8_t)digits[bytes.ptr[i] & 15];
    }
}

enum deputy_error hex_read_fixed(uint8_t *out, size_t len, struct deputy_slice text)
{
    ENSURE(text.len % 2 == 0 && text.len / 2 == len, DEPUTY_E_HEX);
    for (size_t i = 0; i < len; i++) {
        unsigned high = values[text.ptr[2 * i]], low = values[text.ptr[2 * i + 1]];
        ENSURE((high | low) != X, DEPUTY_E_HEX);
        out[i] = (uint8_t)(high << 4 | low);
    }
    return DEPUTY_OK;
}

enum deputy_error hex_read(struct deputy_arena *arena, struct deputy_slice *out, struct deputy_slice text)
{
    size_t len = text.len / 2;
    uint8_t *bytes = arena_alloc_bytes(arena, len);
    ENSURE(bytes != NULL, arena_error(arena));
    TRY(hex_read_fixed(bytes, len, text));
    *out = deputy_slice_bytes(bytes, len);
    return DEPUTY_OK;
}
