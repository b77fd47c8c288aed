/* What is signed before a grant can be used: for each delegation of it, what the policy asks for and no
 * earlier one gives, from the identity to the session key (spec/07 E15 and E17). */
#include "backend/activation.h"
#include "base/arena.h"
#include "base/time.h"
#include "base/try.h"
#include "crypto/random.h"
#include "grant/authority.h"
#include "grant/names.h"
#include "grant/permission.h"
#include "grant/signin.h"
#include <deputy/request.h>

enum { WORK_ARENA = 32 * 1024 * 1024, POSTS_ARENA = 4 * 1024 * 1024 };

/* The domain that messages of a backend name: nobody sees them. */
static const char message_domain[] = "app.tinycloud.xyz";

struct preparing {
    struct attempt attempt; /* with an arena that ends with the preparing */
    const struct backend *backend;
    const struct intake *taken;
    const struct backend_wants *wants;
    struct deputy_permissions asked; /* an entry an action, in the order of the shape */
    uint8_t *given;                  /* for each of them by which post, or SHAPE_NONE */
    struct activation_post *posts;
    size_t count;
    struct deputy_time now, ends;
};

/* ---- what is asked ---- */

static enum deputy_error asked_list(struct preparing *preparing)
{
    struct deputy_arena *arena = preparing->attempt.arena;
    struct deputy_permissions placed;
    struct deputy_permission *items;
    size_t count = 0;
    TRY(backend_wants_place(arena, &placed, preparing->attempt.refusal, preparing->wants));
    for (size_t i = 0; i < placed.count; i++)
        count += placed.items[i].action_count;
    items = ARENA_ARRAY(arena, struct deputy_permission, count + 1);
    preparing->given = ARENA_ARRAY(arena, uint8_t, count + 1);
    ENSURE(items != NULL && preparing->given != NULL, arena_error(arena));
    memset(preparing->given, SHAPE_NONE, count);
    preparing->asked = (struct deputy_permissions){items, count};
    for (size_t i = 0; i < placed.count; i++) {
        for (size_t j = 0; j < placed.items[i].action_count; j++) {
            *items = placed.items[i];
            items->actions = &placed.items[i].actions[j];
            items++->action_count = 1;
        }
    }
    return DEPUTY_OK;
}

/* What no post gives so far. */
static enum deputy_error open_list(const struct preparing *preparing, struct deputy_permissions *out)
{
    struct deputy_arena *arena = preparing->attempt.arena;
    struct deputy_permission *items =
            ARENA_ARRAY(arena, struct deputy_permission, preparing->asked.count + 1);
    ENSURE(items != NULL, arena_error(arena));
    *out = (struct deputy_permissions){items, 0};
    for (size_t i = 0; i < preparing->asked.count; i++) {
        if (preparing->given[i] == SHAPE_NONE)
            items[out->count++] = preparing->asked.items[i];
    }
    return DEPUTY_OK;
}

static bool same_asked(const struct deputy_permission *a, const struct deputy_permission *b)
{
    return deputy_slice_equal(a->service, b->service) && deputy_slice_equal(a->space, b->space) &&
           deputy_slice_equal(a->path, b->path) && deputy_slice_equal(a->actions[0], b->actions[0]);
}

/* Writes the post's number behind all that the delegation holds; *some when there is any. */
static enum deputy_error give(
        struct preparing *preparing, const struct deputy_delegation *delegation, bool *some)
{
    struct deputy_arena *arena = preparing->attempt.arena;
    struct deputy_permissions open, held, missing;
    size_t at = 0;
    *some = false;
    TRY(open_list(preparing, &open));
    TRY(backend_held_canonical(arena, &held, delegation->authority.held));
    TRY(deputy_subset_check(arena, &missing, open, held));
    for (size_t i = 0; i < preparing->asked.count; i++) {
        if (preparing->given[i] != SHAPE_NONE)
            continue;
        /* What is missing keeps its order. */
        if (at < missing.count && same_asked(&missing.items[at], &preparing->asked.items[i])) {
            at++;
            continue;
        }
        preparing->given[i] = (uint8_t)preparing->count;
        *some = true;
    }
    return DEPUTY_OK;
}

/* ---- what is signed ---- */

struct space_rows {
    struct deputy_slice space;
    struct ability_rows rows;
};

static struct space_rows *rows_of(
        struct preparing *preparing, struct space_rows *spaces, size_t *count, struct deputy_slice space)
{
    for (size_t i = 0; i < *count; i++) {
        if (deputy_slice_equal(spaces[i].space, space))
            return &spaces[i];
    }
    spaces[*count] = (struct space_rows){space, ability_rows_make(preparing->attempt.arena)};
    return &spaces[(*count)++];
}

