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

#define KV_PATH "\"path\":\"com.example.notes/\""
#define KV_ACTIONS "[\"tinycloud.kv/get\",\"tinycloud.kv/put\",\"tinycloud.kv/list\"]"
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

/* A token of the session key with these members in its payload, wrapped as the honest one is. */
static struct deputy_slice wrapped_for(
        struct kit *kit, const char *audience, const char *from, const char *to)
{
    struct deputy_portable child = kit_child(kit, audience);
    const uint8_t *dot = memchr(child.header.ptr, '.', child.header.len);
    size_t head_len = (size_t)(dot - child.header.ptr) + 1;
    const uint8_t *last = memchr(dot + 1, '.', child.header.len - head_len);
    struct deputy_slice payload, signed_text, header, cid;
    uint8_t signature[64];
    assert_ok(base64url_read(
            kit->arena, &payload, deputy_slice_bytes(dot + 1, (size_t)(last - dot) - 1), BASE64_UNPADDED));
    struct buf text = buf_make(kit->arena, 64 * 1024);
    buf_put(&text, deputy_slice_bytes(child.header.ptr, head_len));
    base64url_put(&text, edited(kit->arena, payload, T(from), T(to)), BASE64_UNPADDED);
    assert_ok(buf_finish(&text, &signed_text));
    assert_ok(deputy_key_sign(signature, kit->session_seed, signed_text));
    buf_put_byte(&text, '.');
    base64url_put(&text, deputy_slice_bytes(signature, sizeof signature), BASE64_UNPADDED);
    assert_ok(buf_finish(&text, &header));
    struct deputy_cid computed = deputy_cid_of_bytes(header);
    assert_ok(deputy_cid_format(kit->arena, &cid, &computed, DEPUTY_CID_BASE32));
    struct deputy_slice json = edited(kit->arena, child.json, child.header, header);
    return edited(kit->arena, json, child.cid, cid);
}

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

