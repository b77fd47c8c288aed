#include "crypto/aead.h"
#include "base/try.h"
#include "crypto/errors.h"
#include "crypto/secret.h"
#include "crypto/start.h"
#include <limits.h>

enum { OPEN = 0, SEAL = 1 }; /* as the library says it */

static void context_free(EVP_CIPHER_CTX **context)
{
    EVP_CIPHER_CTX_free(*context);
}

/* The library counts in int. */
static enum deputy_error lengths_check(size_t associated, size_t plaintext)
{
    ENSURE(associated <= INT_MAX && plaintext <= INT_MAX, DEPUTY_E_LIMIT);
    return DEPUTY_OK;
}

/* Everything but the tag; an empty slice is skipped, since the library takes NULL for something else. */
static bool process(
        EVP_CIPHER_CTX *context, uint8_t *out, struct deputy_slice associated, struct deputy_slice text)
{
    int written = 0;
    if (associated.len > 0 &&
            EVP_CipherUpdate(context, NULL, &written, associated.ptr, (int)associated.len) != 1)
        return false;
    return text.len == 0 || EVP_CipherUpdate(context, out, &written, text.ptr, (int)text.len) == 1;
}

static EVP_CIPHER_CTX *context_create(
        int direction, const uint8_t key[AEAD_KEY_BYTES], const uint8_t nonce[AEAD_NONCE_BYTES])
{
    const struct crypto_shared *shared = crypto_shared();
    EVP_CIPHER_CTX *context = shared == NULL ? NULL : EVP_CIPHER_CTX_new();
    if (context == NULL ||
            EVP_CipherInit_ex2(context, shared->aes256gcm, key, nonce, (int)direction, NULL) == 1)
        return context;
    EVP_CIPHER_CTX_free(context);
    return NULL;
}

enum deputy_error aes256gcm_seal(uint8_t *out, const uint8_t key[AEAD_KEY_BYTES],
        const uint8_t nonce[AEAD_NONCE_BYTES], struct deputy_slice associated, struct deputy_slice plaintext)
{
    TRY(lengths_check(associated.len, plaintext.len));
    ERRORS_FORGOTTEN;
    EVP_CIPHER_CTX *context DEFER(context_free) = context_create(SEAL, key, nonce);
    uint8_t *tag = out + plaintext.len;
    int written = 0;
    ENSURE(context != NULL, DEPUTY_E_INTERNAL);
    ENSURE(process(context, out, associated, plaintext), DEPUTY_E_INTERNAL);
    ENSURE(EVP_CipherFinal_ex(context, tag, &written) == 1, DEPUTY_E_INTERNAL);
    ENSURE(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_BYTES, tag) == 1, DEPUTY_E_INTERNAL);
    return DEPUTY_OK;
}

static enum deputy_error tag_check(EVP_CIPHER_CTX *context, const uint8_t tag[AEAD_TAG_BYTES])
{
    uint8_t expected[AEAD_TAG_BYTES];
    uint8_t none[AEAD_TAG_BYTES];
    int written = 0;
    memcpy(expected, tag, AEAD_TAG_BYTES);
    ENSURE(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG_BYTES, expected) == 1,
            DEPUTY_E_INTERNAL);
    ENSURE(EVP_CipherFinal_ex(context, none, &written) == 1, DEPUTY_E_DECRYPT);
    return DEPUTY_OK;
}

static enum deputy_error open_parts(uint8_t *out, EVP_CIPHER_CTX *context, struct deputy_slice associated,
        struct deputy_slice text, const uint8_t tag[AEAD_TAG_BYTES])
{
    ENSURE(context != NULL, DEPUTY_E_INTERNAL);
    ENSURE(process(context, out, associated, text), DEPUTY_E_INTERNAL);
    return tag_check(context, tag);
}

enum deputy_error aes256gcm_open(uint8_t *out, const uint8_t key[AEAD_KEY_BYTES],
        const uint8_t nonce[AEAD_NONCE_BYTES], struct deputy_slice associated, struct deputy_slice ciphertext)
{
    ENSURE(ciphertext.len >= AEAD_TAG_BYTES, DEPUTY_E_DECRYPT);
    struct deputy_slice text = {ciphertext.ptr, ciphertext.len - AEAD_TAG_BYTES};
    TRY(lengths_check(associated.len, text.len));
    ERRORS_FORGOTTEN;
    EVP_CIPHER_CTX *context DEFER(context_free) = context_create(OPEN, key, nonce);
    enum deputy_error result = open_parts(out, context, associated, text, text.ptr + text.len);
    if (result != DEPUTY_OK)
        secret_wipe(out, text.len);
    return result;
}
