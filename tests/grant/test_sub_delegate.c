/* What a wallet received, passed on by it: never more than the signed bytes grant. */
#include "grant/wrapped.h"
#include <deputy/wallet.h>

/* A chain of three: the backend passes a part of what it got on to another. */
static enum deputy_error sub_delegate_from(
        struct kit *kit, struct deputy_slice json, struct deputy_key *wallet)
{
    struct deputy_portable parent;
    struct deputy_wallet_order order;
    struct deputy_refusal refusal;
    struct deputy_account account = kit_account(wallet);
    const struct deputy_slice get = T("tinycloud.kv/get");
    const struct deputy_permission one = {
            .service = T("kv"), .path = T("com.example.notes/a"), .actions = &get, .action_count = 1};
    struct deputy_sub_delegation request = {.audience = T(KIT_RECEIVER),
            .resources = {&one, 1},
            .lifetime_ms = 1e6,
            .domain = T("backend.example.com"),
            .nonce = T("Q1w2E3r4T5y6U7i8O")};
    assert_ok(deputy_portable_read(kit->arena, &parent, &refusal, json));
    return deputy_sub_delegate(
            kit->arena, &order, &refusal, NULL, &account, &parent, &request, kit_time(KIT_NOW));
}

static void what_the_token_forbids_is_not_passed_on(void **state)
{
    struct kit *kit = *state;
    assert_ok(sub_delegate_from(kit, kit_child(kit, KIT_BACKEND).json, kit->backend));
    assert_int_equal(
            sub_delegate_from(kit, kit_child(kit, KIT_BACKEND).json, kit->owner), DEPUTY_E_PORTABLE_AUDIENCE);
    assert_int_equal(sub_delegate_from(kit, kit_child(kit, KIT_RECEIVER).json, kit->backend),
            DEPUTY_E_PORTABLE_AUDIENCE);
    assert_int_equal(
            sub_delegate_from(kit, caveated(kit, KIT_BACKEND), kit->backend), DEPUTY_E_DELEGATE_CAVEATS);
    assert_int_equal(sub_delegate_from(kit,
                             wrapped_for(kit, KIT_BACKEND,
                                     "\"prf\":", "\"fct\":[{\"remainingRedelegationDepth\":0}],\"prf\":"),
                             kit->backend),
            DEPUTY_E_SUB_FORBIDDEN);
    assert_int_equal(
            sub_delegate_from(kit,
                    wrapped_for(kit, KIT_BACKEND, "\"prf\":",
                            "\"fct\":[{\"xyz.tinycloud.policy/delegationMode\":\"terminal\"}],\"prf\":"),
                    kit->backend),
            DEPUTY_E_SUB_FORBIDDEN);
}

static enum deputy_error sub_delegate(struct kit *kit, struct deputy_wallet_order *out, const char *service,
        const char *space, const char *path, const char *action, double lifetime_ms)
{
    struct deputy_portable parent;
    struct deputy_refusal refusal;
    struct deputy_account account = kit_account(kit->backend);
    struct deputy_slice actions = T(action);
    struct deputy_permission one = {.service = T(service),
            .space = space == NULL ? NONE : T(space),
            .path = T(path),
            .actions = &actions,
            .action_count = 1};
    struct deputy_sub_delegation request = {.audience = T(KIT_RECEIVER),
            .resources = {&one, 1},
            .lifetime_ms = lifetime_ms,
            .domain = T("backend.example.com"),
            .nonce = T("Q1w2E3r4T5y6U7i8O")};
    assert_ok(deputy_portable_read(kit->arena, &parent, &refusal, kit_child(kit, KIT_BACKEND).json));
    return deputy_sub_delegate(
            kit->arena, out, &refusal, NULL, &account, &parent, &request, kit_time(KIT_NOW));
}

