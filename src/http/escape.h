/* Percent-encoding (RFC 3986 section 2.1). */
#ifndef HTTP_ESCAPE_H
#define HTTP_ESCAPE_H

#include <deputy/arena.h>
#include <deputy/slice.h>

enum escape_form { ESCAPE_PATH, ESCAPE_QUERY /* a plus is a space */ };

/* Decodes once; into the arena if there is anything to decode. DEPUTY_E_HTTP_SYNTAX: an escape is broken. */
enum deputy_error escape_decode(struct deputy_arena *arena, struct deputy_slice *out,
        struct deputy_slice text, enum escape_form form);

#endif
