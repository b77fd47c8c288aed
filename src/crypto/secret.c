#include "crypto/secret.h"
#include "base/try.h"
#include <sodium.h>
#include <string.h>

enum deputy_error secret_alloc(uint8_t **out, size_t len)
{
    TRY(crypto_start());
    uint8_t *secret = sodium_malloc(len);
    ENSURE(secret != NULL, DEPUTY_E_NOMEM);
    memset(secret, 0, len);
    *out = secret;
    return DEPUTY_OK;
}

enum deputy_error secret_freeze(uint8_t *secret)
{
    return sodium_mprotect_readonly(secret) == 0 ? DEPUTY_OK : DEPUTY_E_INTERNAL;
}

void secret_free(uint8_t *secret)
{
    sodium_free(secret);
}

void secret_wipe(void *memory, size_t len)
{
    sodium_memzero(memory, len);
}
