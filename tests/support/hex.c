#include "support/hex.h"
#include "base/buf.h"
#include "base/codec.h"

struct deputy_slice check_hex(struct deputy_arena *arena, const char *text)
{
    struct deputy_slice bytes = {NULL, 0};
    assert_ok(hex_read(arena, &bytes, deputy_slice_text(text)));
    return bytes;
}

void check_is_hex(const uint8_t *bytes, size_t len, const char *expected, const char *file, int line)
{
    struct deputy_arena *arena = check_arena();
    struct deputy_slice text;
    struct buf buf = buf_make(arena, 2 * len + 1);
    hex_put(&buf, deputy_slice_bytes(bytes, len));
    assert_ok(buf_finish(&buf, &text));
    check_slice(text, deputy_slice_text(expected), file, line);
    deputy_arena_destroy(arena);
}
