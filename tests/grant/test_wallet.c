/* What a wallet signs after the sign-in: more for its session, and for others. */
#include "grant/kit.h"
#include <deputy/wallet.h>

static enum deputy_error escalate(struct kit *kit, struct deputy_wallet_order **orders, size_t *count,
        struct deputy_refusal *refusal, const char *permissions, double lifetime_ms, const char *now)
{
    static const struct deputy_slice nonces[] = {
            {(const uint8_t *)"nonceNumberOne001", 17}, {(const uint8_t *)"nonceNumberTwo002", 17}};
    struct deputy_escalation wish = {
            .lifetime_ms = lifetime_ms, .domain = T("app.example.com"), .nonces = nonces, .nonce_count = 2};
    assert_ok(deputy_permissions_parse(kit->arena, &wish.permissions, refusal, T(permissions)));
    return deputy_session_escalate(
            kit->arena, orders, count, refusal, NULL, &kit->session, &wish, kit_time(now));
}

#define OTHER(space)                                                                                         \
    "{\"service\":\"tinycloud.kv\",\"space\":\"" space "\",\"path\":\"other/\",\"actions\":[\"get\"]}"
#define NETWORK                                                                                              \
    "{\"service\":\"tinycloud.encryption\",\"path\":\"" KIT_NETWORK "\",\"actions\":[\"network.revoke\"]}"

static void one_message_a_space_and_networks_with_the_first(void **state)
{
    struct kit *kit = *state;
    struct deputy_wallet_order *orders;
    struct deputy_refusal refusal;
    size_t count;
    assert_ok(escalate(
            kit, &orders, &count, &refusal, "[" NETWORK "," OTHER("a") "," OTHER("b") "]", 1e6, KIT_NOW));
    assert_int_equal(count, 2);
    assert_int_equal(orders[0].resources.count, 2);
    assert_int_equal(orders[1].resources.count, 1);
    assert_slice(orders[0].audience, kit->key.did_url);
    assert_ok(escalate(kit, &orders, &count, &refusal, "[" NETWORK "]", 1e6, KIT_NOW));
    assert_int_equal(count, 1);
    assert_slice(orders[0].space, kit->session.authority.space);
    assert_int_equal(escalate(kit, &orders, &count, &refusal,
                             "[" OTHER("a") "," OTHER("b") "," OTHER("c") "]", 1e6, KIT_NOW),
            DEPUTY_E_ARGUMENT);
}

static void what_is_held_needs_no_signature(void **state)
{
    struct kit *kit = *state;
    struct deputy_wallet_order *orders;
    struct deputy_refusal refusal;
    size_t count = 9;
    assert_ok(escalate(kit, &orders, &count, &refusal,
            "[{\"service\":\"tinycloud.kv\",\"path\":\"com.example.notes/x\",\"actions\":[\"get\"]}]", 1e6,
            KIT_NOW));
    assert_int_equal(count, 0);
}

static void escalations_that_cannot_be_are_refused(void **state)
{
    static const struct {
        const char *permissions;
        double ms;
        const char *now;
        enum deputy_error code;
    } rows[] = {
            {"[]", 1e6, KIT_NOW, DEPUTY_E_RUNTIME_EMPTY},
            {"[" OTHER("a") "]", 1e6, "2026-01-07T23:59:30Z", DEPUTY_E_SESSION_EXPIRED},
            {"[" OTHER("a") "]", 0, KIT_NOW, DEPUTY_E_LIFETIME},
            {"[" OTHER("a/b") "]", 1e6, KIT_NOW, DEPUTY_E_SPACE_NAME},
            {"[{\"service\":\"tinycloud.kv\",\"path\":\"o\",\"actions\":[\"get\"],\"caveats\":[{\"a\":1}]}]",
                    1e6, KIT_NOW, DEPUTY_E_DELEGATE_CAVEATS},
            {"[{\"service\":\"tinycloud.x\",\"path\":\"o\",\"actions\":[\"get\"]}]", 1e6, KIT_NOW,
                    DEPUTY_E_SERVICE_RUNTIME},
            {"[{\"service\":\"tinycloud.kv\",\"path\":\"a b\",\"actions\":[\"get\"]}]", 1e6, KIT_NOW,
                    DEPUTY_E_PATH_INVALID},
            {"[{\"service\":\"tinycloud.kv\",\"path\":\"a/../b\",\"actions\":[\"get\"]}]", 1e6, KIT_NOW,
                    DEPUTY_E_PATH_INVALID},
    };
    struct kit *kit = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct deputy_wallet_order *orders;
        struct deputy_refusal refusal;
        size_t count;
        enum deputy_error result =
                escalate(kit, &orders, &count, &refusal, rows[i].permissions, rows[i].ms, rows[i].now);
        if (result != rows[i].code)
            fail_msg("row %zu: %d", i, result);
        assert_int_equal(count, 0);
    }
}

