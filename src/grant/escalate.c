/* More for a session's own key, by the wallet (spec/05 section 8.7). */
#include "base/arena.h"
#include "base/try.h"
#include "grant/authority.h"
#include "grant/names.h"
#include "grant/permission.h"
#include "grant/text.h"
#include "grant/wallet.h"

struct escalation {
    struct attempt attempt;
    const struct deputy_session *session;
    const struct deputy_escalation *wish;
    struct deputy_time now;
    struct deputy_permissions wanted; /* expanded, with space ids */
    struct deputy_wallet_order *orders;
    struct wallet_draft *drafts;
    size_t count;
};

static bool is_encryption(const struct deputy_permission *permission)
{
    return text_is(permission->service, SERVICE_ENCRYPTION);
}

static enum deputy_error session_check(const struct escalation *escalation)
{
    const struct deputy_authority *authority = &escalation->session->authority;
    struct deputy_slice text;
    if (!authority_over_within(authority, escalation->now, DEPUTY_SESSION_MARGIN_MS))
        return DEPUTY_OK;
    TRY(time_iso(escalation->attempt.arena, &text, authority->expiry));
    return attempt_refuse_about(&escalation->attempt, DEPUTY_E_SESSION_EXPIRED, text);
}

/* Names as ids, so that what is held can be compared. */
static enum deputy_error place_all(struct escalation *escalation)
{
    struct deputy_permission *items =
            ARENA_ARRAY(escalation->attempt.arena, struct deputy_permission, escalation->wanted.count);
    ENSURE(items != NULL, arena_error(escalation->attempt.arena));
    for (size_t i = 0; i < escalation->wanted.count; i++) {
        items[i] = escalation->wanted.items[i];
        if (!deputy_slice_present(service_short(items[i].service)))
            return attempt_refuse_about(&escalation->attempt, DEPUTY_E_SERVICE_RUNTIME, items[i].service);
        if (is_encryption(&items[i]))
            continue;
        if (!deputy_slice_present(items[i].space))
            items[i].space = deputy_slice_text(SPACE_APPLICATIONS);
        TRY(space_id(&escalation->attempt, &items[i].space, &escalation->session->owner, items[i].space));
    }
    escalation->wanted.items = items;
    return DEPUTY_OK;
}

static enum deputy_error order_of(
        struct escalation *escalation, struct wallet_draft **draft, struct deputy_slice space)
{
    for (size_t i = 0; i < escalation->count; i++) {
        *draft = &escalation->drafts[i];
        if (deputy_slice_equal(escalation->orders[i].space, space))
            return DEPUTY_OK;
    }
    ENSURE(escalation->count < escalation->wish->nonce_count, DEPUTY_E_ARGUMENT);
    *draft = &escalation->drafts[escalation->count];
    **draft = (struct wallet_draft){.signer = &escalation->session->owner,
            .domain = escalation->wish->domain,
            .nonce = escalation->wish->nonces[escalation->count],
            .uri = escalation->session->key.did_url,
            .rows = ability_rows_make(escalation->attempt.arena)};
    escalation->orders[escalation->count++] =
            (struct deputy_wallet_order){.space = space, .owner = escalation->session->owner};
    return DEPUTY_OK;
}

static enum deputy_error add_to(struct wallet_draft *draft, const struct deputy_permission *wanted)
{
    return ability_rows_add(&draft->rows, service_short(wanted->service), wanted->path, wanted->actions,
            wanted->action_count);
}

/* An order a space; networks go with the first, or with the session's own space when there is none. */
static enum deputy_error group(struct escalation *escalation)
{
    struct wallet_draft *draft;
    for (size_t i = 0; i < escalation->wanted.count; i++) {
        const struct deputy_permission *wanted = &escalation->wanted.items[i];
        if (is_encryption(wanted))
            continue;
        TRY(order_of(escalation, &draft, wanted->space));
        TRY(add_to(draft, wanted));
    }
    if (escalation->count == 0)
        TRY(order_of(escalation, &draft, escalation->session->authority.space));
    for (size_t i = 0; i < escalation->wanted.count; i++) {
        if (is_encryption(&escalation->wanted.items[i]))
            TRY(add_to(&escalation->drafts[0], &escalation->wanted.items[i]));
    }
    return DEPUTY_OK;
}

static enum deputy_error messages(struct escalation *escalation)
{
    for (size_t i = 0; i < escalation->count; i++) {
        TRY(wallet_end(&escalation->attempt, &escalation->orders[i].expiry, escalation->wish->lifetime_ms,
                &escalation->session->authority, escalation->now));
        TRY(wallet_message(
                &escalation->attempt, &escalation->orders[i], &escalation->drafts[i], escalation->now));
    }
    return DEPUTY_OK;
}

static enum deputy_error escalate(struct escalation *escalation, struct deputy_permissions *caveated)
{
    struct deputy_arena *arena = escalation->attempt.arena;
    const struct deputy_authority *holder;
    struct deputy_permissions restricted;
    TRY(session_check(escalation));
    if (escalation->wish->permissions.count == 0)
        return attempt_refuse(&escalation->attempt, DEPUTY_E_RUNTIME_EMPTY);
    TRY(deputy_permissions_expand(
            arena, &escalation->wanted, escalation->attempt.refusal, escalation->wish->permissions));
    TRY(caveated_among(arena, &restricted, escalation->wanted));
    if (caveated != NULL)
        *caveated = restricted;
    if (restricted.count > 0)
        return attempt_refuse(&escalation->attempt, DEPUTY_E_DELEGATE_CAVEATS);
    TRY(place_all(escalation));
    TRY(deputy_session_select(arena, &holder, escalation->session, escalation->wanted, escalation->now));
    if (holder != NULL)
        return DEPUTY_OK;
    escalation->orders = ARENA_ARRAY(arena, struct deputy_wallet_order, escalation->wanted.count + 1);
    escalation->drafts = ARENA_ARRAY(arena, struct wallet_draft, escalation->wanted.count + 1);
    ENSURE(escalation->orders != NULL && escalation->drafts != NULL, arena_error(arena));
    TRY(group(escalation));
    return messages(escalation);
}

enum deputy_error deputy_session_escalate(struct deputy_arena *arena, struct deputy_wallet_order **orders,
        size_t *count, struct deputy_refusal *refusal, struct deputy_permissions *caveated,
        const struct deputy_session *session, const struct deputy_escalation *wish, struct deputy_time now)
{
    struct escalation escalation = {
            .attempt = attempt_make(arena, refusal), .session = session, .wish = wish, .now = now};
    enum deputy_error result = attempt_end(&escalation.attempt, escalate(&escalation, caveated));
    *orders = escalation.orders;
    *count = result == DEPUTY_OK ? escalation.count : 0;
    return result;
}
