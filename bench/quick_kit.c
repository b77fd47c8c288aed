/*
 * The primitives of tests/kit in C, for measurements that need thousands of owners: bench/quick_kit.py puts
 * them in the place of those in Python, which take a fifth of a second an owner. They return 0, or an error.
 */
#include "crypto/hash.h"
#include "crypto/sign.h"

#define EXPORTED __attribute__((visibility("default")))

EXPORTED void quick_blake3(uint8_t out[HASH_BYTES], const uint8_t *data, size_t len);
EXPORTED void quick_keccak256(uint8_t out[HASH_BYTES], const uint8_t *data, size_t len);
EXPORTED int quick_ed25519_public(uint8_t out[ED25519_PUBLIC_BYTES], const uint8_t *seed);
EXPORTED int quick_ed25519_sign(
        uint8_t out[ED25519_SIGNATURE_BYTES], const uint8_t *seed, const uint8_t *data, size_t len);
EXPORTED int quick_secp256k1_public(uint8_t out[EC_PUBLIC_BYTES], const uint8_t *secret);
EXPORTED int quick_secp256k1_sign(
        uint8_t out[SECP256K1_RECOVERABLE_BYTES], const uint8_t *secret, const uint8_t *digest);

void quick_blake3(uint8_t out[HASH_BYTES], const uint8_t *data, size_t len)
{
    blake3(out, deputy_slice_bytes(data, len));
}

void quick_keccak256(uint8_t out[HASH_BYTES], const uint8_t *data, size_t len)
{
    keccak256(out, deputy_slice_bytes(data, len));
}

int quick_ed25519_public(uint8_t out[ED25519_PUBLIC_BYTES], const uint8_t *seed)
{
    uint8_t expanded[ED25519_EXPANDED_BYTES];
    return ed25519_expand(out, expanded, seed);
}

int quick_ed25519_sign(
        uint8_t out[ED25519_SIGNATURE_BYTES], const uint8_t *seed, const uint8_t *data, size_t len)
{
    uint8_t public_key[ED25519_PUBLIC_BYTES], expanded[ED25519_EXPANDED_BYTES];
    enum deputy_error error = ed25519_expand(public_key, expanded, seed);
    return error == DEPUTY_OK ? ed25519_sign(out, deputy_slice_bytes(data, len), expanded) : error;
}

int quick_secp256k1_public(uint8_t out[EC_PUBLIC_BYTES], const uint8_t *secret)
{
    return secp256k1_public(out, secret);
}

int quick_secp256k1_sign(
        uint8_t out[SECP256K1_RECOVERABLE_BYTES], const uint8_t *secret, const uint8_t *digest)
{
    return secp256k1_sign_recoverable(out, digest, secret);
}
