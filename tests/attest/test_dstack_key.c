/* Keys of dstack and who vouches for them (spec/08 section 7). */
#include "attest/dstack_key.h"
#include "attest/report_data.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "support/edit.h"
#include "support/hex.h"
#include "support/vectors.h"

static const struct json_value *known(struct deputy_arena *arena, const char *name)
{
    const struct json_value *file;
    assert_ok(json_parse(arena, &file, check_data(arena, "attestation/known_answers.json")));
    const struct json_value *found = json_member(file, name);
    assert_non_null(found);
    return found;
}

static struct deputy_slice bytes_of(
        struct deputy_arena *arena, const struct json_value *row, const char *name)
{
    return unhex(arena, check_text_of(row, name));
}

/* ---- derivation ---- */

static void keys_of_paths_are_the_known_answers(void **state)
{
    const struct json_value *vector = known(*state, "get_key");
    struct deputy_slice app_key = bytes_of(*state, vector, "k256_app_key");
    size_t count = 0;
    JSON_EACH (row, json_member(vector, "computed_from_inputs")) {
        uint8_t key[DSTACK_KEY_BYTES], public_key[DSTACK_ROOT_BYTES];
        assert_ok(dstack_path_key(key, app_key.ptr, check_text_of(row, "path")));
        assert_slice(deputy_slice_bytes(key, sizeof key), bytes_of(*state, row, "key"));
        assert_ok(dstack_public_key(public_key, DSTACK_SECP256K1, key));
        assert_slice(deputy_slice_bytes(public_key, sizeof public_key), bytes_of(*state, row, "public_key"));
        count++;
    }
    assert_int_equal(count, 4);
}

static void purpose_digests_and_signatures_are_the_known_answers(void **state)
{
    const struct json_value *vector = known(*state, "get_key");
    struct deputy_slice app_key = bytes_of(*state, vector, "k256_app_key");
    JSON_EACH (row, json_member(vector, "computed_from_inputs")) {
        uint8_t digest[HASH_BYTES], signature[DSTACK_SIGNATURE_BYTES];
        assert_ok(dstack_purpose_digest(
                *state, digest, check_text_of(row, "purpose"), bytes_of(*state, row, "public_key")));
        assert_slice(deputy_slice_bytes(digest, sizeof digest), bytes_of(*state, row, "keccak256"));
        assert_ok(secp256k1_sign_recoverable(signature, digest, app_key.ptr));
        assert_slice(
                deputy_slice_bytes(signature, sizeof signature), bytes_of(*state, row, "signature_rfc6979"));
    }
}

/* HKDF-SHA256, salt "RATLS", info app id and "app-key", over a key of 32 bytes 01; by Python's hmac. */
static void app_key_is_derived_from_the_kms_key(void **state)
{
    uint8_t kms[DSTACK_KEY_BYTES], app_id[DSTACK_APP_ID_BYTES], key[DSTACK_KEY_BYTES];
    (void)state;
    memset(kms, 1, sizeof kms);
    memset(app_id, 2, sizeof app_id);
    assert_ok(dstack_app_key(key, kms, app_id));
    assert_hex(key, sizeof key, "ad40cff75bf3b7a46cd9c5e15ab0d94b5a8d5ec2700d69bbb956a75bfc6e4b1f");
}

static void kms_key_of_the_reference_issued_the_simulators_app_key(void **state)
{
    const struct json_value *vector = known(*state, "get_key");
    const struct json_value *asserted = json_member(vector, "asserted");
    struct deputy_slice app_key = bytes_of(*state, vector, "k256_app_key");
    struct deputy_slice app_id = bytes_of(*state, vector, "app_id");
    uint8_t app[DSTACK_ROOT_BYTES], kms[DSTACK_ROOT_BYTES], digest[HASH_BYTES];
    assert_ok(dstack_public_key(app, DSTACK_SECP256K1, app_key.ptr));
    assert_slice(deputy_slice_bytes(app, sizeof app), bytes_of(*state, asserted, "app_public_key"));
    dstack_issue_digest(digest, app_id.ptr, app);
    assert_slice(
            deputy_slice_bytes(digest, sizeof digest), bytes_of(*state, vector, "kms_message_keccak256"));
    assert_ok(dstack_recover(kms, digest, bytes_of(*state, vector, "k256_signature")));
    assert_slice(deputy_slice_bytes(kms, sizeof kms), bytes_of(*state, asserted, "kms_public_key"));
}

/* ---- the chain ---- */

struct chain {
    struct deputy_slice root;
    struct dstack_claim claim;
};

