/* Verifying ECDSA over the curves of NIST, with the key as a point. */
#include "base/try.h"
#include "crypto/errors.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "crypto/start.h"
#include <openssl/bn.h>
#include <openssl/ecdsa.h>

enum { UNCOMPRESSED_TAG = 0x04, DER_MAX_BYTES = 104 };

static void pkey_free(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

static void pkey_context_free(EVP_PKEY_CTX **context)
{
    EVP_PKEY_CTX_free(*context);
}

static void pair_free(ECDSA_SIG **pair)
{
    ECDSA_SIG_free(*pair);
}

/* NULL when the point is not on the curve, or a coordinate is not below p. */
static EVP_PKEY *pkey_create(EVP_PKEY *curve, const uint8_t *point, size_t len)
{
    uint8_t encoded[1 + P384_POINT_BYTES] = {UNCOMPRESSED_TAG};
    memcpy(encoded + 1, point, len);
    EVP_PKEY *key = EVP_PKEY_dup(curve);
    if (key != NULL && EVP_PKEY_set1_encoded_public_key(key, encoded, 1 + len) == 1)
        return key;
    EVP_PKEY_free(key);
    return NULL;
}

/* r, s as the DER that the library verifies; 0 when it cannot be made. */
static size_t der_put(uint8_t der[DER_MAX_BYTES], const uint8_t *signature, size_t len)
{
    ECDSA_SIG *pair DEFER(pair_free) = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature, (int)(len / 2), NULL);
    BIGNUM *s = BN_bin2bn(signature + len / 2, (int)(len / 2), NULL);
    if (pair == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(pair, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        return 0;
    }
    int der_len = i2d_ECDSA_SIG(pair, &der);
    return der_len > 0 ? (size_t)der_len : 0;
}

/* Point and signature are of one length. */
static enum deputy_error verify(const struct crypto_shared *shared, EVP_PKEY *curve, const uint8_t *point,
        size_t len, struct deputy_slice digest, const uint8_t *signature)
{
    uint8_t der[DER_MAX_BYTES];
    ERRORS_FORGOTTEN;
    EVP_PKEY *key DEFER(pkey_free) = pkey_create(curve, point, len);
    ENSURE(key != NULL, DEPUTY_E_KEY);
    EVP_PKEY_CTX *context DEFER(pkey_context_free) = EVP_PKEY_CTX_new_from_pkey(shared->openssl, key, NULL);
    ENSURE(context != NULL && EVP_PKEY_verify_init(context) == 1, DEPUTY_E_INTERNAL);
    size_t der_len = der_put(der, signature, len);
    ENSURE(der_len > 0, DEPUTY_E_INTERNAL);
    /* r and s outside 1..n-1 are refused here */
    ENSURE(EVP_PKEY_verify(context, der, der_len, digest.ptr, digest.len) == 1, DEPUTY_E_SIGNATURE);
    return DEPUTY_OK;
}

enum deputy_error p256_verify_point(const uint8_t public_xy[P256_POINT_BYTES], struct deputy_slice message,
        const uint8_t signature[EC_SIGNATURE_BYTES])
{
    const struct crypto_shared *shared = crypto_shared();
    uint8_t digest[HASH_BYTES];
    ENSURE(shared != NULL, DEPUTY_E_INTERNAL);
    sha256(digest, message);
    return verify(shared, shared->p256_no_key, public_xy, P256_POINT_BYTES,
            deputy_slice_bytes(digest, sizeof digest), signature);
}

enum deputy_error p384_verify_point(const uint8_t public_xy[P384_POINT_BYTES], struct deputy_slice message,
        const uint8_t signature[P384_SIGNATURE_BYTES])
{
    const struct crypto_shared *shared = crypto_shared();
    uint8_t digest[SHA384_BYTES];
    ENSURE(shared != NULL, DEPUTY_E_INTERNAL);
    sha384_parts(digest, &message, 1);
    return verify(shared, shared->p384_no_key, public_xy, P384_POINT_BYTES,
            deputy_slice_bytes(digest, sizeof digest), signature);
}
