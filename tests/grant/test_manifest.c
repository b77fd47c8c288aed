/* Manifests: each row of spec/05 section 2.3 by name, and what Deputy refuses besides. */
#include "base/arena.h"
#include "base/buf.h"
#include "grant/names.h"
#include "support/check.h"
#include "support/vectors.h"
#include <deputy/manifest.h>
#include <deputy/resource.h>

#define HEAD "\"app_id\":\"com.a\",\"name\":\"A\""
#define ENTRY(members) "{" HEAD ",\"permissions\":[{" members "}]}"
#define KV "\"service\":\"tinycloud.kv\",\"path\":\"x\",\"actions\":[\"get\"]"
#define SECRET(spec) "{" HEAD ",\"secrets\":{\"KEY\":" spec "}}"

static enum deputy_error parse(struct deputy_arena *arena, const struct deputy_manifest **out,
        struct deputy_slice *text, const char *json)
{
    struct deputy_refusal refusal;
    enum deputy_error result = deputy_manifest_parse(arena, out, &refusal, T(json));
    assert_int_equal(refusal.code, result);
    assert_ok(deputy_refusal_format(arena, text, &refusal));
    return result;
}

static void refused(void **state, const char *json, enum deputy_error code, const char *text)
{
    const struct deputy_manifest *manifest;
    struct deputy_slice actual;
    assert_int_equal(parse(*state, &manifest, &actual, json), code);
    assert_text(actual, text);
}

static void accepted(void **state, const char *json)
{
    const struct deputy_manifest *manifest;
    struct deputy_slice text;
    assert_ok(parse(*state, &manifest, &text, json));
}

#define M "Manifest validation failed: "
#define ROW(name, json, code, text)                                                                          \
    static void name(void **state)                                                                           \
    {                                                                                                        \
        refused(state, json, code, text);                                                                    \
    }

ROW(row_1_manifest_that_is_no_object, "5", DEPUTY_E_MANIFEST_OBJECT, M "manifest must be an object")
ROW(row_2_version_2, "{" HEAD ",\"manifest_version\":2}", DEPUTY_E_MANIFEST_VERSION,
        M "manifest.manifest_version must be 1")
ROW(row_3_app_id_missing, "{\"name\":\"A\"}", DEPUTY_E_MANIFEST_APP_ID,
        M "manifest.app_id is required and must be a non-empty string")
ROW(row_4_name_empty, "{\"app_id\":\"a\",\"name\":\"\"}", DEPUTY_E_MANIFEST_NAME,
        M "manifest.name is required and must be a non-empty string")
ROW(row_5_did_empty, "{" HEAD ",\"did\":\"\"}", DEPUTY_E_MANIFEST_DID,
        M "manifest.did must be a non-empty DID string")
ROW(row_6_space_number, "{" HEAD ",\"space\":1}", DEPUTY_E_MANIFEST_SPACE,
        M "manifest.space must be a non-empty string")
ROW(row_7_expiry_object, "{" HEAD ",\"expiry\":{\"d\":[1.0,true,null,\"x\"]}}", DEPUTY_E_EXPIRY_TYPE,
        M "expiry must be a non-empty duration string (got {\"d\":[1,true,null,\"x\"]})")
ROW(row_7_expiry_beyond_every_number, "{" HEAD ",\"expiry\":1e999}", DEPUTY_E_EXPIRY_TYPE,
        M "expiry must be a non-empty duration string (got null)")
ROW(row_7b_expiry_unparsable, "{" HEAD ",\"expiry\":\"1mo\"}", DEPUTY_E_EXPIRY_DURATION,
        M "invalid expiry duration: \"1mo\"")
ROW(row_8_knowledge_elsewhere, "{" HEAD ",\"knowledge\":\"docs/a.md\"}", DEPUTY_E_MANIFEST_KNOWLEDGE,
        M "manifest.knowledge must be true or a knowledge/*.md root path")
ROW(row_8_knowledge_that_climbs, "{" HEAD ",\"knowledge\":\"knowledge/../a.md\"}",
        DEPUTY_E_MANIFEST_KNOWLEDGE, M "manifest.knowledge must be true or a knowledge/*.md root path")
