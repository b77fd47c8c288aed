#include "base/buf.h"
#include "base/arena.h"

enum { BUF_FIRST_CAP = 128 };

struct buf buf_make(struct deputy_arena *arena, size_t max)
{
    return (struct buf){.arena = arena, .max = max};
}

void buf_fail(struct buf *buf, enum deputy_error error)
{
    if (buf->error == DEPUTY_OK)
        buf->error = error;
}

bool buf_reserve(struct buf *buf, size_t len)
{
    if (buf->error != DEPUTY_OK)
        return false;
    if (buf->ptr != NULL && len <= buf->cap - buf->len)
        return true;
    if (len > buf->max - buf->len) {
        buf_fail(buf, DEPUTY_E_LIMIT);
        return false;
    }
    size_t cap = buf->cap == 0 ? BUF_FIRST_CAP : buf->cap;
    while (cap < buf->len + len)
        cap *= 2;
    if (cap > buf->max)
        cap = buf->max;
    uint8_t *grown = arena_grow_bytes(buf->arena, buf->ptr, buf->cap, cap);
    if (grown == NULL) {
        buf_fail(buf, arena_error(buf->arena));
        return false;
    }
    buf->ptr = grown;
    buf->cap = cap;
    return true;
}

uint8_t *buf_extend(struct buf *buf, size_t len)
{
    if (!buf_reserve(buf, len))
        return NULL;
    buf->len += len;
    return buf->ptr + buf->len - len;
}

void buf_put(struct buf *buf, struct deputy_slice bytes)
{
    uint8_t *room = buf_extend(buf, bytes.len);
    if (room != NULL && bytes.len > 0)
        memcpy(room, bytes.ptr, bytes.len);
}

void buf_put_text(struct buf *buf, const char *text)
{
    buf_put(buf, deputy_slice_text(text));
}

void buf_put_byte(struct buf *buf, uint8_t byte)
{
    buf_put(buf, deputy_slice_bytes(&byte, 1));
}

void buf_put_decimal(struct buf *buf, uint64_t number)
{
    uint8_t digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (uint8_t)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    buf_put(buf, deputy_slice_bytes(digits + at, sizeof digits - at));
}

enum deputy_error buf_finish(struct buf *buf, struct deputy_slice *out)
{
    buf_extend(buf, 0);
    if (buf->error == DEPUTY_OK)
        *out = deputy_slice_bytes(buf->ptr, buf->len);
    return buf->error;
}
