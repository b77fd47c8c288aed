/* Strings inside JSON text: where they end, and what they say. */
#ifndef BASE_JSON_STRING_H
#define BASE_JSON_STRING_H

#include <deputy/arena.h>
#include <deputy/slice.h>

struct json_string {
    struct deputy_slice raw; /* between the quotes */
    bool escaped;            /* holds a backslash */
    bool ascii;
};

/* Finds the closing quote; at is the byte after the opening one. Refuses control characters. */
enum deputy_error json_string_scan(struct json_string *out, const uint8_t *at, const uint8_t *end);

/* The text: the raw bytes themselves, or a copy in the arena without the escapes. Always valid UTF-8. */
enum deputy_error json_string_decode(
        struct deputy_arena *arena, struct deputy_slice *text, const struct json_string *string);

#endif
