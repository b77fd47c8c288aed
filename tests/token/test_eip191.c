#include "base/arena.h"
#include "support/edit.h"
#include "support/vectors.h"
#include <deputy/did.h>
#include <deputy/key.h>
#include <deputy/siwe.h>

enum { V = 64 };

static const char MESSAGE[] = "a message";

/* The order of the group of secp256k1, big-endian. */
static const uint8_t ORDER[32] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0,
        0x36, 0x41, 0x41};

/* A key, its address, and its signature over MESSAGE. */
struct signer {
    uint8_t address[20];
    uint8_t signature[65];
};

static struct signer signer_of(uint8_t secret_number)
{
    struct signer signer;
    struct deputy_key *key = NULL;
    const uint8_t secret[32] = {[31] = secret_number};
    assert_ok(deputy_key_import(&key, DEPUTY_KEY_SECP256K1, secret));
    assert_ok(deputy_key_address(signer.address, key));
    assert_ok(deputy_key_sign_eip191(signer.signature, key, T(MESSAGE)));
    deputy_key_destroy(key);
    return signer;
}

static enum deputy_error verify(const struct signer *signer)
{
    return deputy_eip191_verify(T(MESSAGE), signer->signature, signer->address);
}

static void recorded_digests_and_signatures_agree(void **state)
{
    JSON_EACH (vector, check_vectors(*state, "tokens.json", "eip191")) {
        uint8_t digest[32], address[20];
        struct deputy_slice message = check_text_of(vector, "message");
        struct deputy_slice signature = unhex(*state, check_text_of(vector, "signatureHex"));
        struct deputy_slice recovered = check_optional_text_of(vector, "recovered");
        assert_int_equal(signature.len, 65);
        if (!deputy_slice_present(recovered)) {
            struct deputy_slice rest = message;
            while (rest.len > 42 && memcmp(rest.ptr, "\n0x", 3) != 0)
                rest = deputy_slice_bytes(rest.ptr + 1, rest.len - 1);
            assert_ok(deputy_address_parse(address, deputy_slice_bytes(rest.ptr + 1, 42)));
            assert_int_equal(deputy_eip191_verify(message, signature.ptr, address), DEPUTY_E_SIGNATURE);
            continue;
        }
        deputy_eip191_digest(digest, message);
        assert_slice(deputy_slice_bytes(digest, 32), unhex(*state, check_text_of(vector, "eip191HashHex")));
        assert_ok(deputy_address_parse(address, recovered));
        assert_ok(deputy_eip191_verify(message, signature.ptr, address));
    }
}

static void signature_is_that_of_rfc_6979_with_v_27_or_28(void **state)
{
    const struct json_value *vector = check_vectors(*state, "tokens.json", "cacao")->first;
    struct deputy_slice secret = unhex(*state, check_text_of(vector, "ownerPrivateKeyHex"));
    struct deputy_slice message = check_text_of(vector, "siweMessage");
    struct deputy_key *key = NULL;
    uint8_t signature[65], digest[32];
    assert_int_equal(message.len, 942);
    deputy_eip191_digest(digest, message);
    assert_slice(deputy_slice_bytes(digest, 32),
            unhex(*state, T("9d68fa141e405334bf326482fef420b220914b9436b8342a3a71de606d7fb854")));
    assert_ok(deputy_key_import(&key, DEPUTY_KEY_SECP256K1, secret.ptr));
    assert_ok(deputy_key_sign_eip191(signature, key, message));
    assert_slice(deputy_slice_bytes(signature, 65), unhex(*state, check_text_of(vector, "signatureHex")));
    deputy_key_destroy(key);
}

static void many_keys_sign_what_their_address_verifies(void **state)
{
    unsigned seen[2] = {0};
    (void)state;
    for (uint8_t secret = 1; secret < 40; secret++) {
        struct signer signer = signer_of(secret);
        assert_ok(verify(&signer));
        assert_in_range(signer.signature[V], 27, 28);
        seen[signer.signature[V] - 27]++;
    }
    assert_true(seen[0] > 0 && seen[1] > 0);
}

static void v_counts_modulo_27(void **state)
{
    (void)state;
    struct signer signer = signer_of(1);
    uint8_t recovery_id = (uint8_t)(signer.signature[V] - 27);
    for (unsigned v = 0; v < 256; v++) {
        signer.signature[V] = (uint8_t)v;
        assert_int_equal(verify(&signer), v % 27 == recovery_id ? DEPUTY_OK : DEPUTY_E_SIGNATURE);
    }
}

