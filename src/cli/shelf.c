#include "cli/shelf.h"
#include "base/arena.h"

void shelf_add(struct shelf *shelf, const struct deputy_token *token)
{
    struct deputy_verified_token verified;
    const struct deputy_proof proof = {.cid = token->cid};
    if (shelf->count == SHELF_MAX || shelf_find(shelf, &proof) != NULL)
        return;
    bool genuine = deputy_token_verify(shelf->cli->arena, &verified, token) == DEPUTY_OK;
    shelf->items[shelf->count++] = (struct shelf_item){token, genuine};
}

const struct shelf_item *shelf_find(const struct shelf *shelf, const struct deputy_proof *proof)
{
    for (size_t i = 0; i < shelf->count && !proof->foreign; i++) {
        if (deputy_cid_equal(&shelf->items[i].token->cid, &proof->cid))
            return &shelf->items[i];
    }
    return NULL;
}

/* A closure while it is gathered: each token once, those cited first. */
struct gathering {
    const struct shelf *shelf;
    struct deputy_link *links;
    size_t count;
    const struct deputy_proof *missing;
    const struct deputy_proof *forged;
};

static size_t gather_new(struct gathering *g, const struct deputy_proof *proof)
{
    const struct shelf_item *item = shelf_find(g->shelf, proof);
    if (item == NULL && g->missing == NULL)
        g->missing = proof;
    if (item != NULL && !item->genuine && g->forged == NULL)
        g->forged = proof;
    g->links[g->count] = (struct deputy_link){.token = item != NULL ? item->token : NULL};
    return g->count++;
}

static size_t gather_once(struct gathering *g, const struct deputy_proof *proof)
{
    for (size_t i = 0; i < g->count; i++) {
        const struct deputy_token *token = g->links[i].token;
        if (token != NULL && deputy_cid_equal(&token->cid, &proof->cid))
            return i;
    }
    return gather_new(g, proof);
}

static bool gather_parents(struct gathering *g, struct deputy_link *link)
{
    size_t count = link->token != NULL ? link->token->proof_count : 0;
    uint16_t *parents = ARENA_ARRAY(g->shelf->cli->arena, uint16_t, count + 1);
    if (parents == NULL)
        return false;
    for (size_t i = 0; i < count && g->missing == NULL; i++)
        parents[i] = (uint16_t)gather_once(g, &link->token->proofs[i]);
    link->parents = parents;
    link->parent_count = count;
    return true;
}

enum shelf_state shelf_closure(const struct shelf *shelf, struct deputy_closure *out,
        const struct deputy_proof **missing, const struct deputy_token *token)
{
    struct gathering g = {.shelf = shelf};
    /* Cited proofs may repeat each other; every other link is one item of the shelf, or the missing one. */
    size_t most = token->proof_count + shelf->count + 1;
    *missing = NULL;
    g.links = ARENA_ARRAY(shelf->cli->arena, struct deputy_link, most);
    if (g.links == NULL)
        return SHELF_MISSING;
    for (size_t i = 0; i < token->proof_count; i++)
        gather_new(&g, &token->proofs[i]);
    for (size_t i = 0; i < g.count && g.missing == NULL; i++) {
        if (!gather_parents(&g, &g.links[i]))
            return SHELF_MISSING;
    }
    *out = (struct deputy_closure){g.links, g.count, token->proof_count, g.count > DEPUTY_CHAIN_MAX};
    *missing = g.missing != NULL ? g.missing : g.forged;
    return g.missing != NULL ? SHELF_MISSING : g.forged != NULL ? SHELF_FORGED : SHELF_COMPLETE;
}
