/*
 * Project Wycheproof's cases against our primitives (tests/data/README.md). Each case must end as the file
 * says, except where our rule is stricter on purpose:
 *
 *   secp256k1   valid with high S                refused: one signature has one form (spec/01, BIP 62, EIP-2)
 *   x25519      acceptable with a secret of 0    refused: it is no secret (spec/04 section 3.3)
 *   x25519      acceptable with another oddity   accepted: the result is the one of RFC 7748
 *
 * Cases that an interface cannot express (a 63-byte signature where it takes 64) are counted as not replayed
 * and must be invalid there, or belong to a group with other sizes than ours.
 */
#include "base/arena.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/rsa.h"
#include "crypto/sign.h"
#include "crypto/x25519.h"
#include "support/hex.h"
#include <jansson.h>

struct tally {
    unsigned replayed;
    unsigned accepted;
    unsigned inexpressible;
    unsigned stricter;
};

struct replay {
    struct deputy_arena *arena;
    json_t *group;
    json_t *test;
    bool valid;
    bool acceptable; /* with x25519 alone: either end is right */
    struct tally tally;
};

typedef void replay_test(struct replay *replay);

static struct deputy_slice bytes_of(struct replay *replay, const char *name)
{
    return check_hex(replay->arena, json_string_value(json_object_get(replay->test, name)));
}

static struct deputy_slice group_key(struct replay *replay, const char *name)
{
    json_t *key = json_object_get(replay->group, "publicKey");
    return check_hex(replay->arena, json_string_value(json_object_get(key, name)));
}

static void case_ends(struct replay *replay, bool accepted, bool expected)
{
    replay->tally.replayed++;
    replay->tally.accepted += accepted;
    if (accepted != expected)
        fail_msg("case %lld: %s", (long long)json_integer_value(json_object_get(replay->test, "tcId")),
                accepted ? "accepted" : "refused");
}

/* A signature of another length than ours: no such call can be made, and the file must call it invalid. */
static bool inexpressible(struct replay *replay, struct deputy_slice signature, size_t len)
{
    if (signature.len == len)
        return false;
    assert_false(replay->valid);
    replay->tally.inexpressible++;
    return true;
}

static struct tally replay_file(const char *name, replay_test *run)
{
    struct replay replay = {.arena = check_arena()};
    struct deputy_slice text = check_data(replay.arena, name);
    json_error_t error;
    json_t *root = json_loadb((const char *)text.ptr, text.len, 0, &error);
    assert_non_null(root);
    size_t group_index, test_index;
    json_array_foreach(json_object_get(root, "testGroups"), group_index, replay.group)
    {
        json_array_foreach(json_object_get(replay.group, "tests"), test_index, replay.test)
        {
            const char *result = json_string_value(json_object_get(replay.test, "result"));
            replay.valid = strcmp(result, "valid") == 0;
            replay.acceptable = strcmp(result, "acceptable") == 0;
            assert_true(replay.valid || replay.acceptable || strcmp(result, "invalid") == 0);
            run(&replay);
        }
    }
    json_decref(root);
    deputy_arena_destroy(replay.arena);
    return replay.tally;
}

static void tally_is(struct tally tally, struct tally expected)
{
    assert_int_equal(tally.replayed, expected.replayed);
    assert_int_equal(tally.accepted, expected.accepted);
    assert_int_equal(tally.inexpressible, expected.inexpressible);
    assert_int_equal(tally.stricter, expected.stricter);
}

static void run_ed25519(struct replay *replay)
{
    struct deputy_slice signature = bytes_of(replay, "sig");
    struct deputy_slice key = group_key(replay, "pk");
    if (inexpressible(replay, signature, ED25519_SIGNATURE_BYTES))
        return;
    assert_int_equal(key.len, ED25519_PUBLIC_BYTES);
    enum deputy_error result = ed25519_verify(key.ptr, bytes_of(replay, "msg"), signature.ptr);
    case_ends(replay, result == DEPUTY_OK, replay->valid);
}

/* S > n / 2 of secp256k1. */
static bool s_is_high(struct deputy_slice signature)
{
    static const uint8_t half[32] = {0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
            0xff, 0xff, 0xff, 0xff, 0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46,
            0x68, 0x1b, 0x20, 0xa0};
    return memcmp(signature.ptr + 32, half, sizeof half) > 0;
}

