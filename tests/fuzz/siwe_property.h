/* When two SIWE messages are the same. */
#ifndef FUZZ_SIWE_PROPERTY_H
#define FUZZ_SIWE_PROPERTY_H

#include "property.h"
#include <deputy/siwe.h>

static inline void siwe_must_equal(const struct deputy_siwe *a, const struct deputy_siwe *b)
{
    HOLDS(fuzz_same(a->scheme, b->scheme) && fuzz_same(a->domain, b->domain));
    HOLDS(memcmp(a->address, b->address, sizeof a->address) == 0);
    HOLDS(fuzz_same(a->statement, b->statement) && fuzz_same(a->uri, b->uri));
    HOLDS(a->chain_id == b->chain_id && fuzz_same(a->nonce, b->nonce));
    HOLDS(fuzz_same(a->issued_at, b->issued_at) && fuzz_same(a->expiration_time, b->expiration_time));
    HOLDS(fuzz_same(a->not_before, b->not_before) && fuzz_same(a->request_id, b->request_id));
    HOLDS(a->resource_count == b->resource_count);
    for (size_t i = 0; i < a->resource_count; i++)
        HOLDS(fuzz_same(a->resources[i], b->resources[i]));
}

#endif