static struct chain honest(struct deputy_arena *arena)
{
    const struct json_value *vector = known(arena, "get_key");
    const struct json_value *row = json_member(vector, "computed_from_inputs")->first;
    struct chain chain = {bytes_of(arena, json_member(vector, "asserted"), "kms_public_key"),
            {DSTACK_SECP256K1, bytes_of(arena, row, "public_key"), check_text_of(row, "purpose"),
                    bytes_of(arena, vector, "app_id"), bytes_of(arena, row, "signature_rfc6979"),
                    bytes_of(arena, vector, "k256_signature")}};
    return chain;
}

static enum deputy_error verify(void **state, const struct chain *chain)
{
    struct dstack_roots roots = {&chain->root, 1};
    return dstack_claim_verify(*state, &chain->claim, &roots);
}

static struct deputy_slice with_byte(
        struct deputy_arena *arena, struct deputy_slice bytes, size_t at, uint8_t value)
{
    struct deputy_slice head = deputy_slice_bytes(bytes.ptr, at);
    struct deputy_slice tail = deputy_slice_bytes(bytes.ptr + at + 1, bytes.len - at - 1);
    return joined(arena, joined(arena, head, deputy_slice_bytes(&value, 1)), tail);
}

static void chain_to_a_pinned_key_is_accepted(void **state)
{
    struct chain chain = honest(*state);
    assert_ok(verify(state, &chain));
    struct deputy_slice several[] = {chain.claim.public_key, chain.root};
    struct dstack_roots roots = {several, 2};
    assert_ok(dstack_claim_verify(*state, &chain.claim, &roots));
}

static void recovery_ids_from_27_on_mean_the_same(void **state)
{
    struct chain chain = honest(*state);
    struct deputy_slice *signatures[] = {&chain.claim.app_signature, &chain.claim.kms_signature};
    for (size_t i = 0; i < 2; i++)
        *signatures[i] = with_byte(*state, *signatures[i], 64, (uint8_t)(27 + signatures[i]->ptr[64]));
    assert_ok(verify(state, &chain));
    chain.claim.kms_signature = with_byte(*state, chain.claim.kms_signature, 64, 31);
    assert_int_equal(verify(state, &chain), DEPUTY_E_KEYS_CHAIN);
    chain.claim.kms_signature = with_byte(*state, chain.claim.kms_signature, 64, 4);
    assert_int_equal(verify(state, &chain), DEPUTY_E_KEYS_CHAIN);
}

/* Every signature recovers to something: only the pin tells. */
static void each_changed_byte_of_the_chain_is_refused(void **state)
{
    struct chain chain = honest(*state);
    struct deputy_slice *fields[] = {&chain.claim.app_signature, &chain.claim.kms_signature,
            &chain.claim.public_key, &chain.claim.app_id, &chain.root};
    for (size_t f = 0; f < sizeof fields / sizeof fields[0]; f++) {
        struct deputy_slice whole = *fields[f];
        for (size_t i = 0; i < whole.len; i++) {
            *fields[f] = with_byte(*state, whole, i, whole.ptr[i] ^ 1);
            assert_int_equal(verify(state, &chain), DEPUTY_E_KEYS_CHAIN);
        }
        *fields[f] = whole;
    }
    assert_ok(verify(state, &chain));
}

static void chain_that_an_attacker_made_recovers_but_is_refused(void **state)
{
    struct chain chain = honest(*state);
    uint8_t secret[DSTACK_KEY_BYTES], app[DSTACK_ROOT_BYTES], digest[HASH_BYTES];
    uint8_t first[DSTACK_SIGNATURE_BYTES], second[DSTACK_SIGNATURE_BYTES];
    memset(secret, 7, sizeof secret);
    assert_ok(dstack_public_key(app, DSTACK_SECP256K1, secret));
    assert_ok(dstack_purpose_digest(*state, digest, chain.claim.purpose, chain.claim.public_key));
    assert_ok(secp256k1_sign_recoverable(first, digest, secret));
    dstack_issue_digest(digest, chain.claim.app_id.ptr, app);
    assert_ok(secp256k1_sign_recoverable(second, digest, secret));
    chain.claim.app_signature = deputy_slice_bytes(first, sizeof first);
    chain.claim.kms_signature = deputy_slice_bytes(second, sizeof second);
    assert_int_equal(verify(state, &chain), DEPUTY_E_KEYS_CHAIN);
    chain.root = deputy_slice_bytes(app, sizeof app);
    assert_ok(verify(state, &chain));
}

static void chain_for_another_purpose_is_refused(void **state)
{
    struct chain chain = honest(*state);
    chain.claim.purpose = T("test-purposes");
    assert_int_equal(verify(state, &chain), DEPUTY_E_KEYS_CHAIN);
}

/* A purpose may hold a colon; the key behind it is of fixed length, so it cannot be moved. */
static void purpose_with_a_colon_is_of_its_own(void **state)
{
    uint8_t one[HASH_BYTES], other[HASH_BYTES];
    struct chain chain = honest(*state);
    assert_ok(dstack_purpose_digest(*state, one, T("a:"), chain.claim.public_key));
    assert_ok(dstack_purpose_digest(*state, other, T("a"), chain.claim.public_key));
    assert_memory_not_equal(one, other, HASH_BYTES);
}

