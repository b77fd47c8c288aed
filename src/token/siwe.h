/* SIWE messages, for those who sign and carry them. */
#ifndef TOKEN_SIWE_H
#define TOKEN_SIWE_H

#include "base/buf.h"
#include <deputy/siwe.h>
#include <deputy/token.h>

/* The longest message. */
enum { SIWE_MAX_BYTES = DEPUTY_TOKEN_MAX_BYTES };

/*
 * Every field can stand in a message such that no two messages have one text. The length of the nonce is not
 * looked at: the text form asks for 8 bytes, a CACAO does not (spec/01 sections 6.2, 9.2).
 */
enum deputy_error siwe_check(const struct deputy_siwe *siwe);

/* The text of a message whose fields were checked. */
void siwe_put(struct buf *out, const struct deputy_siwe *siwe);

/* From Not Before and Expiration Time (spec/01 section 6.5). */
enum deputy_error siwe_window(struct deputy_window *out, const struct deputy_siwe *siwe);

#endif
