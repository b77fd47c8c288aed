/* Several services in one wrapper, several delegations in one text. */
#include "base/codec.h"
#include "grant/kit.h"
#include <deputy/artifact.h>
#include <deputy/wallet.h>

static void flat_wrapper_keeps_services_apart(void **state)
{
    struct kit *kit = *state;
    struct deputy_wallet_order order;
    struct deputy_signed_message message;
    struct deputy_portable portable, read;
    struct deputy_delegation delegation;
    struct deputy_refusal refusal;
    uint8_t signature[65];
    const struct deputy_slice actions[] = {
            T("tinycloud.kv/get"), T("tinycloud.sql/read"), T("tinycloud.kv/put")};
    struct deputy_wallet_request request = {.audience = T(KIT_RECEIVER),
            .space = T("secrets"),
            .path = T("x/"),
            .actions = actions,
            .action_count = 3,
            .lifetime_ms = 1e6,
            .domain = T("app.example.com"),
            .nonce = T("kEWepMt9knR6lWJ6A")};
    assert_ok(
            deputy_wallet_delegate(kit->arena, &order, &refusal, &kit->session, &request, kit_time(KIT_NOW)));
    assert_ok(deputy_key_sign_eip191(signature, kit->owner, order.siwe));
    assert_ok(deputy_message_complete(kit->arena, &message, order.siwe, signature));
    assert_ok(deputy_wallet_portable(
            kit->arena, &portable, &order, &message, DEPUTY_WRAPPER_PLAIN, false, NONE, NONE));
    struct deputy_slice flat = edited(kit->arena, portable.json,
            T("\"actions\":[\"tinycloud.kv/get\",\"tinycloud.kv/put\"],\"resources\":"),
            T("\"actions\":[\"tinycloud.kv/get\",\"tinycloud.sql/read\",\"tinycloud.kv/put\"],\"ignored\":"));
    assert_ok(deputy_portable_parse(kit->arena, &read, &delegation, &refusal, flat));
    assert_int_equal(read.resources.count, 2);
    assert_int_equal(read.resources.items[0].action_count, 2);
    assert_text(delegation.authority.space, "tinycloud:pkh:eip155:1:" KIT_OWNER ":secrets");
    request.action_count = 0;
    assert_int_equal(
            deputy_wallet_delegate(kit->arena, &order, &refusal, &kit->session, &request, kit_time(KIT_NOW)),
            DEPUTY_E_ABILITIES_EMPTY);
}

static void several_delegations_travel_as_one_text(void **state)
{
    struct kit *kit = *state;
    struct deputy_portable two[] = {kit_child(kit, KIT_RECEIVER), kit_child(kit, KIT_BACKEND)};
    struct deputy_slice json, *parts;
    size_t count;
    assert_ok(deputy_bundle_format(kit->arena, &json, two, 1));
    assert_slice(json, two[0].json);
    assert_ok(deputy_bundle_split(kit->arena, &parts, &count, json));
    assert_int_equal(count, 1);
    assert_ok(deputy_bundle_format(kit->arena, &json, two, 2));
    assert_ok(deputy_bundle_split(kit->arena, &parts, &count, json));
    assert_int_equal(count, 2);
    assert_slice(parts[1], two[1].json);
    assert_int_equal(deputy_bundle_format(kit->arena, &json, two, 0), DEPUTY_E_ARGUMENT);
}

static void bundles_of_another_kind_are_refused(void **state)
{
    static const char *const bad[] = {
            "{\"format\":\"listen.delegation-bundle\",\"version\":2,\"delegations\":[\"x\"]}",
            "{\"format\":\"listen.delegation-bundle\",\"delegations\":[\"x\"]}",
            "{\"format\":\"listen.delegation-bundle\",\"version\":1,\"delegations\":[]}",
            "{\"format\":\"listen.delegation-bundle\",\"version\":1,\"delegations\":[5]}",
            "{\"format\":\"listen.delegation-bundle\",\"version\":1,\"delegations\":{}}", "{"};
    struct kit *kit = *state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct deputy_slice *parts;
        size_t count;
        assert_int_not_equal(deputy_bundle_split(kit->arena, &parts, &count, T(bad[i])), DEPUTY_OK);
    }
}

static enum deputy_error split_of(struct kit *kit, size_t parts, size_t blanks)
{
    struct buf text = buf_make(kit->arena, 2 * 1024 * 1024);
    struct deputy_slice json, *out;
    size_t count = 0;
    buf_put_text(&text, "{\"format\":\"listen.delegation-bundle\",\"version\":1,\"delegations\":[\"x\"");
    for (size_t i = 1; i < parts; i++)
        buf_put_text(&text, ",\"x\"");
    buf_put_text(&text, "]}");
    while (text.len < blanks)
        buf_put_byte(&text, ' ');
    assert_ok(buf_finish(&text, &json));
    enum deputy_error result = deputy_bundle_split(kit->arena, &out, &count, json);
    assert_true(result != DEPUTY_OK || count == parts);
    return result;
}

static void bundles_beyond_their_limits_are_refused(void **state)
{
    const size_t max = 4 * (size_t)DEPUTY_PORTABLE_MAX_BYTES;
    struct kit *kit = *state;
    assert_ok(split_of(kit, 16, max));
    assert_int_equal(split_of(kit, 16, max + 1), DEPUTY_E_LIMIT);
    assert_int_equal(split_of(kit, 17, 0), DEPUTY_E_LIMIT);
}

static void permissions_fall_into_one_group_a_space(void **state)
{
    struct kit *kit = *state;
    struct deputy_permissions list, *groups;
    struct deputy_refusal refusal;
    size_t count;
    assert_ok(deputy_permissions_parse(kit->arena, &list, &refusal,
            T("[{\"service\":\"tinycloud.kv\",\"space\":\"a\",\"path\":\"x\",\"actions\":[\"get\"]},"
              "{\"service\":\"tinycloud.encryption\",\"path\":\"" KIT_NETWORK "\",\"actions\":[\"decrypt\"]},"
              "{\"service\":\"tinycloud.kv\",\"space\":\"b\",\"path\":\"x\",\"actions\":[\"get\"]},"
              "{\"service\":\"tinycloud.sql\",\"space\":\"a\",\"path\":\"y\",\"actions\":[\"read\"]}]")));
    assert_ok(deputy_permissions_by_space(kit->arena, &groups, &count, list));
    assert_int_equal(count, 3);
    assert_int_equal(groups[0].count, 2);
    assert_text(groups[1].items[0].service, "tinycloud.encryption");
    assert_text(groups[2].items[0].space, "b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            KIT_TEST(flat_wrapper_keeps_services_apart),
            KIT_TEST(several_delegations_travel_as_one_text),
            KIT_TEST(bundles_of_another_kind_are_refused),
            KIT_TEST(bundles_beyond_their_limits_are_refused),
            KIT_TEST(permissions_fall_into_one_group_a_space),
    };
    return cmocka_run_group_tests_name("grant.bundle", tests, NULL, NULL);
}
