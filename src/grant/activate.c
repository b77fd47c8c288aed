/* A receiver takes a delegation into use (spec/05 sections 10.3, 11.2 and 11.4). */
#include "base/arena.h"
#include "base/json_write.h"
#include "base/time.h"
#include "base/try.h"
#include "grant/abilities.h"
#include "grant/authority.h"
#include "grant/names.h"
#include "grant/permission.h"
#include "grant/portable.h"
#include "grant/signin.h"
#include "grant/text.h"

enum { WALLET_SESSION_MS = 3600000 };

static enum deputy_error host_check(const struct attempt *attempt, const struct deputy_portable *portable,
        struct deputy_slice expected_host)
{
    struct deputy_slice expected = text_without_slashes(expected_host);
    struct deputy_slice host = text_without_slashes(portable->host);
    if (expected.len == 0)
        return attempt_refuse(attempt, DEPUTY_E_ACTIVATE_HOST_EMPTY);
    if (deputy_slice_present(portable->host) && !deputy_slice_equal(host, expected))
        return attempt_refuse_about_two(attempt, DEPUTY_E_ACTIVATE_HOST, host, expected);
    return DEPUTY_OK;
}

static enum deputy_error proofs_check(
        const struct attempt *attempt, const struct deputy_delegation *delegation)
{
    if (delegation->proof_count == 0)
        return attempt_refuse_about(attempt, DEPUTY_E_ACTIVATE_MEMBER,
                deputy_slice_text("has no signed proof, so it passes nothing on."));
    return DEPUTY_OK;
}

static enum deputy_error activate(const struct attempt *attempt, struct deputy_delegation *out,
        const struct deputy_portable *portable, const struct portable_rules *rules,
        struct deputy_slice expected_host)
{
    if (rules->ucan_only || deputy_slice_present(expected_host))
        TRY(host_check(attempt, portable, expected_host));
    if (deputy_time_compare(portable->expiry, *rules->now) <= 0)
        return refuse_over(attempt, rules, portable->expiry);
    TRY(portable_verify(attempt, out, portable, rules));
    return proofs_check(attempt, out);
}

enum deputy_error deputy_portable_activate(struct deputy_arena *arena, struct deputy_delegation *out,
        struct deputy_refusal *refusal, const struct deputy_session_key *key,
        const struct deputy_portable *portable, enum deputy_receiving receiving,
        struct deputy_slice expected_host, struct deputy_time now)
{
    const struct portable_rules rules = {.ucan_only = receiving == DEPUTY_RECEIVE_VALIDATED,
            .now = &now,
            .receiver = key,
            .receiving = receiving};
    struct attempt attempt = attempt_make(arena, refusal);
    return attempt_end(&attempt, activate(&attempt, out, portable, &rules, expected_host));
}

enum deputy_error deputy_compact_activate(struct deputy_arena *arena, struct deputy_delegation *out,
        struct deputy_refusal *refusal, const struct deputy_session_key *key,
        struct deputy_slice authorization, struct deputy_slice cid, struct deputy_time now)
{
    const struct portable_rules rules = {.ucan_only = true, .bare = true, .now = &now, .receiver = key};
    const struct deputy_portable bare = {.header = authorization, .cid = cid};
    struct attempt attempt = attempt_make(arena, refusal);
    enum deputy_error result = portable_verify(&attempt, out, &bare, &rules);
    if (result == DEPUTY_OK)
        result = proofs_check(&attempt, out);
    return attempt_end(&attempt, result);
}

/* A message is for one space. */
static enum deputy_error one_space_check(
        const struct attempt *attempt, const struct deputy_portable *portable)
{
    for (size_t i = 0; i < portable->resources.count; i++) {
        const struct deputy_permission *resource = &portable->resources.items[i];
        if (!text_is(resource->space, SPACE_ENCRYPTION) &&
                !deputy_slice_equal(resource->space, portable->space))
            return attempt_refuse_about_two(
                    attempt, DEPUTY_E_WALLET_SPACES, resource->space, portable->space);
    }
    return DEPUTY_OK;
}

