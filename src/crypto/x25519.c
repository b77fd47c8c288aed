#include "crypto/x25519.h"
#include "base/try.h"
#include "crypto/secret.h"
#include <sodium.h>

enum deputy_error x25519_public(uint8_t out[X25519_BYTES], const uint8_t secret[X25519_BYTES])
{
    TRY(crypto_start());
    ENSURE(crypto_scalarmult_curve25519_base(out, secret) == 0, DEPUTY_E_INTERNAL);
    return DEPUTY_OK;
}

enum deputy_error x25519_shared(
        uint8_t out[X25519_BYTES], const uint8_t secret[X25519_BYTES], const uint8_t peer[X25519_BYTES])
{
    TRY(crypto_start());
    if (crypto_scalarmult_curve25519(out, secret, peer) == 0)
        return DEPUTY_OK;
    secret_wipe(out, X25519_BYTES);
    return DEPUTY_E_KEY;
}
