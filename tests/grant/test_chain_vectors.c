/* The real tokens of tests/data/chain.json: what the reference's own tests import, invoke and refuse. */
#include "base/arena.h"
#include "base/codec.h"
#include "support/issuer.h"
#include "support/vectors.h"
#include <stdio.h>

typedef void vector_check(struct issuer *issuer, const struct json_value *vector);

static const struct json_value *all_vectors(struct deputy_arena *arena)
{
    const struct json_value *root;
    assert_ok(json_parse(arena, &root, check_data(arena, "chain.json")));
    return json_member(root, "vectors");
}

static void each_of_kind(struct issuer *issuer, const char *kind, size_t expected, vector_check *check)
{
    size_t count = 0;
    JSON_EACH (vector, all_vectors(issuer->arena)) {
        if (!json_text_is(json_member(vector, "kind"), kind))
            continue;
        issuer->row_count = 0;
        check(issuer, vector);
        count++;
    }
    assert_int_equal(count, expected);
}

static const struct json_value *at(const struct json_value *object, const char *a, const char *b)
{
    return json_member(json_member(object, a), b);
}

static struct deputy_slice cid_text(struct issuer *issuer, const struct deputy_token *token)
{
    return T(issuer_text(issuer, "{cid}", token));
}

/* ---- CIDs of policy tokens: none of them is admitted here (D83) ---- */

static void check_ucan_cid(struct issuer *issuer, const struct json_value *vector)
{
    const struct deputy_token *token = issuer_read(
            issuer, DEPUTY_TOKEN_DELEGATION, check_text_of(json_member(vector, "input"), "authorization"));
    assert_slice(cid_text(issuer, token), check_text_of(json_member(vector, "expected"), "cid"));
    struct deputy_decision no = issuer_decide(issuer, DEPUTY_USE_DELEGATE, token);
    assert_int_equal(deputy_error_info(no.refusal.code)->status, 403);
}

static void D83_policy_tokens_have_their_cids_and_are_refused(void **state)
{
    each_of_kind(*state, "ucan-cid", 5, check_ucan_cid);
}

/* ---- imports below the wallet's delegation ---- */

/* The vector leaves out the padding that the header form has. */
static const struct deputy_token *read_cacao(struct issuer *issuer, const struct json_value *vector)
{
    const struct deputy_token *token;
    struct deputy_verified_token verified;
    struct deputy_slice bytes;
    struct deputy_slice text = check_text_of(json_member(vector, "input"), "dagCborBase64Url");
    assert_ok(base64url_read(issuer->arena, &bytes, text, BASE64_UNPADDED));
    assert_ok(deputy_token_parse_bytes(issuer->arena, &token, bytes));
    assert_ok(deputy_token_verify(issuer->arena, &verified, token));
    return token;
}

static void set_time(struct issuer *issuer, const struct json_value *seconds)
{
    int64_t sec;
    assert_ok(json_to_int64(&sec, seconds));
    issuer->now = (struct deputy_time){sec, 0};
}

static void check_cacao(struct issuer *issuer, const struct json_value *vector)
{
    const struct json_value *expected = json_member(vector, "expected");
    const struct deputy_token *token = read_cacao(issuer, vector);
    struct deputy_slice audience;
    assert_slice(cid_text(issuer, token), check_text_of(expected, "cid"));
    assert_ok(deputy_principal_format(issuer->arena, &audience, &token->audience));
    assert_slice(audience, check_text_of(expected, "delegatee_lookup"));
    set_time(issuer, json_member(expected, "verify_at"));
    assert_admitted(issuer, DEPUTY_USE_DELEGATE, token);
}

static void wallets_delegation_is_admitted(void **state)
{
    each_of_kind(*state, "cacao-delegation", 1, check_cacao);
}

static const struct deputy_token *parent_token(struct issuer *issuer)
{
    JSON_EACH (vector, all_vectors(issuer->arena)) {
        if (json_text_is(json_member(vector, "kind"), "cacao-delegation"))
            return read_cacao(issuer, vector);
    }
    fail_msg("no wallet's delegation");
    return NULL;
}

