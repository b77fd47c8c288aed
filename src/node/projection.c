#include "node/projection.h"
#include "base/arena.h"
#include "base/try.h"

static enum deputy_error projection_parents(
        struct deputy_arena *arena, struct store_delegation *out, const struct deputy_token *token)
{
    uint8_t(*parents)[STORE_DIGEST_BYTES] = arena_alloc_array(arena, token->proof_count, sizeof *parents);
    ENSURE(parents != NULL, arena_error(arena));
    for (size_t i = 0; i < token->proof_count; i++)
        memcpy(parents[i], token->proofs[i].cid.digest, STORE_DIGEST_BYTES);
    out->parents = (const uint8_t(*)[STORE_DIGEST_BYTES])parents;
    out->parent_count = token->proof_count;
    return DEPUTY_OK;
}

enum deputy_error projection_of(
        struct deputy_arena *arena, struct store_delegation *out, const struct deputy_token *token)
{
    const struct deputy_window *window = &token->window;
    uint8_t *signed_digest = arena_alloc_bytes(arena, STORE_DIGEST_BYTES);
    ENSURE(signed_digest != NULL, arena_error(arena));
    *out = (struct store_delegation){
            .digest = token->cid.digest,
            .signed_digest = signed_digest,
            .bytes = token->bytes,
            .window.not_before = window->has_not_before ? &window->not_before : NULL,
            .window.expires = window->has_expiry ? &window->expiry : NULL,
    };
    TRY(projection_parents(arena, out, token));
    TRY(deputy_token_signed_digest(arena, signed_digest, token));
    TRY(deputy_principal_format(arena, &out->delegator, &token->issuer));
    return deputy_principal_format(arena, &out->delegatee, &token->audience);
}
