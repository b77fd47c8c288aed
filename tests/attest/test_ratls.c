/* Certificates that carry evidence about their key (spec/08 section 6.4). Made with the openssl tool. */
#include "attest/ratls.h"
#include "support/hex.h"

static const char whole[] =
        "3082019030820135a00302010202146eb19a8c5b6b7d9008b52793a7ff3e3b243d0dc9300a06082a8648ce3d04030230"
        "0d310b300906035504030c0272613020170d3236313132363135303533365a180f32313236313130323135303533365a"
        "300d310b300906035504030c0272613059301306072a8648ce3d020106082a8648ce3d03010703420004d14b95142077"
        "090a7fc46545a730f9ae968a75232a01779586ca48f284ec651e9a737d658b8c43c9faaa1b55d5396a97d332a3647681"
        "63b5db3fcd25db731b71a371306f3012060a2b0601040183e73d010104040402aabb3012060a2b0601040183e73d0102"
        "040404025b5d3011060a2b0601040183e73d010304030401cc3013060a2b0601040183e73d010804050403000102301d"
        "0603551d0e041604142419798c3e62917f1dcca0ecf71cce95e4fb4ccc300a06082a8648ce3d04030203490030460221"
        "00dd7f1b443a18b7bdbaab1b821eacb83486e90d8ff75d92078a1ade9bf9c5f72a0221009c7b81c8b5c027a01e313747"
        "68b9e61dd5a6827fb7bce3bf8cc4f1a0559534fe";

static const char older[] =
        "308201673082010da00302010202142120bab0f07430d21cdb7bb5a60af18f96db608f300a06082a8648ce3d04030230"
        "0d310b300906035504030c0272613020170d3236313132363135303533365a180f32313236313130323135303533365a"
        "300d310b300906035504030c0272613059301306072a8648ce3d020106082a8648ce3d03010703420004d14b95142077"
        "090a7fc46545a730f9ae968a75232a01779586ca48f284ec651e9a737d658b8c43c9faaa1b55d5396a97d332a3647681"
        "63b5db3fcd25db731b71a34930473012060a2b0601040183e73d010104040402aabb3012060a2b0601040183e73d0102"
        "040404025b5d301d0603551d0e041604142419798c3e62917f1dcca0ecf71cce95e4fb4ccc300a06082a8648ce3d0403"
        "02034800304502205e11ad38e05be55b9236e21b32007e3e1bb63048cda25f3b3c75baeb9eb5f9b5022100f8bced9a93"
        "ebd243fe20910bfda5436e354e9cfb9601e270c33c2f4d0bda3067";

static const char half[] =
        "308201523081f9a00302010202140d8682bcace779bb99a91bda443d8e3d4ceaae6f300a06082a8648ce3d040302300d"
        "310b300906035504030c0272613020170d3236313132363135303533365a180f32313236313130323135303533365a30"
        "0d310b300906035504030c0272613059301306072a8648ce3d020106082a8648ce3d03010703420004d14b9514207709"
        "0a7fc46545a730f9ae968a75232a01779586ca48f284ec651e9a737d658b8c43c9faaa1b55d5396a97d332a364768163"
        "b5db3fcd25db731b71a33530333012060a2b0601040183e73d010104040402aabb301d0603551d0e041604142419798c"
        "3e62917f1dcca0ecf71cce95e4fb4ccc300a06082a8648ce3d0403020348003045022014f38c5b352f34bff91c1af787"
        "fa2d380ea6743edf2374fa09287b897f8cd736022100af500b941075f337b4f8910d02e71ed2bdec48f7bb5c4b47ffdb"
        "be201c15f049";

