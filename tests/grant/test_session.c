/* Sessions: the worked example of spec/05 section 13 as bytes, what they refuse, and keeping them. */
#include "grant/kit.h"

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
    };
    return cmocka_run_group_tests_name("grant.session", tests, NULL, NULL);
}
