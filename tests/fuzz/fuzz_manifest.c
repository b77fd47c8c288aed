/* Manifests: an input is the JSON of one, from its reading to the text that a wallet would sign for it. */
#include "property.h"
#include <deputy/session.h>

/* The account 0x0101…, the session key of the seed 0x0202…, and the first day of 2026. */
static const struct deputy_account OWNER = {
        .chain = 1, .address = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}};

static const struct deputy_key *session_seed(void)
{
    static struct deputy_key *key = NULL;
    uint8_t seed[32];
    memset(seed, 2, sizeof seed);
    if (key == NULL)
        HOLDS(deputy_key_import(&key, DEPUTY_KEY_ED25519, seed) == DEPUTY_OK);
    return key;
}

/* A refusal says the code that was returned, and has a text. */
static bool accepted(enum deputy_error result, const struct deputy_refusal *refusal)
{
    struct deputy_slice text;
    HOLDS(refusal->code == result);
    if (result == DEPUTY_OK)
        return true;
    HOLDS(deputy_refusal_format(fuzz_arena_kept(), &text, refusal) == DEPUTY_OK && text.len > 0);
    return false;
}

/* Once resolved, each entry is whole: a long service, URNs, a space where one is due, and a bounded life. */
static void entries_are_whole(struct deputy_permissions permissions)
{
    for (size_t i = 0; i < permissions.count; i++) {
        const struct deputy_permission *entry = &permissions.items[i];
        HOLDS(entry->service.len > 0 && entry->action_count > 0);
        HOLDS(deputy_slice_present(entry->path));
        HOLDS(!deputy_slice_present(entry->caveats));
        HOLDS(entry->expiry_ms >= 0 && entry->expiry_ms <= DEPUTY_LIFETIME_MAX_MS);
        for (size_t action = 0; action < entry->action_count; action++)
            HOLDS(memchr(entry->actions[action].ptr, '/', entry->actions[action].len) != NULL);
    }
}

/* Nothing is missing of what stands in either list. */
static void must_cover(struct deputy_permissions wanted, struct deputy_permissions held)
{
    struct deputy_permissions missing;
    HOLDS(deputy_subset_check(fuzz_arena_kept(), &missing, wanted, held) == DEPUTY_OK);
    HOLDS(missing.count == 0);
}

static size_t plan_actions(const struct deputy_plan *plan)
{
    size_t count = 0;
    for (size_t space = 0; space < plan->space_count; space++) {
        for (size_t row = 0; row < plan->spaces[space].row_count; row++)
            count += plan->spaces[space].rows[row].action_count;
    }
    for (size_t row = 0; row < plan->raw_count; row++)
        count += plan->raw[row].action_count;
    return count;
}

/* What the text grants: the actions of the plan, one by one, and so no more than was asked for. */
static void text_grants_the_plan(
        struct deputy_slice siwe, const struct deputy_plan *plan, const struct deputy_request *request)
{
    struct deputy_arena *arena = fuzz_arena_kept();
    struct deputy_permissions held;
    struct deputy_refusal refusal;
    struct deputy_permission *wanted = calloc(request->resources.count, sizeof *wanted);
    HOLDS(wanted != NULL);
    HOLDS(deputy_siwe_permissions(arena, &held, siwe) == DEPUTY_OK);
    size_t granted = 0;
    for (size_t i = 0; i < held.count; i++)
        granted += held.items[i].action_count;
    HOLDS(granted == plan_actions(plan));
    for (size_t i = 0; i < request->resources.count; i++) {
        wanted[i] = request->resources.items[i];
        if (deputy_slice_present(wanted[i].space) &&
                !deputy_slice_equal(wanted[i].space, deputy_slice_text("encryption")))
            HOLDS(deputy_space_id(arena, &wanted[i].space, &refusal, &OWNER, wanted[i].space) == DEPUTY_OK);
    }
    must_cover((struct deputy_permissions){wanted, request->resources.count}, held);
    free(wanted);
}

static void sign_in(const struct deputy_plan *plan, const struct deputy_request *request)
{
    struct deputy_arena *arena = fuzz_arena_kept();
    struct deputy_session_key key;
    struct deputy_refusal refusal;
    struct deputy_slice siwe;
    struct deputy_sign_in sign_in = {.account = OWNER,
            .domain = deputy_slice_text("app.example.com"),
            .nonce = deputy_slice_text("kEWepMt9knR6lWJ6A")};
    HOLDS(deputy_session_key_make(arena, &key, session_seed(), deputy_slice_text("default")) == DEPUTY_OK);
    HOLDS(deputy_sign_in_times(arena, &sign_in, (struct deputy_time){1767225600, 0},
                  DEPUTY_LIFETIME_SESSION_MS) == DEPUTY_OK);
    if (accepted(deputy_session_prepare(arena, &siwe, &refusal, &key, plan, &sign_in), &refusal))
        text_grants_the_plan(siwe, plan, request);
    else
        HOLDS(refusal.code == DEPUTY_E_LIMIT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct deputy_arena *arena = fuzz_arena();
    const struct deputy_manifest *manifest;
    struct deputy_permissions resolved;
    struct deputy_refusal refusal;
    struct deputy_request request;
    struct deputy_plan plan;
    if (!accepted(
                deputy_manifest_parse(arena, &manifest, &refusal, deputy_slice_bytes(data, size)), &refusal))
        return 0;
    bool resolves = accepted(deputy_manifest_resolve(arena, &resolved, &refusal, manifest), &refusal);
    if (resolves)
        entries_are_whole(resolved);
    if (!accepted(deputy_request_compose(arena, &request, &refusal, &manifest, 1, true), &refusal))
        return 0;
    HOLDS(resolves);
    entries_are_whole(request.resources);
    must_cover(resolved, request.resources);
    if (accepted(deputy_request_plan(arena, &plan, &refusal, &request, &OWNER), &refusal))
        sign_in(&plan, &request);
    return 0;
}
