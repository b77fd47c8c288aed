/* What of an evidence that is signed to its last byte is refused all the same: who signed it may not, or what
 * it says may not be (spec/08 sections 3.2 and 3.3). */
#include "intel_kit.h"
#include <stdio.h>

static struct deputy_slice serial_of(struct deputy_arena *arena, struct deputy_slice der)
{
    const struct x509 *certificate;
    assert_ok(x509_parse(arena, &certificate, der));
    return certificate->serial;
}

static const char *hex_of(struct deputy_arena *arena, struct deputy_slice bytes)
{
    struct buf out = buf_make(arena, 64);
    hex_put(&out, bytes);
    buf_put_byte(&out, 0);
    return (const char *)intel_finish(&out).ptr;
}

/* Without this nothing below would say anything. */
static void evidence_that_is_issued_again_is_accepted(void **state)
{
    struct intel intel = intel_begin(*state);
    intel_assert_accepted(&intel);
}

/* ---- revocation: one entry at a time ---- */

static void assert_revoked(void **state, struct deputy_slice intel_certificate(const struct intel *))
{
    struct intel intel = intel_begin(*state);
    intel.root_revokes = hex_of(*state, serial_of(*state, intel_certificate(&intel)));
    intel_assert_refused(&intel, DEPUTY_ATTEST_CHECK_REVOCATION, DEPUTY_ATTEST_REVOKED);
}

static struct deputy_slice its_tcb_signer(const struct intel *intel)
{
    return intel->tcb_signer;
}

static struct deputy_slice its_qe_signer(const struct intel *intel)
{
    return intel->qe_signer;
}

static struct deputy_slice its_authority(const struct intel *intel)
{
    return intel->authority;
}

static struct deputy_slice its_root(const struct intel *intel)
{
    return intel->root;
}

static void signer_of_the_tcb_info_alone_is_revoked(void **state)
{
    assert_revoked(state, its_tcb_signer);
}

static void signer_of_the_enclave_identity_alone_is_revoked(void **state)
{
    assert_revoked(state, its_qe_signer);
}

static void authority_of_platforms_is_revoked(void **state)
{
    assert_revoked(state, its_authority);
}

static void root_that_lists_itself_is_revoked(void **state)
{
    assert_revoked(state, its_root);
}

static void entry_of_somebody_else_revokes_nobody(void **state)
{
    struct intel intel = intel_begin(*state);
    intel.root_revokes = "0102030405";
    intel_assert_accepted(&intel);
}

/* ---- names and keys of certificates ---- */

static struct deputy_slice renamed(
        struct deputy_arena *arena, struct deputy_slice der, const char *from, const char *to)
{
    return edited(arena, der, T(from), T(to));
}

static void authority_of_platforms_has_one_of_two_names(void **state)
{
    struct intel intel = intel_begin(*state);
    intel.authority = renamed(*state, intel.authority, "PCK Platform CA", "PCK Plotform CA");
    intel.leaf = renamed(*state, intel.leaf, "PCK Platform CA", "PCK Plotform CA");
    intel.pck_crl = renamed(*state, intel.pck_crl, "PCK Platform CA", "PCK Plotform CA");
    intel_assert_refused(&intel, DEPUTY_ATTEST_CHECK_PCK_CHAIN, DEPUTY_ATTEST_CERT_CHAIN);
}

static void certificate_of_a_platform_has_its_name(void **state)
{
    struct intel intel = intel_begin(*state);
    intel.leaf = renamed(*state, intel.leaf, "SGX PCK Certificate", "SGX PCK certificate");
    intel_assert_refused(&intel, DEPUTY_ATTEST_CHECK_PCK_CHAIN, DEPUTY_ATTEST_CERT_CHAIN);
}

static void signer_of_collateral_has_its_name(void **state)
{
    struct intel intel = intel_begin(*state);
    intel.tcb_signer = renamed(*state, intel.tcb_signer, "SGX TCB Signing", "SGX TCB signing");
    intel_assert_refused(&intel, DEPUTY_ATTEST_CHECK_TCB, DEPUTY_ATTEST_CERT_CHAIN);
    intel = intel_begin(*state);
    intel.qe_signer = renamed(*state, intel.qe_signer, "SGX TCB Signing", "SGX TCB signing");
    intel_assert_refused(&intel, DEPUTY_ATTEST_CHECK_QE_IDENTITY, DEPUTY_ATTEST_CERT_CHAIN);
}

/* The same certificate with another SubjectPublicKeyInfo. */
static struct deputy_slice with_key(
        struct deputy_arena *arena, struct deputy_slice der, struct deputy_slice key_info)
{
    const struct x509 *certificate;
    assert_ok(x509_parse(arena, &certificate, der));
    struct deputy_slice to_sign = der_content(intel_signed_part(der));
    to_sign = der_wrap(arena, DER_SEQUENCE, edited(arena, to_sign, certificate->public_key_info, key_info));
    return intel_seal(arena, to_sign);
}

