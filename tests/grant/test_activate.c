/* Taking delegations into use: what is signed decides, for whom, where and until when. */
#include "grant/wrapped.h"
#include <deputy/wallet.h>

static struct deputy_slice wrapped_payload(struct kit *kit, const char *from, const char *to)
{
    return wrapped_for(kit, KIT_RECEIVER, from, to);
}

static enum deputy_error activate(struct kit *kit, struct deputy_slice json, struct deputy_delegation *out)
{
    struct deputy_portable portable;
    struct deputy_refusal refusal;
    assert_ok(deputy_portable_read(kit->arena, &portable, &refusal, json));
    return deputy_portable_activate(kit->arena, out, &refusal, &kit->receiver, &portable,
            DEPUTY_RECEIVE_VALIDATED, T(KIT_HOST), kit_time(KIT_NOW));
}

/* What is signed, but cannot be carried or has no meaning here. */
static void signed_payload_that_is_not_usable_is_refused(void **state)
{
    static const struct {
        const char *from;
        const char *to;
        enum deputy_error code;
    } rows[] = {
            {"\"aud\"", "\"audience\"", DEPUTY_E_ACTIVATE_MEMBER},
            {"\"iss\"", "\"issuer\"", DEPUTY_E_ACTIVATE_MEMBER},
            {"\"exp\":1767830400", "\"exp\":null", DEPUTY_E_ACTIVATE_MEMBER},
            {"\"exp\":1767830400", "\"exp\":1767830401", DEPUTY_E_PORTABLE_EXPIRY_DIFFERS},
            {"\"exp\":1767830400", "\"exp\":1767225600", DEPUTY_E_PORTABLE_OVER},
            {"\"prf\":[\"", "\"prf\":[5,\"", DEPUTY_E_ACTIVATE_MEMBER},
            {"\"prf\":[\"", "\"prf\":[\"\",\"", DEPUTY_E_ACTIVATE_MEMBER},
            {"\"prf\":[", "\"prf\":{},\"x\":[", DEPUTY_E_ACTIVATE_MEMBER},
            {"\"prf\":[", "\"prf\":[],\"x\":[", DEPUTY_E_ACTIVATE_MEMBER},
            {"\"att\":{", "\"att\":[],\"x\":{", DEPUTY_E_ACTIVATE_MEMBER},
            {"\"att\":{", "\"att\":{},\"x\":{", DEPUTY_E_ACTIVATE_MEMBER},
            {"\"att\":{", "\"att\":{\"https://x.example/\":{\"a/b\":[{}]},", DEPUTY_E_ACTIVATE_RESOURCE},
            {"\"att\":{", "\"att\":{\"no uri\":{\"a/b\":[{}]},", DEPUTY_E_ACTIVATE_RESOURCE},
            {"\"att\":{", "\"att\":{\"" KIT_SPACE "/kv/\":{\"a/b\":[{}]},", DEPUTY_E_ACTIVATE_RESOURCE},
            {"\"att\":{", "\"att\":{\"" KIT_SPACE "/kv/x?q\":{\"a/b\":[{}]},", DEPUTY_E_ACTIVATE_RESOURCE},
            {"\"att\":{", "\"att\":{\"" KIT_SPACE "/kv/x#f\":{\"a/b\":[{}]},", DEPUTY_E_ACTIVATE_RESOURCE},
            {"\"att\":{", "\"att\":{\"" KIT_SPACE "/space\":{\"a/b\":[{}]},", DEPUTY_E_ACTIVATE_RESOURCE},
            {"\"tinycloud.kv/get\":[{}]", "\"tinycloud.kv/get\":{}", DEPUTY_E_ACTIVATE_MEMBER},
            {"\"tinycloud.kv/get\":[{}]", "\"tinycloud.kv/get\":[5]", DEPUTY_E_ACTIVATE_MEMBER},
            {"{\"tinycloud.capabilities/read\":[{}]}", "{}", DEPUTY_E_ACTIVATE_MEMBER},
            {"{\"tinycloud.capabilities/read\":[{}]}", "[]", DEPUTY_E_ACTIVATE_MEMBER},
            {"\"tinycloud.kv/get\":[{}]", "\"tinycloud.kv/get\":[{\"a\":1}]", DEPUTY_E_PORTABLE_RESOURCES},
            {"\"prf\":", "\"fct\":[{\"remainingRedelegationDepth\":9}],\"prf\":", DEPUTY_E_ACTIVATE_MEMBER},
            {"\"prf\":", "\"fct\":[{\"remainingRedelegationDepth\":-1}],\"prf\":", DEPUTY_E_ACTIVATE_MEMBER},
            {"\"prf\":", "\"fct\":[{\"remainingRedelegationDepth\":3}],\"prf\":", DEPUTY_OK},
            {"\"prf\":", "\"fct\":[1],\"prf\":", DEPUTY_OK},
            {"\"iss\":", "\"iss\":\"did:key:z6Mk\",\"iss\":", DEPUTY_E_ACTIVATE_PAYLOAD},
    };
    struct kit *kit = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct deputy_delegation delegation;
        enum deputy_error result = activate(kit, wrapped_payload(kit, rows[i].from, rows[i].to), &delegation);
        if (result != rows[i].code)
            fail_msg("row %zu: %d", i, result);
    }
}

