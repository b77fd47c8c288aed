/* Sessions: the worked example of spec/05 section 13 as bytes, what they refuse, and keeping them. */
#include "grant/kit.h"
#include <math.h>

static void assert_cid(struct deputy_arena *arena, const struct deputy_cid *cid, struct deputy_slice expected)
{
    struct deputy_slice text;
    assert_ok(deputy_cid_format(arena, &text, cid, DEPUTY_CID_BASE32));
    assert_slice(text, expected);
}

static void one_message_for_the_whole_request_as_in_the_example(void **state)
{
    struct kit *kit = *state;
    const struct json_value *expected = json_member(kit->derived, "signIn");
    assert_slice(kit->siwe, kit_member(expected, "siwe"));
    assert_slice(kit->session.authority.header, kit_member(expected, "header"));
    assert_slice(kit->key.did_url, kit_member(expected, "sessionVm"));
    assert_cid(kit->arena, &kit->session.authority.cid, kit_member(expected, "cid"));
}

static void child_of_the_target_as_in_the_example(void **state)
{
    struct kit *kit = *state;
    const struct json_value *child = json_member(kit->derived, "childUcan");
    const struct json_value *wrapper = json_member(kit->derived, "portableDelegation");
    const struct json_value *actual;
    struct deputy_portable portable = kit_child(kit, KIT_BACKEND);
    assert_slice(portable.header, kit_member(child, "token"));
    assert_slice(portable.cid, kit_member(child, "cid"));
    assert_ok(json_parse(kit->arena, &actual, portable.json));
    assert_true(json_equal(actual, wrapper));
}

static struct deputy_slice activation_siwe(struct kit *kit, struct deputy_delegation *delegation)
{
    struct deputy_portable portable = kit_child(kit, KIT_BACKEND);
    struct deputy_refusal refusal;
    struct deputy_slice siwe;
    struct deputy_sign_in sign_in = {.account = kit_account(kit->backend),
            .domain = T("backend.example.com"),
            .nonce = T("Q1w2E3r4T5y6U7i8O")};
    assert_ok(deputy_portable_prepare(kit->arena, &siwe, delegation, &refusal, &kit->receiver, &portable,
            T(KIT_HOST), &sign_in, kit_time("2026-01-02T12:00:00.000Z")));
    return siwe;
}

static void wallet_backend_activates_and_invokes_as_in_the_example(void **state)
{
    struct kit *kit = *state;
    const struct json_value *expected = json_member(kit->derived, "activation");
    struct deputy_delegation delegation;
    struct deputy_session session;
    struct deputy_slice header;
    uint8_t signature[65];
    struct deputy_slice siwe = activation_siwe(kit, &delegation);
    struct deputy_action read = {
            .service = T("sql"), .path = T("com.example.notes/notes"), .action = T("tinycloud.sql/read")};
    assert_slice(siwe, kit_member(expected, "siwe"));
    assert_ok(deputy_key_sign_eip191(signature, kit->backend, siwe));
    assert_ok(deputy_session_complete(
            kit->arena, &session, &kit->receiver, delegation.authority.space, siwe, signature));
    assert_slice(session.authority.header, kit_member(expected, "header"));
    assert_cid(kit->arena, &session.authority.cid, kit_member(expected, "cid"));
    assert_ok(deputy_session_invoke(kit->arena, &header, &kit->receiver, &session.authority, &read, 1, NONE,
            T("urn:uuid:0d9f0b1e-5a35-4a43-8a6c-94d6b7a1c001"), 120000,
            kit_time("2026-01-02T12:00:00.250Z")));
    assert_slice(header, kit_member(json_member(kit->derived, "invocation"), "token"));
}

static void signature_of_another_wallet_is_refused(void **state)
{
    struct kit *kit = *state;
    struct deputy_session session;
    uint8_t signature[65];
    assert_ok(deputy_key_sign_eip191(signature, kit->backend, kit->siwe));
    assert_int_equal(
            deputy_session_complete(kit->arena, &session, &kit->key, kit->plan.space, kit->siwe, signature),
            DEPUTY_E_SIGNATURE);
}

