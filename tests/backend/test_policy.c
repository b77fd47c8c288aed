/* What is asked for, published, hashed and compared (spec/07 sections A3 and A7). */
#include "backend/listen.h"
#include "backend/server_info.h"
#include "base/codec.h"
#include "crypto/hash.h"
#include <stdio.h>
#include <stdlib.h>

#define OWNER_0 "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
#define OTHER "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
#define KV_PATH LISTEN_APP "/"

/* ---- server-info ---- */

static struct server_info info_make(struct listen *listen, const struct server_info_text *text)
{
    struct server_info info;
    struct deputy_refusal refusal;
    assert_ok(server_info_make(listen->arena, &info, &refusal, T(LISTEN_DID), &listen->policy, text));
    return info;
}

/* F2: byte for byte what the reference serves, under the reference's ETag. */
static void F2_server_info_and_its_etag_are_those_of_the_reference(void **state)
{
    struct listen *listen = *state;
    const struct json_value *response = json_member(listen_exchange(listen, "server-info"), "response");
    const struct server_info_text text = {.name = T("Listen Backend"),
            .expiry = T("7d"),
            .features = json_member(listen->info, "features")->raw};
    struct server_info info = info_make(listen, &text);
    uint8_t digest[HASH_BYTES];
    uint8_t told[HASH_BYTES];
    assert_int_equal(info.body.len, 2751);
    assert_slice(deputy_slice_bytes(info.etag, sizeof info.etag),
            json_member(json_member(response, "headers"), "etag")->text);
    sha256(digest, info.body);
    assert_ok(
            base64url_read_fixed(told, sizeof told, deputy_slice_bytes(info.etag + 1, sizeof info.etag - 2)));
    assert_memory_equal(digest, told, sizeof digest);
}

/* F3 */
static void F3_members_that_are_absent_are_not_null(void **state)
{
    struct listen *listen = *state;
    const struct server_info_text none = {0};
    struct deputy_refusal refusal;
    assert_ok(backend_policy_read(listen->arena, &listen->policy, &refusal, T("app.example"),
            T("[{\"service\":\"tinycloud.kv\",\"path\":\"notes/\",\"actions\":[\"get\"]}]"), false));
    assert_slice(info_make(listen, &none).body,
            T("{\"did\":\"" LISTEN_DID
              "\",\"status\":\"ready\",\"permissions\":[{\"service\":\"tinycloud.kv\","
              "\"path\":\"notes/\",\"actions\":[\"get\"]}]}"));
}

static void A3_expiry_must_be_a_duration(void **state)
{
    struct listen *listen = *state;
    struct server_info info;
    struct deputy_refusal refusal;
    const struct server_info_text text = {.expiry = T("soon")};
    assert_int_equal(server_info_make(listen->arena, &info, &refusal, T(LISTEN_DID), &listen->policy, &text),
            DEPUTY_E_EXPIRY_DURATION);
}

static void A3_features_must_be_an_object(void **state)
{
    static const char *const bad[] = {"[]", "null", "{", "{}{}"};
    struct listen *listen = *state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct server_info info;
        struct deputy_refusal refusal;
        const struct server_info_text text = {.features = T(bad[i])};
        assert_int_not_equal(
                server_info_make(listen->arena, &info, &refusal, T(LISTEN_DID), &listen->policy, &text),
                DEPUTY_OK);
    }
}

/* ---- the policy of one owner ---- */

static void A7_policy_hash_is_that_of_the_worked_example(void **state)
{
    struct listen *listen = *state;
    struct backend_wants wants = listen_wants(listen, OWNER_0);
    struct backend_wants lower = listen_wants(listen, "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266");
    assert_slice(deputy_slice_bytes(wants.hash, sizeof wants.hash),
            T("4668bf6c1fcea194f4450fd09810e45a73d8a2350eba9be14424b5e59cd0a500"));
    assert_memory_equal(lower.hash, wants.hash, sizeof wants.hash);
}

