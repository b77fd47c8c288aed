/*
 * Shapes of chains from tests/data/chain.json: who delegates to whom, what is revoked, how wide and how deep.
 * Their CIDs and keys are made up, so the tokens are made as their parser would give them.
 */
#include "base/arena.h"
#include "grant/lineage.h"
#include "support/issuer.h"
#include "support/vectors.h"
#include <stdio.h>

static const struct json_value *all_vectors(struct deputy_arena *arena)
{
    const struct json_value *root;
    assert_ok(json_parse(arena, &root, check_data(arena, "chain.json")));
    return json_member(root, "vectors");
}

static struct deputy_token *token_make(struct issuer *issuer, const char *cid, size_t proofs)
{
    struct deputy_token *token = ARENA_NEW(issuer->arena, struct deputy_token);
    struct deputy_proof *cited = ARENA_ARRAY(issuer->arena, struct deputy_proof, proofs + 1);
    assert_non_null(cited);
    token->cid = deputy_cid_of_bytes(T(cid));
    token->proofs = cited;
    token->proof_count = proofs;
    token->window.has_expiry = true;
    token->window.expiry = (struct deputy_time){issuer->now.sec + 100, 0};
    return token;
}

static void token_cite(struct deputy_token *token, size_t index, struct deputy_cid cid)
{
    ((struct deputy_proof *)(uintptr_t)token->proofs)[index].cid = cid;
}

/* ---- chain-shape ---- */

/* One capability for the whole chain, in a space of the first issuer. */
static const struct deputy_capability *shape_capability(struct issuer *issuer, const struct json_value *chain)
{
    struct deputy_capability *cap = ARENA_NEW(issuer->arena, struct deputy_capability);
    struct deputy_slice owner = check_text_of(chain->first, "issuer");
    char *resource = (char *)arena_alloc_bytes(issuer->arena, 300);
    snprintf(resource, 300, "tinycloud:%.*s:applications/sql/xyz.tinycloud.listen/conversations",
            (int)owner.len - 4, (const char *)owner.ptr + 4);
    assert_ok(deputy_resource_parse(&cap->resource, T(resource)));
    cap->ability = T("tinycloud.sql/read");
    return cap;
}

static struct deputy_token *shape_token(struct issuer *issuer, const struct json_value *link,
        const struct deputy_capability *cap, const struct deputy_token *parent)
{
    char cid[100];
    struct deputy_slice text = check_text_of(link, "cid");
    snprintf(cid, sizeof cid, "%.*s", (int)text.len, (const char *)text.ptr);
    struct deputy_token *token = token_make(issuer, cid, parent != NULL);
    token->issuer = deputy_principal_of(check_text_of(link, "issuer"));
    token->audience = deputy_principal_of(check_text_of(link, "audience"));
    token->terminal = json_text_is(json_member(link, "mode"), "terminal");
    token->capabilities = cap;
    token->capability_count = 1;
    if (parent != NULL)
        token_cite(token, 0, parent->cid);
    return token;
}

/* Stores the chain; a link that is refused ends it, and its decision is the shape's. */
static struct deputy_decision shape_store(
        struct issuer *issuer, const struct json_value *chain, const struct deputy_token **last)
{
    const struct deputy_capability *cap = shape_capability(issuer, chain);
    struct deputy_decision decision = {0};
    *last = NULL;
    JSON_EACH (link, chain) {
        const struct deputy_token *token = shape_token(issuer, link, cap, *last);
        decision = issuer_decide(issuer, DEPUTY_USE_DELEGATE, token);
        if (decision.refusal.code != DEPUTY_OK)
            return decision;
        issuer_store(issuer, token);
        *last = token;
    }
    return decision;
}

static void shape_set_revoked(struct issuer *issuer, const struct json_value *cids)
{
    for (size_t i = 0; i < issuer->row_count; i++) {
        issuer->rows[i].revoked = false;
        if (cids == NULL)
            continue;
        JSON_EACH (cid, cids) {
            struct deputy_cid revoked = deputy_cid_of_bytes(cid->text);
            issuer->rows[i].revoked |= deputy_cid_equal(&issuer->rows[i].token->cid, &revoked);
        }
    }
}

static struct deputy_decision shape_invoke(struct issuer *issuer, const struct deputy_token *last)
{
    struct deputy_token *token = token_make(issuer, "invocation", 1);
    token->issuer = token->audience = last->audience;
    token->capabilities = last->capabilities;
    token->capability_count = 1;
    token_cite(token, 0, last->cid);
    return issuer_decide(issuer, DEPUTY_USE_INVOKE, token);
}

/* The recorded code is how the text begins. */
static void shape_check(
        struct issuer *issuer, const struct deputy_decision *decision, const struct json_value *code)
{
    struct deputy_slice text;
    if (code == NULL) {
        assert_int_equal(decision->refusal.code, DEPUTY_OK);
        return;
    }
    assert_int_not_equal(decision->refusal.code, DEPUTY_OK);
    assert_ok(deputy_refusal_format(issuer->arena, &text, &decision->refusal));
    assert_true(text.len >= code->text.len);
    assert_slice(deputy_slice_bytes(text.ptr, code->text.len), code->text);
}

