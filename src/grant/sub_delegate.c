/* A wallet passes on a part of what it received (spec/05 section 8.5). */
#include "base/arena.h"
#include "base/try.h"
#include "grant/authority.h"
#include "grant/child.h"
#include "grant/names.h"
#include "grant/permission.h"
#include "grant/portable.h"
#include "grant/text.h"
#include "grant/wallet.h"
#include <deputy/resource.h>

/* What the wrapper admits to forbid: caveats, and passing on at all. */
static enum deputy_error hints_check(const struct attempt *attempt, struct deputy_permissions *caveated,
        const struct deputy_portable *parent)
{
    struct deputy_permission *items =
            ARENA_ARRAY(attempt->arena, struct deputy_permission, parent->resources.count);
    struct deputy_permissions restricted;
    ENSURE(items != NULL, arena_error(attempt->arena));
    for (size_t i = 0; i < parent->resources.count; i++)
        TRY(resource_normalize(attempt->arena, &items[i], &parent->resources.items[i]));
    TRY(caveated_among(
            attempt->arena, &restricted, (struct deputy_permissions){items, parent->resources.count}));
    if (caveated != NULL)
        *caveated = restricted;
    if (restricted.count > 0)
        return attempt_refuse(attempt, DEPUTY_E_DELEGATE_CAVEATS);
    if (parent->disable_sub_delegation)
        return attempt_refuse(attempt, DEPUTY_E_SUB_FORBIDDEN);
    return DEPUTY_OK;
}

/* By the node's rule, in the wrapper or in what is held: a path covers what lies below it. */
static bool path_below(struct deputy_slice child, struct deputy_slice parent)
{
    if (parent.len == 0 || deputy_slice_equal(child, parent))
        return true;
    return child.len > parent.len && memcmp(child.ptr, parent.ptr, parent.len) == 0 &&
           (parent.ptr[parent.len - 1] == '/' || child.ptr[parent.len] == '/');
}

static bool lies_in(const struct deputy_permission *child, struct deputy_slice action,
        const struct deputy_permission *parent)
{
    bool network = text_is(child->service, SERVICE_ENCRYPTION);
    return deputy_slice_equal(child->service, parent->service) &&
           deputy_slice_equal(child->space, parent->space) &&
           (network ? deputy_slice_equal(child->path, parent->path)
                    : path_below(child->path, parent->path)) &&
           text_among(action, parent->actions, parent->action_count);
}

static bool action_held(
        const struct deputy_permission *child, struct deputy_slice action, struct deputy_permissions held)
{
    for (size_t i = 0; i < held.count; i++) {
        if (lies_in(child, action, &held.items[i]))
            return true;
    }
    return false;
}

static enum deputy_error resource_check(
        const struct attempt *attempt, const struct deputy_permission *child, struct deputy_permissions held)
{
    if (child->action_count == 0 || has_dot_segment(child->path))
        return attempt_refuse(attempt, DEPUTY_E_SUB_EXCEEDS);
    for (size_t i = 0; i < child->action_count; i++) {
        if (!action_held(child, child->actions[i], held))
            return attempt_refuse(attempt, DEPUTY_E_SUB_EXCEEDS);
    }
    return DEPUTY_OK;
}

/* The wanted resources with the parent's space where they name none, each inside what was signed. */
static enum deputy_error rows_of(const struct attempt *attempt, struct ability_rows *rows,
        struct deputy_slice space, struct deputy_permissions wanted, struct deputy_permissions held)
{
    *rows = ability_rows_make(attempt->arena);
    for (size_t i = 0; i < wanted.count; i++) {
        struct deputy_permission child = wanted.items[i];
        if (!deputy_slice_present(child.space))
            child.space =
                    text_is(child.service, SPACE_ENCRYPTION) ? deputy_slice_text(SPACE_ENCRYPTION) : space;
        TRY(resource_normalize(attempt->arena, &child, &child));
        TRY(resource_check(attempt, &child, held));
        if (!text_is(child.service, SERVICE_ENCRYPTION) && !deputy_slice_equal(child.space, space))
            return attempt_refuse(attempt, DEPUTY_E_SUB_EXCEEDS);
        TRY(ability_rows_add(
                rows, service_short(child.service), child.path, child.actions, child.action_count));
    }
    return rows->count > 0 ? DEPUTY_OK : attempt_refuse(attempt, DEPUTY_E_SUB_EXCEEDS);
}

static enum deputy_error signer_check(const struct attempt *attempt, const struct deputy_account *account,
        const struct deputy_delegation *parent)
{
    struct deputy_principal audience = deputy_principal_of(parent->audience);
    if (audience.kind != DEPUTY_PRINCIPAL_ETHEREUM || audience.chain != account->chain ||
            memcmp(audience.address, account->address, sizeof account->address) != 0)
        return attempt_refuse(attempt, DEPUTY_E_PORTABLE_AUDIENCE);
    if (parent->caveated)
        return attempt_refuse(attempt, DEPUTY_E_DELEGATE_CAVEATS);
    if (parent->terminal || (parent->has_depth && parent->depth == 0))
        return attempt_refuse(attempt, DEPUTY_E_SUB_FORBIDDEN);
    return DEPUTY_OK;
}

static enum deputy_error sub_delegate(const struct attempt *attempt, struct deputy_wallet_order *out,
        struct deputy_permissions *caveated, const struct deputy_account *account,
        const struct deputy_portable *parent, const struct deputy_sub_delegation *request,
        struct deputy_time now)
{
    const struct portable_rules rules = {.now = &now};
    struct deputy_delegation held;
    if (account == NULL)
        return attempt_refuse(attempt, DEPUTY_E_SUB_WALLET);
    TRY(hints_check(attempt, caveated, parent));
    TRY(portable_verify(attempt, &held, parent, &rules));
    TRY(signer_check(attempt, account, &held));
    struct wallet_draft draft = {.signer = account,
            .domain = request->domain,
            .nonce = request->nonce,
            .uri = request->audience,
            .proof = &held.authority.cid};
    *out = (struct deputy_wallet_order){.space = held.authority.space, .owner = held.owner};
    TRY(rows_of(attempt, &draft.rows, out->space, request->resources, held.authority.held));
    TRY(wallet_end(attempt, &out->expiry, request->lifetime_ms, &held.authority, now));
    return wallet_message(attempt, out, &draft, now);
}

enum deputy_error deputy_sub_delegate(struct deputy_arena *arena, struct deputy_wallet_order *out,
        struct deputy_refusal *refusal, struct deputy_permissions *caveated,
        const struct deputy_account *account, const struct deputy_portable *parent,
        const struct deputy_sub_delegation *request, struct deputy_time now)
{
    struct attempt attempt = attempt_make(arena, refusal);
    return attempt_end(&attempt, sub_delegate(&attempt, out, caveated, account, parent, request, now));
}
