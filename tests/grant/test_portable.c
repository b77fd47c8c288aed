/* Wrappers have no authority: each member that says anything else than the signed bytes is refused. */
#include "base/codec.h"
#include "grant/kit.h"
#include <deputy/artifact.h>
#include <deputy/wallet.h>

static enum deputy_error parse(struct kit *kit, struct deputy_slice json)
{
    struct deputy_portable portable;
    struct deputy_delegation delegation;
    struct deputy_refusal refusal;
    enum deputy_error result = deputy_portable_parse(kit->arena, &portable, &delegation, &refusal, json);
    assert_int_equal(refusal.code, result);
    return result;
}

static struct deputy_slice changed(struct kit *kit, const char *from, const char *to)
{
    return edited(kit->arena, kit_child(kit, KIT_RECEIVER).json, T(from), T(to));
}

static void honest_wrapper_is_what_was_signed(void **state)
{
    struct kit *kit = *state;
    struct deputy_portable portable;
    struct deputy_delegation delegation;
    struct deputy_refusal refusal;
    struct deputy_portable child = kit_child(kit, KIT_RECEIVER);
    assert_ok(deputy_portable_parse(kit->arena, &portable, &delegation, &refusal, child.json));
    assert_slice(portable.json, child.json);
    assert_text(delegation.audience, KIT_RECEIVER);
    assert_slice(delegation.issuer, kit->key.did);
    assert_text(delegation.authority.space, KIT_SPACE);
    assert_int_equal(delegation.owner.chain, 1);
    assert_int_equal(delegation.proof_count, 1);
    assert_true(deputy_cid_equal(&delegation.proofs[0].cid, &kit->session.authority.cid));
    assert_int_equal(deputy_time_compare(delegation.authority.expiry, kit_time(KIT_END)), 0);
    assert_int_equal(delegation.authority.held.count, 7);
    assert_false(delegation.caveated || delegation.terminal || delegation.has_depth);
}

#define MIRROR "\"path\":\"\",\"actions\":[\"tinycloud.capabilities/read\"],\"resources\""