static void A7_policy_is_resolved_in_its_order(void **state)
{
    struct listen *listen = *state;
    struct backend_wants wants = listen_wants(listen, OWNER_0);
    assert_int_equal(wants.entries.count, 15);
    const struct deputy_permission *items = wants.entries.items;
    assert_text(items[0].path, KV_PATH);
    assert_text(items[0].space, "applications");
    assert_text(items[1].path, LISTEN_APP "/conversations");
    assert_text(items[2].path, "vault/secrets/FIREFLIES_API_KEY");
    assert_text(items[12].path, "urn:tinycloud:encryption:did:pkh:eip155:1:" OWNER_0 ":default");
    assert_text(items[12].actions[0], "tinycloud.encryption/decrypt");
    assert_text(items[13].space, "applications");
    assert_text(items[14].space, "secrets");
    assert_text(items[14].actions[0], "tinycloud.capabilities/read");
}

/* ---- the reference's own examples (tests/data/backend.json) ---- */

static const struct json_value *vector_of(struct listen *listen, const char *name)
{
    const struct json_value *root;
    assert_ok(json_parse(listen->arena, &root, check_data(listen->arena, "backend.json")));
    JSON_EACH (vector, json_member(root, "vectors")) {
        if (json_text_is(json_member(vector, "name"), name))
            return vector;
    }
    fail_msg("no vector %s", name);
    return NULL;
}

static void is_permission(const struct deputy_permission *permission, const struct json_value *expected)
{
    size_t count = 0;
    assert_slice(permission->service, json_member(expected, "service")->text);
    assert_slice(permission->space, json_member(expected, "space")->text);
    assert_slice(permission->path, json_member(expected, "path")->text);
    JSON_EACH (action, json_member(expected, "actions"))
        assert_slice(permission->actions[count++], action->text);
    assert_int_equal(permission->action_count, count);
}

static struct backend_wants wants_of_app(
        struct listen *listen, struct deputy_slice app, struct deputy_slice permissions, const char *owner)
{
    struct backend_policy policy;
    struct backend_wants wants;
    struct deputy_refusal refusal;
    uint8_t address[20];
    assert_ok(backend_policy_read(listen->arena, &policy, &refusal, app, permissions, true));
    assert_ok(deputy_address_parse(address, T(owner)));
    assert_ok(backend_policy_for(listen->arena, &wants, &refusal, &policy, address));
    return wants;
}

/* All but the network, which no list names. */
static void vector_manifest_resolved_permissions(void **state)
{
    struct listen *listen = *state;
    const struct json_value *vector = vector_of(listen, "manifest-resolved permissions");
    const struct json_value *inputs = json_member(vector, "inputs");
    struct backend_wants wants =
            wants_of_app(listen, json_member(json_member(inputs, "manifest"), "app_id")->text,
                    json_member(inputs, "permissions")->raw, OWNER_0);
    size_t at = 0;
    JSON_EACH (expected, json_member(vector, "expected")) {
        if (deputy_slice_equal(wants.entries.items[at].service, T("tinycloud.encryption")))
            at++;
        assert_true(at < wants.entries.count);
        is_permission(&wants.entries.items[at++], expected);
    }
    assert_int_equal(at, wants.entries.count);
}

static void vector_default_network_decrypt_grant(void **state)
{
    static const char owner[] = "0x71C7656EC7ab88b098defB751B7401B5f6d8976F";
    struct listen *listen = *state;
    struct backend_wants wants = listen_wants(listen, owner);
    is_permission(&wants.entries.items[12],
            json_member(vector_of(listen, "default network decrypt grant injected for the backend delegate"),
                    "expected"));
}