static enum deputy_error plan_sort(
        struct preparing *preparing, struct space_rows *spaces, size_t *count, struct ability_rows *networks)
{
    for (size_t i = 0; i < preparing->asked.count; i++) {
        const struct deputy_permission *item = &preparing->asked.items[i];
        struct deputy_slice service = service_short(item->service);
        if (preparing->given[i] != preparing->count)
            continue;
        ENSURE(deputy_slice_present(service), DEPUTY_E_SERVICE_UNKNOWN);
        bool network = deputy_slice_equal(item->service, deputy_slice_text(SERVICE_ENCRYPTION));
        struct ability_rows *rows =
                network ? networks : &rows_of(preparing, spaces, count, item->space)->rows;
        TRY(ability_rows_add(rows, service, item->path, item->actions, 1));
    }
    return DEPUTY_OK;
}

/* All that the post gives. */
static enum deputy_error plan_make(struct preparing *preparing, struct deputy_plan *plan)
{
    struct deputy_arena *arena = preparing->attempt.arena;
    size_t count = 0;
    struct ability_rows networks = ability_rows_make(arena);
    struct space_rows *spaces = ARENA_ARRAY(arena, struct space_rows, preparing->asked.count + 1);
    ENSURE(spaces != NULL, arena_error(arena));
    TRY(plan_sort(preparing, spaces, &count, &networks));
    struct deputy_space_abilities *out = ARENA_ARRAY(arena, struct deputy_space_abilities, count + 1);
    ENSURE(out != NULL, arena_error(arena));
    for (size_t i = 0; i < count; i++)
        out[i] = (struct deputy_space_abilities){spaces[i].space, spaces[i].rows.rows, spaces[i].rows.count};
    *plan = (struct deputy_plan){
            .spaces = out, .space_count = count, .raw = networks.rows, .raw_count = networks.count};
    return DEPUTY_OK;
}

static enum deputy_error message_frame(const struct preparing *preparing, struct deputy_sign_in *out)
{
    struct deputy_arena *arena = preparing->attempt.arena;
    uint8_t random[32];
    *out = (struct deputy_sign_in){
            .account = {.chain = BACKEND_CHAIN}, .domain = deputy_slice_text(message_domain)};
    TRY(deputy_key_address(out->account.address, backend_identity_key(preparing->backend->identity)));
    random_bytes(random, sizeof random);
    TRY(deputy_nonce_make(arena, &out->nonce, random));
    TRY(time_iso(arena, &out->issued_at, preparing->now));
    return time_iso(arena, &out->expiration_time, preparing->ends);
}

static enum deputy_error message_sign(struct preparing *preparing, struct deputy_signed_message *out,
        const struct deputy_delegation *delegation)
{
    const struct backend *backend = preparing->backend;
    struct deputy_sign_in frame;
    struct deputy_plan plan;
    struct deputy_slice siwe;
    uint8_t signature[65];
    TRY(plan_make(preparing, &plan));
    TRY(message_frame(preparing, &frame));
    TRY(message_for_plan(&preparing->attempt, &siwe, &plan, backend->session.did_url,
            &delegation->authority.cid, 1, &frame));
    TRY(deputy_key_sign_eip191(signature, backend_identity_key(backend->identity), siwe));
    return deputy_message_complete(preparing->attempt.arena, out, siwe, signature);
}

static enum deputy_error post_make(
        struct preparing *preparing, struct deputy_arena *arena, const struct deputy_delegation *delegation)
{
    struct activation_post *post = &preparing->posts[preparing->count];
    struct deputy_signed_message message;
    bool some;
    TRY(give(preparing, delegation, &some));
    if (!some)
        return DEPUTY_OK;
    TRY(message_sign(preparing, &message, delegation));
    post->received_cid = delegation->authority.cid;
    post->handed_on_cid = message.cid;
    TRY(arena_copy(arena, &post->received, delegation->authority.header));
    TRY(arena_copy(arena, &post->handed_on, message.header));
    preparing->count++;
    return DEPUTY_OK;
}

/* ---- the session ---- */

static struct deputy_time earlier(struct deputy_time a, struct deputy_time b)
{
    return deputy_time_compare(a, b) < 0 ? a : b;
}

static enum deputy_error session_fill(struct activation *activation, const struct preparing *preparing)
{
    struct shape *shape = NULL;
    TRY(sessions_shape(&shape, preparing->backend->sessions, preparing->wants));
    struct session *session = session_make(activation->owner, shape, preparing->count);
    shape_release(shape);
    ENSURE(session != NULL, DEPUTY_E_NOMEM);
    for (size_t i = 0; i < preparing->count; i++)
        *session_cid(session, i) = preparing->posts[i].handed_on_cid;
    memcpy(session_given(session), preparing->given, preparing->asked.count);
    session->renews = time_add_ms(preparing->now, SESSION_RENEW_S * INT64_C(1000));
    session->ends = preparing->ends;
    activation->session = session;
    return DEPUTY_OK;
}

