#include "node/projection.h"
#include "base/arena.h"
#include "base/time.h"
#include "base/try.h"
#include "node/spaces.h"
#include <deputy/cacao.h>

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

/* When it says that it was made: a SIWE message does, and a UCAN that is valid from then on. */
static enum deputy_error projection_issued(
        struct deputy_arena *arena, struct store_delegation *out, const struct deputy_token *token)
{
    struct deputy_time *issued = ARENA_NEW(arena, struct deputy_time);
    ENSURE(issued != NULL, arena_error(arena));
    out->issued = token->window.has_not_before ? &token->window.not_before : NULL;
    if (token->kind == DEPUTY_TOKEN_CACAO && time_parse(issued, token->cacao->siwe.issued_at) == DEPUTY_OK)
        out->issued = issued;
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
    struct space_list spaces;
    TRY(projection_parents(arena, out, token));
    TRY(projection_issued(arena, out, token));
    TRY(spaces_of_token(arena, &spaces, token));
    out->spaces = spaces.texts;
    out->space_count = spaces.count;
    TRY(deputy_token_signed_digest(arena, signed_digest, token));
    TRY(deputy_principal_format(arena, &out->delegator, &token->issuer));
    return deputy_principal_format(arena, &out->delegatee, &token->audience);
}