static void message_for_another_key_is_refused(void **state)
{
    struct kit *kit = *state;
    struct deputy_session session;
    assert_int_equal(deputy_session_complete(kit->arena, &session, &kit->receiver, kit->plan.space, kit->siwe,
                             kit->signature),
            DEPUTY_E_SESSION_AUDIENCE);
}

static void text_that_is_no_message_is_refused(void **state)
{
    struct kit *kit = *state;
    struct deputy_session session;
    struct deputy_signed_message message;
    struct deputy_permissions held;
    assert_int_equal(deputy_session_complete(
                             kit->arena, &session, &kit->key, kit->plan.space, T("hello"), kit->signature),
            DEPUTY_E_SIWE);
    assert_int_equal(
            deputy_message_complete(kit->arena, &message, T("hello"), kit->signature), DEPUTY_E_SIWE);
    assert_int_equal(deputy_siwe_permissions(kit->arena, &held, T("hello")), DEPUTY_E_SIWE);
}

static void session_key_must_be_ed25519(void **state)
{
    struct kit *kit = *state;
    struct deputy_session_key key;
    assert_int_equal(deputy_session_key_make(kit->arena, &key, kit->owner, NONE), DEPUTY_E_KEY);
}

static enum deputy_error prepare(struct kit *kit, const struct deputy_sign_in *sign_in)
{
    struct deputy_refusal refusal;
    struct deputy_slice siwe;
    return deputy_session_prepare(kit->arena, &siwe, &refusal, &kit->key, &kit->plan, sign_in);
}

static void messages_that_no_reader_would_take_are_not_prepared(void **state)
{
    struct kit *kit = *state;
    struct deputy_sign_in sign_in = kit_sign_in(kit);
    assert_ok(prepare(kit, &sign_in));
    sign_in.nonce = T("1234567");
    assert_int_equal(prepare(kit, &sign_in), DEPUTY_E_SIWE_NONCE);
    sign_in.nonce = T("with-dash-inside");
    assert_int_equal(prepare(kit, &sign_in), DEPUTY_E_SIWE_NONCE);
    sign_in = kit_sign_in(kit);
    sign_in.expiration_time = sign_in.issued_at;
    assert_int_equal(prepare(kit, &sign_in), DEPUTY_E_TIME_ORDER);
    sign_in.expiration_time = T("tomorrow");
    assert_int_equal(prepare(kit, &sign_in), DEPUTY_E_TIME);
    sign_in.expiration_time = NONE;
    assert_int_equal(prepare(kit, &sign_in), DEPUTY_E_ARGUMENT);
    sign_in = kit_sign_in(kit);
    sign_in.issued_at = T("now");
    assert_int_equal(prepare(kit, &sign_in), DEPUTY_E_TIME);
}

static void row_is_refused(struct kit *kit, struct deputy_ability_row row, bool raw, enum deputy_error code)
{
    struct deputy_sign_in sign_in = kit_sign_in(kit);
    struct deputy_space_abilities abilities = {kit->plan.space, &row, 1};
    struct deputy_plan plan = {.space = kit->plan.space};
    struct deputy_refusal refusal;
    struct deputy_slice siwe;
    if (raw) {
        plan.raw = &row;
        plan.raw_count = 1;
    } else {
        plan.spaces = &abilities;
        plan.space_count = 1;
    }
    assert_int_equal(deputy_session_prepare(kit->arena, &siwe, &refusal, &kit->key, &plan, &sign_in), code);
    assert_int_equal(refusal.code, code);
}