/* The parent as the vector wants it stored: terminal, or under a caveat. */
static void store_parent(struct issuer *issuer, const struct json_value *input)
{
    struct deputy_token *parent = ARENA_NEW(issuer->arena, struct deputy_token);
    *parent = *parent_token(issuer);
    parent->terminal = json_text_is(at(input, "alternatePersistedParent", "delegationMode"), "terminal");
    const struct json_value *caveat = json_member(input, "alternateParentCaveat");
    if (caveat != NULL) {
        struct deputy_capability *rows =
                ARENA_ARRAY(issuer->arena, struct deputy_capability, parent->capability_count);
        char *text = (char *)arena_alloc_bytes(issuer->arena, caveat->raw.len + 3);
        snprintf(text, caveat->raw.len + 3, "[%.*s]", (int)caveat->raw.len, (const char *)caveat->raw.ptr);
        for (size_t i = 0; i < parent->capability_count; i++) {
            rows[i] = parent->capabilities[i];
            if (deputy_slice_equal(rows[i].ability, T("tinycloud.sql/read")))
                rows[i].caveats = T(text);
        }
        parent->capabilities = rows;
    }
    issuer_store(issuer, parent);
}

static struct deputy_slice encoded(const struct json_value *input)
{
    const struct json_value *ucan = json_member(input, "ucan");
    return check_text_of(ucan != NULL ? ucan : json_member(input, "issuanceRecord"), "encoded");
}

static void check_import(struct issuer *issuer, const struct json_value *vector)
{
    const struct json_value *input = json_member(vector, "input");
    const struct json_value *body = at(vector, "derived_from_code_reading", "body");
    const struct deputy_token *token;
    struct deputy_verified_token verified;
    set_time(issuer, json_member(vector, "verify_at"));
    if (json_member(input, "persistedParentCids") == NULL)
        store_parent(issuer, input);
    assert_ok(deputy_token_parse(issuer->arena, &token, DEPUTY_TOKEN_DELEGATION, encoded(input)));
    if (deputy_token_verify(issuer->arena, &verified, token) != DEPUTY_OK) {
        assert_true(json_text_is(body, "Failed to verify signature"));
        return;
    }
    if (json_text_is(at(vector, "expected", "verdict"), "accept")) {
        assert_admitted(issuer, DEPUTY_USE_DELEGATE, token);
        return;
    }
    char text[400];
    assert_true(json_is(body, JSON_STRING));
    snprintf(text, sizeof text, "%.*s", (int)body->text.len, (const char *)body->text.ptr);
    assert_refused(issuer, DEPUTY_USE_DELEGATE, token, text);
}

static void imports_are_decided_as_recorded(void **state)
{
    each_of_kind(*state, "delegation-import", 10, check_import);
}

/* ---- invocations below the import ---- */

static const struct deputy_token *imported(struct issuer *issuer)
{
    JSON_EACH (vector, all_vectors(issuer->arena)) {
        if (json_text_is(json_member(vector, "name"), "grant-output/valid-bounded-node-native-ucan"))
            return issuer_read(issuer, DEPUTY_TOKEN_DELEGATION, encoded(json_member(vector, "input")));
    }
    fail_msg("no import");
    return NULL;
}

/* An invocation as its parser would give it: the vectors name people whose keys are not in them. */
static struct deputy_token *invocation_by(
        struct issuer *issuer, const struct deputy_token *proof, struct deputy_slice invoker)
{
    struct deputy_token *token = ARENA_NEW(issuer->arena, struct deputy_token);
    struct deputy_proof *cited = ARENA_NEW(issuer->arena, struct deputy_proof);
    cited->cid = proof->cid;
    token->issuer = token->audience = deputy_principal_of(invoker);
    token->capabilities = proof->capabilities;
    token->capability_count = proof->capability_count;
    token->proofs = cited;
    token->proof_count = 1;
    token->window.has_expiry = true;
    token->window.expiry = (struct deputy_time){issuer->now.sec + 60, 0};
    return token;
}

