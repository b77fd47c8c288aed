/* The initial byte of a CBOR item and its argument (RFC 8949 section 3), as reader and writer share it. */
#ifndef BASE_CBOR_HEAD_H
#define BASE_CBOR_HEAD_H

#include <stdint.h>

enum cbor_major {
    CBOR_MAJOR_UINT,
    CBOR_MAJOR_NEGATIVE,
    CBOR_MAJOR_BYTES,
    CBOR_MAJOR_TEXT,
    CBOR_MAJOR_ARRAY,
    CBOR_MAJOR_MAP,
    CBOR_MAJOR_TAG,
    CBOR_MAJOR_SIMPLE
};

/* The lower five bits: an argument below 24, or how many bits of argument follow. */
enum cbor_minor {
    CBOR_SIMPLE_FALSE = 20,
    CBOR_SIMPLE_TRUE = 21,
    CBOR_SIMPLE_NULL = 22,
    CBOR_ARGUMENT_8 = 24,
    CBOR_ARGUMENT_16 = 25,
    CBOR_ARGUMENT_32 = 26,
    CBOR_ARGUMENT_64 = 27,
    CBOR_INDEFINITE = 31
};

enum { CBOR_TAG_LINK = 42 };

struct cbor_head {
    uint8_t major;
    uint8_t minor;
    uint64_t argument;
};

/* The lower five bits of the shortest head for that argument. */
static inline uint8_t cbor_minor_of(uint64_t argument)
{
    if (argument < CBOR_ARGUMENT_8)
        return (uint8_t)argument;
    if (argument <= UINT8_MAX)
        return CBOR_ARGUMENT_8;
    if (argument <= UINT16_MAX)
        return CBOR_ARGUMENT_16;
    return argument <= UINT32_MAX ? CBOR_ARGUMENT_32 : CBOR_ARGUMENT_64;
}

#endif