static struct deputy_slice key_info_of(struct deputy_arena *arena, struct deputy_slice der)
{
    const struct x509 *certificate;
    assert_ok(x509_parse(arena, &certificate, der));
    return certificate->public_key_info;
}

static struct deputy_slice p384_key(struct deputy_arena *arena)
{
    struct deputy_slice key = check_data(arena, "attestation/snp/milan_v3_vcek.pem");
    return key_info_of(arena, intel_first(arena, key, 0));
}

static struct deputy_slice rsa_key(struct deputy_arena *arena)
{
    return key_info_of(arena, intel_first(arena, check_data(arena, "attestation/snp/milan_v3_ask.pem"), 0));
}

/* Each would be read as if it were 64 octets of a point. */
static void certificates_with_keys_of_another_kind_are_refused(void **state)
{
    const struct deputy_slice keys[] = {p384_key(*state), rsa_key(*state)};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct intel intel = intel_begin(*state);
        intel.tcb_signer = with_key(*state, intel.tcb_signer, keys[i]);
        intel_assert_refused(&intel, DEPUTY_ATTEST_CHECK_TCB, DEPUTY_ATTEST_CERT_CHAIN);
        intel = intel_begin(*state);
        intel.qe_signer = with_key(*state, intel.qe_signer, keys[i]);
        intel_assert_refused(&intel, DEPUTY_ATTEST_CHECK_QE_IDENTITY, DEPUTY_ATTEST_CERT_CHAIN);
        intel = intel_begin(*state);
        intel.leaf = with_key(*state, intel.leaf, keys[i]);
        intel_assert_refused(&intel, DEPUTY_ATTEST_CHECK_PCK_CHAIN, DEPUTY_ATTEST_CERT_CHAIN);
        intel = intel_begin(*state);
        intel.authority = with_key(*state, intel.authority, keys[i]);
        intel_assert_refused(&intel, DEPUTY_ATTEST_CHECK_PCK_CHAIN, DEPUTY_ATTEST_CERT_CHAIN);
        intel = intel_begin(*state);
        intel.root = with_key(*state, intel.root, keys[i]);
        assert_false(intel_judged(&intel).ok);
    }
}

/* ---- what authorities may do ---- */

/* The certificate with one more extension, in front of the others: critical, and nobody's. */
static struct deputy_slice with_extension(struct deputy_arena *arena, struct deputy_slice der, bool critical)
{
    struct deputy_slice from = der_content(intel_signed_part(der)), before = from, list;
    while (!der_is_next(from, DER_CONTEXT(3)))
        assert_true(der_take_any(&from, NULL, NULL, NULL));
    before.len -= from.len;
    assert_true(der_take(&from, DER_CONTEXT(3), &list));
    struct deputy_slice extension =
            unhex(arena, critical ? T("300b06022a030101ff04020500") : T("300806022a0304020500"));
    list = der_wrap(arena, DER_SEQUENCE, joined(arena, extension, der_content(list)));
    struct deputy_slice all = joined(arena, before, der_wrap(arena, DER_CONTEXT(3), list));
    return intel_seal(arena, der_wrap(arena, DER_SEQUENCE, all));
}

static void root_with_a_critical_extension_that_nobody_understands_is_refused(void **state)
{
    struct intel intel = intel_begin(*state);
    intel.root = with_extension(*state, intel.root, false);
    intel_assert_accepted(&intel);
    intel = intel_begin(*state);
    intel.root = with_extension(*state, intel.root, true);
    intel_assert_refused(&intel, DEPUTY_ATTEST_CHECK_ROOT, DEPUTY_ATTEST_CERT_CHAIN);
}

static void certificate_below_the_root_with_such_an_extension_is_refused(void **state)
{
    struct intel intel = intel_begin(*state);
    intel.authority = with_extension(*state, intel.authority, true);
    intel_assert_refused(&intel, DEPUTY_ATTEST_CHECK_PCK_CHAIN, DEPUTY_ATTEST_CERT_CHAIN);
    intel = intel_begin(*state);
    intel.tcb_signer = with_extension(*state, intel.tcb_signer, true);
    intel_assert_refused(&intel, DEPUTY_ATTEST_CHECK_TCB, DEPUTY_ATTEST_CERT_CHAIN);
}

