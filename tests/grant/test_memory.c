/*
 * Memory that runs out at any point is an error, never an answer: every function of the room runs in arenas
 * of every size up to the one that is enough, and says "limit" until it says what it says in a large one.
 */
#include "base/try.h"
#include "grant/kit.h"
#include <deputy/artifact.h>
#include <deputy/secret.h>
#include <deputy/signin_flow.h>
#include <deputy/wallet.h>

/* A step of the sweep: fills *out in the arena out of what the kit holds. */
typedef enum deputy_error (*sweep_fn)(struct deputy_arena *arena, struct deputy_slice *out, struct kit *kit);

enum { SWEEP_STEP = 48, SWEEP_MAX = 8 * 1024 * 1024 };

static void sweep(struct kit *kit, sweep_fn function, enum deputy_error final)
{
    struct deputy_slice expected = NONE;
    assert_int_equal(function(kit->arena, &expected, kit), final);
    bool reached = false;
    for (size_t max = 0; !reached; max += SWEEP_STEP + max / 64) {
        struct deputy_arena *arena;
        struct deputy_slice out = NONE;
        assert_true(max < SWEEP_MAX);
        assert_ok(deputy_arena_create(&arena, max));
        enum deputy_error result = function(arena, &out, kit);
        if (result == final) {
            assert_slice(out, expected);
            reached = true;
        } else {
            assert_int_equal(result, DEPUTY_E_LIMIT);
        }
        deputy_arena_destroy(arena);
    }
}

static enum deputy_error accounts(struct deputy_arena *arena, struct deputy_slice *out, struct kit *kit)
{
    struct deputy_refusal refusal;
    struct deputy_network_id network;
    struct deputy_account account;
    (void)kit;
    TRY(deputy_account_make(arena, &account, &refusal, T(KIT_OWNER), 1));
    TRY(deputy_identity_did(arena, out, &refusal, T(KIT_BACKEND "#controller")));
    TRY(deputy_network_id_parse(arena, &network, &refusal, T(KIT_NETWORK)));
    return deputy_space_id(arena, out, &refusal, &account, T("notes"));
}

static enum deputy_error randoms(struct deputy_arena *arena, struct deputy_slice *out, struct kit *kit)
{
    static const uint8_t random[32] = {1, 2, 3};
    struct deputy_refusal refusal;
    struct deputy_sign_in sign_in;
    double ms;
    (void)kit;
    TRY(deputy_nonce_make(arena, out, random));
    TRY(deputy_uuid_make(arena, out, random));
    TRY(deputy_sign_in_times(arena, &sign_in, kit_time(KIT_NOW), 1e6));
    TRY(deputy_expiry_parse(arena, &ms, &refusal, T("1.5 hours")));
    return deputy_secret_path(arena, out, &refusal, T("NAME"), T("My Scope"));
}

#define SECRETS                                                                                              \
    "{\"manifest_version\":1,\"app_id\":\"a.b\",\"name\":\"n\",\"description\":\"d\",\"expiry\":\"7d\","     \
    "\"defaults\":\"all\",\"includePublicSpace\":true,\"secrets\":{\"ONE\":true,\"TWO\":{\"scope\":\"s\","   \
    "\"actions\":[\"read\",\"write\"],\"expiry\":\"1h\"},\"THREE\":\"write\"},\"permissions\":[{"            \
    "\"service\":"                                                                                           \
    "\"tinycloud.vault\",\"space\":\"secrets\",\"path\":\"a/b\",\"actions\":[\"read\"],\"expiry\":\"2d\"},"  \
    "{\"service\":\"tinycloud.encryption\",\"path\":\"" KIT_NETWORK "\",\"actions\":[\"decrypt\"]}]}"

static enum deputy_error manifests(struct deputy_arena *arena, struct deputy_slice *out, struct kit *kit)
{
    const struct deputy_manifest *manifest;
    struct deputy_permissions permissions;
    struct deputy_refusal refusal;
    (void)kit;
    TRY(deputy_manifest_parse(arena, &manifest, &refusal, T(SECRETS)));
    TRY(deputy_manifest_resolve(arena, &permissions, &refusal, manifest));
    return deputy_permissions_format(arena, out, permissions);
}

