/* Bytes for tests: from hexadecimal text, put together, and with one place changed. */
#ifndef SUPPORT_EDIT_H
#define SUPPORT_EDIT_H

#include "support/check.h"

/* The bytes of hexadecimal text, with or without 0x. */
struct deputy_slice unhex(struct deputy_arena *arena, struct deputy_slice text);

/* The text with the only occurrence of `from` replaced by `to`; the test fails when there is not exactly one.
 */
struct deputy_slice edited(struct deputy_arena *arena, struct deputy_slice text, struct deputy_slice from,
        struct deputy_slice to);

/* One after the other. */
struct deputy_slice joined(struct deputy_arena *arena, struct deputy_slice a, struct deputy_slice b);

#endif
