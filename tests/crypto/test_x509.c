/* Certificates and revocation lists of Intel and AMD (spec/08 sections 3.3, 5.2). */
#include "crypto/x509.h"
#include "support/hex.h"

enum { CHAIN_MAX = 4 };

struct chain {
    const struct x509 *certificates[CHAIN_MAX];
    size_t count;
};

static const struct x509 *parsed(struct deputy_arena *arena, struct deputy_slice der)
{
    const struct x509 *certificate;
    assert_ok(x509_parse(arena, &certificate, der));
    return certificate;
}

static struct chain pem_chain(struct deputy_arena *arena, const char *file)
{
    struct chain chain = {.count = 0};
    struct deputy_slice ders[CHAIN_MAX];
    assert_ok(pem_certificates(arena, ders, &chain.count, CHAIN_MAX, check_data(arena, file)));
    for (size_t i = 0; i < chain.count; i++)
        chain.certificates[i] = parsed(arena, ders[i]);
    return chain;
}

static const struct x509 *intel_root(struct deputy_arena *arena)
{
    return parsed(arena, check_data(arena, "attestation/intel/IntelSGXRootCA.der"));
}

static void intels_root_is_read(void **state)
{
    const struct x509 *root = intel_root(*state);
    assert_text(root->common_name, "Intel SGX Root CA");
    assert_int_equal(root->not_before, 1526899510);
    assert_int_equal(root->not_after, 2524607999);
    assert_hex(root->serial.ptr, root->serial.len, "22650cd65a9d3489f383b49552bf501b392706ac");
    assert_true(root->is_ca && root->has_key_usage && root->key_cert_sign && root->crl_sign);
    assert_int_equal(root->path_length, 1);
    assert_int_equal(root->key.kind, X509_P256);
    assert_true(deputy_slice_equal(root->issuer, root->subject));
    assert_null(x509_unknown_critical(root));
    assert_ok(x509_verify(&root->sealed, &root->key));
}

/* All of a certificate is read or signed: nothing of it can be changed. */
static void every_changed_byte_of_a_certificate_is_refused(void **state)
{
    struct deputy_slice der = check_data(*state, "attestation/intel/IntelSGXRootCA.der");
    const struct x509 *root = intel_root(*state);
    uint8_t *bytes = test_malloc(der.len);
    for (size_t i = 0; i < der.len; i++) {
        const struct x509 *changed;
        memcpy(bytes, der.ptr, der.len);
        bytes[i] ^= 0x01;
        if (x509_parse(*state, &changed, deputy_slice_bytes(bytes, der.len)) == DEPUTY_OK)
            assert_int_equal(x509_verify(&changed->sealed, &root->key), DEPUTY_E_SIGNATURE);
    }
    test_free(bytes);
}

static void a_cut_or_longer_certificate_is_refused(void **state)
{
    struct deputy_slice der = check_data(*state, "attestation/intel/IntelSGXRootCA.der");
    const struct x509 *out;
    for (size_t len = 0; len < der.len; len++)
        assert_int_equal(x509_parse(*state, &out, deputy_slice_bytes(der.ptr, len)), DEPUTY_E_CERTIFICATE);
    uint8_t *longer = test_calloc(der.len + 1, 1);
    memcpy(longer, der.ptr, der.len);
    assert_int_equal(x509_parse(*state, &out, deputy_slice_bytes(longer, der.len + 1)), DEPUTY_E_CERTIFICATE);
    test_free(longer);
}

static void amds_chain_is_signed_with_pss(void **state)
{
    struct chain roots = pem_chain(*state, "attestation/snp/ask_ark_milan.pem");
    struct chain vcek = pem_chain(*state, "attestation/snp/milan_v3_vcek.pem");
    const struct x509 *chip = vcek.certificates[0];
    const struct x509 *ask = roots.certificates[0];
    const struct x509 *ark = roots.certificates[1];
    assert_int_equal(roots.count, 2);
    assert_text(chip->common_name, "SEV-VCEK");
    assert_text(ask->common_name, "SEV-Milan");
    assert_text(ark->common_name, "ARK-Milan");
    assert_int_equal(chip->key.kind, X509_P384);
    assert_int_equal(ask->key.kind, X509_RSA);
    assert_int_equal(chip->sealed.algorithm, X509_PSS_SHA384);
    assert_ok(x509_verify(&chip->sealed, &ask->key));
    assert_ok(x509_verify(&ask->sealed, &ark->key));
    assert_ok(x509_verify(&ark->sealed, &ark->key));
    assert_int_equal(x509_verify(&chip->sealed, &ark->key), DEPUTY_E_SIGNATURE);
    assert_int_equal(x509_verify(&ask->sealed, &ask->key), DEPUTY_E_SIGNATURE);
    /* a key of another kind */
    assert_int_equal(x509_verify(&ask->sealed, &chip->key), DEPUTY_E_SIGNATURE);
    assert_int_equal(x509_verify(&ask->sealed, &intel_root(*state)->key), DEPUTY_E_SIGNATURE);
}

