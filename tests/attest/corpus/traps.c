/*
 * The traps of spec/08 section 11 for Intel's platforms, by name: each has been a hole in some verifier. The
 * cases are those of the corpus, which tells which verifier took them.
 */
#include "corpus.h"

#define FOLDER "attestation/generated/"

struct trap {
    const char *name;
    enum deputy_attest_code code; /* DEPUTY_ATTEST_OK: it is no trap, and must pass */
};

static struct deputy_attest_verdict verdict_of(struct deputy_arena *arena, const char *name)
{
    const struct json_value *index;
    struct deputy_attest_verdict v;
    assert_ok(json_parse(arena, &index, check_data(arena, FOLDER "index.json")));
    corpus_intel(arena, &v, FOLDER, check_vector_named(json_member(index, "cases"), name));
    return v;
}

static void assert_traps(struct deputy_arena *arena, const struct trap *traps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct deputy_attest_verdict v = verdict_of(arena, traps[i].name);
        if (v.error != traps[i].code)
            fail_msg("%s: %s", traps[i].name, deputy_attest_code_name(v.error));
    }
}

#define TRAPS(test, ...)                                                                                     \
    static void test(void **state)                                                                           \
    {                                                                                                        \
        static const struct trap traps[] = {__VA_ARGS__};                                                    \
        assert_traps(*state, traps, sizeof traps / sizeof traps[0]);                                         \
    }

#define REFUSED(name, code)                                                                                  \
    {                                                                                                        \
        name, DEPUTY_ATTEST_##code                                                                           \
    }
#define ACCEPTED(name)                                                                                       \
    {                                                                                                        \
        name, DEPUTY_ATTEST_OK                                                                               \
    }

/* ---- parsing ---- */

TRAPS(nested_lengths_are_held_against_their_own_container, REFUSED("v4.length/auth_len+256", PARSE),
        REFUSED("v4.length/outer.size-1", PARSE), REFUSED("v5-td15.length/ad_len+256", PARSE),
        REFUSED("v5-td15.length/cert.size+1", PARSE), REFUSED("size/huge-outer-size", PARSE),
        REFUSED("size/huge-cert-size", PARSE), REFUSED("size/auth-len-slack", PARSE),
        REFUSED("size/outer-slack", PARSE))

TRAPS(the_body_of_version_5_is_of_the_size_that_its_type_has, REFUSED("header/v5-body-size-1", PARSE),
        REFUSED("header/v5-body-size+64", PARSE), REFUSED("header/v5-size-0", PARSE),
        REFUSED("header/v5-body-type-mismatch", PARSE), REFUSED("header/v5-body-type-1-tdx", PARSE))

static void report_data_of_version_5_is_not_where_that_of_version_4_is(void **state)
{
    const struct deputy_attest_verdict v4 = verdict_of(*state, "valid/v4");
    const struct deputy_attest_verdict v5 = verdict_of(*state, "valid/v5-td15");
    assert_true(v4.ok && v5.ok);
    size_t rtmr3 = (size_t)(v5.measurements[DEPUTY_ATTEST_MEASURED_REPORT_DATA].ptr -
                            v5.measurements[DEPUTY_ATTEST_MEASURED_RTMR3].ptr);
    assert_int_equal(rtmr3, 48);
    assert_int_equal(v5.measurements[DEPUTY_ATTEST_MEASURED_REPORT_DATA].len, 64);
}

TRAPS(bytes_behind_a_quote_say_nothing, ACCEPTED("valid/v4-trailing-nonzero"),
        ACCEPTED("valid/v5-td15-trailing-nonzero"), ACCEPTED("valid/sgx-v3-trailing-nonzero"))

/* ---- signatures ---- */

TRAPS(an_attestation_key_is_a_point_of_the_curve_that_the_enclave_vouches_for,
        REFUSED("sig.att-key/off-curve", QUOTE_SIGNATURE), REFUSED("sig.att-key/zero", QUOTE_SIGNATURE),
        REFUSED("sig.att-key/x-too-big", QUOTE_SIGNATURE), REFUSED("sig.att-key/not-bound", QE_REPORT_DATA),
        REFUSED("qe/report-data-tail", QE_REPORT_DATA))

TRAPS(r_and_s_lie_between_1_and_the_order_and_s_may_be_high, REFUSED("sig.quote/r-zero", QUOTE_SIGNATURE),
        REFUSED("sig.quote/s-n", QUOTE_SIGNATURE), REFUSED("sig.qe-report/r-n", QE_REPORT_SIGNATURE),
        ACCEPTED("sig.quote/high-s"), ACCEPTED("sig.tcb-info/high-s"))

