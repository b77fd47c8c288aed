/* What dstack's verifier service is sent, read, and what of a verdict its answer says (spec/08 section 8.2).
 */
#include "base/json.h"
#include "evidence/facade.h"
#include "support/edit.h"
#include "support/vectors.h"

static struct deputy_attest_evidence read_of(struct deputy_arena *arena, const char *json)
{
    struct deputy_attest_evidence evidence;
    assert_ok(facade_request_read(arena, &evidence, T(json)));
    return evidence;
}

static void attestation_goes_before_the_other_members(void **state)
{
    struct deputy_attest_evidence e =
            read_of(*state, "{\"quote\":\"zz\",\"attestation\":\"00ff\",\"event_log\":7}");
    assert_slice(e.attestation, unhex(*state, T("00ff")));
    assert_false(deputy_slice_present(e.quote) || deputy_slice_present(e.event_log));
}

static void quote_has_its_log_and_configuration_as_text(void **state)
{
    struct deputy_attest_evidence e =
            read_of(*state, "{\"quote\":\"0X04aB\",\"event_log\":\"[]\",\"vm_config\":"
                            "\"{}\",\"attestation\":null,\"debug\":true}");
    assert_slice(e.quote, unhex(*state, T("04ab")));
    assert_text(e.event_log, "[]");
    assert_text(e.vm_config, "{}");
    assert_false(deputy_slice_present(e.attestation));
    e = read_of(*state, "{\"quote\":\"04\",\"attestation\":\"\",\"event_log\":null}");
    assert_false(deputy_slice_present(e.event_log) || deputy_slice_present(e.vm_config));
}