static void wallet_passes_on_what_lies_in_the_signed_grant(void **state)
{
    static const struct {
        const char *service;
        const char *space;
        const char *path;
        const char *action;
        enum deputy_error code;
    } rows[] = {
            {"kv", NULL, "com.example.notes/a", "tinycloud.kv/get", DEPUTY_OK},
            {"tinycloud.kv", KIT_SPACE, "com.example.notes/", "tinycloud.kv/get", DEPUTY_OK},
            {"sql", NULL, "com.example.notes/notes/sub", "tinycloud.sql/read", DEPUTY_OK},
            {"sql", NULL, "com.example.notes/notesub", "tinycloud.sql/read", DEPUTY_E_SUB_EXCEEDS},
            {"capabilities", NULL, "anything", "tinycloud.capabilities/read", DEPUTY_OK},
            {"encryption", NULL, KIT_NETWORK, "tinycloud.encryption/decrypt", DEPUTY_OK},
            {"encryption", NULL, KIT_NETWORK "x", "tinycloud.encryption/decrypt", DEPUTY_E_SUB_EXCEEDS},
            {"kv", NULL, "com.example.notes", "tinycloud.kv/get", DEPUTY_E_SUB_EXCEEDS},
            {"kv", NULL, "com.example.notes/../x", "tinycloud.kv/get", DEPUTY_E_SUB_EXCEEDS},
            {"kv", NULL, "com.example.notes/a", "tinycloud.kv/del", DEPUTY_E_SUB_EXCEEDS},
            {"sql", NULL, "com.example.notes/a", "tinycloud.kv/get", DEPUTY_E_SUB_EXCEEDS},
            {"kv", "tinycloud:pkh:eip155:1:" KIT_OWNER ":secrets", "com.example.notes/a", "tinycloud.kv/get",
                    DEPUTY_E_SUB_EXCEEDS},
    };
    struct kit *kit = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct deputy_wallet_order order;
        enum deputy_error result =
                sub_delegate(kit, &order, rows[i].service, rows[i].space, rows[i].path, rows[i].action, 1e6);
        if (result != rows[i].code)
            fail_msg("row %zu: %d", i, result);
    }
}

#define OTHER_SPACE "tinycloud:pkh:eip155:1:" KIT_OWNER ":other"

/* A token over two spaces is passed on in the first of them only: a message has one space. */
static void second_space_of_a_token_is_not_passed_on(void **state)
{
    struct kit *kit = *state;
    struct deputy_portable parent;
    struct deputy_delegation delegation;
    struct deputy_wallet_order order;
    struct deputy_refusal refusal;
    struct deputy_account account = kit_account(kit->backend);
    struct deputy_slice get = T("tinycloud.kv/get");
    struct deputy_permission one = {.service = T("kv"), .path = T("x"), .actions = &get, .action_count = 1};
    struct deputy_sub_delegation request = {.audience = T(KIT_RECEIVER),
            .resources = {&one, 1},
            .lifetime_ms = 1e6,
            .domain = T("backend.example.com"),
            .nonce = T("Q1w2E3r4T5y6U7i8O")};
    struct deputy_slice json = wrapped_for(kit, KIT_BACKEND, "{\"tinycloud.encryption/decrypt\":[{}]}}",
            "{\"tinycloud.encryption/decrypt\":[{}]},\"" OTHER_SPACE "/kv/x\":{\"tinycloud.kv/get\":[{}]}}");
    json = edited(kit->arena, json, T("}],\"disable"),
            T("},{\"service\":\"kv\",\"space\":\"" OTHER_SPACE
              "\",\"path\":\"x\",\"actions\":[\"tinycloud.kv/get\"]}],\"disable"));
    assert_ok(deputy_portable_parse(kit->arena, &parent, &delegation, &refusal, json));
    assert_text(delegation.authority.space, KIT_SPACE);
    one.space = T(OTHER_SPACE);
    assert_int_equal(deputy_sub_delegate(kit->arena, &order, &refusal, NULL, &account, &parent, &request,
                             kit_time(KIT_NOW)),
            DEPUTY_E_SUB_EXCEEDS);
    one.space = T(KIT_SPACE);
    one.path = T("com.example.notes/x");
    assert_ok(deputy_sub_delegate(
            kit->arena, &order, &refusal, NULL, &account, &parent, &request, kit_time(KIT_NOW)));
}