static void shape_check_trace(
        struct issuer *issuer, const struct json_value *trace, const struct deputy_token *last)
{
    JSON_EACH (step, trace) {
        const struct json_value *state = json_member(step, "engine_state");
        if (state == NULL)
            continue;
        shape_set_revoked(issuer, json_member(state, "revoked_cids"));
        struct deputy_decision decision = shape_invoke(issuer, last);
        const struct json_value *answer = json_member(step, "expected_response");
        if (answer != NULL)
            shape_check(issuer, &decision, json_member(json_member(answer, "body"), "code"));
    }
}

static void shape_check_vector(struct issuer *issuer, const struct json_value *vector)
{
    const struct json_value *input = json_member(vector, "input");
    const struct json_value *trace = json_member(input, "trace");
    const struct deputy_token *last;
    issuer->row_count = 0;
    struct deputy_decision decision = shape_store(issuer, json_member(input, "chain"), &last);
    if (trace != NULL) {
        shape_check_trace(issuer, trace, last);
        return;
    }
    if (decision.refusal.code == DEPUTY_OK) {
        shape_set_revoked(issuer, json_member(input, "revoked_cids"));
        decision = shape_invoke(issuer, last);
    }
    shape_check(issuer, &decision, json_member(json_member(vector, "expected"), "rejection_code"));
}

static void chain_shapes_are_decided_as_recorded(void **state)
{
    size_t count = 0;
    JSON_EACH (vector, all_vectors(((struct issuer *)*state)->arena)) {
        if (!json_text_is(json_member(vector, "kind"), "chain-shape"))
            continue;
        shape_check_vector(*state, vector);
        count++;
    }
    assert_int_equal(count, 11);
}

/* ---- traversal ---- */

/* Node i, with its parents; citing one that does not exist yet is how a cycle is made. */
static void node_store(struct issuer *issuer, size_t node, size_t parents, const size_t *parent)
{
    char name[40], other[40];
    snprintf(name, sizeof name, "node %zu", node);
    struct deputy_token *token = token_make(issuer, name, parents);
    for (size_t i = 0; i < parents; i++) {
        snprintf(other, sizeof other, "node %zu", parent[i]);
        token_cite(token, i, deputy_cid_of_bytes(T(other)));
    }
    issuer_store(issuer, token);
}

static void store_chain(struct issuer *issuer, size_t nodes)
{
    for (size_t i = 0; i < nodes; i++)
        node_store(issuer, i, i + 1 < nodes, &(size_t){i + 1});
}

static void store_wide(struct issuer *issuer)
{
    size_t parents[64];
    for (size_t i = 0; i < 64; i++)
        parents[i] = i + 1;
    node_store(issuer, 0, 64, parents);
    for (size_t i = 1; i <= 64; i++)
        node_store(issuer, i, 0, NULL);
}

/* 33 roots, cited together, each with a parent of its own. */
static void store_many_roots(struct issuer *issuer)
{
    for (size_t i = 0; i < 33; i++) {
        node_store(issuer, i, 1, &(size_t){33 + i});
        node_store(issuer, 33 + i, 0, NULL);
    }
}

static void store_shape(struct issuer *issuer, const struct json_value *vector, size_t *roots)
{
    const struct json_value *name = json_member(vector, "name");
    *roots = 1;
    if (json_text_is(name, "traversal/deep-65"))
        store_chain(issuer, 65);
    else if (json_text_is(name, "traversal/deep-64"))
        store_chain(issuer, 64);
    else if (json_text_is(name, "traversal/wide-64-parents"))
        store_wide(issuer);
    else if (json_text_is(name, "traversal/33-roots-33-parents")) {
        store_many_roots(issuer);
        *roots = 33;
    } else if (json_text_is(name, "traversal/cycle-2")) {
        node_store(issuer, 0, 1, &(size_t){1});
        node_store(issuer, 1, 1, &(size_t){0});
    } else
        fail_msg("unknown shape");
}

static void traversal_check_vector(struct issuer *issuer, const struct json_value *vector)
{
    const struct json_value *expected = json_member(vector, "expected");
    size_t roots;
    char name[40];
    issuer->row_count = 0;
    store_shape(issuer, vector, &roots);
    struct deputy_token *token = token_make(issuer, "citing", roots);
    for (size_t i = 0; i < roots; i++) {
        snprintf(name, sizeof name, "node %zu", i);
        token_cite(token, i, deputy_cid_of_bytes(T(name)));
    }
    struct deputy_closure closure = issuer_closure(issuer, token, DEPUTY_CHAIN_MAX_REVOKE);
    bool within = closure_is_within(&closure, DEPUTY_CHAIN_MAX);
    assert_int_equal(within, json_member(expected, "error") == NULL);
    struct lineage lineage = {0};
    for (size_t i = 0; i < roots; i++)
        lineage_add(&lineage, &closure, i);
    assert_int_equal(lineage.count, issuer->row_count);
    int64_t visited;
    if (json_to_int64(&visited, json_member(expected, "visited")) == DEPUTY_OK)
        assert_int_equal(lineage.count, visited);
}

static void I39_traversals_end_and_are_limited_as_recorded(void **state)
{
    size_t count = 0;
    JSON_EACH (vector, all_vectors(((struct issuer *)*state)->arena)) {
        if (!json_text_is(json_member(vector, "kind"), "traversal"))
            continue;
        traversal_check_vector(*state, vector);
        count++;
    }
    assert_int_equal(count, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ISSUER_TEST(chain_shapes_are_decided_as_recorded),
            ISSUER_TEST(I39_traversals_end_and_are_limited_as_recorded),
    };
    return cmocka_run_group_tests_name("grant.chain_shapes", tests, NULL, NULL);
}
