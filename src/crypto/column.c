#include "crypto/column.h"
#include "base/try.h"

enum { COLUMN_FORM = 0x01, COLUMN_HEAD = 1 + AEAD_NONCE_BYTES };

enum deputy_error column_seal(uint8_t *out, const uint8_t key[AEAD_KEY_BYTES],
        const uint8_t nonce[AEAD_NONCE_BYTES], struct deputy_slice associated, struct deputy_slice plaintext)
{
    out[0] = COLUMN_FORM;
    memcpy(out + 1, nonce, AEAD_NONCE_BYTES);
    return aes256gcm_seal(out + COLUMN_HEAD, key, nonce, associated, plaintext);
}

enum deputy_error column_open(uint8_t *out, const uint8_t key[AEAD_KEY_BYTES], struct deputy_slice associated,
        struct deputy_slice sealed)
{
    ENSURE(sealed.len >= COLUMN_OVERHEAD && sealed.ptr[0] == COLUMN_FORM, DEPUTY_E_DECRYPT);
    return aes256gcm_open(out, key, sealed.ptr + 1, associated,
            deputy_slice_bytes(sealed.ptr + COLUMN_HEAD, sealed.len - COLUMN_HEAD));
}
