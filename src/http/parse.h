/*
 * One request off the wire: llhttp, and in front of it what llhttp lets through. Whatever two parsers could
 * read in two ways is refused, so that nothing in front of this server can be made to disagree with it (RFC
 * 9112 section 11.2).
 */
#ifndef HTTP_PARSE_H
#define HTTP_PARSE_H

#include "http/exchange.h"
#include <llhttp.h>

enum {
    HTTP_MAX_FIELDS = 100,
    HTTP_MAX_TARGET = 16 * 1024,
    HTTP_MAX_AUTHORIZATION = 384 * 1024,
    HTTP_MAX_OTHER_FIELDS = 16 * 1024, /* all but Authorization together, with their line ends */
    HTTP_MAX_HEAD = HTTP_MAX_TARGET + HTTP_MAX_AUTHORIZATION + HTTP_MAX_OTHER_FIELDS + 4096,
};

struct http_head {
    enum http_method method;
    struct deputy_slice target;
    struct http_field fields[HTTP_MAX_FIELDS];
    size_t count;
    uint64_t content_length; /* UINT64_MAX: in chunks */
    bool http_1_1;
    bool keep_alive;
    bool expects_continue;
};

struct http_parser {
    llhttp_t llhttp;
    struct http_head *head; /* only while the head is read */
    struct deputy_slice piece;
    bool complete;
    uint8_t tail[2]; /* the last bytes of the body's framing */
    int status;      /* what a callback refused with */
};

/*
 * Looks for the end of a head in what has come so far. *scanned is where to go on looking, 0 at first.
 * Returns the length of the head with its empty line, 0 when more must come.
 */
size_t parse_head_end(struct deputy_slice bytes, size_t *scanned);

/*
 * Reads a complete head, exactly as long as parse_head_end said; slices point into it. Returns 0, or the
 * status to refuse the request with: 400, 414, 417, 431, 505.
 */
int parse_head(struct http_parser *parser, struct http_head *head, struct deputy_slice bytes);

enum parse_step {
    PARSE_MORE,     /* all bytes are used */
    PARSE_PIECE,    /* parser->piece is a part of the body */
    PARSE_COMPLETE, /* the body is over; what was not used belongs to the next request */
    PARSE_BAD,
};

/* Takes one step through the body after parse_head; *used bytes are done with. */
enum parse_step parse_body(struct http_parser *parser, struct deputy_slice bytes, size_t *used);

/* The first header of that name, or absent. */
struct deputy_slice head_field(const struct http_head *head, const char *name);

#endif