/* Whether some recovery id gives the key back. */
static bool recovers(const uint8_t public_xy[64], struct deputy_slice message, struct deputy_slice signature)
{
    uint8_t recoverable[SECP256K1_RECOVERABLE_BYTES];
    uint8_t digest[HASH_BYTES];
    uint8_t recovered[64];
    sha256(digest, message);
    memcpy(recoverable, signature.ptr, EC_SIGNATURE_BYTES);
    for (uint8_t id = 0; id < 4; id++) {
        recoverable[64] = id;
        if (secp256k1_recover(recovered, digest, recoverable) == DEPUTY_OK &&
                memcmp(recovered, public_xy, 64) == 0)
            return true;
    }
    return false;
}

static void run_secp256k1(struct replay *replay)
{
    struct deputy_slice signature = bytes_of(replay, "sig");
    struct deputy_slice message = bytes_of(replay, "msg");
    const uint8_t *public_xy = group_key(replay, "uncompressed").ptr + 1;
    uint8_t key[EC_PUBLIC_BYTES];
    if (inexpressible(replay, signature, EC_SIGNATURE_BYTES))
        return;
    bool stricter = replay->valid && s_is_high(signature);
    replay->tally.stricter += stricter;
    assert_ok(secp256k1_compress(key, public_xy));
    bool verified = secp256k1_verify(key, message, signature.ptr) == DEPUTY_OK;
    case_ends(replay, verified, replay->valid && !stricter);
    assert_int_equal(recovers(public_xy, message, signature), verified);
}

static void run_p256(struct replay *replay)
{
    struct deputy_slice signature = bytes_of(replay, "sig");
    uint8_t key[EC_PUBLIC_BYTES];
    if (inexpressible(replay, signature, EC_SIGNATURE_BYTES))
        return;
    assert_ok(p256_compress(key, group_key(replay, "uncompressed").ptr + 1));
    enum deputy_error result = p256_verify(key, bytes_of(replay, "msg"), signature.ptr);
    case_ends(replay, result == DEPUTY_OK, replay->valid);
}

static void run_p384(struct replay *replay)
{
    struct deputy_slice signature = bytes_of(replay, "sig");
    if (inexpressible(replay, signature, P384_SIGNATURE_BYTES))
        return;
    const uint8_t *point = group_key(replay, "uncompressed").ptr + 1;
    enum deputy_error result = p384_verify_point(point, bytes_of(replay, "msg"), signature.ptr);
    case_ends(replay, result == DEPUTY_OK, replay->valid);
}

/* Without the zero that makes the number positive in DER. */
static struct deputy_slice magnitude(struct deputy_slice number)
{
    return number.ptr[0] == 0 ? deputy_slice_bytes(number.ptr + 1, number.len - 1) : number;
}

static void run_pss(struct replay *replay)
{
    struct deputy_slice modulus = magnitude(group_key(replay, "modulus"));
    struct deputy_slice exponent = magnitude(group_key(replay, "publicExponent"));
    enum deputy_error result =
            rsa_pss_sha384_verify(modulus, exponent, bytes_of(replay, "msg"), bytes_of(replay, "sig"));
    case_ends(replay, result == DEPUTY_OK, replay->valid);
}

static bool group_size_is(struct replay *replay, const char *name, size_t bytes)
{
    return json_integer_value(json_object_get(replay->group, name)) == (json_int_t)(8 * bytes);
}

static struct deputy_slice joined(struct deputy_arena *arena, struct deputy_slice a, struct deputy_slice b)
{
    uint8_t *bytes = test_malloc(a.len + b.len + 1);
    memcpy(bytes, a.ptr, a.len);
    memcpy(bytes + a.len, b.ptr, b.len);
    struct deputy_slice copy;
    assert_ok(arena_copy(arena, &copy, deputy_slice_bytes(bytes, a.len + b.len)));
    test_free(bytes);
    return copy;
}

static void run_aes_gcm(struct replay *replay)
{
    if (!group_size_is(replay, "keySize", AEAD_KEY_BYTES) ||
            !group_size_is(replay, "ivSize", AEAD_NONCE_BYTES) ||
            !group_size_is(replay, "tagSize", AEAD_TAG_BYTES)) {
        replay->tally.inexpressible++;
        return;
    }
    const uint8_t *key = bytes_of(replay, "key").ptr;
    const uint8_t *nonce = bytes_of(replay, "iv").ptr;
    struct deputy_slice associated = bytes_of(replay, "aad");
    struct deputy_slice message = bytes_of(replay, "msg");
    struct deputy_slice sealed = joined(replay->arena, bytes_of(replay, "ct"), bytes_of(replay, "tag"));
    uint8_t *out = test_malloc(sealed.len);
    enum deputy_error result = aes256gcm_open(out, key, nonce, associated, sealed);
    case_ends(replay, result == DEPUTY_OK, replay->valid);
    if (replay->valid)
        assert_slice(deputy_slice_bytes(out, message.len), message);
    assert_ok(aes256gcm_seal(out, key, nonce, associated, message));
    assert_int_equal(deputy_slice_equal(deputy_slice_bytes(out, sealed.len), sealed), replay->valid);
    test_free(out);
}