static void rows_that_cannot_stand_in_a_token_are_refused(void **state)
{
    struct kit *kit = *state;
    const struct deputy_slice get = T("tinycloud.kv/get"), bad = T("get");
    row_is_refused(kit, (struct deputy_ability_row){T("k/v"), T("a"), &get, 1}, false, DEPUTY_E_SERVICE_NAME);
    row_is_refused(
            kit, (struct deputy_ability_row){T("kv"), T("a?b"), &get, 1}, false, DEPUTY_E_PATH_INVALID);
    row_is_refused(
            kit, (struct deputy_ability_row){T("kv"), T("a"), &get, 0}, false, DEPUTY_E_ABILITIES_NO_ACTIONS);
    row_is_refused(kit, (struct deputy_ability_row){T("kv"), T("a"), &bad, 1}, false, DEPUTY_E_ACTION_NAME);
    row_is_refused(kit, (struct deputy_ability_row){T("encryption"), T("urn:x"), &get, 1}, true,
            DEPUTY_E_NETWORK_PREFIX);
    row_is_refused(kit, (struct deputy_ability_row){T("encryption"), T("urn x"), &get, 1}, true,
            DEPUTY_E_PATH_INVALID);
}

static void times_of_a_sign_in_end_after_they_begin(void **state)
{
    struct kit *kit = *state;
    struct deputy_sign_in sign_in = {.account = {.chain = 1}};
    assert_ok(deputy_sign_in_times(kit->arena, &sign_in, kit_time(KIT_NOW), 1.9));
    assert_text(sign_in.expiration_time, "2026-01-01T00:00:00.001Z");
    assert_int_equal(deputy_sign_in_times(kit->arena, &sign_in, kit_time(KIT_NOW), 0), DEPUTY_E_ARGUMENT);
    assert_int_equal(deputy_sign_in_times(kit->arena, &sign_in, kit_time(KIT_NOW), 1e300), DEPUTY_E_LIFETIME);
}

static void nonces_and_uuids_come_from_the_given_bytes(void **state)
{
    struct kit *kit = *state;
    uint8_t random[32];
    struct deputy_slice text;
    memset(random, 0, sizeof random);
    assert_ok(deputy_nonce_make(kit->arena, &text, random));
    assert_text(text, "AAAAAAAAAAAAAAAAA");
    memset(random, 0xff, sizeof random);
    assert_ok(deputy_nonce_make(kit->arena, &text, random));
    assert_int_equal(text.len, 17);
    assert_true(deputy_slice_compare(text, T("AAAAAAAAAAAAAAAAA")) != 0);
    assert_ok(deputy_uuid_make(kit->arena, &text, random));
    assert_text(text, "urn:uuid:ffffffff-ffff-4fff-bfff-ffffffffffff");
}

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

static struct deputy_slice saved(struct kit *kit)
{
    uint8_t seed[32];
    struct deputy_slice json;
    memset(seed, 0x11, sizeof seed);
    assert_ok(deputy_session_save(kit->arena, &json, &kit->session, seed));
    return json;
}

static enum deputy_error load(struct kit *kit, struct deputy_session *session, struct deputy_slice json)
{
    struct deputy_key *key;
    enum deputy_error result =
            deputy_session_load(kit->arena, session, &key, json, kit_time("2026-01-02T00:00:00Z"));
    deputy_key_destroy(key);
    return result;
}

static void saved_session_is_the_same_session(void **state)
{
    struct kit *kit = *state;
    struct deputy_session session;
    assert_ok(load(kit, &session, saved(kit)));
    assert_slice(session.authority.header, kit->session.authority.header);
    assert_slice(session.authority.space, kit->session.authority.space);
    assert_slice(session.key.did_url, kit->key.did_url);
    assert_true(deputy_cid_equal(&session.authority.cid, &kit->session.authority.cid));
    assert_int_equal(session.authority.held.count, kit->session.authority.held.count);
    assert_memory_equal(session.owner.address, kit->session.owner.address, 20);
}