static void vector_path_resolution(void **state)
{
    struct listen *listen = *state;
    JSON_EACH (row, json_member(vector_of(listen, "path resolution"), "cases")) {
        char permissions[256];
        struct deputy_slice service = json_member(row, "service")->text;
        struct deputy_slice path = json_member(row, "path")->text;
        snprintf(permissions, sizeof permissions,
                "[{\"service\":\"%.*s\",\"path\":\"%.*s\",\"actions\":[\"%s\"]}]", (int)service.len,
                (const char *)service.ptr, (int)path.len, (const char *)path.ptr,
                deputy_slice_equal(service, T("tinycloud.sql")) ? "read" : "get");
        struct backend_wants wants = wants_of_app(listen, T(LISTEN_APP), T(permissions), OWNER_0);
        assert_slice(wants.entries.items[0].path, json_member(row, "expected")->text);
    }
}

static void A7_every_owner_and_every_policy_has_another_hash(void **state)
{
    struct listen *listen = *state;
    struct backend_wants first = listen_wants(listen, OWNER_0);
    struct backend_wants second = listen_wants(listen, OTHER);
    assert_memory_not_equal(first.hash, second.hash, sizeof first.hash);
    listen->policy.decrypts = false;
    struct backend_wants third = listen_wants(listen, OWNER_0);
    assert_int_equal(third.entries.count, 14);
    assert_memory_not_equal(first.hash, third.hash, sizeof first.hash);
}

static void policy_that_asks_for_nothing_or_cannot_be_resolved_is_refused(void **state)
{
    static const struct {
        const char *permissions;
        enum deputy_error code;
    } rows[] = {{"[]", DEPUTY_E_POLICY_EMPTY}, {"{}", DEPUTY_E_MANIFEST_PERMISSIONS},
            {"[{\"service\":\"tinycloud.kv\",\"path\":\"x/\",\"actions\":[]}]", DEPUTY_E_PERMISSION_ACTIONS},
            {"[{\"service\":\"tinycloud.kv\",\"path\":\"../x\",\"actions\":[\"get\"]}]",
                    DEPUTY_E_PATH_INVALID}};
    struct listen *listen = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct backend_policy policy;
        struct deputy_refusal refusal;
        assert_int_equal(backend_policy_read(listen->arena, &policy, &refusal, T("app.example"),
                                 T(rows[i].permissions), true),
                rows[i].code);
        assert_int_equal(refusal.code, rows[i].code);
    }
}

/* ---- the policy and the app's manifest ---- */

static enum deputy_error manifest_check(
        struct listen *listen, struct deputy_refusal *refusal, struct deputy_slice permissions)
{
    const struct deputy_manifest *manifest;
    char *json = malloc(permissions.len + 256);
    assert_non_null(json);
    int len = sprintf(json,
            "{\"manifest_version\":1,\"app_id\":\"" LISTEN_APP
            "\",\"name\":\"Listen\",\"defaults\":false,\"permissions\":%.*s}",
            (int)permissions.len, (const char *)permissions.ptr);
    assert_ok(
            deputy_manifest_parse(listen->arena, &manifest, refusal, deputy_slice_bytes(json, (size_t)len)));
    enum deputy_error result = backend_policy_check(listen->arena, refusal, &listen->policy, manifest);
    free(json);
    return result;
}

/* F4, E9 */
static void F4_policy_beyond_the_manifest_is_refused(void **state)
{
    struct listen *listen = *state;
    struct deputy_refusal refusal;
    struct deputy_slice text;
    struct deputy_slice whole = json_member(listen->info, "permissions")->raw;
    assert_ok(manifest_check(listen, &refusal, whole));
    assert_int_equal(manifest_check(listen, &refusal,
                             T("[{\"service\":\"tinycloud.kv\",\"path\":\"/\",\"actions\":[\"get\",\"put\","
                               "\"del\",\"list\",\"metadata\"]}]")),
            DEPUTY_E_POLICY_EXCEEDS);
    assert_ok(deputy_refusal_format(listen->arena, &text, &refusal));
    assert_text(text,
            "backend delegation policy exceeds manifest permissions: tinycloud.sql/read, "
            "tinycloud.sql/write, tinycloud.sql/schema on \"xyz.tinycloud.listen/conversations\" in "
            "applications");
}

