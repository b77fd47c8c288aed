/* Writing DER (X.690): an element is its tag, its length in the shortest form, and its content. */
#ifndef AGENT_DER_WRITE_H
#define AGENT_DER_WRITE_H

#include "base/buf.h"
#include "crypto/der.h"

/* The length of nothing that is written here comes near this. */
enum { DER_WRITE_MAX = 256 * 1024 };

void der_put(struct buf *out, uint8_t tag, struct deputy_slice content);
/* An element around several contents, one after the other. */
void der_put_parts(struct buf *out, uint8_t tag, const struct deputy_slice *parts, size_t count);
/* An INTEGER from big-endian bytes that are not negative. */
void der_put_unsigned(struct buf *out, struct deputy_slice magnitude);
void der_put_number(struct buf *out, uint32_t number);
void der_put_bool(struct buf *out, bool value);
void der_put_oid(struct buf *out, struct deputy_slice content);
/* A BIT STRING of whole bytes. */
void der_put_bits(struct buf *out, struct deputy_slice bytes);
/* UTCTime before 2050, GeneralizedTime from then on (RFC 5280 section 4.1.2.5). Years 1970 to 9999. */
void der_put_time(struct buf *out, int64_t unix_seconds);

#endif