static void passed_on_delegation_is_verifiable_and_ends_with_its_parent(void **state)
{
    struct kit *kit = *state;
    struct deputy_wallet_order order;
    struct deputy_signed_message message;
    struct deputy_portable portable;
    struct deputy_delegation delegation;
    struct deputy_refusal refusal;
    uint8_t signature[65];
    assert_ok(sub_delegate(kit, &order, "kv", NULL, "com.example.notes/a", "tinycloud.kv/get", 1e12));
    assert_int_equal(deputy_time_compare(order.expiry, kit_time(KIT_END)), 0);
    assert_ok(deputy_key_sign_eip191(signature, kit->backend, order.siwe));
    assert_ok(deputy_message_complete(kit->arena, &message, order.siwe, signature));
    for (enum deputy_wrapper form = DEPUTY_WRAPPER_PLAIN; form <= DEPUTY_WRAPPER_LAST; form++) {
        struct deputy_portable read;
        assert_ok(deputy_wallet_portable(
                kit->arena, &portable, &order, &message, form, true, T(KIT_HOST), NONE));
        assert_ok(deputy_portable_parse(kit->arena, &read, &delegation, &refusal, portable.json));
        assert_true(read.disable_sub_delegation);
        assert_int_equal(read.form == DEPUTY_WRAPPER_FLAT, form == DEPUTY_WRAPPER_FLAT);
    }
    struct deputy_session_key other = kit->key;
    assert_int_equal(deputy_portable_activate(kit->arena, &delegation, &refusal, &other, &portable,
                             DEPUTY_RECEIVE_KEY, NONE, kit_time(KIT_NOW)),
            DEPUTY_E_KEY_AUDIENCE);
    assert_int_equal(deputy_portable_activate(kit->arena, &delegation, &refusal, &other, &portable,
                             DEPUTY_RECEIVE_RUNTIME, NONE, kit_time(KIT_NOW)),
            DEPUTY_E_RUNTIME_AUDIENCE);
    assert_int_equal(deputy_portable_activate(kit->arena, &delegation, &refusal, &kit->receiver, &portable,
                             DEPUTY_RECEIVE_RUNTIME, NONE, kit_time(KIT_END)),
            DEPUTY_E_SESSION_EXPIRED);
    assert_ok(deputy_portable_activate(kit->arena, &delegation, &refusal, &kit->receiver, &portable,
            DEPUTY_RECEIVE_KEY, NONE, kit_time(KIT_NOW)));
    assert_int_equal(deputy_portable_activate(kit->arena, &delegation, &refusal, &kit->receiver, &portable,
                             DEPUTY_RECEIVE_VALIDATED, T(KIT_HOST), kit_time(KIT_NOW)),
            DEPUTY_E_ACTIVATE_FORM);
}

static void lifetimes_of_wallets_are_real(void **state)
{
    struct kit *kit = *state;
    struct deputy_wallet_order order;
    assert_int_equal(sub_delegate(kit, &order, "kv", NULL, "com.example.notes/a", "tinycloud.kv/get", 0),
            DEPUTY_E_LIFETIME);
    assert_int_equal(sub_delegate(kit, &order, "kv", NULL, "com.example.notes/a", "tinycloud.kv/get", 1e300),
            DEPUTY_E_LIFETIME);
    assert_int_equal(sub_delegate(kit, &order, "kv", NULL, "com.example.notes/a", "tinycloud.kv/get", 0.5),
            DEPUTY_E_DELEGATE_SHORT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            KIT_TEST(what_the_token_forbids_is_not_passed_on),
            KIT_TEST(wallet_passes_on_what_lies_in_the_signed_grant),
            KIT_TEST(second_space_of_a_token_is_not_passed_on),
            KIT_TEST(passed_on_delegation_is_verifiable_and_ends_with_its_parent),
            KIT_TEST(lifetimes_of_wallets_are_real),
    };
    return cmocka_run_group_tests_name("grant.sub_delegate", tests, NULL, NULL);
}
