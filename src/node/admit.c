#include "node/admit.h"
#include "base/try.h"
#include "node/answer.h"
#include "node/measure.h"
#include <deputy/network.h>
#include <deputy/ucan.h>

static const struct deputy_closure no_closure;

static enum deputy_token_use token_use(enum deputy_use use)
{
    switch (use) {
    case DEPUTY_USE_DELEGATE:
        return DEPUTY_TOKEN_DELEGATION;
    case DEPUTY_USE_REVOKE:
        return DEPUTY_TOKEN_REVOCATION;
    default:
        return DEPUTY_TOKEN_INVOCATION;
    }
}

/* The most nodes of the closure (spec/02 section 11.1). */
static size_t closure_limit(enum deputy_use use)
{
    if (use == DEPUTY_USE_DELEGATE)
        return DEPUTY_CHAIN_MAX_DELEGATE;
    return use == DEPUTY_USE_REVOKE ? DEPUTY_CHAIN_MAX_REVOKE : DEPUTY_CHAIN_MAX;
}

static enum deputy_error admission_check(
        struct admission *admission, struct deputy_arena *arena, struct deputy_time now)
{
    const struct deputy_rules *rules = &admission->on->node->rules;
    bool time_first = admission->use != DEPUTY_USE_DELEGATE && admission->use != DEPUTY_USE_REVOKE;
    if (time_first) /* an invocation out of time costs no signature */
        TRY(deputy_token_in_time(admission->use, admission->token, rules, now));
    TRY(deputy_token_verify(arena, &admission->verified, admission->token));
    return time_first ? DEPUTY_OK : deputy_token_in_time(admission->use, admission->token, rules, now);
}

/* The token in the admission's header, as it stands there. */
static enum deputy_error admission_decode(
        struct admission *admission, struct deputy_refusal *refusal, struct deputy_arena *arena)
{
    *refusal = (struct deputy_refusal){.code = DEPUTY_E_AUTHORIZATION_MISSING};
    ENSURE(deputy_slice_present(admission->header), refusal->code);
    refusal->code =
            deputy_token_parse(arena, &admission->token, token_use(admission->use), admission->header);
    return refusal->code;
}

/* Of a token that was decoded. */
static enum deputy_error admission_prove(
        struct admission *admission, struct deputy_refusal *refusal, struct deputy_arena *arena)
{
    refusal->code = admission_check(admission, arena, node_now(admission->on->node));
    if (refusal->code == DEPUTY_E_INVOCATION_TIME)
        measure_untimely(admission->on, admission->token, node_now(admission->on->node));
    return refusal->code;
}

static enum deputy_error admission_parse(
        struct admission *admission, struct deputy_refusal *refusal, struct deputy_arena *arena)
{
    TRY(admission_decode(admission, refusal, arena));
    return admission_prove(admission, refusal, arena);
}

enum deputy_error admission_read(struct admission *out, struct deputy_refusal *refusal, struct node_loop *on,
        struct http_exchange *x, enum deputy_use use)
{
    *out = (struct admission){.on = on, .use = use, .header = http_header(x, "authorization")};
    return admission_parse(out, refusal, http_arena(x));
}

enum deputy_error admission_load(struct admission *admission)
{
    if (admission->token->proof_count == 0)
        return DEPUTY_OK;
    return chain_cache_load(admission->on->cache, &admission->entry, admission->on->node->store,
            admission->token, closure_limit(admission->use));
}

const struct deputy_closure *admission_closure(const struct admission *admission)
{
    return admission->entry != NULL ? chain_entry_closure(admission->entry) : &no_closure;
}

static enum deputy_error admission_decide(struct deputy_arena *arena, struct deputy_decision *decision,
        const struct admission *admission, const struct deputy_closure *closure, struct deputy_time now)
{
    TRY(deputy_chain_admit(
            arena, decision, admission->use, admission->verified, closure, &admission->on->node->rules, now));
    return decision->refusal.code;
}

/* Loads and decides. On failure nothing is held. */
static enum deputy_error admission_judge(
        struct admission *admission, struct deputy_refusal *refusal, struct deputy_arena *arena)
{
    refusal->code = admission_load(admission);
    if (refusal->code == DEPUTY_OK)
        refusal->code = admission_decide(arena, &admission->decision, admission, admission_closure(admission),
                node_now(admission->on->node));
    if (refusal->code == DEPUTY_OK)
        return DEPUTY_OK;
    if (admission->decision.refusal.code == refusal->code)
        *refusal = admission->decision.refusal;
    admission_end(admission);
    return refusal->code;
}

enum deputy_error admit(struct admission *out, struct deputy_refusal *refusal, struct node_loop *on,
        struct http_exchange *x, enum deputy_use use)
{
    uint64_t started = measure_start(on);
    enum deputy_error error = admission_read(out, refusal, on, x, use);
    if (error == DEPUTY_OK)
        error = admission_judge(out, refusal, http_arena(x));
    measure_authorization(on, use, started);
    return error;
}

