/* POST /revoke (spec/02 section 7, spec/03 section 6.2). */
#include "base/arena.h"
#include "base/json_write.h"
#include "base/try.h"
#include "node/mutation.h"
#include "node/routes.h"

enum { REVOKE_ANSWER_MAX = 1024 };

/* Judges the revocation as of one snapshot, and finds the target's token. */
static enum deputy_error revoke_decide(struct deputy_arena *arena, const struct deputy_token **target,
        struct store_read *read, const struct admission *admission, const struct deputy_cid *cid,
        struct deputy_time now)
{
    struct deputy_closure proofs, targets;
    TRY(authority_load(arena, &proofs, read, admission->token->proofs, admission->token->proof_count,
            DEPUTY_CHAIN_MAX_REVOKE));
    TRY(authority_load_one(arena, &targets, read, cid, DEPUTY_CHAIN_MAX_REVOKE));
    ENSURE(!targets.over_limit, DEPUTY_E_CHAIN_LIMIT);
    *target = targets.links[0].token;
    return deputy_revocation_admit(admission->verified, *target, &proofs, now);
}

static enum deputy_error revoke_insert(struct mutation *mutation, struct store_write *write,
        const struct deputy_token *token, const struct deputy_token *target)
{
    uint8_t signed_digest[STORE_DIGEST_BYTES];
    bool created;
    struct store_revocation row = {
            .digest = token->cid.digest,
            .target = target->cid.digest,
            .signed_digest = signed_digest,
            .bytes = token->bytes,
    };
    TRY(deputy_token_signed_digest(mutation->arena, signed_digest, target));
    TRY(deputy_principal_format(mutation->arena, &row.revoker, &token->issuer));
    return store_revocation_insert(write, &created, &row);
}

static enum deputy_error revoke_apply(struct mutation *mutation, struct store_write *write)
{
    const struct deputy_token *target = NULL;
    struct admission *admission = &mutation->admission;
    struct deputy_time now = store_write_now(write);
    TRY(deputy_token_in_time(DEPUTY_USE_REVOKE, admission->token, &admission->on->node->rules, now));
    TRY(revoke_decide(mutation->arena, &target, store_write_view(write), admission, mutation->ctx, now));
    return revoke_insert(mutation, write, admission->token, target);
}

static void revoke_answer(struct mutation *mutation)
{
    struct deputy_arena *arena = http_arena(mutation->x);
    struct deputy_slice cid = {NULL, 0};
    struct buf out = buf_make(arena, REVOKE_ANSWER_MAX);
    struct json_writer json = json_writer_make(&out);
    buf_fail(&out, deputy_cid_format(arena, &cid, mutation->ctx, DEPUTY_CID_BASE32));
    json_object_begin(&json);
    json_key(&json, "revoked");
    json_bool(&json, true);
    json_key(&json, "cid");
    json_text(&json, cid);
    json_object_end(&json);
    answer_json(mutation->x, 200, &out);
}

/* Judged on the loop first, so that a refusal costs the writer nothing. */
static enum deputy_error revoke_precheck(
        struct deputy_arena *arena, const struct admission *admission, const struct deputy_cid *cid)
{
    const struct node *node = admission->on->node;
    const struct deputy_token *target = NULL;
    struct store_read *read = NULL;
    TRY(store_read_begin(&read, node->store, NULL));
    enum deputy_error error = revoke_decide(arena, &target, read, admission, cid, node_now(node));
    store_read_end(read);
    return error;
}

enum http_flow node_revoke(struct http_exchange *x, void *app)
{
    struct mutation mutation = {
            .apply = revoke_apply, .answer = revoke_answer, .route = ANSWER_REVOKE, .ends_authority = true};
    struct deputy_refusal refusal;
    struct deputy_cid *cid = ARENA_NEW(http_arena(x), struct deputy_cid);
    enum deputy_error error =
            cid == NULL ? DEPUTY_E_NOMEM
                        : admission_read(&mutation.admission, &refusal, app, x, DEPUTY_USE_REVOKE);
    if (error == DEPUTY_OK)
        error = deputy_revocation_target(cid, mutation.admission.token);
    if (error == DEPUTY_OK)
        error = revoke_precheck(http_arena(x), &mutation.admission, cid);
    if (error != DEPUTY_OK) {
        answer_error(x, ANSWER_REVOKE, error);
        return HTTP_DONE;
    }
    mutation.ctx = cid;
    return mutation_submit(x, &mutation, mutation.admission.token->bytes.len);
}