static void depth_and_owner_are_read_from_signed_bytes(void **state)
{
    struct kit *kit = *state;
    struct deputy_delegation delegation;
    struct deputy_slice json;
    assert_ok(activate(kit,
            wrapped_payload(kit, "\"prf\":", "\"fct\":[{\"remainingRedelegationDepth\":3}],\"prf\":"),
            &delegation));
    assert_true(delegation.has_depth);
    assert_int_equal(delegation.depth, 3);
    assert_ok(deputy_delegation_format(kit->arena, &json, &delegation, NONE));
    assert_non_null(strstr((const char *)json.ptr, "\"allowSubDelegation\":true"));
}

/* The owner's account is said only where one account owns all of it. */
static void owner_of_several_accounts_is_none(void **state)
{
    static const char *const resources[] = {"\"att\":{\"urn:tinycloud:encryption:" KIT_BACKEND
                                            ":default\":{\"tinycloud.encryption/decrypt\":[{}]},",
            "\"att\":{\"tinycloud:key:z6MkqGC3nWZhYieEVTVDKW5v588CiGfsDSmRVG9ZwwWTvLSK:a/kv/x\":"
            "{\"tinycloud.kv/get\":[{}]}},\"x\":{"};
    struct kit *kit = *state;
    for (size_t i = 0; i < sizeof resources / sizeof resources[0]; i++) {
        struct deputy_portable portable;
        struct deputy_delegation delegation;
        struct deputy_refusal refusal;
        struct deputy_slice json = wrapped_payload(kit, "\"att\":{", resources[i]);
        assert_ok(deputy_portable_read(kit->arena, &portable, &refusal, json));
        assert_ok(deputy_compact_activate(kit->arena, &delegation, &refusal, &kit->receiver, portable.header,
                portable.cid, kit_time(KIT_NOW)));
        assert_int_equal(delegation.owner.chain, 0);
        assert_ok(deputy_delegation_format(kit->arena, &json, &delegation, NONE));
        assert_null(strstr((const char *)json.ptr, "ownerAddress"));
        assert_int_not_equal(deputy_portable_verify(kit->arena, &delegation, &refusal, &portable), DEPUTY_OK);
    }
}

/* The wrapper's token is this message of the owner. */
static enum deputy_error verify_message(struct kit *kit, struct deputy_slice siwe)
{
    struct deputy_portable portable = kit_child(kit, KIT_RECEIVER);
    struct deputy_signed_message message;
    struct deputy_delegation delegation;
    struct deputy_refusal refusal;
    uint8_t signature[65];
    assert_ok(deputy_key_sign_eip191(signature, kit->owner, siwe));
    assert_ok(deputy_message_complete(kit->arena, &message, siwe, signature));
    portable.header = message.header;
    assert_ok(deputy_cid_format(kit->arena, &portable.cid, &message.cid, DEPUTY_CID_BASE32));
    return deputy_portable_verify(kit->arena, &delegation, &refusal, &portable);
}