static enum deputy_error composition(struct deputy_arena *arena, struct deputy_slice *out, struct kit *kit)
{
    const struct deputy_manifest *manifest;
    struct deputy_refusal refusal;
    struct deputy_request request;
    struct deputy_account account = kit_account(kit->owner);
    struct deputy_plan plan;
    TRY(deputy_manifest_parse(arena, &manifest, &refusal, T(SECRETS)));
    TRY(deputy_request_compose(arena, &request, &refusal, &manifest, 1, true));
    TRY(deputy_request_format(arena, out, &request));
    TRY(deputy_registry_value(arena, out, &request.records[0], kit_time(KIT_NOW)));
    TRY(deputy_request_plan(arena, &plan, &refusal, &request, &account));
    return deputy_plan_format(arena, out, &plan);
}

static enum deputy_error everything(struct deputy_arena *arena, struct deputy_slice *out, struct kit *kit)
{
    struct deputy_refusal refusal;
    struct deputy_account account = kit_account(kit->owner);
    struct deputy_plan plan;
    TRY(deputy_plan_everything(arena, &plan, &refusal, T("default"), true, &account));
    return deputy_plan_format(arena, out, &plan);
}

/* Refusals whose text quotes the input. */
static enum deputy_error refusals(struct deputy_arena *arena, struct deputy_slice *out, struct kit *kit)
{
    static const char *const manifests[] = {"{\"manifest_version\":2}",
            "{\"manifest_version\":1,\"app_id\":\"a.b\",\"name\":\"n\",\"expiry\":\"soon\"}",
            "{\"manifest_version\":1,\"app_id\":\"a.b\",\"name\":\"n\",\"secrets\":{\"a b\":true}}",
            "{\"manifest_version\":1,\"app_id\":\"a.b\",\"name\":\"n\",\"permissions\":[{\"service\":3}]}"};
    (void)kit;
    for (size_t i = 0; i < sizeof manifests / sizeof manifests[0]; i++) {
        const struct deputy_manifest *manifest;
        struct deputy_refusal refusal;
        enum deputy_error result = deputy_manifest_parse(arena, &manifest, &refusal, T(manifests[i]));
        if (result == DEPUTY_E_LIMIT)
            return result;
        assert_int_not_equal(result, DEPUTY_OK);
        TRY(deputy_refusal_format(arena, out, &refusal));
    }
    return DEPUTY_OK;
}

static enum deputy_error sign_ins(struct deputy_arena *arena, struct deputy_slice *out, struct kit *kit)
{
    struct deputy_sign_in sign_in = kit_sign_in(kit);
    struct deputy_signed_message message;
    struct deputy_session_key key;
    struct deputy_session session;
    struct deputy_refusal refusal;
    TRY(deputy_session_key_make(arena, &key, kit->session_seed, T("default")));
    TRY(deputy_session_prepare(arena, out, &refusal, &key, &kit->plan, &sign_in));
    TRY(deputy_session_complete(arena, &session, &key, kit->plan.space, *out, kit->signature));
    TRY(deputy_message_complete(arena, &message, *out, kit->signature));
    return deputy_host_prepare(arena, out, &refusal, T("applications"), T(KIT_RECEIVER), &sign_in);
}

static enum deputy_error stores(struct deputy_arena *arena, struct deputy_slice *out, struct kit *kit)
{
    struct deputy_session session;
    struct deputy_key *key;
    uint8_t seed[32];
    memset(seed, 0x11, sizeof seed);
    TRY(deputy_session_save(arena, out, &kit->session, seed));
    enum deputy_error result = deputy_session_load(arena, &session, &key, *out, kit_time(KIT_NOW));
    deputy_key_destroy(key);
    return result;
}

#define WANTED                                                                                               \
    "[{\"service\":\"tinycloud.kv\",\"path\":\"com.example.notes/a\",\"actions\":[\"get\",\"put\"]},"        \
    "{\"service\":\"tinycloud.sql\",\"path\":\"com.example.notes/notes\",\"actions\":[\"read\"]},"           \
    "{\"service\":\"tinycloud.encryption\",\"path\":\"" KIT_NETWORK "\",\"actions\":[\"decrypt\"]}]"

