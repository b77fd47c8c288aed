/*
 * Signatures that were verified before (deputy_attest_cache). What is kept is the digest of key, signature
 * and message together, of those that were right: whether a signature is right never changes. What does
 * change is not kept: who may sign, what is valid now and what is revoked is judged each time.
 */
#ifndef ATTEST_CACHE_H
#define ATTEST_CACHE_H

#include "crypto/x509.h"
#include <deputy/attest.h>

/* As x509_verify. Without a cache (NULL) it is x509_verify. */
enum deputy_error cache_verify_sealed(
        struct deputy_attest_cache *cache, const struct x509_signed *sealed, const struct x509_key *key);

/* As p256_verify_point. Without a cache (NULL) it is p256_verify_point. */
enum deputy_error cache_verify_text(struct deputy_attest_cache *cache, const uint8_t *public_xy,
        struct deputy_slice text, const uint8_t *signature);

#endif
