/* One delegation in the answer of /delegation/query (spec/03 section 6.4). */
#include "base/time.h"
#include "base/try.h"
#include "node/authority.h"
#include "node/delegation_query.h"

/* NULL: its ancestors cannot all be looked at, so nothing true can be said. */
static const char *status_of(const struct query *query, const struct deputy_closure *closure)
{
    const struct deputy_window *window = &closure->links[0].token->window;
    switch (deputy_delegation_standing(closure, query->now)) {
    case DEPUTY_STANDING_ACTIVE:
        return "active";
    case DEPUTY_STANDING_EXPIRED:
        return "expired";
    case DEPUTY_STANDING_REVOKED:
        return closure->links[0].revoked ? "revoked" : "ancestor_revoked";
    case DEPUTY_STANDING_UNAVAILABLE:
        break;
    }
    bool early = window->has_not_before && deputy_time_compare(query->now, window->not_before) < 0;
    return early ? "pending" : NULL;
}

static bool has_status(const struct query *query, const char *status)
{
    if (!deputy_slice_present(query->status))
        return true;
    return deputy_slice_equal(query->status, deputy_slice_text(status)) ||
           (deputy_slice_equal(query->status, deputy_slice_text("revoked")) &&
                   strcmp(status, "ancestor_revoked") == 0);
}

static bool names_space(const struct query *query, const struct deputy_token *token)
{
    struct deputy_space wanted;
    bool is_id = deputy_space_parse(&wanted, query->space) == DEPUTY_OK;
    for (size_t i = 0; i < token->capability_count; i++) {
        const struct deputy_resource *resource = &token->capabilities[i].resource;
        if (resource->kind != DEPUTY_RESOURCE_SPACE)
            continue;
        if (is_id ? deputy_space_equal(&resource->space, &wanted)
                  : deputy_slice_equal(resource->space.name, query->space))
            return true;
    }
    return false;
}

static enum deputy_error put_moment(struct deputy_arena *scratch, struct json_writer *json, const char *name,
        const struct deputy_time *time)
{
    struct deputy_slice text;
    struct buf out = buf_make(scratch, 64);
    json_key(json, name);
    if (time == NULL) {
        json_null(json);
        return DEPUTY_OK;
    }
    time_put_utc(&out, *time);
    TRY(buf_finish(&out, &text));
    json_text(json, text);
    return DEPUTY_OK;
}

/* Neighbours with one resource and the same caveats stand together. */
static size_t group_end(const struct deputy_token *token, size_t from)
{
    const struct deputy_capability *first = &token->capabilities[from];
    size_t end = from + 1;
    while (end < token->capability_count &&
            deputy_resource_equal(&token->capabilities[end].resource, &first->resource) &&
            deputy_slice_equal(token->capabilities[end].caveats, first->caveats))
        end++;
    return end;
}

static enum deputy_error put_resources(
        struct deputy_arena *scratch, struct json_writer *json, const struct deputy_token *token)
{
    json_key(json, "resources");
    json_array_begin(json);
    for (size_t at = 0, end; at < token->capability_count; at = end) {
        const struct deputy_capability *first = &token->capabilities[at];
        struct deputy_slice resource;
        end = group_end(token, at);
        TRY(deputy_resource_format(scratch, &resource, &first->resource));
        json_object_begin(json);
        json_key(json, "resource");
        json_text(json, resource);
        json_key(json, "actions");
        json_array_begin(json);
        for (; at < end; at++)
            json_text(json, token->capabilities[at].ability);
        json_array_end(json);
        json_key(json, "caveats");
        json_raw(json, deputy_slice_present(first->caveats) ? first->caveats : deputy_slice_text("[{}]"));
        json_object_end(json);
    }
    json_array_end(json);
    return DEPUTY_OK;
}

static enum deputy_error put_cid(
        struct deputy_arena *scratch, struct json_writer *json, const struct deputy_cid *cid)
{
    struct deputy_slice text;
    TRY(deputy_cid_format(scratch, &text, cid, DEPUTY_CID_BASE32));
    json_text(json, text);
    return DEPUTY_OK;
}