static void later_grant_is_passed_on_under_its_own_cid_and_end(void **state)
{
    struct kit *kit = *state;
    struct deputy_wallet_order *orders;
    struct deputy_signed_message message;
    struct deputy_authority grant;
    struct deputy_portable child;
    struct deputy_delegation delegation;
    struct deputy_refusal refusal;
    uint8_t signature[65];
    size_t count;
    const char *wish =
            "[{\"service\":\"tinycloud.kv\",\"space\":\"a\",\"path\":\"other/x\",\"actions\":[\"get\"]}]";
    assert_int_equal(kit_delegate(kit, &child, &refusal, wish, 1e9, KIT_NOW), DEPUTY_E_NOT_HELD);
    assert_ok(escalate(kit, &orders, &count, &refusal, "[" OTHER("a") "]", 3600000, KIT_NOW));
    assert_ok(deputy_key_sign_eip191(signature, kit->owner, orders[0].siwe));
    assert_ok(deputy_message_complete(kit->arena, &message, orders[0].siwe, signature));
    assert_ok(deputy_wallet_authority(kit->arena, &grant, &orders[0], &message));
    kit->session.grants = &grant;
    kit->session.grant_count = 1;
    assert_ok(kit_delegate(kit, &child, &refusal, wish, 1e9, KIT_NOW));
    assert_ok(deputy_portable_verify(kit->arena, &delegation, &refusal, &child));
    assert_true(deputy_cid_equal(&delegation.proofs[0].cid, &grant.cid));
    assert_int_equal(deputy_time_compare(child.expiry, kit_time("2026-01-01T01:00:00Z")), 0);
    assert_int_equal(
            kit_delegate(kit, &child, &refusal, wish, 1e9, "2026-01-01T00:59:30Z"), DEPUTY_E_NOT_HELD);
}

static void services_that_would_be_left_out_are_refused(void **state)
{
    struct kit *kit = *state;
    struct deputy_wallet_order order;
    struct deputy_refusal refusal;
    const struct deputy_slice action = T("tinycloud.hooks/subscribe");
    struct deputy_wallet_request request = {.audience = T(KIT_RECEIVER),
            .path = T("x"),
            .actions = &action,
            .action_count = 1,
            .lifetime_ms = 1e6,
            .domain = T("app.example.com"),
            .nonce = T("nonceNumberOne001")};
    assert_int_equal(
            deputy_wallet_delegate(kit->arena, &order, &refusal, &kit->session, &request, kit_time(KIT_NOW)),
            DEPUTY_E_WALLET_SERVICE);
    request.space = T("a/b");
    assert_int_equal(
            deputy_wallet_delegate(kit->arena, &order, &refusal, &kit->session, &request, kit_time(KIT_NOW)),
            DEPUTY_E_SPACE_NAME);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            KIT_TEST(one_message_a_space_and_networks_with_the_first),
            KIT_TEST(what_is_held_needs_no_signature),
            KIT_TEST(escalations_that_cannot_be_are_refused),
            KIT_TEST(later_grant_is_passed_on_under_its_own_cid_and_end),
            KIT_TEST(services_that_would_be_left_out_are_refused),
    };
    return cmocka_run_group_tests_name("grant.wallet", tests, NULL, NULL);
}
