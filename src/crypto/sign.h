/*
 * Signatures, by primitive. Verifiers return DEPUTY_OK, DEPUTY_E_SIGNATURE, or DEPUTY_E_KEY when an EC public
 * key is none. Secrets lie in memory that the caller guards; see key.h for handles.
 */
#ifndef CRYPTO_SIGN_H
#define CRYPTO_SIGN_H

#include <deputy/error.h>
#include <deputy/slice.h>

enum {
    ED25519_PUBLIC_BYTES = 32,
    ED25519_SIGNATURE_BYTES = 64,
    ED25519_SEED_BYTES = 32,
    ED25519_EXPANDED_BYTES = 64, /* what signs: as secret as the seed */
    EC_SECRET_BYTES = 32,
    EC_PUBLIC_BYTES = 33,    /* SEC1, compressed */
    EC_SIGNATURE_BYTES = 64, /* r, s */
    P256_POINT_BYTES = 64,   /* X, Y */
    P384_POINT_BYTES = 96,
    P384_SIGNATURE_BYTES = 96,        /* r, s */
    SECP256K1_RECOVERABLE_BYTES = 65, /* r, s, recovery id 0..3 */
    ETHEREUM_ADDRESS_BYTES = 20
};

/*
 * RFC 8032. Refused as well: S >= L, and a public key or R that is not canonical or of low order. A key that
 * is none gives DEPUTY_E_SIGNATURE: telling it apart would cost a second decompression.
 */
enum deputy_error ed25519_verify(const uint8_t public_key[ED25519_PUBLIC_BYTES], struct deputy_slice message,
        const uint8_t signature[ED25519_SIGNATURE_BYTES]);

enum deputy_error ed25519_expand(uint8_t public_key[ED25519_PUBLIC_BYTES],
        uint8_t expanded[ED25519_EXPANDED_BYTES], const uint8_t seed[ED25519_SEED_BYTES]);
enum deputy_error ed25519_sign(uint8_t signature[ED25519_SIGNATURE_BYTES], struct deputy_slice message,
        const uint8_t expanded[ED25519_EXPANDED_BYTES]);

/* ES256K: SHA-256 of the message; high S is refused. */
enum deputy_error secp256k1_verify(const uint8_t public_key[EC_PUBLIC_BYTES], struct deputy_slice message,
        const uint8_t signature[EC_SIGNATURE_BYTES]);

/*
 * The public key that signed the digest, from r, s and recovery id 0..3; another id, and high S, are refused.
 * The result is the uncompressed point without its prefix: X, Y.
 */
enum deputy_error secp256k1_recover(uint8_t public_xy[64], const uint8_t digest[32],
        const uint8_t signature[SECP256K1_RECOVERABLE_BYTES]);

/* A signature over a digest with its recovery id, RFC 6979 nonce, low S. */
enum deputy_error secp256k1_sign_recoverable(uint8_t signature[SECP256K1_RECOVERABLE_BYTES],
        const uint8_t digest[32], const uint8_t secret[EC_SECRET_BYTES]);

/* ES256K: SHA-256 of the message, RFC 6979 nonce, low S. */
enum deputy_error secp256k1_sign(uint8_t signature[EC_SIGNATURE_BYTES], struct deputy_slice message,
        const uint8_t secret[EC_SECRET_BYTES]);

/* The public key of a scalar; DEPUTY_E_KEY unless it is in 1..n-1. */
enum deputy_error secp256k1_public(
        uint8_t public_key[EC_PUBLIC_BYTES], const uint8_t secret[EC_SECRET_BYTES]);
enum deputy_error p256_public(uint8_t public_key[EC_PUBLIC_BYTES], const uint8_t secret[EC_SECRET_BYTES]);

/* X, Y of a compressed public key; DEPUTY_E_KEY when it is not on the curve. */
enum deputy_error secp256k1_decompress(uint8_t public_xy[64], const uint8_t public_key[EC_PUBLIC_BYTES]);
enum deputy_error p256_decompress(uint8_t public_xy[64], const uint8_t public_key[EC_PUBLIC_BYTES]);
/* The compressed form of a point given as X, Y; DEPUTY_E_KEY when it is not on the curve. */
enum deputy_error secp256k1_compress(uint8_t public_key[EC_PUBLIC_BYTES], const uint8_t public_xy[64]);
enum deputy_error p256_compress(uint8_t public_key[EC_PUBLIC_BYTES], const uint8_t public_xy[64]);

/* ES256: SHA-256 of the message; high S is accepted, since WebCrypto makes it. */
enum deputy_error p256_verify(const uint8_t public_key[EC_PUBLIC_BYTES], struct deputy_slice message,
        const uint8_t signature[EC_SIGNATURE_BYTES]);

/* The same with the key as X, Y; and ES384: SHA-384 of the message. High S is accepted. */
enum deputy_error p256_verify_point(const uint8_t public_xy[P256_POINT_BYTES], struct deputy_slice message,
        const uint8_t signature[EC_SIGNATURE_BYTES]);
enum deputy_error p384_verify_point(const uint8_t public_xy[P384_POINT_BYTES], struct deputy_slice message,
        const uint8_t signature[P384_SIGNATURE_BYTES]);

/* ES256: the nonce is random, mixed with the secret and the digest. */
enum deputy_error p256_sign(uint8_t signature[EC_SIGNATURE_BYTES], struct deputy_slice message,
        const uint8_t secret[EC_SECRET_BYTES]);

/* The last 20 bytes of the Keccak-256 of X, Y. */
void ethereum_address(uint8_t address[ETHEREUM_ADDRESS_BYTES], const uint8_t public_xy[64]);

#endif
