/* Which proof covers a capability (spec/02 section 5.2 e). */
#ifndef GRANT_CONTAIN_H
#define GRANT_CONTAIN_H

#include "base/json.h"
#include <deputy/ability.h>
#include <deputy/chain.h>

/* Why a child's caveats do not lie inside its parent's, or NULL (grant/caveat.h). */
typedef const char *caveat_rule(const struct json_value *parent, const struct json_value *child);

/*
 * Pairs of capabilities that one admission compares at most: a whole token of 512 against one proof of 512.
 * It keeps a token of many capabilities under many proofs from costing more than its transport.
 */
enum { CONTAIN_MAX_TESTS = DEPUTY_TOKEN_MAX_CAPABILITIES * DEPUTY_TOKEN_MAX_CAPABILITIES };

/* One search through the cited proofs, for all capabilities of a token. */
struct contain_search {
    struct deputy_arena *arena;
    const struct deputy_closure *closure;
    uint32_t usable; /* bit i: proof i may cover something */
    caveat_rule *rule;
    size_t tests; /* pairs compared so far */
};

struct contain_result {
    const struct deputy_token *by; /* the first proof, in signed order, that covers the capability; or NULL */
    const char *reason; /* else, if the caveats alone stood in the way, why those of the last candidate did */
};

/* DEPUTY_E_CHAIN_LIMIT beyond CONTAIN_MAX_TESTS. */
enum deputy_error contain_find(struct contain_search *search, struct contain_result *out,
        const struct deputy_capability *wanted, const struct json_value *wanted_caveats);

#endif
