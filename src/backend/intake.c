#include "backend/intake.h"
#include "backend/intake_chain.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/time.h"
#include "base/try.h"
#include "grant/authority.h"
#include "grant/permission.h"
#include "grant/text.h"

/* What one intake works on. */
struct taking {
    struct attempt attempt;
    const struct intake_rules *rules;
    const struct backend_wants *wants;
    const struct deputy_slice *parts;
    size_t part_count;
    size_t resources; /* that the wrappers name, which is what is signed */
    struct deputy_delegation *items;
    struct deputy_verified_token *tokens;
    struct known_tokens known;
    struct deputy_time now;
};

/* ---- one delegation ---- */

static bool same_principal(struct deputy_slice a, struct deputy_slice b)
{
    struct deputy_principal first = deputy_principal_of(a);
    struct deputy_principal second = deputy_principal_of(b);
    return deputy_principal_equal(&first, &second);
}

static bool is_owner(const struct deputy_account *account, const struct deputy_account *owner)
{
    return account->chain == owner->chain &&
           memcmp(account->address, owner->address, sizeof owner->address) == 0;
}

/* For this backend, and about what this owner owns. */
static enum deputy_error parties_check(const struct taking *taking, const struct deputy_delegation *item)
{
    if (!same_principal(item->audience, taking->rules->did))
        return attempt_refuse_about(&taking->attempt, DEPUTY_E_GRANT_AUDIENCE, item->audience);
    if (!is_owner(&item->owner, &taking->wants->owner))
        return attempt_refuse(&taking->attempt, DEPUTY_E_GRANT_OWNER);
    if (item->terminal || (item->has_depth && item->depth <= 0))
        return attempt_refuse(&taking->attempt, DEPUTY_E_GRANT_TERMINAL);
    return DEPUTY_OK;
}

static enum deputy_error host_check(const struct taking *taking, struct deputy_slice host)
{
    if (!deputy_slice_present(host))
        return DEPUTY_OK;
    for (size_t i = 0; i < taking->rules->host_count; i++) {
        if (deputy_slice_equal(text_without_slashes(host), text_without_slashes(taking->rules->hosts[i])))
            return DEPUTY_OK;
    }
    return attempt_refuse_about(&taking->attempt, DEPUTY_E_GRANT_HOST, host);
}

static bool is_proof(const struct deputy_delegation *item, struct deputy_slice text)
{
    struct deputy_cid cid;
    if (deputy_cid_parse(&cid, text) != DEPUTY_OK)
        return false;
    for (size_t i = 0; i < item->proof_count; i++) {
        if (!item->proofs[i].foreign && deputy_cid_equal(&item->proofs[i].cid, &cid))
            return true;
    }
    return false;
}

/* Two members that not every wrapper has, and that a client needs no value of: who delegates, and by what. */
static enum deputy_error delegator_check(
        const struct taking *taking, const struct deputy_delegation *item, struct deputy_slice json)
{
    const struct json_value *root;
    TRY(json_parse(taking->attempt.arena, &root, json));
    const struct json_value *delegator = json_member(root, "delegatorDID");
    const struct json_value *parent = json_member(root, "parentCid");
    if (delegator != NULL &&
            (delegator->kind != JSON_STRING || !same_principal(delegator->text, item->issuer)))
        return attempt_refuse_about(
                &taking->attempt, DEPUTY_E_GRANT_DELEGATOR, deputy_slice_text("delegator"));
    if (parent != NULL && (parent->kind != JSON_STRING || !is_proof(item, parent->text)))
        return attempt_refuse_about(&taking->attempt, DEPUTY_E_GRANT_DELEGATOR, deputy_slice_text("parent"));
    return DEPUTY_OK;
}

static enum deputy_error part_take(struct taking *taking, size_t index)
{
    struct deputy_portable portable;
    struct deputy_delegation *item = &taking->items[index];
    TRY(deputy_portable_parse(
            taking->attempt.arena, &portable, item, taking->attempt.refusal, taking->parts[index]));
    taking->resources += portable.resources.count;
    TRY(parties_check(taking, item));
    TRY(host_check(taking, portable.host));
    TRY(delegator_check(taking, item, portable.json));
    return known_token_read(&taking->attempt, &taking->tokens[index], portable.header);
}

/* ---- all of them ---- */

static enum deputy_error split_error(const struct taking *taking, enum deputy_error error)
{
    if (error == DEPUTY_E_JSON_TYPE || error == DEPUTY_E_JSON_NUMBER)
        return attempt_refuse(&taking->attempt, DEPUTY_E_GRANT_BUNDLE);
    return error;
}

static enum deputy_error split(struct taking *taking, struct deputy_slice serialized)
{
    struct deputy_slice *parts;
    ENSURE(serialized.len <= INTAKE_MAX_BYTES, DEPUTY_E_LIMIT);
    enum deputy_error result = deputy_bundle_split_of(taking->attempt.arena, &parts, &taking->part_count,
            serialized, taking->rules->formats, taking->rules->format_count);
    taking->parts = parts;
    return result == DEPUTY_OK ? DEPUTY_OK : split_error(taking, result);
}

