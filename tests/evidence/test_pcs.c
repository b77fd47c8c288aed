/* What the makers publish, read: spec/08 sections 3.4 and 5.2, against recorded answers and changed ones. */
#include "attest/snp_key.h"
#include "base/codec.h"
#include "crypto/sign.h"
#include "evidence/amd.h"
#include "evidence/intel.h"
#include "evidence/maker.h"
#include "evidence/pcs.h"
#include "support/edit.h"
#include "support/hex.h"
#include "support/vectors.h"

#define INTEL "attestation/intel/"

/* ---- signed answers ---- */

static enum deputy_error signed_error(struct deputy_arena *arena, struct deputy_slice body)
{
    struct pcs_signed out;
    return pcs_signed_read(arena, &out, body, "tcbInfo");
}

/* The signature covers the text only if not one byte of it was changed on the way. */
static void check_signature(
        struct deputy_arena *arena, const char *file, const char *member, const char *header)
{
    struct pcs_signed out;
    struct deputy_slice pem, certificates[PCS_CHAIN_MAX];
    const struct x509 *signer;
    const struct json_value *headers;
    size_t count;
    assert_ok(pcs_signed_read(arena, &out, check_data(arena, file), member));
    assert_ok(json_parse(arena, &headers, check_data(arena, INTEL "pcs_go_headers.json")));
    assert_ok(pcs_chain_read(arena, &pem, check_text_of(headers, header)));
    assert_ok(pem_certificates(arena, certificates, &count, PCS_CHAIN_MAX, pem));
    assert_int_equal(count, 2);
    assert_ok(x509_parse(arena, &signer, certificates[0]));
    assert_ok(p256_verify_point(signer->key.point.ptr, out.text, unhex(arena, out.signature).ptr));
}

static void text_cut_out_of_an_answer_is_still_signed(void **state)
{
    check_signature(*state, INTEL "pcs_go_tcbinfo_50806f.json", "tcbInfo", "tcbInfoIssuerChain");
    check_signature(*state, INTEL "pcs_go_qeidentity.json", "enclaveIdentity", "qeIdentityIssuerChain");
}

