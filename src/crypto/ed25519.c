#include "base/try.h"
#include "crypto/secret.h"
#include "crypto/sign.h"
#include <sodium.h>

enum deputy_error ed25519_verify(const uint8_t public_key[ED25519_PUBLIC_BYTES], struct deputy_slice message,
        const uint8_t signature[ED25519_SIGNATURE_BYTES])
{
    int result = crypto_sign_ed25519_verify_detached(signature, message.ptr, message.len, public_key);
    return result == 0 ? DEPUTY_OK : DEPUTY_E_SIGNATURE;
}

enum deputy_error ed25519_expand(uint8_t public_key[ED25519_PUBLIC_BYTES],
        uint8_t expanded[ED25519_EXPANDED_BYTES], const uint8_t seed[ED25519_SEED_BYTES])
{
    TRY(crypto_start());
    ENSURE(crypto_sign_ed25519_seed_keypair(public_key, expanded, seed) == 0, DEPUTY_E_INTERNAL);
    return DEPUTY_OK;
}

enum deputy_error ed25519_sign(uint8_t signature[ED25519_SIGNATURE_BYTES], struct deputy_slice message,
        const uint8_t expanded[ED25519_EXPANDED_BYTES])
{
    int result = crypto_sign_ed25519_detached(signature, NULL, message.ptr, message.len, expanded);
    return result == 0 ? DEPUTY_OK : DEPUTY_E_INTERNAL;
}
