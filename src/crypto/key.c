#include "crypto/key.h"
#include "base/try.h"
#include "crypto/secret.h"
#include "crypto/sign.h"
#include <stdlib.h>

/* The whole object lies in guarded memory and is read-only once made. */
struct deputy_key {
    enum deputy_key_kind kind;
    uint8_t public_key[EC_PUBLIC_BYTES];
    uint8_t secret[ED25519_EXPANDED_BYTES]; /* expanded for Ed25519, else a scalar of EC_SECRET_BYTES */
};

static enum deputy_error key_fill(
        struct deputy_key *key, enum deputy_key_kind kind, const uint8_t secret[EC_SECRET_BYTES])
{
    key->kind = kind;
    if (kind == DEPUTY_KEY_ED25519)
        return ed25519_expand(key->public_key, key->secret, secret);
    memcpy(key->secret, secret, EC_SECRET_BYTES);
    if (kind == DEPUTY_KEY_SECP256K1)
        return secp256k1_public(key->public_key, secret);
    if (kind == DEPUTY_KEY_P256)
        return p256_public(key->public_key, secret);
    return DEPUTY_E_ARGUMENT;
}

enum deputy_error deputy_key_import(
        struct deputy_key **out, enum deputy_key_kind kind, const uint8_t secret[EC_SECRET_BYTES])
{
    uint8_t *memory = NULL;
    TRY(secret_alloc(&memory, sizeof(struct deputy_key)));
    void *place = memory;
    struct deputy_key *key = place;
    enum deputy_error result = key_fill(key, kind, secret);
    if (result == DEPUTY_OK)
        result = secret_freeze(memory);
    if (result != DEPUTY_OK) {
        secret_free(memory);
        return result;
    }
    *out = key;
    return DEPUTY_OK;
}

void deputy_key_destroy(struct deputy_key *key)
{
    secret_free((uint8_t *)key);
}

enum deputy_key_kind deputy_key_kind(const struct deputy_key *key)
{
    return key->kind;
}

struct deputy_slice deputy_key_public(const struct deputy_key *key)
{
    size_t len = key->kind == DEPUTY_KEY_ED25519 ? ED25519_PUBLIC_BYTES : EC_PUBLIC_BYTES;
    return deputy_slice_bytes(key->public_key, len);
}

enum deputy_error deputy_key_sign(
        uint8_t signature[64], const struct deputy_key *key, struct deputy_slice message)
{
    switch (key->kind) {
    case DEPUTY_KEY_ED25519:
        return ed25519_sign(signature, message, key->secret);
    case DEPUTY_KEY_SECP256K1:
        return secp256k1_sign(signature, message, key->secret);
    case DEPUTY_KEY_P256:
        return p256_sign(signature, message, key->secret);
    }
    return DEPUTY_E_INTERNAL;
}

enum deputy_error key_sign_digest_recoverable(uint8_t signature[SECP256K1_RECOVERABLE_BYTES],
        const struct deputy_key *key, const uint8_t digest[32])
{
    ENSURE(key->kind == DEPUTY_KEY_SECP256K1, DEPUTY_E_KEY);
    return secp256k1_sign_recoverable(signature, digest, key->secret);
}

enum deputy_error deputy_key_address(uint8_t address[ETHEREUM_ADDRESS_BYTES], const struct deputy_key *key)
{
    uint8_t public_xy[64];
    ENSURE(key->kind == DEPUTY_KEY_SECP256K1, DEPUTY_E_KEY);
    TRY(secp256k1_decompress(public_xy, key->public_key));
    ethereum_address(address, public_xy);
    return DEPUTY_OK;
}
