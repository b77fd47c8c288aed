#include "backend/intake_chain.h"
#include "base/arena.h"
#include "base/try.h"
#include <deputy/chain.h>

/* A closure while it grows: the cited first, then every ancestor once. */
struct growing {
    struct deputy_arena *arena;
    const struct known_tokens *known;
    struct deputy_link links[DEPUTY_CHAIN_MAX];
    size_t count;
    bool complete;
    bool over_limit;
};

enum deputy_error known_token_read(
        const struct attempt *attempt, struct deputy_verified_token *out, struct deputy_slice header)
{
    const struct deputy_token *token;
    TRY(deputy_token_parse(attempt->arena, &token, DEPUTY_TOKEN_DELEGATION, header));
    return deputy_token_verify(attempt->arena, out, token);
}

static const struct deputy_token *known_find(
        const struct known_tokens *known, const struct deputy_proof *proof)
{
    for (size_t i = 0; i < known->count; i++) {
        if (!proof->foreign && deputy_cid_equal(&known->items[i].token->cid, &proof->cid))
            return known->items[i].token;
    }
    return NULL;
}

/* The place of the token among the links; a new one at their end when it has none yet. */
static uint16_t place_of(struct growing *growing, const struct deputy_token *token)
{
    size_t at = 0;
    while (at < growing->count && growing->links[at].token != token)
        at++;
    if (at == DEPUTY_CHAIN_MAX) {
        growing->over_limit = true;
        return 0;
    }
    if (at == growing->count)
        growing->links[growing->count++] = (struct deputy_link){.token = token};
    return (uint16_t)at;
}

static enum deputy_error parents_add(struct growing *growing, size_t at)
{
    const struct deputy_token *token = growing->links[at].token;
    uint16_t *parents = ARENA_ARRAY(growing->arena, uint16_t, token->proof_count + 1);
    ENSURE(parents != NULL, arena_error(growing->arena));
    for (size_t i = 0; i < token->proof_count; i++) {
        const struct deputy_token *parent = known_find(growing->known, &token->proofs[i]);
        growing->complete = growing->complete && parent != NULL;
        if (!growing->complete)
            return DEPUTY_OK;
        parents[i] = place_of(growing, parent);
    }
    growing->links[at].parents = parents;
    growing->links[at].parent_count = token->proof_count;
    return DEPUTY_OK;
}

/* A token that is cited twice is found once, as in a store. */
static void cited_add(struct growing *growing, const struct deputy_proof *proof)
{
    const struct deputy_token *token = known_find(growing->known, proof);
    growing->complete = growing->complete && token != NULL;
    for (size_t i = 0; i < growing->count; i++) {
        if (growing->links[i].token == token)
            token = NULL;
    }
    growing->links[growing->count++] = (struct deputy_link){.token = token};
}

static enum deputy_error closure_grow(struct growing *growing, const struct deputy_token *token)
{
    for (size_t i = 0; i < token->proof_count; i++)
        cited_add(growing, &token->proofs[i]);
    for (size_t i = 0; i < growing->count && growing->complete && !growing->over_limit; i++) {
        if (growing->links[i].token != NULL)
            TRY(parents_add(growing, i));
    }
    return DEPUTY_OK;
}

enum deputy_error lineage_admit(const struct attempt *attempt, bool *rooted,
        struct deputy_verified_token token, const struct known_tokens *known, struct deputy_time now)
{
    const struct deputy_rules rules = {0};
    struct deputy_decision decision;
    struct growing *growing = ARENA_NEW(attempt->arena, struct growing);
    ENSURE(growing != NULL, arena_error(attempt->arena));
    *growing = (struct growing){.arena = attempt->arena, .known = known, .complete = true};
    TRY(closure_grow(growing, token.token));
    *rooted = growing->complete;
    if (!growing->complete)
        return DEPUTY_OK;
    const struct deputy_closure closure = {.links = growing->links,
            .count = growing->count,
            .cited = token.token->proof_count,
            .over_limit = growing->over_limit};
    TRY(deputy_chain_admit(attempt->arena, &decision, DEPUTY_USE_DELEGATE, token, &closure, &rules, now));
    *attempt->refusal = decision.refusal;
    return decision.refusal.code;
}
