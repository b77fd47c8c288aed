/* Children and invocations of a session: what they may say and how long they last. */
#include "grant/kit.h"
#include <math.h>

#define KV_GET "[{\"service\":\"tinycloud.kv\",\"path\":\"com.example.notes/x\",\"actions\":[\"get\"]}]"

static void child_ends_with_the_session_at_the_latest(void **state)
{
    struct kit *kit = *state;
    struct deputy_portable portable;
    struct deputy_refusal refusal;
    assert_ok(kit_delegate(kit, &portable, &refusal, KV_GET, DEPUTY_LIFETIME_MAX_MS, KIT_NOW));
    assert_int_equal(deputy_time_compare(portable.expiry, kit_time(KIT_END)), 0);
    assert_ok(kit_delegate(kit, &portable, &refusal, KV_GET, 1999, KIT_NOW));
    assert_int_equal(deputy_time_compare(portable.expiry, kit_time("2026-01-01T00:00:01Z")), 0);
}

static void child_that_would_be_over_at_once_is_refused(void **state)
{
    struct kit *kit = *state;
    struct deputy_portable portable;
    struct deputy_refusal refusal;
    assert_int_equal(kit_delegate(kit, &portable, &refusal, KV_GET, 999, KIT_NOW), DEPUTY_E_DELEGATE_SHORT);
    assert_int_equal(kit_delegate(kit, &portable, &refusal, KV_GET, -1, KIT_NOW), DEPUTY_E_DELEGATE_EXPIRY);
    assert_int_equal(kit_delegate(kit, &portable, &refusal, KV_GET, NAN, KIT_NOW), DEPUTY_E_DELEGATE_EXPIRY);
    assert_text(
            kit_text(kit->arena, &refusal), "delegateTo expiry must be a positive finite number (got NaN)");
    assert_int_equal(
            kit_delegate(kit, &portable, &refusal, KV_GET, INFINITY, KIT_NOW), DEPUTY_E_DELEGATE_EXPIRY);
    assert_int_equal(
            kit_delegate(kit, &portable, &refusal, KV_GET, -INFINITY, KIT_NOW), DEPUTY_E_DELEGATE_EXPIRY);
}

static void session_passes_nothing_on_in_its_last_minute(void **state)
{
    struct kit *kit = *state;
    struct deputy_portable portable;
    struct deputy_refusal refusal;
    assert_ok(kit_delegate(kit, &portable, &refusal, KV_GET, 1e6, "2026-01-07T23:58:59.999Z"));
    assert_int_equal(kit_delegate(kit, &portable, &refusal, KV_GET, 1e6, "2026-01-07T23:59:00.000Z"),
            DEPUTY_E_SESSION_EXPIRED);
    assert_text(kit_text(kit->arena, &refusal), "Session expired at " KIT_END);
}

static void audience_must_be_a_bare_did(void **state)
{
    static const char *const bad[] = {"backend", KIT_RECEIVER "#a", KIT_RECEIVER "/x", KIT_RECEIVER "?x", ""};
    struct kit *kit = *state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct deputy_portable portable;
        struct deputy_refusal refusal;
        struct deputy_delegation_order order = {.audience = T(bad[i]), .lifetime_ms = 1e6};
        assert_ok(deputy_permissions_parse(kit->arena, &order.permissions, &refusal, T(KV_GET)));
        assert_int_equal(deputy_session_delegate(kit->arena, &portable, &refusal, NULL, &kit->session, &order,
                                 T(KIT_NONCE), kit_time(KIT_NOW)),
                DEPUTY_E_AUDIENCE);
    }
}

static void another_owners_space_of_the_same_name_is_not_held(void **state)
{
    struct kit *kit = *state;
    struct deputy_portable portable;
    struct deputy_refusal refusal;
    assert_int_equal(
            kit_delegate(kit, &portable, &refusal,
                    "[{\"service\":\"tinycloud.kv\",\"space\":\"tinycloud:pkh:eip155:1:"
                    "0xe1AB8145F7E55DC933d51a18c793F901A3A0b276:applications\",\"path\":\"com.example.notes/"
                    "x\",\"actions\":[\"get\"]}]",
                    1e6, KIT_NOW),
            DEPUTY_E_NOT_HELD);
}

