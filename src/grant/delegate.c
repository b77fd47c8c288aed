/* Children of a session, signed by its key (spec/05 sections 8.1 to 8.3). */
#include "base/arena.h"
#include "base/json_write.h"
#include "base/time.h"
#include "base/try.h"
#include "grant/abilities.h"
#include "grant/attempt.h"
#include "grant/authority.h"
#include "grant/child.h"
#include "grant/names.h"
#include "grant/permission.h"
#include "grant/portable.h"
#include "grant/subset.h"
#include "grant/text.h"
#include <math.h>

/* An order on its way to a token. */
struct child {
    struct attempt attempt;
    const struct deputy_session *session;
    const struct deputy_delegation_order *order;
    struct deputy_time now;
    struct deputy_permissions wanted; /* expanded, spaces as written */
    struct deputy_permissions placed; /* the same with spaces as ids */
    const struct deputy_authority *from;
    struct deputy_slice space;         /* id */
    struct deputy_slice written_space; /* as the order names it, or the id */
    struct deputy_time expiry;
    struct ability_rows rows;
    struct deputy_slice jwt;
    struct deputy_permissions resources;
};

static bool is_encryption(const struct deputy_permission *permission)
{
    return text_is(permission->service, SERVICE_ENCRYPTION);
}

static enum deputy_error refuse_expired(const struct attempt *attempt, struct deputy_time when)
{
    struct deputy_slice text;
    TRY(time_iso(attempt->arena, &text, when));
    return attempt_refuse_about(attempt, DEPUTY_E_SESSION_EXPIRED, text);
}

static enum deputy_error session_check(const struct child *child)
{
    const struct deputy_time epoch = {0, 0};
    if (child->session == NULL)
        return refuse_expired(&child->attempt, epoch);
    if (authority_over_within(&child->session->authority, child->now, DEPUTY_SESSION_MARGIN_MS))
        return refuse_expired(&child->attempt, child->session->authority.expiry);
    return DEPUTY_OK;
}

static enum deputy_error space_place(
        const struct child *child, struct deputy_slice *id, const struct deputy_permission *permission)
{
    struct deputy_slice name = deputy_slice_present(permission->space)
                                       ? permission->space
                                       : deputy_slice_text(SPACE_APPLICATIONS);
    return space_id(&child->attempt, id, &child->session->owner, name);
}

/* The entries with full space ids, so that an owner is compared and not only a name. */
static enum deputy_error place_all(struct child *child)
{
    struct deputy_permission *items =
            ARENA_ARRAY(child->attempt.arena, struct deputy_permission, child->wanted.count);
    ENSURE(items != NULL, arena_error(child->attempt.arena));
    for (size_t i = 0; i < child->wanted.count; i++) {
        items[i] = child->wanted.items[i];
        if (!is_encryption(&items[i]))
            TRY(space_place(child, &items[i].space, &items[i]));
        if (text_is(items[i].path, "/"))
            return attempt_refuse(&child->attempt, DEPUTY_E_PATH_ROOT);
    }
    child->placed = (struct deputy_permissions){items, child->wanted.count};
    return DEPUTY_OK;
}

static enum deputy_error lifetime_check(struct child *child)
{
    double ms = child->order->lifetime_ms;
    if (!isfinite(ms))
        return attempt_refuse_about(&child->attempt, DEPUTY_E_DELEGATE_EXPIRY,
                deputy_slice_text(isnan(ms) ? "NaN"
                                  : ms > 0  ? "Infinity"
                                            : "-Infinity"));
    if (ms <= 0)
        return attempt_refuse_number(&child->attempt, DEPUTY_E_DELEGATE_EXPIRY, ms);
    TRY(time_after_ms(&child->expiry, child->now, ms));
    return DEPUTY_OK;
}

