/* Small tests on text, and the blanks of JavaScript. */
#ifndef GRANT_TEXT_H
#define GRANT_TEXT_H

#include <deputy/arena.h>
#include <deputy/error.h>
#include <deputy/slice.h>

bool text_is(struct deputy_slice text, const char *expected);
bool text_starts(struct deputy_slice text, const char *start);
bool text_ends(struct deputy_slice text, const char *end);

/* What follows the first `count` bytes. */
struct deputy_slice text_after(struct deputy_slice text, size_t count);

/* Without the slashes at its end, of which a URL may have some or none. */
struct deputy_slice text_without_slashes(struct deputy_slice text);

/* The position of the first or last such byte, or text.len. */
size_t text_find(struct deputy_slice text, uint8_t byte);
size_t text_find_last(struct deputy_slice text, uint8_t byte);

bool text_among(struct deputy_slice text, const struct deputy_slice *list, size_t count);

/* Without the blanks that String.prototype.trim removes; the text must be valid UTF-8. */
struct deputy_slice text_trim(struct deputy_slice text);

/* A line end of JavaScript, which the dot of its patterns does not match. */
bool has_line_break(struct deputy_slice text);

/* The nearest double of decimal digits, at least one, and an optional fraction; leading zeros are allowed. */
enum deputy_error decimal_value(struct deputy_arena *arena, double *out, struct deputy_slice digits);

/* Equal where ASCII letters count as equal in either case; `lower` is in lower case. */
bool text_is_any_case(struct deputy_slice text, const char *lower);

#endif