/* ---- grants ---- */

#define SPACE(name) "tinycloud:pkh:eip155:1:" OWNER_0 ":" name

/* One entry of a grant as the signed bytes hold it. */
static struct deputy_permission entry(const char *service, const char *space, const char *path,
        const struct deputy_slice *action, const char *caveats)
{
    return (struct deputy_permission){.service = T(service),
            .space = T(space),
            .path = T(path),
            .actions = action,
            .action_count = 1,
            .caveats = caveats == NULL ? (struct deputy_slice){0} : T(caveats)};
}

/* Asks for get below app.example/ and holds one entry in its place. */
static enum deputy_error judged(
        struct listen *listen, const char *space, const char *path, const char *action, const char *caveats)
{
    const struct deputy_slice actions[] = {T(action), T("tinycloud.capabilities/read")};
    const struct deputy_permission held[] = {entry("tinycloud.kv", space, path, &actions[0], caveats),
            entry("tinycloud.capabilities", SPACE("applications"), "", &actions[1], NULL)};
    struct deputy_refusal refusal;
    assert_ok(backend_policy_read(listen->arena, &listen->policy, &refusal, T("app.example"),
            T("[{\"service\":\"tinycloud.kv\",\"path\":\"/\",\"actions\":[\"get\"]}]"), false));
    struct backend_wants wants = listen_wants(listen, OWNER_0);
    enum deputy_error result =
            backend_wants_check(listen->arena, &refusal, &wants, (struct deputy_permissions){held, 2});
    assert_int_equal(refusal.code, result);
    return result;
}

