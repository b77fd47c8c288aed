/* Secrets and envelopes of an owner: read and written through the node, and what each failure is called
 * (spec/07 section A11.1, F30 and E20; spec/04 section 12). */
#include "backend/vault_kit.h"
#include "base/arena.h"
#include <deputy/vault.h>
#include <string.h>

#define PLAIN_TEXT "{\"value\":\"sk-test\"}"

/* ---- asking ---- */

struct plain {
    struct kit *kit;
    bool begun;
    unsigned told;
    enum deputy_error code;
    enum backend_blame blame;
    char text[128];
    size_t len;
};

static void on_plain(void *ctx, const struct backend_fault *fault, struct deputy_slice plaintext)
{
    struct plain *plain = ctx;
    assert_true(plain->begun);
    plain->told++;
    plain->code = fault != NULL ? fault->refusal.code : DEPUTY_OK;
    plain->blame = fault != NULL ? fault->blame : BLAME_REQUEST;
    assert_true(plaintext.len < sizeof plain->text);
    if (plaintext.len > 0)
        memcpy(plain->text, plaintext.ptr, plaintext.len);
    plain->len = plaintext.len;
    loop_stop(plain->kit->on[0].loop);
}

static void run(struct plain *plain)
{
    plain->begun = true;
    kit_run(plain->kit);
    assert_int_equal(plain->told, 1);
}

static const struct deputy_slice none = {NULL, 0};

static struct plain get(struct kit *kit, const char *name, struct deputy_slice scope)
{
    struct plain plain = {.kit = kit};
    assert_ok(backend_secret_get(&kit->on[0], kit->arena, kit->owner, T(name), scope, on_plain, &plain));
    run(&plain);
    return plain;
}

static struct plain put(struct kit *kit, const char *name, const char *value)
{
    struct plain plain = {.kit = kit};
    assert_ok(backend_secret_put(
            &kit->on[0], kit->arena, kit->owner, T(name), none, T(value), on_plain, &plain));
    run(&plain);
    return plain;
}

static struct plain delete (struct kit *kit, const char *name)
{
    struct plain plain = {.kit = kit};
    assert_ok(backend_secret_delete(&kit->on[0], kit->arena, kit->owner, T(name), none, on_plain, &plain));
    run(&plain);
    return plain;
}

static struct plain open(struct kit *kit, struct deputy_slice envelope)
{
    struct plain plain = {.kit = kit};
    assert_ok(backend_decrypt(&kit->on[0], kit->arena, kit->owner, envelope, on_plain, &plain));
    run(&plain);
    return plain;
}

static void is_text(struct plain plain, const char *text)
{
    if (plain.code != DEPUTY_OK)
        fail_msg("fault %s", deputy_error_info(plain.code)->name);
    assert_slice(deputy_slice_bytes(plain.text, plain.len), T(text));
}

static void is_fault(struct plain plain, enum deputy_error code, enum backend_blame blame)
{
    if (plain.code != code)
        fail_msg("%s, expected %s", deputy_error_info(plain.code)->name, deputy_error_info(code)->name);
    assert_int_equal(plain.blame, blame);
    assert_int_equal(plain.len, 0);
}

/* ---- reading ---- */

static void F30_secret_is_read_through_the_node(void **state)
{
    struct kit *kit = *state;
    vault_grant(kit, false);
    vault_store(kit, "{\"value\":\"sk-\\u00e9\",\"createdAt\":\"x\"}");
    is_text(get(kit, "API_KEY", none), "sk-\xc3\xa9");
    is_text(get(kit, "  API_KEY ", none), "sk-\xc3\xa9");
    assert_int_equal(kit_invokes(kit), 4); /* read and opened anew each time: nothing is kept */
}

static void F30_proofs_are_what_reads_and_what_opens_each_once(void **state)
{
    struct kit *kit = *state;
    vault_grant(kit, false);
    vault_store(kit, PLAIN_TEXT);
    is_text(get(kit, "API_KEY", none), "sk-test");
    assert_int_equal(vault.proofs, 1);
    assert_true(deputy_cid_equal(&vault.cited[0], &kit_delegated(kit, 0)->cid));
}

