/*
 * capabilities/read (spec/03 section 10): the delegations that name a space, or the chain behind one of them.
 * Reading and parsing them happens on a pool thread.
 */
#include "node/capabilities.h"
#include "base/arena.h"
#include "base/json_write.h"
#include "base/try.h"
#include "node/answer.h"
#include "node/authority.h"
#include "node/kv.h"
#include "store/listing.h"
#include <deputy/cacao.h>

enum {
    CAPABILITIES_ANSWER_MAX = 16 * 1024 * 1024,
    CAPABILITIES_SCRATCH_MAX = 64 * 1024 * 1024, /* for the closure of one delegation */
    CAPABILITIES_PAGE = 100,
    CAPABILITIES_ROWS_MAX = 10000, /* delegations looked at; more are refused rather than left out */
    CID_PREFIX_BYTES = 4
};

struct capabilities_read {
    struct http_exchange *x;
    struct store *store;
    struct deputy_space space;
    struct deputy_slice space_text;
    struct deputy_principal root; /* of the reader */
    struct capabilities_question question;
    struct deputy_time now;
    struct deputy_arena *scratch;
    struct buf out;
    enum deputy_error error;
};

/* Who stands behind the reader: the issuer at the top of its first line of proofs. */
static enum deputy_error root_find(
        struct deputy_arena *arena, struct deputy_principal *out, const struct admission *admission)
{
    const struct deputy_closure *closure = admission_closure(admission);
    const struct deputy_token *top = admission->token;
    struct deputy_slice text;
    size_t at = 0;
    for (size_t depth = 0; depth < closure->count && closure->links[at].token != NULL; depth++) {
        top = closure->links[at].token;
        if (closure->links[at].parent_count == 0)
            break;
        at = closure->links[at].parents[0];
    }
    TRY(deputy_principal_format(arena, &text, &top->issuer));
    *out = deputy_principal_of(text);
    return DEPUTY_OK;
}

/* ---- which delegations ---- */

/* Live: not revoked itself, in time, and about the space. */
static bool is_live(const struct capabilities_read *read, const struct deputy_link *link)
{
    if (link->token == NULL || link->revoked)
        return false;
    const struct deputy_window *window = &link->token->window;
    if ((window->has_expiry && deputy_time_compare(window->expiry, read->now) <= 0) ||
            (window->has_not_before && deputy_time_compare(window->not_before, read->now) > 0))
        return false;
    for (size_t i = 0; i < link->token->capability_count; i++) {
        if (capabilities_in_space(&link->token->capabilities[i], &read->space))
            return true;
    }
    return false;
}

/* ---- the answer ---- */

/* {"0": {...}}: the caveats by their place in the signed array. */
static enum deputy_error put_caveats(
        struct deputy_arena *scratch, struct json_writer *json, struct deputy_slice signed_caveats)
{
    const struct json_value *caveats;
    uint64_t index = 0;
    json_key(json, "caveats");
    json_object_begin(json);
    if (deputy_slice_present(signed_caveats)) {
        TRY(json_parse(scratch, &caveats, signed_caveats));
        JSON_EACH (caveat, caveats) {
            struct deputy_slice name;
            struct buf text = buf_make(scratch, 32);
            buf_put_decimal(&text, index++);
            TRY(buf_finish(&text, &name));
            json_key_slice(json, name);
            json_raw(json, caveat->raw);
        }
    }
    json_object_end(json);
    return DEPUTY_OK;
}

static enum deputy_error put_capability(
        struct deputy_arena *scratch, struct json_writer *json, const struct deputy_capability *capability)
{
    struct deputy_slice resource;
    TRY(deputy_resource_format(scratch, &resource, &capability->resource));
    json_object_begin(json);
    json_key(json, "resource");
    json_text(json, resource);
    json_key(json, "ability");
    json_text(json, capability->ability);
    TRY(put_caveats(scratch, json, capability->caveats));
    json_object_end(json);
    return DEPUTY_OK;
}

/* Each CID as an array of its 36 bytes. */
static void put_parents(struct json_writer *json, const struct deputy_token *token)
{
    static const uint8_t prefix[CID_PREFIX_BYTES] = {0x01, 0x55, 0x1e, 0x20};
    json_key(json, "parents");
    json_array_begin(json);
    for (size_t i = 0; i < token->proof_count; i++) {
        if (token->proofs[i].foreign)
            continue;
        json_array_begin(json);
        for (size_t byte = 0; byte < sizeof prefix; byte++)
            json_int(json, prefix[byte]);
        for (size_t byte = 0; byte < sizeof token->proofs[i].cid.digest; byte++)
            json_int(json, token->proofs[i].cid.digest[byte]);
        json_array_end(json);
    }
    json_array_end(json);
}

static enum deputy_error put_principal(struct deputy_arena *scratch, struct json_writer *json,
        const char *name, const struct deputy_principal *principal)
{
    struct deputy_slice text;
    TRY(deputy_principal_format(scratch, &text, principal));
    json_key(json, name);
    json_text(json, text);
    return DEPUTY_OK;
}

static enum deputy_error put_record(
        struct capabilities_read *read, struct json_writer *json, const struct deputy_token *token)
{
    struct deputy_slice raw = token->bytes;
    json_object_begin(json);
    json_key(json, "capabilities");
    json_array_begin(json);
    for (size_t i = 0; i < token->capability_count; i++) {
        if (capabilities_in_space(&token->capabilities[i], &read->space))
            TRY(put_capability(read->scratch, json, &token->capabilities[i]));
    }
    json_array_end(json);
    TRY(put_principal(read->scratch, json, "delegator", &token->issuer));
    TRY(put_principal(read->scratch, json, "delegate", &token->audience));
    put_parents(json, token);
    if (token->kind == DEPUTY_TOKEN_CACAO)
        TRY(deputy_cacao_header(read->scratch, &raw, token->bytes));
    json_key(json, "raw");
    json_text(json, raw);
    json_object_end(json);
    return DEPUTY_OK;
}

