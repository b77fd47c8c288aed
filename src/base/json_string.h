/* Strings inside JSON text. */
#ifndef BASE_JSON_STRING_H
#define BASE_JSON_STRING_H

#include <deputy/arena.h>
#include <deputy/slice.h>

/*
 * Takes the string at *at, from its opening quote to its closing one. The text is the input's bytes, or a
 * copy in the arena without the escapes; always valid UTF-8. Refuses control characters, unknown escapes and
 * lone surrogates.
 */
enum deputy_error json_string_take(
        struct deputy_arena *arena, struct deputy_slice *text, const uint8_t **at, const uint8_t *end);

#endif
