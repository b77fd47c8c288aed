/* Session tokens: what is taken, and the many things that are not. */
#include "backend/jwt.h"
#include "base/codec.h"
#include "crypto/hash.h"
#include "support/check.h"
#include <deputy/did.h>
#include <stdio.h>
#include <stdlib.h>

#define KEY "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
#define OTHER_KEY "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"
#define ADDRESS "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"

enum { NOW = 1795000000 };

static struct backend_identity *identity_of(const char *key)
{
    struct backend_identity *identity;
    const struct backend_key_sources sources = {.variable = "TEST_IDENTITY_KEY"};
    setenv("TEST_IDENTITY_KEY", key, 1);
    assert_ok(backend_identity_open(&identity, &sources));
    return identity;
}

struct issued {
    struct deputy_arena *arena;
    struct backend_identity *identity;
    struct tokens *tokens;
    uint8_t address[20];
    struct deputy_slice token;
};

static struct deputy_time at(int64_t sec)
{
    return (struct deputy_time){.sec = sec};
}

static int issued_setup(void **state)
{
    static struct issued issued;
    issued.arena = check_arena();
    issued.identity = identity_of(KEY);
    assert_ok(tokens_create(&issued.tokens, issued.identity, 86400));
    assert_ok(deputy_address_parse(issued.address, T(ADDRESS)));
    assert_ok(token_issue(issued.arena, &issued.token, issued.tokens, issued.address, at(NOW)));
    *state = &issued;
    return 0;
}

static int issued_teardown(void **state)
{
    struct issued *issued = *state;
    tokens_destroy(issued->tokens);
    backend_identity_destroy(issued->identity);
    deputy_arena_destroy(issued->arena);
    return 0;
}

static enum deputy_error subject(const struct issued *issued, struct deputy_slice token, int64_t sec)
{
    uint8_t address[20] = {0};
    enum deputy_error result = token_subject(issued->tokens, address, token, at(sec));
    if (result == DEPUTY_OK)
        assert_memory_equal(address, issued->address, 20);
    return result;
}

static void vector_session_token_round_trip_preserves_the_address(void **state)
{
    const struct issued *issued = *state;
    struct deputy_slice claims, payload;
    const uint8_t *dot = memchr(issued->token.ptr, '.', issued->token.len);
    assert_ok(subject(issued, issued->token, NOW));
    assert_int_equal(tokens_life_s(issued->tokens), 86400);
    assert_slice(deputy_slice_bytes(issued->token.ptr, (size_t)(dot - issued->token.ptr)),
            T("eyJhbGciOiJIUzI1NiJ9"));
    const uint8_t *end = memchr(dot + 1, '.', issued->token.len - (size_t)(dot + 1 - issued->token.ptr));
    payload = deputy_slice_bytes(dot + 1, (size_t)(end - dot - 1));
    assert_ok(base64url_read(issued->arena, &claims, payload, BASE64_UNPADDED));
    assert_text(claims,
            "{\"address\":\"" ADDRESS "\",\"sub\":\"" ADDRESS "\",\"iat\":1795000000,\"exp\":1795086400}");
}

static void F8_a_token_is_over_when_its_end_has_come(void **state)
{
    const struct issued *issued = *state;
    assert_ok(subject(issued, issued->token, NOW + 86399));
    assert_int_equal(subject(issued, issued->token, NOW + 86400), DEPUTY_E_SESSION_INVALID);
}

static void F8_no_bit_of_a_token_can_be_changed(void **state)
{
    const struct issued *issued = *state;
    uint8_t changed[JWT_MAX_BYTES];
    memcpy(changed, issued->token.ptr, issued->token.len);
    for (size_t i = 0; i < issued->token.len; i++) {
        for (int bit = 0; bit < 8; bit++) {
            changed[i] ^= (uint8_t)(1 << bit);
            assert_int_equal(subject(issued, deputy_slice_bytes(changed, issued->token.len), NOW),
                    DEPUTY_E_SESSION_INVALID);
            changed[i] ^= (uint8_t)(1 << bit);
        }
    }
    for (size_t len = 0; len < issued->token.len; len++)
        assert_int_equal(subject(issued, deputy_slice_bytes(changed, len), NOW), DEPUTY_E_SESSION_INVALID);
}

static void F8_a_token_under_another_identity_is_none(void **state)
{
    const struct issued *issued = *state;
    struct backend_identity *identity = identity_of(OTHER_KEY);
    struct tokens *tokens;
    struct deputy_slice token;
    assert_ok(tokens_create(&tokens, identity, 86400));
    assert_ok(token_issue(issued->arena, &token, tokens, issued->address, at(NOW)));
    assert_int_equal(subject(issued, token, NOW), DEPUTY_E_SESSION_INVALID);
    tokens_destroy(tokens);
    backend_identity_destroy(identity);
}

/* ---- tokens that only we could have made, and would not ---- */