static enum deputy_error put_parties(
        struct query *query, struct json_writer *json, const struct deputy_token *token)
{
    struct deputy_slice delegator, delegatee;
    bool granted = deputy_principal_equal(&token->issuer, &query->account);
    TRY(deputy_principal_format(query->scratch, &delegator, &token->issuer));
    TRY(deputy_principal_format(query->scratch, &delegatee, &token->audience));
    json_key(json, "direction");
    json_text_z(json, granted ? "granted" : "received");
    json_key(json, "delegatorDid");
    json_text(json, delegator);
    json_key(json, "delegateDid");
    json_text(json, delegatee);
    return DEPUTY_OK;
}

static enum deputy_error put_parents(
        struct deputy_arena *scratch, struct json_writer *json, const struct deputy_token *token)
{
    json_key(json, "parents");
    json_array_begin(json);
    for (size_t i = 0; i < token->proof_count; i++)
        TRY(put_cid(scratch, json, &token->proofs[i].cid));
    json_array_end(json);
    return DEPUTY_OK;
}

/* Which revocation it was: its own, or the first one found among its ancestors. */
static enum deputy_error put_revocation(
        struct query *query, struct json_writer *json, const struct deputy_closure *closure)
{
    struct store_revoked revoked;
    uint8_t digest[STORE_DIGEST_BYTES];
    size_t at = 0;
    while (at < closure->count && !closure->links[at].revoked)
        at++;
    if (at == closure->count)
        return DEPUTY_OK;
    TRY(deputy_token_signed_digest(query->scratch, digest, closure->links[at].token));
    TRY(store_revoked_by(query->scratch, &revoked, query->rows, digest));
    if (revoked.found) {
        TRY(put_moment(query->scratch, json, "revokedAt", &revoked.at));
        json_key(json, "revokedBy");
        json_text(json, revoked.revoker);
    }
    if (at > 0) {
        json_key(json, "revokedAncestorCid");
        TRY(put_cid(query->scratch, json, &closure->links[at].token->cid));
    }
    return DEPUTY_OK;
}

static enum deputy_error put_item(struct query *query, struct json_writer *json,
        const struct deputy_closure *closure, const char *status)
{
    const struct deputy_token *token = closure->links[0].token;
    const struct deputy_window *window = &token->window;
    struct deputy_arena *scratch = query->scratch;
    json_object_begin(json);
    json_key(json, "cid");
    TRY(put_cid(scratch, json, &token->cid));
    TRY(put_parties(query, json, token));
    TRY(put_resources(scratch, json, token));
    TRY(put_parents(scratch, json, token));
    TRY(put_moment(scratch, json, "issuedAt", &query->last.issued));
    TRY(put_moment(scratch, json, "notBefore", window->has_not_before ? &window->not_before : NULL));
    TRY(put_moment(scratch, json, "expiresAt", window->has_expiry ? &window->expiry : NULL));
    json_key(json, "status");
    json_text_z(json, status);
    if (strcmp(status, "revoked") == 0 || strcmp(status, "ancestor_revoked") == 0)
        TRY(put_revocation(query, json, closure));
    json_object_end(json);
    return DEPUTY_OK;
}

enum deputy_error query_look_at(struct query *query, struct json_writer *json, const struct store_listed *row)
{
    struct deputy_closure closure;
    struct deputy_cid cid;
    deputy_arena_reset(query->scratch);
    memcpy(cid.digest, row->digest, sizeof cid.digest);
    query->last = *row;
    TRY(authority_load_one(query->scratch, &closure, query->rows, &cid, DEPUTY_CHAIN_MAX));
    if (closure.over_limit || closure.links[0].token == NULL)
        return DEPUTY_OK;
    const char *status = status_of(query, &closure);
    if (status == NULL || !has_status(query, status) ||
            (deputy_slice_present(query->space) && !names_space(query, closure.links[0].token)))
        return DEPUTY_OK;
    query->put++;
    return put_item(query, json, &closure, status);
}
