/* Messages of sign-in: whose, for which page, of which time. */
#include "backend/auth.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/time.h"
#include "support/check.h"
#include <deputy/siwe.h>

/* 2026-11-22T12:30:00Z */
enum { NOW = 1795350600 };

static const struct deputy_slice domains[] = {
        {(const uint8_t *)"listen.example", 14}, {(const uint8_t *)"localhost:5173", 14}};
static const struct deputy_slice origins[] = {
        {(const uint8_t *)"https://listen.example", 22}, {(const uint8_t *)"http://localhost:5173", 21}};
static const struct auth_rules rules = {domains, 2, origins, 2, 1};

struct wallet {
    struct deputy_arena *arena;
    struct deputy_key *key;
    struct deputy_siwe siwe; /* a good one */
};

static int wallet_setup(void **state)
{
    static struct wallet wallet;
    static const uint8_t secret[32] = {7};
    wallet.arena = check_arena();
    assert_ok(deputy_key_import(&wallet.key, DEPUTY_KEY_SECP256K1, secret));
    wallet.siwe = (struct deputy_siwe){.domain = T("listen.example"),
            .statement = T("Sign in"),
            .uri = T("https://listen.example"),
            .chain_id = 1,
            .nonce = T("370d61bea1d70a72f88912695e9e0a0c"),
            .issued_at = T("2026-11-22T12:29:00.000Z")};
    assert_ok(deputy_key_address(wallet.siwe.address, wallet.key));
    *state = &wallet;
    return 0;
}

static int wallet_teardown(void **state)
{
    struct wallet *wallet = *state;
    deputy_key_destroy(wallet->key);
    deputy_arena_destroy(wallet->arena);
    return 0;
}

static struct deputy_slice hex_of(const struct wallet *wallet, const uint8_t *bytes, size_t len)
{
    struct buf out = buf_make(wallet->arena, 256);
    struct deputy_slice text;
    buf_put_text(&out, "0x");
    hex_put(&out, deputy_slice_bytes(bytes, len));
    assert_ok(buf_finish(&out, &text));
    return text;
}

static struct deputy_slice signed_hex(const struct wallet *wallet, struct deputy_slice message)
{
    uint8_t signature[65];
    assert_ok(deputy_key_sign_eip191(signature, wallet->key, message));
    return hex_of(wallet, signature, sizeof signature);
}

static enum deputy_error check_text(const struct wallet *wallet, struct deputy_slice message)
{
    struct deputy_siwe read;
    return auth_check(wallet->arena, &read, &rules, message, signed_hex(wallet, message),
            (struct deputy_time){.sec = NOW});
}

static enum deputy_error check(const struct wallet *wallet, const struct deputy_siwe *siwe)
{
    struct deputy_slice message;
    assert_ok(deputy_siwe_build(wallet->arena, &message, siwe));
    return check_text(wallet, message);
}

static void a_message_for_one_of_our_pages_signs_in(void **state)
{
    struct wallet *wallet = *state;
    assert_ok(check(wallet, &wallet->siwe));
    wallet->siwe.domain = T("localhost:5173");
    wallet->siwe.uri = T("http://localhost:5173/");
    assert_ok(check(wallet, &wallet->siwe));
    wallet->siwe.scheme = T("http");
    assert_ok(check(wallet, &wallet->siwe));
    wallet->siwe.scheme = T("https");
    assert_ok(check(wallet, &wallet->siwe));
}

/* The message that opened the owner's session at the node is the one that signs in here. */
static void the_recorded_message_of_the_node_session_signs_in(void **state)
{
    const struct wallet *wallet = *state;
    const struct json_value *golden;
    struct deputy_slice message, signature;
    struct deputy_siwe siwe;
    struct deputy_time when = {.sec = NOW};
    assert_ok(json_parse(wallet->arena, &golden, check_data(wallet->arena, "golden-listen.json")));
    const struct json_value *signin = json_member(golden, "signin");
    assert_ok(json_to_text(&message, json_member(signin, "siwe")));
    assert_ok(json_to_text(&signature, json_member(signin, "signature")));
    assert_ok(deputy_siwe_parse(wallet->arena, &siwe, message));
    assert_ok(time_parse(&when, siwe.issued_at));
    assert_ok(auth_check(wallet->arena, &siwe, &rules, message, signature, when));
    assert_int_equal(auth_check(wallet->arena, &siwe, &rules, message, signature,
                             (struct deputy_time){.sec = when.sec - 61}),
            DEPUTY_E_SIGN_IN_TIME);
}

static void a_message_for_another_page_is_refused(void **state)
{
    struct wallet *wallet = *state;
    static const char *const foreign[] = {"evil.example", "listen.example:8443",
            "listen.example.evil.example", "LISTEN.example", "localhost", "localhost:5174"};
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        struct deputy_siwe siwe = wallet->siwe;
        siwe.domain = T(foreign[i]);
        assert_int_equal(check(wallet, &siwe), DEPUTY_E_SIGN_IN_DOMAIN);
    }
    wallet->siwe.scheme = T("http"); /* listed as https only */
    assert_int_equal(check(wallet, &wallet->siwe), DEPUTY_E_SIGN_IN_DOMAIN);
}

