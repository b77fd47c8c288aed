/*
 * Randomness of the operating system. What libdeputy makes is made of random bytes that it is given; it draws
 * its own only to blind arithmetic on secrets, and OpenSSL for the nonces of P-256.
 */
#ifndef CRYPTO_RANDOM_H
#define CRYPTO_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Fills out; ends the process when the operating system has none to give. */
void random_bytes(uint8_t *out, size_t len);

#endif
