#include "grant/wallet.h"
#include "base/arena.h"
#include "base/time.h"
#include "base/try.h"
#include "grant/authority.h"
#include "grant/child.h"
#include "grant/names.h"
#include "grant/permission.h"
#include "grant/portable.h"
#include "grant/session.h"
#include "grant/signin.h"
#include "grant/text.h"
#include <deputy/siwe.h>

enum deputy_error wallet_end(const struct attempt *attempt, struct deputy_time *out, double lifetime_ms,
        const struct deputy_authority *limit, struct deputy_time now)
{
    if (!(lifetime_ms > 0))
        return attempt_refuse(attempt, DEPUTY_E_LIFETIME);
    TRY(time_after_ms(out, now, lifetime_ms));
    if (limit->has_expiry && deputy_time_compare(limit->expiry, *out) < 0)
        *out = limit->expiry;
    if (deputy_time_compare(*out, now) <= 0)
        return attempt_refuse(attempt, DEPUTY_E_DELEGATE_SHORT);
    return DEPUTY_OK;
}

/* The rows as a plan: networks are raw resources. */
static enum deputy_error plan_of_rows(const struct attempt *attempt, struct deputy_plan *out,
        struct deputy_slice space, const struct ability_rows *rows)
{
    struct ability_rows plain = ability_rows_make(attempt->arena);
    struct ability_rows raw = ability_rows_make(attempt->arena);
    struct deputy_space_abilities *abilities = ARENA_NEW(attempt->arena, struct deputy_space_abilities);
    ENSURE(abilities != NULL, arena_error(attempt->arena));
    for (size_t i = 0; i < rows->count; i++) {
        const struct deputy_ability_row *row = &rows->rows[i];
        TRY(ability_rows_add(text_is(row->service, SPACE_ENCRYPTION) ? &raw : &plain, row->service, row->path,
                row->actions, row->action_count));
    }
    *abilities = (struct deputy_space_abilities){space, plain.rows, plain.count};
    *out = (struct deputy_plan){space, abilities, plain.count > 0, raw.rows, raw.count};
    return DEPUTY_OK;
}

enum deputy_error wallet_message(const struct attempt *attempt, struct deputy_wallet_order *order,
        const struct wallet_draft *draft, struct deputy_time now)
{
    struct deputy_plan plan;
    struct deputy_space_abilities abilities = {order->space, draft->rows.rows, draft->rows.count};
    struct deputy_sign_in sign_in = {
            .account = *draft->signer, .domain = draft->domain, .nonce = draft->nonce};
    if (draft->rows.count == 0)
        return attempt_refuse(attempt, DEPUTY_E_ABILITIES_EMPTY);
    TRY(time_iso(attempt->arena, &sign_in.issued_at, now));
    TRY(time_iso(attempt->arena, &sign_in.expiration_time, order->expiry));
    TRY(plan_of_rows(attempt, &plan, order->space, &draft->rows));
    TRY(resources_of_abilities(attempt->arena, &order->resources, &abilities));
    order->audience = draft->uri;
    return message_for_plan(
            attempt, &order->siwe, &plan, draft->uri, draft->proof, draft->proof != NULL, &sign_in);
}

enum deputy_error caveated_among(
        struct deputy_arena *arena, struct deputy_permissions *out, struct deputy_permissions permissions)
{
    struct permission_list list = permission_list_make(arena);
    for (size_t i = 0; i < permissions.count; i++) {
        bool restricted;
        TRY(caveats_restrict(arena, &restricted, permissions.items[i].caveats));
        if (restricted)
            TRY(permission_list_push(&list, &permissions.items[i]));
    }
    *out = permission_list_view(&list);
    return DEPUTY_OK;
}

enum deputy_error deputy_wallet_authority(struct deputy_arena *arena, struct deputy_authority *out,
        const struct deputy_wallet_order *order, const struct deputy_signed_message *message)
{
    *out = (struct deputy_authority){.cid = message->cid,
            .header = message->header,
            .space = order->space,
            .has_expiry = true,
            .expiry = order->expiry};
    return deputy_siwe_permissions(arena, &out->held, order->siwe);
}

enum deputy_error deputy_wallet_portable(struct deputy_arena *arena, struct deputy_portable *out,
        const struct deputy_wallet_order *order, const struct deputy_signed_message *message,
        enum deputy_wrapper form, bool disable_sub_delegation, struct deputy_slice host,
        struct deputy_slice companion)
{
    *out = (struct deputy_portable){.header = message->header,
            .space = order->space,
            .resources = order->resources,
            .form = form,
            .disable_sub_delegation = disable_sub_delegation,
            .expiry = order->expiry,
            .delegate = order->audience,
            .chain = (double)order->owner.chain,
            .host = host,
            .companion = companion};
    TRY(address_text(arena, &out->owner_address, order->owner.address));
    return deputy_portable_build(arena, out);
}