ROW(row_9_permissions_object, "{" HEAD ",\"permissions\":{}}", DEPUTY_E_MANIFEST_PERMISSIONS,
        M "manifest.permissions must be an array")
ROW(row_10_entry_text, "{" HEAD ",\"permissions\":[\"x\"]}", DEPUTY_E_PERMISSION_OBJECT,
        M "permissions[0] must be an object")
ROW(row_11_entry_without_service, ENTRY("\"path\":\"x\""), DEPUTY_E_PERMISSION_SERVICE,
        M "permissions[0].service is required")
ROW(row_12_entry_space_empty, ENTRY(KV ",\"space\":\"\""), DEPUTY_E_PERMISSION_SPACE,
        M "permissions[0].space must be a non-empty string")
ROW(row_13_entry_without_path, ENTRY("\"service\":\"tinycloud.kv\",\"actions\":[\"get\"]"),
        DEPUTY_E_PERMISSION_PATH, M "permissions[0].path is required (use \"\" or \"/\" for root)")
ROW(row_14_entry_without_actions, ENTRY("\"service\":\"tinycloud.kv\",\"path\":\"x\",\"actions\":[]"),
        DEPUTY_E_PERMISSION_ACTIONS, M "permissions[0].actions must be a non-empty array")
ROW(row_15_entry_action_empty,
        ENTRY("\"service\":\"tinycloud.kv\",\"path\":\"x\",\"actions\":[\"get\",\"\"]"),
        DEPUTY_E_PERMISSION_ACTION, M "permissions[0].actions must contain non-empty strings")
ROW(row_16_vault_action_unknown,
        ENTRY("\"service\":\"tinycloud.vault\",\"path\":\"x\",\"actions\":[\"fly\"]"), DEPUTY_E_VAULT_ACTION,
        M
        "unknown vault action \"fly\"; expected read, write, delete, get, put, del, list, head, or metadata")
ROW(row_16b_vault_action_of_another_service,
        ENTRY("\"service\":\"tinycloud.vault\",\"path\":\"x\",\"actions\":[\"tinycloud.sql/read\"]"),
        DEPUTY_E_VAULT_ACTION_SERVICE,
        M "unknown vault action \"tinycloud.sql/read\"; expected a tinycloud.vault or tinycloud.kv action")
ROW(row_17_caveats_object, ENTRY(KV ",\"caveats\":{}"), DEPUTY_E_PERMISSION_CAVEATS,
        M "permissions[0].caveats must be an array of objects")
ROW(row_18_entry_expiry, ENTRY(KV ",\"expiry\":5"), DEPUTY_E_EXPIRY_TYPE,
        M "expiry must be a non-empty duration string (got 5)")
/* The shorthand of secrets, spec04_12_4. */
ROW(row_19_secrets_array, "{" HEAD ",\"secrets\":[]}", DEPUTY_E_MANIFEST_SECRETS,
        M "manifest.secrets must be an object")
ROW(row_20_secret_key, "{" HEAD ",\"secrets\":{\"key\":true}}", DEPUTY_E_SECRET_KEY,
        M "manifest.secrets.key must match ^[A-Z][A-Z0-9_]*$")
ROW(row_21_secret_name, SECRET("{\"name\":\"a\"}"), DEPUTY_E_SECRET_PLACE,
        M "manifest.secrets.KEY: Invalid secret name \"a\". Secret names must match ^[A-Z][A-Z0-9_]*$.")
ROW(row_21_secret_scope_reserved, SECRET("{\"scope\":\"Global\"}"), DEPUTY_E_SECRET_PLACE,
        M "manifest.secrets.KEY: Secret scope \"Global\" is reserved; omit scope for global secrets.")
ROW(row_22_secret_spec_number, SECRET("1"), DEPUTY_E_SECRET_SPEC,
        M "manifest.secrets.KEY must be true, a string action, an actions array, or an object")
ROW(row_23_secret_actions_number, SECRET("{\"actions\":1}"), DEPUTY_E_SECRET_ACTIONS_TYPE,
        M "manifest.secrets.KEY.actions must be a string or array")