/* Every member that the wrapper repeats, wider, narrower or another. */
static void tampered_member_is_refused(void **state)
{
    static const struct {
        const char *from;
        const char *to;
        enum deputy_error code;
    } rows[] = {
            {KV_ACTIONS,
                    "[\"tinycloud.kv/get\",\"tinycloud.kv/put\",\"tinycloud.kv/list\",\"tinycloud.kv/del\"]",
                    DEPUTY_E_PORTABLE_RESOURCES},
            {KV_ACTIONS, "[\"tinycloud.kv/get\",\"tinycloud.kv/put\"]", DEPUTY_E_PORTABLE_RESOURCES},
            {KV_ACTIONS, "[\"tinycloud.kv/get\",\"tinycloud.kv/put\",\"tinycloud.kv/del\"]",
                    DEPUTY_E_PORTABLE_RESOURCES},
            {KV_ACTIONS,
                    "[\"tinycloud.kv/get\",\"tinycloud.kv/put\",\"tinycloud.kv/list\",\"tinycloud.kv/list\"]",
                    DEPUTY_E_PORTABLE_RESOURCES},
            {KV_PATH, "\"path\":\"com.example.notes\"", DEPUTY_E_PORTABLE_RESOURCES},
            {KV_PATH, "\"path\":\"\"", DEPUTY_E_PORTABLE_RESOURCES},
            {KV_PATH, "\"caveats\":[{\"a\":1}]," KV_PATH, DEPUTY_E_PORTABLE_RESOURCES},
            {KV_PATH, "\"caveats\":[{}]," KV_PATH, DEPUTY_OK},
            {"\"service\":\"kv\"", "\"service\":\"sql\"", DEPUTY_E_PORTABLE_RESOURCES},
            {"\"service\":\"kv\"", "\"service\":\"tinycloud.kv\"", DEPUTY_OK},
            {"\"service\":\"kv\",\"space\":\"" KIT_SPACE, "\"service\":\"kv\",\"space\":\"" KIT_SPACE "x",
                    DEPUTY_E_PORTABLE_RESOURCES},
            {"\"space\":\"encryption\"", "\"space\":\"" KIT_SPACE "\"", DEPUTY_E_PORTABLE_RESOURCES},
            {MIRROR, "\"path\":\"x\",\"actions\":[\"tinycloud.capabilities/read\"],\"resources\"",
                    DEPUTY_E_PORTABLE_PLACE},
            {MIRROR, "\"path\":\"\",\"actions\":[\"tinycloud.kv/get\"],\"resources\"",
                    DEPUTY_E_PORTABLE_PLACE},
            {MIRROR,
                    "\"path\":\"\",\"actions\":[\"tinycloud.capabilities/read\",\"tinycloud.kv/get\"],"
                    "\"resources\"",
                    DEPUTY_E_PORTABLE_PLACE},
            {"\"spaceId\":\"" KIT_SPACE, "\"spaceId\":\"tinycloud:pkh:eip155:1:" KIT_OWNER ":secrets",
                    DEPUTY_E_PORTABLE_PLACE},
            {"\"spaceId\":\"" KIT_SPACE, "\"spaceId\":\"lie", DEPUTY_E_PORTABLE_PLACE},
            {"\"spaceId\":\"" KIT_SPACE,
                    "\"spaceId\":\"tinycloud:pkh:eip155:1:0x7e5f4552091a69125d5dfcb7b8c2659029395bdf:"
                    "applications",
                    DEPUTY_OK},
            {"\"ownerAddress\":\"" KIT_OWNER, "\"ownerAddress\":\"0xe1AB8145F7E55DC933d51a18c793F901A3A0b276",
                    DEPUTY_E_PORTABLE_PLACE},
            {"\"ownerAddress\":\"" KIT_OWNER, "\"ownerAddress\":\"nobody", DEPUTY_E_PORTABLE_PLACE},
            {"\"chainId\":1", "\"chainId\":5", DEPUTY_E_PORTABLE_PLACE},
            {"\"chainId\":1", "\"chainId\":0", DEPUTY_E_PORTABLE_PLACE},
            {"\"expiry\":\"2026-01-08T00:00:00.000Z", "\"expiry\":\"2026-01-08T00:00:00.001Z",
                    DEPUTY_E_PORTABLE_EXPIRY_DIFFERS},
            {"\"expiry\":\"2026-01-08T00:00:00.000Z", "\"expiry\":\"2027-01-08T00:00:00.000Z",
                    DEPUTY_E_PORTABLE_EXPIRY_DIFFERS},
            {"\"expiry\":\"2026-01-08T00:00:00.000Z", "\"expiry\":\"2026-01-08T01:00:00+01:00", DEPUTY_OK},
            {"\"delegateDID\":\"" KIT_RECEIVER, "\"delegateDID\":\"" KIT_BACKEND, DEPUTY_E_PORTABLE_AUDIENCE},
            {"\"delegateDID\":\"" KIT_RECEIVER, "\"delegateDID\":\"" KIT_RECEIVER "#x", DEPUTY_OK},
            {"\"cid\":\"bafkr4i", "\"cid\":\"bafkr4j", DEPUTY_E_PORTABLE_CID},
            {"\"Authorization\":\"eyJhbGciOi", "\"Authorization\":\"eyJhbGciOj", DEPUTY_E_PORTABLE_CID},
            {"\"Authorization\":\"", "\"Authorization\":\"Bearer ", DEPUTY_OK},
            {"\"Authorization\":\"", "\"Authorization\":\"bearer ", DEPUTY_OK},
    };
    struct kit *kit = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum deputy_error result = parse(kit, changed(kit, rows[i].from, rows[i].to));
        if (result != rows[i].code)
            fail_msg("row %zu: %d", i, result);
    }
}