static void wrong_message_address_or_signature_is_refused(void **state)
{
    (void)state;
    struct signer signer = signer_of(1), other = signer_of(2);
    assert_int_equal(
            deputy_eip191_verify(T("a massage"), signer.signature, signer.address), DEPUTY_E_SIGNATURE);
    assert_int_equal(deputy_eip191_verify(T(MESSAGE), signer.signature, other.address), DEPUTY_E_SIGNATURE);
    assert_int_equal(deputy_eip191_verify(T(MESSAGE), other.signature, signer.address), DEPUTY_E_SIGNATURE);
    for (size_t i = 0; i < 65; i++) {
        struct signer changed = signer;
        changed.signature[i] ^= 1;
        assert_int_equal(verify(&changed), DEPUTY_E_SIGNATURE);
    }
}

/* The other signature of the same message by the same key: n - s, and the recovery id's lowest bit flipped.
 */
static struct signer mirrored(struct signer signer)
{
    int borrow = 0;
    for (int i = 31; i >= 0; i--) {
        int difference = ORDER[i] - signer.signature[32 + i] - borrow;
        borrow = difference < 0;
        signer.signature[32 + i] = (uint8_t)(difference & 0xff);
    }
    signer.signature[V] = (uint8_t)(27 + (28 - signer.signature[V]));
    return signer;
}

static void D79b_high_s_is_refused(void **state)
{
    (void)state;
    struct signer signer = signer_of(1);
    struct signer high = mirrored(signer), back = mirrored(high);
    assert_int_equal(verify(&high), DEPUTY_E_SIGNATURE);
    assert_ok(verify(&back));
}

static void r_and_s_outside_the_group_are_refused(void **state)
{
    (void)state;
    for (size_t half = 0; half < 2; half++) {
        struct signer zero = signer_of(1), order = signer_of(1);
        memset(zero.signature + 32 * half, 0, 32);
        memcpy(order.signature + 32 * half, ORDER, 32);
        assert_int_equal(verify(&zero), DEPUTY_E_SIGNATURE);
        assert_int_equal(verify(&order), DEPUTY_E_SIGNATURE);
    }
}

static void length_in_the_prefix_counts_bytes(void **state)
{
    uint8_t empty[32], text[32], accented[32];
    deputy_eip191_digest(empty, (struct deputy_slice){0});
    assert_slice(deputy_slice_bytes(empty, 32),
            unhex(*state, T("5f35dce98ba4fba25530a026ed80b2cecdaa31091ba4958b99b52ea1d068adad")));
    deputy_eip191_digest(text, T("hello world"));
    assert_slice(deputy_slice_bytes(text, 32),
            unhex(*state, T("d9eba16ed0ecae432b71fe008c98cc872bb4cc214d3220a36f365326cf807d68")));
    deputy_eip191_digest(accented, T("é"));
    assert_slice(deputy_slice_bytes(accented, 32),
            unhex(*state, T("ba8cc708d7c0ceccba0ed21ddc61b53a0db963cffb45659d761ff24f520f0a99")));
}

static void key_of_another_kind_does_not_sign(void **state)
{
    static const enum deputy_key_kind kinds[] = {DEPUTY_KEY_ED25519, DEPUTY_KEY_P256};
    const uint8_t secret[32] = {[31] = 1};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct deputy_key *key = NULL;
        uint8_t signature[65];
        assert_ok(deputy_key_import(&key, kinds[i], secret));
        assert_int_equal(deputy_key_sign_eip191(signature, key, T(MESSAGE)), DEPUTY_E_KEY);
        deputy_key_destroy(key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(recorded_digests_and_signatures_agree),
            ARENA_TEST(signature_is_that_of_rfc_6979_with_v_27_or_28),
            cmocka_unit_test(many_keys_sign_what_their_address_verifies),
            cmocka_unit_test(v_counts_modulo_27),
            cmocka_unit_test(wrong_message_address_or_signature_is_refused),
            cmocka_unit_test(D79b_high_s_is_refused),
            cmocka_unit_test(r_and_s_outside_the_group_are_refused),
            ARENA_TEST(length_in_the_prefix_counts_bytes),
            cmocka_unit_test(key_of_another_kind_does_not_sign),
    };
    return cmocka_run_group_tests_name("token.eip191", tests, NULL, NULL);
}
