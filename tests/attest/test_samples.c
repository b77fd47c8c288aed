/* Evidence of real hardware and of Intel's own samples gets the verdict that spec/08 section 10 lists. */
#include "attest/pck.h"
#include "attest/pki.h"
#include "attest/roots.h"
#include "attest/tdx_quote.h"
#include "base/codec.h"
#include "crypto/der.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "support/hex.h"
#include "support/vectors.h"
#include <deputy/attest.h>
#include <stdio.h>

#define FOLDER "attestation/"

/* All statuses are tolerated, Intel's root is not replaced, and the operating system is not looked at. */
static struct deputy_attest_policy policy_of(struct deputy_arena *arena)
{
    struct deputy_attest_policy policy;
    struct deputy_refusal refusal;
    assert_ok(deputy_attest_policy_parse(
            arena, &policy, &refusal, check_data(arena, FOLDER "generated/policy/any-production.json")));
    return policy;
}

static const struct json_value *test_named(struct deputy_arena *arena, const char *name)
{
    const struct json_value *index;
    assert_ok(json_parse(arena, &index, check_data(arena, FOLDER "index.json")));
    return check_vector_named(json_member(index, "tests"), name);
}

static struct deputy_slice without_space(struct deputy_slice text)
{
    while (text.len > 0 && (text.ptr[text.len - 1] == '\n' || text.ptr[text.len - 1] == '\r'))
        text.len--;
    return text;
}

static struct deputy_slice file_of(struct deputy_arena *arena, struct deputy_slice name)
{
    char path[256];
    snprintf(path, sizeof path, FOLDER "%.*s", (int)name.len, (const char *)name.ptr);
    return check_data(arena, path);
}

/* The quote of a test: raw, as hexadecimal text, or inside the answer of a guest agent. */
static struct deputy_slice quote_of(struct deputy_arena *arena, const struct json_value *test)
{
    struct deputy_slice name = check_optional_text_of(test, "quote");
    struct deputy_slice text;
    struct deputy_slice quote;
    if (!deputy_slice_present(name)) {
        const struct json_value *answer;
        assert_ok(json_parse(arena, &answer, file_of(arena, check_text_of(test, "getquote"))));
        text = check_text_of(answer, "quote");
    } else {
        text = file_of(arena, name);
        if (memcmp(name.ptr + name.len - 4, ".hex", 4) != 0)
            return text;
    }
    text = without_space(text);
    if (text.len > 2 && text.ptr[0] == '0' && text.ptr[1] == 'x')
        text = deputy_slice_bytes(text.ptr + 2, text.len - 2);
    assert_ok(hex_read(arena, &quote, text));
    return quote;
}

static struct deputy_attest_verdict verdict_of(struct deputy_arena *arena, const struct json_value *test,
        struct deputy_slice quote, struct deputy_slice collateral)
{
    struct deputy_attest_policy policy = policy_of(arena);
    struct deputy_attest_verdict v;
    const struct deputy_attest_evidence evidence = {
            .quote = quote, .collateral = collateral, .root = file_of(arena, check_text_of(test, "root"))};
    struct deputy_attest_question question = {.policy = &policy};
    assert_ok(json_to_int64(&question.now.sec, json_member(test, "now")));
    assert_ok(deputy_attest_verify(arena, &v, &evidence, &question));
    return v;
}

static struct deputy_attest_verdict verdict_named(struct deputy_arena *arena, const char *name)
{
    const struct json_value *test = test_named(arena, name);
    struct deputy_slice collateral = check_optional_text_of(test, "collateral");
    if (deputy_slice_present(collateral))
        collateral = file_of(arena, collateral);
    return verdict_of(arena, test, quote_of(arena, test), collateral);
}

static void assert_status(const struct json_value *expect, const char *name, enum deputy_attest_status status)
{
    if (json_member(expect, name) != NULL)
        assert_true(json_text_is(json_member(expect, name), deputy_attest_status_name(status)));
}

static void assert_expected(
        const char *name, const struct deputy_attest_verdict *v, const struct json_value *expect)
{
    print_message("%s\n", name);
    assert_int_equal(v->ok, check_bool_of(expect, "ok"));
    if (!v->ok) {
        assert_text(check_text_of(expect, "error_class"), deputy_attest_code_name(v->error));
        return;
    }
    assert_status(expect, "status", v->tcb.status);
    assert_status(expect, "platform_status", v->tcb.platform_status);
    assert_status(expect, "qe_status", v->tcb.qe_status);
    if (json_member(expect, "advisory_ids") == NULL)
        return;
    size_t at = 0;
    JSON_EACH (advisory, json_member(expect, "advisory_ids")) {
        assert_true(at < v->tcb.advisory_count);
        assert_slice(v->tcb.advisories[at++], advisory->text);
    }
    assert_int_equal(at, v->tcb.advisory_count);
}

/* Section 3.3: the fingerprint that Intel's root is published with. */
static void the_pinned_root_is_the_published_one(void **state)
{
    uint8_t digest[HASH_BYTES];
    (void)state;
    sha256(digest, root_intel());
    assert_hex(digest, sizeof digest, "44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3");
}

