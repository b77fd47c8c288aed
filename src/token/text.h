/* Small readers of text that several token forms share. */
#ifndef TOKEN_TEXT_H
#define TOKEN_TEXT_H

#include <deputy/slice.h>

/* Takes the prefix from the front of the text when it is there. */
bool text_take(struct deputy_slice *text, const char *prefix);

/* Takes everything before the first `end`, and that; false, and nothing taken, when there is none. */
bool text_take_until(struct deputy_slice *text, struct deputy_slice *before, const char *end);

/* A number in its one decimal form: digits only, no leading zeros, below 2^64. */
bool text_to_uint64(uint64_t *out, struct deputy_slice text);

/* UTF-8 without CR and LF. */
bool text_is_line(struct deputy_slice text);

#endif
