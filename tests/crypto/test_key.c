#include "crypto/key.h"
#include "crypto/sign.h"
#include "support/check.h"

static const uint8_t SECRET[32] = {[0] = 0x11, [31] = 0x22};

static struct deputy_key *import(enum deputy_key_kind kind)
{
    struct deputy_key *key = NULL;
    assert_ok(deputy_key_import(&key, kind, SECRET));
    return key;
}

static void every_kind_signs_what_its_public_key_verifies(void **state)
{
    (void)state;
    uint8_t signature[64];
    struct deputy_key *ed25519 = import(DEPUTY_KEY_ED25519);
    struct deputy_key *secp256k1 = import(DEPUTY_KEY_SECP256K1);
    struct deputy_key *p256 = import(DEPUTY_KEY_P256);
    assert_ok(deputy_key_sign(signature, ed25519, T("message")));
    assert_ok(ed25519_verify(deputy_key_public(ed25519).ptr, T("message"), signature));
    assert_ok(deputy_key_sign(signature, secp256k1, T("message")));
    assert_ok(secp256k1_verify(deputy_key_public(secp256k1).ptr, T("message"), signature));
    assert_ok(deputy_key_sign(signature, p256, T("message")));
    assert_ok(p256_verify(deputy_key_public(p256).ptr, T("message"), signature));
    assert_int_equal(p256_verify(deputy_key_public(p256).ptr, T("massage"), signature), DEPUTY_E_SIGNATURE);
    deputy_key_destroy(ed25519);
    deputy_key_destroy(secp256k1);
    deputy_key_destroy(p256);
}

static void destroying_no_key_is_allowed(void **state)
{
    (void)state;
    deputy_key_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(every_kind_signs_what_its_public_key_verifies),
            cmocka_unit_test(destroying_no_key_is_allowed),
    };
    return cmocka_run_group_tests_name("crypto.key", tests, NULL, NULL);
}