static enum deputy_error delegations(struct deputy_arena *arena, struct deputy_slice *out, struct kit *kit)
{
    struct deputy_delegation_order order = {
            .audience = T(KIT_RECEIVER), .lifetime_ms = 1e6, .facts = T("[{\"a\":1}]"), .host = T(KIT_HOST)};
    struct deputy_portable portables[2];
    struct deputy_permissions missing, *groups;
    struct deputy_refusal refusal;
    struct deputy_slice *parts;
    size_t count;
    TRY(deputy_permissions_parse(arena, &order.permissions, &refusal, T(WANTED)));
    TRY(deputy_permissions_by_space(arena, &groups, &count, order.permissions));
    TRY(deputy_session_delegate(arena, &portables[0], &refusal, &missing, &kit->session, &order, T(KIT_NONCE),
            kit_time(KIT_NOW)));
    portables[1] = portables[0];
    TRY(deputy_bundle_format(arena, out, portables, 2));
    return deputy_bundle_split(arena, &parts, &count, *out);
}

static enum deputy_error refused_delegations(
        struct deputy_arena *arena, struct deputy_slice *out, struct kit *kit)
{
    struct deputy_delegation_order order = {.audience = T(KIT_RECEIVER), .lifetime_ms = 1e6};
    struct deputy_portable portable;
    struct deputy_permissions missing;
    struct deputy_refusal refusal;
    TRY(deputy_permissions_parse(arena, &order.permissions, &refusal,
            T("[{\"service\":\"tinycloud.kv\",\"path\":\"other/a\",\"actions\":[\"get\",\"put\"]}]")));
    enum deputy_error result = deputy_session_delegate(
            arena, &portable, &refusal, &missing, &kit->session, &order, T(KIT_NONCE), kit_time(KIT_NOW));
    assert_true(result == DEPUTY_E_LIMIT || missing.count == 1);
    if (result == DEPUTY_E_NOT_HELD)
        TRY(deputy_refusal_format(arena, out, &refusal));
    return result;
}

static enum deputy_error receptions(struct deputy_arena *arena, struct deputy_slice *out, struct kit *kit)
{
    struct deputy_slice json = kit_child(kit, KIT_RECEIVER).json;
    struct deputy_portable portable;
    struct deputy_delegation delegation;
    struct deputy_refusal refusal;
    TRY(deputy_portable_parse(arena, &portable, &delegation, &refusal, json));
    TRY(deputy_portable_activate(arena, &delegation, &refusal, &kit->receiver, &portable,
            DEPUTY_RECEIVE_VALIDATED, T(KIT_HOST), kit_time(KIT_NOW)));
    TRY(deputy_compact_activate(
            arena, &delegation, &refusal, &kit->receiver, portable.header, portable.cid, kit_time(KIT_NOW)));
    struct deputy_action action = {
            .service = T("kv"), .path = T("com.example.notes/a"), .action = T("tinycloud.kv/get")};
    TRY(deputy_session_invoke(arena, out, &kit->receiver, &delegation.authority, &action, 1, T("[{\"b\":1}]"),
            T(KIT_NONCE), 60000, kit_time(KIT_NOW)));
    return deputy_delegation_format(arena, out, &delegation, T(KIT_HOST));
}

/* The wrapper says another path than its token: the refusal, too, needs memory. */
static enum deputy_error refused_receptions(
        struct deputy_arena *arena, struct deputy_slice *out, struct kit *kit)
{
    struct deputy_slice json = edited(kit->arena, kit_child(kit, KIT_RECEIVER).json,
            T("\"path\":\"com.example.notes/\""), T("\"path\":\"\""));
    struct deputy_portable portable;
    struct deputy_delegation delegation;
    struct deputy_refusal refusal;
    enum deputy_error result = deputy_portable_parse(arena, &portable, &delegation, &refusal, json);
    if (result == DEPUTY_E_PORTABLE_RESOURCES)
        TRY(deputy_refusal_format(arena, out, &refusal));
    return result;
}

