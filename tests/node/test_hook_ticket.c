#include "base/arena.h"
#include "base/codec.h"
#include "crypto/hash.h"
#include "node/hook_ticket.h"
#include "support/check.h"

#define SPACE "tinycloud:pkh:eip155:1:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf:default"

enum { NOW = 1000 };

static uint8_t key[HOOK_TICKET_KEY_BYTES];

static int setup(void **state)
{
    memset(key, 7, sizeof key);
    *state = check_arena();
    return 0;
}

static int teardown(void **state)
{
    deputy_arena_destroy(*state);
    return 0;
}

static struct deputy_slice sealed(struct deputy_arena *arena, struct hook_ticket ticket)
{
    struct deputy_slice text = {NULL, 0};
    assert_ok(hook_ticket_seal(arena, &text, key, &ticket));
    return text;
}

static const struct hook_scope scope = {
        .space = {(const uint8_t *)SPACE, sizeof SPACE - 1},
        .service = {(const uint8_t *)"kv", 2},
        .prefix = {(const uint8_t *)"documents", 9},
        .abilities = HOOK_KV_PUT,
};

static struct hook_ticket make(void)
{
    return (struct hook_ticket){.subscriber = T("did:key:test"),
            .scopes = &scope,
            .count = 1,
            .issued = NOW,
            .expires = NOW + 10};
}

/* A payload of our choice under a right hash. */
static struct deputy_slice forged(struct deputy_arena *arena, const char *payload)
{
    uint8_t mac[HASH_BYTES];
    struct deputy_slice text;
    struct buf out = buf_make(arena, 4096);
    base64url_put(&out, T(payload), BASE64_UNPADDED);
    hmac_sha256(mac, deputy_slice_bytes(key, sizeof key), deputy_slice_bytes(out.ptr, out.len));
    buf_put_byte(&out, '.');
    base64url_put(&out, deputy_slice_bytes(mac, sizeof mac), BASE64_UNPADDED);
    assert_ok(buf_finish(&out, &text));
    return text;
}

/* spec/03 section 15.2, worked values. */
static void ticket_has_the_published_hash(void **state)
{
    struct hook_scope published = scope;
    published.space = T("tinycloud:space");
    struct hook_ticket ticket = {.subscriber = T("did:key:test"),
            .scopes = &published,
            .count = 1,
            .issued = 10,
            .expires = 20,
            .has_parent_expiry = true,
            .parent_expires = 20};
    struct deputy_slice text = sealed(*state, ticket);
    static const char mac[] = ".UzjFb4GlThtvTjWL4_7Vf1IIDr9TF3s9HiROmjRyfzw";
    assert_true(text.len > sizeof mac);
    assert_slice(deputy_slice_bytes(text.ptr + text.len - (sizeof mac - 1), sizeof mac - 1), T(mac));
}

static void ticket_that_was_not_sealed_here_is_refused(void **state)
{
    struct hook_ticket out;
    struct deputy_slice text = sealed(*state, make());
    uint8_t *copy = arena_alloc_bytes(*state, text.len);
    for (size_t i = 0; i < text.len; i++) {
        memcpy(copy, text.ptr, text.len);
        copy[i] = copy[i] == 'A' ? 'B' : 'A';
        enum deputy_error error =
                hook_ticket_open(*state, &out, key, deputy_slice_bytes(copy, text.len), NOW);
        assert_true(error == DEPUTY_E_HOOK_TICKET_SIGNATURE || error == DEPUTY_E_HOOK_TICKET_FORM);
    }
    key[0] ^= 1;
    assert_int_equal(hook_ticket_open(*state, &out, key, text, NOW), DEPUTY_E_HOOK_TICKET_SIGNATURE);
}

static void text_that_is_no_ticket_is_refused(void **state)
{
    struct hook_ticket out;
    static const char *const texts[] = {"", ".", "abc", "abc.", "abc.def", "abc.def.ghi"};
    assert_int_equal(hook_ticket_open(*state, &out, key, (struct deputy_slice){NULL, 0}, NOW),
            DEPUTY_E_HOOK_TICKET_FORM);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(hook_ticket_open(*state, &out, key, T(texts[i]), NOW), DEPUTY_E_HOOK_TICKET_FORM);
}

static void payload_that_is_none_is_refused_under_a_right_hash(void **state)
{
    struct hook_ticket out;
    static const char *const payloads[] = {"", "{}", "[]",
            "{\"v\":2,\"sub\":\"x\",\"scopes\":[{\"space\":\"" SPACE
            "\",\"service\":\"kv\"}],\"iat\":1,\"exp\":2000}",
            "{\"v\":1,\"sub\":\"x\",\"scopes\":[],\"iat\":1,\"exp\":2000}",
            "{\"v\":1,\"sub\":\"x\",\"scopes\":[{\"space\":\"" SPACE "\",\"service\":\"kv\"}],\"iat\":1}",
            "{\"v\":1,\"sub\":\"x\",\"scopes\":[{\"space\":\"" SPACE
            "\",\"service\":\"kv\"}],\"iat\":1,\"exp\":2000,\"prf\":[\"x\"]}"};
    for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++)
        assert_int_equal(hook_ticket_open(*state, &out, key, forged(*state, payloads[i]), NOW),
                DEPUTY_E_HOOK_TICKET_PAYLOAD);
}

static void ticket_is_over_at_its_end(void **state)
{
    struct hook_ticket out;
    struct deputy_slice text = sealed(*state, make());
    assert_ok(hook_ticket_open(*state, &out, key, text, NOW + 9));
    assert_int_equal(hook_ticket_open(*state, &out, key, text, NOW + 10), DEPUTY_E_HOOK_TICKET_EXPIRED);
}

static void ticket_says_what_was_sealed(void **state)
{
    struct hook_ticket ticket = make(), out;
    ticket.proofs.count = 2;
    ticket.proofs.cids[1].digest[0] = 9;
    assert_ok(hook_ticket_open(*state, &out, key, sealed(*state, ticket), NOW));
    assert_int_equal(out.count, 1);
    assert_text(out.scopes[0].space, SPACE);
    assert_text(out.scopes[0].prefix, "documents");
    assert_int_equal(out.scopes[0].abilities, HOOK_KV_PUT);
    assert_int_equal(out.proofs.count, 2);
    assert_true(deputy_cid_equal(&out.proofs.cids[1], &ticket.proofs.cids[1]));
    assert_false(out.has_parent_expiry);
}

#define TICKET_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
            TICKET_TEST(ticket_has_the_published_hash),
            TICKET_TEST(ticket_that_was_not_sealed_here_is_refused),
            TICKET_TEST(text_that_is_no_ticket_is_refused),
            TICKET_TEST(payload_that_is_none_is_refused_under_a_right_hash),
            TICKET_TEST(ticket_is_over_at_its_end),
            TICKET_TEST(ticket_says_what_was_sealed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