static void run_hkdf(struct replay *replay)
{
    size_t size = (size_t)json_integer_value(json_object_get(replay->test, "size"));
    struct deputy_slice expected = bytes_of(replay, "okm");
    uint8_t *out = test_malloc(size + 1);
    enum deputy_error result = hkdf_sha256(
            out, size, bytes_of(replay, "ikm"), bytes_of(replay, "salt"), bytes_of(replay, "info"));
    case_ends(replay, result == DEPUTY_OK, replay->valid);
    if (replay->valid)
        assert_slice(deputy_slice_bytes(out, size), expected);
    test_free(out);
}

static void run_x25519(struct replay *replay)
{
    static const uint8_t zero[X25519_BYTES];
    uint8_t shared[X25519_BYTES], out[X25519_BYTES];
    struct deputy_slice secret = bytes_of(replay, "private"), peer = bytes_of(replay, "public");
    struct deputy_slice expected = bytes_of(replay, "shared");
    assert_int_equal(secret.len, X25519_BYTES);
    assert_int_equal(peer.len, X25519_BYTES);
    memcpy(shared, expected.ptr, sizeof shared);
    bool no_secret = memcmp(shared, zero, sizeof zero) == 0;
    assert_true(replay->valid || replay->acceptable);
    assert_false(replay->valid && no_secret);
    replay->tally.stricter += no_secret;
    bool accepted = x25519_shared(out, secret.ptr, peer.ptr) == DEPUTY_OK;
    case_ends(replay, accepted, !no_secret);
    if (accepted)
        assert_memory_equal(out, shared, sizeof shared);
}

static void ed25519_ends_every_case_as_wycheproof_says(void **state)
{
    (void)state;
    tally_is(replay_file("wycheproof/ed25519_test.json", run_ed25519), (struct tally){139, 88, 12, 0});
}

static void secp256k1_refuses_high_s_and_else_ends_every_case_as_wycheproof_says(void **state)
{
    (void)state;
    tally_is(replay_file("wycheproof/ecdsa_secp256k1_sha256_p1363_test.json", run_secp256k1),
            (struct tally){234, 95, 18, 72});
}

static void p256_ends_every_case_as_wycheproof_says(void **state)
{
    (void)state;
    tally_is(replay_file("wycheproof/ecdsa_secp256r1_sha256_p1363_test.json", run_p256),
            (struct tally){241, 173, 21, 0});
}

static void p384_ends_every_case_as_wycheproof_says(void **state)
{
    (void)state;
    tally_is(replay_file("wycheproof/ecdsa_secp384r1_sha384_p1363_test.json", run_p384),
            (struct tally){261, 193, 19, 0});
}

static void rsa_pss_ends_every_case_as_wycheproof_says(void **state)
{
    (void)state;
    tally_is(replay_file("wycheproof/rsa_pss_4096_sha384_mgf1_48_test.json", run_pss),
            (struct tally){141, 95, 0, 0});
}

static void aes256gcm_ends_every_case_as_wycheproof_says(void **state)
{
    (void)state;
    tally_is(replay_file("wycheproof/aes_gcm_test.json", run_aes_gcm), (struct tally){66, 39, 250, 0});
}

static void hkdf_ends_every_case_as_wycheproof_says(void **state)
{
    (void)state;
    tally_is(replay_file("wycheproof/hkdf_sha256_test.json", run_hkdf), (struct tally){86, 83, 0, 0});
}

static void x25519_refuses_a_secret_of_zeros_and_else_ends_every_case_as_wycheproof_says(void **state)
{
    (void)state;
    tally_is(replay_file("wycheproof/x25519_test.json", run_x25519), (struct tally){518, 487, 0, 31});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(ed25519_ends_every_case_as_wycheproof_says),
            cmocka_unit_test(secp256k1_refuses_high_s_and_else_ends_every_case_as_wycheproof_says),
            cmocka_unit_test(p256_ends_every_case_as_wycheproof_says),
            cmocka_unit_test(p384_ends_every_case_as_wycheproof_says),
            cmocka_unit_test(rsa_pss_ends_every_case_as_wycheproof_says),
            cmocka_unit_test(aes256gcm_ends_every_case_as_wycheproof_says),
            cmocka_unit_test(hkdf_ends_every_case_as_wycheproof_says),
            cmocka_unit_test(x25519_refuses_a_secret_of_zeros_and_else_ends_every_case_as_wycheproof_says),
    };
    return cmocka_run_group_tests_name("crypto.wycheproof", tests, NULL, NULL);
}