ROW(row_23_secret_actions_true, SECRET("{\"actions\":true}"), DEPUTY_E_SECRET_ACTIONS_TYPE,
        M "manifest.secrets.KEY.actions must be a string or array")
ROW(row_24_secret_without_action, SECRET("[]"), DEPUTY_E_SECRET_ACTIONS_EMPTY,
        M "manifest.secrets.KEY actions must be non-empty")
ROW(row_24_secret_empty_action, SECRET("\"\""), DEPUTY_E_SECRET_ACTION_EMPTY,
        M "manifest.secrets.KEY actions must be non-empty strings")
ROW(row_25_secret_expiry, SECRET("{\"expiry\":\"x\"}"), DEPUTY_E_EXPIRY_DURATION,
        M "invalid expiry duration: \"x\"")

ROW(prefix_of_another_type_is_refused, "{" HEAD ",\"prefix\":5}", DEPUTY_E_MANIFEST_TYPE,
        M "manifest.prefix has the wrong type")
ROW(public_space_of_another_type_is_refused, "{" HEAD ",\"includePublicSpace\":\"no\"}",
        DEPUTY_E_MANIFEST_TYPE, M "manifest.includePublicSpace has the wrong type")
ROW(description_of_another_type_is_refused, "{" HEAD ",\"description\":1}", DEPUTY_E_MANIFEST_TYPE,
        M "manifest.description has the wrong type")
ROW(skip_prefix_of_another_type_is_refused, ENTRY(KV ",\"skipPrefix\":\"true\""), DEPUTY_E_PERMISSION_TYPE,
        M "permissions[0].skipPrefix has the wrong type")
ROW(entry_description_of_another_type_is_refused, ENTRY(KV ",\"description\":1"), DEPUTY_E_PERMISSION_TYPE,
        M "permissions[0].description has the wrong type")
ROW(secret_name_of_another_type_is_refused, SECRET("{\"name\":5}"), DEPUTY_E_SECRET_PLACE,
        M "manifest.secrets.KEY: name must be a string")
ROW(secret_scope_of_another_type_is_refused, SECRET("{\"scope\":null}"), DEPUTY_E_SECRET_PLACE,
        M "manifest.secrets.KEY: scope must be a string")
ROW(secret_description_of_another_type_is_refused, SECRET("{\"description\":5}"), DEPUTY_E_SECRET_PLACE,
        M "manifest.secrets.KEY: description must be a string")
ROW(duplicate_key_is_refused, "{" HEAD ",\"n\\u0061me\":\"B\"}", DEPUTY_E_JSON_DUPLICATE, "duplicate key")

static void harmless_manifests_are_accepted(void **state)
{
    accepted(state, "{" HEAD "}");
    accepted(state, "{" HEAD ",\"manifest_version\":1.0,\"knowledge\":true,\"unknown\":[1]}");
    accepted(state, "{" HEAD ",\"knowledge\":\"knowledge/.../a.md\"}");
    accepted(state, SECRET("{\"name\":null,\"scope\":\"My App\",\"actions\":\"write\",\"expiry\":\"1h\"}"));
    accepted(state, ENTRY(KV ",\"caveats\":[],\"expiry\":\"1h\",\"description\":\"d\",\"skipPrefix\":true"));
}

/* A manifest with `count` permissions or secrets. */
static struct deputy_slice many(struct deputy_arena *arena, bool secrets, unsigned count)
{
    struct buf text = buf_make(arena, 1 << 20);
    struct deputy_slice out;
    buf_put_text(&text, "{" HEAD);
    buf_put_text(&text, secrets ? ",\"secrets\":{" : ",\"permissions\":[");
    for (unsigned i = 0; i < count; i++) {
        buf_put_text(&text, i == 0 ? "" : ",");
        buf_put_text(&text, secrets ? "\"K" : "{" KV "}");
        if (secrets) {
            buf_put_decimal(&text, i);
            buf_put_text(&text, "\":true");
        }
    }
    buf_put_text(&text, secrets ? "}}" : "]}");
    assert_ok(buf_finish(&text, &out));
    return out;
}