static void F30_proofs_of_two_delegations_are_two(void **state)
{
    struct kit *kit = *state;
    vault_grant(kit, true);
    vault_store(kit, PLAIN_TEXT);
    is_text(get(kit, "API_KEY", none), "sk-test");
    assert_int_equal(vault.proofs, 2);
    assert_true(deputy_cid_equal(&vault.cited[0], &kit_delegated(kit, 0)->cid));
    assert_true(deputy_cid_equal(&vault.cited[1], &kit_delegated(kit, 1)->cid));
}

static void F30_name_and_scope_have_one_form(void **state)
{
    static const char *const names[] = {
            "", "api_key", "1KEY", "API-KEY", "API_KEY/..", "../API_KEY", "API KEY"};
    static const char *const scopes[] = {"", "default", " Global ", "--"};
    struct kit *kit = *state;
    vault_grant(kit, false);
    vault_store(kit, PLAIN_TEXT);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        is_fault(get(kit, names[i], none), DEPUTY_E_SECRET_CALLED, BLAME_REQUEST);
    for (size_t i = 0; i < sizeof scopes / sizeof scopes[0]; i++)
        is_fault(get(kit, "API_KEY", T(scopes[i])), DEPUTY_E_SECRET_CALLED, BLAME_REQUEST);
    is_fault(put(kit, "api_key", "x"), DEPUTY_E_SECRET_CALLED, BLAME_REQUEST);
    is_fault(delete (kit, "api_key"), DEPUTY_E_SECRET_CALLED, BLAME_REQUEST);
    assert_int_equal(kit_invokes(kit), 0);
    get(kit, "API_KEY", T(" Food Tracker!"));
    const struct deputy_token *token = issuer_read(
            kit->issuer, DEPUTY_TOKEN_INVOCATION, kit->node.requests[kit->node.count - 2].authorization);
    assert_text(token->capabilities[0].resource.written,
            vault_place(kit, "/kv/vault/secrets/scoped/food-tracker/API_KEY"));
}

static void F30_secret_that_was_not_granted_is_not_found(void **state)
{
    struct kit *kit = *state;
    issuer_store(kit->issuer, kit_grant(kit));
    vault_store(kit, PLAIN_TEXT);
    is_text(get(kit, "API_KEY", none), "sk-test");
    size_t invokes = kit_invokes(kit);
    is_fault(get(kit, "OTHER_KEY", none), DEPUTY_E_SECRET_ABSENT, BLAME_GRANT);
    is_fault(get(kit, "API_KEY", T("mine")), DEPUTY_E_SECRET_ABSENT, BLAME_GRANT);
    assert_int_equal(kit_invokes(kit), invokes);
}

static void F30_secret_that_is_not_there_is_not_found(void **state)
{
    struct kit *kit = *state;
    vault_grant(kit, false);
    is_fault(get(kit, "API_KEY", none), DEPUTY_E_SECRET_ABSENT, BLAME_DATA);
    vault_store(kit, "{\"value\":\"\"}");
    is_fault(get(kit, "API_KEY", none), DEPUTY_E_SECRET_ABSENT, BLAME_DATA);
}

static void F30_without_any_grant_it_is_no_delegation(void **state)
{
    struct kit *kit = *state;
    is_fault(get(kit, "API_KEY", none), DEPUTY_E_NO_DELEGATION, BLAME_GRANT);
    is_fault(put(kit, "API_KEY", "x"), DEPUTY_E_NO_DELEGATION, BLAME_GRANT);
    is_fault(delete (kit, "API_KEY"), DEPUTY_E_NO_DELEGATION, BLAME_GRANT);
}

/* The stored text without the member of that name, which is renamed. */
static void spoil(struct kit *kit, const char *member)
{
    struct deputy_slice copy;
    vault_store(kit, PLAIN_TEXT);
    assert_ok(
            arena_copy(kit->arena, &copy, deputy_slice_bytes(kit->node.value, strlen(kit->node.value) + 1)));
    char *text = (char *)(uintptr_t)copy.ptr, *at = strstr(text, member);
    assert_non_null(at);
    at[1] = '_';
    kit->node.value = text;
}

