/* The lineage of delegations, as far as its tokens are at hand. */
#ifndef BACKEND_INTAKE_CHAIN_H
#define BACKEND_INTAKE_CHAIN_H

#include "grant/attempt.h"
#include <deputy/token.h>

/* Tokens whose signatures are good, to be cited by their CIDs. */
struct known_tokens {
    struct deputy_verified_token *items;
    size_t count;
};

/* Reads and verifies a token from its header. */
enum deputy_error known_token_read(
        const struct attempt *attempt, struct deputy_verified_token *out, struct deputy_slice header);

/*
 * What deputy_chain_admit says of storing the token at that moment. *rooted is false, and nothing is said,
 * when an ancestor is not known: then the node decides.
 */
enum deputy_error lineage_admit(const struct attempt *attempt, bool *rooted,
        struct deputy_verified_token token, const struct known_tokens *known, struct deputy_time now);

#endif