static void a_uri_is_a_session_key_or_a_page_of_ours(void **state)
{
    struct wallet *wallet = *state;
    static const char *const good[] = {"https://listen.example/", "https://localhost:5173",
            "http://localhost:5173", "did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw",
            "did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw#"
            "z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw"};
    static const char *const bad[] = {"https://evil.example", "http://listen.example",
            "https://listen.example/login", "https://listen.example:443", "did:key:z6Mk",
            "did:web:listen.example", "did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw/path",
            "did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw?query=1", "urn:x:y"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        wallet->siwe.uri = T(good[i]);
        assert_ok(check(wallet, &wallet->siwe));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        wallet->siwe.uri = T(bad[i]);
        assert_int_equal(check(wallet, &wallet->siwe), DEPUTY_E_SIGN_IN_URI);
    }
}

static void another_chain_is_refused(void **state)
{
    struct wallet *wallet = *state;
    wallet->siwe.chain_id = 137;
    assert_int_equal(check(wallet, &wallet->siwe), DEPUTY_E_SIGN_IN_CHAIN);
}

static void F7_times_are_held(void **state)
{
    struct wallet *wallet = *state;
    struct deputy_siwe siwe = wallet->siwe;
    siwe.issued_at = T("2026-11-22T12:31:00Z"); /* subtle: a clock may be a minute fast */
    assert_ok(check(wallet, &siwe));
    siwe.issued_at = T("2026-11-22T12:31:01Z");
    assert_int_equal(check(wallet, &siwe), DEPUTY_E_SIGN_IN_TIME);
    siwe = wallet->siwe;
    siwe.expiration_time = T("2026-11-22T12:30:01Z");
    assert_ok(check(wallet, &siwe));
    siwe.expiration_time = T("2026-11-22T12:30:00Z");
    assert_int_equal(check(wallet, &siwe), DEPUTY_E_SIGN_IN_TIME);
    siwe = wallet->siwe;
    siwe.not_before = T("2026-11-22T12:30:00Z");
    assert_ok(check(wallet, &siwe));
    siwe.not_before = T("2026-11-22T12:30:01Z");
    assert_int_equal(check(wallet, &siwe), DEPUTY_E_SIGN_IN_TIME);
}

static void F7_a_signature_of_somebody_else_is_refused(void **state)
{
    const struct wallet *wallet = *state;
    struct deputy_slice message, signature, other;
    struct deputy_siwe read, changed = wallet->siwe;
    const struct deputy_time now = {.sec = NOW};
    uint8_t bytes[65];
    assert_ok(deputy_siwe_build(wallet->arena, &message, &wallet->siwe));
    changed.address[0] ^= 1;
    assert_ok(deputy_siwe_build(wallet->arena, &other, &changed));
    signature = signed_hex(wallet, message);
    assert_int_equal(auth_check(wallet->arena, &read, &rules, other, signature, now), DEPUTY_E_SIGNATURE);
    assert_int_equal(check_text(wallet, other), DEPUTY_E_SIGNATURE);
    assert_ok(deputy_key_sign_eip191(bytes, wallet->key, message));
    for (size_t i = 0; i < 65; i++) {
        bytes[i] ^= 1;
        assert_int_equal(auth_check(wallet->arena, &read, &rules, message, hex_of(wallet, bytes, 65), now),
                DEPUTY_E_SIGNATURE);
        bytes[i] ^= 1;
    }
    static const char *const no_signatures[] = {"0x", "0x00", "x", ""};
    for (size_t i = 0; i < sizeof no_signatures / sizeof no_signatures[0]; i++)
        assert_int_equal(auth_check(wallet->arena, &read, &rules, message, T(no_signatures[i]), now),
                DEPUTY_E_SIGNATURE);
    assert_int_equal(auth_check(wallet->arena, &read, &rules, message, hex_of(wallet, bytes, 64), now),
            DEPUTY_E_SIGNATURE);
    assert_int_equal(auth_check(wallet->arena, &read, &rules, message,
                             deputy_slice_bytes(signature.ptr + 2, signature.len - 2), now),
            DEPUTY_E_SIGNATURE);
}

/* What could be read in two ways is not read at all, though it is signed. */
static void only_the_one_form_of_a_message_counts(void **state)
{
    const struct wallet *wallet = *state;
    struct deputy_slice message, changed;
    assert_ok(deputy_siwe_build(wallet->arena, &message, &wallet->siwe));
    static const char *const behind[] = {"\n", " ", "\nNonce: 370d61bea1d70a72f88912695e9e0a0d", "\r\n"};
    for (size_t i = 0; i < sizeof behind / sizeof behind[0]; i++) {
        struct buf out = buf_make(wallet->arena, 4096);
        buf_put(&out, message);
        buf_put_text(&out, behind[i]);
        assert_ok(buf_finish(&out, &changed));
        assert_int_not_equal(check_text(wallet, changed), DEPUTY_OK);
    }
    assert_int_not_equal(check_text(wallet, T("x")), DEPUTY_OK);
}

#define WALLET(function) cmocka_unit_test_setup_teardown(function, wallet_setup, wallet_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
            WALLET(a_message_for_one_of_our_pages_signs_in),
            WALLET(the_recorded_message_of_the_node_session_signs_in),
            WALLET(a_message_for_another_page_is_refused),
            WALLET(a_uri_is_a_session_key_or_a_page_of_ours),
            WALLET(another_chain_is_refused),
            WALLET(F7_times_are_held),
            WALLET(F7_a_signature_of_somebody_else_is_refused),
            WALLET(only_the_one_form_of_a_message_counts),
    };
    return cmocka_run_group_tests_name("backend.auth", tests, NULL, NULL);
}
