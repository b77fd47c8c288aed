#include "base/try.h"
#include "crypto/errors.h"
#include "crypto/hash.h"
#include "crypto/secret.h"
#include "crypto/sign.h"
#include "crypto/start.h"
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>

enum { FIELD_BYTES = 32, UNCOMPRESSED_BYTES = 65, UNCOMPRESSED_TAG = 0x04, DER_MAX_BYTES = 72 };

static void point_free(EC_POINT **point)
{
    EC_POINT_free(*point);
}

static void number_wipe(BIGNUM **number)
{
    BN_clear_free(*number);
}

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

/*
 * Reads a point in one SEC1 form and writes it in another. The library refuses a point off the curve, a
 * coordinate that is not below p, and a form that does not fit the length: so neither infinity (one byte) nor
 * a hybrid form gets in.
 */
static enum deputy_error point_convert(uint8_t *out, size_t out_len, point_conversion_form_t form,
        const uint8_t *encoded, size_t encoded_len)
{
    const struct crypto_shared *shared = crypto_shared();
    ENSURE(shared != NULL, DEPUTY_E_INTERNAL);
    ERRORS_FORGOTTEN;
    EC_POINT *point DEFER(point_free) = EC_POINT_new(shared->p256);
    ENSURE(point != NULL, DEPUTY_E_NOMEM);
    ENSURE(EC_POINT_oct2point(shared->p256, point, encoded, encoded_len, NULL) == 1, DEPUTY_E_KEY);
    ENSURE(EC_POINT_point2oct(shared->p256, point, form, out, out_len, NULL) == out_len, DEPUTY_E_INTERNAL);
    return DEPUTY_OK;
}

enum deputy_error p256_decompress(uint8_t public_xy[64], const uint8_t public_key[EC_PUBLIC_BYTES])
{
    uint8_t encoded[UNCOMPRESSED_BYTES];
    TRY(point_convert(encoded, sizeof encoded, POINT_CONVERSION_UNCOMPRESSED, public_key, EC_PUBLIC_BYTES));
    memcpy(public_xy, encoded + 1, 64);
    return DEPUTY_OK;
}

enum deputy_error p256_compress(uint8_t public_key[EC_PUBLIC_BYTES], const uint8_t public_xy[64])
{
    uint8_t encoded[UNCOMPRESSED_BYTES] = {UNCOMPRESSED_TAG};
    memcpy(encoded + 1, public_xy, 64);
    return point_convert(public_key, EC_PUBLIC_BYTES, POINT_CONVERSION_COMPRESSED, encoded, sizeof encoded);
}

/* The scalar, or NULL: then it is not in 1..n-1, or there is no memory. */
static BIGNUM *scalar_create(const EC_GROUP *group, const uint8_t secret[EC_SECRET_BYTES])
{
    BIGNUM *scalar = BN_bin2bn(secret, EC_SECRET_BYTES, NULL);
    if (scalar == NULL || BN_is_zero(scalar) || BN_cmp(scalar, EC_GROUP_get0_order(group)) >= 0) {
        BN_clear_free(scalar);
        return NULL;
    }
    BN_set_flags(scalar, BN_FLG_CONSTTIME);
    return scalar;
}

enum deputy_error p256_public(uint8_t public_key[EC_PUBLIC_BYTES], const uint8_t secret[EC_SECRET_BYTES])
{
    const struct crypto_shared *shared = crypto_shared();
    ENSURE(shared != NULL, DEPUTY_E_INTERNAL);
    ERRORS_FORGOTTEN;
    BIGNUM *scalar DEFER(number_wipe) = scalar_create(shared->p256, secret);
    EC_POINT *point DEFER(point_free) = EC_POINT_new(shared->p256);
    ENSURE(scalar != NULL, DEPUTY_E_KEY);
    ENSURE(point != NULL, DEPUTY_E_NOMEM);
    ENSURE(EC_POINT_mul(shared->p256, point, scalar, NULL, NULL, NULL) == 1, DEPUTY_E_INTERNAL);
    size_t len = EC_POINT_point2oct(
            shared->p256, point, POINT_CONVERSION_COMPRESSED, public_key, EC_PUBLIC_BYTES, NULL);
    return len == EC_PUBLIC_BYTES ? DEPUTY_OK : DEPUTY_E_INTERNAL;
}

/* A key object from parameters; NULL when they describe none. */
static EVP_PKEY *pkey_create(OSSL_LIB_CTX *library, int selection, OSSL_PARAM *parameters)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context DEFER(pkey_context_free) = EVP_PKEY_CTX_new_from_name(library, "EC", NULL);
    if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
            EVP_PKEY_fromdata(context, &key, selection, parameters) != 1)
        return NULL;
    return key;
}

/* The library takes any scalar, in the byte order of the machine: the range is ours to check. */
static EVP_PKEY *secret_pkey_create(const struct crypto_shared *shared, const uint8_t secret[EC_SECRET_BYTES])
{
    char group[] = "P-256";
    uint8_t native[EC_SECRET_BYTES];
    BIGNUM *scalar DEFER(number_wipe) = scalar_create(shared->p256, secret);
    if (scalar == NULL || BN_bn2nativepad(scalar, native, sizeof native) != EC_SECRET_BYTES)
        return NULL;
    OSSL_PARAM parameters[] = {
            OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
            OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, native, sizeof native),
            OSSL_PARAM_construct_end(),
    };
    EVP_PKEY *key = pkey_create(shared->openssl, EVP_PKEY_KEYPAIR, parameters);
    secret_wipe(native, sizeof native);
    return key;
}

/* r, s of the DER that the library makes. */
static bool der_take(uint8_t signature[EC_SIGNATURE_BYTES], const uint8_t *der, size_t len)
{
    ECDSA_SIG *pair DEFER(pair_free) = d2i_ECDSA_SIG(NULL, &der, (long)len);
    return pair != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, FIELD_BYTES) == FIELD_BYTES &&
           BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + FIELD_BYTES, FIELD_BYTES) == FIELD_BYTES;
}

enum deputy_error p256_verify(const uint8_t public_key[EC_PUBLIC_BYTES], struct deputy_slice message,
        const uint8_t signature[EC_SIGNATURE_BYTES])
{
    uint8_t public_xy[P256_POINT_BYTES];
    TRY(p256_decompress(public_xy, public_key));
    return p256_verify_point(public_xy, message, signature);
}

enum deputy_error p256_sign(uint8_t signature[EC_SIGNATURE_BYTES], struct deputy_slice message,
        const uint8_t secret[EC_SECRET_BYTES])
{
    const struct crypto_shared *shared = crypto_shared();
    uint8_t digest[HASH_BYTES];
    uint8_t der[DER_MAX_BYTES];
    size_t der_len = sizeof der;
    ENSURE(shared != NULL, DEPUTY_E_INTERNAL);
    ERRORS_FORGOTTEN;
    EVP_PKEY *key DEFER(pkey_free) = secret_pkey_create(shared, secret);
    ENSURE(key != NULL, DEPUTY_E_KEY);
    EVP_PKEY_CTX *context DEFER(pkey_context_free) = EVP_PKEY_CTX_new_from_pkey(shared->openssl, key, NULL);
    ENSURE(context != NULL && EVP_PKEY_sign_init(context) == 1, DEPUTY_E_INTERNAL);
    sha256(digest, message);
    ENSURE(EVP_PKEY_sign(context, der, &der_len, digest, sizeof digest) == 1, DEPUTY_E_INTERNAL);
    ENSURE(der_take(signature, der, der_len), DEPUTY_E_INTERNAL);
    return DEPUTY_OK;
}