static void saved_session_keeps_its_additional_spaces(void **state)
{
    struct kit *kit = *state;
    struct deputy_session session;
    kit->session.additional_spaces = T("{\"s\":\"tinycloud:pkh:eip155:1:" KIT_OWNER ":secrets\"}");
    struct deputy_slice json = saved(kit);
    assert_ok(load(kit, &session, json));
    assert_slice(session.additional_spaces, kit->session.additional_spaces);
    assert_int_equal(load(kit, &session, edited(kit->arena, json, T(":secrets\"}"), T(":other\"}"))),
            DEPUTY_E_SESSION_SPACE);
    assert_int_equal(
            load(kit, &session,
                    edited(kit->arena, json, T("{\"s\":\"tinycloud:pkh:eip155:1:" KIT_OWNER ":secrets\"}"),
                            T("[1]"))),
            DEPUTY_E_SESSION_FORM);
}

static void tampered_sessions_are_not_restored(void **state)
{
    struct kit *kit = *state;
    struct deputy_session session;
    struct deputy_slice json = saved(kit);
    struct deputy_arena *arena = kit->arena;
    assert_int_equal(
            load(kit, &session, edited(arena, json, T(":applications\",\"veri"), T(":other\",\"veri"))),
            DEPUTY_E_SESSION_SPACE);
    assert_int_equal(load(kit, &session, edited(arena, json, T("bafkr4iflna"), T("bafkr4iflnb"))),
            DEPUTY_E_SESSION_HEADER);
    assert_int_equal(load(kit, &session, edited(arena, json, T("\"d\":\"ER"), T("\"d\":\"IR"))),
            DEPUTY_E_SESSION_KEY_MISMATCH);
    assert_int_equal(load(kit, &session, edited(arena, json, T("\"delegationCid\""), T("\"cid\""))),
            DEPUTY_E_SESSION_FORM);
    assert_int_equal(
            load(kit, &session, edited(arena, json, T("o2FooWF0"), T("o2FooWF1"))), DEPUTY_E_CBOR_TYPE);
    assert_int_equal(load(kit, &session, T("[]")), DEPUTY_E_SESSION_FORM);
    assert_int_equal(load(kit, &session, T("{")), DEPUTY_E_JSON_SYNTAX);
}

static void over_or_not_yet_valid_sessions_are_not_restored(void **state)
{
    struct kit *kit = *state;
    struct deputy_session session;
    struct deputy_key *key;
    struct deputy_refusal refusal;
    assert_int_equal(deputy_session_load(kit->arena, &session, &key, saved(kit), kit_time(KIT_END)),
            DEPUTY_E_SESSION_TIME);
    deputy_key_destroy(key);
    struct deputy_sign_in sign_in = kit_sign_in(kit);
    sign_in.not_before = T("2026-01-03T00:00:00Z");
    assert_ok(deputy_session_prepare(kit->arena, &kit->siwe, &refusal, &kit->key, &kit->plan, &sign_in));
    assert_ok(deputy_key_sign_eip191(kit->signature, kit->owner, kit->siwe));
    assert_ok(deputy_session_complete(
            kit->arena, &kit->session, &kit->key, kit->plan.space, kit->siwe, kit->signature));
    assert_int_equal(load(kit, &session, saved(kit)), DEPUTY_E_SESSION_TIME);
}

static void stored_metadata_must_be_the_messages(void **state)
{
    static const struct {
        const char *members;
        enum deputy_error code;
    } rows[] = {
            {"\"address\":\"" KIT_OWNER "\",\"chainId\":1", DEPUTY_OK},
            {"\"address\":\"0xe1AB8145F7E55DC933d51a18c793F901A3A0b276\"", DEPUTY_E_SESSION_ACCOUNT},
            {"\"address\":5", DEPUTY_E_SESSION_ACCOUNT},
            {"\"address\":\"0x12\"", DEPUTY_E_SESSION_ACCOUNT},
            {"\"chainId\":5", DEPUTY_E_SESSION_ACCOUNT},
            {"\"chainId\":-1", DEPUTY_E_SESSION_ACCOUNT},
            {"\"chainId\":\"1\"", DEPUTY_E_SESSION_ACCOUNT},
            {"\"siwe\":5", DEPUTY_E_SESSION_FORM},
            {"\"siwe\":\"x\"", DEPUTY_E_SESSION_FORM},
            {"\"siwe\":\"x\",\"signature\":\"0x00\"", DEPUTY_E_HEX},
    };
    struct kit *kit = *state;
    struct deputy_slice json = saved(kit);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct deputy_session session;
        struct deputy_slice members = joined(
                kit->arena, T("{"), joined(kit->arena, T(rows[i].members), T(",\"delegationHeader\"")));
        assert_int_equal(load(kit, &session, edited(kit->arena, json, T("{\"delegationHeader\""), members)),
                rows[i].code);
    }
}