static void what_is_no_request_is_refused(void **state)
{
    static const struct {
        const char *json;
        enum deputy_error error;
    } cases[] = {
            {"{}", DEPUTY_E_ARGUMENT},
            {"{\"quote\":null}", DEPUTY_E_ARGUMENT},
            {"{\"quote\":\"0x\"}", DEPUTY_E_ARGUMENT},
            {"[]", DEPUTY_E_JSON_TYPE},
            {"{\"quote\":4}", DEPUTY_E_JSON_TYPE},
            {"{\"quote\":\"04\",\"event_log\":[]}", DEPUTY_E_JSON_TYPE},
            {"{\"quote\":\"04\",\"vm_config\":{}}", DEPUTY_E_JSON_TYPE},
            {"{\"attestation\":\"0g\"}", DEPUTY_E_HEX},
            {"{\"quote\":\"040\"}", DEPUTY_E_HEX},
            {"{\"quote\":\"04\",\"quote\":\"05\"}", DEPUTY_E_JSON_DUPLICATE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct deputy_attest_evidence evidence;
        assert_int_equal(facade_request_read(*state, &evidence, T(cases[i].json)), cases[i].error);
    }
}

/* ---- answers ---- */

enum { QUESTIONS = DEPUTY_ATTEST_CHECK_COUNT };

/* A verdict in which every question of the platform was answered with yes. */
static struct deputy_attest_verdict all_yes(enum deputy_attest_platform platform)
{
    struct deputy_attest_verdict v = {.ok = true, .platform = platform};
    bool amd = platform == DEPUTY_ATTEST_SEV_SNP;
    for (size_t i = 0; i < QUESTIONS; i++) {
        bool of_amd = i >= DEPUTY_ATTEST_CHECK_SNP_CHAIN && i <= DEPUTY_ATTEST_CHECK_SNP_MEASUREMENT;
        bool of_intel = i >= DEPUTY_ATTEST_CHECK_QUOTE_SIGNATURE && i <= DEPUTY_ATTEST_CHECK_ATTRIBUTES;
        if (amd ? !of_intel : !of_amd)
            v.checks[i].state = DEPUTY_ATTEST_PASS;
    }
    return v;
}

static const struct json_value *answer_to(
        struct deputy_arena *arena, const struct deputy_attest_verdict *v, bool own_policy)
{
    struct deputy_slice json;
    const struct json_value *answer;
    assert_ok(facade_answer(arena, &json, v, own_policy));
    assert_ok(json_parse(arena, &answer, json));
    assert_int_equal(json_is(json_member(answer, "reason"), JSON_NULL), check_bool_of(answer, "is_valid"));
    assert_int_equal(strcmp(facade_class(v, own_policy), "valid") == 0, check_bool_of(answer, "is_valid"));
    return answer;
}

static bool detail(const struct json_value *answer, const char *name)
{
    return check_bool_of(json_member(answer, "details"), name);
}

static bool valid(struct deputy_arena *arena, const struct deputy_attest_verdict *v, bool own_policy)
{
    return check_bool_of(answer_to(arena, v, own_policy), "is_valid");
}

static void quote_is_verified_only_when_every_question_about_it_is(void **state)
{
    static const enum deputy_attest_platform platforms[] = {DEPUTY_ATTEST_TDX, DEPUTY_ATTEST_SEV_SNP};
    for (size_t p = 0; p < 2; p++) {
        struct deputy_attest_verdict whole = all_yes(platforms[p]);
        assert_true(valid(*state, &whole, false) && valid(*state, &whole, true));
        for (size_t i = 0; i < DEPUTY_ATTEST_CHECK_REPORT_DATA; i++) {
            if (whole.checks[i].state != DEPUTY_ATTEST_PASS || i == DEPUTY_ATTEST_CHECK_SNP_MEASUREMENT)
                continue;
            for (int failed = 0; failed < 2; failed++) {
                struct deputy_attest_verdict v = whole;
                v.checks[i].state = failed ? DEPUTY_ATTEST_FAIL : DEPUTY_ATTEST_SKIPPED;
                v.checks[i].code = failed ? DEPUTY_ATTEST_PARSE : DEPUTY_ATTEST_OK;
                v.checks[i].why = T("it was not");
                v.ok = false;
                v.error = DEPUTY_ATTEST_PARSE;
                v.error_check = (enum deputy_attest_check_name)i;
                const struct json_value *answer = answer_to(*state, &v, true);
                assert_string_equal(facade_class(&v, true), "parse");
                assert_false(detail(answer, "quote_verified") || check_bool_of(answer, "is_valid"));
                assert_memory_equal(check_text_of(answer, "reason").ptr, "Quote verification failed: ", 27);
            }
        }
    }
}

static void log_and_operating_system_count_unless_a_policy_decides(void **state)
{
    static const struct {
        enum deputy_attest_platform platform;
        enum deputy_attest_check_name check;
        const char *detail, *class, *reason;
    } cases[] = {{DEPUTY_ATTEST_TDX, DEPUTY_ATTEST_CHECK_EVENT_LOG, "event_log_verified", "event_log",
                         "Event log verification failed: not there"},
            {DEPUTY_ATTEST_TDX, DEPUTY_ATTEST_CHECK_OS_IMAGE, "os_image_hash_verified", "os_image",
                    "OS image hash verification failed: not there"},
            {DEPUTY_ATTEST_SEV_SNP, DEPUTY_ATTEST_CHECK_SNP_MEASUREMENT, "os_image_hash_verified",
                    "snp_measurement", "OS image hash verification failed: not there"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct deputy_attest_verdict v = all_yes(cases[i].platform);
        v.checks[cases[i].check] =
                (struct deputy_attest_check){.state = DEPUTY_ATTEST_SKIPPED, .why = T("not there")};
        const struct json_value *answer = answer_to(*state, &v, false);
        assert_string_equal(facade_class(&v, false), cases[i].class);
        assert_false(detail(answer, cases[i].detail) || check_bool_of(answer, "is_valid"));
        assert_true(detail(answer, "quote_verified"));
        assert_text(check_text_of(answer, "reason"), cases[i].reason);
        answer = answer_to(*state, &v, true);
        assert_true(check_bool_of(answer, "is_valid"));
        assert_false(detail(answer, cases[i].detail));
    }
}

static void verdict_that_refuses_is_never_valid(void **state)
{
    struct deputy_attest_verdict v = all_yes(DEPUTY_ATTEST_TDX);
    v.ok = false;
    v.error = DEPUTY_ATTEST_KEYS;
    v.error_check = DEPUTY_ATTEST_CHECK_KEYS;
    v.checks[DEPUTY_ATTEST_CHECK_KEYS] =
            (struct deputy_attest_check){.state = DEPUTY_ATTEST_FAIL, .code = DEPUTY_ATTEST_KEYS};
    assert_false(valid(*state, &v, false) || valid(*state, &v, true));
    assert_memory_equal(
            check_text_of(answer_to(*state, &v, true), "reason").ptr, "Policy verification failed: ", 28);
}

static void nothing_is_verified_when_there_is_no_verdict(void **state)
{
    struct deputy_slice json;
    const struct json_value *answer;
    assert_ok(facade_refusal(*state, &json, T("no \"request\"")));
    assert_ok(json_parse(*state, &answer, json));
    assert_false(check_bool_of(answer, "is_valid") || detail(answer, "quote_verified") ||
                 detail(answer, "event_log_verified") || detail(answer, "os_image_hash_verified"));
    assert_text(check_text_of(answer, "reason"), "no \"request\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(attestation_goes_before_the_other_members),
            ARENA_TEST(quote_has_its_log_and_configuration_as_text),
            ARENA_TEST(what_is_no_request_is_refused),
            ARENA_TEST(quote_is_verified_only_when_every_question_about_it_is),
            ARENA_TEST(log_and_operating_system_count_unless_a_policy_decides),
            ARENA_TEST(verdict_that_refuses_is_never_valid),
            ARENA_TEST(nothing_is_verified_when_there_is_no_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