static enum deputy_error refuse_not_held(
        const struct child *child, struct deputy_permissions *missing, struct deputy_permissions lacking)
{
    struct deputy_permission *items =
            ARENA_ARRAY(child->attempt.arena, struct deputy_permission, lacking.count);
    ENSURE(items != NULL, arena_error(child->attempt.arena));
    size_t count = 0;
    for (size_t i = 0; i < child->placed.count && count < lacking.count; i++) {
        const struct deputy_permission *placed = &child->placed.items[i];
        if (!deputy_slice_present(service_short(placed->service)))
            return attempt_refuse_about(&child->attempt, DEPUTY_E_SERVICE_RUNTIME, placed->service);
        if (placed->actions == lacking.items[count].actions)
            items[count++] = child->wanted.items[i];
    }
    if (missing != NULL)
        *missing = (struct deputy_permissions){items, count};
    return attempt_refuse_index(&child->attempt, DEPUTY_E_NOT_HELD, count);
}

/* The session itself, or a later grant that covers all of it and lives long enough. */
static enum deputy_error authority_choose(struct child *child, struct deputy_permissions *missing)
{
    const struct deputy_session *session = child->session;
    struct deputy_permissions lacking;
    struct deputy_permissions lacking_there;
    child->from = &session->authority;
    TRY(deputy_subset_check(child->attempt.arena, &lacking, child->placed, session->authority.held));
    if (lacking.count == 0)
        return DEPUTY_OK;
    for (size_t i = 0; i < session->grant_count; i++) {
        child->from = &session->grants[i];
        TRY(deputy_subset_check(child->attempt.arena, &lacking_there, child->placed, child->from->held));
        if (lacking_there.count == 0 &&
                !authority_over_within(child->from, child->now, DEPUTY_SESSION_MARGIN_MS))
            return DEPUTY_OK;
    }
    return refuse_not_held(child, missing, lacking);
}

static enum deputy_error refuse_spaces(
        const struct child *child, const struct deputy_slice *spaces, size_t count)
{
    struct buf list = buf_make(child->attempt.arena, DEPUTY_MANIFEST_MAX_BYTES);
    struct json_writer writer = json_writer_make(&list);
    struct deputy_slice text;
    json_put_texts(&writer, spaces, count);
    TRY(buf_finish(&list, &text));
    enum deputy_error code = attempt_refuse_index(&child->attempt, DEPUTY_E_DELEGATE_SPACES, count);
    child->attempt.refusal->args[1] = text;
    return code;
}

/* The one space of the entries; that of the authority when there are networks alone. */
static enum deputy_error space_choose(struct child *child)
{
    struct deputy_slice *spaces =
            ARENA_ARRAY(child->attempt.arena, struct deputy_slice, child->placed.count + 1);
    ENSURE(spaces != NULL, arena_error(child->attempt.arena));
    size_t count = 0;
    child->space = child->from->space;
    child->written_space = child->space;
    for (size_t i = 0; i < child->placed.count; i++) {
        const struct deputy_permission *placed = &child->placed.items[i];
        if (is_encryption(placed) || text_among(placed->space, spaces, count))
            continue;
        spaces[count++] = placed->space;
        child->space = placed->space;
        child->written_space = text_starts(child->wanted.items[i].space, "tinycloud:")
                                       ? child->wanted.items[i].space
                                       : placed->space;
    }
    return count > 1 ? refuse_spaces(child, spaces, count) : DEPUTY_OK;
}

static enum deputy_error rows_fill(struct child *child)
{
    child->rows = ability_rows_make(child->attempt.arena);
    for (size_t i = 0; i < child->placed.count; i++) {
        const struct deputy_permission *placed = &child->placed.items[i];
        struct deputy_slice service = service_short(placed->service);
        bool restricted;
        if (!deputy_slice_present(service))
            return attempt_refuse_about(&child->attempt, DEPUTY_E_DELEGATE_SERVICE, placed->service);
        TRY(caveats_restrict(child->attempt.arena, &restricted, placed->caveats));
        if (restricted)
            return attempt_refuse(&child->attempt, DEPUTY_E_DELEGATE_CAVEATS);
        TRY(ability_rows_add(&child->rows, service, placed->path, placed->actions, placed->action_count));
    }
    return DEPUTY_OK;
}