TRAPS(the_signature_covers_the_descriptor_of_version_5,
        REFUSED("sig.quote/signed-without-descriptor", QUOTE_SIGNATURE))

/* ---- chains ---- */

TRAPS(a_self_signed_end_of_a_chain_is_no_root, REFUSED("chain/rogue-whole", CERT_CHAIN),
        REFUSED("chain/rogue-with-real-root", CERT_CHAIN), REFUSED("signer/rogue-chain", CERT_CHAIN),
        REFUSED("root/v4-other-root", CERT_CHAIN))

TRAPS(the_certificate_that_is_read_is_the_one_that_signed, REFUSED("chain/two-leaves", CERT_CHAIN),
        REFUSED("chain/rogue-leaf-real-behind", CERT_CHAIN),
        REFUSED("chain/real-leaf-other-key", QE_REPORT_SIGNATURE))

TRAPS(authorities_are_authorities_and_leaves_are_none, REFUSED("chain/leaf-issues-leaf", CERT_CHAIN),
        REFUSED("chain/inter-not-ca", CERT_CHAIN), REFUSED("chain/inter-no-bc", CERT_CHAIN),
        REFUSED("chain/leaf-is-ca", CERT_CHAIN), REFUSED("chain/critical-unknown", CERT_CHAIN))

TRAPS(a_platform_cannot_sign_its_own_collateral, REFUSED("signer/signed-by-pck", CERT_CHAIN),
        REFUSED("signer/signed-by-pck-2", CERT_CHAIN), REFUSED("signer/signed-by-inter", CERT_CHAIN),
        REFUSED("signer/signer-wrong-cn", CERT_CHAIN))

TRAPS(unknown_revocation_is_no_pass, REFUSED("crl/root-missing", CRL), REFUSED("crl/pck-missing", CRL),
        REFUSED("crl/same-twice", CRL), REFUSED("crl/pck-by-pck", CRL), REFUSED("crl/wrong-issuer", CRL),
        REFUSED("time/pck-crl-expired", CRL), REFUSED("time/root-crl-not-yet", CRL),
        REFUSED("crl/pck-revoked-among-many", REVOKED), REFUSED("crl/tcb-signer-revoked", REVOKED))

TRAPS(serials_of_another_issuer_mean_nothing, ACCEPTED("crl/pck-serial-in-root-crl"),
        ACCEPTED("crl/inter-serial-in-pck-crl"), ACCEPTED("crl/others-revoked"))

TRAPS(times_are_checked_of_all_certificates_and_of_the_root, REFUSED("time/pck-expired", CERT_EXPIRED),
        REFUSED("time/pck-not-yet", CERT_NOT_YET_VALID), REFUSED("time/intermediate-expired", CERT_EXPIRED),
        REFUSED("time/pinned-root-expired", CERT_EXPIRED), ACCEPTED("time/pck-last-second"))

/* ---- collateral ---- */

TRAPS(the_quoting_enclave_is_held_against_its_signed_identity, REFUSED("qe.report/mrsigner", QE_IDENTITY),
        REFUSED("qe.report/prodid", QE_IDENTITY), REFUSED("qe.report/debug-even-if-allowed", QE_IDENTITY),
        REFUSED("sig.qe-identity/ones", COLLATERAL_SIGNATURE),
        REFUSED("qe.identity/id-QVE", COLLATERAL_MISMATCH))

TRAPS(collateral_of_one_kind_does_not_serve_the_other,
        REFUSED("tcb.identity/tdx-quote-sgx-info", COLLATERAL_MISMATCH),
        REFUSED("tcb.identity/sgx-quote-tdx-info", COLLATERAL_MISMATCH),
        REFUSED("qe.identity/tdx-with-sgx-identity", COLLATERAL_MISMATCH),
        REFUSED("tcb.identity/fmspc-other", COLLATERAL_MISMATCH),
        REFUSED("pck-ext/pceid-other", COLLATERAL_MISMATCH))

TRAPS(signatures_are_over_the_raw_text,
        REFUSED("json.after-signing/tcb-space-after-colon", COLLATERAL_SIGNATURE),
        REFUSED("json.after-signing/tcb-status-edit", COLLATERAL_SIGNATURE),
        ACCEPTED("json.tcb-info/pretty-printed"), ACCEPTED("json.qe-identity/pretty-printed"))

TRAPS(one_text_has_one_meaning, REFUSED("json.tcb-info/dup-level-status", PARSE),
        REFUSED("json.tcb-info/dup-escaped", PARSE), REFUSED("json.tcb-info/nul-inside", PARSE),
        REFUSED("json.qe-identity/dup-mrsigner-first", PARSE), REFUSED("tcb.identity/date-feb-30", PARSE))

