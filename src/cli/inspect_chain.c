/* What the proofs say of a token, link by link, and what a node would say of all of it. */
#include "cli/inspect.h"
#include "cli/words.h"
#include <deputy/ability.h>
#include <deputy/chain.h>

#define NOTHING ((struct deputy_slice){0})

/* What a node allows by default (spec/03 section 7). */
enum { LIFETIME_DEFAULT = 300 };

static bool is_rooted(const struct deputy_token *token, const struct deputy_capability *capability)
{
    const struct deputy_principal *owner = deputy_resource_owner(&capability->resource);
    return owner != NULL && deputy_principal_equal(owner, &token->issuer);
}

static bool lies_inside(const struct deputy_capability *capability, const struct deputy_token *proof)
{
    for (size_t i = 0; i < proof->capability_count; i++) {
        const struct deputy_capability *held = &proof->capabilities[i];
        if (deputy_resource_extends(&capability->resource, &held->resource) &&
                deputy_ability_matches(held->ability, capability->ability))
            return true;
    }
    return false;
}

/* ---- one link after the other ---- */

static void judge_proof(struct inspection *in, const struct deputy_token *proof)
{
    const struct deputy_token *token = in->token;
    struct deputy_slice cid = words_cid(in->cli, &proof->cid);
    if (!deputy_principal_equal(&proof->audience, &token->issuer))
        inspect_wrong(in,
                (struct inspect_words){"not-the-holder",
                        "Its proof {0} was given to {1}, not to its signer {2}.",
                        "Use the delegation that names the signer, or sign with the key that it names."},
                cid, words_principal(in->cli, &proof->audience), words_principal(in->cli, &token->issuer));
    if (in->use != INSPECT_DELEGATION || !proof->window.has_expiry)
        return;
    if (!token->window.has_expiry || deputy_time_compare(token->window.expiry, proof->window.expiry) > 0)
        inspect_wrong(in,
                (struct inspect_words){"outlives-proof",
                        "It lasts longer than its proof {0}, which ends on {1}.",
                        "Make it again with an earlier end."},
                cid, words_time(in->cli, proof->window.expiry), NOTHING);
}

/* Every cited proof is looked at; true when all of them are at hand. */
static bool judge_proofs(struct inspection *in)
{
    bool all = true;
    for (size_t i = 0; i < in->token->proof_count; i++) {
        const struct shelf_item *item = shelf_find(in->shelf, &in->token->proofs[i]);
        if (item != NULL)
            judge_proof(in, item->token);
        else
            all = false;
    }
    return all;
}

static bool covered(const struct inspection *in, const struct deputy_capability *capability)
{
    if (is_rooted(in->token, capability))
        return true;
    for (size_t i = 0; i < in->token->proof_count; i++) {
        const struct shelf_item *item = shelf_find(in->shelf, &in->token->proofs[i]);
        if (item != NULL && lies_inside(capability, item->token))
            return true;
    }
    return false;
}

static void judge_width(struct inspection *in)
{
    const struct deputy_token *token = in->token;
    for (size_t i = 0; i < token->capability_count; i++) {
        const struct deputy_capability *capability = &token->capabilities[i];
        if (covered(in, capability))
            continue;
        if (token->proof_count == 0)
            inspect_wrong(in,
                    (struct inspect_words){"cannot-be-rooted",
                            "Its signer does not own {1}, and it cites no proof from somebody who does, so "
                            "{0} "
                            "is not the signer's to give.",
                            "Have the owner's wallet sign it, or cite the delegation that the signer holds."},
                    capability->ability, capability->resource.written, NOTHING);
        else
            inspect_wrong(in,
                    (struct inspect_words){"wider-than-proof", "{0} on {1} lies in none of its proofs.",
                            "Leave it out, or ask for a delegation that holds it."},
                    capability->ability, capability->resource.written, NOTHING);
    }
}

/* ---- the whole ---- */

