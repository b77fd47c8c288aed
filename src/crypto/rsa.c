#include "crypto/rsa.h"
#include "base/try.h"
#include "crypto/errors.h"
#include "crypto/start.h"
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/rsa.h>

static void pkey_free(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

static void pkey_context_free(EVP_PKEY_CTX **context)
{
    EVP_PKEY_CTX_free(*context);
}

static void digest_context_free(EVP_MD_CTX **context)
{
    EVP_MD_CTX_free(*context);
}

static bool is_key(struct deputy_slice modulus, struct deputy_slice exponent)
{
    if (modulus.len < RSA_MIN_BYTES || modulus.len > RSA_MAX_BYTES || exponent.len == 0 ||
            exponent.len > RSA_EXPONENT_MAX_BYTES)
        return false;
    bool is_one = exponent.len == 1 && exponent.ptr[0] == 1;
    return (exponent.ptr[exponent.len - 1] & 1) != 0 && !is_one;
}

/* Parameters hold numbers in the byte order of the machine. */
static bool to_native(uint8_t *out, struct deputy_slice big_endian)
{
    BIGNUM *number = BN_bin2bn(big_endian.ptr, (int)big_endian.len, NULL);
    bool done = number != NULL && BN_bn2nativepad(number, out, (int)big_endian.len) == (int)big_endian.len;
    BN_free(number);
    return done;
}

static EVP_PKEY *key_create(OSSL_LIB_CTX *library, struct deputy_slice modulus, struct deputy_slice exponent)
{
    uint8_t n[RSA_MAX_BYTES];
    uint8_t e[RSA_EXPONENT_MAX_BYTES];
    EVP_PKEY *key = NULL;
    if (!to_native(n, modulus) || !to_native(e, exponent))
        return NULL;
    OSSL_PARAM parameters[] = {
            OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, n, modulus.len),
            OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, e, exponent.len),
            OSSL_PARAM_construct_end(),
    };
    EVP_PKEY_CTX *context DEFER(pkey_context_free) = EVP_PKEY_CTX_new_from_name(library, "RSA", NULL);
    if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
            EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
        return NULL;
    return key;
}

enum deputy_error rsa_pss_sha384_verify(struct deputy_slice modulus, struct deputy_slice exponent,
        struct deputy_slice message, struct deputy_slice signature)
{
    enum { SALT_BYTES = 48 };
    const struct crypto_shared *shared = crypto_shared();
    EVP_PKEY_CTX *how; /* belongs to the digest context */
    ENSURE(shared != NULL, DEPUTY_E_INTERNAL);
    ENSURE(is_key(modulus, exponent), DEPUTY_E_KEY);
    ERRORS_FORGOTTEN;
    EVP_PKEY *key DEFER(pkey_free) = key_create(shared->openssl, modulus, exponent);
    EVP_MD_CTX *context DEFER(digest_context_free) = EVP_MD_CTX_new();
    ENSURE(key != NULL, DEPUTY_E_KEY);
    ENSURE(context != NULL, DEPUTY_E_NOMEM);
    ENSURE(EVP_DigestVerifyInit_ex(context, &how, "SHA384", shared->openssl, NULL, key, NULL) == 1 &&
                    EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1 &&
                    EVP_PKEY_CTX_set_rsa_mgf1_md_name(how, "SHA384", NULL) == 1 &&
                    EVP_PKEY_CTX_set_rsa_pss_saltlen(how, SALT_BYTES) == 1,
            DEPUTY_E_INTERNAL);
    int verified = EVP_DigestVerify(context, signature.ptr, signature.len, message.ptr, message.len);
    return verified == 1 ? DEPUTY_OK : DEPUTY_E_SIGNATURE;
}