/* From the leaf upwards along first parents, until one is not live. */
static enum deputy_error put_chain(
        struct capabilities_read *read, struct json_writer *json, struct store_read *rows)
{
    struct deputy_closure closure;
    size_t at = 0;
    TRY(authority_load_one(read->scratch, &closure, rows, &read->question.cid, DEPUTY_CHAIN_MAX));
    ENSURE(!closure.over_limit, DEPUTY_E_CHAIN_LIMIT);
    json_array_begin(json);
    for (size_t depth = 0; depth < closure.count && is_live(read, &closure.links[at]); depth++) {
        TRY(put_record(read, json, closure.links[at].token));
        if (closure.links[at].parent_count == 0)
            break;
        at = closure.links[at].parents[0];
    }
    json_array_end(json);
    return DEPUTY_OK;
}

static enum deputy_error put_listed(struct capabilities_read *read, struct json_writer *json,
        struct store_read *rows, const struct store_listed *listed)
{
    struct deputy_closure closure;
    struct deputy_slice text;
    struct deputy_cid cid;
    deputy_arena_reset(read->scratch);
    memcpy(cid.digest, listed->digest, sizeof cid.digest);
    TRY(authority_load_one(read->scratch, &closure, rows, &cid, DEPUTY_CHAIN_MAX));
    if (closure.over_limit || !is_live(read, &closure.links[0]) ||
            !capabilities_wanted(&read->question, &read->space, &read->root, closure.links[0].token))
        return DEPUTY_OK;
    TRY(deputy_cid_format(read->scratch, &text, &cid, DEPUTY_CID_BASE32));
    json_key_slice(json, text);
    return put_record(read, json, closure.links[0].token);
}

static enum deputy_error put_list(
        struct capabilities_read *read, struct json_writer *json, struct store_read *rows)
{
    struct store_listing page;
    int64_t after = 0;
    size_t seen = 0;
    struct deputy_arena *pages = http_arena(read->x);
    json_object_begin(json);
    do {
        TRY(store_list_by_space(pages, &page, rows, read->space_text, after, CAPABILITIES_PAGE));
        for (size_t i = 0; i < page.count; i++)
            TRY(put_listed(read, json, rows, &page.rows[i]));
        seen += page.count;
        ENSURE(seen <= CAPABILITIES_ROWS_MAX, DEPUTY_E_CAPABILITIES_SIZE);
        after = page.count > 0 ? page.rows[page.count - 1].id : after;
    } while (page.count == CAPABILITIES_PAGE);
    json_object_end(json);
    return DEPUTY_OK;
}

static enum deputy_error answer_build(struct capabilities_read *read)
{
    struct store_read *rows = NULL;
    struct json_writer json = json_writer_make(&read->out);
    TRY(store_read_begin(&rows, read->store, NULL));
    enum deputy_error error =
            read->question.chain ? put_chain(read, &json, rows) : put_list(read, &json, rows);
    store_read_end(rows);
    return error;
}

static void capabilities_work(void *ctx)
{
    struct capabilities_read *read = ctx;
    read->error = deputy_arena_create(&read->scratch, CAPABILITIES_SCRATCH_MAX);
    if (read->error == DEPUTY_OK)
        read->error = answer_build(read);
    deputy_arena_destroy(read->scratch);
}

static void capabilities_done(void *ctx)
{
    struct capabilities_read *read = ctx;
    struct deputy_slice text;
    if (read->error == DEPUTY_OK && buf_finish(&read->out, &text) != DEPUTY_OK)
        read->error = DEPUTY_E_CAPABILITIES_SIZE;
    if (read->error == DEPUTY_OK)
        http_reply_json(read->x, 200, text);
    else
        answer_error(read->x, ANSWER_INVOKE, read->error);
}

static enum deputy_error capabilities_prepare(
        struct capabilities_read *read, struct deputy_refusal *refusal, const struct kv_request *request)
{
    struct deputy_arena *arena = http_arena(read->x);
    const struct kv_item *item = request->operation.items;
    read->store = request->admission.on->node->store;
    read->now = node_now(request->admission.on->node);
    read->space = item->grant->capability->resource.space;
    read->space_text = item->space;
    read->out = buf_make(arena, CAPABILITIES_ANSWER_MAX);
    TRY(capabilities_question_read(arena, &read->question, refusal, request->admission.token));
    TRY(root_find(arena, &read->root, &request->admission));
    return loop_offload(http_loop(read->x), capabilities_work, capabilities_done, read);
}

enum http_flow capabilities_read(struct http_exchange *x, struct kv_request *request)
{
    struct deputy_refusal refusal = {.code = DEPUTY_OK};
    struct capabilities_read *read = ARENA_NEW(http_arena(x), struct capabilities_read);
    enum deputy_error error = DEPUTY_E_NOMEM;
    if (read != NULL) {
        read->x = x;
        error = capabilities_prepare(read, &refusal, request);
    }
    admission_end(&request->admission);
    if (error == DEPUTY_OK)
        return HTTP_LATER;
    if (refusal.code != error)
        refusal = (struct deputy_refusal){.code = error};
    answer_refusal(x, ANSWER_INVOKE, &refusal);
    return HTTP_DONE;
}
