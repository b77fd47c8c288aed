#include "grant/signin.h"
#include "base/arena.h"
#include "base/time.h"
#include "base/try.h"
#include "grant/authority.h"
#include "grant/manifest.h"
#include "grant/names.h"
#include "grant/text.h"
#include <deputy/ability.h>
#include <math.h>

enum { NONCE_MIN_BYTES = 8 };

struct grant_list {
    struct deputy_arena *arena;
    struct deputy_recap_grant *items;
    size_t count;
};

enum deputy_error row_check(const struct attempt *attempt, const struct deputy_ability_row *row)
{
    if (!name_usable(row->service))
        return attempt_refuse_quoted(attempt, DEPUTY_E_SERVICE_NAME, row->service);
    if (!path_usable(row->path))
        return attempt_refuse_quoted(attempt, DEPUTY_E_PATH_INVALID, row->path);
    if (row->action_count == 0)
        return attempt_refuse_about_two(attempt, DEPUTY_E_ABILITIES_NO_ACTIONS, row->service, row->path);
    for (size_t i = 0; i < row->action_count; i++) {
        if (deputy_ability_parse(NULL, NULL, row->actions[i]) != DEPUTY_OK)
            return attempt_refuse_quoted(attempt, DEPUTY_E_ACTION_NAME, row->actions[i]);
    }
    return DEPUTY_OK;
}

static void grants_add(
        struct grant_list *list, struct deputy_slice resource, const struct deputy_ability_row *row)
{
    for (size_t i = 0; i < row->action_count; i++)
        list->items[list->count++] = (struct deputy_recap_grant){resource, row->actions[i]};
}

static size_t count_actions(const struct deputy_ability_row *rows, size_t count)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++)
        total += rows[i].action_count;
    return total;
}

static size_t count_grants(const struct deputy_plan *plan)
{
    size_t total = count_actions(plan->raw, plan->raw_count);
    for (size_t i = 0; i < plan->space_count; i++)
        total += count_actions(plan->spaces[i].rows, plan->spaces[i].row_count);
    return total;
}

static enum deputy_error grants_of_space(const struct attempt *attempt, struct grant_list *list,
        const struct deputy_space_abilities *abilities)
{
    for (size_t i = 0; i < abilities->row_count; i++) {
        struct deputy_slice uri;
        TRY(row_check(attempt, &abilities->rows[i]));
        TRY(ability_row_uri(list->arena, &uri, abilities->space, &abilities->rows[i]));
        grants_add(list, uri, &abilities->rows[i]);
    }
    return DEPUTY_OK;
}

static enum deputy_error grants_of_plan(
        const struct attempt *attempt, struct grant_list *list, const struct deputy_plan *plan)
{
    *list = (struct grant_list){attempt->arena,
            ARENA_ARRAY(attempt->arena, struct deputy_recap_grant, count_grants(plan) + 1), 0};
    ENSURE(list->items != NULL, arena_error(attempt->arena));
    for (size_t i = 0; i < plan->space_count; i++)
        TRY(grants_of_space(attempt, list, &plan->spaces[i]));
    for (size_t i = 0; i < plan->raw_count; i++) {
        TRY(row_check(attempt, &plan->raw[i]));
        TRY(network_grantable(attempt, NULL, plan->raw[i].path));
        grants_add(list, plan->raw[i].path, &plan->raw[i]);
    }
    return DEPUTY_OK;
}

static bool is_alphanumeric(struct deputy_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.ptr[i];
        bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
        if (!letter && !(byte >= '0' && byte <= '9'))
            return false;
    }
    return true;
}

