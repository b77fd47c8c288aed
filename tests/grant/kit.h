/*
 * The worked example of spec/05 (B: an app and its backend) for tests that go on from there: owner key 1,
 * backend key 2, session seed 32 x 0x11, receiver seed 32 x 0x22, 2026-01-01T00:00:00Z.
 */
#ifndef GRANT_KIT_H
#define GRANT_KIT_H

#include "base/arena.h"
#include "base/time.h"
#include "support/check.h"
#include "support/edit.h"
#include "support/vectors.h"
#include <deputy/portable.h>

#define KIT_NOW "2026-01-01T00:00:00.000Z"
#define KIT_END "2026-01-08T00:00:00.000Z"
#define KIT_OWNER "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
#define KIT_SPACE "tinycloud:pkh:eip155:1:" KIT_OWNER ":applications"
#define KIT_NETWORK "urn:tinycloud:encryption:did:pkh:eip155:1:" KIT_OWNER ":default"
#define KIT_BACKEND "did:pkh:eip155:1:0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF"
#define KIT_RECEIVER "did:key:z6MkqGC3nWZhYieEVTVDKW5v588CiGfsDSmRVG9ZwwWTvLSK"
#define KIT_NONCE "urn:uuid:7f4c8a52-1d0e-4b7a-9f3e-2b6c5d4e3f20"
#define KIT_HOST "https://node.tinycloud.xyz"

/* The entry of the example's child for the notes. */
#define KV_PATH "\"path\":\"com.example.notes/\""
#define KV_ACTIONS "[\"tinycloud.kv/get\",\"tinycloud.kv/put\",\"tinycloud.kv/list\"]"

#define NONE ((struct deputy_slice){NULL, 0})

struct kit {
    struct deputy_arena *arena;
    struct deputy_key *owner;
    struct deputy_key *backend;
    struct deputy_key *session_seed;
    struct deputy_key *receiver_seed;
    struct deputy_session_key key;
    struct deputy_session_key receiver;
    const struct json_value *derived; /* of compose.json */
    struct deputy_request request;
    struct deputy_plan plan;
    struct deputy_slice siwe;
    uint8_t signature[65];
    struct deputy_session session;
};

static inline struct deputy_time kit_time(const char *text)
{
    struct deputy_time time;
    assert_ok(time_parse(&time, T(text)));
    return time;
}

static inline struct deputy_key *kit_key(enum deputy_key_kind kind, uint8_t fill, uint8_t last)
{
    uint8_t secret[32];
    struct deputy_key *key;
    memset(secret, fill, sizeof secret);
    secret[31] = last;
    assert_ok(deputy_key_import(&key, kind, secret));
    return key;
}

static inline void kit_compose(struct kit *kit, const char *name)
{
    const struct json_value *example = json_member(json_member(kit->derived, "compose"), name);
    const struct deputy_manifest *manifests[4];
    struct deputy_refusal refusal;
    size_t count = 0;
    JSON_EACH (manifest, json_member(example, "manifests"))
        assert_ok(deputy_manifest_parse(kit->arena, &manifests[count++], &refusal, manifest->raw));
    assert_ok(deputy_request_compose(kit->arena, &kit->request, &refusal, manifests, count, true));
}

static inline struct deputy_account kit_account(const struct deputy_key *key)
{
    struct deputy_account account = {.chain = 1};
    assert_ok(deputy_key_address(account.address, key));
    return account;
}

static inline struct deputy_sign_in kit_sign_in(struct kit *kit)
{
    struct deputy_sign_in sign_in = {.account = kit_account(kit->owner),
            .domain = T("app.example.com"),
            .nonce = T("kEWepMt9knR6lWJ6A")};
    assert_ok(deputy_sign_in_times(kit->arena, &sign_in, kit_time(KIT_NOW), DEPUTY_LIFETIME_SESSION_MS));
    return sign_in;
}