static void a_space_that_is_no_name_is_refused(void **state)
{
    struct kit *kit = *state;
    struct deputy_portable portable;
    struct deputy_refusal refusal;
    assert_int_equal(
            kit_delegate(kit, &portable, &refusal,
                    "[{\"service\":\"tinycloud.kv\",\"space\":\"a/b\",\"path\":\"x\",\"actions\":[\"get\"]}]",
                    1e6, KIT_NOW),
            DEPUTY_E_SPACE_NAME);
}

static void facts_are_signed_into_the_child(void **state)
{
    struct kit *kit = *state;
    struct deputy_portable portable;
    struct deputy_delegation delegation;
    struct deputy_refusal refusal;
    struct deputy_delegation_order order = {.audience = T(KIT_RECEIVER),
            .lifetime_ms = 1e6,
            .facts = T("[{\"xyz.tinycloud.policy/delegationMode\":\"terminal\"}]")};
    assert_ok(deputy_permissions_parse(kit->arena, &order.permissions, &refusal, T(KV_GET)));
    assert_ok(deputy_session_delegate(
            kit->arena, &portable, &refusal, NULL, &kit->session, &order, T(KIT_NONCE), kit_time(KIT_NOW)));
    assert_ok(deputy_portable_verify(kit->arena, &delegation, &refusal, &portable));
    assert_true(delegation.terminal);
}

static void invocations_end_between_thirty_seconds_and_an_hour(void **state)
{
    static const struct {
        double asked_ms;
        const char *end;
    } rows[] = {{1, "2026-01-01T00:00:30Z"}, {60000, "2026-01-01T00:01:00Z"}, {1e9, "2026-01-01T01:00:00Z"}};
    struct kit *kit = *state;
    struct deputy_action get = {.service = T("kv"), .path = T("x"), .action = T("tinycloud.kv/get")};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct deputy_slice header;
        const struct deputy_token *token;
        assert_ok(deputy_session_invoke(kit->arena, &header, &kit->key, &kit->session.authority, &get, 1,
                NONE, T(KIT_NONCE), rows[i].asked_ms, kit_time(KIT_NOW)));
        assert_ok(deputy_token_parse(kit->arena, &token, DEPUTY_TOKEN_INVOCATION, header));
        assert_int_equal(deputy_time_compare(token->window.expiry, kit_time(rows[i].end)), 0);
    }
}

static enum deputy_error invoke(
        struct kit *kit, const char *service, struct deputy_slice path, const char *action)
{
    struct deputy_slice header;
    struct deputy_action one = {.service = T(service), .path = path, .action = T(action)};
    return deputy_session_invoke(kit->arena, &header, &kit->key, &kit->session.authority, &one, 1, NONE,
            T(KIT_NONCE), 60000, kit_time(KIT_NOW));
}

static void invocations_of_what_is_no_resource_are_refused(void **state)
{
    struct kit *kit = *state;
    struct deputy_slice header;
    assert_ok(invoke(kit, "kv", NONE, "tinycloud.kv/list"));
    assert_int_equal(invoke(kit, "kv", T("a b"), "tinycloud.kv/get"), DEPUTY_E_PATH_INVALID);
    assert_int_equal(invoke(kit, "kv", T("../x"), "tinycloud.kv/get"), DEPUTY_E_PATH_INVALID);
    assert_int_equal(invoke(kit, "k/v", T("x"), "tinycloud.kv/get"), DEPUTY_E_SERVICE_NAME);
    assert_int_equal(invoke(kit, "kv", T("x"), "get"), DEPUTY_E_ACTION_NAME);
    assert_int_equal(invoke(kit, "encryption", T("urn:x"), "tinycloud.encryption/decrypt"), DEPUTY_E_NETWORK);
    assert_int_equal(invoke(kit, "encryption", T("no uri"), "tinycloud.encryption/decrypt"), DEPUTY_E_URI);
    assert_int_equal(deputy_session_invoke(kit->arena, &header, &kit->key, &kit->session.authority, NULL, 0,
                             NONE, T(KIT_NONCE), 60000, kit_time(KIT_NOW)),
            DEPUTY_E_ARGUMENT);
}

