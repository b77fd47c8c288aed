/* JSON as JavaScript's JSON.stringify prints what JSON.parse read. */
#ifndef GRANT_JSON_PLAIN_H
#define GRANT_JSON_PLAIN_H

#include "base/buf.h"
#include "base/json.h"
#include "base/json_write.h"

/* Compact, numbers as doubles, members in the order in which they were written: that tells it from the
 * canonical form. */
void json_put_plain(struct buf *out, const struct json_value *value);

/* The same behind a key or in an array. */
void json_put_member(struct json_writer *writer, const struct json_value *value);

#endif