static void verdict_set(struct inspection *in, const struct deputy_refusal *refusal)
{
    struct deputy_slice text;
    in->verdict = refusal->code == DEPUTY_OK ? INSPECT_ADMITTED : INSPECT_REFUSED;
    if (refusal->code == DEPUTY_OK || deputy_refusal_format(in->cli->arena, &text, refusal) != DEPUTY_OK)
        return;
    inspect_wrong(in,
            (struct inspect_words){
                    deputy_error_info(refusal->code)->name, "A node refuses it with: {0}", NULL},
            text, NOTHING, NOTHING);
}

static enum deputy_use use_of(const struct inspection *in)
{
    if (in->use == INSPECT_DELEGATION)
        return DEPUTY_USE_DELEGATE;
    for (size_t i = 0; i < in->token->capability_count; i++) {
        const struct deputy_capability *capability = &in->token->capabilities[i];
        if (capability->resource.kind == DEPUTY_RESOURCE_NETWORK &&
                deputy_slice_equal(capability->ability, deputy_slice_text("tinycloud.encryption/decrypt")))
            return DEPUTY_USE_DECRYPT;
    }
    return DEPUTY_USE_INVOKE;
}

/* An invocation that is made for a key is judged as the node with that key would. */
static void judge_admission(struct inspection *in, const struct deputy_closure *closure)
{
    struct deputy_decision decision;
    struct deputy_rules rules = {.max_lifetime_s = LIFETIME_DEFAULT};
    if (in->use == INSPECT_INVOCATION)
        rules.node_did = words_principal(in->cli, &in->token->audience);
    enum deputy_error error = deputy_chain_admit(in->cli->arena, &decision, use_of(in),
            (struct deputy_verified_token){in->token}, closure, &rules, in->at);
    if (error != DEPUTY_OK)
        decision.refusal = (struct deputy_refusal){.code = error};
    verdict_set(in, &decision.refusal);
}

static void judge_revocation(struct inspection *in, const struct deputy_closure *closure)
{
    struct deputy_proof target = {0};
    struct deputy_refusal refusal = {.code = deputy_revocation_target(&target.cid, in->token)};
    if (refusal.code == DEPUTY_OK) {
        const struct shelf_item *item = shelf_find(in->shelf, &target);
        if (item == NULL) {
            inspect_note(in,
                    (struct inspect_words){"target-not-shown",
                            "Whether its signer may revoke {0} cannot be said without that delegation.",
                            "Give it with --proof FILE."},
                    words_cid(in->cli, &target.cid), NOTHING, NOTHING);
            return;
        }
        refusal.code = deputy_revocation_admit(
                (struct deputy_verified_token){in->token}, item->token, closure, in->at);
    }
    verdict_set(in, &refusal);
}

static void judge_whole(struct inspection *in)
{
    struct deputy_closure closure;
    const struct deputy_proof *missing;
    enum shelf_state state = shelf_closure(in->shelf, &closure, &missing, in->token);
    struct deputy_slice cid = missing == NULL    ? NOTHING
                              : missing->foreign ? deputy_slice_text("of another kind of id")
                                                 : words_cid(in->cli, &missing->cid);
    if (state == SHELF_FORGED)
        inspect_wrong(in,
                (struct inspect_words){"proof-signature", "The signature of its proof {0} is bad.",
                        "Ask whoever sent that proof for the original."},
                cid, NOTHING, NOTHING);
    else if (state == SHELF_MISSING)
        inspect_note(in,
                (struct inspect_words){"proof-not-shown",
                        "The proof {0} was not shown, so nobody can say here whether the chain holds.",
                        "Give it with --proof FILE; a data node has it and judges by itself."},
                cid, NOTHING, NOTHING);
    else if (in->use == INSPECT_REVOCATION)
        judge_revocation(in, &closure);
    else if (in->genuine)
        judge_admission(in, &closure);
}

void inspect_judge_chain(struct inspection *in)
{
    bool all = judge_proofs(in);
    bool grants = in->use == INSPECT_DELEGATION || in->use == INSPECT_INVOCATION;
    if (all && grants)
        judge_width(in);
    if (in->use != INSPECT_QUESTION)
        judge_whole(in);
}
