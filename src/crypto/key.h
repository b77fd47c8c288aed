/* What other rooms may do with a private key beyond deputy/key.h. The secret itself never leaves key.c. */
#ifndef CRYPTO_KEY_H
#define CRYPTO_KEY_H

#include <deputy/key.h>

/* Signs a digest with a secp256k1 key: r, s, recovery id 0..3 (low S). DEPUTY_E_KEY for other kinds. */
enum deputy_error key_sign_digest_recoverable(
        uint8_t signature[65], const struct deputy_key *key, const uint8_t digest[32]);

#endif
