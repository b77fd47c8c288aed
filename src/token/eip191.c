#include "base/try.h"
#include "crypto/hash.h"
#include "crypto/key.h"
#include "crypto/sign.h"
#include <deputy/key.h>
#include <deputy/siwe.h>
#include <stdio.h>

/* Wallets write the recovery id plus 27 (spec/01 section 6.4). */
enum { EIP191_V_BASE = 27, EIP191_V = 64 };

void deputy_eip191_digest(uint8_t digest[32], struct deputy_slice message)
{
    char prefix[64];
    int len = snprintf(prefix, sizeof prefix, "\x19%s\n%zu", "Ethereum Signed Message:", message.len);
    const struct deputy_slice parts[] = {deputy_slice_bytes(prefix, (size_t)len), message};
    keccak256_parts(digest, parts, 2);
}

enum deputy_error deputy_eip191_verify(
        struct deputy_slice message, const uint8_t signature[65], const uint8_t address[20])
{
    uint8_t recoverable[SECP256K1_RECOVERABLE_BYTES];
    uint8_t digest[HASH_BYTES], public_xy[64], signer[ETHEREUM_ADDRESS_BYTES];
    memcpy(recoverable, signature, sizeof recoverable);
    recoverable[EIP191_V] %= EIP191_V_BASE;
    deputy_eip191_digest(digest, message);
    ENSURE(secp256k1_recover(public_xy, digest, recoverable) == DEPUTY_OK, DEPUTY_E_SIGNATURE);
    ethereum_address(signer, public_xy);
    ENSURE(memcmp(signer, address, sizeof signer) == 0, DEPUTY_E_SIGNATURE);
    return DEPUTY_OK;
}

enum deputy_error deputy_key_sign_eip191(
        uint8_t signature[65], const struct deputy_key *key, struct deputy_slice message)
{
    uint8_t digest[HASH_BYTES];
    deputy_eip191_digest(digest, message);
    TRY(key_sign_digest_recoverable(signature, key, digest));
    signature[EIP191_V] = (uint8_t)(signature[EIP191_V] + EIP191_V_BASE);
    return DEPUTY_OK;
}
