/*
 * Opening one content key for whoever was admitted (spec/04 section 9). Who may is decided by the chain, and
 * again when the body has arrived; here it is found out whether body and facts ask for just what was
 * admitted. Nothing is opened before the invocation was used up.
 */
#include "node/decrypt.h"
#include "base/arena.h"
#include "base/try.h"
#include "crypto/random.h"
#include "crypto/secret.h"
#include "node/decrypt_record.h"
#include "node/mutation.h"
#include "node/network_cache.h"
#include "node/networks.h"
#include "node/routes.h"
#include "seal/decrypt.h"
#include "seal/network.h"
#include "seal/wrap.h"
#include <deputy/ucan.h>

/* Of a body, and what /invoke looks at of it: what lies behind is not read, as in the reference. */
enum { DECRYPT_BODY_MAX = 1024 * 1024, DECRYPT_INVOKE_BODY_READ = 1000000 };

struct decryption {
    struct admission admission;
    enum answer_route route;
    struct decrypt_claim claim;
    struct decrypt_material material;
    struct decrypt_names names;
    struct store_network network;
    uint64_t network_generation; /* of the store, as of which the network is so */
    struct store_replay replay;
    bool claimed; /* body and facts were read, and have their names */
    bool used_up; /* the token */
    struct deputy_slice answer;
    struct deputy_refusal refusal; /* what was decided */
    struct store_decryption record;
};

static bool through_invoke(const struct decryption *decryption)
{
    return decryption->route == ANSWER_DECRYPT;
}

/* ---- refusing ---- */

/* What /invoke tells of some refusals is less than what the route of its own tells. */
static void refusal_blur(struct deputy_refusal *refusal)
{
    if (refusal->code == DEPUTY_E_DECRYPT_TARGET || refusal->code == DEPUTY_E_DECRYPT_AUDIENCE)
        refusal->code = DEPUTY_E_DECRYPT_TYPE;
    else if (refusal->code == DEPUTY_E_DECRYPT_HASH)
        refusal->args[0] = deputy_slice_text("bodyHash");
    else if (refusal->code == DEPUTY_E_NETWORK_REVOKED)
        *refusal = (struct deputy_refusal){
                DEPUTY_E_NETWORK_STATE, {deputy_network_state_name(DEPUTY_NETWORK_REVOKED)}};
}

static enum http_flow decryption_refuse(struct http_exchange *x, const struct decryption *decryption,
        struct deputy_refusal *refusal, enum deputy_error error)
{
    if (refusal->code != error)
        *refusal = (struct deputy_refusal){.code = error};
    if (through_invoke(decryption))
        refusal_blur(refusal);
    answer_refusal(x, decryption->route, refusal);
    return HTTP_DONE;
}

/* ---- checking ---- */

/* The network that is asked for: that of the path, or that of the one capability. */
static enum deputy_error network_named(
        struct http_exchange *x, struct decryption *decryption, struct deputy_refusal *refusal)
{
    const struct deputy_capability *admitted;
    if (!through_invoke(decryption))
        return network_in_path(x, &decryption->claim.network, refusal);
    admitted = network_admitted(&decryption->admission.decision, DEPUTY_NETWORK_DECRYPT);
    ENSURE(admitted != NULL, DEPUTY_E_DECRYPT_ACTION);
    return network_canonical(http_arena(x), &decryption->claim.network, admitted->resource.written);
}

static struct deputy_slice body_of(struct http_exchange *x, const struct decryption *decryption)
{
    struct deputy_slice body = http_body(x);
    if (through_invoke(decryption) && body.len > DECRYPT_INVOKE_BODY_READ)
        body.len = DECRYPT_INVOKE_BODY_READ;
    return body;
}

static enum deputy_error claim_name(struct deputy_arena *arena, struct decryption *decryption)
{
    TRY(decrypt_names_make(arena, &decryption->names, &decryption->admission.token->cid, &decryption->claim));
    decryption->claimed = true;
    return DEPUTY_OK;
}

/* Rows 4 and 5. */
static enum deputy_error claim_read(
        struct http_exchange *x, struct decryption *decryption, struct deputy_refusal *refusal)
{
    struct deputy_arena *arena = http_arena(x);
    bool found = false;
    TRY(decrypt_body_parse(arena, &decryption->claim.body, refusal, body_of(x, decryption)));
    TRY(decrypt_facts_find(arena, &decryption->claim.facts, &found, decryption->admission.token->facts));
    if (found)
        return claim_name(arena, decryption);
    *refusal = (struct deputy_refusal){
            DEPUTY_E_DECRYPT_MALFORMED, {deputy_slice_text("missing encryption invocation facts")}};
    return refusal->code;
}