/* ---- security versions ---- */

TRAPS(a_short_list_of_components_shortens_no_comparison, REFUSED("tcb.malformed/tdx-15-components", PARSE),
        REFUSED("tcb.malformed/sgx-15-components", PARSE), REFUSED("tcb.malformed/svn-256", PARSE),
        REFUSED("pck-ext/15-comps", CERT_CHAIN))

TRAPS(an_unknown_status_is_no_status, REFUSED("tcb.malformed/status-unknown", PARSE),
        REFUSED("tcb.malformed/status-lower", PARSE),
        REFUSED("tcb.malformed/unknown-status-unmatched", PARSE))

static void components_are_compared_one_by_one(void **state)
{
    static const char *const below[] = {"tcb.level/lexicographic-trap", "tcb.level/pcesvn-from-header-trap",
            "tcb.level/tdx-comp-15", "tcb.level/module0-compares-0-1"};
    for (size_t i = 0; i < sizeof below / sizeof below[0]; i++)
        assert_int_equal(verdict_of(*state, below[i]).tcb.status, DEPUTY_ATTEST_STATUS_OUT_OF_DATE);
    assert_int_equal(
            verdict_of(*state, "tcb.level/module1-skips-0-1").tcb.status, DEPUTY_ATTEST_STATUS_UP_TO_DATE);
    assert_int_equal(verdict_of(*state, "tcb.level/comp-255").tcb.status, DEPUTY_ATTEST_STATUS_UP_TO_DATE);
}

TRAPS(revoked_never_passes_whatever_the_policy_says, REFUSED("policy/revoked-listed-everywhere", TCB_REVOKED),
        REFUSED("tcb.converge/UpToDate-UpToDate-Revoked", TCB_REVOKED),
        REFUSED("tcb.sgx/Revoked-UpToDate", TCB_REVOKED))

TRAPS(a_module_without_identity_is_none, REFUSED("module/identity-absent-empty", TDX_MODULE),
        REFUSED("module/identity-decimal-trap", TDX_MODULE), REFUSED("module/mrsigner-quote", TDX_MODULE),
        ACCEPTED("module/identity-hex-0a"))

/* ---- attributes ---- */

TRAPS(what_can_be_debugged_is_refused, REFUSED("td-attributes/debug", DEBUG),
        REFUSED("body/sgx-debug", DEBUG), REFUSED("td-attributes/tud-1-debug-policy", TD_ATTRIBUTES),
        REFUSED("td-attributes/reserved-39", TD_ATTRIBUTES), REFUSED("service-td/present", TD_ATTRIBUTES),
        ACCEPTED("td-attributes/perfmon"))

TRAPS(another_root_is_a_simulator, REFUSED("policy/test-root-in-production", SIMULATOR))

int corpus_traps(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(nested_lengths_are_held_against_their_own_container),
            ARENA_TEST(the_body_of_version_5_is_of_the_size_that_its_type_has),
            ARENA_TEST(report_data_of_version_5_is_not_where_that_of_version_4_is),
            ARENA_TEST(bytes_behind_a_quote_say_nothing),
            ARENA_TEST(an_attestation_key_is_a_point_of_the_curve_that_the_enclave_vouches_for),
            ARENA_TEST(r_and_s_lie_between_1_and_the_order_and_s_may_be_high),
            ARENA_TEST(the_signature_covers_the_descriptor_of_version_5),
            ARENA_TEST(a_self_signed_end_of_a_chain_is_no_root),
            ARENA_TEST(the_certificate_that_is_read_is_the_one_that_signed),
            ARENA_TEST(authorities_are_authorities_and_leaves_are_none),
            ARENA_TEST(a_platform_cannot_sign_its_own_collateral),
            ARENA_TEST(unknown_revocation_is_no_pass),
            ARENA_TEST(serials_of_another_issuer_mean_nothing),
            ARENA_TEST(times_are_checked_of_all_certificates_and_of_the_root),
            ARENA_TEST(the_quoting_enclave_is_held_against_its_signed_identity),
            ARENA_TEST(collateral_of_one_kind_does_not_serve_the_other),
            ARENA_TEST(signatures_are_over_the_raw_text),
            ARENA_TEST(one_text_has_one_meaning),
            ARENA_TEST(a_short_list_of_components_shortens_no_comparison),
            ARENA_TEST(an_unknown_status_is_no_status),
            ARENA_TEST(components_are_compared_one_by_one),
            ARENA_TEST(revoked_never_passes_whatever_the_policy_says),
            ARENA_TEST(a_module_without_identity_is_none),
            ARENA_TEST(what_can_be_debugged_is_refused),
            ARENA_TEST(another_root_is_a_simulator),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