static enum deputy_error parse_slice(struct deputy_arena *arena, struct deputy_slice json)
{
    const struct deputy_manifest *manifest;
    struct deputy_refusal refusal;
    return deputy_manifest_parse(arena, &manifest, &refusal, json);
}

static void limits_are_held_exactly(void **state)
{
    uint8_t *blank = arena_alloc_bytes(*state, DEPUTY_MANIFEST_MAX_BYTES + 1);
    memset(blank, ' ', DEPUTY_MANIFEST_MAX_BYTES + 1);
    memcpy(blank, "{" HEAD "}", strlen("{" HEAD "}"));
    assert_ok(parse_slice(*state, deputy_slice_bytes(blank, DEPUTY_MANIFEST_MAX_BYTES)));
    assert_int_equal(
            parse_slice(*state, deputy_slice_bytes(blank, DEPUTY_MANIFEST_MAX_BYTES + 1)), DEPUTY_E_LIMIT);
    assert_ok(parse_slice(*state, many(*state, false, DEPUTY_MANIFEST_MAX_PERMISSIONS)));
    assert_int_equal(
            parse_slice(*state, many(*state, false, DEPUTY_MANIFEST_MAX_PERMISSIONS + 1)), DEPUTY_E_LIMIT);
    assert_ok(parse_slice(*state, many(*state, true, DEPUTY_MANIFEST_MAX_SECRETS)));
    assert_int_equal(
            parse_slice(*state, many(*state, true, DEPUTY_MANIFEST_MAX_SECRETS + 1)), DEPUTY_E_LIMIT);
}

static struct deputy_slice actions(
        struct deputy_arena *arena, const char *before, const char *after, unsigned count)
{
    struct buf text = buf_make(arena, 1 << 16);
    struct deputy_slice out;
    buf_put_text(&text, before);
    for (unsigned i = 0; i < count; i++)
        buf_put_text(&text, i == 0 ? "\"get\"" : ",\"get\"");
    buf_put_text(&text, after);
    assert_ok(buf_finish(&text, &out));
    return out;
}

static void actions_of_one_entry_are_limited(void **state)
{
    const char *entry =
            "{" HEAD ",\"permissions\":[{\"service\":\"tinycloud.kv\",\"path\":\"x\",\"actions\":[";
    const char *secret = "{" HEAD ",\"secrets\":{\"KEY\":[";
    assert_ok(parse_slice(*state, actions(*state, entry, "]}]}", DEPUTY_PERMISSION_MAX_ACTIONS)));
    assert_int_equal(parse_slice(*state, actions(*state, entry, "]}]}", DEPUTY_PERMISSION_MAX_ACTIONS + 1)),
            DEPUTY_E_LIMIT);
    assert_int_equal(parse_slice(*state, actions(*state, secret, "]}}", DEPUTY_PERMISSION_MAX_ACTIONS + 1)),
            DEPUTY_E_LIMIT);
}

static enum deputy_error resolve(void **state, const char *json, struct deputy_permissions *out)
{
    const struct deputy_manifest *manifest;
    struct deputy_refusal refusal;
    struct deputy_slice text;
    assert_ok(parse(*state, &manifest, &text, json));
    enum deputy_error result = deputy_manifest_resolve(*state, out, &refusal, manifest);
    assert_int_equal(refusal.code, result);
    return result;
}