static const char untagged[] =
        "308201523081faa003020102021401b65b0637e587cae7b80a4e7efb073413dc1a6d300a06082a8648ce3d040302300d"
        "310b300906035504030c0272613020170d3236313132363135303533365a180f32313236313130323135303533365a30"
        "0d310b300906035504030c0272613059301306072a8648ce3d020106082a8648ce3d03010703420004d14b9514207709"
        "0a7fc46545a730f9ae968a75232a01779586ca48f284ec651e9a737d658b8c43c9faaa1b55d5396a97d332a364768163"
        "b5db3fcd25db731b71a33630343013060a2b0601040183e73d010804050203000102301d0603551d0e04160414241979"
        "8c3e62917f1dcca0ecf71cce95e4fb4ccc300a06082a8648ce3d040302034700304402207c4adb254c604813d2f4f9c3"
        "eafa7a3bc1538914ece57affa1c787c26307506c022058438e564a5abd21c24fe1c727ac46696388fabd7f51c02cea9c"
        "671b084708ac";

static const char longer[] =
        "308201533081fba003020102021424cf79af9a1bfdcf8d141c02d98c1b36ca3c0696300a06082a8648ce3d040302300d"
        "310b300906035504030c0272613020170d3236313132363135303533365a180f32313236313130323135303533365a30"
        "0d310b300906035504030c0272613059301306072a8648ce3d020106082a8648ce3d03010703420004d14b9514207709"
        "0a7fc46545a730f9ae968a75232a01779586ca48f284ec651e9a737d658b8c43c9faaa1b55d5396a97d332a364768163"
        "b5db3fcd25db731b71a33730353014060a2b0601040183e73d01080406040200010200301d0603551d0e041604142419"
        "798c3e62917f1dcca0ecf71cce95e4fb4ccc300a06082a8648ce3d040302034700304402207be3de97fea945b7a1ed62"
        "7f26ad7885a41d8cb3d71d7ccab234f41e8cd2ad2f02201c6551e0a1d3f5e97e01d2e3dd576c9f38803d3d919b524798"
        "7532a1c988d913";

static enum deputy_error read_error(void **state, struct ratls *out, const char *hex)
{
    const struct x509 *certificate;
    assert_ok(x509_parse(*state, &certificate, check_hex(*state, hex)));
    return ratls_read(out, certificate);
}

static void extensions_of_dstack_are_read(void **state)
{
    struct ratls out;
    assert_ok(read_error(state, &out, whole));
    assert_hex(out.attestation.ptr, out.attestation.len, "000102");
    assert_hex(out.quote.ptr, out.quote.len, "aabb");
    assert_text(out.event_log, "[]");
    assert_hex(out.app_id.ptr, out.app_id.len, "cc");
}

static void older_form_is_read_without_an_attestation(void **state)
{
    struct ratls out;
    assert_ok(read_error(state, &out, older));
    assert_false(deputy_slice_present(out.attestation));
    assert_hex(out.quote.ptr, out.quote.len, "aabb");
}

static void certificate_without_evidence_is_refused(void **state)
{
    struct ratls out;
    assert_int_equal(read_error(state, &out, half), DEPUTY_E_EVIDENCE_FORM);
}

static void extension_that_is_no_octet_string_is_refused(void **state)
{
    struct ratls out;
    assert_int_equal(read_error(state, &out, untagged), DEPUTY_E_EVIDENCE_FORM);
    assert_int_equal(read_error(state, &out, longer), DEPUTY_E_EVIDENCE_FORM);
}

/* SHA-512 of "ratls-cert:" and the SubjectPublicKeyInfo, by Python. */
static void evidence_is_bound_to_the_key_of_the_certificate(void **state)
{
    uint8_t report_data[REPORT_DATA_BYTES];
    const struct x509 *certificate;
    assert_ok(x509_parse(*state, &certificate, check_hex(*state, whole)));
    ratls_report_data(report_data, certificate);
    assert_hex(report_data, sizeof report_data,
            "c9290b7b02e450f045ae30715c220495e3074a90b4f4eb32add0debe1478c4181c5eed4229cb8ae4b93110766be16e07"
            "251405cfa3605031b765d7d34a58cc10");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(extensions_of_dstack_are_read),
            ARENA_TEST(older_form_is_read_without_an_attestation),
            ARENA_TEST(certificate_without_evidence_is_refused),
            ARENA_TEST(extension_that_is_no_octet_string_is_refused),
            ARENA_TEST(evidence_is_bound_to_the_key_of_the_certificate),
    };
    return cmocka_run_group_tests_name("attest.ratls", tests, NULL, NULL);
}