enum deputy_error plan_of_held(
        const struct attempt *attempt, struct deputy_plan *out, struct deputy_permissions held)
{
    struct ability_rows rows = ability_rows_make(attempt->arena);
    struct ability_rows raw = ability_rows_make(attempt->arena);
    struct deputy_space_abilities *abilities = ARENA_NEW(attempt->arena, struct deputy_space_abilities);
    ENSURE(abilities != NULL, arena_error(attempt->arena));
    *out = (struct deputy_plan){.spaces = abilities};
    for (size_t i = 0; i < held.count; i++) {
        const struct deputy_permission *item = &held.items[i];
        bool network = text_is(item->service, SERVICE_ENCRYPTION);
        if (!network)
            abilities->space = item->space;
        TRY(ability_rows_add(network ? &raw : &rows, service_short(item->service), item->path, item->actions,
                item->action_count));
    }
    abilities->rows = rows.rows;
    abilities->row_count = rows.count;
    out->space = abilities->space;
    out->space_count = rows.count > 0;
    out->raw = raw.rows;
    out->raw_count = raw.count;
    return DEPUTY_OK;
}

/* The end of the message: an hour, but not beyond the delegation. */
static enum deputy_error wallet_times(const struct attempt *attempt, struct deputy_sign_in *sign_in,
        const struct deputy_delegation *delegation, struct deputy_time now)
{
    struct deputy_time end = time_add_ms(now, WALLET_SESSION_MS);
    if (delegation->authority.has_expiry && deputy_time_compare(delegation->authority.expiry, end) < 0)
        end = delegation->authority.expiry;
    sign_in->not_before = (struct deputy_slice){NULL, 0};
    TRY(time_iso(attempt->arena, &sign_in->issued_at, now));
    return time_iso(attempt->arena, &sign_in->expiration_time, end);
}

static enum deputy_error wallet_audience_check(const struct attempt *attempt,
        const struct deputy_delegation *delegation, const struct deputy_account *account)
{
    struct deputy_principal audience = deputy_principal_of(delegation->audience);
    struct deputy_slice own;
    if (audience.kind == DEPUTY_PRINCIPAL_ETHEREUM && audience.chain == account->chain &&
            memcmp(audience.address, account->address, sizeof account->address) == 0)
        return DEPUTY_OK;
    TRY(deputy_did_pkh_format(attempt->arena, &own, account->chain, account->address));
    return attempt_refuse_about_two(attempt, DEPUTY_E_ACTIVATE_AUDIENCE, delegation->audience, own);
}

static enum deputy_error prepare(const struct attempt *attempt, struct deputy_slice *siwe,
        struct deputy_delegation *out, const struct deputy_session_key *key,
        const struct deputy_portable *portable, struct deputy_slice expected_host,
        struct deputy_sign_in *sign_in, struct deputy_time now)
{
    const struct portable_rules rules = {.now = &now};
    struct deputy_plan plan;
    if (key == NULL)
        return attempt_refuse(attempt, DEPUTY_E_NOT_SIGNED_IN);
    TRY(host_check(attempt, portable, expected_host));
    TRY(one_space_check(attempt, portable));
    TRY(portable_verify(attempt, out, portable, &rules));
    TRY(wallet_audience_check(attempt, out, &sign_in->account));
    if (out->caveated)
        return attempt_refuse(attempt, DEPUTY_E_DELEGATE_CAVEATS);
    TRY(plan_of_held(attempt, &plan, out->authority.held));
    TRY(wallet_times(attempt, sign_in, out, now));
    return message_for_plan(attempt, siwe, &plan, key->did_url, &out->authority.cid, 1, sign_in);
}

enum deputy_error deputy_portable_prepare(struct deputy_arena *arena, struct deputy_slice *siwe,
        struct deputy_delegation *out, struct deputy_refusal *refusal, const struct deputy_session_key *key,
        const struct deputy_portable *portable, struct deputy_slice expected_host,
        const struct deputy_sign_in *sign_in, struct deputy_time now)
{
    struct attempt attempt = attempt_make(arena, refusal);
    struct deputy_sign_in timed = *sign_in;
    return attempt_end(&attempt, prepare(&attempt, siwe, out, key, portable, expected_host, &timed, now));
}
