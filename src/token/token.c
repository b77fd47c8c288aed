#include <deputy/token.h>

#include "base/arena.h"
#include "base/codec.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "token/cacao.h"
#include "token/ucan.h"
#include <deputy/recap.h>

/* The first byte of DAG-CBOR that is a map; no byte of a UCAN has the high bit. */
enum { CBOR_MAP_MIN = 0x80 };

/* A revocation says all that it says in its URI; what its ReCap and statement hold is not looked at. */
static enum deputy_error grants_take(
        struct deputy_arena *arena, struct deputy_token *out, enum deputy_token_use use)
{
    if (use == DEPUTY_TOKEN_REVOCATION)
        return DEPUTY_OK;
    return deputy_recap_extract(arena, &out->capabilities, &out->capability_count, &out->proofs,
            &out->proof_count, &out->cacao->siwe);
}

static enum deputy_error cacao_token_parse(struct deputy_arena *arena, struct deputy_token *out,
        enum deputy_token_use use, struct deputy_slice bytes)
{
    struct deputy_cacao *cacao = ARENA_NEW(arena, struct deputy_cacao);
    ENSURE(cacao != NULL, arena_error(arena));
    TRY(deputy_cacao_parse(arena, cacao, bytes));
    const struct deputy_siwe *siwe = &cacao->siwe;
    *out = (struct deputy_token){
            .kind = DEPUTY_TOKEN_CACAO, .bytes = bytes, .nonce = siwe->nonce, .cacao = cacao};
    out->issuer = deputy_principal_of(cacao->issuer);
    out->audience = deputy_principal_of(siwe->uri);
    TRY(cacao_window(&out->window, cacao));
    TRY(grants_take(arena, out, use));
    out->cid = deputy_cid_of_bytes(bytes);
    return DEPUTY_OK;
}

static enum deputy_error header_value_parse(struct deputy_arena *arena, struct deputy_token *out,
        enum deputy_token_use use, struct deputy_slice value)
{
    struct deputy_slice bytes;
    ENSURE(value.len <= DEPUTY_TOKEN_MAX_BYTES, DEPUTY_E_LIMIT);
    if (value.len > 0 && memchr(value.ptr, '.', value.len) != NULL)
        return ucan_parse(arena, out, value);
    ENSURE(use != DEPUTY_TOKEN_INVOCATION, DEPUTY_E_TOKEN_FORM);
    TRY(base64url_read(arena, &bytes, value, BASE64_PADDED));
    return cacao_token_parse(arena, out, use, bytes);
}

enum deputy_error deputy_token_parse(struct deputy_arena *arena, const struct deputy_token **out,
        enum deputy_token_use use, struct deputy_slice header_value)
{
    struct deputy_token *token = ARENA_NEW(arena, struct deputy_token);
    ENSURE(token != NULL, arena_error(arena));
    TRY(header_value_parse(arena, token, use, header_value));
    *out = token;
    return DEPUTY_OK;
}

enum deputy_error deputy_token_parse_bytes(
        struct deputy_arena *arena, const struct deputy_token **out, struct deputy_slice bytes)
{
    struct deputy_token *token = ARENA_NEW(arena, struct deputy_token);
    ENSURE(token != NULL, arena_error(arena));
    ENSURE(bytes.len > 0 && bytes.len <= DEPUTY_TOKEN_MAX_BYTES, DEPUTY_E_LIMIT);
    if (bytes.ptr[0] >= CBOR_MAP_MIN)
        TRY(cacao_token_parse(arena, token, DEPUTY_TOKEN_DELEGATION, bytes));
    else
        TRY(ucan_parse(arena, token, bytes));
    *out = token;
    return DEPUTY_OK;
}

enum deputy_error deputy_token_verify(
        struct deputy_arena *arena, struct deputy_verified_token *out, const struct deputy_token *token)
{
    enum deputy_error error =
            token->kind == DEPUTY_TOKEN_UCAN ? ucan_verify(arena, token) : cacao_verify(arena, token->cacao);
    ENSURE(error == DEPUTY_OK, DEPUTY_E_SIGNATURE);
    out->token = token;
    return DEPUTY_OK;
}

enum deputy_error deputy_token_signed_digest(
        struct deputy_arena *arena, uint8_t digest[32], const struct deputy_token *token)
{
    struct deputy_slice message, address;
    if (token->kind == DEPUTY_TOKEN_UCAN) {
        blake3(digest, token->ucan->signed_text);
        return DEPUTY_OK;
    }
    TRY(cacao_text(arena, &message, token->cacao));
    address = deputy_slice_bytes(token->cacao->siwe.address, sizeof token->cacao->siwe.address);
    blake3_parts(digest, (struct deputy_slice[]){message, address}, 2);
    return DEPUTY_OK;
}
