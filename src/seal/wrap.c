#include "seal/wrap.h"
#include "base/try.h"
#include "crypto/secret.h"

static const struct deputy_slice nothing = {NULL, 0};

static enum deputy_error seal_under(uint8_t out[DEPUTY_WRAP_BYTES], uint8_t shared[X25519_BYTES],
        const uint8_t recipient[X25519_BYTES], const uint8_t key[AEAD_KEY_BYTES],
        const uint8_t random[WRAP_RANDOM_BYTES])
{
    TRY(x25519_public(out, random));
    TRY(x25519_shared(shared, random, recipient));
    return column_seal(out + X25519_BYTES, shared, random + X25519_BYTES, nothing,
            deputy_slice_bytes(key, AEAD_KEY_BYTES));
}

enum deputy_error wrap_seal(uint8_t out[DEPUTY_WRAP_BYTES], const uint8_t recipient[X25519_BYTES],
        const uint8_t key[AEAD_KEY_BYTES], const uint8_t random[WRAP_RANDOM_BYTES])
{
    uint8_t shared[X25519_BYTES];
    enum deputy_error error = seal_under(out, shared, recipient, key, random);
    secret_wipe(shared, sizeof shared);
    return error;
}

enum deputy_error wrap_open(
        uint8_t key[AEAD_KEY_BYTES], const uint8_t secret[X25519_BYTES], struct deputy_slice wrapped)
{
    uint8_t shared[X25519_BYTES];
    ENSURE(wrapped.len == DEPUTY_WRAP_BYTES, DEPUTY_E_DECRYPT);
    struct deputy_slice column = deputy_slice_bytes(wrapped.ptr + X25519_BYTES, wrapped.len - X25519_BYTES);
    enum deputy_error error = x25519_shared(shared, secret, wrapped.ptr);
    if (error == DEPUTY_OK)
        error = column_open(key, shared, nothing, column);
    secret_wipe(shared, sizeof shared);
    return error == DEPUTY_E_KEY ? DEPUTY_E_DECRYPT : error;
}
