/*
 * A key wrapped to an X25519 public key (spec/04 section 3.3): the ephemeral public key, and the key as a
 * column under the raw shared secret. The same layout goes from a writer to a network and from a node to a
 * receiver. Refused, where the reference takes it: a shared secret of zeros, another form than 0x01, another
 * length than that of a 32-byte key.
 */
#ifndef SEAL_WRAP_H
#define SEAL_WRAP_H

#include "crypto/column.h"
#include "crypto/x25519.h"
#include <deputy/envelope.h>

enum { WRAP_RANDOM_BYTES = X25519_BYTES + AEAD_NONCE_BYTES }; /* ephemeral secret, nonce */
_Static_assert((int)DEPUTY_WRAP_BYTES == X25519_BYTES + COLUMN_OVERHEAD + AEAD_KEY_BYTES, "a wrapped key");

/* DEPUTY_E_KEY when the recipient's key is of low order. The random bytes are used once, and wiped by the
 * caller. */
enum deputy_error wrap_seal(uint8_t out[DEPUTY_WRAP_BYTES], const uint8_t recipient[X25519_BYTES],
        const uint8_t key[AEAD_KEY_BYTES], const uint8_t random[WRAP_RANDOM_BYTES]);

/* DEPUTY_E_DECRYPT, and nothing in key, when it is no wrap to this secret. */
enum deputy_error wrap_open(
        uint8_t key[AEAD_KEY_BYTES], const uint8_t secret[X25519_BYTES], struct deputy_slice wrapped);

#endif
