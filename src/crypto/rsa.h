/* RSA, verifying alone: AMD signs its certificates with it. */
#ifndef CRYPTO_RSA_H
#define CRYPTO_RSA_H

#include <deputy/error.h>
#include <deputy/slice.h>

enum { RSA_MIN_BYTES = 256, RSA_MAX_BYTES = 512, RSA_EXPONENT_MAX_BYTES = 4 };

/*
 * RSASSA-PSS (RFC 8017) with SHA-384, MGF1 with SHA-384 and a salt of 48 bytes. Modulus and exponent are
 * big-endian without leading zeros; a modulus of other than 2048 to 4096 bits, and an exponent that is even,
 * 1 or longer than 4 bytes, give DEPUTY_E_KEY.
 */
enum deputy_error rsa_pss_sha384_verify(struct deputy_slice modulus, struct deputy_slice exponent,
        struct deputy_slice message, struct deputy_slice signature);

#endif
