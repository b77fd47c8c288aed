/* Writing JSON: compact, with the minimal escapes of RFC 8785. */
#ifndef BASE_JSON_WRITE_H
#define BASE_JSON_WRITE_H

#include "base/buf.h"
#include "base/json.h"

/*
 * A writer that puts the commas. Members appear in the order in which they are written; whoever needs a
 * canonical text writes them in canonical order, or passes the result through json_put_canonical.
 */
struct json_writer {
    struct buf *out;
    bool comma; /* something stands before the next key or element */
};

struct json_writer json_writer_make(struct buf *out);
void json_object_begin(struct json_writer *writer);
void json_object_end(struct json_writer *writer);
void json_array_begin(struct json_writer *writer);
void json_array_end(struct json_writer *writer);
void json_key(struct json_writer *writer, const char *name);
void json_key_slice(struct json_writer *writer, struct deputy_slice name);
void json_text(struct json_writer *writer, struct deputy_slice text);
void json_text_z(struct json_writer *writer, const char *text);
/* Bytes as a string of lower-case hexadecimal digits. */
void json_hex(struct json_writer *writer, struct deputy_slice bytes);
void json_int(struct json_writer *writer, int64_t number);
/* As ECMAScript prints it; must be finite. */
void json_double(struct json_writer *writer, double number);
void json_bool(struct json_writer *writer, bool value);
void json_null(struct json_writer *writer);
/* A value that is JSON text already, put verbatim. */
void json_raw(struct json_writer *writer, struct deputy_slice json);

/* A string with its quotes: escapes only for ", \ and controls below U+0020. The text must be valid UTF-8. */
void json_put_text(struct buf *out, struct deputy_slice text);

/* A double as ECMAScript's Number::toString prints it (RFC 8785 section 3.2.2.3). */
void json_put_double(struct buf *out, double number);

/* The value in the form of RFC 8785: members sorted by UTF-16 units, numbers as doubles, no white space. */
void json_put_canonical(struct buf *out, const struct json_value *value);

#endif
