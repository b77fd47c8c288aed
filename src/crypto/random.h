/* Randomness of the operating system. libdeputy's rooms never call this: they are given their random bytes.
 */
#ifndef CRYPTO_RANDOM_H
#define CRYPTO_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Fills out; ends the process when the operating system has none to give. */
void random_bytes(uint8_t *out, size_t len);

#endif
