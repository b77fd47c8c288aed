#include "grant/session.h"
#include "base/arena.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/time.h"
#include "base/try.h"
#include "grant/authority.h"
#include "grant/names.h"
#include "grant/permission.h"
#include "grant/text.h"
#include <deputy/cacao.h>
#include <deputy/jwk.h>
#include <deputy/recap.h>

enum deputy_error deputy_session_key_make(struct deputy_arena *arena, struct deputy_session_key *out,
        const struct deputy_key *key, struct deputy_slice kid)
{
    ENSURE(deputy_key_kind(key) == DEPUTY_KEY_ED25519, DEPUTY_E_KEY);
    *out = (struct deputy_session_key){.key = key, .kid = kid};
    TRY(deputy_key_did(arena, &out->did, key));
    TRY(text_join(arena, &out->did_url, out->did, deputy_slice_text("#")));
    return text_join(arena, &out->did_url, out->did_url, text_after(out->did, strlen("did:key:")));
}

enum deputy_error deputy_session_key_import(struct deputy_arena *arena, struct deputy_session_key *out,
        struct deputy_key **key, struct deputy_slice jwk)
{
    const struct json_value *value;
    struct deputy_slice kid;
    *key = NULL;
    TRY(deputy_jwk_session_import(arena, key, &kid, jwk));
    TRY(deputy_session_key_make(arena, out, *key, kid));
    TRY(json_parse(arena, &value, jwk));
    out->names_algorithm = json_member(value, "alg") != NULL;
    return DEPUTY_OK;
}

static enum deputy_error message_seal(struct deputy_arena *arena, struct deputy_signed_message *out,
        struct deputy_slice text, const struct deputy_siwe *siwe, const uint8_t signature[65])
{
    struct deputy_slice bytes;
    TRY(deputy_eip191_verify(text, signature, siwe->address));
    TRY(deputy_cacao_build(arena, &bytes, siwe, signature));
    out->cid = deputy_cid_of_bytes(bytes);
    return deputy_cacao_header(arena, &out->header, bytes);
}

enum deputy_error deputy_message_complete(struct deputy_arena *arena, struct deputy_signed_message *out,
        struct deputy_slice siwe, const uint8_t signature[65])
{
    struct deputy_siwe parsed;
    TRY(deputy_siwe_parse(arena, &parsed, siwe));
    return message_seal(arena, out, siwe, &parsed, signature);
}

static enum deputy_error held_of(
        struct deputy_arena *arena, struct deputy_permissions *out, const struct deputy_siwe *siwe)
{
    const struct deputy_capability *capabilities;
    const struct deputy_proof *proofs;
    size_t capability_count;
    size_t proof_count;
    TRY(deputy_recap_extract(arena, &capabilities, &capability_count, &proofs, &proof_count, siwe));
    return authority_permissions(arena, out, capabilities, capability_count);
}

enum deputy_error deputy_siwe_permissions(
        struct deputy_arena *arena, struct deputy_permissions *out, struct deputy_slice siwe)
{
    struct deputy_siwe parsed;
    TRY(deputy_siwe_parse(arena, &parsed, siwe));
    return held_of(arena, out, &parsed);
}

bool authority_reaches(const struct deputy_permissions *held, struct deputy_slice space)
{
    for (size_t i = 0; i < held->count; i++) {
        if (deputy_slice_equal(held->items[i].space, space))
            return true;
    }
    return false;
}

enum deputy_error session_of_siwe(struct deputy_arena *arena, struct deputy_session *out,
        const struct deputy_session_key *key, const struct deputy_siwe *siwe)
{
    *out = (struct deputy_session){.key = *key, .owner = {.chain = siwe->chain_id}};
    memcpy(out->owner.address, siwe->address, sizeof siwe->address);
    ENSURE(deputy_slice_equal(siwe->uri, key->did_url), DEPUTY_E_SESSION_AUDIENCE);
    TRY(held_of(arena, &out->authority.held, siwe));
    out->authority.has_expiry = deputy_slice_present(siwe->expiration_time);
    return out->authority.has_expiry ? time_parse(&out->authority.expiry, siwe->expiration_time) : DEPUTY_OK;
}

enum deputy_error deputy_session_complete(struct deputy_arena *arena, struct deputy_session *out,
        const struct deputy_session_key *key, struct deputy_slice space, struct deputy_slice siwe,
        const uint8_t signature[65])
{
    struct deputy_siwe parsed;
    struct deputy_signed_message message;
    TRY(deputy_siwe_parse(arena, &parsed, siwe));
    TRY(message_seal(arena, &message, siwe, &parsed, signature));
    TRY(session_of_siwe(arena, out, key, &parsed));
    out->authority.cid = message.cid;
    out->authority.header = message.header;
    out->authority.space = space;
    return DEPUTY_OK;
}
