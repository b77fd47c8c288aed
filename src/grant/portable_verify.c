/* From the wrapper to what was signed (spec/05 section 10.3). */
#include "base/arena.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/time.h"
#include "base/try.h"
#include "grant/authority.h"
#include "grant/portable.h"
#include "grant/text.h"
#include <deputy/cacao.h>
#include <deputy/ucan.h>

/* A UCAN's text has dots, a CACAO's base64url has none. */
static bool is_jwt(struct deputy_slice header)
{
    return text_find(header, '.') < header.len;
}

static enum deputy_error cid_check(const struct attempt *attempt, const struct deputy_portable *portable,
        const struct portable_rules *rules)
{
    struct deputy_slice bytes = portable->header;
    struct deputy_cid declared;
    enum deputy_error result = DEPUTY_OK;
    if (!is_jwt(portable->header))
        result = base64url_read(attempt->arena, &bytes, portable->header, BASE64_PADDED);
    if (error_is_of_memory(result))
        return result;
    struct deputy_cid computed = deputy_cid_of_bytes(bytes);
    if (result != DEPUTY_OK || deputy_cid_parse(&declared, portable->cid) != DEPUTY_OK ||
            !deputy_cid_equal(&declared, &computed))
        return attempt_refuse(attempt, rules->bare ? DEPUTY_E_COMPACT_CID : DEPUTY_E_PORTABLE_CID);
    return DEPUTY_OK;
}

static enum deputy_error capabilities_check(const struct attempt *attempt, const struct deputy_token *token)
{
    for (size_t i = 0; i < token->capability_count; i++) {
        if (!resource_supported(&token->capabilities[i]))
            return attempt_refuse_about(
                    attempt, DEPUTY_E_ACTIVATE_RESOURCE, token->capabilities[i].resource.written);
    }
    if (token->capability_count == 0)
        return attempt_refuse_about(
                attempt, DEPUTY_E_ACTIVATE_MEMBER, deputy_slice_text("has no signed capabilities."));
    return DEPUTY_OK;
}

/* One account that owns all that is granted; chain 0 when there is none or more than one. */
static struct deputy_account owner_of(const struct deputy_token *token)
{
    const struct deputy_principal *first = deputy_resource_owner(&token->capabilities[0].resource);
    struct deputy_account owner = {.chain = 0};
    for (size_t i = 1; i < token->capability_count; i++) {
        if (!deputy_principal_equal(first, deputy_resource_owner(&token->capabilities[i].resource)))
            return owner;
    }
    if (first->kind == DEPUTY_PRINCIPAL_ETHEREUM) {
        owner.chain = first->chain;
        memcpy(owner.address, first->address, sizeof owner.address);
    }
    return owner;
}

static enum deputy_error depth_read(
        struct deputy_arena *arena, struct deputy_delegation *out, struct deputy_slice facts)
{
    const struct json_value *list;
    if (!deputy_slice_present(facts))
        return DEPUTY_OK;
    TRY(json_parse(arena, &list, facts));
    const struct json_value *depth = json_member(list->first, "remainingRedelegationDepth");
    out->has_depth = depth != NULL;
    return out->has_depth ? json_to_int64(&out->depth, depth) : DEPUTY_OK;
}

static enum deputy_error space_of(
        struct deputy_arena *arena, struct deputy_slice *out, const struct deputy_token *token)
{
    *out = (struct deputy_slice){NULL, 0};
    for (size_t i = 0; i < token->capability_count; i++) {
        const struct deputy_resource *resource = &token->capabilities[i].resource;
        if (resource->kind == DEPUTY_RESOURCE_SPACE)
            return deputy_space_format(arena, out, &resource->space);
    }
    return DEPUTY_OK;
}

static struct deputy_slice signed_issuer(const struct deputy_token *token)
{
    return token->kind == DEPUTY_TOKEN_UCAN ? token->ucan->issuer : token->cacao->issuer;
}

static struct deputy_slice signed_audience(const struct deputy_token *token)
{
    return token->kind == DEPUTY_TOKEN_UCAN ? token->ucan->audience : token->cacao->siwe.uri;
}

static enum deputy_error delegation_of(const struct attempt *attempt, struct deputy_delegation *out,
        const struct deputy_token *token, struct deputy_slice header)
{
    *out = (struct deputy_delegation){.authority = {.cid = token->cid,
                                              .header = header,
                                              .has_expiry = token->window.has_expiry,
                                              .expiry = token->window.expiry},
            .owner = owner_of(token),
            .issuer = signed_issuer(token),
            .audience = signed_audience(token),
            .proofs = token->proofs,
            .proof_count = token->proof_count,
            .terminal = token->terminal};
    for (size_t i = 0; i < token->capability_count; i++)
        out->caveated = out->caveated || deputy_slice_present(token->capabilities[i].caveats);
    TRY(space_of(attempt->arena, &out->authority.space, token));
    TRY(depth_read(attempt->arena, out, token->facts));
    return authority_permissions(
            attempt->arena, &out->authority.held, token->capabilities, token->capability_count);
}