static enum deputy_error audience_check(const struct decryption *decryption)
{
    const struct deputy_ucan *ucan = decryption->admission.token->ucan;
    ENSURE(ucan != NULL && deputy_slice_equal(ucan->audience, decryption->claim.node),
            DEPUTY_E_DECRYPT_AUDIENCE);
    return DEPUTY_OK;
}

/* Rows 12 to 15. */
static enum deputy_error network_check(
        struct http_exchange *x, struct decryption *decryption, struct deputy_refusal *refusal)
{
    const struct node_loop *on = decryption->admission.on;
    struct store_network *network = &decryption->network;
    TRY(network_cache_load(on->networks, http_arena(x), network, &decryption->network_generation,
            on->node->store, decryption->claim.network));
    const struct deputy_network_descriptor descriptor = {.algorithm = network->algorithm,
            .key_version = network->key_version,
            .state = network_state(network)};
    return decrypt_check_network(&decryption->claim, refusal, &descriptor);
}

/* The rows of spec/04 section 9.5 behind the decision, in their order, up to the hashes. */
static enum deputy_error decryption_check(
        struct http_exchange *x, struct decryption *decryption, struct deputy_refusal *refusal)
{
    const struct admission *admission = &decryption->admission;
    struct decrypt_claim *claim = &decryption->claim;
    ENSURE(network_alone(&admission->decision), DEPUTY_E_DECRYPT_ACTION);
    TRY(network_named(x, decryption, refusal));
    TRY(claim_read(x, decryption, refusal));
    TRY(audience_check(decryption));
    TRY(decrypt_check_names(claim));
    TRY(network_grant_check(network_admitted(&admission->decision, DEPUTY_NETWORK_DECRYPT), claim->network));
    TRY(network_check(x, decryption, refusal));
    TRY(decrypt_check_time(&admission->token->window, node_now(admission->on->node)));
    return decrypt_check_hashes(http_arena(x), &decryption->material, refusal, claim);
}

static enum deputy_error decryption_use_up(struct http_exchange *x, struct decryption *decryption)
{
    enum deputy_error error = admission_use_up(http_arena(x), &decryption->replay, &decryption->admission);
    decryption->used_up = error == DEPUTY_OK;
    bool used = error == DEPUTY_E_STORE_REPLAY && !through_invoke(decryption);
    return used ? DEPUTY_E_NONCE_USED : error;
}

/* ---- releasing ---- */

static enum deputy_error key_rewrap(
        uint8_t out[DEPUTY_WRAP_BYTES], struct deputy_refusal *refusal, const struct decryption *decryption)
{
    uint8_t secret[STORE_NETWORK_KEY_BYTES], random[WRAP_RANDOM_BYTES];
    TRY(network_key_open(secret, decryption->admission.on->node, &decryption->network));
    random_bytes(random, sizeof random);
    enum deputy_error error = decrypt_rewrap(out, refusal, &decryption->material, secret, random);
    secret_wipe(secret, sizeof secret);
    secret_wipe(random, sizeof random);
    return error;
}

static enum deputy_error response_make(struct http_exchange *x, struct deputy_slice *json,
        struct deputy_refusal *refusal, const struct decryption *decryption)
{
    uint8_t wrapped[DEPUTY_WRAP_BYTES];
    const struct admission *admission = &decryption->admission;
    enum deputy_error error = key_rewrap(wrapped, refusal, decryption);
    ENSURE(error != DEPUTY_E_DECRYPT, DEPUTY_E_STORE_SEAL); /* the row's own key: not the asker's fault */
    TRY(error);
    return decrypt_response_build(
            http_arena(x), json, &decryption->claim, &decryption->names, wrapped, admission->on->node->key);
}

/* ---- recording ---- */

/* As of the transaction: was the network revoked meanwhile? */
static enum deputy_error network_revoked_since(bool *revoked, const struct decryption *decryption,
        struct mutation *mutation, struct store_write *write)
{
    struct store_network network;
    bool found = false;
    *revoked = false;
    if (decryption->network_generation == store_write_generation(write))
        return DEPUTY_OK;
    TRY(store_network_find(
            mutation->arena, &network, &found, store_write_view(write), decryption->claim.network));
    ENSURE(found, DEPUTY_E_NETWORK_UNKNOWN);
    *revoked = network.revoked;
    return DEPUTY_OK;
}

/*
 * Meanwhile a delegation behind the request, or the network itself, may be revoked. Of the network's end the
 * record tells, as if it had been found before.
 */
static enum deputy_error allow_again(
        struct store_decryption *record, struct mutation *mutation, struct store_write *write)
{
    const struct decryption *decryption = mutation->ctx;
    bool revoked;
    TRY(admit_again(mutation->arena, &mutation->refusal, &mutation->admission, write));
    TRY(network_revoked_since(&revoked, decryption, mutation, write));
    if (!revoked)
        return DEPUTY_OK;
    mutation->refusal = (struct deputy_refusal){.code = DEPUTY_E_NETWORK_REVOKED};
    return decrypt_record_make(mutation->arena, record, &mutation->admission, &decryption->claim,
            &decryption->names, &mutation->refusal);
}

