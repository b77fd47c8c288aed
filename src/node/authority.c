#include "node/authority.h"
#include "base/arena.h"
#include "base/try.h"

/* A stored row as a link: parsed, and what was signed must have the digest under which it can be revoked. */
static enum deputy_error authority_link(
        struct deputy_arena *arena, struct deputy_link *out, const struct store_row *row)
{
    *out = (struct deputy_link){
            .parents = row->parents, .parent_count = row->parent_count, .revoked = row->revoked};
    if (!deputy_slice_present(row->bytes))
        return DEPUTY_OK;
    ENSURE(deputy_token_parse_bytes(arena, &out->token, row->bytes) == DEPUTY_OK, DEPUTY_E_STORE_TOKEN);
    uint8_t digest[STORE_DIGEST_BYTES];
    TRY(deputy_token_signed_digest(arena, digest, out->token));
    ENSURE(memcmp(digest, row->signed_digest, sizeof digest) == 0, DEPUTY_E_STORE_TOKEN);
    return DEPUTY_OK;
}

static enum deputy_error authority_links(
        struct deputy_arena *arena, struct deputy_closure *out, const struct store_rows *rows)
{
    *out = (struct deputy_closure){
            .count = rows->count, .cited = rows->cited, .over_limit = rows->over_limit};
    if (rows->over_limit)
        return DEPUTY_OK;
    struct deputy_link *links = ARENA_ARRAY(arena, struct deputy_link, rows->count);
    ENSURE(links != NULL, arena_error(arena));
    for (size_t i = 0; i < rows->count; i++)
        TRY(authority_link(arena, &links[i], &rows->rows[i]));
    out->links = links;
    return DEPUTY_OK;
}

enum deputy_error authority_load(struct deputy_arena *arena, struct deputy_closure *out,
        struct store_read *read, const struct deputy_proof *proofs, size_t proof_count, size_t limit)
{
    /* A foreign CID is looked up under a digest that nothing has, so that it keeps its place and is not
     * found. */
    uint8_t cited[DEPUTY_TOKEN_MAX_PROOFS][STORE_DIGEST_BYTES] = {{0}};
    ENSURE(proof_count <= DEPUTY_TOKEN_MAX_PROOFS, DEPUTY_E_LIMIT);
    for (size_t i = 0; i < proof_count; i++) {
        if (!proofs[i].foreign)
            memcpy(cited[i], proofs[i].cid.digest, STORE_DIGEST_BYTES);
    }
    struct store_rows rows;
    TRY(store_proofs_load(
            arena, &rows, read, (const uint8_t(*)[STORE_DIGEST_BYTES])cited, proof_count, limit));
    return authority_links(arena, out, &rows);
}

enum deputy_error authority_load_one(struct deputy_arena *arena, struct deputy_closure *out,
        struct store_read *read, const struct deputy_cid *cid, size_t limit)
{
    struct deputy_proof proof = {.cid = *cid};
    return authority_load(arena, out, read, &proof, 1, limit);
}