static void message_that_is_no_delegation_is_refused(void **state)
{
    struct kit *kit = *state;
    struct deputy_refusal refusal;
    struct deputy_slice siwe;
    struct deputy_sign_in sign_in = kit_sign_in(kit);
    const struct deputy_plan nothing = {.space = kit->plan.space};
    assert_ok(deputy_session_prepare(kit->arena, &siwe, &refusal, &kit->key, &nothing, &sign_in));
    assert_int_equal(verify_message(kit, siwe), DEPUTY_E_ACTIVATE_MEMBER);
    assert_ok(deputy_host_prepare(kit->arena, &siwe, &refusal, T("applications"), T(KIT_RECEIVER), &sign_in));
    assert_int_equal(verify_message(kit, siwe), DEPUTY_E_ACTIVATE_RESOURCE);
    struct deputy_portable portable = kit_child(kit, KIT_RECEIVER);
    struct deputy_delegation delegation;
    portable.header = T("not*base64");
    assert_int_equal(
            deputy_portable_verify(kit->arena, &delegation, &refusal, &portable), DEPUTY_E_PORTABLE_CID);
}

static void activation_is_for_the_receiver_on_its_host_in_time(void **state)
{
    struct kit *kit = *state;
    struct deputy_portable portable;
    struct deputy_delegation delegation;
    struct deputy_refusal refusal;
    struct deputy_portable child = kit_child(kit, KIT_RECEIVER);
    static const struct {
        const char *host;
        const char *now;
        bool own;
        enum deputy_error code;
    } rows[] = {
            {KIT_HOST, KIT_NOW, true, DEPUTY_OK},
            {KIT_HOST "///", KIT_NOW, true, DEPUTY_OK},
            {"https://evil.example", KIT_NOW, true, DEPUTY_E_ACTIVATE_HOST},
            {"/", KIT_NOW, true, DEPUTY_E_ACTIVATE_HOST_EMPTY},
            {KIT_HOST, KIT_END, true, DEPUTY_E_PORTABLE_OVER},
            {KIT_HOST, "2026-01-07T23:59:59.999Z", true, DEPUTY_OK},
            {KIT_HOST, KIT_NOW, false, DEPUTY_E_ACTIVATE_AUDIENCE},
    };
    assert_ok(deputy_portable_read(kit->arena, &portable, &refusal, child.json));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(deputy_portable_activate(kit->arena, &delegation, &refusal,
                                 rows[i].own ? &kit->receiver : &kit->key, &portable,
                                 DEPUTY_RECEIVE_VALIDATED, T(rows[i].host), kit_time(rows[i].now)),
                rows[i].code);
    portable.expiry = kit_time(KIT_NOW); /* over by its own word, whatever the token says */
    assert_int_equal(deputy_portable_activate(kit->arena, &delegation, &refusal, &kit->receiver, &portable,
                             DEPUTY_RECEIVE_VALIDATED, T(KIT_HOST), kit_time(KIT_NOW)),
            DEPUTY_E_PORTABLE_OVER);
}

static void delegation_of_nothing_is_not_written(void **state)
{
    struct kit *kit = *state;
    struct deputy_portable portable;
    struct deputy_delegation delegation;
    struct deputy_refusal refusal;
    struct deputy_slice json;
    assert_ok(deputy_portable_parse(
            kit->arena, &portable, &delegation, &refusal, kit_child(kit, KIT_RECEIVER).json));
    delegation.authority.held.count = 0;
    assert_int_equal(
            deputy_delegation_format(kit->arena, &json, &delegation, NONE), DEPUTY_E_ABILITIES_EMPTY);
}

