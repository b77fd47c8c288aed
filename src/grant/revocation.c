#include "base/try.h"
#include "grant/control.h"
#include "grant/lineage.h"
#include <deputy/cacao.h>

#define REVOKE_ABILITY deputy_slice_text("tinycloud.delegation/revoke")

/* ---- what is revoked (spec/02 section 7.1) ---- */

static bool capability_names_cid(const struct deputy_capability *capability)
{
    return deputy_slice_present(control_text_after(capability->resource.written, "urn:cid:"));
}

/* A well-formed CID of another kind names nothing that could be stored here. */
static enum deputy_error target_parse(
        struct deputy_cid *out, struct deputy_slice text, enum deputy_error none)
{
    enum deputy_error error = deputy_cid_parse(out, text);
    if (error == DEPUTY_E_CID_FOREIGN)
        return DEPUTY_E_MISSING_PARENTS;
    return error == DEPUTY_OK ? DEPUTY_OK : none;
}

static enum deputy_error cacao_target(struct deputy_cid *out, const struct deputy_token *token)
{
    return target_parse(out, control_text_after(token->cacao->siwe.uri, "ucan:"), DEPUTY_E_REVOCATION_TARGET);
}

/* A token that was made for something else never revokes: not a status question (H3), not one whose only CID
 * is that of its proof (H4). */
static enum deputy_error ucan_target(struct deputy_cid *out, const struct deputy_token *token)
{
    enum deputy_error none =
            token->proof_count == 0 ? DEPUTY_E_REVOCATION_TARGET : DEPUTY_E_UNAUTHORIZED_REVOKER;
    const struct deputy_capability *named = NULL;
    for (size_t i = 0; i < token->capability_count; i++) {
        if (!capability_names_cid(&token->capabilities[i]))
            continue;
        ENSURE(named == NULL, DEPUTY_E_UNAUTHORIZED_REVOKER);
        named = &token->capabilities[i];
    }
    ENSURE(named != NULL, none);
    ENSURE(control_ability_is(named, REVOKE_ABILITY), DEPUTY_E_UNAUTHORIZED_REVOKER);
    return target_parse(out, control_text_after(named->resource.written, "urn:cid:"), none);
}

enum deputy_error deputy_revocation_target(struct deputy_cid *out, const struct deputy_token *revocation)
{
    return revocation->kind == DEPUTY_TOKEN_CACAO ? cacao_target(out, revocation)
                                                  : ucan_target(out, revocation);
}

/* ---- who may (spec/02 sections 7.2 and 7.3) ---- */

enum deputy_error deputy_revocation_admit(struct deputy_verified_token revocation,
        const struct deputy_token *target, const struct deputy_closure *closure, struct deputy_time now)
{
    const struct control control = {revocation.token, target, closure, REVOKE_ABILITY, now};
    struct deputy_cid named;
    TRY(deputy_revocation_target(&named, revocation.token));
    ENSURE(closure_is_within(closure, DEPUTY_CHAIN_MAX_REVOKE), DEPUTY_E_CHAIN_LIMIT);
    TRY(deputy_token_in_time(DEPUTY_USE_REVOKE, revocation.token, NULL, now));
    ENSURE(target != NULL && deputy_cid_equal(&target->cid, &named), DEPUTY_E_MISSING_PARENTS);
    ENSURE(control_is_entitled(&control), DEPUTY_E_UNAUTHORIZED_REVOKER);
    return DEPUTY_OK;
}