static inline int kit_setup(void **state)
{
    struct kit *kit = test_calloc(1, sizeof *kit);
    struct deputy_refusal refusal;
    const struct json_value *file;
    kit->arena = check_arena();
    kit->owner = kit_key(DEPUTY_KEY_SECP256K1, 0, 1);
    kit->backend = kit_key(DEPUTY_KEY_SECP256K1, 0, 2);
    kit->session_seed = kit_key(DEPUTY_KEY_ED25519, 0x11, 0x11);
    kit->receiver_seed = kit_key(DEPUTY_KEY_ED25519, 0x22, 0x22);
    assert_ok(deputy_session_key_make(kit->arena, &kit->key, kit->session_seed, T("default")));
    assert_ok(deputy_session_key_make(kit->arena, &kit->receiver, kit->receiver_seed, T("default")));
    assert_ok(json_parse(kit->arena, &file, check_data(kit->arena, "compose.json")));
    kit->derived = json_member(file, "derived");
    kit_compose(kit, "B");
    struct deputy_sign_in sign_in = kit_sign_in(kit);
    assert_ok(deputy_request_plan(kit->arena, &kit->plan, &refusal, &kit->request, &sign_in.account));
    assert_ok(deputy_session_prepare(kit->arena, &kit->siwe, &refusal, &kit->key, &kit->plan, &sign_in));
    assert_ok(deputy_key_sign_eip191(kit->signature, kit->owner, kit->siwe));
    assert_ok(deputy_session_complete(
            kit->arena, &kit->session, &kit->key, kit->plan.space, kit->siwe, kit->signature));
    *state = kit;
    return 0;
}

static inline int kit_teardown(void **state)
{
    struct kit *kit = *state;
    deputy_key_destroy(kit->owner);
    deputy_key_destroy(kit->backend);
    deputy_key_destroy(kit->session_seed);
    deputy_key_destroy(kit->receiver_seed);
    deputy_arena_destroy(kit->arena);
    test_free(kit);
    return 0;
}

#define KIT_TEST(function) cmocka_unit_test_setup_teardown(function, kit_setup, kit_teardown)

/* The child of the example's backend target, or the same for another audience. */
static inline struct deputy_portable kit_child(struct kit *kit, const char *audience)
{
    const struct deputy_target *target = deputy_request_target(&kit->request, T(KIT_BACKEND));
    struct deputy_portable portable;
    struct deputy_refusal refusal;
    struct deputy_delegation_order order = {.audience = T(audience),
            .permissions = target->permissions,
            .lifetime_ms = target->expiry_ms,
            .host = T(KIT_HOST)};
    assert_ok(deputy_session_delegate(
            kit->arena, &portable, &refusal, NULL, &kit->session, &order, T(KIT_NONCE), kit_time(KIT_NOW)));
    return portable;
}

/* A child for one permission, or the code of its refusal. */
static inline enum deputy_error kit_delegate(struct kit *kit, struct deputy_portable *out,
        struct deputy_refusal *refusal, const char *permissions, double lifetime_ms, const char *now)
{
    struct deputy_delegation_order order = {.audience = T(KIT_RECEIVER), .lifetime_ms = lifetime_ms};
    assert_ok(deputy_permissions_parse(kit->arena, &order.permissions, refusal, T(permissions)));
    return deputy_session_delegate(
            kit->arena, out, refusal, NULL, &kit->session, &order, T(KIT_NONCE), kit_time(now));
}

/* The text of a refusal. */
static inline struct deputy_slice kit_text(struct deputy_arena *arena, const struct deputy_refusal *refusal)
{
    struct deputy_slice text;
    assert_ok(deputy_refusal_format(arena, &text, refusal));
    return text;
}

static inline struct deputy_slice kit_member(const struct json_value *object, const char *name)
{
    const struct json_value *member = json_member(object, name);
    assert_non_null(member);
    return member->kind == JSON_STRING ? member->text : member->raw;
}

#endif
