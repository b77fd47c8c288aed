#include "base/try.h"
#include "crypto/errors.h"
#include "crypto/hash.h"
#include "crypto/start.h"
#include <openssl/core_names.h>
#include <openssl/kdf.h>

enum { HKDF_MAX_OUT = 255 * HASH_BYTES };

static void context_free(EVP_KDF_CTX **context)
{
    EVP_KDF_CTX_free(*context);
}

/* The library copies from these and does not write. An absent slice becomes an empty one. */
static OSSL_PARAM octets(const char *name, struct deputy_slice bytes)
{
    static uint8_t none[1];
    void *memory = bytes.len == 0 ? none : (void *)(uintptr_t)bytes.ptr;
    return OSSL_PARAM_construct_octet_string(name, memory, bytes.len);
}

enum deputy_error hkdf_sha256(uint8_t *out, size_t out_len, struct deputy_slice secret,
        struct deputy_slice salt, struct deputy_slice info)
{
    const struct crypto_shared *shared = crypto_shared();
    ENSURE(shared != NULL, DEPUTY_E_INTERNAL);
    ENSURE(out_len >= 1 && out_len <= HKDF_MAX_OUT, DEPUTY_E_LIMIT);
    ENSURE(secret.len <= HKDF_MAX_IN && salt.len <= HKDF_MAX_IN && info.len <= HKDF_MAX_IN, DEPUTY_E_LIMIT);
    const OSSL_PARAM parameters[] = {
            OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char[]){"SHA256"}, 0),
            octets(OSSL_KDF_PARAM_KEY, secret),
            octets(OSSL_KDF_PARAM_SALT, salt),
            octets(OSSL_KDF_PARAM_INFO, info),
            OSSL_PARAM_construct_end(),
    };
    ERRORS_FORGOTTEN;
    EVP_KDF_CTX *context DEFER(context_free) = EVP_KDF_CTX_new(shared->hkdf);
    ENSURE(context != NULL, DEPUTY_E_NOMEM);
    ENSURE(EVP_KDF_derive(context, out, out_len, parameters) == 1, DEPUTY_E_INTERNAL);
    return DEPUTY_OK;
}
