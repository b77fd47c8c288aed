/* The delegations at hand: what a chain is made of when there is no node to ask. */
#ifndef CLI_SHELF_H
#define CLI_SHELF_H

#include "cli/cli.h"
#include <deputy/chain.h>

enum { SHELF_MAX = 128 };

struct shelf_item {
    const struct deputy_token *token;
    bool genuine; /* its signature is good */
};

struct shelf {
    struct cli *cli;
    struct shelf_item items[SHELF_MAX];
    size_t count;
};

/* Checks the signature and keeps the token. A token that is there already, and one too many, are left out. */
void shelf_add(struct shelf *shelf, const struct deputy_token *token);

/* NULL when it is not at hand. */
const struct shelf_item *shelf_find(const struct shelf *shelf, const struct deputy_proof *proof);

/* How much of a token's chain is at hand. */
enum shelf_state {
    SHELF_COMPLETE,
    SHELF_MISSING, /* a proof is not at hand: *missing says which */
    SHELF_FORGED   /* a proof's signature is bad: *missing says which */
};

/* The chain of a token as the deciding functions take it; only a complete one may be judged. */
enum shelf_state shelf_closure(const struct shelf *shelf, struct deputy_closure *out,
        const struct deputy_proof **missing, const struct deputy_token *token);

#endif
