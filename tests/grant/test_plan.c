/* What a sign-in asks for: spaces by id, networks apart, and names that no node would take. */
#include "grant/kit.h"

static enum deputy_error plan_of(
        struct kit *kit, struct deputy_plan *plan, struct deputy_refusal *refusal, const char *permissions)
{
    struct deputy_request request = {.record_count = 0};
    struct deputy_account account = kit_account(kit->owner);
    assert_ok(deputy_permissions_parse(kit->arena, &request.resources, refusal, T(permissions)));
    return deputy_request_plan(kit->arena, plan, refusal, &request, &account);
}

#define ENTRY(service, space, path)                                                                          \
    "{\"service\":\"" service "\",\"space\":\"" space "\",\"path\":\"" path "\",\"actions\":[\"" service     \
    "/read\"]}"
#define NETWORK(urn, action)                                                                                 \
    "{\"service\":\"tinycloud.encryption\",\"path\":\"" urn "\",\"actions\":[\"tinycloud.encryption/" action \
    "\"]}"

/* A name and the id that it stands for are one space; another owner's space of that name is not. */
static void space_is_the_same_by_name_and_by_id(void **state)
{
    struct kit *kit = *state;
    struct deputy_plan plan;
    struct deputy_refusal refusal;
    assert_ok(plan_of(kit, &plan, &refusal,
            "[" ENTRY("tinycloud.kv", "applications", "a") "," ENTRY(
                    "tinycloud.sql", KIT_SPACE, "b") "," ENTRY("tinycloud.kv",
                    "tinycloud:pkh:eip155:1:0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF:applications",
                    "c") "]"));
    assert_int_equal(plan.space_count, 2);
    assert_text(plan.space, KIT_SPACE);
    assert_int_equal(plan.spaces[0].row_count, 2);
    assert_int_equal(plan.spaces[1].row_count, 1);
}

static void primary_space_is_the_first_that_is_no_account(void **state)
{
    struct kit *kit = *state;
    struct deputy_plan plan;
    struct deputy_refusal refusal;
    assert_ok(plan_of(kit, &plan, &refusal,
            "[" NETWORK(KIT_NETWORK, "decrypt") "," ENTRY("tinycloud.kv", "account", "a") "," ENTRY(
                    "tinycloud.kv", "notes", "a") "]"));
    assert_text(plan.space, "tinycloud:pkh:eip155:1:" KIT_OWNER ":notes");
    assert_ok(plan_of(kit, &plan, &refusal, "[" NETWORK(KIT_NETWORK, "decrypt") "]"));
    assert_text(plan.space, KIT_SPACE);
}

/* To decrypt in a network of one's own lets one make it; in another's, or to do another thing, does not. */
static void own_network_may_be_made(void **state)
{
    static const struct {
        const char *entry;
        size_t actions;
    } rows[] = {{"[" NETWORK(KIT_NETWORK, "decrypt") "]", 2},
            {"[" NETWORK(KIT_NETWORK, "network.revoke") "]", 1},
            {"[" NETWORK("urn:tinycloud:encryption:" KIT_BACKEND ":default", "decrypt") "]", 1},
            {"[" NETWORK("urn:tinycloud:encryption:did:pkh:eip155:10:" KIT_OWNER ":default", "decrypt") "]",
                    1},
            {"[" NETWORK("urn:tinycloud:encryption:" KIT_RECEIVER ":default", "decrypt") "]", 1}};
    struct kit *kit = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct deputy_plan plan;
        struct deputy_refusal refusal;
        assert_ok(plan_of(kit, &plan, &refusal, rows[i].entry));
        assert_int_equal(plan.raw_count, 1);
        assert_int_equal(plan.raw[0].action_count, rows[i].actions);
    }
}

static void unusable_names_are_refused(void **state)
{
    static const struct {
        const char *entry;
        enum deputy_error code;
    } rows[] = {{"[" ENTRY("tinycloud.other", "a", "a") "]", DEPUTY_E_SERVICE_UNKNOWN},
            {"[" ENTRY("kv", "a", "a") "]", DEPUTY_E_SERVICE_UNKNOWN},
            {"[" ENTRY("tinycloud.kv", "a/b", "a") "]", DEPUTY_E_SPACE_NAME},
            {"[" ENTRY("tinycloud.kv", "__proto__", "a") "]", DEPUTY_E_SPACE_NAME},
            {"[" ENTRY("tinycloud.kv", "tinycloud:x", "a") "]", DEPUTY_E_SPACE_NAME},
            {"[" NETWORK("urn:tinycloud:encryption", "decrypt") "]", DEPUTY_E_NETWORK_PREFIX},
            {"[" NETWORK("urn:tinycloud:encryption:", "decrypt") "]", DEPUTY_E_NETWORK_SEGMENTS},
            {"[" NETWORK("urn:tinycloud:encryption:did:x:", "decrypt") "]", DEPUTY_E_NETWORK_SEGMENTS},
            {"[" NETWORK("urn:tinycloud:encryption:" KIT_BACKEND ":De", "decrypt") "]",
                    DEPUTY_E_NETWORK_NAME},
            {"[" NETWORK("urn:tinycloud:encryption:" KIT_BACKEND ":-d", "decrypt") "]",
                    DEPUTY_E_NETWORK_NAME},
            {"[" NETWORK("urn:tinycloud:encryption:did:pkh:eip155:1:0x12:default", "decrypt") "]",
                    DEPUTY_E_PATH_INVALID}};
    struct kit *kit = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct deputy_plan plan;
        struct deputy_refusal refusal;
        enum deputy_error result = plan_of(kit, &plan, &refusal, rows[i].entry);
        if (result != rows[i].code)
            fail_msg("%s: %d", rows[i].entry, result);
        assert_int_equal(refusal.code, result);
    }
}

