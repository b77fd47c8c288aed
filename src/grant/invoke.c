/* What a session key does under an authority (spec/05 section 11.5). */
#include "grant/invoke.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/try.h"
#include "grant/authority.h"
#include "grant/child.h"
#include "grant/names.h"
#include "grant/text.h"
#include <deputy/ability.h>
#include <deputy/ucan.h>

enum { INVOKE_MIN_MS = 30000, INVOKE_MAX_MS = 3600000 };

/* Unlike a grant's, the path of an action may be present and empty: that is another URI. */
static enum deputy_error action_uri(
        struct deputy_arena *arena, struct deputy_slice *uri, const struct deputy_action *action)
{
    struct buf text = buf_make(arena, action->space.len + action->service.len + action->path.len + 3);
    buf_put(&text, action->space);
    buf_put_byte(&text, '/');
    buf_put(&text, action->service);
    if (deputy_slice_present(action->path)) {
        buf_put_byte(&text, '/');
        buf_put(&text, action->path);
    }
    return buf_finish(&text, uri);
}

static enum deputy_error action_grant(
        struct deputy_arena *arena, struct deputy_ucan_grant *out, const struct deputy_action *action)
{
    struct deputy_resource resource;
    ENSURE(deputy_ability_parse(NULL, NULL, action->action) == DEPUTY_OK, DEPUTY_E_ACTION_NAME);
    *out = (struct deputy_ucan_grant){.resource = action->path, .ability = action->action};
    if (text_is(action->service, SPACE_ENCRYPTION)) {
        TRY(deputy_resource_parse(&resource, out->resource));
        ENSURE(resource.kind == DEPUTY_RESOURCE_NETWORK, DEPUTY_E_NETWORK);
        return DEPUTY_OK;
    }
    ENSURE(name_usable(action->service), DEPUTY_E_SERVICE_NAME);
    ENSURE(path_usable(action->path), DEPUTY_E_PATH_INVALID);
    TRY(action_uri(arena, &out->resource, action));
    TRY(deputy_resource_parse(&resource, out->resource));
    ENSURE(resource.kind == DEPUTY_RESOURCE_SPACE, DEPUTY_E_RESOURCE);
    return DEPUTY_OK;
}

static double clamp(double value, double low, double high)
{
    if (value < low)
        return low;
    return value > high ? high : value;
}

/* Seconds of the end with their milliseconds, as the double that lies nearest. */
static double end_seconds(struct deputy_time now, double lifetime_ms)
{
    uint32_t whole_ms = now.nsec / 1000000;
    double ms = (double)now.sec * 1000 + whole_ms + clamp(lifetime_ms, INVOKE_MIN_MS, INVOKE_MAX_MS);
    return ms / 1000;
}

enum deputy_error session_ask_citing(struct deputy_arena *arena, struct deputy_slice *header,
        const struct deputy_session_key *key, const struct deputy_cid *proofs, size_t proof_count,
        const struct deputy_action *actions, size_t count, struct deputy_slice facts,
        struct deputy_slice nonce, double lifetime_ms, struct deputy_slice node, struct deputy_time now)
{
    ENSURE(count > 0 && count <= DEPUTY_TOKEN_MAX_CAPABILITIES, DEPUTY_E_ARGUMENT);
    struct deputy_ucan_grant *grants = ARENA_ARRAY(arena, struct deputy_ucan_grant, count);
    ENSURE(grants != NULL, arena_error(arena));
    for (size_t i = 0; i < count; i++)
        TRY(action_grant(arena, &grants[i], &actions[i]));
    struct deputy_ucan_claims claims = {.form = session_key_form(key),
            .issuer = key->did_url,
            .audience = node,
            .expiry = end_seconds(now, lifetime_ms),
            .nonce = nonce,
            .facts = facts,
            .proofs = proofs,
            .proof_count = proof_count,
            .grants = grants,
            .grant_count = count};
    return deputy_ucan_build(arena, header, key->key, key->kid, &claims);
}

enum deputy_error deputy_session_ask(struct deputy_arena *arena, struct deputy_slice *header,
        const struct deputy_session_key *key, const struct deputy_authority *authority,
        const struct deputy_action *actions, size_t count, struct deputy_slice facts,
        struct deputy_slice nonce, double lifetime_ms, struct deputy_slice node, struct deputy_time now)
{
    struct deputy_action *placed = ARENA_ARRAY(arena, struct deputy_action, count + 1);
    ENSURE(placed != NULL, arena_error(arena));
    for (size_t i = 0; i < count; i++) {
        placed[i] = actions[i];
        if (!deputy_slice_present(placed[i].space))
            placed[i].space = authority->space;
    }
    return session_ask_citing(
            arena, header, key, &authority->cid, 1, placed, count, facts, nonce, lifetime_ms, node, now);
}

enum deputy_error deputy_session_invoke(struct deputy_arena *arena, struct deputy_slice *header,
        const struct deputy_session_key *key, const struct deputy_authority *authority,
        const struct deputy_action *actions, size_t count, struct deputy_slice facts,
        struct deputy_slice nonce, double lifetime_ms, struct deputy_time now)
{
    return deputy_session_ask(
            arena, header, key, authority, actions, count, facts, nonce, lifetime_ms, key->did, now);
}