static void evidence_with_collateral_gets_its_verdict(void **state)
{
    static const char *const names[] = {"tdx-v4-uptodate", "tdx-v4-expired-collateral",
            "tdx-v4-collateral-not-yet-valid", "tdx-v5-no-matching-tcb-level",
            "sgx-v3-config-and-swhardening", "tdx-v4-20a06f-uptodate",
            "tdx_v4_b0c06f_b-no-matching-tcb-level", "tdx_v4_b0c06f_tappd-no-matching-tcb-level",
            "tdx-v5-td15-uptodate", "dstack-simulator-quote", "getquote_v1events.json",
            "getquote_stripped.json"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct deputy_attest_verdict v = verdict_named(*state, names[i]);
        assert_expected(names[i], &v, json_member(test_named(*state, names[i]), "expect"));
    }
}

/* All signatures of these hold: what refuses them is the level alone. */
static void a_platform_below_every_level_is_genuine_and_refused(void **state)
{
    struct deputy_attest_verdict v = verdict_named(*state, "tdx-v5-no-matching-tcb-level");
    assert_int_equal(v.error, DEPUTY_ATTEST_TCB_NOT_SUPPORTED);
    assert_int_equal(v.checks[DEPUTY_ATTEST_CHECK_QUOTE_SIGNATURE].state, DEPUTY_ATTEST_PASS);
    assert_int_equal(v.checks[DEPUTY_ATTEST_CHECK_REVOCATION].state, DEPUTY_ATTEST_PASS);
    assert_int_equal(v.checks[DEPUTY_ATTEST_CHECK_QE_IDENTITY].state, DEPUTY_ATTEST_PASS);
    assert_true(deputy_slice_present(v.measurements[DEPUTY_ATTEST_MEASURED_MR_TD]));
}

static void the_parts_of_the_status_are_told(void **state)
{
    struct deputy_attest_verdict v = verdict_named(*state, "tdx-v4-uptodate");
    static const uint8_t fmspc[] = {0xb0, 0xc0, 0x6f, 0, 0, 0};
    assert_true(v.ok);
    assert_int_equal(v.tcb.module_status, DEPUTY_ATTEST_STATUS_UP_TO_DATE);
    assert_memory_equal(v.tcb.fmspc, fmspc, sizeof fmspc);
    assert_int_equal(v.tcb.collateral_expires_at, 1752919235);
    assert_int_equal(v.verified_at, 1752919234);
    assert_false(v.fresh);
}

/* ---- without collateral ---- */

static void no_collateral_is_never_a_pass(void **state)
{
    struct deputy_attest_verdict v = verdict_named(*state, "tdx-v4-go-signatures-only");
    assert_false(v.ok);
    assert_int_equal(v.checks[DEPUTY_ATTEST_CHECK_PCK_CHAIN].state, DEPUTY_ATTEST_PASS);
    assert_int_equal(v.checks[DEPUTY_ATTEST_CHECK_QUOTE_SIGNATURE].state, DEPUTY_ATTEST_PASS);
    assert_int_equal(v.checks[DEPUTY_ATTEST_CHECK_REVOCATION].code, DEPUTY_ATTEST_CRL);
    assert_int_equal(v.checks[DEPUTY_ATTEST_CHECK_QE_IDENTITY].state, DEPUTY_ATTEST_FAIL);
    assert_int_equal(v.checks[DEPUTY_ATTEST_CHECK_TCB].state, DEPUTY_ATTEST_FAIL);
    assert_false(v.tcb.present);
}

static void a_guest_without_sept_ve_disable_is_refused(void **state)
{
    struct deputy_attest_verdict v = verdict_named(*state, "tdx-v4-go-sept-ve-disable-policy");
    assert_int_equal(v.checks[DEPUTY_ATTEST_CHECK_ATTRIBUTES].code, DEPUTY_ATTEST_TD_ATTRIBUTES);
}

static void an_expired_platform_certificate_is_refused(void **state)
{
    struct deputy_attest_verdict v = verdict_named(*state, "tdx-v4-go-pck-expired");
    assert_false(v.ok);
    assert_int_equal(v.error, DEPUTY_ATTEST_CERT_EXPIRED);
}

static void each_mutation_of_the_list_is_refused(void **state)
{
    const struct json_value *test = test_named(*state, "tdx-v4-go-signatures-only");
    struct deputy_slice quote = quote_of(*state, test);
    uint8_t *bytes = test_malloc(quote.len);
    size_t count = 0;
    JSON_EACH (mutation, json_member(test, "mutations")) {
        int64_t offset;
        int64_t byte;
        assert_ok(json_to_int64(&offset, json_member(mutation, "offset")));
        assert_ok(json_to_int64(&byte, json_member(mutation, "set_byte")));
        memcpy(bytes, quote.ptr, quote.len);
        bytes[offset] = (uint8_t)byte;
        struct deputy_attest_verdict v =
                verdict_of(*state, test, deputy_slice_bytes(bytes, quote.len), (struct deputy_slice){0});
        assert_true(v.checks[DEPUTY_ATTEST_CHECK_PCK_CHAIN].state != DEPUTY_ATTEST_PASS ||
                    v.checks[DEPUTY_ATTEST_CHECK_QUOTE_SIGNATURE].state != DEPUTY_ATTEST_PASS);
        count++;
    }
    assert_int_equal(count, 8);
    test_free(bytes);
}

