/*
 * A strict reader of DER (X.690): definite lengths in their shortest form, one-byte tags, integers without
 * superfluous octets. Every function takes a whole element from the front of the bytes and is true, or takes
 * nothing and is false. Nothing is copied: contents are views of the input.
 */
#ifndef CRYPTO_DER_H
#define CRYPTO_DER_H

#include <deputy/slice.h>

enum {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_NULL = 0x05,
    DER_OID = 0x06,
    DER_ENUMERATED = 0x0a,
    DER_UTF8_STRING = 0x0c,
    DER_PRINTABLE_STRING = 0x13,
    DER_IA5_STRING = 0x16,
    DER_UTC_TIME = 0x17,
    DER_GENERALIZED_TIME = 0x18,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31
};

/* An explicit context tag: [n]. */
#define DER_CONTEXT(n) (0xa0 + (n))

/* Any element: its tag, its content, and the element whole; each out may be NULL. */
bool der_take_any(
        struct deputy_slice *from, uint8_t *tag, struct deputy_slice *content, struct deputy_slice *whole);

/* The content of an element with that tag. */
bool der_take(struct deputy_slice *from, uint8_t tag, struct deputy_slice *content);

/* The element whole, with its tag and length. */
bool der_take_whole(struct deputy_slice *from, uint8_t tag, struct deputy_slice *whole);

/* Whether an element with that tag comes next. */
bool der_is_next(struct deputy_slice from, uint8_t tag);

bool der_take_bool(struct deputy_slice *from, bool *out);

/* An INTEGER that is not negative, as big-endian bytes without leading zeros; 0 is one zero byte. */
bool der_take_unsigned(struct deputy_slice *from, struct deputy_slice *magnitude);

/* An INTEGER from 0 to max. */
bool der_take_number(struct deputy_slice *from, uint32_t *out, uint32_t max);

/* The bytes of a BIT STRING of whole bytes. */
bool der_take_bits(struct deputy_slice *from, struct deputy_slice *bytes);

/* UTCTime or GeneralizedTime as RFC 5280 section 4.1.2.5 has them: to the second, in UTC. Unix seconds. */
bool der_take_time(struct deputy_slice *from, int64_t *out);

#endif
