/* Creating, revoking and describing encryption networks (spec/04 sections 7 and 8). */
#include "base/arena.h"
#include "base/buf.h"
#include "base/try.h"
#include "node/mutation.h"
#include "node/networks.h"
#include "node/routes.h"
#include "seal/decrypt.h"

enum { NETWORK_BODY_MAX = 64 * 1024, NETWORK_ROW_BYTES = 2048 };

/* ---- describing ---- */

static enum deputy_error network_put(struct http_exchange *x, struct deputy_slice *json,
        const struct node *node, const struct store_network *network, bool record)
{
    struct deputy_network_descriptor descriptor;
    TRY(network_describe(http_arena(x), &descriptor, node, network));
    return record ? deputy_network_record_build(http_arena(x), json, &descriptor)
                  : deputy_network_descriptor_build(http_arena(x), json, &descriptor);
}

static enum http_flow network_answer(
        struct http_exchange *x, const struct node *node, struct deputy_slice id, bool record)
{
    struct store_network network;
    struct deputy_slice json;
    enum deputy_error error = network_load(http_arena(x), &network, node, id);
    if (error == DEPUTY_OK)
        error = network_put(x, &json, node, &network, record);
    if (error == DEPUTY_OK)
        http_reply_json(x, 200, json);
    else
        answer_error(x, ANSWER_INVOKE, error);
    return HTTP_DONE;
}

enum http_flow node_network_get(struct http_exchange *x, void *app)
{
    const struct node_loop *on = app;
    struct deputy_slice id;
    struct deputy_refusal refusal;
    if (network_in_path(x, &id, &refusal) == DEPUTY_OK)
        return network_answer(x, on->node, id, false);
    answer_refusal(x, ANSWER_INVOKE, &refusal);
    return HTTP_DONE;
}

/* By name alone nothing is told: a name is one owner's. */
static enum deputy_error discovered(
        struct http_exchange *x, struct deputy_slice *id, struct deputy_refusal *refusal)
{
    struct deputy_slice owner = http_query(x, "ownerDid"), text;
    *refusal = (struct deputy_refusal){
            DEPUTY_E_DECRYPT_MALFORMED, {deputy_slice_text("invalid network id: ownerDid is required")}};
    ENSURE(deputy_slice_present(owner), refusal->code);
    enum deputy_error error = deputy_network_id_make(http_arena(x), id, owner, http_param(x, "name"));
    if (error == DEPUTY_OK)
        return DEPUTY_OK;
    (void)network_id_refuse(http_arena(x), refusal, error);
    struct buf out = buf_make(http_arena(x), 1024);
    buf_put_text(&out, "invalid network id: ");
    buf_put(&out, refusal->args[0]);
    TRY(buf_finish(&out, &text));
    *refusal = (struct deputy_refusal){DEPUTY_E_DECRYPT_MALFORMED, {text}};
    return refusal->code;
}

enum http_flow node_network_discover(struct http_exchange *x, void *app)
{
    const struct node_loop *on = app;
    struct deputy_slice id;
    struct deputy_refusal refusal;
    if (discovered(x, &id, &refusal) == DEPUTY_OK)
        return network_answer(x, on->node, id, true);
    answer_refusal(x, ANSWER_INVOKE, &refusal);
    return HTTP_DONE;
}

/* ---- changing ---- */

struct network_change {
    struct admission admission;
    struct store_network network;
    struct store_replay replay;
};

static enum http_flow change_refuse(struct http_exchange *x, struct network_change *change,
        struct deputy_refusal *refusal, enum deputy_error error)
{
    admission_end(&change->admission);
    if (refusal->code != error)
        *refusal = (struct deputy_refusal){.code = error};
    answer_refusal(x, ANSWER_INVOKE, refusal);
    return HTTP_DONE;
}

/* Rows 3 to 12 of spec/04 section 7.2; an invocation that lives longer than one that decrypts is refused too.
 */
static enum deputy_error change_check(struct http_exchange *x, struct network_change *change,
        struct deputy_refusal *refusal, const char *ability, struct deputy_slice body_hash)
{
    const struct admission *admission = &change->admission;
    const struct network_admin admin = {.node = admission->on->node->did,
            .network = change->network.id,
            .ability = ability,
            .body_hash = body_hash};
    TRY(network_admin_check(http_arena(x), refusal, &admin, network_admitted(&admission->decision, ability),
            admission->token));
    TRY(decrypt_check_time(&admission->token->window, node_now(admission->on->node)));
    enum deputy_error error = admission_use_up(http_arena(x), &change->replay, admission);
    return error == DEPUTY_E_STORE_REPLAY ? DEPUTY_E_NONCE_USED : error;
}

/* On the writer: decided again, and the use recorded with the change. */
static enum deputy_error change_apply(struct mutation *mutation, struct store_write *write)
{
    const struct network_change *change = mutation->ctx;
    TRY(admit_again(mutation->arena, &mutation->refusal, &mutation->admission, write));
    enum deputy_error error = store_replay_insert(write, &change->replay);
    return error == DEPUTY_E_STORE_REPLAY ? DEPUTY_E_NONCE_USED : error;
}