static void the_chains_of_all_products_verify(void **state)
{
    static const char *const files[] = {"attestation/snp/ask_ark_milan_vlek.pem",
            "attestation/snp/ask_ark_genoa.pem", "attestation/snp/ask_ark_genoa_vlek.pem",
            "attestation/snp/ask_ark_turin_vcek.pem", "attestation/snp/ask_ark_turin_vlek.pem"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct chain chain = pem_chain(*state, files[i]);
        assert_int_equal(chain.count, 2);
        assert_ok(x509_verify(&chain.certificates[0]->sealed, &chain.certificates[1]->key));
        assert_ok(x509_verify(&chain.certificates[1]->sealed, &chain.certificates[1]->key));
    }
}

static void a_chip_certificate_has_serial_0(void **state)
{
    const struct x509 *chip = pem_chain(*state, "attestation/snp/milan_v3_vcek.pem").certificates[0];
    assert_hex(chip->serial.ptr, chip->serial.len, "00");
    assert_false(chip->is_ca);
    /* 1.3.6.1.4.1.3704.1.3.1: blSPL */
    const struct x509_extension *loader = x509_extension(chip, check_hex(*state, "2b060104019c78010301"));
    assert_non_null(loader);
    assert_hex(loader->value.ptr, loader->value.len, "020104");
    assert_null(x509_extension(chip, check_hex(*state, "2b060104019c780103")));
}

static void bits_of_a_pss_signature_count(void **state)
{
    struct chain roots = pem_chain(*state, "attestation/snp/ask_ark_milan.pem");
    struct x509_signed sealed = roots.certificates[0]->sealed;
    uint8_t signature[512];
    assert_int_equal(sealed.signature.len, sizeof signature);
    for (size_t i = 0; i < sizeof signature; i += 37) {
        memcpy(signature, sealed.signature.ptr, sizeof signature);
        signature[i] ^= 0x80;
        struct x509_signed changed = sealed;
        changed.signature = deputy_slice_bytes(signature, sizeof signature);
        assert_int_equal(x509_verify(&changed, &roots.certificates[1]->key), DEPUTY_E_SIGNATURE);
    }
    sealed.signature.len--;
    assert_int_equal(x509_verify(&sealed, &roots.certificates[1]->key), DEPUTY_E_SIGNATURE);
}

static void an_rsa_key_that_is_none_is_refused(void **state)
{
    struct chain roots = pem_chain(*state, "attestation/snp/ask_ark_milan.pem");
    const struct x509_signed *sealed = &roots.certificates[0]->sealed;
    static const uint8_t one[] = {1}, even[] = {1, 0, 0}, long_exponent[] = {1, 0, 0, 0, 1};
    struct x509_key key = roots.certificates[1]->key;
    key.exponent = deputy_slice_bytes(one, sizeof one);
    assert_int_equal(x509_verify(sealed, &key), DEPUTY_E_KEY);
    key.exponent = deputy_slice_bytes(even, sizeof even);
    assert_int_equal(x509_verify(sealed, &key), DEPUTY_E_KEY);
    key.exponent = deputy_slice_bytes(long_exponent, sizeof long_exponent);
    assert_int_equal(x509_verify(sealed, &key), DEPUTY_E_KEY);
    key = roots.certificates[1]->key;
    key.modulus.len = 128;
    assert_int_equal(x509_verify(sealed, &key), DEPUTY_E_KEY);
}

/* ---- revocation lists ---- */

static void intels_lists_are_read_and_signed(void **state)
{
    const struct x509_crl *crl;
    assert_ok(x509_crl_parse(*state, &crl, check_data(*state, "attestation/intel/pcs_go_rootcacrl.der")));
    assert_ok(x509_verify(&crl->sealed, &intel_root(*state)->key));
    assert_true(deputy_slice_equal(crl->issuer, intel_root(*state)->subject));
    assert_int_equal(crl->entry_count, 0);
    assert_ok(
            x509_crl_parse(*state, &crl, check_data(*state, "attestation/intel/pcs_go_pckcrl_platform.der")));
    assert_int_equal(x509_verify(&crl->sealed, &intel_root(*state)->key), DEPUTY_E_SIGNATURE);
    assert_true(crl->entry_count > 20);
}

static void a_serial_of_the_list_is_found_and_no_other(void **state)
{
    const struct x509_crl *crl;
    assert_ok(
            x509_crl_parse(*state, &crl, check_data(*state, "attestation/intel/pcs_go_pckcrl_platform.der")));
    /* the first entry: SEQUENCE, INTEGER of 20 or 21 bytes */
    size_t len = crl->entries.ptr[3];
    struct deputy_slice serial = {crl->entries.ptr + 4, len};
    if (serial.ptr[0] == 0)
        serial = deputy_slice_bytes(serial.ptr + 1, serial.len - 1);
    assert_true(x509_crl_has(crl, serial));
    assert_false(x509_crl_has(crl, deputy_slice_bytes(serial.ptr, serial.len - 1)));
    assert_false(x509_crl_has(crl, intel_root(*state)->serial));
}

