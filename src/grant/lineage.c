#include "grant/lineage.h"

bool closure_is_within(const struct deputy_closure *closure, size_t max)
{
    return !closure->over_limit && closure->count <= max && closure->cited <= closure->count;
}

bool link_is_cited(const struct deputy_closure *closure, size_t index, const struct deputy_proof *proof)
{
    if (proof->foreign || index >= closure->count)
        return false;
    const struct deputy_token *token = closure->links[index].token;
    return token != NULL && deputy_cid_equal(&token->cid, &proof->cid);
}

static void lineage_visit(struct lineage *lineage, const struct deputy_closure *closure, size_t link)
{
    if (link >= closure->count)
        return;
    uint64_t bit = UINT64_C(1) << (link % 64);
    if (lineage->seen[link / 64] & bit)
        return;
    lineage->seen[link / 64] |= bit;
    lineage->order[lineage->count++] = (uint16_t)link;
}

void lineage_add(struct lineage *lineage, const struct deputy_closure *closure, size_t link)
{
    size_t next = lineage->count;
    lineage_visit(lineage, closure, link);
    for (; next < lineage->count; next++) {
        const struct deputy_link *child = &closure->links[lineage->order[next]];
        for (size_t i = 0; i < child->parent_count; i++)
            lineage_visit(lineage, closure, child->parents[i]);
    }
}

/* An ancestor that was not found is that link's own failure, not its child's. */
static bool edge_is_signed(
        const struct deputy_closure *closure, size_t parent, const struct deputy_proof *proof)
{
    return parent < closure->count &&
           (closure->links[parent].token == NULL || link_is_cited(closure, parent, proof));
}

bool link_is_intact(const struct deputy_closure *closure, size_t index)
{
    const struct deputy_link *link = &closure->links[index];
    if (link->token == NULL || link->parent_count != link->token->proof_count)
        return false;
    for (size_t i = 0; i < link->parent_count; i++) {
        if (!edge_is_signed(closure, link->parents[i], &link->token->proofs[i]))
            return false;
    }
    return true;
}