static struct deputy_slice made(
        const struct issued *issued, const char *header, const char *claims, bool sealed)
{
    uint8_t key[BACKEND_SECRET_BYTES], mac[32];
    struct buf out = buf_make(issued->arena, 4096);
    struct deputy_slice token;
    assert_ok(backend_identity_derive(key, issued->identity, BACKEND_KEY_SESSIONS));
    base64url_put(&out, T(header), BASE64_UNPADDED);
    buf_put_byte(&out, '.');
    base64url_put(&out, T(claims), BASE64_UNPADDED);
    hmac_sha256(mac, deputy_slice_bytes(key, sizeof key), deputy_slice_bytes(out.ptr, out.len));
    buf_put_byte(&out, '.');
    if (sealed)
        base64url_put(&out, deputy_slice_bytes(mac, sizeof mac), BASE64_UNPADDED);
    assert_ok(buf_finish(&out, &token));
    return token;
}

#define GOOD_HEADER "{\"alg\":\"HS256\"}"
#define GOOD_CLAIMS "{\"sub\":\"" ADDRESS "\",\"exp\":1795000001}"

static void F8_alg_none_and_every_other_alg_is_refused_even_when_sealed(void **state)
{
    const struct issued *issued = *state;
    static const char *const headers[] = {"{\"alg\":\"none\"}", "{\"alg\":\"HS512\"}", "{\"alg\":\"hs256\"}",
            "{}", "{\"alg\":null}", "{\"alg\":\"HS256\",\"alg\":\"HS256\"}", "[]", "x", ""};
    assert_ok(subject(issued, made(issued, GOOD_HEADER, GOOD_CLAIMS, true), NOW));
    assert_ok(subject(issued, made(issued, "{\"typ\":\"JWT\",\"alg\":\"HS256\"}", GOOD_CLAIMS, true), NOW));
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        assert_int_equal(
                subject(issued, made(issued, headers[i], GOOD_CLAIMS, true), NOW), DEPUTY_E_SESSION_INVALID);
        assert_int_equal(
                subject(issued, made(issued, headers[i], GOOD_CLAIMS, false), NOW), DEPUTY_E_SESSION_INVALID);
    }
}

static void F8_claims_without_end_or_subject_are_refused(void **state)
{
    const struct issued *issued = *state;
    static const char *const claims[] = {"{\"sub\":\"" ADDRESS "\"}",
            "{\"sub\":\"" ADDRESS "\",\"exp\":null}", "{\"sub\":\"" ADDRESS "\",\"exp\":\"1795000001\"}",
            "{\"sub\":\"" ADDRESS "\",\"exp\":1795000000}", "{\"sub\":\"" ADDRESS "\",\"exp\":1e999}",
            "{\"exp\":1795000001}", "{\"sub\":\"\",\"exp\":1795000001}", "{\"sub\":1,\"exp\":1795000001}",
            "{\"sub\":\"alice\",\"exp\":1795000001}", "{\"address\":\"" ADDRESS "\",\"exp\":1795000001}",
            "[]", "null", ""};
    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++)
        assert_int_equal(
                subject(issued, made(issued, GOOD_HEADER, claims[i], true), NOW), DEPUTY_E_SESSION_INVALID);
}

static void subtle_the_address_is_the_same_owner_in_any_case(void **state)
{
    const struct issued *issued = *state;
    static const char lower[] = "{\"sub\":\"0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266\",\"exp\":1795000001}";
    assert_ok(subject(issued, made(issued, GOOD_HEADER, lower, true), NOW));
}

/* The identity's key itself, which the reference uses, opens nothing. */
static void E4_tokens_have_a_key_of_their_own(void **state)
{
    const struct issued *issued = *state;
    struct deputy_slice good = made(issued, GOOD_HEADER, GOOD_CLAIMS, true), token;
    struct buf out = buf_make(issued->arena, 4096);
    size_t len = good.len;
    uint8_t mac[32];
    while (good.ptr[len - 1] != '.')
        len--;
    buf_put(&out, deputy_slice_bytes(good.ptr, len));
    hmac_sha256(mac, T(KEY), deputy_slice_bytes(good.ptr, len - 1));
    base64url_put(&out, deputy_slice_bytes(mac, sizeof mac), BASE64_UNPADDED);
    assert_ok(buf_finish(&out, &token));
    assert_int_equal(subject(issued, token, NOW), DEPUTY_E_SESSION_INVALID);
}

static void a_life_that_is_none_is_refused(void **state)
{
    const struct issued *issued = *state;
    struct tokens *tokens = NULL;
    assert_int_equal(tokens_create(&tokens, issued->identity, 0), DEPUTY_E_ARGUMENT);
    assert_int_equal(tokens_create(&tokens, issued->identity, 400 * 86400), DEPUTY_E_ARGUMENT);
    assert_null(tokens);
}

#define ISSUED(function) cmocka_unit_test_setup_teardown(function, issued_setup, issued_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
            ISSUED(vector_session_token_round_trip_preserves_the_address),
            ISSUED(F8_a_token_is_over_when_its_end_has_come),
            ISSUED(F8_no_bit_of_a_token_can_be_changed),
            ISSUED(F8_a_token_under_another_identity_is_none),
            ISSUED(F8_alg_none_and_every_other_alg_is_refused_even_when_sealed),
            ISSUED(F8_claims_without_end_or_subject_are_refused),
            ISSUED(subtle_the_address_is_the_same_owner_in_any_case),
            ISSUED(E4_tokens_have_a_key_of_their_own),
            ISSUED(a_life_that_is_none_is_refused),
    };
    return cmocka_run_group_tests_name("backend.jwt", tests, NULL, NULL);
}