static void what_cannot_be_granted_is_not_resolved(void **state)
{
    static const struct {
        const char *json;
        enum deputy_error code;
    } rows[] = {
            {ENTRY(KV), DEPUTY_OK},
            {ENTRY(KV ",\"caveats\":[{}]"), DEPUTY_OK},
            {ENTRY(KV ",\"caveats\":[{\"tenant\":\"a\"}]"), DEPUTY_E_CAVEATS_UNSUPPORTED},
            {ENTRY(KV ",\"caveats\":[{},{}]"), DEPUTY_E_CAVEATS_UNSUPPORTED},
            {ENTRY(KV ",\"expiry\":\"20y\""), DEPUTY_E_LIFETIME_TOO_LONG},
            {"{" HEAD ",\"expiry\":\"20y\"}", DEPUTY_E_LIFETIME_TOO_LONG},
            {"{" HEAD ",\"expiry\":\"315360000000\"}", DEPUTY_OK},
            {ENTRY(KV ",\"space\":\"a/b\""), DEPUTY_E_SPACE_NAME},
            {ENTRY(KV ",\"space\":\"a:b\""), DEPUTY_E_SPACE_NAME},
            {ENTRY(KV ",\"space\":\"a b\""), DEPUTY_E_SPACE_NAME},
            {ENTRY(KV ",\"space\":\"..\""), DEPUTY_E_SPACE_NAME},
            {ENTRY(KV ",\"space\":\"__proto__\""), DEPUTY_E_SPACE_NAME},
            {ENTRY(KV ",\"space\":\"tinycloud:x\""), DEPUTY_E_SPACE_NAME},
            {ENTRY("\"service\":\"a/b\",\"path\":\"x\",\"actions\":[\"get\"]"), DEPUTY_E_SERVICE_NAME},
            {ENTRY("\"service\":\"tinycloud.kv\",\"path\":\"x\",\"actions\":[\"g t\"]"),
                    DEPUTY_E_ACTION_NAME},
            {ENTRY("\"service\":\"tinycloud.kv\",\"path\":\"x\",\"actions\":[\"a/b/c\"]"),
                    DEPUTY_E_ACTION_NAME},
            {ENTRY("\"service\":\"tinycloud.encryption\",\"path\":\"urn:tinycloud:encryption:\",\"actions\":["
                   "\"decrypt\"]"),
                    DEPUTY_E_ENCRYPTION_PATH},
            {ENTRY("\"service\":\"tinycloud.encryption\",\"path\":\"x\",\"actions\":[\"decrypt\"]"),
                    DEPUTY_E_ENCRYPTION_PATH},
            {ENTRY("\"service\":\"tinycloud.encryption\",\"path\":\"urn:tinycloud:encryption:did:key:z:a\","
                   "\"actions\":[\"sign\"]"),
                    DEPUTY_E_ENCRYPTION_ACTION},
            {SECRET("[\"head\"]"), DEPUTY_E_SECRET_ACTION},
            {SECRET("[\"tinycloud.kv/read\"]"), DEPUTY_E_SECRET_ACTION},
            {SECRET("[\"tinycloud.kv/get\"]"), DEPUTY_OK},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct deputy_permissions resolved;
        enum deputy_error result = resolve(state, rows[i].json, &resolved);
        if (result != rows[i].code)
            fail_msg("%s: %d", rows[i].json, result);
    }
}

/* Every path of one or two characters, and some longer ones: usable is exactly what reads back as itself. */
static void path_is_usable_when_it_reads_back(struct deputy_arena *arena, struct deputy_slice path)
{
    struct buf text = buf_make(arena, 512);
    struct deputy_slice uri;
    struct deputy_resource resource;
    buf_put_text(&text, "tinycloud:pkh:eip155:1:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf:s/kv/");
    buf_put(&text, path);
    assert_ok(buf_finish(&text, &uri));
    bool same = deputy_resource_parse(&resource, uri) == DEPUTY_OK &&
                resource.kind == DEPUTY_RESOURCE_SPACE && deputy_slice_equal(resource.path, path);
    if (same != path_usable(path))
        fail_msg("%.*s: usable %d, read back %d", (int)path.len, (const char *)path.ptr, path_usable(path),
                same);
}

static void usable_paths_are_those_that_read_back(void **state)
{
    static const char *const some[] = {"", "/", "a/b", "a//b", "a/./b", "a/../b", "..", ".", "...", "a/..",
            "%2F", "%2f", "%41", "%7E", "%C3%A9", "%c3", "%", "%4", "%zz", "a%2", "\xc3\xa9", "a:b@c",
            "~-._!$&'()*+,;="};
    for (unsigned a = 0; a < 256; a++) {
        for (unsigned b = 0; b < 256; b++) {
            uint8_t bytes[] = {(uint8_t)a, (uint8_t)b};
            path_is_usable_when_it_reads_back(*state, deputy_slice_bytes(bytes, 2));
        }
        deputy_arena_reset(*state);
    }
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++)
        path_is_usable_when_it_reads_back(*state, T(some[i]));
}

