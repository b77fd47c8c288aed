/* Members of the JSON objects of this room: writing them, and reading those that must be there. */
#ifndef SEAL_MEMBERS_H
#define SEAL_MEMBERS_H

#include "base/codec.h"
#include "base/json_write.h"

static inline void member_text(struct json_writer *json, const char *name, struct deputy_slice text)
{
    json_key(json, name);
    json_text(json, text);
}

static inline void member_int(struct json_writer *json, const char *name, int64_t number)
{
    json_key(json, name);
    json_int(json, number);
}

/* The bytes as base64 text. */
static inline void member_base64(struct json_writer *json, const char *name, struct deputy_slice bytes)
{
    json_key(json, name);
    buf_put_byte(json->out, '"');
    base64_put(json->out, bytes);
    buf_put_byte(json->out, '"');
    json->comma = true;
}

/* A text that is there and not empty. */
static inline bool member_read(struct deputy_slice *out, const struct json_value *object, const char *name)
{
    return json_to_text(out, json_member(object, name)) == DEPUTY_OK && out->len > 0;
}

#endif
