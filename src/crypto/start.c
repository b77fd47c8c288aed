#include "crypto/start.h"
#include "base/try.h"
#include "crypto/random.h"
#include "crypto/secret.h"
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/obj_mac.h>
#include <pthread.h>
#include <sodium.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct crypto_shared shared;
static enum deputy_error start_result = DEPUTY_E_INTERNAL;

static enum deputy_error secp256k1_start(void)
{
    uint8_t seed[32];
    secp256k1_context *context = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
    ENSURE(context != NULL, DEPUTY_E_NOMEM);
    random_bytes(seed, sizeof seed);
    int randomized = secp256k1_context_randomize(context, seed);
    secret_wipe(seed, sizeof seed);
    shared.secp256k1 = context;
    ENSURE(randomized == 1, DEPUTY_E_INTERNAL);
    return DEPUTY_OK;
}

/* Making a curve from its name costs a quarter of a verification, and copying one little. NULL on failure. */
static EVP_PKEY *curve_create(char *name)
{
    EVP_PKEY *curve = NULL;
    OSSL_PARAM parameters[] = {
            OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0),
            OSSL_PARAM_construct_end(),
    };
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(shared.openssl, "EC", NULL);
    if (context != NULL && EVP_PKEY_fromdata_init(context) == 1)
        (void)EVP_PKEY_fromdata(context, &curve, EVP_PKEY_KEY_PARAMETERS, parameters);
    EVP_PKEY_CTX_free(context);
    return curve;
}

/* A library context of our own never reads openssl.cnf; NO_LOAD_CONFIG keeps the global one from doing so. */
static enum deputy_error openssl_start(void)
{
    char p256[] = "P-256";
    char p384[] = "P-384";
    ENSURE(OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) == 1, DEPUTY_E_INTERNAL);
    shared.openssl = OSSL_LIB_CTX_new();
    ENSURE(shared.openssl != NULL, DEPUTY_E_NOMEM);
    shared.aes256gcm = EVP_CIPHER_fetch(shared.openssl, "AES-256-GCM", NULL);
    shared.hkdf = EVP_KDF_fetch(shared.openssl, OSSL_KDF_NAME_HKDF, NULL);
    shared.p256 = EC_GROUP_new_by_curve_name_ex(shared.openssl, NULL, NID_X9_62_prime256v1);
    ENSURE(shared.aes256gcm != NULL && shared.hkdf != NULL && shared.p256 != NULL, DEPUTY_E_INTERNAL);
    shared.p256_no_key = curve_create(p256);
    shared.p384_no_key = curve_create(p384);
    ENSURE(shared.p256_no_key != NULL && shared.p384_no_key != NULL, DEPUTY_E_INTERNAL);
    return DEPUTY_OK;
}

static enum deputy_error start_all(void)
{
    ENSURE(sodium_init() >= 0, DEPUTY_E_INTERNAL);
    TRY(secp256k1_start());
    return openssl_start();
}

static void start_once(void)
{
    start_result = start_all();
}

enum deputy_error crypto_start(void)
{
    ENSURE(pthread_once(&once, start_once) == 0, DEPUTY_E_INTERNAL);
    return start_result;
}

const struct crypto_shared *crypto_shared(void)
{
    return crypto_start() == DEPUTY_OK ? &shared : NULL;
}
