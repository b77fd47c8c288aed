/* POST /delegation/status (spec/02 section 8, spec/03 section 6.3). */
#include "base/arena.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/try.h"
#include "node/admit.h"
#include "node/answer.h"
#include "node/routes.h"

enum { STATUS_BODY_MAX = 64 * 1024, STATUS_ANSWER_MAX = 64 * 1024 };

static const char *const standing_names[] = {
        [DEPUTY_STANDING_ACTIVE] = "active",
        [DEPUTY_STANDING_REVOKED] = "revoked",
        [DEPUTY_STANDING_EXPIRED] = "expired",
        [DEPUTY_STANDING_UNAVAILABLE] = "unavailable",
};

static void put_flag(struct json_writer *json, const char *name, bool value)
{
    json_key(json, name);
    json_bool(json, value);
}

/* The same answer whether the delegation is unknown or the caller a stranger; exists false means either. */
static void status_reply(
        struct http_exchange *x, struct deputy_slice cid, bool exists, enum deputy_standing standing)
{
    struct buf out = buf_make(http_arena(x), STATUS_ANSWER_MAX);
    struct json_writer json = json_writer_make(&out);
    json_object_begin(&json);
    json_key(&json, "cid");
    json_text(&json, cid);
    json_key(&json, "status");
    json_text_z(&json, exists ? standing_names[standing] : "not_found");
    put_flag(&json, "exists", exists);
    put_flag(&json, "active", exists && standing == DEPUTY_STANDING_ACTIVE);
    put_flag(&json, "revoked", exists && standing == DEPUTY_STANDING_REVOKED);
    put_flag(&json, "expired", exists && standing == DEPUTY_STANDING_EXPIRED);
    json_object_end(&json);
    answer_json(x, exists ? 200 : 404, &out);
}

/* The text of the body's cid; 400 for what is no JSON, 422 for JSON of another shape. */
static enum deputy_error status_read_body(struct http_exchange *x, struct deputy_slice *cid)
{
    const struct json_value *body;
    ENSURE(json_parse(http_arena(x), &body, http_body(x)) == DEPUTY_OK, DEPUTY_E_INVALID_INPUTS);
    ENSURE(json_to_text(cid, json_member(body, "cid")) == DEPUTY_OK, DEPUTY_E_STATUS_SHAPE);
    return DEPUTY_OK;
}

struct status_question {
    struct admission admission;
    struct deputy_slice text; /* of the CID, as asked */
    struct deputy_cid cid;
};

static enum deputy_error status_decide(struct deputy_arena *arena, enum deputy_standing *standing,
        struct store_read *read, const struct status_question *question)
{
    const struct admission *admission = &question->admission;
    const struct node *node = admission->on->node;
    struct deputy_closure proofs, target;
    struct deputy_time now = node_now(node);
    TRY(authority_load(
            arena, &proofs, read, admission->token->proofs, admission->token->proof_count, DEPUTY_CHAIN_MAX));
    TRY(authority_load_one(arena, &target, read, &question->cid, DEPUTY_CHAIN_MAX));
    const struct deputy_token *token = target.over_limit ? NULL : target.links[0].token;
    *standing = deputy_delegation_standing(&target, now);
    return deputy_status_admit(admission->verified, question->text, token, &proofs, &node->rules, now);
}

static enum deputy_error status_judge(
        struct http_exchange *x, struct status_question *question, enum deputy_standing *standing)
{
    struct store_read *read = NULL;
    TRY(status_read_body(x, &question->text));
    (void)deputy_cid_parse(&question->cid, question->text); /* deputy_status_admit refuses what is none */
    TRY(store_read_begin(&read, question->admission.on->node->store, NULL));
    enum deputy_error error = status_decide(http_arena(x), standing, read, question);
    store_read_end(read);
    return error;
}

static enum http_flow status_with_body(struct http_exchange *x, void *app)
{
    struct status_question *question = app;
    enum deputy_standing standing = DEPUTY_STANDING_UNAVAILABLE;
    enum deputy_error error = status_judge(x, question, &standing);
    if (error == DEPUTY_OK || error == DEPUTY_E_STATUS_NOT_FOUND)
        status_reply(x, question->text, error == DEPUTY_OK, standing);
    else
        answer_error(x, ANSWER_INVOKE, error);
    return HTTP_DONE;
}

/* The token is judged before the body is read. */
enum http_flow node_delegation_status(struct http_exchange *x, void *app)
{
    struct deputy_refusal refusal;
    if (!answer_json_expected(x))
        return HTTP_DONE;
    struct status_question *question = ARENA_NEW(http_arena(x), struct status_question);
    enum deputy_error error =
            question == NULL ? DEPUTY_E_NOMEM
                             : admission_read(&question->admission, &refusal, app, x, DEPUTY_USE_STATUS);
    if (error == DEPUTY_E_SIGNATURE || error == DEPUTY_E_INVOCATION_TIME ||
            error == DEPUTY_E_LIFETIME_EXCEEDED)
        error = DEPUTY_E_STATUS_INVALID;
    if (error != DEPUTY_OK) {
        answer_error(x, ANSWER_INVOKE, error);
        return HTTP_DONE;
    }
    http_body_collect(x, STATUS_BODY_MAX, status_with_body, question);
    return HTTP_LATER;
}