static void F30_stored_value_of_another_form_is_no_envelope(void **state)
{
    static const char *const members[] = {"\"v\"", "\"networkId\"", "\"alg\"", "\"keyVersion\"",
            "\"encryptedSymmetricKey\"", "\"encryptedSymmetricKeyHash\"", "\"ciphertext\""};
    static const char *const values[] = {"", "x", "[]", "{}", "\"text\"", "{\"value\":\"sk-test\"}"};
    struct kit *kit = *state;
    vault_grant(kit, false);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        spoil(kit, members[i]);
        is_fault(get(kit, "API_KEY", none), DEPUTY_E_SECRET_ENVELOPE, BLAME_DATA);
    }
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        kit->node.value = values[i];
        is_fault(get(kit, "API_KEY", none), DEPUTY_E_SECRET_ENVELOPE, BLAME_DATA);
    }
    assert_int_equal(vault.proofs, 0); /* the node was not asked to open any */
}

static void F30_plaintext_of_another_form_is_no_secret(void **state)
{
    static const char *const texts[] = {"x", "{}", "{\"value\":7}", "[\"sk\"]"};
    struct kit *kit = *state;
    vault_grant(kit, false);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        vault_store(kit, texts[i]);
        is_fault(get(kit, "API_KEY", none), DEPUTY_E_SECRET_ENVELOPE, BLAME_DATA);
    }
}

/* ---- a node that does not open it ---- */

static void F30_node_that_denies_is_told_as_such(void **state)
{
    struct kit *kit = *state;
    vault_grant(kit, false);
    vault_store(kit, PLAIN_TEXT);
    kit->node.decrypt = vault_forbid;
    is_fault(get(kit, "API_KEY", none), DEPUTY_E_SECRET_DENIED, BLAME_GRANT);
    kit->issuer->rules.node_did = kit->issuer->dids[ISSUER_X]; /* 401, the second time too */
    kit->node.decrypt = vault_decrypt;
    size_t delegates = kit_delegates(kit);
    is_fault(get(kit, "API_KEY", none), DEPUTY_E_SECRET_DENIED, BLAME_GRANT);
    assert_int_equal(kit_delegates(kit), delegates + 1);
}

/* The policy asks for the secret, but not for its network. */
static void F30_no_proof_is_denied_without_asking(void **state)
{
    struct kit *kit = *state;
    struct issuer_plan plan;
    vault_policy(kit, VAULT_ASKED, false);
    struct issuer_plan root = issuer_root_plan();
    const struct issuer_cap caps[8] = {{vault_place(kit, "/kv/vault/secrets/"), "tinycloud.kv/get", NULL},
            {vault_place(kit, "/kv/vault/secrets/"), "tinycloud.kv/put", NULL},
            {vault_place(kit, "/kv/vault/secrets/"), "tinycloud.kv/del", NULL},
            {vault_place(kit, "/capabilities"), "tinycloud.capabilities/read", NULL}};
    memcpy(root.caps, caps, sizeof root.caps);
    plan = kit_plan(kit, issuer_stored(kit->issuer, root));
    memcpy(plan.caps, caps, sizeof plan.caps);
    kit_keep(kit, kit_wrapped(kit, issuer_stored(kit->issuer, plan)));
    vault_store(kit, PLAIN_TEXT);
    is_fault(get(kit, "API_KEY", none), DEPUTY_E_SECRET_DENIED, BLAME_GRANT);
    assert_int_equal(kit_invokes(kit), 1);
}

static void F30_answer_that_does_not_verify_opens_nothing(void **state)
{
    struct kit *kit = *state;
    vault_grant(kit, false);
    vault_store(kit, PLAIN_TEXT);
    kit->node.decrypt = vault_forge;
    is_fault(get(kit, "API_KEY", none), DEPUTY_E_SECRET_FAILED, BLAME_NODE);
    kit->node.decrypt = vault_say_nothing_useful;
    is_fault(get(kit, "API_KEY", none), DEPUTY_E_SECRET_FAILED, BLAME_NODE);
    kit->node.decrypt = vault_break_down;
    is_fault(get(kit, "API_KEY", none), DEPUTY_E_NODE_FAILED, BLAME_NODE);
    kit->node.decrypt = vault_decrypt;
    is_text(get(kit, "API_KEY", none), "sk-test");
}

