#include "base/arena.h"
#include "base/try.h"
#include "grant/admission.h"
#include "grant/caveat.h"
#include "grant/policy_fact.h"
#include "grant/refusal.h"
#include "grant/window.h"

static const struct admission_codes delegation_codes = {
        .proof_revoked = DEPUTY_E_PARENT_REVOKED,
        .ancestor_revoked = DEPUTY_E_ANCESTOR_REVOKED,
        .uncovered = DEPUTY_E_UNAUTHORIZED_CAPABILITY,
        .caveats = DEPUTY_E_CHILD_CAVEATS,
};

static const struct admission_codes invocation_codes = {
        .proof_revoked = DEPUTY_E_DELEGATION_REVOKED,
        .ancestor_revoked = DEPUTY_E_INVOKED_ANCESTOR_REVOKED,
        .uncovered = DEPUTY_E_UNAUTHORIZED_ACTION,
        .caveats = DEPUTY_E_INVOCATION_CAVEATS,
};

/* ---- time ---- */

static enum deputy_error time_code(enum deputy_use use)
{
    switch (use) {
    case DEPUTY_USE_DELEGATE:
        return DEPUTY_E_DELEGATION_TIME;
    case DEPUTY_USE_REVOKE:
        return DEPUTY_E_REVOCATION_TIME;
    case DEPUTY_USE_STATUS:
        return DEPUTY_E_STATUS_INVALID;
    default:
        return DEPUTY_E_INVOCATION_TIME;
    }
}

/* exp <= whole seconds of now + the longest lifetime. A token without an end lives too long. */
static bool lifetime_is_short(const struct deputy_token *token, int64_t max, struct deputy_time now)
{
    int64_t seconds = token->window.expiry.sec - now.sec;
    return token->window.has_expiry && (seconds < max || (seconds == max && token->window.expiry.nsec == 0));
}

enum deputy_error deputy_token_in_time(enum deputy_use use, const struct deputy_token *token,
        const struct deputy_rules *rules, struct deputy_time now)
{
    ENSURE(window_own(token, now), time_code(use));
    if (use == DEPUTY_USE_DELEGATE || use == DEPUTY_USE_REVOKE)
        return DEPUTY_OK;
    bool status = use == DEPUTY_USE_STATUS;
    ENSURE(lifetime_is_short(token, rules->max_lifetime_s, now),
            status ? DEPUTY_E_STATUS_INVALID : DEPUTY_E_LIFETIME_EXCEEDED);
    return DEPUTY_OK;
}

/* ---- capabilities ---- */

bool capability_is_rooted(const struct deputy_capability *capability, const struct deputy_principal *signer)
{
    const struct deputy_principal *owner = deputy_resource_owner(&capability->resource);
    return owner != NULL && deputy_principal_equal(owner, signer);
}

static const struct deputy_capability *first_dependent(const struct deputy_token *token)
{
    for (size_t i = 0; i < token->capability_count; i++) {
        if (!capability_is_rooted(&token->capabilities[i], &token->issuer))
            return &token->capabilities[i];
    }
    return NULL;
}

static enum deputy_error capability_cover(struct admission *a, struct contain_search *search,
        const struct deputy_token **by, const struct deputy_capability *capability,
        const struct json_value *caveats)
{
    struct contain_result found;
    enum deputy_error error = contain_find(search, &found, capability, caveats);
    if (error == DEPUTY_E_CHAIN_LIMIT)
        return refuse(&a->refusal, error);
    TRY(error);
    *by = found.by;
    if (found.by != NULL)
        return DEPUTY_OK;
    if (found.reason != NULL)
        return refuse_reason(&a->refusal, a->codes->caveats, found.reason);
    return refuse_capability(a->arena, &a->refusal, a->codes->uncovered, capability);
}

/* What is stored must be well formed; what is executed must be enforceable, whoever the owner is. */
static enum deputy_error caveats_are_usable(
        struct admission *a, const struct deputy_capability *capability, const struct json_value *caveats)
{
    const char *reason = a->use == DEPUTY_USE_DELEGATE ? caveat_unusable_reason(caveats)
                                                       : caveat_unenforceable_reason(capability, caveats);
    return reason == NULL ? DEPUTY_OK : refuse_reason(&a->refusal, a->codes->caveats, reason);
}

static enum deputy_error capability_admit(struct admission *a, struct contain_search *search,
        struct deputy_grant *grant, const struct deputy_capability *capability)
{
    const struct json_value *caveats;
    grant->capability = capability;
    TRY(caveat_list(a->arena, &caveats, capability));
    if (!capability_is_rooted(capability, &a->token->issuer))
        TRY(capability_cover(a, search, &grant->by, capability, caveats));
    TRY(caveats_are_usable(a, capability, caveats));
    if (caveat_binds_service(caveats))
        grant->caveats = capability->caveats;
    return DEPUTY_OK;
}

/* One capability that fails fails the token. */
static enum deputy_error capabilities_admit(struct admission *a, uint32_t usable, caveat_rule *rule)
{
    struct contain_search search = {a->arena, a->closure, usable, rule, 0};
    size_t count = a->token->capability_count;
    a->grants = ARENA_ARRAY(a->arena, struct deputy_grant, count);
    ENSURE(a->grants != NULL, arena_error(a->arena));
    for (size_t i = 0; i < count; i++)
        TRY(capability_admit(a, &search, &a->grants[i], &a->token->capabilities[i]));
    return DEPUTY_OK;
}

/* ---- delegations (spec/02 section 5) ---- */

