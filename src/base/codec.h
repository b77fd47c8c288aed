/*
 * Strict text encodings of bytes: each value has one text, and any other text is refused. Writers append to
 * a buffer, readers allocate their result in the arena. None of them is for secrets: they use tables.
 */
#ifndef BASE_CODEC_H
#define BASE_CODEC_H

#include "base/buf.h"
#include <deputy/arena.h>
#include <deputy/slice.h>

/* Lower-case when encoding; both cases when decoding (RFC 4648 section 8). */
void hex_put(struct buf *out, struct deputy_slice bytes);
/* Exactly len bytes from 2 * len digits. */
enum deputy_error hex_read_fixed(uint8_t *out, size_t len, struct deputy_slice text);
enum deputy_error hex_read(struct deputy_arena *arena, struct deputy_slice *out, struct deputy_slice text);

enum base64_padding { BASE64_UNPADDED, BASE64_PADDED };

/* base64url (RFC 4648 section 5). Non-zero trailing bits, and padding that is missing or too much, are
 * refused. */
void base64url_put(struct buf *out, struct deputy_slice bytes, enum base64_padding padding);
enum deputy_error base64url_read(struct deputy_arena *arena, struct deputy_slice *out,
        struct deputy_slice text, enum base64_padding padding);
/* Exactly len bytes, unpadded. */
enum deputy_error base64url_read_fixed(uint8_t *out, size_t len, struct deputy_slice text);
/* base64 with the standard alphabet and padding (RFC 4648 section 4). */
void base64_put(struct buf *out, struct deputy_slice bytes);
enum deputy_error base64_read(struct deputy_arena *arena, struct deputy_slice *out, struct deputy_slice text);

/* base32, lower case, no padding (multibase b). */
void base32_put(struct buf *out, struct deputy_slice bytes);
enum deputy_error base32_read_fixed(uint8_t *out, size_t len, struct deputy_slice text);

/* The longest base58 value decoded: a DID or CID is far shorter. */
enum { BASE58_MAX_BYTES = 128 };

/* base58btc (multibase z), leading zero bytes as '1'. At most BASE58_MAX_BYTES bytes either way. */
void base58_put(struct buf *out, struct deputy_slice bytes);
/* Writes at most cap bytes and their number. */
enum deputy_error base58_read(uint8_t *out, size_t cap, size_t *len, struct deputy_slice text);

/* Percent-encoding (RFC 3986 section 2.1), upper case: all but letters, digits and the bytes of `plain`. */
void percent_put(struct buf *out, struct deputy_slice text, const char *plain);

/* Unsigned LEB128 as in multiformats: minimal, at most 9 bytes. Takes it from the front of bytes. */
enum deputy_error varint_take(struct deputy_slice *bytes, uint64_t *out);
void varint_put(struct buf *out, uint64_t value);

/* Strict UTF-8 (RFC 3629): no surrogates, no overlong forms, nothing above U+10FFFF. */
bool utf8_valid(struct deputy_slice text);

/* Takes one character (already valid UTF-8) from the front; false at the end. */
bool utf8_take(struct deputy_slice *text, uint32_t *character);
void utf8_put(struct buf *out, uint32_t character);

#endif
