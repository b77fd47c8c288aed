#include "crypto/random.h"
#include <sodium.h>
#include <stdlib.h>

void random_bytes(uint8_t *out, size_t len)
{
    if (sodium_init() < 0)
        abort();
    randombytes_buf(out, len);
}
