/* A sealed record as it lies in its row: nonce, ciphertext, tag. For those who read rows themselves. */
#ifndef STORE_SEALED_RECORD_H
#define STORE_SEALED_RECORD_H

#include "store/sealed.h"

/* The first record of every database, whose value is its name: it opens only with the key that the others
 * were made with. */
#define SEALED_MARK "deputy/sealed/mark"

/* The value, in the arena. DEPUTY_E_STORE_SEAL when it does not open with the key and under that name. */
enum deputy_error sealed_record_open(struct deputy_arena *arena, struct deputy_slice *value,
        const uint8_t key[SEALED_KEY_BYTES], struct deputy_slice name, struct deputy_slice record);

#endif
