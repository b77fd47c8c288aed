#include "base/try.h"
#include "grant/admission.h"
#include "grant/policy_fact.h"
#include "grant/refusal.h"
#include "grant/window.h"

static bool proof_is_repeated(const struct deputy_token *token, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (deputy_cid_equal(&token->proofs[i].cid, &token->proofs[index].cid))
            return true;
    }
    return false;
}

static enum deputy_error proof_is_known(struct admission *a, size_t index)
{
    if (!link_is_cited(a->closure, index, &a->token->proofs[index]) || proof_is_repeated(a->token, index))
        return refuse(&a->refusal, DEPUTY_E_MISSING_PARENTS);
    return DEPUTY_OK;
}

static bool proof_is_held(const struct admission *a, size_t index)
{
    return deputy_principal_equal(&a->closure->links[index].token->audience, &a->token->issuer);
}

/* The closure is one of this token's: as many proofs, and no more than a token may have. */
static bool proofs_are_cited(const struct admission *a)
{
    return a->closure->cited == a->token->proof_count && a->closure->cited <= DEPUTY_TOKEN_MAX_PROOFS;
}

enum deputy_error proofs_are_known(struct admission *a)
{
    if (!proofs_are_cited(a))
        return refuse(&a->refusal, DEPUTY_E_MISSING_PARENTS);
    for (size_t i = 0; i < a->closure->cited; i++)
        TRY(proof_is_known(a, i));
    return DEPUTY_OK;
}

enum deputy_error proofs_are_held_by_delegator(struct admission *a)
{
    if (a->closure->cited == 0 || !proofs_are_cited(a))
        return refuse(&a->refusal, DEPUTY_E_MISSING_PARENTS);
    for (size_t i = 0; i < a->closure->cited; i++) {
        TRY(proof_is_known(a, i));
        if (!proof_is_held(a, i))
            return refuse_principal(
                    a->arena, &a->refusal, DEPUTY_E_UNAUTHORIZED_DELEGATOR, &a->token->issuer);
    }
    return DEPUTY_OK;
}

enum deputy_error proofs_are_held_by_invoker(struct admission *a)
{
    if (a->closure->cited == 0)
        return refuse(&a->refusal, DEPUTY_E_MISSING_PARENTS);
    TRY(proofs_are_known(a));
    for (size_t i = 0; i < a->closure->cited; i++) {
        if (!proof_is_held(a, i))
            return refuse(&a->refusal, DEPUTY_E_UNAUTHORIZED_INVOKER);
    }
    return DEPUTY_OK;
}

/* ---- the lineage of a proof: what `order` holds from `first` on ---- */

static enum deputy_error lineage_is_unrevoked(struct admission *a, size_t proof, size_t first)
{
    const struct deputy_link *links = a->closure->links;
    const struct deputy_cid *cid = &links[proof].token->cid;
    if (links[proof].revoked)
        return refuse_cids(a->arena, &a->refusal, a->codes->proof_revoked, cid, NULL);
    for (size_t i = first; i < a->lineage.count; i++) {
        const struct deputy_link *link = &links[a->lineage.order[i]];
        if (link->revoked && link->token != NULL)
            return refuse_cids(a->arena, &a->refusal, a->codes->ancestor_revoked, &link->token->cid, cid);
    }
    return DEPUTY_OK;
}

static enum deputy_error link_is_usable(struct admission *a, size_t index)
{
    if (!link_is_intact(a->closure, index))
        return refuse(&a->refusal, DEPUTY_E_MISSING_PARENTS);
    if (a->use != DEPUTY_USE_DELEGATE && !window_open(&a->closure->links[index].token->window, a->now))
        return refuse_capability(a->arena, &a->refusal, a->codes->uncovered, a->dependent);
    return DEPUTY_OK;
}

enum deputy_error proofs_are_alive(struct admission *a)
{
    for (size_t proof = 0; proof < a->closure->cited; proof++) {
        size_t first = a->lineage.count;
        lineage_add(&a->lineage, a->closure, proof);
        TRY(lineage_is_unrevoked(a, proof, first));
        for (size_t i = first; i < a->lineage.count; i++)
            TRY(link_is_usable(a, a->lineage.order[i]));
    }
    return DEPUTY_OK;
}

/* ---- what a delegation asks of its parents ---- */

enum deputy_error proofs_may_be_parents(struct admission *a)
{
    bool marked, terminal = false;
    for (size_t i = 0; i < a->closure->cited; i++) {
        const struct deputy_token *parent = a->closure->links[i].token;
        TRY(policy_fact_marks(a->arena, &marked, parent));
        if (marked)
            return refuse(&a->refusal, DEPUTY_E_POLICY_PARENT);
        terminal |= parent->terminal;
    }
    return terminal ? refuse(&a->refusal, DEPUTY_E_TERMINAL_PARENT) : DEPUTY_OK;
}

enum deputy_error proofs_enclosing(struct admission *a, uint32_t *usable)
{
    bool too_late = false;
    *usable = 0;
    for (size_t i = 0; i < a->closure->cited; i++) {
        const struct deputy_window *parent = &a->closure->links[i].token->window;
        bool ends = window_ends_within(&a->token->window, parent);
        too_late |= !ends;
        if (ends && window_starts_within(&a->token->window, parent))
            *usable |= UINT32_C(1) << i;
    }
    if (*usable != 0)
        return DEPUTY_OK;
    return refuse(
            &a->refusal, too_late ? DEPUTY_E_EXPIRY_EXCEEDS_PARENT : DEPUTY_E_NOT_BEFORE_PRECEDES_PARENT);
}
