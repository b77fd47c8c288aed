/*
 * How small secrets are kept in rows, and keys inside a key wrap (spec/04 section 3.2):
 * 0x01, a nonce of 12 bytes, the AES-256-GCM ciphertext, its tag of 16 bytes.
 *
 * The reference reads whatever does not begin with 0x01 as plaintext of older days. There is none here: every
 * other form is refused, so that nobody who can write a row can choose what is taken for a key.
 */
#ifndef CRYPTO_COLUMN_H
#define CRYPTO_COLUMN_H

#include "crypto/aead.h"

enum { COLUMN_OVERHEAD = 1 + AEAD_NONCE_BYTES + AEAD_TAG_BYTES };

/* Writes plaintext.len + COLUMN_OVERHEAD bytes. A nonce must never be used twice with one key. */
enum deputy_error column_seal(uint8_t *out, const uint8_t key[AEAD_KEY_BYTES],
        const uint8_t nonce[AEAD_NONCE_BYTES], struct deputy_slice associated, struct deputy_slice plaintext);

/* Writes sealed.len - COLUMN_OVERHEAD bytes; DEPUTY_E_DECRYPT when it is not what this key sealed. */
enum deputy_error column_open(uint8_t *out, const uint8_t key[AEAD_KEY_BYTES], struct deputy_slice associated,
        struct deputy_slice sealed);

#endif