/* The example's child with a caveat on one ability, in token and wrapper. */
static struct deputy_slice caveated(struct kit *kit, const char *audience)
{
    struct deputy_slice json =
            wrapped_for(kit, audience, "\"tinycloud.kv/get\":[{}]", "\"tinycloud.kv/get\":[{\"a\":1}]");
    return edited(kit->arena, json,
            T("{\"service\":\"kv\",\"space\":\"" KIT_SPACE "\"," KV_PATH ",\"actions\":" KV_ACTIONS "}"),
            T("{\"service\":\"kv\",\"space\":\"" KIT_SPACE "\"," KV_PATH
              ",\"actions\":[\"tinycloud.kv/put\",\"tinycloud.kv/list\"]},"
              "{\"service\":\"kv\",\"space\":\"" KIT_SPACE "\"," KV_PATH
              ",\"actions\":[\"tinycloud.kv/get\"],\"caveats\":[{\"a\":1}]}"));
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

/* A chain of three: the backend passes a part of what it got on to another. */
static enum deputy_error sub_delegate_from(
        struct kit *kit, struct deputy_slice json, struct deputy_key *wallet)
{
    struct deputy_portable parent;
    struct deputy_wallet_order order;
    struct deputy_refusal refusal;
    struct deputy_account account = kit_account(wallet);
    const struct deputy_slice get = T("tinycloud.kv/get");
    const struct deputy_permission one = {
            .service = T("kv"), .path = T("com.example.notes/a"), .actions = &get, .action_count = 1};
    struct deputy_sub_delegation request = {.audience = T(KIT_RECEIVER),
            .resources = {&one, 1},
            .lifetime_ms = 1e6,
            .domain = T("backend.example.com"),
            .nonce = T("Q1w2E3r4T5y6U7i8O")};
    assert_ok(deputy_portable_read(kit->arena, &parent, &refusal, json));
    return deputy_sub_delegate(
            kit->arena, &order, &refusal, NULL, &account, &parent, &request, kit_time(KIT_NOW));
}

static void what_the_token_forbids_is_not_passed_on(void **state)
{
    struct kit *kit = *state;
    assert_ok(sub_delegate_from(kit, kit_child(kit, KIT_BACKEND).json, kit->backend));
    assert_int_equal(
            sub_delegate_from(kit, kit_child(kit, KIT_BACKEND).json, kit->owner), DEPUTY_E_PORTABLE_AUDIENCE);
    assert_int_equal(sub_delegate_from(kit, kit_child(kit, KIT_RECEIVER).json, kit->backend),
            DEPUTY_E_PORTABLE_AUDIENCE);
    assert_int_equal(
            sub_delegate_from(kit, caveated(kit, KIT_BACKEND), kit->backend), DEPUTY_E_DELEGATE_CAVEATS);
    assert_int_equal(sub_delegate_from(kit,
                             wrapped_for(kit, KIT_BACKEND,
                                     "\"prf\":", "\"fct\":[{\"remainingRedelegationDepth\":0}],\"prf\":"),
                             kit->backend),
            DEPUTY_E_SUB_FORBIDDEN);
    assert_int_equal(
            sub_delegate_from(kit,
                    wrapped_for(kit, KIT_BACKEND, "\"prf\":",
                            "\"fct\":[{\"xyz.tinycloud.policy/delegationMode\":\"terminal\"}],\"prf\":"),
                    kit->backend),
            DEPUTY_E_SUB_FORBIDDEN);
}

static enum deputy_error sub_delegate(struct kit *kit, struct deputy_wallet_order *out, const char *service,
        const char *space, const char *path, const char *action, double lifetime_ms)
{
    struct deputy_portable parent;
    struct deputy_refusal refusal;
    struct deputy_account account = kit_account(kit->backend);
    struct deputy_slice actions = T(action);
    struct deputy_permission one = {.service = T(service),
            .space = space == NULL ? NONE : T(space),
            .path = T(path),
            .actions = &actions,
            .action_count = 1};
    struct deputy_sub_delegation request = {.audience = T(KIT_RECEIVER),
            .resources = {&one, 1},
            .lifetime_ms = lifetime_ms,
            .domain = T("backend.example.com"),
            .nonce = T("Q1w2E3r4T5y6U7i8O")};
    assert_ok(deputy_portable_read(kit->arena, &parent, &refusal, kit_child(kit, KIT_BACKEND).json));
    return deputy_sub_delegate(
            kit->arena, out, &refusal, NULL, &account, &parent, &request, kit_time(KIT_NOW));
}

static void wallet_passes_on_what_lies_in_the_signed_grant(void **state)
{
    static const struct {
        const char *service;
        const char *space;
        const char *path;
        const char *action;
        enum deputy_error code;
    } rows[] = {
            {"kv", NULL, "com.example.notes/a", "tinycloud.kv/get", DEPUTY_OK},
            {"tinycloud.kv", KIT_SPACE, "com.example.notes/", "tinycloud.kv/get", DEPUTY_OK},
            {"sql", NULL, "com.example.notes/notes/sub", "tinycloud.sql/read", DEPUTY_OK},
            {"sql", NULL, "com.example.notes/notesub", "tinycloud.sql/read", DEPUTY_E_SUB_EXCEEDS},
            {"capabilities", NULL, "anything", "tinycloud.capabilities/read", DEPUTY_OK},
            {"encryption", NULL, KIT_NETWORK, "tinycloud.encryption/decrypt", DEPUTY_OK},
            {"encryption", NULL, KIT_NETWORK "x", "tinycloud.encryption/decrypt", DEPUTY_E_SUB_EXCEEDS},
            {"kv", NULL, "com.example.notes", "tinycloud.kv/get", DEPUTY_E_SUB_EXCEEDS},
            {"kv", NULL, "com.example.notes/../x", "tinycloud.kv/get", DEPUTY_E_SUB_EXCEEDS},
            {"kv", NULL, "com.example.notes/a", "tinycloud.kv/del", DEPUTY_E_SUB_EXCEEDS},
            {"sql", NULL, "com.example.notes/a", "tinycloud.kv/get", DEPUTY_E_SUB_EXCEEDS},
            {"kv", "tinycloud:pkh:eip155:1:" KIT_OWNER ":secrets", "com.example.notes/a", "tinycloud.kv/get",
                    DEPUTY_E_SUB_EXCEEDS},
    };
    struct kit *kit = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct deputy_wallet_order order;
        enum deputy_error result =
                sub_delegate(kit, &order, rows[i].service, rows[i].space, rows[i].path, rows[i].action, 1e6);
        if (result != rows[i].code)
            fail_msg("row %zu: %d", i, result);
    }
}