enum deputy_error refuse_over(
        const struct attempt *attempt, const struct portable_rules *rules, struct deputy_time end)
{
    struct deputy_slice text;
    if (rules->receiving != DEPUTY_RECEIVE_RUNTIME)
        return attempt_refuse(attempt, DEPUTY_E_PORTABLE_OVER);
    TRY(time_iso(attempt->arena, &text, end));
    return attempt_refuse_about(attempt, DEPUTY_E_SESSION_EXPIRED, text);
}

static bool same_millisecond(struct deputy_time a, struct deputy_time b)
{
    return a.sec == b.sec && a.nsec / 1000000 == b.nsec / 1000000;
}

/* Whether it is over by the signed end comes before whether the wrapper tells that end. */
static enum deputy_error expiry_check(const struct attempt *attempt, const struct deputy_portable *portable,
        const struct deputy_delegation *delegation, const struct portable_rules *rules)
{
    if (rules->now != NULL && authority_over(&delegation->authority, *rules->now))
        return refuse_over(attempt, rules, delegation->authority.expiry);
    if (rules->bare)
        return DEPUTY_OK;
    if (!delegation->authority.has_expiry ||
            !same_millisecond(delegation->authority.expiry, portable->expiry))
        return attempt_refuse(attempt, DEPUTY_E_PORTABLE_EXPIRY_DIFFERS);
    return DEPUTY_OK;
}

/* The texts differ by the way in which the delegation is received. */
static const enum deputy_error AUDIENCE_CODES[] = {
        [DEPUTY_RECEIVE_VALIDATED] = DEPUTY_E_ACTIVATE_AUDIENCE,
        [DEPUTY_RECEIVE_KEY] = DEPUTY_E_KEY_AUDIENCE,
        [DEPUTY_RECEIVE_RUNTIME] = DEPUTY_E_RUNTIME_AUDIENCE,
};

static bool same_principal(struct deputy_slice a, struct deputy_slice b)
{
    struct deputy_principal first = deputy_principal_of(a);
    struct deputy_principal second = deputy_principal_of(b);
    return deputy_principal_equal(&first, &second);
}

static enum deputy_error audience_check(const struct attempt *attempt, const struct deputy_portable *portable,
        const struct deputy_delegation *delegation, const struct portable_rules *rules)
{
    const struct deputy_session_key *receiver = rules->receiver;
    if (receiver != NULL && !same_principal(delegation->audience, receiver->did))
        return attempt_refuse_about_two(
                attempt, AUDIENCE_CODES[rules->receiving], delegation->audience, receiver->did_url);
    if (!rules->bare && !same_principal(delegation->audience, portable->delegate))
        return attempt_refuse(attempt, DEPUTY_E_PORTABLE_AUDIENCE);
    return DEPUTY_OK;
}

static enum deputy_error token_read(const struct attempt *attempt, const struct deputy_token **token,
        const struct deputy_portable *portable, const struct portable_rules *rules)
{
    struct deputy_verified_token verified;
    if (is_jwt(portable->header) || rules->ucan_only)
        TRY(portable_payload_check(attempt, portable->header));
    TRY(deputy_token_parse(attempt->arena, token, DEPUTY_TOKEN_DELEGATION, portable->header));
    TRY(capabilities_check(attempt, *token));
    return deputy_token_verify(attempt->arena, &verified, *token);
}

enum deputy_error portable_verify(const struct attempt *attempt, struct deputy_delegation *out,
        const struct deputy_portable *portable, const struct portable_rules *rules)
{
    const struct deputy_token *token;
    TRY(cid_check(attempt, portable, rules));
    TRY(token_read(attempt, &token, portable, rules));
    TRY(delegation_of(attempt, out, token, portable->header));
    TRY(expiry_check(attempt, portable, out, rules));
    TRY(audience_check(attempt, portable, out, rules));
    return rules->bare ? DEPUTY_OK : portable_compare(attempt, portable, out);
}

enum deputy_error deputy_portable_verify(struct deputy_arena *arena, struct deputy_delegation *out,
        struct deputy_refusal *refusal, const struct deputy_portable *portable)
{
    const struct portable_rules rules = {.ucan_only = false};
    struct attempt attempt = attempt_make(arena, refusal);
    return attempt_end(&attempt, portable_verify(&attempt, out, portable, &rules));
}

enum deputy_error deputy_portable_parse(struct deputy_arena *arena, struct deputy_portable *out,
        struct deputy_delegation *signed_part, struct deputy_refusal *refusal, struct deputy_slice json)
{
    TRY(deputy_portable_read(arena, out, refusal, json));
    return deputy_portable_verify(arena, signed_part, refusal, out);
}