static enum http_flow change_submit(struct http_exchange *x, struct network_change *change,
        mutation_apply_fn *apply, mutation_answer_fn *answer)
{
    struct mutation mutation = {.admission = change->admission,
            .apply = apply,
            .answer = answer,
            .route = ANSWER_INVOKE,
            .ctx = change};
    change->admission.entry = NULL; /* it is the mutation's now */
    return mutation_submit(x, &mutation, NETWORK_ROW_BYTES);
}

/* ---- creating ---- */

static enum deputy_error create_prepare(
        struct http_exchange *x, struct network_change *change, struct deputy_refusal *refusal)
{
    struct network_create_body body;
    struct deputy_arena *arena = http_arena(x);
    ENSURE(network_alone(&change->admission.decision), DEPUTY_E_DECRYPT_ACTION);
    TRY(network_create_parse(arena, &body, refusal, http_body(x)));
    enum deputy_error error = deputy_network_id_make(arena, &change->network.id, body.owner, body.name);
    if (error != DEPUTY_OK)
        return network_id_refuse(arena, refusal, error);
    TRY(change_check(x, change, refusal, DEPUTY_NETWORK_CREATE, body.hash));
    change->network.algorithm = deputy_slice_text(DEPUTY_NETWORK_ALGORITHM);
    change->network.key_version = 1;
    return network_key_make(change->admission.on->node, &change->network);
}

static enum deputy_error create_apply(struct mutation *mutation, struct store_write *write)
{
    struct network_change *change = mutation->ctx;
    TRY(change_apply(mutation, write));
    return store_network_insert(write, &change->network);
}

static void create_answer(struct mutation *mutation)
{
    struct deputy_slice json;
    const struct network_change *change = mutation->ctx;
    enum deputy_error error =
            network_put(mutation->x, &json, mutation->admission.on->node, &change->network, false);
    if (error == DEPUTY_OK)
        http_reply_json(mutation->x, 200, json);
    else
        answer_error(mutation->x, ANSWER_INVOKE, error);
}

static enum http_flow create_with_body(struct http_exchange *x, void *app)
{
    struct network_change *change = app;
    struct deputy_refusal refusal = {.code = DEPUTY_OK};
    enum deputy_error error = admit_resume(&change->admission, &refusal, http_arena(x));
    if (error == DEPUTY_OK)
        error = create_prepare(x, change, &refusal);
    if (error != DEPUTY_OK)
        return change_refuse(x, change, &refusal, error);
    return change_submit(x, change, create_apply, create_answer);
}

enum http_flow node_network_create(struct http_exchange *x, void *app)
{
    struct deputy_refusal refusal = {.code = DEPUTY_E_NOMEM};
    struct network_change *change = ARENA_NEW(http_arena(x), struct network_change);
    if (!answer_json_expected(x))
        return HTTP_DONE;
    http_set_topic(x, DEPUTY_NETWORK_CREATE);
    if (change != NULL && admit_for_node(&change->admission, &refusal, app, x) == DEPUTY_OK) {
        admission_end(&change->admission); /* nothing is held while the body is on its way */
        http_body_collect(x, NETWORK_BODY_MAX, create_with_body, change);
        return HTTP_LATER;
    }
    answer_refusal(x, ANSWER_INVOKE, &refusal);
    return HTTP_DONE;
}

/* ---- revoking ---- */

static enum deputy_error revoke_prepare(
        struct http_exchange *x, struct network_change *change, struct deputy_refusal *refusal)
{
    struct deputy_slice body_hash;
    ENSURE(network_alone(&change->admission.decision), DEPUTY_E_DECRYPT_ACTION);
    TRY(network_in_path(x, &change->network.id, refusal));
    TRY(network_no_body_hash(http_arena(x), &body_hash));
    return change_check(x, change, refusal, DEPUTY_NETWORK_REVOKE, body_hash);
}

static enum deputy_error revoke_apply(struct mutation *mutation, struct store_write *write)
{
    const struct network_change *change = mutation->ctx;
    TRY(change_apply(mutation, write));
    return store_network_revoke(mutation->arena, write, change->network.id);
}

static void revoke_answer(struct mutation *mutation)
{
    http_reply(mutation->x, 204, NULL, deputy_slice_text(""));
}

enum http_flow node_network_revoke(struct http_exchange *x, void *app)
{
    struct deputy_refusal refusal = {.code = DEPUTY_E_NOMEM};
    struct network_change *change = ARENA_NEW(http_arena(x), struct network_change);
    http_set_topic(x, DEPUTY_NETWORK_REVOKE);
    if (change == NULL || admit_for_node(&change->admission, &refusal, app, x) != DEPUTY_OK) {
        answer_refusal(x, ANSWER_INVOKE, &refusal);
        return HTTP_DONE;
    }
    enum deputy_error error = revoke_prepare(x, change, &refusal);
    if (error != DEPUTY_OK)
        return change_refuse(x, change, &refusal, error);
    return change_submit(x, change, revoke_apply, revoke_answer);
}
