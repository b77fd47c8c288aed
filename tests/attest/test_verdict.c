/* spec/08 section 8.2: a verdict is good only when every question that must be asked was answered with yes.
 */
#include "attest/verdict.h"
#include "support/check.h"
#include "support/vectors.h"

static const enum deputy_attest_check_name intel[] = {CHECK(PLATFORM), CHECK(ROOT), CHECK(QUOTE_SIGNATURE),
        CHECK(PCK_CHAIN), CHECK(REVOCATION), CHECK(QE_IDENTITY), CHECK(TCB), CHECK(ATTRIBUTES)};
static const enum deputy_attest_check_name amd[] = {CHECK(PLATFORM), CHECK(ROOT), CHECK(SNP_CHAIN),
        CHECK(SNP_SIGNATURE), CHECK(SNP_CHIP), CHECK(SNP_TCB), CHECK(SNP_POLICY)};

/* A verdict whose questions were all answered with yes but one. */
static struct deputy_attest_verdict all_but(enum deputy_attest_platform platform,
        const enum deputy_attest_check_name *names, size_t count, size_t left_out)
{
    struct deputy_attest_verdict v;
    verdict_begin(&v, platform, 1);
    for (size_t i = 0; i < count; i++)
        if (i != left_out)
            verdict_pass(&v, names[i]);
    return v;
}

static void a_question_that_must_be_asked_and_was_not_makes_no_good_verdict(void **state)
{
    (void)state;
    for (size_t left_out = 0; left_out <= 8; left_out++) {
        struct deputy_attest_verdict v = all_but(DEPUTY_ATTEST_TDX, intel, 8, left_out);
        assert_ok(verdict_end(&v, DEPUTY_OK));
        assert_int_equal(v.ok, left_out == 8);
    }
    for (size_t left_out = 0; left_out <= 7; left_out++) {
        struct deputy_attest_verdict v = all_but(DEPUTY_ATTEST_SEV_SNP, amd, 7, left_out);
        assert_ok(verdict_end(&v, DEPUTY_OK));
        assert_int_equal(v.ok, left_out == 7);
    }
}

static void a_question_that_failed_stays_failed(void **state)
{
    struct deputy_attest_verdict v = all_but(DEPUTY_ATTEST_TDX, intel, 8, 8);
    (void)state;
    (void)verdict_refuse_for(&v, CHECK(APP), CODE(POLICY_COMPOSE_HASHES), "x", NULL);
    (void)verdict_refuse_for(&v, CHECK(APP), CODE(POLICY_APP_IDS), "y", NULL);
    (void)verdict_refuse_for(&v, CHECK(KEYS), CODE(KEYS), "z", NULL);
    verdict_pass(&v, CHECK(APP));
    verdict_skip(&v, CHECK(KEYS), "never mind");
    assert_ok(verdict_end(&v, DEPUTY_OK));
    assert_false(v.ok);
    assert_int_equal(v.error, CODE(POLICY_COMPOSE_HASHES));
    assert_int_equal(v.error_check, CHECK(APP));
    assert_int_equal(v.checks[CHECK(APP)].code, CODE(POLICY_COMPOSE_HASHES));
    assert_text(v.checks[CHECK(APP)].expected, "x");
    assert_true(verdict_failed(&v, CHECK(KEYS)));
}

static void claims(struct deputy_attest_verdict *v)
{
    v->tcb.present = v->app.present = v->binding.present = v->fresh = true;
    v->tcb.status = DEPUTY_ATTEST_STATUS_UP_TO_DATE;
    v->measurements[DEPUTY_ATTEST_MEASURED_MR_TD] = deputy_slice_text("\x01\x02");
}

static void what_is_not_proven_is_not_told(void **state)
{
    struct deputy_attest_verdict v;
    struct deputy_slice json;
    const struct json_value *value;
    verdict_begin(&v, DEPUTY_ATTEST_TDX, 7);
    claims(&v);
    (void)verdict_refuse(&v, CHECK(QUOTE_SIGNATURE), CODE(QUOTE_SIGNATURE),
            (struct verdict_detail){.found = deputy_slice_text("a claim")});
    assert_ok(verdict_end(&v, DEPUTY_E_EVIDENCE));
    assert_ok(deputy_attest_verdict_json(*state, &json, &v));
    assert_ok(json_parse(*state, &value, json));
    assert_false(check_bool_of(value, "ok"));
    assert_null(json_member(value, "tcb"));
    assert_null(json_member(value, "measurements"));
    assert_null(json_member(value, "app"));
    assert_null(json_member(value, "binding"));
    assert_false(check_bool_of(value, "fresh"));
    const struct json_value *reason = json_member(json_member(value, "reasons"), "quote_signature");
    assert_null(json_member(reason, "found"));
    assert_text(check_text_of(reason, "code"), "quote_signature");
    assert_text(check_text_of(json_member(value, "error"), "code"), "quote_signature");
}