static enum deputy_error audience_is_node(const struct admission *admission, struct deputy_refusal *refusal)
{
    const struct deputy_ucan *ucan = admission->token->ucan;
    if (ucan != NULL && deputy_slice_equal(ucan->audience, admission->on->node->did))
        return DEPUTY_OK;
    return refusal->code = DEPUTY_E_DECRYPT_AUDIENCE;
}

static enum deputy_error admit_ours(
        struct admission *admission, struct deputy_refusal *refusal, struct deputy_arena *arena)
{
    TRY(admission_decode(admission, refusal, arena));
    TRY(audience_is_node(admission, refusal));
    TRY(admission_prove(admission, refusal, arena));
    return admission_judge(admission, refusal, arena);
}

enum deputy_error admit_for_node(
        struct admission *out, struct deputy_refusal *refusal, struct node_loop *on, struct http_exchange *x)
{
    uint64_t started = measure_start(on);
    *out = (struct admission){.on = on, .use = DEPUTY_USE_INVOKE, .header = http_header(x, "authorization")};
    enum deputy_error error = admit_ours(out, refusal, http_arena(x));
    measure_authorization(on, DEPUTY_USE_INVOKE, started);
    return error;
}

static bool token_decrypts(const struct deputy_token *token)
{
    for (size_t i = 0; i < token->capability_count; i++) {
        const struct deputy_capability *capability = &token->capabilities[i];
        if (capability->resource.kind == DEPUTY_RESOURCE_NETWORK &&
                deputy_slice_equal(capability->ability, deputy_slice_text(DEPUTY_NETWORK_DECRYPT)))
            return true;
    }
    return false;
}

enum deputy_error admit_invocation(
        struct admission *out, struct deputy_refusal *refusal, struct node_loop *on, struct http_exchange *x)
{
    uint64_t started = measure_start(on);
    enum deputy_error error = admission_read(out, refusal, on, x, DEPUTY_USE_INVOKE);
    if (error == DEPUTY_OK) {
        out->use = token_decrypts(out->token) ? DEPUTY_USE_DECRYPT : DEPUTY_USE_INVOKE;
        error = admission_judge(out, refusal, http_arena(x));
    }
    measure_authorization(on, DEPUTY_USE_INVOKE, started);
    return error;
}

enum deputy_error admit_resume(
        struct admission *admission, struct deputy_refusal *refusal, struct deputy_arena *arena)
{
    return admission_judge(admission, refusal, arena);
}

enum deputy_error admit_kept(struct admission *out, struct deputy_refusal *refusal, struct node_loop *on,
        struct deputy_arena *arena, struct deputy_slice header)
{
    *out = (struct admission){.on = on, .use = DEPUTY_USE_INVOKE, .header = header};
    TRY(admission_parse(out, refusal, arena));
    return admission_judge(out, refusal, arena);
}

enum http_flow admit_before_body(struct http_exchange *x, struct node_loop *on, enum deputy_use use,
        size_t body_max, http_handler *then)
{
    struct admission admission;
    struct deputy_refusal refusal;
    if (admit(&admission, &refusal, on, x, use) != DEPUTY_OK) {
        answer_refusal(x, ANSWER_INVOKE, &refusal);
        return HTTP_DONE;
    }
    admission_end(&admission);
    http_body_collect(x, body_max, then, on);
    return HTTP_LATER;
}

enum deputy_error admit_again(struct deputy_arena *arena, struct deputy_refusal *refusal,
        const struct admission *admission, struct store_write *write)
{
    struct deputy_closure changed;
    const struct deputy_closure *closure = admission_closure(admission);
    if (admission->entry != NULL &&
            chain_entry_generation(admission->entry) != store_write_generation(write)) {
        refusal->code = authority_load(arena, &changed, store_write_view(write), admission->token->proofs,
                admission->token->proof_count, closure_limit(admission->use));
        ENSURE(refusal->code == DEPUTY_OK, refusal->code);
        closure = &changed;
    }
    struct deputy_decision decision = {0};
    refusal->code = admission_decide(arena, &decision, admission, closure, store_write_now(write));
    if (refusal->code != DEPUTY_OK && decision.refusal.code == refusal->code)
        *refusal = decision.refusal;
    return refusal->code;
}

enum deputy_error admission_use_up(
        struct deputy_arena *arena, struct store_replay *row, const struct admission *admission)
{
    const struct node *node = admission->on->node;
    int64_t now = node_now(node).sec;
    TRY(replay_fingerprint(arena, row->fingerprint, node->replay, admission->token));
    row->expires = replay_expiry(admission->token, node->rules.max_lifetime_s, now);
    enum deputy_error taken = replay_take(node->replay, row->fingerprint, row->expires, now);
    measure_use(admission->on, taken);
    return taken;
}

void admission_end(struct admission *admission)
{
    chain_entry_release(admission->entry);
    admission->entry = NULL;
}
