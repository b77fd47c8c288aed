/* Known answers are written in hexadecimal. */
#ifndef SUPPORT_HEX_H
#define SUPPORT_HEX_H

#include "support/check.h"

/* The bytes of hexadecimal text; the test fails when it is none. */
struct deputy_slice check_hex(struct deputy_arena *arena, const char *text);

/* Fails with both texts when the bytes are not those of the (lower-case) text. */
void check_is_hex(const uint8_t *bytes, size_t len, const char *expected, const char *file, int line);
#define assert_hex(bytes, len, expected) check_is_hex((bytes), (len), (expected), __FILE__, __LINE__)

#endif