/* Members of the wrong kind, and what is missing. */
static void malformed_wrapper_is_refused(void **state)
{
    static const struct {
        const char *from;
        const char *to;
        enum deputy_error code;
    } rows[] = {
            {"\"cid\":", "\"id\":", DEPUTY_E_PORTABLE_MEMBER},
            {"\"cid\":\"", "\"cid\":\"\",\"x\":\"", DEPUTY_E_PORTABLE_MEMBER},
            {"\"delegationHeader\":", "\"header\":", DEPUTY_E_PORTABLE_HEADER},
            {"\"Authorization\":\"", "\"Authorization\":\"\",\"x\":\"", DEPUTY_E_PORTABLE_HEADER},
            {"\"Authorization\":\"", "\"Authorization\":\"Bearer \",\"x\":\"", DEPUTY_E_PORTABLE_HEADER},
            {"\"expiry\":\"2026-01-08T00:00:00.000Z\"", "\"expiry\":\"2026-01-08\"",
                    DEPUTY_E_PORTABLE_EXPIRY},
            {"\"expiry\":\"2026-01-08T00:00:00.000Z\"", "\"expiry\":1767830400000", DEPUTY_E_PORTABLE_EXPIRY},
            {"\"expiry\":", "\"end\":", DEPUTY_E_PORTABLE_EXPIRY},
            {"\"spaceId\":", "\"space\":", DEPUTY_E_PORTABLE_MEMBER},
            {"\"resources\":[{", "\"resources\":[5,{", DEPUTY_E_PORTABLE_MEMBER},
            {"\"resources\":[", "\"resources\":[],\"x\":[", DEPUTY_E_PORTABLE_MEMBER},
            {"\"resources\":[", "\"resources\":{},\"x\":[", DEPUTY_E_PORTABLE_MEMBER},
            {KV_ACTIONS, "[]", DEPUTY_E_PORTABLE_MEMBER},
            {KV_ACTIONS, "[\"\"]", DEPUTY_E_PORTABLE_MEMBER},
            {KV_ACTIONS, "[5]", DEPUTY_E_PORTABLE_MEMBER},
            {KV_ACTIONS, "\"tinycloud.kv/get\"", DEPUTY_E_PORTABLE_MEMBER},
            {KV_PATH, "\"caveats\":{}," KV_PATH, DEPUTY_E_PORTABLE_MEMBER},
            {KV_PATH, "\"caveats\":[1]," KV_PATH, DEPUTY_E_PORTABLE_MEMBER},
            {KV_PATH, "\"path\":5", DEPUTY_E_PORTABLE_MEMBER},
            {"\"service\":\"kv\"", "\"service\":5", DEPUTY_E_PORTABLE_MEMBER},
            {"\"service\":\"kv\",\"space\"", "\"service\":\"kv\",\"x\"", DEPUTY_E_PORTABLE_MEMBER},
            {"\"delegateDID\":", "\"did\":", DEPUTY_E_PORTABLE_MEMBER},
            {"\"ownerAddress\":\"" KIT_OWNER "\"", "\"ownerAddress\":5", DEPUTY_E_PORTABLE_MEMBER},
            {"\"chainId\":1", "\"chainId\":1.5", DEPUTY_E_PORTABLE_MEMBER},
            {"\"chainId\":1", "\"chainId\":-1", DEPUTY_E_PORTABLE_MEMBER},
            {"\"chainId\":1", "\"chainId\":9007199254740993", DEPUTY_E_PORTABLE_MEMBER},
            {"\"disableSubDelegation\":false", "\"disableSubDelegation\":0", DEPUTY_E_PORTABLE_MEMBER},
            {"\"host\":\"https://", "\"host\":\"ftp://", DEPUTY_E_PORTABLE_MEMBER},
            {"\"host\":\"" KIT_HOST "\"", "\"host\":\"https://\"", DEPUTY_E_PORTABLE_MEMBER},
            {"\"host\":\"" KIT_HOST "\"", "\"host\":\"http://\"", DEPUTY_E_PORTABLE_MEMBER},
            {"\"host\":\"" KIT_HOST "\"", "\"host\":\"http://localhost\"", DEPUTY_OK},
            {"\"host\":\"" KIT_HOST "\"", "\"host\":5", DEPUTY_E_PORTABLE_MEMBER},
            {"\"chainId\":1", "\"chainId\":1,\"chainId\":1", DEPUTY_E_JSON_DUPLICATE},
            {"\"chainId\":1", "\"chainId\":1,\"unknown\":{\"a\":1}", DEPUTY_OK},
            {"\"chainId\":1", "\"x\":1", DEPUTY_OK},
            {"\"ownerAddress\":", "\"y\":", DEPUTY_OK},
    };
    struct kit *kit = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum deputy_error result = parse(kit, changed(kit, rows[i].from, rows[i].to));
        if (result != rows[i].code)
            fail_msg("row %zu: %d", i, result);
    }
}

