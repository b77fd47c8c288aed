#include "support/edit.h"
#include "base/arena.h"
#include "base/codec.h"

struct deputy_slice unhex(struct deputy_arena *arena, struct deputy_slice text)
{
    struct deputy_slice bytes;
    if (text.len >= 2 && memcmp(text.ptr, "0x", 2) == 0)
        text = deputy_slice_bytes(text.ptr + 2, text.len - 2);
    assert_ok(hex_read(arena, &bytes, text));
    return bytes;
}

struct deputy_slice joined(struct deputy_arena *arena, struct deputy_slice a, struct deputy_slice b)
{
    uint8_t *bytes = arena_alloc_bytes(arena, a.len + b.len);
    assert_non_null(bytes);
    if (a.len > 0)
        memcpy(bytes, a.ptr, a.len);
    if (b.len > 0)
        memcpy(bytes + a.len, b.ptr, b.len);
    return deputy_slice_bytes(bytes, a.len + b.len);
}

static size_t occurrences(struct deputy_slice text, struct deputy_slice part, size_t *last)
{
    size_t count = 0;
    for (size_t at = 0; at + part.len <= text.len; at++)
        if (memcmp(text.ptr + at, part.ptr, part.len) == 0) {
            *last = at;
            count++;
        }
    return count;
}

struct deputy_slice edited(struct deputy_arena *arena, struct deputy_slice text, struct deputy_slice from,
        struct deputy_slice to)
{
    size_t at = 0;
    size_t count = occurrences(text, from, &at);
    if (count != 1)
        fail_msg("%zu places to edit: %.*s", count, (int)from.len, (const char *)from.ptr);
    struct deputy_slice head = joined(arena, deputy_slice_bytes(text.ptr, at), to);
    size_t rest = at + from.len;
    return joined(arena, head, deputy_slice_bytes(text.ptr + rest, text.len - rest));
}
