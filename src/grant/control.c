#include "grant/control.h"
#include "grant/lineage.h"
#include "grant/window.h"

struct deputy_slice control_text_after(struct deputy_slice text, const char *prefix)
{
    size_t len = strlen(prefix);
    if (text.len < len || memcmp(text.ptr, prefix, len) != 0)
        return (struct deputy_slice){NULL, 0};
    return deputy_slice_bytes(text.ptr + len, text.len - len);
}

bool control_ability_is(const struct deputy_capability *capability, struct deputy_slice ability)
{
    return deputy_slice_equal(capability->ability, ability) && !deputy_slice_present(capability->caveats);
}

/* <space>/delegation or <space>/delegation/, of a space of the proof's delegator. */
static bool resource_is_own_delegations(
        const struct deputy_resource *resource, const struct deputy_principal *delegator)
{
    return resource->kind == DEPUTY_RESOURCE_SPACE &&
           deputy_slice_equal(resource->service, deputy_slice_text("delegation")) &&
           resource->path.len == 0 && !deputy_slice_present(resource->query) &&
           !deputy_slice_present(resource->fragment) &&
           deputy_principal_equal(&resource->space.owner, delegator);
}

static bool resource_is_target(const struct deputy_resource *resource, const struct deputy_cid *target)
{
    struct deputy_cid cid;
    struct deputy_slice text = control_text_after(resource->written, "urn:cid:");
    return deputy_slice_present(text) && deputy_cid_parse(&cid, text) == DEPUTY_OK &&
           deputy_cid_equal(&cid, target);
}

static bool proof_grants_control(const struct control *c, const struct deputy_token *proof)
{
    for (size_t i = 0; i < proof->capability_count; i++) {
        const struct deputy_capability *row = &proof->capabilities[i];
        if (control_ability_is(row, c->ability) &&
                (resource_is_target(&row->resource, &c->target->cid) ||
                        resource_is_own_delegations(&row->resource, &proof->issuer)))
            return true;
    }
    return false;
}

/* Neither the proof nor any of its ancestors is revoked or missing. Only the proof's own window counts. */
static bool proof_lineage_is_alive(const struct deputy_closure *closure)
{
    struct lineage lineage = {0};
    lineage_add(&lineage, closure, 0);
    for (size_t i = 0; i < lineage.count; i++) {
        if (closure->links[lineage.order[i]].revoked || !link_is_intact(closure, lineage.order[i]))
            return false;
    }
    return true;
}

static const struct deputy_principal *control_principal(const struct control *c)
{
    if (c->token->proof_count == 0)
        return &c->token->issuer;
    if (c->token->proof_count != 1 || c->closure->cited != 1 ||
            !closure_is_within(c->closure, DEPUTY_CHAIN_MAX_REVOKE) ||
            !link_is_cited(c->closure, 0, &c->token->proofs[0]))
        return NULL;
    const struct deputy_token *proof = c->closure->links[0].token;
    if (!deputy_principal_equal(&proof->audience, &c->token->issuer) ||
            !window_open(&proof->window, c->now) || !proof_lineage_is_alive(c->closure) ||
            !proof_grants_control(c, proof))
        return NULL;
    return &proof->issuer;
}

static bool target_is_in_space_of(const struct deputy_token *target, const struct deputy_principal *principal)
{
    for (size_t i = 0; i < target->capability_count; i++) {
        const struct deputy_resource *resource = &target->capabilities[i].resource;
        if (resource->kind == DEPUTY_RESOURCE_SPACE &&
                deputy_principal_equal(&resource->space.owner, principal))
            return true;
    }
    return false;
}

bool control_is_entitled(const struct control *c)
{
    const struct deputy_principal *principal = control_principal(c);
    return principal != NULL && (deputy_principal_equal(principal, &c->target->issuer) ||
                                        deputy_principal_equal(principal, &c->target->audience) ||
                                        target_is_in_space_of(c->target, principal));
}