static void permission_lists_stand_alone_too(void **state)
{
    struct deputy_permissions list;
    struct deputy_refusal refusal;
    assert_ok(deputy_permissions_parse(*state, &list, &refusal, T("[{" KV "}]")));
    assert_int_equal(list.count, 1);
    assert_int_equal(
            deputy_permissions_parse(*state, &list, &refusal, T("{" KV "}")), DEPUTY_E_MANIFEST_PERMISSIONS);
    assert_int_equal(deputy_permissions_parse(*state, &list, &refusal, T("[")), DEPUTY_E_JSON_SYNTAX);
    assert_int_equal(refusal.code, DEPUTY_E_JSON_SYNTAX);
    uint8_t *blank = arena_alloc_bytes(*state, DEPUTY_MANIFEST_MAX_BYTES + 1);
    memset(blank, ' ', DEPUTY_MANIFEST_MAX_BYTES + 1);
    assert_int_equal(deputy_permissions_parse(*state, &list, &refusal,
                             deputy_slice_bytes(blank, DEPUTY_MANIFEST_MAX_BYTES + 1)),
            DEPUTY_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(row_1_manifest_that_is_no_object),
            ARENA_TEST(row_2_version_2),
            ARENA_TEST(row_3_app_id_missing),
            ARENA_TEST(row_4_name_empty),
            ARENA_TEST(row_5_did_empty),
            ARENA_TEST(row_6_space_number),
            ARENA_TEST(row_7_expiry_object),
            ARENA_TEST(row_7_expiry_beyond_every_number),
            ARENA_TEST(row_7b_expiry_unparsable),
            ARENA_TEST(row_8_knowledge_elsewhere),
            ARENA_TEST(row_8_knowledge_that_climbs),
            ARENA_TEST(row_9_permissions_object),
            ARENA_TEST(row_10_entry_text),
            ARENA_TEST(row_11_entry_without_service),
            ARENA_TEST(row_12_entry_space_empty),
            ARENA_TEST(row_13_entry_without_path),
            ARENA_TEST(row_14_entry_without_actions),
            ARENA_TEST(row_15_entry_action_empty),
            ARENA_TEST(row_16_vault_action_unknown),
            ARENA_TEST(row_16b_vault_action_of_another_service),
            ARENA_TEST(row_17_caveats_object),
            ARENA_TEST(row_18_entry_expiry),
            ARENA_TEST(row_19_secrets_array),
            ARENA_TEST(row_20_secret_key),
            ARENA_TEST(row_21_secret_name),
            ARENA_TEST(row_21_secret_scope_reserved),
            ARENA_TEST(row_22_secret_spec_number),
            ARENA_TEST(row_23_secret_actions_number),
            ARENA_TEST(row_23_secret_actions_true),
            ARENA_TEST(row_24_secret_without_action),
            ARENA_TEST(row_24_secret_empty_action),
            ARENA_TEST(row_25_secret_expiry),
            ARENA_TEST(prefix_of_another_type_is_refused),
            ARENA_TEST(public_space_of_another_type_is_refused),
            ARENA_TEST(description_of_another_type_is_refused),
            ARENA_TEST(skip_prefix_of_another_type_is_refused),
            ARENA_TEST(entry_description_of_another_type_is_refused),
            ARENA_TEST(secret_name_of_another_type_is_refused),
            ARENA_TEST(secret_scope_of_another_type_is_refused),
            ARENA_TEST(secret_description_of_another_type_is_refused),
            ARENA_TEST(duplicate_key_is_refused),
            ARENA_TEST(harmless_manifests_are_accepted),
            ARENA_TEST(limits_are_held_exactly),
            ARENA_TEST(actions_of_one_entry_are_limited),
            ARENA_TEST(what_cannot_be_granted_is_not_resolved),
            ARENA_TEST(usable_paths_are_those_that_read_back),
            ARENA_TEST(permission_lists_stand_alone_too),
    };
    return cmocka_run_group_tests_name("grant.manifest", tests, NULL, NULL);
}