static const char digits[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
                             "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

static struct deputy_slice answer(struct deputy_arena *arena, const char *before, const char *after)
{
    return joined(arena, joined(arena, T(before), T(digits)), T(after));
}

static void white_space_inside_the_text_is_kept(void **state)
{
    struct pcs_signed out;
    assert_ok(pcs_signed_read(*state, &out,
            answer(*state, "{ \"signature\" :\"", "\", \"tcbInfo\": { \"a\" : 1 }\n}\n"), "tcbInfo"));
    assert_text(out.text, "{ \"a\" : 1 }");
    assert_text(out.signature, digits);
}

static void answer_of_another_form_is_refused(void **state)
{
    static const struct {
        const char *before, *after;
        enum deputy_error expected;
    } rows[] = {
            {"{\"tcbInfo\":{},\"signature\":\"", "\"}", DEPUTY_OK},
            {"{\"tcbInfo\":{},\"tcbInfo\":{},\"signature\":\"", "\"}", DEPUTY_E_JSON_DUPLICATE},
            {"{\"tcbInfo\":{\"a\":1,\"a\":1},\"signature\":\"", "\"}", DEPUTY_E_JSON_DUPLICATE},
            {"{\"tcbInfo\":{},\"more\":1,\"signature\":\"", "\"}", DEPUTY_E_JSON_TYPE},
            {"{\"signature\":\"", "\"}", DEPUTY_E_JSON_TYPE},
            {"{\"tcbInfo\":[],\"signature\":\"", "\"}", DEPUTY_E_JSON_TYPE},
            {"{\"tcbInfo\":\"{}\",\"signature\":\"", "\"}", DEPUTY_E_JSON_TYPE},
            {"{\"tcbinfo\":{},\"signature\":\"", "\"}", DEPUTY_E_JSON_TYPE},
            {"{\"tcbInfo\":{},\"Signature\":\"", "\"}", DEPUTY_E_JSON_TYPE},
            {"{\"tcbInfo\":{},\"signature\":\"", "00\"}", DEPUTY_E_HEX},
            {"{\"tcbInfo\":{},\"signature\":\"x", "\"}", DEPUTY_E_HEX},
            {"[{\"tcbInfo\":{},\"signature\":\"", "\"}]", DEPUTY_E_JSON_TYPE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(
                signed_error(*state, answer(*state, rows[i].before, rows[i].after)), rows[i].expected);
}

static void answer_that_is_cut_off_anywhere_is_refused(void **state)
{
    struct deputy_slice whole = check_data(*state, INTEL "pcs_go_tcbinfo_50806f.json");
    while (whole.len > 0 && whole.ptr[whole.len - 1] != '}')
        whole.len--;
    for (size_t len = 0; len < whole.len; len++)
        assert_int_not_equal(signed_error(*state, deputy_slice_bytes(whole.ptr, len)), DEPUTY_OK);
}

static void answer_nested_deeper_than_sixteen_is_refused(void **state)
{
    /* the answer and its member are two levels */
    assert_ok(signed_error(*state,
            answer(*state, "{\"tcbInfo\":{\"a\":[[[[[[[[[[[[[[]]]]]]]]]]]]]]},\"signature\":\"", "\"}")));
    assert_int_equal(
            signed_error(*state,
                    answer(*state, "{\"tcbInfo\":{\"a\":[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]},\"signature\":\"",
                            "\"}")),
            DEPUTY_E_LIMIT);
}

/* ---- chains and lists ---- */

static enum deputy_error chain_error(struct deputy_arena *arena, struct deputy_slice header)
{
    struct deputy_slice pem;
    return pcs_chain_read(arena, &pem, header);
}

static void chain_is_decoded_once(void **state)
{
    const struct json_value *headers;
    struct deputy_slice pem, twice;
    assert_ok(json_parse(*state, &headers, check_data(*state, INTEL "pcs_go_headers.json")));
    struct deputy_slice header = check_text_of(headers, "tcbInfoIssuerChain");
    assert_ok(pcs_chain_read(*state, &pem, header));
    assert_ok(chain_error(*state, pem)); /* a mirror may leave it as it is: base64 knows no percent sign */
    struct buf out = buf_make(*state, 64 * 1024);
    percent_put(&out, header, "");
    assert_ok(buf_finish(&out, &twice));
    assert_int_equal(chain_error(*state, twice), DEPUTY_E_PEM);
}

static void chain_that_is_none_is_refused(void **state)
{
    assert_int_equal(chain_error(*state, (struct deputy_slice){0}), DEPUTY_E_PEM);
    assert_int_equal(chain_error(*state, T("")), DEPUTY_E_PEM);
    assert_int_equal(chain_error(*state, T("-----BEGIN%20CERTIFICATE-----")), DEPUTY_E_PEM);
    assert_int_not_equal(chain_error(*state, T("-----BEGIN%2CERTIFICATE-----%")), DEPUTY_OK);
}

static void list_is_der_or_digits(void **state)
{
    struct deputy_slice der = check_data(*state, INTEL "pcs_go_rootcacrl.der"), out, text;
    struct buf hex = buf_make(*state, 64 * 1024);
    hex_put(&hex, der);
    buf_put_text(&hex, "\r\n");
    assert_ok(buf_finish(&hex, &text));
    assert_ok(pcs_list_read(*state, &out, der));
    assert_slice(out, der);
    assert_ok(pcs_list_read(*state, &out, text));
    assert_slice(out, der);
    assert_int_not_equal(pcs_list_read(*state, &out, deputy_slice_bytes(der.ptr, der.len - 1)), DEPUTY_OK);
    assert_int_not_equal(pcs_list_read(*state, &out, deputy_slice_bytes(text.ptr, text.len - 4)), DEPUTY_OK);
    assert_int_not_equal(pcs_list_read(*state, &out, T("")), DEPUTY_OK);
    assert_int_not_equal(pcs_list_read(*state, &out, T("<html>")), DEPUTY_OK);
}

/* ---- whose collateral ---- */

static void quote_names_its_platform(void **state)
{
    struct intel_platform out;
    assert_ok(intel_platform_of(*state, &out, check_data(*state, INTEL "tdx_v4_b0c06f.quote.bin")));
    assert_int_equal(out.kind, DEPUTY_ATTEST_TDX);
    assert_hex(out.fmspc, sizeof out.fmspc, "b0c06f000000");
    assert_false(out.processor_ca);
    assert_ok(intel_platform_of(*state, &out, check_data(*state, INTEL "sgx_v3_00a067.quote.bin")));
    assert_int_equal(out.kind, DEPUTY_ATTEST_SGX);
    assert_hex(out.fmspc, sizeof out.fmspc, "00a067110000");
    assert_true(out.processor_ca);
}

static void quote_without_certificates_names_none(void **state)
{
    struct intel_platform out;
    struct deputy_slice quote = check_data(*state, INTEL "tdx_v4_b0c06f.quote.bin");
    assert_int_equal(intel_platform_of(*state, &out, T("no quote")), DEPUTY_E_COLLATERAL_PLATFORM);
    assert_int_equal(intel_platform_of(*state, &out, deputy_slice_bytes(quote.ptr, 2000)),
            DEPUTY_E_COLLATERAL_PLATFORM);
}

static void collateral_says_how_long_it_is_good(void **state)
{
    struct intel_collateral out;
    struct deputy_slice json = check_data(*state, INTEL "tdx_v4_b0c06f.collateral.json");
    assert_ok(intel_read(*state, &out, json, false));
    assert_int_equal(out.expires_at, 1752919235);
    assert_int_equal(out.evaluation_number, 17);
    assert_hex(out.platform.fmspc, sizeof out.platform.fmspc, "b0c06f000000");
    assert_int_not_equal(
            intel_read(*state, &out, edited(*state, json, T("\"root_ca_crl\":"), T("\"root\":")), false),
            DEPUTY_OK);
}

static void report_names_its_chip(void **state)
{
    struct amd_chip chip;
    assert_ok(amd_chip_of(
            &chip, check_data(*state, "attestation/snp/milan_v3_report.bin"), DEPUTY_ATTEST_NO_PRODUCT));
    assert_int_equal(chip.product, DEPUTY_ATTEST_PRODUCT_MILAN);
    assert_int_equal(chip.id.len, SNP_CHIP_ID_BYTES);
    assert_int_equal(chip.tcb.ucode, 213);
    assert_int_equal(amd_chip_of(&chip, check_data(*state, "attestation/snp/milan_v3_report.bin"),
                             DEPUTY_ATTEST_PRODUCT_GENOA),
            DEPUTY_E_COLLATERAL_CHIP);
    struct deputy_slice older = check_data(*state, "attestation/snp/milan_v2_debug_report.bin");
    assert_int_equal(amd_chip_of(&chip, older, DEPUTY_ATTEST_NO_PRODUCT), DEPUTY_E_COLLATERAL_CHIP);
    assert_ok(amd_chip_of(&chip, older, DEPUTY_ATTEST_PRODUCT_MILAN));
}

static void certificate_of_another_chip_or_version_is_told(void **state)
{
    struct amd_chip chip;
    struct deputy_slice certificates[2];
    size_t count;
    assert_ok(amd_chip_of(
            &chip, check_data(*state, "attestation/snp/milan_v3_report.bin"), DEPUTY_ATTEST_NO_PRODUCT));
    assert_ok(pem_certificates(
            *state, certificates, &count, 2, check_data(*state, "attestation/snp/milan_v3_vcek.pem")));
    assert_true(amd_is_of_chip(*state, certificates[0], &chip));
    assert_false(amd_is_of_chip(*state, T("nothing"), &chip));
    struct amd_chip other = chip;
    other.tcb.ucode++;
    assert_false(amd_is_of_chip(*state, certificates[0], &other));
    other = chip;
    other.id = check_data(*state, "attestation/eventlog/cos113.nonce.bin");
    assert_false(amd_is_of_chip(*state, certificates[0], &other));
    other = chip;
    other.product = DEPUTY_ATTEST_PRODUCT_GENOA;
    assert_false(amd_is_of_chip(*state, certificates[0], &other));
}

static void certificates_come_back_out_of_their_json(void **state)
{
    const struct amd_certificates in = {T("one"), T("two")};
    struct amd_certificates out;
    struct deputy_slice json;
    assert_ok(amd_json(*state, &json, &in));
    assert_text(json, "{\"vcek\":\"6f6e65\",\"ask\":\"74776f\"}");
    assert_ok(amd_read(*state, &out, json));
    assert_slice(out.vcek, in.vcek);
    assert_slice(out.ask, in.ask);
    assert_int_not_equal(amd_read(*state, &out, T("{\"vcek\":\"00\"}")), DEPUTY_OK);
    assert_int_equal(amd_read(*state, &out, T("{\"vcek\":\"0\",\"ask\":\"00\"}")), DEPUTY_E_HEX);
}

/* ---- where from ---- */

static void services_are_secure_or_of_this_machine(void **state)
{
    static const char *const good[] = {"https://api.example", "https://api.example/", "http://127.0.0.1:1",
            "http://localhost", "http://[::1]:8081/", "http://localhost/mirror"};
    static const char *const bad[] = {"", "/", "http://", "https://", "api.example", "ftp://localhost",
            "http://api.example", "http://localhost.example", "http://127.0.0.1.example",
            "http://localhost@api.example", "https://a b", "https://a?b", "https://a#b", "https://a\n",
            "file:///etc/passwd"};
    struct deputy_slice out;
    struct deputy_refusal refusal;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_ok(maker_base(&out, &refusal, T(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(maker_base(&out, &refusal, T(bad[i])), DEPUTY_E_COLLATERAL_URL);
    assert_ok(maker_base(&out, &refusal, T("https://api.example//")));
    assert_text(out, "https://api.example");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(text_cut_out_of_an_answer_is_still_signed),
            ARENA_TEST(white_space_inside_the_text_is_kept),
            ARENA_TEST(answer_of_another_form_is_refused),
            ARENA_TEST(answer_that_is_cut_off_anywhere_is_refused),
            ARENA_TEST(answer_nested_deeper_than_sixteen_is_refused),
            ARENA_TEST(chain_is_decoded_once),
            ARENA_TEST(chain_that_is_none_is_refused),
            ARENA_TEST(list_is_der_or_digits),
            ARENA_TEST(quote_names_its_platform),
            ARENA_TEST(quote_without_certificates_names_none),
            ARENA_TEST(collateral_says_how_long_it_is_good),
            ARENA_TEST(report_names_its_chip),
            ARENA_TEST(certificate_of_another_chip_or_version_is_told),
            ARENA_TEST(certificates_come_back_out_of_their_json),
            cmocka_unit_test(services_are_secure_or_of_this_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