/* F16. A grant on "/" gives nothing at a node, so it covers nothing here. */
static void F16_prefix_covers_with_its_slash_only(void **state)
{
    struct listen *listen = *state;
    const char *get = "tinycloud.kv/get";
    assert_ok(judged(listen, SPACE("applications"), "app.example/", get, NULL));
    assert_ok(judged(listen, SPACE("applications"), "", get, NULL));
    static const char *const bad[] = {"app.example", "app.example/x", "app.example/x/", "app", "app.", "/"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(judged(listen, SPACE("applications"), bad[i], get, NULL), DEPUTY_E_GRANT_POLICY);
}

static void A7_another_space_owner_or_action_covers_nothing(void **state)
{
    struct listen *listen = *state;
    const char *get = "tinycloud.kv/get";
    assert_int_equal(judged(listen, SPACE("secrets"), "", get, NULL), DEPUTY_E_GRANT_POLICY);
    assert_int_equal(judged(listen, "tinycloud:pkh:eip155:1:" OTHER ":applications", "", get, NULL),
            DEPUTY_E_GRANT_POLICY);
    assert_int_equal(judged(listen, "tinycloud:pkh:eip155:5:" OWNER_0 ":applications", "", get, NULL),
            DEPUTY_E_GRANT_POLICY);
    assert_int_equal(
            judged(listen, SPACE("applications"), "", "tinycloud.kv/put", NULL), DEPUTY_E_GRANT_POLICY);
    assert_int_equal(
            judged(listen, SPACE("applications"), "", "tinycloud.sql/*", NULL), DEPUTY_E_GRANT_POLICY);
}

static void A7_caveats_must_be_equal(void **state)
{
    struct listen *listen = *state;
    const char *get = "tinycloud.kv/get";
    assert_ok(judged(listen, SPACE("applications"), "", get, "[]"));
    assert_ok(judged(listen, SPACE("applications"), "", get, "[{}]"));
    assert_int_equal(judged(listen, SPACE("applications"), "", get, "[{\"a\":1}]"), DEPUTY_E_GRANT_POLICY);
    assert_int_equal(judged(listen, SPACE("applications"), "", get, "[{},{\"a\":1}]"), DEPUTY_E_GRANT_POLICY);
}

/* The whole policy, and the policy without one of its entries or of its actions: F12. */
static void F12_policy_without_one_entry_or_action_is_not_covered(void **state)
{
    struct listen *listen = *state;
    struct backend_wants wants = listen_wants(listen, OWNER_0);
    struct deputy_refusal refusal;
    struct deputy_permission held[16];
    size_t count = wants.entries.count;
    memcpy(held, wants.entries.items, count * sizeof held[0]);
    assert_ok(backend_wants_check(listen->arena, &refusal, &wants, (struct deputy_permissions){held, count}));
    for (size_t i = 0; i < count; i++) {
        const struct deputy_permission whole = held[i];
        held[i].action_count--;
        assert_int_equal(backend_wants_check(
                                 listen->arena, &refusal, &wants, (struct deputy_permissions){held, count}),
                DEPUTY_E_GRANT_POLICY);
        held[i] = held[count - 1];
        assert_int_equal(backend_wants_check(listen->arena, &refusal, &wants,
                                 (struct deputy_permissions){held, count - 1}),
                DEPUTY_E_GRANT_POLICY);
        held[i] = whole;
    }
}

/* The owner of the network in another letter case is the same owner. */
static void A7_networks_are_compared_by_their_owner(void **state)
{
    struct listen *listen = *state;
    struct backend_wants wants = listen_wants(listen, OWNER_0);
    struct deputy_refusal refusal;
    struct deputy_permission held[16];
    memcpy(held, wants.entries.items, wants.entries.count * sizeof held[0]);
    const struct deputy_permissions given = {held, wants.entries.count};
    held[12].path =
            T("urn:tinycloud:encryption:did:pkh:eip155:1:0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266:default");
    assert_ok(backend_wants_check(listen->arena, &refusal, &wants, given));
    held[12].path = T("urn:tinycloud:encryption:did:pkh:eip155:1:" OTHER ":default");
    assert_int_equal(backend_wants_check(listen->arena, &refusal, &wants, given), DEPUTY_E_GRANT_POLICY);
    held[12].path = T("urn:tinycloud:encryption:did:pkh:eip155:1:" OWNER_0 ":other");
    assert_int_equal(backend_wants_check(listen->arena, &refusal, &wants, given), DEPUTY_E_GRANT_POLICY);
    held[12].path = T("default");
    assert_int_not_equal(backend_wants_check(listen->arena, &refusal, &wants, given), DEPUTY_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            LISTEN_TEST(F2_server_info_and_its_etag_are_those_of_the_reference),
            LISTEN_TEST(F3_members_that_are_absent_are_not_null),
            LISTEN_TEST(A3_expiry_must_be_a_duration),
            LISTEN_TEST(A3_features_must_be_an_object),
            LISTEN_TEST(A7_policy_hash_is_that_of_the_worked_example),
            LISTEN_TEST(A7_policy_is_resolved_in_its_order),
            LISTEN_TEST(vector_manifest_resolved_permissions),
            LISTEN_TEST(vector_default_network_decrypt_grant),
            LISTEN_TEST(vector_path_resolution),
            LISTEN_TEST(A7_every_owner_and_every_policy_has_another_hash),
            LISTEN_TEST(policy_that_asks_for_nothing_or_cannot_be_resolved_is_refused),
            LISTEN_TEST(F4_policy_beyond_the_manifest_is_refused),
            LISTEN_TEST(F16_prefix_covers_with_its_slash_only),
            LISTEN_TEST(A7_another_space_owner_or_action_covers_nothing),
            LISTEN_TEST(A7_caveats_must_be_equal),
            LISTEN_TEST(F12_policy_without_one_entry_or_action_is_not_covered),
            LISTEN_TEST(A7_networks_are_compared_by_their_owner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