static enum deputy_error handovers(struct deputy_arena *arena, struct deputy_slice *out, struct kit *kit)
{
    struct deputy_portable portable = kit_child(kit, KIT_BACKEND);
    struct deputy_sign_in sign_in = {.account = kit_account(kit->backend),
            .domain = T("backend.example.com"),
            .nonce = T("Q1w2E3r4T5y6U7i8O")};
    struct deputy_delegation delegation;
    struct deputy_refusal refusal;
    return deputy_portable_prepare(arena, out, &delegation, &refusal, &kit->receiver, &portable, T(KIT_HOST),
            &sign_in, kit_time(KIT_NOW));
}

static enum deputy_error sub_delegations(
        struct deputy_arena *arena, struct deputy_slice *out, struct kit *kit)
{
    struct deputy_portable parent, wrapped;
    struct deputy_wallet_order order;
    struct deputy_signed_message message;
    struct deputy_refusal refusal;
    struct deputy_account account = kit_account(kit->backend);
    const struct deputy_slice get = T("tinycloud.kv/get");
    const struct deputy_permission one = {
            .service = T("kv"), .path = T("com.example.notes/a"), .actions = &get, .action_count = 1};
    struct deputy_sub_delegation request = {.audience = T(KIT_RECEIVER),
            .resources = {&one, 1},
            .lifetime_ms = 1e6,
            .domain = T("backend.example.com"),
            .nonce = T("Q1w2E3r4T5y6U7i8O")};
    uint8_t signature[65];
    TRY(deputy_portable_read(arena, &parent, &refusal, kit_child(kit, KIT_BACKEND).json));
    TRY(deputy_sub_delegate(arena, &order, &refusal, NULL, &account, &parent, &request, kit_time(KIT_NOW)));
    assert_ok(deputy_key_sign_eip191(signature, kit->backend, order.siwe));
    TRY(deputy_message_complete(arena, &message, order.siwe, signature));
    TRY(deputy_wallet_portable(
            arena, &wrapped, &order, &message, DEPUTY_WRAPPER_LAST, false, T(KIT_HOST), NONE));
    *out = wrapped.json;
    return DEPUTY_OK;
}

static enum deputy_error escalations(struct deputy_arena *arena, struct deputy_slice *out, struct kit *kit)
{
    const struct deputy_slice nonces[] = {T("nonceNumberOne001"), T("nonceNumberTwo002")};
    struct deputy_escalation wish = {
            .lifetime_ms = 1e6, .domain = T("app.example.com"), .nonces = nonces, .nonce_count = 2};
    struct deputy_wallet_order *orders;
    struct deputy_signed_message message;
    struct deputy_authority authority;
    struct deputy_refusal refusal;
    uint8_t signature[65];
    size_t count;
    TRY(deputy_permissions_parse(arena, &wish.permissions, &refusal,
            T("[{\"service\":\"tinycloud.kv\",\"space\":\"a\",\"path\":\"o/\",\"actions\":[\"get\"]},"
              "{\"service\":\"tinycloud.kv\",\"space\":\"b\",\"path\":\"o/\",\"actions\":[\"get\"]}]")));
    TRY(deputy_session_escalate(
            arena, &orders, &count, &refusal, NULL, &kit->session, &wish, kit_time(KIT_NOW)));
    assert_int_equal(count, 2);
    assert_ok(deputy_key_sign_eip191(signature, kit->owner, orders[1].siwe));
    TRY(deputy_message_complete(arena, &message, orders[1].siwe, signature));
    TRY(deputy_wallet_authority(arena, &authority, &orders[1], &message));
    *out = orders[1].siwe;
    return DEPUTY_OK;
}

static enum deputy_error wallet_delegations(
        struct deputy_arena *arena, struct deputy_slice *out, struct kit *kit)
{
    const struct deputy_slice get = T("tinycloud.kv/get");
    struct deputy_wallet_request request = {.audience = T(KIT_RECEIVER),
            .path = T("com.example.notes/a"),
            .actions = &get,
            .action_count = 1,
            .lifetime_ms = 1e6,
            .domain = T("app.example.com"),
            .nonce = T("nonceNumberOne001")};
    struct deputy_wallet_order order = {.siwe = NONE};
    struct deputy_refusal refusal;
    enum deputy_error result =
            deputy_wallet_delegate(arena, &order, &refusal, &kit->session, &request, kit_time(KIT_NOW));
    *out = order.siwe;
    return result;
}