static void later_grants_are_chosen_when_they_cover_all(void **state)
{
    struct kit *kit = *state;
    struct deputy_permissions wanted;
    struct deputy_refusal refusal;
    const struct deputy_authority *found;
    const struct deputy_slice get = T("tinycloud.kv/get");
    const struct deputy_permission other = {.service = T("tinycloud.kv"),
            .space = T(KIT_SPACE),
            .path = T("other/"),
            .actions = &get,
            .action_count = 1};
    struct deputy_authority grant = {.held = {&other, 1},
            .space = T(KIT_SPACE),
            .has_expiry = true,
            .expiry = kit_time("2026-01-02T00:00:00Z")};
    kit->session.grants = &grant;
    kit->session.grant_count = 1;
    assert_ok(deputy_permissions_parse(kit->arena, &wanted, &refusal,
            T("[{\"service\":\"tinycloud.kv\",\"space\":\"" KIT_SPACE
              "\",\"path\":\"other/x\",\"actions\":[\"tinycloud.kv/get\"]}]")));
    assert_ok(deputy_session_select(kit->arena, &found, &kit->session, wanted, kit_time(KIT_NOW)));
    assert_ptr_equal(found, &grant);
    assert_ok(deputy_session_select(
            kit->arena, &found, &kit->session, wanted, kit_time("2026-01-02T00:00:00Z")));
    assert_null(found);
    assert_ok(deputy_session_select(
            kit->arena, &found, &kit->session, (struct deputy_permissions){NULL, 0}, kit_time(KIT_NOW)));
    assert_ptr_equal(found, &kit->session.authority);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            KIT_TEST(one_message_for_the_whole_request_as_in_the_example),
            KIT_TEST(child_of_the_target_as_in_the_example),
            KIT_TEST(wallet_backend_activates_and_invokes_as_in_the_example),
            KIT_TEST(signature_of_another_wallet_is_refused),
            KIT_TEST(message_for_another_key_is_refused),
            KIT_TEST(text_that_is_no_message_is_refused),
            KIT_TEST(session_key_must_be_ed25519),
            KIT_TEST(messages_that_no_reader_would_take_are_not_prepared),
            KIT_TEST(rows_that_cannot_stand_in_a_token_are_refused),
            KIT_TEST(times_of_a_sign_in_end_after_they_begin),
            KIT_TEST(nonces_and_uuids_come_from_the_given_bytes),
            KIT_TEST(child_ends_with_the_session_at_the_latest),
            KIT_TEST(child_that_would_be_over_at_once_is_refused),
            KIT_TEST(session_passes_nothing_on_in_its_last_minute),
            KIT_TEST(audience_must_be_a_bare_did),
            KIT_TEST(another_owners_space_of_the_same_name_is_not_held),
            KIT_TEST(a_space_that_is_no_name_is_refused),
            KIT_TEST(facts_are_signed_into_the_child),
            KIT_TEST(invocations_end_between_thirty_seconds_and_an_hour),
            KIT_TEST(invocations_of_what_is_no_resource_are_refused),
            KIT_TEST(saved_session_is_the_same_session),
            KIT_TEST(saved_session_keeps_its_additional_spaces),
            KIT_TEST(tampered_sessions_are_not_restored),
            KIT_TEST(over_or_not_yet_valid_sessions_are_not_restored),
            KIT_TEST(stored_metadata_must_be_the_messages),
            KIT_TEST(later_grants_are_chosen_when_they_cover_all),
    };
    return cmocka_run_group_tests_name("grant.session", tests, NULL, NULL);
}