static void every_changed_byte_of_a_list_is_refused(void **state)
{
    struct deputy_slice der = check_data(*state, "attestation/intel/pcs_go_rootcacrl.der");
    const struct x509 *root = intel_root(*state);
    uint8_t *bytes = test_malloc(der.len);
    for (size_t i = 0; i < der.len; i++) {
        const struct x509_crl *changed;
        memcpy(bytes, der.ptr, der.len);
        bytes[i] ^= 0x01;
        if (x509_crl_parse(*state, &changed, deputy_slice_bytes(bytes, der.len)) == DEPUTY_OK)
            assert_int_equal(x509_verify(&changed->sealed, &root->key), DEPUTY_E_SIGNATURE);
    }
    for (size_t len = 0; len < der.len; len++) {
        const struct x509_crl *cut;
        assert_int_equal(
                x509_crl_parse(*state, &cut, deputy_slice_bytes(der.ptr, len)), DEPUTY_E_CERTIFICATE);
    }
    test_free(bytes);
}

static void a_certificate_is_no_list(void **state)
{
    const struct x509_crl *crl;
    const struct x509 *certificate;
    assert_int_equal(x509_crl_parse(*state, &crl, intel_root(*state)->der), DEPUTY_E_CERTIFICATE);
    assert_int_equal(
            x509_parse(*state, &certificate, check_data(*state, "attestation/intel/pcs_go_rootcacrl.der")),
            DEPUTY_E_CERTIFICATE);
}

/* ---- PEM ---- */

#define BLOCK "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----"

static void pem_blocks_are_split(void **state)
{
    static const char *const texts[] = {BLOCK, BLOCK "\n", "\n" BLOCK "\r\n \n" BLOCK "\n\n",
            "-----BEGIN CERTIFICATE-----\r\nAQ\r\nID\r\n-----END CERTIFICATE-----\r\n",
            "-----BEGIN CERTIFICATE-----AQID-----END CERTIFICATE-----"};
    static const size_t counts[] = {1, 1, 2, 1, 1};
    struct deputy_slice ders[2];
    size_t count;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_ok(pem_certificates(*state, ders, &count, 2, T(texts[i])));
        assert_int_equal(count, counts[i]);
        assert_hex(ders[count - 1].ptr, ders[count - 1].len, "010203");
    }
    /* NULs at the end, as a C program leaves them */
    struct deputy_slice text = deputy_slice_bytes(BLOCK "\n\0\0", sizeof BLOCK + 2);
    assert_ok(pem_certificates(*state, ders, &count, 2, text));
}

static void other_text_around_pem_blocks_is_refused(void **state)
{
    static const char *const texts[] = {"", "\n", "AQID", "x" BLOCK, BLOCK "x", BLOCK "\ntext\n" BLOCK,
            "-----BEGIN CERTIFICATE-----\nAQID\n", "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERT",
            "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----",
            "-----BEGIN CERTIFICATE-----\nA=ID\n-----END CERTIFICATE-----",
            "-----BEGIN TRUSTED CERTIFICATE-----\nAQID\n-----END TRUSTED CERTIFICATE-----",
            "-----BEGIN CERTIFICATE-----\nAQID\n-----END X509 CRL-----",
            "-----BEGIN EC PRIVATE KEY-----\nAQID\n-----END EC PRIVATE KEY-----\n" BLOCK};
    struct deputy_slice ders[3];
    size_t count;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(pem_certificates(*state, ders, &count, 3, T(texts[i])), DEPUTY_E_PEM);
    assert_int_equal(pem_certificates(*state, ders, &count, 1, T(BLOCK BLOCK)), DEPUTY_E_PEM);
    assert_int_equal(pem_certificates(*state, ders, &count, 3,
                             deputy_slice_bytes(BLOCK "\0" BLOCK, 2 * sizeof BLOCK - 1)),
            DEPUTY_E_PEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(intels_root_is_read),
            ARENA_TEST(every_changed_byte_of_a_certificate_is_refused),
            ARENA_TEST(a_cut_or_longer_certificate_is_refused),
            ARENA_TEST(amds_chain_is_signed_with_pss),
            ARENA_TEST(the_chains_of_all_products_verify),
            ARENA_TEST(a_chip_certificate_has_serial_0),
            ARENA_TEST(bits_of_a_pss_signature_count),
            ARENA_TEST(an_rsa_key_that_is_none_is_refused),
            ARENA_TEST(intels_lists_are_read_and_signed),
            ARENA_TEST(a_serial_of_the_list_is_found_and_no_other),
            ARENA_TEST(every_changed_byte_of_a_list_is_refused),
            ARENA_TEST(a_certificate_is_no_list),
            ARENA_TEST(pem_blocks_are_split),
            ARENA_TEST(other_text_around_pem_blocks_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
