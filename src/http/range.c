#include "http/range.h"
#include "base/buf.h"
#include <strings.h>

#define RANGE_UNIT "bytes="

enum { RANGE_TEXT_MAX = 80 };

static bool is_digit(const struct deputy_slice *text)
{
    return text->len > 0 && text->ptr[0] >= '0' && text->ptr[0] <= '9';
}

static void skip_byte(struct deputy_slice *text)
{
    *text = deputy_slice_bytes(text->ptr + 1, text->len - 1);
}

/* Digits in front; a number beyond 64 bits counts as the largest. False when there are none. */
static bool take_number(struct deputy_slice *text, uint64_t *number)
{
    bool any = is_digit(text);
    for (*number = 0; is_digit(text); skip_byte(text)) {
        uint64_t digit = (uint64_t)(text->ptr[0] - '0');
        if (__builtin_mul_overflow(*number, (uint64_t)10, number) ||
                __builtin_add_overflow(*number, digit, number))
            *number = UINT64_MAX;
    }
    return any;
}

static struct range whole_of(uint64_t size)
{
    return (struct range){RANGE_WHOLE, 0, size};
}

/* From `first` to `last`, both included. */
static struct range part_of(uint64_t first, uint64_t last, uint64_t size)
{
    if (first >= size)
        return (struct range){RANGE_UNSATISFIABLE, 0, 0};
    if (last >= size)
        last = size - 1;
    return (struct range){RANGE_PART, first, last - first + 1};
}

/* The last so many bytes. */
static struct range suffix_of(struct deputy_slice spec, uint64_t size)
{
    uint64_t count;
    if (!take_number(&spec, &count) || spec.len > 0 || count == 0)
        return whole_of(size);
    return part_of(count < size ? size - count : 0, UINT64_MAX, size);
}

static struct range range_of(struct deputy_slice spec, uint64_t size)
{
    uint64_t first, last = UINT64_MAX;
    if (!take_number(&spec, &first) || spec.len == 0 || spec.ptr[0] != '-')
        return whole_of(size);
    skip_byte(&spec);
    if (spec.len > 0 && (!take_number(&spec, &last) || spec.len > 0 || last < first))
        return whole_of(size);
    return part_of(first, last, size);
}

struct range range_read(
        struct deputy_slice header, struct deputy_slice if_range, struct deputy_slice etag, uint64_t size)
{
    size_t unit = strlen(RANGE_UNIT);
    if (header.len <= unit || strncasecmp((const char *)header.ptr, RANGE_UNIT, unit) != 0)
        return whole_of(size);
    if (deputy_slice_present(if_range) && !deputy_slice_equal(if_range, etag))
        return whole_of(size);
    struct deputy_slice spec = deputy_slice_bytes(header.ptr + unit, header.len - unit);
    if (spec.ptr[0] != '-')
        return range_of(spec, size);
    skip_byte(&spec);
    return suffix_of(spec, size);
}

bool range_reply_header(struct http_exchange *x, const struct range *range, uint64_t size)
{
    struct deputy_slice text;
    struct buf out = buf_make(http_arena(x), RANGE_TEXT_MAX);
    buf_put_text(&out, "bytes ");
    if (range->kind == RANGE_PART) {
        buf_put_decimal(&out, range->first);
        buf_put_byte(&out, '-');
        buf_put_decimal(&out, range->first + range->length - 1);
    } else {
        buf_put_byte(&out, '*');
    }
    buf_put_byte(&out, '/');
    buf_put_decimal(&out, size);
    return buf_finish(&out, &text) == DEPUTY_OK && http_reply_header(x, "Content-Range", text);
}