/* ---- Intel's own samples: a PKI made for testing ---- */

enum { IN_2020 = 1577836800, IN_2024 = 1704067200 };

/* Signatures of a quote by the certified key of that platform. */
static void assert_signed(const struct tdx_quote *quote, const struct x509 *leaf)
{
    assert_ok(p256_verify_point(leaf->key.point.ptr, quote->qe_report, quote->qe_signature.ptr));
    assert_ok(p256_verify_point(quote->attestation_key.ptr, quote->signed_part, quote->signature.ptr));
}

static struct pki pki_of(
        struct deputy_arena *arena, struct deputy_attest_verdict *v, const char *root, int64_t now)
{
    struct pki pki = {.arena = arena, .verdict = v, .now = now};
    struct deputy_slice der;
    size_t count;
    assert_ok(pem_certificates(arena, &der, &count, 1, check_data(arena, root)));
    verdict_begin(v, DEPUTY_ATTEST_SGX, now);
    assert_ok(pki_begin(&pki, der));
    return pki;
}

static void intels_sgx_sample_without_certificates_is_signed(void **state)
{
    struct deputy_attest_verdict v;
    struct tdx_quote quote;
    struct pki_platform platform;
    struct pki pki = pki_of(*state, &v, FOLDER "intel_qvl/intel_qvl_sgx_trustedRootCaCert.pem", IN_2020);
    struct deputy_slice leaf = check_data(*state, FOLDER "intel_qvl/intel_qvl_sgx_pckCert.pem");
    struct deputy_slice rest = check_data(*state, FOLDER "intel_qvl/intel_qvl_sgx_pckSignChain.pem");
    assert_int_equal(tdx_quote_parse(&quote, check_data(*state, FOLDER "intel_qvl/intel_qvl_sgx_quote.dat")),
            DEPUTY_ATTEST_OK);
    assert_int_equal(quote.certification, 1);
    assert_int_equal(quote.qe_auth_data.len, 0);
    char *chain = test_calloc(leaf.len + rest.len + 1, 1);
    memcpy(chain, leaf.ptr, leaf.len);
    memcpy(chain + leaf.len, rest.ptr, rest.len);
    assert_ok(pki_platform(&pki, &platform, deputy_slice_text(chain)));
    assert_signed(&quote, platform.leaf);
    test_free(chain);
}

/* Its certificates are DER in the order root, authority, leaf: a form that no real quote has and that is not
 * verified here. */
static void intels_tdx_sample_with_der_certificates_is_signed(void **state)
{
    struct deputy_attest_verdict v;
    struct tdx_quote quote;
    struct pki_platform platform;
    struct deputy_slice leaf;
    const struct x509 *certificate;
    struct pck pck;
    struct pki pki = pki_of(*state, &v, FOLDER "intel_qvl/intel_qvl_tdx_trustedRootCaCert.pem", IN_2024);
    assert_int_equal(tdx_quote_parse(&quote, check_data(*state, FOLDER "intel_qvl/intel_qvl_tdx_quote.dat")),
            DEPUTY_ATTEST_OK);
    assert_int_equal(quote.certification, CERTIFICATION_CHAIN);
    assert_int_equal(pki_platform(&pki, &platform, quote.certification_data), DEPUTY_E_EVIDENCE);
    struct deputy_slice chain = quote.certification_data;
    for (size_t i = 0; i < 3; i++)
        assert_true(der_take_whole(&chain, DER_SEQUENCE, &leaf));
    assert_int_equal(chain.len, 0);
    assert_ok(x509_parse(*state, &certificate, leaf));
    assert_signed(&quote, certificate);
    /* component versions above 127 */
    assert_ok(pck_read(&pck, certificate));
    assert_hex(pck.fmspc, sizeof pck.fmspc, "ed742af8adf5");
    assert_hex(pck.pce_id, sizeof pck.pce_id, "8a67");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(the_pinned_root_is_the_published_one),
            ARENA_TEST(evidence_with_collateral_gets_its_verdict),
            ARENA_TEST(a_platform_below_every_level_is_genuine_and_refused),
            ARENA_TEST(the_parts_of_the_status_are_told),
            ARENA_TEST(no_collateral_is_never_a_pass),
            ARENA_TEST(a_guest_without_sept_ve_disable_is_refused),
            ARENA_TEST(an_expired_platform_certificate_is_refused),
            ARENA_TEST(each_mutation_of_the_list_is_refused),
            ARENA_TEST(intels_sgx_sample_without_certificates_is_signed),
            ARENA_TEST(intels_tdx_sample_with_der_certificates_is_signed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