static enum deputy_error posts_make(struct activation *activation, struct preparing *preparing)
{
    const struct intake *taken = preparing->taken;
    TRY(deputy_arena_create(&activation->arena, POSTS_ARENA));
    preparing->posts = ARENA_ARRAY(activation->arena, struct activation_post, taken->count);
    ENSURE(preparing->posts != NULL, arena_error(activation->arena));
    preparing->ends = earlier(taken->expires, time_add_ms(preparing->now, SESSION_LIFE_S * INT64_C(1000)));
    TRY(asked_list(preparing));
    for (size_t i = 0; i < taken->count; i++)
        TRY(post_make(preparing, activation->arena, &taken->items[i]));
    activation->posts = preparing->posts;
    return session_fill(activation, preparing);
}

/* ---- the grant that is kept ---- */

static struct ending fault_of(enum deputy_error code, enum backend_blame blame)
{
    return (struct ending){code, blame};
}

/* It was good when it was taken: what has changed since is its time, or what the backend takes. */
static struct ending fault_of_intake(enum deputy_error code)
{
    if (error_is_of_memory(code))
        return fault_of(code, BLAME_BACKEND);
    return fault_of(code == DEPUTY_E_GRANT_SHORT ? DEPUTY_E_DELEGATION_EXPIRED : DEPUTY_E_DELEGATION_STALE,
            BLAME_GRANT);
}

static struct ending kept_find(struct preparing *preparing, struct grant *grant, struct backend_wants *wants,
        const uint8_t owner[20])
{
    struct deputy_arena *arena = preparing->attempt.arena;
    const struct backend *backend = preparing->backend;
    enum deputy_error result =
            backend_policy_for(arena, wants, preparing->attempt.refusal, &backend->policy, owner);
    if (result != DEPUTY_OK)
        return fault_of(result, BLAME_BACKEND);
    if (grants_find(arena, grant, backend->grants, wants, preparing->now) != DEPUTY_OK)
        return fault_of(DEPUTY_E_STORE_UNAVAILABLE, BLAME_BACKEND);
    switch (grant->state) {
    case GRANT_NONE:
        return fault_of(DEPUTY_E_NO_DELEGATION, BLAME_GRANT);
    case GRANT_EXPIRED:
        return fault_of(DEPUTY_E_DELEGATION_EXPIRED, BLAME_GRANT);
    case GRANT_STALE:
        return fault_of(DEPUTY_E_DELEGATION_STALE, BLAME_GRANT);
    default:
        return fault_of(DEPUTY_OK, BLAME_GRANT);
    }
}

/* Reads and judges it. */
static struct ending kept_take(struct activation *activation, struct preparing *preparing)
{
    struct deputy_arena *arena = preparing->attempt.arena;
    const struct intake_proofs none = {NULL, 0};
    struct backend_wants *wants = ARENA_NEW(arena, struct backend_wants);
    struct intake *taken = ARENA_NEW(arena, struct intake);
    struct grant grant;
    if (wants == NULL || taken == NULL)
        return fault_of(DEPUTY_E_NOMEM, BLAME_BACKEND);
    struct ending fault = kept_find(preparing, &grant, wants, activation->owner);
    if (fault.code != DEPUTY_OK)
        return fault;
    enum deputy_error result = intake_take(arena, taken, preparing->attempt.refusal,
            &preparing->backend->intake, wants, grant.serialized, &none, preparing->now);
    if (result != DEPUTY_OK)
        return fault_of_intake(result);
    preparing->taken = taken;
    preparing->wants = wants;
    return fault;
}

static struct ending prepare(struct activation *activation, struct deputy_arena *arena)
{
    struct deputy_refusal refusal;
    struct preparing preparing = {.attempt = attempt_make(arena, &refusal),
            .backend = activation->on->backend,
            .taken = activation->taken,
            .wants = activation->wants,
            .now = backend_now(activation->on->backend)};
    struct ending fault = {DEPUTY_OK, BLAME_GRANT};
    if (preparing.taken == NULL)
        fault = kept_take(activation, &preparing);
    if (fault.code != DEPUTY_OK)
        return fault;
    return fault_of(posts_make(activation, &preparing), BLAME_BACKEND);
}

void activation_prepare(struct activation *activation)
{
    struct deputy_arena *arena = NULL;
    if (deputy_arena_create(&arena, WORK_ARENA) != DEPUTY_OK) {
        activation->fault = fault_of(DEPUTY_E_NOMEM, BLAME_BACKEND);
        return;
    }
    activation->fault = prepare(activation, arena);
    deputy_arena_destroy(arena);
}