static void chain_without_a_kms_signature_proves_nothing(void **state)
{
    struct chain chain = honest(*state);
    chain.claim.kms_signature = T("");
    assert_int_equal(verify(state, &chain), DEPUTY_E_KEYS_CHAIN);
    chain.claim.kms_signature = (struct deputy_slice){0};
    assert_int_equal(verify(state, &chain), DEPUTY_E_KEYS_CHAIN);
}

static void chain_without_pins_is_refused(void **state)
{
    struct chain chain = honest(*state);
    struct dstack_roots none = {NULL, 0};
    assert_int_equal(dstack_claim_verify(*state, &chain.claim, &none), DEPUTY_E_KEYS_CHAIN);
}

static void fields_of_another_length_are_refused(void **state)
{
    struct chain chain = honest(*state);
    struct deputy_slice *fields[] = {&chain.claim.public_key, &chain.claim.app_id, &chain.claim.app_signature,
            &chain.claim.kms_signature, &chain.root};
    for (size_t f = 0; f < sizeof fields / sizeof fields[0]; f++) {
        struct deputy_slice whole = *fields[f];
        fields[f]->len--;
        assert_int_equal(verify(state, &chain), DEPUTY_E_KEYS_CHAIN);
        *fields[f] = joined(*state, whole, T("\x01"));
        assert_int_equal(verify(state, &chain), DEPUTY_E_KEYS_CHAIN);
        *fields[f] = whole;
    }
}

static void key_of_one_algorithm_is_none_of_the_other(void **state)
{
    struct chain chain = honest(*state);
    chain.claim.algorithm = DSTACK_ED25519;
    assert_int_equal(verify(state, &chain), DEPUTY_E_KEYS_CHAIN);
}

/* ---- report_data ---- */

static void report_data_of_app_keys_is_the_known_answer(void **state)
{
    size_t count = 0;
    JSON_EACH (row, known(*state, "app_key_report_data")) {
        enum dstack_algorithm algorithm =
                json_text_is(json_member(row, "algorithm"), "ed25519") ? DSTACK_ED25519 : DSTACK_SECP256K1;
        uint8_t key[DSTACK_KEY_BYTES], public_key[DSTACK_ROOT_BYTES], made[REPORT_DATA_BYTES];
        uint8_t expected[REPORT_DATA_BYTES] = {0};
        struct deputy_slice text = check_text_of(row, "report_data_ascii");
        assert_ok(
                dstack_path_key(key, bytes_of(*state, row, "k256_app_key").ptr, check_text_of(row, "path")));
        assert_slice(deputy_slice_bytes(key, sizeof key), bytes_of(*state, row, "derived_key"));
        assert_ok(dstack_public_key(public_key, algorithm, key));
        assert_ok(report_data_app_key(
                made, *state, algorithm, deputy_slice_bytes(public_key, dstack_public_bytes(algorithm))));
        memcpy(expected, text.ptr, text.len);
        assert_memory_equal(made, expected, sizeof made);
        count++;
    }
    assert_int_equal(count, 2);
}

static void report_data_of_a_key_of_another_length_is_refused(void **state)
{
    uint8_t made[REPORT_DATA_BYTES];
    uint8_t key[DSTACK_ROOT_BYTES] = {2};
    assert_int_equal(
            report_data_app_key(made, *state, DSTACK_ED25519, deputy_slice_bytes(key, 33)), DEPUTY_E_KEY);
    assert_int_equal(
            report_data_app_key(made, *state, DSTACK_SECP256K1, deputy_slice_bytes(key, 32)), DEPUTY_E_KEY);
}

/* The worked example of spec/08 section 2.2. */
static void report_data_of_a_tag_is_the_worked_example(void **state)
{
    uint8_t made[REPORT_DATA_BYTES];
    (void)state;
    report_data_tagged(made, T("tinycloud-tee-backend/v1"),
            T("{\"aud\":\"https://"
              "app.example\",\"did\":\"did:pkh:eip155:1:0xF39Fd6e51aad88F6F4ce6aB8827279cffFb92266\","
              "\"exp\":1785600300,\"iat\":1785600000,\"key\":\"did:key:"
              "z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw\","
              "\"nonce\":\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\",\"v\":1}"));
    assert_hex(made, sizeof made,
            "a6a8261a6a500a2699f6f93d3c75270cdaba0d95c0fc93848088ea572c98972f22abfb3f8d0853403a7913408e6bec25"
            "c293c26417aa3c382ec68585a5f88cef");
}

/* ---- the environment's key ---- */

struct env {
    struct dstack_env_key key;
    struct deputy_slice root;
};

