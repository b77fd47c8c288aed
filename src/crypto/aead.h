/* AES-256-GCM with a 96-bit nonce and a 128-bit tag. */
#ifndef CRYPTO_AEAD_H
#define CRYPTO_AEAD_H

#include <deputy/error.h>
#include <deputy/slice.h>

enum { AEAD_KEY_BYTES = 32, AEAD_NONCE_BYTES = 12, AEAD_TAG_BYTES = 16 };

/* Writes plaintext.len + AEAD_TAG_BYTES bytes. A nonce must never be used twice with one key. */
enum deputy_error aes256gcm_seal(uint8_t *out, const uint8_t key[AEAD_KEY_BYTES],
        const uint8_t nonce[AEAD_NONCE_BYTES], struct deputy_slice associated, struct deputy_slice plaintext);

/* Writes ciphertext.len - AEAD_TAG_BYTES bytes; DEPUTY_E_DECRYPT, and nothing usable in out, when the tag is
 * wrong. */
enum deputy_error aes256gcm_open(uint8_t *out, const uint8_t key[AEAD_KEY_BYTES],
        const uint8_t nonce[AEAD_NONCE_BYTES], struct deputy_slice associated,
        struct deputy_slice ciphertext);

#endif