static enum deputy_error room_make(struct taking *taking, size_t proof_count)
{
    struct deputy_arena *arena = taking->attempt.arena;
    taking->items = ARENA_ARRAY(arena, struct deputy_delegation, taking->part_count);
    taking->tokens = ARENA_ARRAY(arena, struct deputy_verified_token, taking->part_count);
    taking->known.items = ARENA_ARRAY(arena, struct deputy_verified_token, taking->part_count + proof_count);
    ENSURE(taking->items != NULL && taking->tokens != NULL && taking->known.items != NULL,
            arena_error(arena));
    return DEPUTY_OK;
}

static enum deputy_error parts_take(struct taking *taking)
{
    for (size_t i = 0; i < taking->part_count; i++) {
        TRY(part_take(taking, i));
        taking->known.items[taking->known.count++] = taking->tokens[i];
    }
    ENSURE(taking->resources <= INTAKE_MAX_RESOURCES, DEPUTY_E_LIMIT);
    return DEPUTY_OK;
}

/* The policy is asked of all together: a client makes one delegation a space. */
static enum deputy_error policy_check(const struct taking *taking)
{
    struct permission_list held = permission_list_make(taking->attempt.arena);
    for (size_t i = 0; i < taking->part_count; i++) {
        const struct deputy_permissions *one = &taking->items[i].authority.held;
        for (size_t j = 0; j < one->count; j++)
            TRY(permission_list_push(&held, &one->items[j]));
    }
    return backend_wants_check(
            taking->attempt.arena, taking->attempt.refusal, taking->wants, permission_list_view(&held));
}

/* Long enough to be of use, and not for later only. */
static enum deputy_error times_check(const struct taking *taking, struct deputy_time *expires)
{
    struct deputy_time earliest = time_add_ms(taking->now, INTAKE_MAX_EARLY_S * INT64_C(1000));
    *expires = taking->items[0].authority.expiry;
    for (size_t i = 0; i < taking->part_count; i++) {
        const struct deputy_authority *authority = &taking->items[i].authority;
        const struct deputy_window *window = &taking->tokens[i].token->window;
        if (authority_over_within(authority, taking->now, INTAKE_MIN_LIFE_MS))
            return attempt_refuse(&taking->attempt, DEPUTY_E_GRANT_SHORT);
        if (window->has_not_before && deputy_time_compare(window->not_before, earliest) > 0)
            return attempt_refuse(&taking->attempt, DEPUTY_E_GRANT_EARLY);
        if (deputy_time_compare(authority->expiry, *expires) < 0)
            *expires = authority->expiry;
    }
    return DEPUTY_OK;
}

/* Proofs have no say of their own: one that cannot be read is one that was not given. */
static enum deputy_error proofs_add(struct taking *taking, const struct intake_proofs *proofs)
{
    struct deputy_refusal ignored;
    const struct attempt attempt = attempt_make(taking->attempt.arena, &ignored);
    for (size_t i = 0; i < proofs->count; i++) {
        struct deputy_verified_token token;
        enum deputy_error result = known_token_read(&attempt, &token, proofs->headers[i]);
        if (error_is_of_memory(result))
            return result;
        if (result == DEPUTY_OK)
            taking->known.items[taking->known.count++] = token;
    }
    return DEPUTY_OK;
}

/* One that begins within the next minute is judged at its beginning: clocks differ. */
static struct deputy_time judged_at(const struct taking *taking, size_t index)
{
    const struct deputy_window *window = &taking->tokens[index].token->window;
    bool later = window->has_not_before && deputy_time_compare(window->not_before, taking->now) > 0;
    return later ? window->not_before : taking->now;
}

static enum deputy_error lineages_check(const struct taking *taking, bool *rooted)
{
    *rooted = true;
    for (size_t i = 0; i < taking->part_count; i++) {
        bool known;
        TRY(lineage_admit(&taking->attempt, &known, taking->tokens[i], &taking->known, judged_at(taking, i)));
        *rooted = *rooted && known;
    }
    return DEPUTY_OK;
}

static enum deputy_error take(struct taking *taking, struct intake *out, struct deputy_slice serialized,
        const struct intake_proofs *proofs)
{
    TRY(split(taking, serialized));
    TRY(room_make(taking, proofs->count));
    TRY(parts_take(taking));
    TRY(policy_check(taking));
    TRY(times_check(taking, &out->expires));
    TRY(proofs_add(taking, proofs));
    TRY(lineages_check(taking, &out->rooted));
    out->items = taking->items;
    out->count = taking->part_count;
    return DEPUTY_OK;
}

enum deputy_error intake_take(struct deputy_arena *arena, struct intake *out, struct deputy_refusal *refusal,
        const struct intake_rules *rules, const struct backend_wants *wants, struct deputy_slice serialized,
        const struct intake_proofs *proofs, struct deputy_time now)
{
    struct intake taken = {0};
    struct taking taking = {
            .attempt = attempt_make(arena, refusal), .rules = rules, .wants = wants, .now = now};
    ENSURE(proofs->count <= INTAKE_MAX_PROOFS, DEPUTY_E_ARGUMENT);
    enum deputy_error result = take(&taking, &taken, serialized, proofs);
    if (result == DEPUTY_E_LIMIT)
        result = attempt_refuse(&taking.attempt, DEPUTY_E_GRANT_SIZE);
    if (attempt_end(&taking.attempt, result) == DEPUTY_OK)
        *out = taken;
    return result;
}
