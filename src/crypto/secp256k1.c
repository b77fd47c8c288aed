#include "base/try.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "crypto/start.h"
#include <secp256k1.h>
#include <secp256k1_recovery.h>

enum { UNCOMPRESSED_BYTES = 65, UNCOMPRESSED_TAG = 0x04 };

/* NULL when the library could not be started. */
static const secp256k1_context *context_get(void)
{
    const struct crypto_shared *shared = crypto_shared();
    return shared == NULL ? NULL : shared->secp256k1;
}

static void put_xy(uint8_t public_xy[64], const secp256k1_context *context, const secp256k1_pubkey *key)
{
    uint8_t encoded[UNCOMPRESSED_BYTES];
    size_t len = sizeof encoded;
    secp256k1_ec_pubkey_serialize(context, encoded, &len, key, SECP256K1_EC_UNCOMPRESSED);
    memcpy(public_xy, encoded + 1, 64);
}

static void put_compressed(
        uint8_t public_key[EC_PUBLIC_BYTES], const secp256k1_context *context, const secp256k1_pubkey *key)
{
    size_t len = EC_PUBLIC_BYTES;
    secp256k1_ec_pubkey_serialize(context, public_key, &len, key, SECP256K1_EC_COMPRESSED);
}

enum deputy_error secp256k1_verify(const uint8_t public_key[EC_PUBLIC_BYTES], struct deputy_slice message,
        const uint8_t signature[EC_SIGNATURE_BYTES])
{
    const secp256k1_context *context = context_get();
    secp256k1_pubkey key;
    secp256k1_ecdsa_signature parsed;
    uint8_t digest[HASH_BYTES];
    ENSURE(context != NULL, DEPUTY_E_INTERNAL);
    ENSURE(secp256k1_ec_pubkey_parse(context, &key, public_key, EC_PUBLIC_BYTES), DEPUTY_E_KEY);
    ENSURE(secp256k1_ecdsa_signature_parse_compact(context, &parsed, signature), DEPUTY_E_SIGNATURE);
    sha256(digest, message);
    ENSURE(secp256k1_ecdsa_verify(context, &parsed, digest, &key), DEPUTY_E_SIGNATURE); /* refuses high S */
    return DEPUTY_OK;
}

static bool has_high_s(const secp256k1_context *context, const secp256k1_ecdsa_recoverable_signature *parsed)
{
    secp256k1_ecdsa_signature plain;
    secp256k1_ecdsa_recoverable_signature_convert(context, &plain, parsed);
    return secp256k1_ecdsa_signature_normalize(context, NULL, &plain) == 1;
}

enum deputy_error secp256k1_recover(uint8_t public_xy[64], const uint8_t digest[HASH_BYTES],
        const uint8_t signature[SECP256K1_RECOVERABLE_BYTES])
{
    const secp256k1_context *context = context_get();
    secp256k1_ecdsa_recoverable_signature parsed;
    secp256k1_pubkey key;
    int recovery_id = signature[64];
    ENSURE(context != NULL, DEPUTY_E_INTERNAL);
    ENSURE(recovery_id <= 3, DEPUTY_E_SIGNATURE); /* the library ends the process on another */
    ENSURE(secp256k1_ecdsa_recoverable_signature_parse_compact(context, &parsed, signature, recovery_id),
            DEPUTY_E_SIGNATURE);
    ENSURE(!has_high_s(context, &parsed), DEPUTY_E_SIGNATURE);
    ENSURE(secp256k1_ecdsa_recover(context, &key, &parsed, digest), DEPUTY_E_SIGNATURE);
    put_xy(public_xy, context, &key);
    return DEPUTY_OK;
}

enum deputy_error secp256k1_sign_recoverable(uint8_t signature[SECP256K1_RECOVERABLE_BYTES],
        const uint8_t digest[HASH_BYTES], const uint8_t secret[EC_SECRET_BYTES])
{
    const secp256k1_context *context = context_get();
    secp256k1_ecdsa_recoverable_signature made;
    int recovery_id = 0;
    ENSURE(context != NULL, DEPUTY_E_INTERNAL);
    ENSURE(secp256k1_ecdsa_sign_recoverable(
                   context, &made, digest, secret, secp256k1_nonce_function_rfc6979, NULL),
            DEPUTY_E_KEY);
    secp256k1_ecdsa_recoverable_signature_serialize_compact(context, signature, &recovery_id, &made);
    signature[64] = (uint8_t)recovery_id;
    return DEPUTY_OK;
}

enum deputy_error secp256k1_sign(uint8_t signature[EC_SIGNATURE_BYTES], struct deputy_slice message,
        const uint8_t secret[EC_SECRET_BYTES])
{
    uint8_t digest[HASH_BYTES];
    uint8_t recoverable[SECP256K1_RECOVERABLE_BYTES];
    sha256(digest, message);
    TRY(secp256k1_sign_recoverable(recoverable, digest, secret));
    memcpy(signature, recoverable, EC_SIGNATURE_BYTES);
    return DEPUTY_OK;
}

enum deputy_error secp256k1_public(uint8_t public_key[EC_PUBLIC_BYTES], const uint8_t secret[EC_SECRET_BYTES])
{
    const secp256k1_context *context = context_get();
    secp256k1_pubkey key;
    ENSURE(context != NULL, DEPUTY_E_INTERNAL);
    ENSURE(secp256k1_ec_pubkey_create(context, &key, secret), DEPUTY_E_KEY);
    put_compressed(public_key, context, &key);
    return DEPUTY_OK;
}

enum deputy_error secp256k1_decompress(uint8_t public_xy[64], const uint8_t public_key[EC_PUBLIC_BYTES])
{
    const secp256k1_context *context = context_get();
    secp256k1_pubkey key;
    ENSURE(context != NULL, DEPUTY_E_INTERNAL);
    ENSURE(secp256k1_ec_pubkey_parse(context, &key, public_key, EC_PUBLIC_BYTES), DEPUTY_E_KEY);
    put_xy(public_xy, context, &key);
    return DEPUTY_OK;
}

enum deputy_error secp256k1_compress(uint8_t public_key[EC_PUBLIC_BYTES], const uint8_t public_xy[64])
{
    const secp256k1_context *context = context_get();
    secp256k1_pubkey key;
    uint8_t encoded[UNCOMPRESSED_BYTES] = {UNCOMPRESSED_TAG};
    ENSURE(context != NULL, DEPUTY_E_INTERNAL);
    memcpy(encoded + 1, public_xy, 64);
    ENSURE(secp256k1_ec_pubkey_parse(context, &key, encoded, sizeof encoded), DEPUTY_E_KEY);
    put_compressed(public_key, context, &key);
    return DEPUTY_OK;
}

void ethereum_address(uint8_t address[ETHEREUM_ADDRESS_BYTES], const uint8_t public_xy[64])
{
    uint8_t digest[HASH_BYTES];
    keccak256(digest, deputy_slice_bytes(public_xy, 64));
    memcpy(address, digest + HASH_BYTES - ETHEREUM_ADDRESS_BYTES, ETHEREUM_ADDRESS_BYTES);
}
