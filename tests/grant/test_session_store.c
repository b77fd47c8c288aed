/* Sessions that are kept and read back: everything is verified again. */
#include "base/buf.h"
#include "grant/kit.h"

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
            {"\"siwe\":5,\"signature\":"
             "\"0x1111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111"
             "11111111111111111111111111111111111111b\"",
                    DEPUTY_E_SESSION_FORM},
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

static void session_beyond_its_limit_is_not_restored(void **state)
{
    const size_t max = 1024 * 1024;
    struct kit *kit = *state;
    struct deputy_session session;
    struct buf text = buf_make(kit->arena, max + 1);
    struct deputy_slice json;
    buf_put(&text, saved(kit));
    while (text.len <= max)
        buf_put_byte(&text, ' ');
    assert_ok(buf_finish(&text, &json));
    assert_ok(load(kit, &session, deputy_slice_bytes(json.ptr, max)));
    assert_int_equal(load(kit, &session, json), DEPUTY_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            KIT_TEST(saved_session_is_the_same_session),
            KIT_TEST(saved_session_keeps_its_additional_spaces),
            KIT_TEST(tampered_sessions_are_not_restored),
            KIT_TEST(over_or_not_yet_valid_sessions_are_not_restored),
            KIT_TEST(stored_metadata_must_be_the_messages),
            KIT_TEST(later_grants_are_chosen_when_they_cover_all),
            KIT_TEST(session_beyond_its_limit_is_not_restored),
    };
    return cmocka_run_group_tests_name("grant.session_store", tests, NULL, NULL);
}