/* Not beyond the session nor the authority; whole seconds that are not over already. */
static enum deputy_error expiry_cap(struct child *child)
{
    const struct deputy_authority *limits[] = {&child->session->authority, child->from};
    for (size_t i = 0; i < 2; i++) {
        if (limits[i]->has_expiry && deputy_time_compare(limits[i]->expiry, child->expiry) < 0)
            child->expiry = limits[i]->expiry;
    }
    child->expiry.nsec = 0;
    if (deputy_time_compare(child->expiry, child->now) <= 0)
        return attempt_refuse(&child->attempt, DEPUTY_E_DELEGATE_SHORT);
    return DEPUTY_OK;
}

static enum deputy_error token_build(struct child *child, struct deputy_slice nonce)
{
    const struct deputy_session_key *key = &child->session->key;
    struct deputy_space_abilities abilities = {child->space, child->rows.rows, child->rows.count};
    struct child_claims claims = {.issuer = key->did,
            .audience = child->order->audience,
            .expiry = (double)child->expiry.sec,
            .nonce = nonce,
            .facts = child->order->facts,
            .proof = &child->from->cid};
    return child_build(&child->attempt, &child->jwt, &child->resources, key, &abilities, &claims);
}

static enum deputy_error wrap(const struct child *child, struct deputy_portable *out)
{
    const struct deputy_account *owner = &child->session->owner;
    *out = (struct deputy_portable){.header = child->jwt,
            .space = child->written_space,
            .resources = child->resources,
            .expiry = child->expiry,
            .delegate = child->order->audience,
            .chain = (double)owner->chain,
            .host = child->order->host};
    TRY(address_text(child->attempt.arena, &out->owner_address, owner->address));
    return deputy_portable_build(child->attempt.arena, out);
}

static enum deputy_error delegate(struct child *child, struct deputy_portable *out,
        struct deputy_permissions *missing, struct deputy_slice nonce)
{
    TRY(session_check(child));
    if (child->order->permissions.count == 0)
        return attempt_refuse(&child->attempt, DEPUTY_E_DELEGATE_EMPTY);
    TRY(deputy_permissions_expand(
            child->attempt.arena, &child->wanted, child->attempt.refusal, child->order->permissions));
    TRY(lifetime_check(child));
    TRY(place_all(child));
    TRY(authority_choose(child, missing));
    TRY(rows_fill(child));
    TRY(space_choose(child));
    TRY(expiry_cap(child));
    TRY(token_build(child, nonce));
    return wrap(child, out);
}

enum deputy_error deputy_session_delegate(struct deputy_arena *arena, struct deputy_portable *out,
        struct deputy_refusal *refusal, struct deputy_permissions *missing,
        const struct deputy_session *session, const struct deputy_delegation_order *order,
        struct deputy_slice nonce, struct deputy_time now)
{
    struct child child = {
            .attempt = attempt_make(arena, refusal), .session = session, .order = order, .now = now};
    return attempt_end(&child.attempt, delegate(&child, out, missing, nonce));
}

enum deputy_error deputy_session_select(struct deputy_arena *arena, const struct deputy_authority **out,
        const struct deputy_session *session, struct deputy_permissions wanted, struct deputy_time now)
{
    struct deputy_permissions lacking;
    *out = NULL;
    for (size_t i = 0; i <= session->grant_count && *out == NULL; i++) {
        const struct deputy_authority *authority = i == 0 ? &session->authority : &session->grants[i - 1];
        TRY(deputy_subset_check(arena, &lacking, wanted, authority->held));
        if (lacking.count == 0 && !authority_over(authority, now))
            *out = authority;
    }
    return DEPUTY_OK;
}