static enum deputy_error artifacts(struct deputy_arena *arena, struct deputy_slice *out, struct kit *kit)
{
    struct deputy_refusal refusal;
    struct deputy_portable portable;
    struct deputy_slice request =
            T("{\"kind\":\"tinycloud.auth.request\",\"version\":1,\"requestId\":\"r\",\"sessionDid\":"
              "\"" KIT_RECEIVER "\",\"requested\":" WANTED ",\"requestedExpiry\":\"1h\"}");
    TRY(deputy_auth_grant(
            arena, out, &refusal, &kit->session, request, 0, T(KIT_HOST), T(KIT_NONCE), kit_time(KIT_NOW)));
    return deputy_auth_grant_parse(arena, &portable, &refusal, *out);
}

/* A node that lacks the space: with too little memory for its answer, nothing follows from it. */
static enum deputy_error flows(struct deputy_arena *arena, struct deputy_slice *out, struct kit *kit)
{
    struct deputy_flow flow = deputy_flow_start(&kit->session, &kit->plan);
    struct deputy_flow_request request;
    struct deputy_refusal refusal;
    TRY(deputy_flow_answer(arena, &flow, &refusal, 200, T("{\"protocol\":1}")));
    TRY(deputy_flow_answer(arena, &flow, &refusal, 200, T("{\"skipped\":[\"" KIT_SPACE "\"]}")));
    assert_int_equal(flow.step, DEPUTY_FLOW_PEER);
    TRY(deputy_flow_next(arena, &request, &flow));
    *out = request.path;
    enum deputy_error result = deputy_flow_answer(arena, &flow, &refusal, 500, T("no"));
    return result == DEPUTY_E_NODE_PEER ? DEPUTY_OK : result;
}

#define SWEEP(function, final)                                                                               \
    static void memory_for_##function(void **state)                                                          \
    {                                                                                                        \
        sweep(*state, function, final);                                                                      \
    }
SWEEP(accounts, DEPUTY_OK)
SWEEP(randoms, DEPUTY_OK)
SWEEP(manifests, DEPUTY_OK)
SWEEP(composition, DEPUTY_OK)
SWEEP(everything, DEPUTY_OK)
SWEEP(refusals, DEPUTY_OK)
SWEEP(sign_ins, DEPUTY_OK)
SWEEP(stores, DEPUTY_OK)
SWEEP(delegations, DEPUTY_OK)
SWEEP(refused_delegations, DEPUTY_E_NOT_HELD)
SWEEP(receptions, DEPUTY_OK)
SWEEP(refused_receptions, DEPUTY_E_PORTABLE_RESOURCES)
SWEEP(handovers, DEPUTY_OK)
SWEEP(sub_delegations, DEPUTY_OK)
SWEEP(escalations, DEPUTY_OK)
SWEEP(wallet_delegations, DEPUTY_OK)
SWEEP(artifacts, DEPUTY_OK)
SWEEP(flows, DEPUTY_OK)

int main(void)
{
    const struct CMUnitTest tests[] = {KIT_TEST(memory_for_accounts), KIT_TEST(memory_for_randoms),
            KIT_TEST(memory_for_manifests), KIT_TEST(memory_for_composition), KIT_TEST(memory_for_everything),
            KIT_TEST(memory_for_refusals), KIT_TEST(memory_for_sign_ins), KIT_TEST(memory_for_stores),
            KIT_TEST(memory_for_delegations), KIT_TEST(memory_for_refused_delegations),
            KIT_TEST(memory_for_receptions), KIT_TEST(memory_for_refused_receptions),
            KIT_TEST(memory_for_handovers), KIT_TEST(memory_for_sub_delegations),
            KIT_TEST(memory_for_escalations), KIT_TEST(memory_for_wallet_delegations),
            KIT_TEST(memory_for_artifacts), KIT_TEST(memory_for_flows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