static void F30_network_that_is_not_in_use_is_unavailable(void **state)
{
    struct kit *kit = *state;
    vault_grant(kit, false);
    vault_store(kit, PLAIN_TEXT);
    kit->node.descriptor = none;
    is_fault(get(kit, "API_KEY", none), DEPUTY_E_DECRYPT_UNAVAILABLE, BLAME_DATA);
    is_fault(put(kit, "API_KEY", "x"), DEPUTY_E_ENCRYPT_UNAVAILABLE, BLAME_DATA);
    vault.network.state = DEPUTY_NETWORK_REVOKED;
    vault_tell();
    is_fault(get(kit, "API_KEY", none), DEPUTY_E_DECRYPT_UNAVAILABLE, BLAME_DATA);
    is_fault(put(kit, "API_KEY", "x"), DEPUTY_E_ENCRYPT_UNAVAILABLE, BLAME_DATA);
    kit->node.descriptor = T("{\"descriptor\":{}}");
    is_fault(get(kit, "API_KEY", none), DEPUTY_E_SECRET_FAILED, BLAME_NODE);
}

static void descriptor_is_asked_for_once_until_something_fails(void **state)
{
    struct kit *kit = *state;
    vault_grant(kit, false);
    vault_store(kit, PLAIN_TEXT);
    for (size_t i = 0; i < 3; i++)
        is_text(get(kit, "API_KEY", none), "sk-test");
    assert_int_equal(kit->node.described, 1);
    kit->node.decrypt = vault_forge;
    is_fault(get(kit, "API_KEY", none), DEPUTY_E_SECRET_FAILED, BLAME_NODE);
    assert_int_equal(kit->node.described, 1);
    kit->node.decrypt = vault_break_down;
    is_fault(get(kit, "API_KEY", none), DEPUTY_E_NODE_FAILED, BLAME_NODE);
    is_fault(get(kit, "API_KEY", none), DEPUTY_E_NODE_FAILED, BLAME_NODE);
    assert_int_equal(kit->node.described, 3);
    kit->node.decrypt = vault_decrypt;
    is_text(get(kit, "API_KEY", none), "sk-test");
    is_text(get(kit, "API_KEY", none), "sk-test");
    assert_int_equal(kit->node.described, 4);
}

/* What is sealed under a network that is not in use any more, nobody ever opens. */
static void nothing_is_sealed_under_a_descriptor_that_was_kept(void **state)
{
    struct kit *kit = *state;
    vault_grant(kit, false);
    vault_store(kit, PLAIN_TEXT);
    is_text(get(kit, "API_KEY", none), "sk-test");
    is_text(put(kit, "API_KEY", "x"), "");
    assert_int_equal(kit->node.described, 2);
    vault.network.state = DEPUTY_NETWORK_REVOKED;
    vault_tell();
    is_fault(put(kit, "API_KEY", "x"), DEPUTY_E_ENCRYPT_UNAVAILABLE, BLAME_DATA);
}

/* ---- writing ---- */

static void F30_what_is_written_can_be_read(void **state)
{
    struct kit *kit = *state;
    vault_grant(kit, false);
    is_text(put(kit, "API_KEY", "n\xc3\xa9w"), "");
    const struct node_request *request = &kit->node.requests[kit->node.count - 1];
    assert_text(request->content_type, "text/plain;charset=UTF-8");
    struct deputy_vault_entry entry;
    assert_ok(deputy_vault_read(kit->arena, &entry, vault.space, T(SECRET_PATH), request->body));
    assert_false(entry.elsewhere);
    kit->node.value = vault_text(kit, request->body);
    is_text(get(kit, "API_KEY", none), "n\xc3\xa9w");
    is_text(delete (kit, "API_KEY"), "");
}

static void F30_writing_without_a_grant_is_denied(void **state)
{
    struct kit *kit = *state;
    issuer_store(kit->issuer, kit_grant(kit));
    is_fault(put(kit, "OTHER_KEY", "x"), DEPUTY_E_SECRET_AUTH, BLAME_GRANT);
    is_fault(delete (kit, "API_KEY"), DEPUTY_E_SECRET_AUTH, BLAME_GRANT);
    is_fault(put(kit, "API_KEY", "\xff"), DEPUTY_E_UTF8, BLAME_REQUEST);
    assert_int_equal(kit_invokes(kit), 0);
}

