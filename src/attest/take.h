/* Taking fields from the front of bytes: nothing is read before its length is compared with what is left. */
#ifndef ATTEST_TAKE_H
#define ATTEST_TAKE_H

#include <deputy/slice.h>

static inline uint16_t le16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static inline uint32_t le32(const uint8_t *bytes)
{
    return le16(bytes) | (uint32_t)le16(bytes + 2) << 16;
}

static inline uint64_t le64(const uint8_t *bytes)
{
    return le32(bytes) | (uint64_t)le32(bytes + 4) << 32;
}

static inline bool bytes_are_zero(const uint8_t *bytes, size_t len)
{
    uint8_t all = 0;
    for (size_t i = 0; i < len; i++)
        all |= bytes[i];
    return all == 0;
}

/* Each takes its field and is true, or takes nothing. */
static inline bool take_bytes(struct deputy_slice *from, struct deputy_slice *out, uint64_t len)
{
    if (len > from->len)
        return false;
    *out = deputy_slice_bytes(from->ptr, (size_t)len);
    *from = deputy_slice_bytes(from->ptr + len, from->len - (size_t)len);
    return true;
}

static inline bool take_byte(struct deputy_slice *from, uint8_t *out)
{
    struct deputy_slice field;
    if (!take_bytes(from, &field, 1))
        return false;
    *out = field.ptr[0];
    return true;
}

static inline bool take_le16(struct deputy_slice *from, uint16_t *out)
{
    struct deputy_slice field;
    if (!take_bytes(from, &field, sizeof *out))
        return false;
    *out = le16(field.ptr);
    return true;
}

static inline bool take_le32(struct deputy_slice *from, uint32_t *out)
{
    struct deputy_slice field;
    if (!take_bytes(from, &field, sizeof *out))
        return false;
    *out = le32(field.ptr);
    return true;
}

#endif