static void compact_form_is_bound_to_its_cid_audience_and_end(void **state)
{
    struct kit *kit = *state;
    struct deputy_delegation delegation;
    struct deputy_refusal refusal;
    struct deputy_portable child = kit_child(kit, KIT_RECEIVER);
    assert_ok(deputy_compact_activate(
            kit->arena, &delegation, &refusal, &kit->receiver, child.header, child.cid, kit_time(KIT_NOW)));
    assert_int_equal(
            deputy_compact_activate(kit->arena, &delegation, &refusal, &kit->receiver, child.header,
                    T("bafkr4iflnaltaqhnwhbpdxqtk5doardpqxhql6gi2lyrescrhzhbv7bk34"), kit_time(KIT_NOW)),
            DEPUTY_E_COMPACT_CID);
    assert_int_equal(deputy_compact_activate(kit->arena, &delegation, &refusal, &kit->key, child.header,
                             child.cid, kit_time(KIT_NOW)),
            DEPUTY_E_ACTIVATE_AUDIENCE);
    assert_int_equal(deputy_compact_activate(kit->arena, &delegation, &refusal, &kit->receiver, child.header,
                             child.cid, kit_time(KIT_END)),
            DEPUTY_E_PORTABLE_OVER);
    assert_int_equal(deputy_compact_activate(kit->arena, &delegation, &refusal, &kit->receiver, T("a.b"),
                             child.cid, kit_time(KIT_NOW)),
            DEPUTY_E_COMPACT_CID);
}

static enum deputy_error prepare(struct kit *kit, struct deputy_slice json, const struct deputy_key *wallet)
{
    struct deputy_portable portable;
    struct deputy_delegation delegation;
    struct deputy_refusal refusal;
    struct deputy_slice siwe;
    struct deputy_sign_in sign_in = {.account = kit_account(wallet),
            .domain = T("backend.example.com"),
            .nonce = T("Q1w2E3r4T5y6U7i8O")};
    assert_ok(deputy_portable_read(kit->arena, &portable, &refusal, json));
    return deputy_portable_prepare(kit->arena, &siwe, &delegation, &refusal, &kit->receiver, &portable,
            T(KIT_HOST), &sign_in, kit_time(KIT_NOW));
}

static void wallet_receiver_signs_only_for_its_own_delegation(void **state)
{
    struct kit *kit = *state;
    struct deputy_slice json = kit_child(kit, KIT_BACKEND).json;
    assert_ok(prepare(kit, json, kit->backend));
    assert_int_equal(prepare(kit, json, kit->owner), DEPUTY_E_ACTIVATE_AUDIENCE);
    assert_int_equal(
            prepare(kit, kit_child(kit, KIT_RECEIVER).json, kit->backend), DEPUTY_E_ACTIVATE_AUDIENCE);
    assert_int_equal(
            prepare(kit, edited(kit->arena, json, T("\"host\":\"https://node"), T("\"host\":\"https://evil")),
                    kit->backend),
            DEPUTY_E_ACTIVATE_HOST);
}

static void caveats_are_kept_for_a_key_and_stop_a_wallet(void **state)
{
    struct kit *kit = *state;
    struct deputy_delegation delegation;
    struct deputy_slice rebuilt;
    assert_ok(activate(kit, caveated(kit, KIT_RECEIVER), &delegation));
    assert_true(delegation.caveated);
    assert_ok(deputy_delegation_format(kit->arena, &rebuilt, &delegation, T(KIT_HOST)));
    assert_non_null(strstr((const char *)rebuilt.ptr, "\"caveats\":[{\"a\":1}]"));
    assert_int_equal(prepare(kit, caveated(kit, KIT_BACKEND), kit->backend), DEPUTY_E_DELEGATE_CAVEATS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            KIT_TEST(signed_payload_that_is_not_usable_is_refused),
            KIT_TEST(depth_and_owner_are_read_from_signed_bytes),
            KIT_TEST(owner_of_several_accounts_is_none),
            KIT_TEST(message_that_is_no_delegation_is_refused),
            KIT_TEST(activation_is_for_the_receiver_on_its_host_in_time),
            KIT_TEST(delegation_of_nothing_is_not_written),
            KIT_TEST(compact_form_is_bound_to_its_cid_audience_and_end),
            KIT_TEST(wallet_receiver_signs_only_for_its_own_delegation),
            KIT_TEST(caveats_are_kept_for_a_key_and_stop_a_wallet),
    };
    return cmocka_run_group_tests_name("grant.activate", tests, NULL, NULL);
}
