#include "base/try.h"
#include "grant/control.h"
#include "grant/lineage.h"
#include "grant/window.h"

#define STATUS_ABILITY deputy_slice_text("tinycloud.delegation/status")

/* ---- who may ask (spec/02 section 8) ---- */

static bool question_is_about(const struct deputy_token *token, struct deputy_slice cid)
{
    if (token->capability_count != 1 || !control_ability_is(&token->capabilities[0], STATUS_ABILITY))
        return false;
    struct deputy_slice named = control_text_after(token->capabilities[0].resource.written, "urn:cid:");
    return deputy_slice_present(named) && deputy_slice_equal(named, cid);
}

enum deputy_error deputy_status_admit(struct deputy_verified_token question, struct deputy_slice cid,
        const struct deputy_token *target, const struct deputy_closure *closure,
        const struct deputy_rules *rules, struct deputy_time now)
{
    const struct control control = {question.token, target, closure, STATUS_ABILITY, now};
    struct deputy_cid named;
    TRY(deputy_token_in_time(DEPUTY_USE_STATUS, question.token, rules, now));
    ENSURE(question_is_about(question.token, cid), DEPUTY_E_STATUS_UNBOUND);
    enum deputy_error error = deputy_cid_parse(&named, cid);
    ENSURE(error != DEPUTY_E_CID_FOREIGN, DEPUTY_E_STATUS_NOT_FOUND);
    ENSURE(error == DEPUTY_OK, DEPUTY_E_STATUS_CID);
    ENSURE(target != NULL && deputy_cid_equal(&target->cid, &named), DEPUTY_E_STATUS_NOT_FOUND);
    ENSURE(control_is_entitled(&control), DEPUTY_E_STATUS_NOT_FOUND);
    return DEPUTY_OK;
}

/* ---- how it stands ---- */

static bool lineage_is_revoked(const struct deputy_closure *closure, const struct lineage *lineage)
{
    for (size_t i = 0; i < lineage->count; i++) {
        if (closure->links[lineage->order[i]].revoked)
            return true;
    }
    return false;
}

static bool lineage_is_complete(const struct deputy_closure *closure, const struct lineage *lineage)
{
    for (size_t i = 0; i < lineage->count; i++) {
        if (!link_is_intact(closure, lineage->order[i]))
            return false;
    }
    return true;
}

enum deputy_standing deputy_delegation_standing(const struct deputy_closure *closure, struct deputy_time now)
{
    struct lineage lineage = {0};
    if (!closure_is_within(closure, DEPUTY_CHAIN_MAX) || closure->cited != 1)
        return DEPUTY_STANDING_UNAVAILABLE;
    lineage_add(&lineage, closure, 0);
    if (lineage_is_revoked(closure, &lineage))
        return DEPUTY_STANDING_REVOKED;
    if (!lineage_is_complete(closure, &lineage))
        return DEPUTY_STANDING_UNAVAILABLE;
    const struct deputy_window *window = &closure->links[0].token->window;
    if (window->has_expiry && deputy_time_compare(now, window->expiry) >= 0)
        return DEPUTY_STANDING_EXPIRED;
    return window_open(window, now) ? DEPUTY_STANDING_ACTIVE : DEPUTY_STANDING_UNAVAILABLE;
}
