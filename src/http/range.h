/* Byte ranges of an answer (RFC 9110 section 14), as spec/03 section 11 takes them: one, or none. */
#ifndef HTTP_RANGE_H
#define HTTP_RANGE_H

#include "http/exchange.h"

enum range_kind {
    RANGE_WHOLE, /* no range, or none that is understood: everything is sent */
    RANGE_PART,
    RANGE_UNSATISFIABLE /* it begins behind the end */
};

struct range {
    enum range_kind kind;
    uint64_t first; /* with length, what is to be sent; 0 and 0 when nothing is */
    uint64_t length;
};

/*
 * What a Range header (absent: none) asks of a representation of that size and ETag. If-Range (absent: none)
 * must be exactly the ETag for the range to count.
 */
struct range range_read(
        struct deputy_slice header, struct deputy_slice if_range, struct deputy_slice etag, uint64_t size);

/* Content-Range for the answer, "bytes 2-4/10", or with * for no part. False: there was no memory for it. */
bool range_reply_header(struct http_exchange *x, const struct range *range, uint64_t size);

#endif