/* What was decided is on disk before it is told: a key whose release could not be recorded is not released.
 */
static enum deputy_error record_apply(struct mutation *mutation, struct store_write *write)
{
    const struct decryption *decryption = mutation->ctx;
    struct store_decryption record = decryption->record;
    if (decryption->refusal.code == DEPUTY_OK)
        TRY(allow_again(&record, mutation, write));
    if (decryption->used_up)
        TRY(store_replay_join(write, &decryption->replay));
    return store_decryption_insert(write, &record);
}

static void record_answer(struct mutation *mutation)
{
    struct decryption *decryption = mutation->ctx;
    struct deputy_refusal *refusal =
            mutation->refusal.code != DEPUTY_OK ? &mutation->refusal : &decryption->refusal;
    if (refusal->code == DEPUTY_OK)
        http_reply_json(mutation->x, 200, decryption->answer);
    else
        decryption_refuse(mutation->x, decryption, refusal, refusal->code);
}

static enum http_flow decryption_record(struct http_exchange *x, struct decryption *decryption)
{
    struct mutation mutation = {.admission = decryption->admission,
            .apply = record_apply,
            .answer = record_answer,
            .route = decryption->route,
            .ctx = decryption};
    decryption->admission.entry = NULL; /* it is the mutation's now */
    return mutation_submit(x, &mutation, sizeof decryption->replay + sizeof decryption->record);
}

/* ---- the request ---- */

/* Checks, uses the token up, and makes the answer, in this order. */
static enum deputy_error decryption_decide(
        struct http_exchange *x, struct decryption *decryption, struct deputy_refusal *refusal)
{
    TRY(decryption_check(x, decryption, refusal));
    TRY(decryption_use_up(x, decryption));
    return response_make(x, &decryption->answer, refusal, decryption);
}

static enum http_flow decryption_go(struct http_exchange *x, struct decryption *decryption)
{
    struct deputy_refusal *refusal = &decryption->refusal;
    enum deputy_error error = decryption_decide(x, decryption, refusal);
    if (refusal->code != error)
        *refusal = (struct deputy_refusal){.code = error};
    if (decryption->claimed && decrypt_is_decided(error)) {
        error = decrypt_record_make(http_arena(x), &decryption->record, &decryption->admission,
                &decryption->claim, &decryption->names, refusal);
        if (error == DEPUTY_OK)
            return decryption_record(x, decryption);
    }
    admission_end(&decryption->admission);
    return decryption_refuse(x, decryption, refusal, error);
}

static enum http_flow decrypt_with_body(struct http_exchange *x, void *app)
{
    struct decryption *decryption = app;
    struct deputy_refusal refusal = {.code = DEPUTY_OK};
    enum deputy_error error = admit_resume(&decryption->admission, &refusal, http_arena(x));
    if (error != DEPUTY_OK)
        return decryption_refuse(x, decryption, &refusal, error);
    return decryption_go(x, decryption);
}

/* Takes the admission over, and lets go of its chain while the body is on its way. */
static enum http_flow decryption_begin(
        struct http_exchange *x, struct decryption *decryption, enum answer_route route)
{
    admission_end(&decryption->admission);
    decryption->route = route;
    decryption->claim.node = decryption->admission.on->node->did;
    http_set_topic(x, DEPUTY_NETWORK_DECRYPT);
    http_body_collect(x, DECRYPT_BODY_MAX, decrypt_with_body, decryption);
    return HTTP_LATER;
}

enum http_flow decrypt_invoke(struct http_exchange *x, const struct admission *admission)
{
    struct admission taken = *admission;
    struct decryption *decryption = ARENA_NEW(http_arena(x), struct decryption);
    if (decryption == NULL) {
        admission_end(&taken);
        http_reply_error(x, 503);
        return HTTP_DONE;
    }
    decryption->admission = taken;
    return decryption_begin(x, decryption, ANSWER_DECRYPT);
}

enum http_flow node_decrypt(struct http_exchange *x, void *app)
{
    struct deputy_refusal refusal = {.code = DEPUTY_E_NOMEM};
    struct decryption *decryption = ARENA_NEW(http_arena(x), struct decryption);
    if (!answer_json_expected(x))
        return HTTP_DONE;
    if (decryption != NULL && admit_for_node(&decryption->admission, &refusal, app, x) == DEPUTY_OK)
        return decryption_begin(x, decryption, ANSWER_INVOKE);
    answer_refusal(x, ANSWER_INVOKE, &refusal);
    return HTTP_DONE;
}