/* basicConstraints of an authority that says nothing of how many may stand below it. */
static struct deputy_slice without_path_length(struct deputy_arena *arena, struct deputy_slice der)
{
    struct deputy_slice from = der_content(intel_signed_part(der)), before = from, list, all = T(""), one;
    while (!der_is_next(from, DER_CONTEXT(3)))
        assert_true(der_take_any(&from, NULL, NULL, NULL));
    before.len -= from.len;
    assert_true(der_take(&from, DER_CONTEXT(3), &list));
    list = der_content(list);
    while (list.len > 0) {
        struct deputy_slice oid;
        assert_true(der_take_whole(&list, DER_SEQUENCE, &one));
        struct deputy_slice content = der_content(one);
        assert_true(der_take(&content, DER_OID, &oid));
        if (deputy_slice_equal(oid, unhex(arena, T("551d13"))))
            one = unhex(arena, T("300f0603551d130101ff040530030101ff"));
        all = joined(arena, all, one);
    }
    list = der_wrap(arena, DER_CONTEXT(3), der_wrap(arena, DER_SEQUENCE, all));
    return intel_seal(arena, der_wrap(arena, DER_SEQUENCE, joined(arena, before, list)));
}

static void authorities_need_not_say_how_many_may_stand_below_them(void **state)
{
    struct intel intel = intel_begin(*state);
    intel.authority = without_path_length(*state, intel.authority);
    intel_assert_accepted(&intel);
    intel.root = without_path_length(*state, intel.root);
    intel_assert_accepted(&intel);
}

#define KEY_USAGE "0603551d0f0101ff0404030201"

/* The octet of keyUsage: 06 is to sign certificates and lists, 02 lists, 04 certificates. */
static struct deputy_slice with_usage(struct deputy_arena *arena, struct deputy_slice der, const char *to)
{
    return edited(arena, der, unhex(arena, T(KEY_USAGE "06")),
            joined(arena, unhex(arena, T(KEY_USAGE)), unhex(arena, T(to))));
}

static void authority_that_may_not_sign_certificates_is_refused(void **state)
{
    struct intel intel = intel_begin(*state);
    intel.authority = with_usage(*state, intel.authority, "02");
    intel_assert_refused(&intel, DEPUTY_ATTEST_CHECK_PCK_CHAIN, DEPUTY_ATTEST_CERT_CHAIN);
}

static void list_of_an_authority_that_may_not_sign_lists_is_refused(void **state)
{
    struct intel intel = intel_begin(*state);
    intel.authority = with_usage(*state, intel.authority, "04");
    intel_assert_refused(&intel, DEPUTY_ATTEST_CHECK_REVOCATION, DEPUTY_ATTEST_CRL);
    intel = intel_begin(*state);
    intel.root = with_usage(*state, intel.root, "04");
    intel_assert_refused(&intel, DEPUTY_ATTEST_CHECK_REVOCATION, DEPUTY_ATTEST_CRL);
}

/* ---- the TDX module ---- */

#define ZEROS_48                                                                                             \
    "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
#define ONES_48                                                                                              \
    "111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111"

/* Even if TCB info said that another may sign TDX modules: MRSIGNERSEAM of Intel's is zero. */
static void module_that_is_not_intels_is_refused_whoever_published_it(void **state)
{
    enum { MR_SIGNER_SEAM = 48 + 64 };
    struct intel intel = intel_begin(*state);
    uint8_t *body = (uint8_t *)joined(*state, intel.header_and_body, T("")).ptr;
    memset(body + MR_SIGNER_SEAM, 0x11, 48);
    intel.header_and_body = deputy_slice_bytes(body, intel.header_and_body.len);
    intel_assert_refused(&intel, DEPUTY_ATTEST_CHECK_TCB, DEPUTY_ATTEST_TDX_MODULE);
    intel.tcb_info = intel_replaced(*state, intel.tcb_info, "\"" ZEROS_48 "\"", "\"" ONES_48 "\"");
    intel_assert_refused(&intel, DEPUTY_ATTEST_CHECK_TCB, DEPUTY_ATTEST_TDX_MODULE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(evidence_that_is_issued_again_is_accepted),
            ARENA_TEST(signer_of_the_tcb_info_alone_is_revoked),
            ARENA_TEST(signer_of_the_enclave_identity_alone_is_revoked),
            ARENA_TEST(authority_of_platforms_is_revoked),
            ARENA_TEST(root_that_lists_itself_is_revoked),
            ARENA_TEST(entry_of_somebody_else_revokes_nobody),
            ARENA_TEST(authority_of_platforms_has_one_of_two_names),
            ARENA_TEST(certificate_of_a_platform_has_its_name),
            ARENA_TEST(signer_of_collateral_has_its_name),
            ARENA_TEST(certificates_with_keys_of_another_kind_are_refused),
            ARENA_TEST(root_with_a_critical_extension_that_nobody_understands_is_refused),
            ARENA_TEST(certificate_below_the_root_with_such_an_extension_is_refused),
            ARENA_TEST(authorities_need_not_say_how_many_may_stand_below_them),
            ARENA_TEST(authority_that_may_not_sign_certificates_is_refused),
            ARENA_TEST(list_of_an_authority_that_may_not_sign_lists_is_refused),
            ARENA_TEST(module_that_is_not_intels_is_refused_whoever_published_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