static void E19_write_that_the_node_does_not_take_is_a_failure(void **state)
{
    struct kit *kit = *state;
    vault_grant(kit, false);
    kit_manner(kit, &kit->node.invoke, (struct node_manner){.mood = NODE_SAYS, .status = 413, .text = ""});
    is_fault(put(kit, "API_KEY", "x"), DEPUTY_E_SECRET_FAILED, BLAME_NODE);
    kit_manner(kit, &kit->node.invoke, (struct node_manner){.mood = NODE_SAYS, .status = 500, .text = ""});
    is_fault(put(kit, "API_KEY", "x"), DEPUTY_E_NODE_FAILED, BLAME_NODE);
    is_fault(delete (kit, "API_KEY"), DEPUTY_E_NODE_FAILED, BLAME_NODE);
    kit_manner(kit, &kit->node.invoke, (struct node_manner){.mood = NODE_SAYS, .status = 404, .text = ""});
    is_fault(delete (kit, "API_KEY"), DEPUTY_E_SECRET_ABSENT, BLAME_DATA);
}

/* ---- envelopes of the app ---- */

static void E20_envelope_is_opened_for_the_app(void **state)
{
    struct kit *kit = *state;
    vault_grant(kit, true);
    vault_store(kit, "anything");
    is_text(open(kit, T(kit->node.value)), "anything");
    assert_int_equal(vault.proofs, 1);
    assert_true(deputy_cid_equal(&vault.cited[0], &kit_delegated(kit, 1)->cid));
    is_fault(open(kit, T("{}")), DEPUTY_E_SECRET_ENVELOPE, BLAME_REQUEST);
    kit->node.decrypt = vault_forbid;
    is_fault(open(kit, T(kit->node.value)), DEPUTY_E_SECRET_DENIED, BLAME_GRANT);
}

/* Whose network an envelope is sealed to is not for its maker to choose: of another owner, of another chain.
 */
static void E15_envelope_of_another_network_is_not_opened(void **state)
{
    static const char *const networks[] = {
            "urn:tinycloud:encryption:did:pkh:eip155:1:0x70997970C51812dc3A010C7d01b50e0d17dc79C8:default",
            "urn:tinycloud:encryption:{O}:other",
            "urn:tinycloud:encryption:did:pkh:eip155:5:{address}:default"};
    struct kit *kit = *state;
    vault_grant(kit, false);
    vault_store(kit, "anything");
    is_text(open(kit, T(kit->node.value)), "anything");
    size_t invokes = kit_invokes(kit);
    for (size_t i = 0; i < 3; i++) {
        uint8_t random[DEPUTY_ENVELOPE_RANDOM_BYTES] = {(uint8_t)(i + 1)};
        struct deputy_slice json;
        vault_move(kit, networks[i]);
        assert_ok(deputy_envelope_seal(kit->arena, &json, &vault.network, T("x"), none, none, random));
        is_fault(open(kit, json), DEPUTY_E_SECRET_DENIED, BLAME_GRANT);
    }
    assert_int_equal(kit_invokes(kit), invokes); /* the node was not asked */
}

#define SECRET_TEST(function) cmocka_unit_test_setup_teardown(function, vault_setup, vault_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
            SECRET_TEST(F30_secret_is_read_through_the_node),
            SECRET_TEST(F30_proofs_are_what_reads_and_what_opens_each_once),
            SECRET_TEST(F30_proofs_of_two_delegations_are_two),
            SECRET_TEST(F30_name_and_scope_have_one_form),
            SECRET_TEST(F30_secret_that_was_not_granted_is_not_found),
            SECRET_TEST(F30_secret_that_is_not_there_is_not_found),
            SECRET_TEST(F30_without_any_grant_it_is_no_delegation),
            SECRET_TEST(F30_stored_value_of_another_form_is_no_envelope),
            SECRET_TEST(F30_plaintext_of_another_form_is_no_secret),
            SECRET_TEST(F30_node_that_denies_is_told_as_such),
            SECRET_TEST(F30_no_proof_is_denied_without_asking),
            SECRET_TEST(F30_answer_that_does_not_verify_opens_nothing),
            SECRET_TEST(F30_network_that_is_not_in_use_is_unavailable),
            SECRET_TEST(descriptor_is_asked_for_once_until_something_fails),
            SECRET_TEST(nothing_is_sealed_under_a_descriptor_that_was_kept),
            SECRET_TEST(F30_what_is_written_can_be_read),
            SECRET_TEST(F30_writing_without_a_grant_is_denied),
            SECRET_TEST(E19_write_that_the_node_does_not_take_is_a_failure),
            SECRET_TEST(E15_envelope_of_another_network_is_not_opened),
            SECRET_TEST(E20_envelope_is_opened_for_the_app),
    };
    return cmocka_run_group_tests_name("backend.secret", tests, NULL, NULL);
}
