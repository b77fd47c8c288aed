/*
 * The ancestors of cited proofs, walked by index over a closure: no hash, no allocation, each link once,
 * however often it is reached and whatever the edges are.
 */
#ifndef GRANT_LINEAGE_H
#define GRANT_LINEAGE_H

#include <deputy/chain.h>

struct lineage {
    uint64_t seen[DEPUTY_CHAIN_MAX_REVOKE / 64];
    uint16_t order[DEPUTY_CHAIN_MAX_REVOKE]; /* the links visited, each after one of its children */
    size_t count;
};

/* The closure is complete and small enough to be walked. */
bool closure_is_within(const struct deputy_closure *closure, size_t max);

/* The link is the one that the token cites: found, and of that CID. */
bool link_is_cited(const struct deputy_closure *closure, size_t index, const struct deputy_proof *proof);

/*
 * Adds a link and those of its ancestors that were not yet visited. What was added stands in `order` from the
 * old count on, the link itself first. The closure must be within DEPUTY_CHAIN_MAX_REVOKE.
 */
void lineage_add(struct lineage *lineage, const struct deputy_closure *closure, size_t link);

/* The link was found and its edges are the proofs that its token signed. */
bool link_is_intact(const struct deputy_closure *closure, size_t index);

#endif