static void check_invocation(struct issuer *issuer, const struct json_value *vector)
{
    const struct json_value *input = json_member(vector, "input");
    const struct json_value *invoker = json_member(input, "invokerDid");
    const struct json_value *ability = at(input, "requested", "ability");
    const struct deputy_token *parent = parent_token(issuer), *child = imported(issuer);
    char expected[400];
    issuer->now = (struct deputy_time){1783684800, 0};
    issuer_store(issuer, parent);
    issuer_store(issuer, child);
    if (json_member(input, "invocationTimeEpochSeconds") != NULL)
        set_time(issuer, json_member(input, "invocationTimeEpochSeconds"));
    if (json_member(input, "revokedCid") != NULL)
        issuer_revoke(issuer, parent);
    struct deputy_token *token = invocation_by(issuer, child,
            invoker != NULL ? invoker->text : T("did:key:z6Mkg49NtQR2LyYRDCQFK4w1VVHqhypZSSRo7HsyuN7SV7v5"));
    struct deputy_capability *wanted = ARENA_NEW(issuer->arena, struct deputy_capability);
    *wanted = child->capabilities[1];
    if (ability != NULL)
        wanted->ability = ability->text;
    token->capabilities = wanted;
    token->capability_count = 1;
    struct deputy_slice resource = wanted->resource.written;
    if (invoker != NULL)
        snprintf(expected, sizeof expected, "Unauthorized Invoker");
    else if (json_member(input, "revokedCid") != NULL)
        snprintf(expected, sizeof expected, "delegation-ancestor-revoked: ancestor=%s invoked=%s",
                issuer_text(issuer, "{cid}", parent), issuer_text(issuer, "{cid}", child));
    else
        snprintf(expected, sizeof expected, "Unauthorized Action: %.*s / %.*s", (int)resource.len,
                (const char *)resource.ptr, (int)wanted->ability.len, (const char *)wanted->ability.ptr);
    assert_refused(issuer, DEPUTY_USE_INVOKE, token, expected);
}

static void invocations_are_refused_as_recorded(void **state)
{
    each_of_kind(*state, "invocation-reject", 4, check_invocation);
}

static void import_can_be_invoked_under_its_caveat(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *child = imported(issuer);
    issuer->now = (struct deputy_time){1783684800, 0};
    issuer_store(issuer, parent_token(issuer));
    issuer_store(issuer, child);
    struct deputy_decision yes = assert_admitted(issuer, DEPUTY_USE_INVOKE,
            invocation_by(issuer, child, T("did:key:z6Mkg49NtQR2LyYRDCQFK4w1VVHqhypZSSRo7HsyuN7SV7v5")));
    assert_false(deputy_slice_present(yes.grants[0].caveats));
    assert_slice(yes.grants[1].caveats, child->capabilities[1].caveats);
}

/* The kinds that the other programs of this room and of token replay add up to the rest. */
static void every_vector_is_of_a_known_kind(void **state)
{
    struct issuer *issuer = *state;
    size_t count = 0;
    JSON_EACH (vector, all_vectors(issuer->arena))
        count += json_is(json_member(vector, "kind"), JSON_STRING);
    assert_int_equal(count, 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ISSUER_TEST(D83_policy_tokens_have_their_cids_and_are_refused),
            ISSUER_TEST(wallets_delegation_is_admitted),
            ISSUER_TEST(imports_are_decided_as_recorded),
            ISSUER_TEST(invocations_are_refused_as_recorded),
            ISSUER_TEST(import_can_be_invoked_under_its_caveat),
            ISSUER_TEST(every_vector_is_of_a_known_kind),
    };
    return cmocka_run_group_tests_name("grant.chain_vectors", tests, NULL, NULL);
}