static void everything_is_for_sessions_without_a_manifest(void **state)
{
    struct kit *kit = *state;
    struct deputy_plan plan;
    struct deputy_refusal refusal;
    struct deputy_account account = kit_account(kit->owner);
    assert_ok(deputy_plan_everything(kit->arena, &plan, &refusal, T("default"), false, &account));
    assert_text(plan.space, "tinycloud:pkh:eip155:1:" KIT_OWNER ":default");
    size_t spaces = plan.space_count;
    assert_ok(deputy_plan_everything(kit->arena, &plan, &refusal, T("default"), true, &account));
    assert_true(plan.space_count > spaces);
    assert_int_equal(deputy_plan_everything(kit->arena, &plan, &refusal, T("a b"), false, &account),
            DEPUTY_E_SPACE_NAME);
}

static void identities_are_brought_to_one_form(void **state)
{
    static const struct {
        const char *text;
        const char *did; /* NULL: refused */
    } rows[] = {{"did:pkh:eip155:1:0x2b5ad5c4795c026514f8317c7a215e218dccd6cf#controller", KIT_BACKEND},
            {KIT_RECEIVER "#x", KIT_RECEIVER}, {"did:pkh:eip155:1", "did:pkh:eip155:1"},
            {"did:pkh:eip155:x:" KIT_OWNER, "did:pkh:eip155:x:" KIT_OWNER},
            {"did:pkh:eip155::" KIT_OWNER, "did:pkh:eip155::" KIT_OWNER},
            {"did:pkh:eip155:1:0x12", "did:pkh:eip155:1:0x12"}, {"did:pkh:eip155:0:" KIT_OWNER, NULL},
            {"did:pkh:eip155:9007199254740993000:" KIT_OWNER, NULL}, {"did::x", NULL}, {"did:Key:x", NULL},
            {"did:key:", NULL}, {"did:key", NULL}, {"did:key:a\nb", NULL}, {"key:did:x", NULL}, {"", NULL}};
    struct kit *kit = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct deputy_slice did;
        struct deputy_refusal refusal;
        enum deputy_error result = deputy_identity_did(kit->arena, &did, &refusal, T(rows[i].text));
        assert_int_equal(refusal.code, result);
        if ((result == DEPUTY_OK) != (rows[i].did != NULL))
            fail_msg("%s: %d", rows[i].text, result);
        if (rows[i].did != NULL)
            assert_text(did, rows[i].did);
    }
}

static void accounts_have_an_address_and_a_chain(void **state)
{
    static const struct {
        const char *address;
        double chain;
        enum deputy_error code;
    } rows[] = {{KIT_OWNER, 1, DEPUTY_OK}, {KIT_OWNER, 9007199254740991.0, DEPUTY_OK},
            {KIT_OWNER, 9007199254740992.0, DEPUTY_E_ACCOUNT_CHAIN}, {KIT_OWNER, 0, DEPUTY_E_ACCOUNT_CHAIN},
            {KIT_OWNER, 1.5, DEPUTY_E_ACCOUNT_CHAIN}, {KIT_OWNER, -1, DEPUTY_E_ACCOUNT_CHAIN},
            {"0x12", 1, DEPUTY_E_ACCOUNT_ADDRESS}, {"", 1, DEPUTY_E_ACCOUNT_ADDRESS}};
    struct kit *kit = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct deputy_account account;
        struct deputy_refusal refusal;
        assert_int_equal(
                deputy_account_make(kit->arena, &account, &refusal, T(rows[i].address), rows[i].chain),
                rows[i].code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {KIT_TEST(space_is_the_same_by_name_and_by_id),
            KIT_TEST(primary_space_is_the_first_that_is_no_account), KIT_TEST(own_network_may_be_made),
            KIT_TEST(unusable_names_are_refused), KIT_TEST(everything_is_for_sessions_without_a_manifest),
            KIT_TEST(identities_are_brought_to_one_form), KIT_TEST(accounts_have_an_address_and_a_chain)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
