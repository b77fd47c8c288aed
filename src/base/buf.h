/*
 * A bounded buffer that grows in an arena. Writers do not check each step: the first failure sticks,
 * everything after it is ignored, and buf_finish tells.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <deputy/arena.h>
#include <deputy/slice.h>

struct buf {
    struct deputy_arena *arena;
    uint8_t *ptr;
    size_t len;
    size_t cap;
    size_t max;
    enum deputy_error error;
};

/* An empty buffer that takes at most max bytes. */
struct buf buf_make(struct deputy_arena *arena, size_t max);

void buf_put(struct buf *buf, struct deputy_slice bytes);
void buf_put_text(struct buf *buf, const char *text);
void buf_put_byte(struct buf *buf, uint8_t byte);
void buf_put_decimal(struct buf *buf, uint64_t number);

/* Makes room for len more bytes at once; false once the buffer has failed. */
bool buf_reserve(struct buf *buf, size_t len);

/* Room for exactly len bytes at the end, to be filled by the caller; NULL once the buffer has failed. */
uint8_t *buf_extend(struct buf *buf, size_t len);

/* Marks the buffer as failed; the first failure stays. */
void buf_fail(struct buf *buf, enum deputy_error error);

/* What was written, or the first error. An empty buffer gives an empty slice that is present. */
enum deputy_error buf_finish(struct buf *buf, struct deputy_slice *out);

#endif