static void passed_on_delegation_is_verifiable_and_ends_with_its_parent(void **state)
{
    struct kit *kit = *state;
    struct deputy_wallet_order order;
    struct deputy_signed_message message;
    struct deputy_portable portable;
    struct deputy_delegation delegation;
    struct deputy_refusal refusal;
    uint8_t signature[65];
    assert_ok(sub_delegate(kit, &order, "kv", NULL, "com.example.notes/a", "tinycloud.kv/get", 1e12));
    assert_int_equal(deputy_time_compare(order.expiry, kit_time(KIT_END)), 0);
    assert_ok(deputy_key_sign_eip191(signature, kit->backend, order.siwe));
    assert_ok(deputy_message_complete(kit->arena, &message, order.siwe, signature));
    for (enum deputy_wrapper form = DEPUTY_WRAPPER_PLAIN; form <= DEPUTY_WRAPPER_LAST; form++) {
        struct deputy_portable read;
        assert_ok(deputy_wallet_portable(
                kit->arena, &portable, &order, &message, form, true, T(KIT_HOST), NONE));
        assert_ok(deputy_portable_parse(kit->arena, &read, &delegation, &refusal, portable.json));
        assert_true(read.disable_sub_delegation);
        assert_int_equal(read.form == DEPUTY_WRAPPER_FLAT, form == DEPUTY_WRAPPER_FLAT);
    }
    struct deputy_session_key other = kit->key;
    assert_int_equal(deputy_portable_activate(kit->arena, &delegation, &refusal, &other, &portable,
                             DEPUTY_RECEIVE_KEY, NONE, kit_time(KIT_NOW)),
            DEPUTY_E_KEY_AUDIENCE);
    assert_int_equal(deputy_portable_activate(kit->arena, &delegation, &refusal, &other, &portable,
                             DEPUTY_RECEIVE_RUNTIME, NONE, kit_time(KIT_NOW)),
            DEPUTY_E_RUNTIME_AUDIENCE);
    assert_int_equal(deputy_portable_activate(kit->arena, &delegation, &refusal, &kit->receiver, &portable,
                             DEPUTY_RECEIVE_RUNTIME, NONE, kit_time(KIT_END)),
            DEPUTY_E_SESSION_EXPIRED);
    assert_ok(deputy_portable_activate(kit->arena, &delegation, &refusal, &kit->receiver, &portable,
            DEPUTY_RECEIVE_KEY, NONE, kit_time(KIT_NOW)));
    assert_int_equal(deputy_portable_activate(kit->arena, &delegation, &refusal, &kit->receiver, &portable,
                             DEPUTY_RECEIVE_VALIDATED, T(KIT_HOST), kit_time(KIT_NOW)),
            DEPUTY_E_ACTIVATE_FORM);
}

static void lifetimes_of_wallets_are_real(void **state)
{
    struct kit *kit = *state;
    struct deputy_wallet_order order;
    assert_int_equal(sub_delegate(kit, &order, "kv", NULL, "com.example.notes/a", "tinycloud.kv/get", 0),
            DEPUTY_E_LIFETIME);
    assert_int_equal(sub_delegate(kit, &order, "kv", NULL, "com.example.notes/a", "tinycloud.kv/get", 1e300),
            DEPUTY_E_LIFETIME);
    assert_int_equal(sub_delegate(kit, &order, "kv", NULL, "com.example.notes/a", "tinycloud.kv/get", 0.5),
            DEPUTY_E_DELEGATE_SHORT);
}

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
            KIT_TEST(honest_wrapper_is_what_was_signed),
            KIT_TEST(tampered_member_is_refused),
            KIT_TEST(malformed_wrapper_is_refused),
            KIT_TEST(cut_wrapper_is_refused_at_every_length),
            KIT_TEST(wrapper_beyond_its_limits_is_refused),
            KIT_TEST(forged_signature_with_its_own_cid_is_refused),
            KIT_TEST(signed_payload_that_is_not_usable_is_refused),
            KIT_TEST(depth_and_owner_are_read_from_signed_bytes),
            KIT_TEST(owner_of_several_accounts_is_none),
            KIT_TEST(message_that_is_no_delegation_is_refused),
            KIT_TEST(activation_is_for_the_receiver_on_its_host_in_time),
            KIT_TEST(compact_form_is_bound_to_its_cid_audience_and_end),
            KIT_TEST(wallet_receiver_signs_only_for_its_own_delegation),
            KIT_TEST(caveats_are_kept_for_a_key_and_stop_a_wallet),
            KIT_TEST(wallet_passes_on_what_lies_in_the_signed_grant),
            KIT_TEST(what_the_token_forbids_is_not_passed_on),
            KIT_TEST(passed_on_delegation_is_verifiable_and_ends_with_its_parent),
            KIT_TEST(lifetimes_of_wallets_are_real),
            KIT_TEST(flat_wrapper_keeps_services_apart),
            KIT_TEST(several_delegations_travel_as_one_text),
            KIT_TEST(bundles_of_another_kind_are_refused),
            KIT_TEST(permissions_fall_into_one_group_a_space),
    };
    return cmocka_run_group_tests_name("grant.portable", tests, NULL, NULL);
}