static void cut_wrapper_is_refused_at_every_length(void **state)
{
    struct kit *kit = *state;
    struct deputy_slice json = kit_child(kit, KIT_RECEIVER).json;
    for (size_t len = 0; len < json.len; len++)
        assert_int_not_equal(parse(kit, deputy_slice_bytes(json.ptr, len)), DEPUTY_OK);
    assert_int_not_equal(parse(kit, T("[]")), DEPUTY_OK);
    assert_int_not_equal(parse(kit, T("5")), DEPUTY_OK);
}

static void wrapper_beyond_its_limits_is_refused(void **state)
{
    struct kit *kit = *state;
    uint8_t *blank = arena_alloc_bytes(kit->arena, DEPUTY_PORTABLE_MAX_BYTES + 1);
    memset(blank, ' ', DEPUTY_PORTABLE_MAX_BYTES + 1);
    assert_int_equal(parse(kit, deputy_slice_bytes(blank, DEPUTY_PORTABLE_MAX_BYTES + 1)), DEPUTY_E_LIMIT);
    struct buf actions = buf_make(kit->arena, 64 * 1024);
    struct deputy_slice text;
    buf_put_byte(&actions, '[');
    for (int i = 0; i <= DEPUTY_PERMISSION_MAX_ACTIONS; i++)
        buf_put_text(&actions, i == 0 ? "\"a/b\"" : ",\"a/b\"");
    buf_put_byte(&actions, ']');
    assert_ok(buf_finish(&actions, &text));
    assert_int_equal(parse(kit, edited(kit->arena, kit_child(kit, KIT_RECEIVER).json, T(KV_ACTIONS), text)),
            DEPUTY_E_LIMIT);
}

static void wrapper_of_nothing_or_of_too_much_is_refused(void **state)
{
    struct kit *kit = *state;
    struct deputy_portable child = kit_child(kit, KIT_RECEIVER);
    struct buf resources = buf_make(kit->arena, DEPUTY_PORTABLE_MAX_BYTES);
    struct deputy_slice text;
    buf_put_text(&resources, "\"resources\":[");
    for (int i = 0; i <= DEPUTY_PORTABLE_MAX_RESOURCES - 4; i++)
        buf_put_text(&resources, "{\"service\":\"kv\",\"space\":\"s\",\"path\":\"\",\"actions\":[\"a/b\"]},");
    assert_ok(buf_finish(&resources, &text));
    assert_int_equal(child.resources.count, 4);
    assert_int_equal(parse(kit, edited(kit->arena, child.json, T("\"resources\":["), text)), DEPUTY_E_LIMIT);
    child.resources.count = 0;
    assert_int_equal(deputy_portable_build(kit->arena, &child), DEPUTY_E_ABILITIES_EMPTY);
}

/* The token's last character is of the signature: another one, with the CID that fits it. */
static struct deputy_slice forged(struct kit *kit)
{
    struct deputy_portable child = kit_child(kit, KIT_RECEIVER);
    struct deputy_slice header, cid;
    assert_ok(arena_copy(kit->arena, &header, child.header));
    uint8_t *at = (uint8_t *)(uintptr_t)header.ptr + header.len - 20;
    *at = *at == 'A' ? 'B' : 'A';
    struct deputy_cid computed = deputy_cid_of_bytes(header);
    assert_ok(deputy_cid_format(kit->arena, &cid, &computed, DEPUTY_CID_BASE32));
    struct deputy_slice json = edited(kit->arena, child.json, child.header, header);
    return edited(kit->arena, json, child.cid, cid);
}

static void forged_signature_with_its_own_cid_is_refused(void **state)
{
    struct kit *kit = *state;
    assert_int_equal(parse(kit, forged(kit)), DEPUTY_E_SIGNATURE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            KIT_TEST(honest_wrapper_is_what_was_signed),
            KIT_TEST(tampered_member_is_refused),
            KIT_TEST(malformed_wrapper_is_refused),
            KIT_TEST(cut_wrapper_is_refused_at_every_length),
            KIT_TEST(wrapper_beyond_its_limits_is_refused),
            KIT_TEST(wrapper_of_nothing_or_of_too_much_is_refused),
            KIT_TEST(forged_signature_with_its_own_cid_is_refused),
    };
    return cmocka_run_group_tests_name("grant.portable", tests, NULL, NULL);
}