/* What the message's own grammar does not say: an alphanumeric nonce, and an end behind the start. */
static enum deputy_error sign_in_check(const struct deputy_sign_in *sign_in)
{
    struct deputy_time issued;
    struct deputy_time end;
    ENSURE(sign_in->nonce.len >= NONCE_MIN_BYTES && is_alphanumeric(sign_in->nonce), DEPUTY_E_SIWE_NONCE);
    TRY(time_parse(&issued, sign_in->issued_at));
    if (!deputy_slice_present(sign_in->expiration_time))
        return DEPUTY_OK;
    TRY(time_parse(&end, sign_in->expiration_time));
    ENSURE(deputy_time_compare(issued, end) < 0, DEPUTY_E_TIME_ORDER);
    return DEPUTY_OK;
}

static struct deputy_siwe message_of(struct deputy_slice uri, const struct deputy_sign_in *sign_in)
{
    struct deputy_siwe siwe = {.domain = sign_in->domain,
            .uri = uri,
            .chain_id = sign_in->account.chain,
            .nonce = sign_in->nonce,
            .issued_at = sign_in->issued_at,
            .expiration_time = sign_in->expiration_time,
            .not_before = sign_in->not_before};
    memcpy(siwe.address, sign_in->account.address, sizeof siwe.address);
    return siwe;
}

enum deputy_error message_for_plan(const struct attempt *attempt, struct deputy_slice *siwe,
        const struct deputy_plan *plan, struct deputy_slice uri, const struct deputy_cid *proofs,
        size_t proof_count, const struct deputy_sign_in *sign_in)
{
    struct deputy_siwe message = message_of(uri, sign_in);
    struct grant_list list;
    TRY(sign_in_check(sign_in));
    TRY(grants_of_plan(attempt, &list, plan));
    struct deputy_recap recap = {list.items, list.count, proofs, proof_count};
    if (list.count > 0)
        TRY(deputy_recap_attach(attempt->arena, &message, &recap));
    return deputy_siwe_build(attempt->arena, siwe, &message);
}

enum deputy_error deputy_sign_in_times(struct deputy_arena *arena, struct deputy_sign_in *sign_in,
        struct deputy_time now, double lifetime_ms)
{
    struct deputy_time end;
    ENSURE(lifetime_ms >= 1, DEPUTY_E_ARGUMENT);
    TRY(time_after_ms(&end, now, lifetime_ms));
    TRY(time_iso(arena, &sign_in->issued_at, now));
    return time_iso(arena, &sign_in->expiration_time, end);
}

enum deputy_error deputy_session_prepare(struct deputy_arena *arena, struct deputy_slice *siwe,
        struct deputy_refusal *refusal, const struct deputy_session_key *key, const struct deputy_plan *plan,
        const struct deputy_sign_in *sign_in)
{
    struct attempt attempt = attempt_make(arena, refusal);
    enum deputy_error result = DEPUTY_E_ARGUMENT;
    if (deputy_slice_present(sign_in->expiration_time))
        result = message_for_plan(&attempt, siwe, plan, key->did_url, NULL, 0, sign_in);
    return attempt_end(&attempt, result);
}

enum deputy_error deputy_host_prepare(struct deputy_arena *arena, struct deputy_slice *siwe,
        struct deputy_refusal *refusal, struct deputy_slice space, struct deputy_slice peer,
        const struct deputy_sign_in *sign_in)
{
    static const struct deputy_slice host = {(const uint8_t *)"tinycloud.space/host", 20};
    struct attempt attempt = attempt_make(arena, refusal);
    struct deputy_ability_row row = {deputy_slice_text("space"), deputy_slice_text(""), &host, 1};
    struct deputy_space_abilities abilities = {.rows = &row, .row_count = 1};
    struct deputy_plan plan = {.spaces = &abilities, .space_count = 1};
    struct deputy_sign_in endless = *sign_in;
    endless.expiration_time = (struct deputy_slice){NULL, 0};
    enum deputy_error result = space_id(&attempt, &abilities.space, &sign_in->account, space);
    if (result == DEPUTY_OK)
        result = message_for_plan(&attempt, siwe, &plan, peer, NULL, 0, &endless);
    return attempt_end(&attempt, result);
}
