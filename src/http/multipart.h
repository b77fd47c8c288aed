/*
 * A multipart/form-data body (RFC 7578) in pieces as they come off the wire, in bounded memory. Strict, like
 * everything that comes from the network: nothing in front of the first part and nothing behind the last one,
 * CRLF line ends, each header once, no continued lines, no transfer encodings. It does no I/O and allocates
 * nothing.
 */
#ifndef HTTP_MULTIPART_H
#define HTTP_MULTIPART_H

#include "http/exchange.h"

enum {
    MULTIPART_BOUNDARY_MAX = 70,    /* RFC 2046 section 5.1.1 */
    MULTIPART_FIELDS_MAX = 32,      /* headers of a part */
    MULTIPART_HEAD_MAX = 16 * 1024, /* all of them together, with their line ends */
};

enum multipart_state {
    MULTIPART_AT_START,     /* inside the first delimiter, which has no line end before it */
    MULTIPART_AT_DELIMITER, /* behind a delimiter: a line end or two dashes follow */
    MULTIPART_AT_LINE_END,
    MULTIPART_AT_DASH,
    MULTIPART_IN_HEAD,
    MULTIPART_IN_DATA,
    MULTIPART_AT_END, /* behind the last delimiter: at most one line end follows */
};

struct multipart {
    /* of the part that began last */
    struct deputy_slice name; /* absent when it has none */
    struct http_field fields[MULTIPART_FIELDS_MAX];
    size_t count;
    struct deputy_slice data; /* of MULTIPART_DATA */
    /* the parser's own */
    enum multipart_state state;
    uint8_t delimiter[4 + MULTIPART_BOUNDARY_MAX];
    size_t delimiter_len;
    size_t matched; /* bytes of the delimiter, or of the line end behind the last one, that have come */
    size_t head_len;
    uint8_t head[MULTIPART_HEAD_MAX];
};

/* Is this Content-Type for such a body, whatever its parameters? */
bool multipart_is(struct deputy_slice content_type);

/* Makes ready for a body of that Content-Type. DEPUTY_E_HTTP_SYNTAX when it names no usable boundary. */
enum deputy_error multipart_begin(struct multipart *multipart, struct deputy_slice content_type);

enum multipart_step {
    MULTIPART_MORE,     /* all bytes are used */
    MULTIPART_PART,     /* a part begins: name and fields live until its end */
    MULTIPART_DATA,     /* data is what comes next of its content; lives as long as the bytes */
    MULTIPART_PART_END, /* its content is whole */
    MULTIPART_BAD,      /* no such body; nothing may be read any more */
};

/* Takes one step, and the bytes that it uses from the front. */
enum multipart_step multipart_next(struct multipart *multipart, struct deputy_slice *bytes);

/* Has the last delimiter come, and no half line end behind it? Else the body was cut off. */
bool multipart_over(const struct multipart *multipart);

#endif