static void space_of_an_invocation_must_be_one(void **state)
{
    static const char *const bad[] = {"tinycloud:pkh:eip155:1:0x12:a", "tinycloud:x", "https://x.example"};
    struct kit *kit = *state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct deputy_slice header;
        struct deputy_action one = {
                .space = T(bad[i]), .service = T("kv"), .path = T("x"), .action = T("tinycloud.kv/get")};
        assert_int_equal(deputy_session_invoke(kit->arena, &header, &kit->key, &kit->session.authority, &one,
                                 1, NONE, T(KIT_NONCE), 60000, kit_time(KIT_NOW)),
                DEPUTY_E_RESOURCE);
    }
}

#define OTHER_SERVICE "[{\"service\":\"tinycloud.other\",\"path\":\"x\",\"actions\":[\"tinycloud.other/a\"]}]"

/* Not even when the session's own message grants it. */
static void service_that_no_node_has_is_not_passed_on(void **state)
{
    struct kit *kit = *state;
    struct deputy_portable portable;
    struct deputy_refusal refusal;
    assert_int_equal(
            kit_delegate(kit, &portable, &refusal, OTHER_SERVICE, 1e6, KIT_NOW), DEPUTY_E_SERVICE_RUNTIME);
    const struct deputy_slice action = T("tinycloud.other/a");
    const struct deputy_ability_row row = {T("other"), T("x"), &action, 1};
    const struct deputy_space_abilities abilities = {kit->plan.space, &row, 1};
    const struct deputy_plan plan = {.space = kit->plan.space, .spaces = &abilities, .space_count = 1};
    struct deputy_sign_in sign_in = kit_sign_in(kit);
    assert_ok(deputy_session_prepare(kit->arena, &kit->siwe, &refusal, &kit->key, &plan, &sign_in));
    assert_ok(deputy_key_sign_eip191(kit->signature, kit->owner, kit->siwe));
    assert_ok(deputy_session_complete(
            kit->arena, &kit->session, &kit->key, kit->plan.space, kit->siwe, kit->signature));
    assert_int_equal(
            kit_delegate(kit, &portable, &refusal, OTHER_SERVICE, 1e6, KIT_NOW), DEPUTY_E_DELEGATE_SERVICE);
}

/* What is held under a caveat is not passed on under the same one: no child could carry it. */
static void caveated_authority_is_not_passed_on(void **state)
{
    struct kit *kit = *state;
    struct deputy_portable portable;
    struct deputy_refusal refusal;
    const struct deputy_slice action = T("tinycloud.kv/get");
    const struct deputy_permission held = {.service = T("tinycloud.kv"),
            .space = kit->session.authority.space,
            .path = T("com.example.notes/"),
            .actions = &action,
            .action_count = 1,
            .caveats = T("[{\"a\":1}]")};
    kit->session.authority.held = (struct deputy_permissions){&held, 1};
    assert_int_equal(kit_delegate(kit, &portable, &refusal,
                             "[{\"service\":\"tinycloud.kv\",\"path\":\"com.example.notes/x\","
                             "\"actions\":[\"get\"],\"caveats\":[{\"a\":1}]}]",
                             1e6, KIT_NOW),
            DEPUTY_E_DELEGATE_CAVEATS);
    assert_int_equal(kit_delegate(kit, &portable, &refusal, KV_GET, 1e6, KIT_NOW), DEPUTY_E_NOT_HELD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            KIT_TEST(child_ends_with_the_session_at_the_latest),
            KIT_TEST(child_that_would_be_over_at_once_is_refused),
            KIT_TEST(session_passes_nothing_on_in_its_last_minute),
            KIT_TEST(audience_must_be_a_bare_did),
            KIT_TEST(another_owners_space_of_the_same_name_is_not_held),
            KIT_TEST(a_space_that_is_no_name_is_refused),
            KIT_TEST(facts_are_signed_into_the_child),
            KIT_TEST(invocations_end_between_thirty_seconds_and_an_hour),
            KIT_TEST(invocations_of_what_is_no_resource_are_refused),
            KIT_TEST(space_of_an_invocation_must_be_one),
            KIT_TEST(service_that_no_node_has_is_not_passed_on),
            KIT_TEST(caveated_authority_is_not_passed_on),
    };
    return cmocka_run_group_tests_name("grant.delegate", tests, NULL, NULL);
}
