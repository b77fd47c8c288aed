/* Delegations as they are handed over: an input is the JSON of one or of a bundle, received by the key of the
 * seed 0x2222… on 2026-01-01. */
#include "property.h"
#include <deputy/portable.h>

#define HOST "https://node.example"

static const struct deputy_time NOW = {1767225600, 0};

static const struct deputy_session_key *receiver(void)
{
    static struct deputy_key *key = NULL;
    static struct deputy_session_key receiver;
    static struct deputy_arena *arena = NULL;
    uint8_t seed[32];
    memset(seed, 0x22, sizeof seed);
    if (key == NULL) {
        HOLDS(deputy_arena_create(&arena, 4096) == DEPUTY_OK);
        HOLDS(deputy_key_import(&key, DEPUTY_KEY_ED25519, seed) == DEPUTY_OK);
        HOLDS(deputy_session_key_make(arena, &receiver, key, (struct deputy_slice){0}) == DEPUTY_OK);
    }
    return &receiver;
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

static bool same_principal(struct deputy_slice a, struct deputy_slice b)
{
    struct deputy_principal left = deputy_principal_of(a), right = deputy_principal_of(b);
    return deputy_principal_equal(&left, &right);
}

static bool same_space(struct deputy_slice a, struct deputy_slice b)
{
    struct deputy_slice left, right;
    struct deputy_space space;
    HOLDS(deputy_space_parse(&space, a) == DEPUTY_OK);
    HOLDS(deputy_space_format(fuzz_arena_kept(), &left, &space) == DEPUTY_OK);
    HOLDS(deputy_space_parse(&space, b) == DEPUTY_OK);
    HOLDS(deputy_space_format(fuzz_arena_kept(), &right, &space) == DEPUTY_OK);
    return deputy_slice_equal(left, right);
}

/* The wrapper says nothing that is not signed. */
static void wrapper_says_what_is_signed(
        const struct deputy_portable *portable, const struct deputy_delegation *delegation)
{
    struct deputy_cid cid;
    HOLDS(deputy_cid_parse(&cid, portable->cid) == DEPUTY_OK);
    HOLDS(deputy_cid_equal(&cid, &delegation->authority.cid));
    HOLDS(same_principal(portable->delegate, delegation->audience));
    HOLDS(!deputy_slice_present(delegation->authority.space) ||
            same_space(portable->space, delegation->authority.space));
    if (delegation->authority.has_expiry)
        HOLDS(deputy_time_compare(portable->expiry, delegation->authority.expiry) <= 0);
}

/* It can be kept: written out of the signed bytes alone. */
static void delegation_is_written(const struct deputy_delegation *delegation)
{
    struct deputy_slice json;
    HOLDS(deputy_delegation_format(fuzz_arena_kept(), &json, delegation, (struct deputy_slice){0}) ==
            DEPUTY_OK);
    HOLDS(json.len > 0);
}

static bool starts_with_host(struct deputy_slice text)
{
    struct deputy_slice host = deputy_slice_text(HOST);
    return text.len >= host.len && memcmp(text.ptr, host.ptr, host.len) == 0;
}

/* Taken into use by this key only, and only while it lasts. */
static void activation_is_for_the_receiver(const struct deputy_portable *portable, bool verified)
{
    struct deputy_arena *arena = fuzz_arena_kept();
    struct deputy_delegation delegation;
    struct deputy_refusal refusal;
    if (!accepted(deputy_portable_activate(arena, &delegation, &refusal, receiver(), portable,
                          DEPUTY_RECEIVE_VALIDATED, deputy_slice_text(HOST), NOW),
                &refusal))
        return;
    HOLDS(verified);
    HOLDS(same_principal(delegation.audience, receiver()->did));
    HOLDS(delegation.authority.has_expiry && deputy_time_compare(NOW, delegation.authority.expiry) < 0);
    HOLDS(!deputy_slice_present(portable->host) || starts_with_host(portable->host));
}

static void part_is_read(struct deputy_slice json)
{
    struct deputy_arena *arena = fuzz_arena_kept();
    struct deputy_portable portable;
    struct deputy_delegation delegation;
    struct deputy_refusal refusal;
    if (!accepted(deputy_portable_read(arena, &portable, &refusal, json), &refusal))
        return;
    bool verified = accepted(deputy_portable_verify(arena, &delegation, &refusal, &portable), &refusal);
    if (verified) {
        wrapper_says_what_is_signed(&portable, &delegation);
        delegation_is_written(&delegation);
    }
    activation_is_for_the_receiver(&portable, verified);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct deputy_slice *parts;
    size_t count;
    if (deputy_bundle_split(fuzz_arena(), &parts, &count, deputy_slice_bytes(data, size)) != DEPUTY_OK)
        return 0;
    HOLDS(count > 0);
    for (size_t i = 0; i < count; i++)
        part_is_read(parts[i]);
    return 0;
}