static void what_is_proven_but_not_accepted_is_told(void **state)
{
    struct deputy_attest_verdict v = all_but(DEPUTY_ATTEST_TDX, intel, 8, 6);
    struct deputy_slice json;
    const struct json_value *value;
    claims(&v);
    (void)verdict_refuse(&v, CHECK(TCB), CODE(TCB_STATUS),
            (struct verdict_detail){.found = deputy_slice_text("OutOfDate")});
    verdict_skip(&v, CHECK(EVENT_LOG), "none given");
    verdict_warn(&v, "rtmr0 not pinned");
    verdict_warn(&v, "rtmr0 not pinned");
    assert_ok(verdict_end(&v, DEPUTY_OK));
    assert_ok(deputy_attest_verdict_json(*state, &json, &v));
    assert_ok(json_parse(*state, &value, json));
    assert_text(check_text_of(json_member(value, "checks"), "tcb"), "fail");
    assert_text(check_text_of(json_member(value, "checks"), "attributes"), "pass");
    assert_text(check_text_of(json_member(value, "checks"), "event_log"), "skipped");
    assert_null(json_member(json_member(value, "checks"), "snp_tcb"));
    assert_text(check_text_of(json_member(json_member(value, "reasons"), "tcb"), "found"), "OutOfDate");
    assert_text(check_text_of(json_member(json_member(value, "reasons"), "event_log"), "why"), "none given");
    assert_text(check_text_of(json_member(value, "measurements"), "mr_td"), "0102");
    assert_text(check_text_of(json_member(value, "tcb"), "status"), "UpToDate");
    assert_int_equal(json_member(value, "warnings")->count, 1);
}

static void lack_of_memory_is_no_verdict_and_too_much_evidence_is_a_bad_one(void **state)
{
    struct deputy_attest_verdict v = all_but(DEPUTY_ATTEST_TDX, intel, 8, 8);
    (void)state;
    assert_int_equal(verdict_hold(&v, CHECK(TCB), CODE(PARSE), "x", DEPUTY_E_NOMEM), DEPUTY_E_NOMEM);
    assert_int_equal(verdict_end(&v, DEPUTY_E_NOMEM), DEPUTY_E_NOMEM);
    assert_false(v.ok);
    v = all_but(DEPUTY_ATTEST_TDX, intel, 8, 8);
    assert_ok(verdict_end(&v, DEPUTY_E_LIMIT));
    assert_false(v.ok);
    assert_int_equal(v.error, CODE(PARSE));
    v = all_but(DEPUTY_ATTEST_TDX, intel, 8, 8);
    assert_int_equal(verdict_hold(&v, CHECK(TCB), CODE(PARSE), "x", DEPUTY_E_JSON_SYNTAX), DEPUTY_E_EVIDENCE);
    assert_int_equal(v.checks[CHECK(TCB)].code, CODE(PARSE));
}

static void warnings_are_bounded(void **state)
{
    static const char texts[] = "abcdefghijklmnopqrstuvwxyz";
    struct deputy_attest_verdict v;
    (void)state;
    verdict_begin(&v, DEPUTY_ATTEST_TDX, 1);
    for (size_t i = 0; texts[i] != '\0'; i++)
        verdict_warn(&v, texts + i);
    assert_int_equal(v.warning_count, DEPUTY_ATTEST_WARNINGS_MAX);
}

static void codes_are_those_of_the_spec(void **state)
{
    static const char spec[] =
            "parse unsupported cert_chain cert_expired cert_not_yet_valid revoked crl collateral_expired "
            "collateral_not_yet_valid collateral_signature collateral_mismatch qe_report_signature "
            "qe_report_data qe_identity quote_signature tdx_module tcb_not_supported tcb_revoked tcb_status "
            "td_attributes debug snp_signature snp_policy snp_tcb snp_chip report_data nonce statement "
            "event_log keys simulator ";
    char ours[1024] = "";
    (void)state;
    for (int code = 1; deputy_attest_code_name((enum deputy_attest_code)code) != NULL; code++) {
        const char *name = deputy_attest_code_name((enum deputy_attest_code)code);
        assert_true(strlen(deputy_attest_code_text((enum deputy_attest_code)code)) > 10);
        if (strncmp(name, "policy.", 7) == 0)
            continue;
        strcat(ours, name);
        strcat(ours, " ");
    }
    assert_string_equal(ours, spec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_question_that_must_be_asked_and_was_not_makes_no_good_verdict),
            cmocka_unit_test(a_question_that_failed_stays_failed),
            ARENA_TEST(what_is_not_proven_is_not_told),
            ARENA_TEST(what_is_proven_but_not_accepted_is_told),
            cmocka_unit_test(lack_of_memory_is_no_verdict_and_too_much_evidence_is_a_bad_one),
            cmocka_unit_test(warnings_are_bounded),
            cmocka_unit_test(codes_are_those_of_the_spec),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
