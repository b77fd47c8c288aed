/*
 * A slice is a view of bytes that somebody else owns: text and binary alike, never NUL-terminated.
 * It lives as long as what it points into. A slice whose ptr is NULL is *absent*, which is not the same
 * as an empty one: a resource without a path differs from a resource with an empty path.
 */
#ifndef DEPUTY_SLICE_H
#define DEPUTY_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

struct deputy_slice {
    const uint8_t *ptr;
    size_t len;
};

/* A slice over a C string, without its NUL. */
static inline struct deputy_slice deputy_slice_text(const char *text)
{
    struct deputy_slice slice = {(const uint8_t *)text, strlen(text)};
    return slice;
}

static inline struct deputy_slice deputy_slice_bytes(const void *ptr, size_t len)
{
    struct deputy_slice slice = {(const uint8_t *)ptr, len};
    return slice;
}

static inline bool deputy_slice_present(struct deputy_slice slice)
{
    return slice.ptr != NULL;
}

/* Same length and same bytes; absent and empty count as equal here. Not for secrets: it stops early. */
static inline bool deputy_slice_equal(struct deputy_slice a, struct deputy_slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Order by bytes, a prefix before what extends it: < 0, 0, > 0. */
static inline int deputy_slice_compare(struct deputy_slice a, struct deputy_slice b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common == 0 ? 0 : memcmp(a.ptr, b.ptr, common);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

#ifdef __cplusplus
}
#endif

#endif
