/* What the libraries below share, made once in a process by crypto_start. For this room alone. */
#ifndef CRYPTO_START_H
#define CRYPTO_START_H

#include <deputy/error.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <secp256k1.h>

struct crypto_shared {
    const secp256k1_context *secp256k1; /* randomized against side channels; read-only from here on */
    OSSL_LIB_CTX *openssl;              /* our own: no configuration file, no engine of the host program */
    EVP_CIPHER *aes256gcm;
    EVP_KDF *hkdf;
    EC_GROUP *p256;
    EVP_PKEY *p256_no_key, *p384_no_key; /* the curves alone: copies of them get a public key */
};

/* NULL when the libraries could not be started. Thread-safe; one atomic load once started. */
const struct crypto_shared *crypto_shared(void);

#endif