static struct env honest_env(struct deputy_arena *arena)
{
    const struct json_value *row = known(arena, "env_encrypt_pubkey_legacy");
    return (struct env){{.public_key = bytes_of(arena, row, "public_key"),
                                .app_id = bytes_of(arena, row, "app_id"),
                                .signature = bytes_of(arena, row, "signature")},
            bytes_of(arena, row, "signer")};
}

static enum deputy_error env_verify(const struct env *env, int64_t now)
{
    struct dstack_roots roots = {&env->root, 1};
    return dstack_env_key_verify(&env->key, &roots, now);
}

static void env_key_without_a_stamp_is_the_known_answer(void **state)
{
    struct env env = honest_env(*state);
    assert_ok(env_verify(&env, 0));
    struct deputy_slice *fields[] = {&env.key.public_key, &env.key.app_id, &env.key.signature, &env.root};
    for (size_t f = 0; f < 4; f++) {
        struct deputy_slice whole = *fields[f];
        *fields[f] = with_byte(*state, whole, 3, whole.ptr[3] ^ 1);
        assert_int_equal(env_verify(&env, 0), DEPUTY_E_KEYS_CHAIN);
        fields[f]->len--;
        assert_int_equal(env_verify(&env, 0), DEPUTY_E_KEYS_CHAIN);
        *fields[f] = whole;
    }
    env.key.stamped = true;
    assert_int_equal(env_verify(&env, 0), DEPUTY_E_KEYS_CHAIN);
}

static void env_key_with_a_stamp_holds_for_its_time(void **state)
{
    enum { AT = 1785600000 };
    uint8_t secret[DSTACK_KEY_BYTES], root[DSTACK_ROOT_BYTES], digest[HASH_BYTES];
    uint8_t signature[DSTACK_SIGNATURE_BYTES];
    struct env env = honest_env(*state);
    memset(secret, 9, sizeof secret);
    const struct deputy_slice parts[] = {T("dstack-env-encrypt-pubkey:"), env.key.app_id,
            check_hex(*state, "000000006a6e1800"), env.key.public_key};
    keccak256_parts(digest, parts, 4);
    assert_ok(secp256k1_sign_recoverable(signature, digest, secret));
    assert_ok(dstack_public_key(root, DSTACK_SECP256K1, secret));
    env.root = deputy_slice_bytes(root, sizeof root);
    env.key.signature = deputy_slice_bytes(signature, sizeof signature);
    env.key.stamped = true;
    env.key.stamped_at = AT;
    assert_ok(env_verify(&env, AT + 300));
    assert_int_equal(env_verify(&env, AT + 301), DEPUTY_E_KEYS_CHAIN);
    assert_ok(env_verify(&env, AT - 60));
    assert_int_equal(env_verify(&env, AT - 61), DEPUTY_E_KEYS_CHAIN);
    env.key.stamped_at = AT + 1;
    assert_int_equal(env_verify(&env, AT), DEPUTY_E_KEYS_CHAIN);
    env.key.stamped_at = INT64_MIN;
    assert_int_equal(env_verify(&env, AT), DEPUTY_E_KEYS_CHAIN);
    env.key.stamped = false;
    assert_int_equal(env_verify(&env, AT), DEPUTY_E_KEYS_CHAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(keys_of_paths_are_the_known_answers),
            ARENA_TEST(purpose_digests_and_signatures_are_the_known_answers),
            ARENA_TEST(app_key_is_derived_from_the_kms_key),
            ARENA_TEST(kms_key_of_the_reference_issued_the_simulators_app_key),
            ARENA_TEST(chain_to_a_pinned_key_is_accepted),
            ARENA_TEST(recovery_ids_from_27_on_mean_the_same),
            ARENA_TEST(each_changed_byte_of_the_chain_is_refused),
            ARENA_TEST(chain_that_an_attacker_made_recovers_but_is_refused),
            ARENA_TEST(chain_for_another_purpose_is_refused),
            ARENA_TEST(purpose_with_a_colon_is_of_its_own),
            ARENA_TEST(chain_without_a_kms_signature_proves_nothing),
            ARENA_TEST(chain_without_pins_is_refused),
            ARENA_TEST(fields_of_another_length_are_refused),
            ARENA_TEST(key_of_one_algorithm_is_none_of_the_other),
            ARENA_TEST(report_data_of_app_keys_is_the_known_answer),
            ARENA_TEST(report_data_of_a_key_of_another_length_is_refused),
            ARENA_TEST(report_data_of_a_tag_is_the_worked_example),
            ARENA_TEST(env_key_without_a_stamp_is_the_known_answer),
            ARENA_TEST(env_key_with_a_stamp_holds_for_its_time),
    };
    return cmocka_run_group_tests_name("attest.dstack_key", tests, NULL, NULL);
}