/* A root is stored with its edges, though nothing in it depends on them yet: they count when it is used. */
static enum deputy_error root_admit(struct admission *a)
{
    TRY(proofs_are_known(a));
    for (size_t i = 0; i < a->closure->cited; i++)
        lineage_add(&a->lineage, a->closure, i);
    return capabilities_admit(a, 0, caveat_delegation_reason);
}

static enum deputy_error child_admit(struct admission *a)
{
    uint32_t usable;
    TRY(proofs_are_held_by_delegator(a));
    TRY(proofs_are_alive(a));
    TRY(proofs_may_be_parents(a));
    TRY(proofs_enclosing(a, &usable));
    return capabilities_admit(a, usable, caveat_delegation_reason);
}

static enum deputy_error closure_fits(struct admission *a, size_t max)
{
    return closure_is_within(a->closure, max) ? DEPUTY_OK : refuse(&a->refusal, DEPUTY_E_CHAIN_LIMIT);
}

static enum deputy_error policy_gate(struct admission *a)
{
    enum deputy_error refusal;
    TRY(policy_fact_refusal(a->arena, &refusal, a->token));
    return refuse_if(&a->refusal, refusal);
}

static enum deputy_error delegation_admit(struct admission *a)
{
    a->codes = &delegation_codes;
    TRY(policy_gate(a));
    TRY(closure_fits(a, DEPUTY_CHAIN_MAX_DELEGATE - 1)); /* it is a node of its own chain */
    TRY(refuse_if(&a->refusal, deputy_token_in_time(a->use, a->token, a->rules, a->now)));
    return a->dependent == NULL ? root_admit(a) : child_admit(a);
}

/* ---- invocations (spec/02 section 6) ---- */

/* Made for the invoker itself, as SDKs write it, or for this node (H5). */
static enum deputy_error audience_is_here(struct admission *a)
{
    if (deputy_principal_equal(&a->token->audience, &a->token->issuer))
        return DEPUTY_OK;
    if (deputy_slice_present(a->rules->node_did)) {
        struct deputy_principal node = deputy_principal_of(a->rules->node_did);
        if (deputy_principal_equal(&a->token->audience, &node))
            return DEPUTY_OK;
    }
    return refuse(&a->refusal, DEPUTY_E_UNAUTHORIZED_INVOKER);
}

static bool capability_decrypts(const struct deputy_capability *capability)
{
    return capability->resource.kind == DEPUTY_RESOURCE_NETWORK &&
           deputy_slice_equal(capability->ability, deputy_slice_text("tinycloud.encryption/decrypt"));
}

/* A decrypt invocation is about one network (spec/02 section 9). */
static enum deputy_error network_is_one(struct admission *a)
{
    const struct deputy_resource *network = NULL;
    for (size_t i = 0; i < a->token->capability_count; i++) {
        const struct deputy_capability *capability = &a->token->capabilities[i];
        if (!capability_decrypts(capability))
            continue;
        if (network != NULL && !deputy_resource_extends(&capability->resource, network))
            return refuse(&a->refusal, DEPUTY_E_DECRYPT_NETWORKS);
        network = &capability->resource;
    }
    return DEPUTY_OK;
}

static enum deputy_error invocation_admit(struct admission *a)
{
    a->codes = &invocation_codes;
    TRY(refuse_if(&a->refusal, deputy_token_in_time(a->use, a->token, a->rules, a->now)));
    TRY(audience_is_here(a));
    if (a->use == DEPUTY_USE_DECRYPT)
        TRY(network_is_one(a));
    TRY(closure_fits(a, DEPUTY_CHAIN_MAX));
    if (a->dependent == NULL) {
        TRY(proofs_are_known(a));
    } else {
        TRY(proofs_are_held_by_invoker(a));
        TRY(proofs_are_alive(a));
    }
    return capabilities_admit(a, UINT32_MAX, caveat_invocation_reason);
}

/* ---- the decision ---- */

static void decision_ends_by(struct deputy_decision *out, const struct deputy_window *window)
{
    if (!window->has_expiry || (out->has_end && deputy_time_compare(out->ends, window->expiry) <= 0))
        return;
    out->has_end = true;
    out->ends = window->expiry;
}

static void decision_yes(struct deputy_decision *out, const struct admission *a)
{
    out->grants = a->grants;
    out->grant_count = a->token->capability_count;
    decision_ends_by(out, &a->token->window);
    for (size_t i = 0; i < a->lineage.count; i++) {
        const struct deputy_token *ancestor = a->closure->links[a->lineage.order[i]].token;
        if (ancestor != NULL)
            decision_ends_by(out, &ancestor->window);
    }
}

enum deputy_error deputy_chain_admit(struct deputy_arena *arena, struct deputy_decision *out,
        enum deputy_use use, struct deputy_verified_token token, const struct deputy_closure *closure,
        const struct deputy_rules *rules, struct deputy_time now)
{
    struct admission a = {.arena = arena,
            .use = use,
            .token = token.token,
            .closure = closure,
            .rules = rules,
            .now = now,
            .dependent = first_dependent(token.token)};
    *out = (struct deputy_decision){0};
    ENSURE(use <= DEPUTY_USE_DECRYPT, DEPUTY_E_ARGUMENT);
    enum deputy_error error = use == DEPUTY_USE_DELEGATE ? delegation_admit(&a) : invocation_admit(&a);
    if (a.refusal.code != DEPUTY_OK) {
        out->refusal = a.refusal;
        return DEPUTY_OK;
    }
    TRY(error);
    decision_yes(out, &a);
    return DEPUTY_OK;
}
