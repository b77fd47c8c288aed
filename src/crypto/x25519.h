/* Diffie-Hellman over Curve25519 (RFC 7748). Secrets lie in memory that the caller guards or wipes. */
#ifndef CRYPTO_X25519_H
#define CRYPTO_X25519_H

#include <deputy/error.h>
#include <stdint.h>

enum { X25519_BYTES = 32 };

/* The public key of 32 secret bytes, which are clamped when they are used. */
enum deputy_error x25519_public(uint8_t out[X25519_BYTES], const uint8_t secret[X25519_BYTES]);

/*
 * The shared secret. DEPUTY_E_KEY when it is all zero, as it is for every peer of low order: then it is no
 * secret at all, and *out holds nothing.
 */
enum deputy_error x25519_shared(
        uint8_t out[X25519_BYTES], const uint8_t secret[X25519_BYTES], const uint8_t peer[X25519_BYTES]);

#endif
