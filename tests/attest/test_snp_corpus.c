/* Every SEV-SNP case of the two collections of vectors gives the verdict that it must give. */
#include "snp_kit.h"
#include <stdio.h>

#define GENERATED "attestation/generated/"

static bool list_has(const struct json_value *list, const char *text)
{
    if (list == NULL)
        return false;
    JSON_EACH (row, list)
        if (json_text_is(row, text))
            return true;
    return false;
}

static struct deputy_attest_policy policy_of(struct deputy_arena *arena, const struct json_value *row)
{
    struct deputy_attest_policy policy;
    struct deputy_refusal refusal;
    struct deputy_slice json = check_data(arena, kit_path(arena, row, "policy"));
    assert_ok(deputy_attest_policy_parse(arena, &policy, &refusal, json));
    return policy;
}

static struct deputy_attest_verdict verdict_of(struct deputy_arena *arena, const struct json_value *row)
{
    struct deputy_attest_policy policy = policy_of(arena, row);
    struct deputy_attest_verdict verdict;
    int64_t now;
    assert_ok(json_to_int64(&now, json_member(row, "time")));
    struct snp_evidence evidence = {.report = check_data(arena, kit_path(arena, row, "report")),
            .key = kit_certificate(arena, kit_path(arena, row, "vcek"), 0),
            .intermediate = kit_certificate(arena, kit_path(arena, row, "ask"), 0)};
    struct snp_question question = {
            .policy = &policy, .root = kit_certificate(arena, kit_path(arena, row, "ark"), 1), .now = now};
    assert_ok(snp_verify(arena, &verdict, &evidence, &question));
    return verdict;
}

/* Whether the verdict is one of those that the case allows. */
static bool is_expected(const struct json_value *row, const struct deputy_attest_verdict *verdict)
{
    const struct json_value *expect = json_member(row, "expect");
    const struct json_value *ok = json_member(expect, "ok");
    const char *code = deputy_attest_code_name(verdict->error);
    if (json_is(ok, JSON_TRUE))
        return verdict->ok;
    if (json_is(ok, JSON_FALSE))
        return !verdict->ok && list_has(json_member(expect, "class"), code);
    return verdict->ok || list_has(json_member(expect, "class_if_refused"), code);
}

static void generated_cases_give_their_verdicts(void **state)
{
    const struct json_value *index;
    size_t judged = 0, wrong = 0;
    assert_ok(json_parse(*state, &index, check_data(*state, GENERATED "index.json")));
    JSON_EACH (row, json_member(index, "cases")) {
        if (!json_text_is(json_member(row, "platform"), "snp"))
            continue;
        struct deputy_arena *arena = check_arena();
        struct deputy_attest_verdict verdict = verdict_of(arena, row);
        struct deputy_slice name = check_text_of(row, "name");
        judged++;
        if (!is_expected(row, &verdict)) {
            wrong++;
            print_error("%.*s: %s\n", (int)name.len, (const char *)name.ptr,
                    deputy_attest_code_name(verdict.error));
        }
        deputy_arena_destroy(arena);
    }
    assert_int_equal(judged, 233);
    assert_int_equal(wrong, 0);
}

/* ---- the named cases of index.json ---- */

static const struct json_value *named(void **state, const char *name)
{
    const struct json_value *index;
    assert_ok(json_parse(*state, &index, check_data(*state, "attestation/index.json")));
    return check_vector_named(json_member(index, "tests"), name);
}

static struct deputy_slice digest_of(void **state, const struct json_value *expect, const char *name)
{
    return unhex(*state, check_text_of(expect, name));
}

static void snp_milan_v3_is_good_and_says_what_it_must(void **state)
{
    const struct json_value *expect = json_member(named(state, "snp-milan-v3"), "expect");
    const struct json_value *fields = json_member(expect, "fields");
    struct deputy_attest_policy policy = kit_policy();
    struct deputy_attest_verdict v;
    struct snp_evidence evidence = kit_real(*state);
    evidence.document = check_text_of(expect, "mr_config_document");
    struct snp_question question = {
            .policy = &policy, .report_data = digest_of(state, fields, "report_data"), .now = KIT_REAL_NOW};
    assert_ok(snp_verify(*state, &v, &evidence, &question));
    assert_true(v.ok);
    assert_int_equal(v.warning_count, 0);
    assert_slice(v.measurements[DEPUTY_ATTEST_MEASURED_MEASUREMENT], digest_of(state, fields, "measurement"));
    assert_slice(v.measurements[DEPUTY_ATTEST_MEASURED_HOST_DATA],
            digest_of(state, expect, "host_data_from_document"));
    assert_slice(v.measurements[DEPUTY_ATTEST_MEASURED_CHIP_ID], digest_of(state, fields, "chip_id"));
    assert_slice(v.measurements[DEPUTY_ATTEST_MEASURED_MR_SYSTEM], digest_of(state, expect, "mr_system"));
    assert_slice(
            v.measurements[DEPUTY_ATTEST_MEASURED_MR_AGGREGATED], digest_of(state, expect, "mr_aggregated"));
    assert_slice(v.app.device_id, digest_of(state, expect, "device_id"));
    assert_int_equal(v.tcb.product, DEPUTY_ATTEST_PRODUCT_MILAN);
    assert_int_equal(v.tcb.reported.bl, 4);
    assert_int_equal(v.tcb.reported.snp, 23);
    assert_int_equal(v.tcb.reported.ucode, 213);
    assert_false(v.tcb.dstack_up_to_date);
    assert_hex(v.app.app_id.ptr, v.app.app_id.len, "86e59625be93207bc2351c4d1bba20037cec8e16");
    assert_text(v.app.key_provider_name, "kms");
}

static void snp_milan_v3_with_its_mutations_is_refused(void **state)
{
    struct deputy_attest_policy policy = kit_policy();
    struct snp_question question = {.policy = &policy, .now = KIT_REAL_NOW};
    size_t count = 0;
    JSON_EACH (mutation, json_member(named(state, "snp-milan-v3"), "mutations")) {
        int64_t offset, change;
        uint8_t report[SNP_REPORT_BYTES];
        struct snp_evidence evidence = kit_real(*state);
        assert_ok(json_to_int64(&offset, json_member(mutation, "offset")));
        assert_ok(json_to_int64(&change, json_member(mutation, "xor_byte")));
        memcpy(report, evidence.report.ptr, sizeof report);
        report[offset] ^= (uint8_t)change;
        evidence.report = deputy_slice_bytes(report, sizeof report);
        assert_int_equal(kit_code(*state, &evidence, &question), DEPUTY_ATTEST_SNP_SIGNATURE);
        count++;
    }
    assert_int_equal(count, 4);
}

static void snp_milan_v2_is_genuine_but_can_be_debugged(void **state)
{
    struct deputy_attest_policy policy = kit_policy();
    struct deputy_attest_verdict v;
    struct snp_evidence evidence = {.report = check_data(*state, "attestation/snp/milan_v2_debug_report.bin"),
            .key = check_data(*state, "attestation/snp/milan_v2_debug_vcek.der"),
            .intermediate = kit_certificate(*state, "attestation/snp/ask_ark_milan.pem", 0)};
    struct snp_question question = {.policy = &policy, .now = 1664582400};
    assert_ok(snp_verify(*state, &v, &evidence, &question));
    assert_int_equal(v.error, DEPUTY_ATTEST_SNP_POLICY);
    assert_int_equal(v.checks[DEPUTY_ATTEST_CHECK_SNP_CHAIN].state, DEPUTY_ATTEST_PASS);
    assert_int_equal(v.checks[DEPUTY_ATTEST_CHECK_SNP_SIGNATURE].state, DEPUTY_ATTEST_PASS);
    assert_true(v.tcb.dstack_up_to_date);
    policy.allow_debug = true;
    assert_int_equal(kit_code(*state, &evidence, &question), DEPUTY_ATTEST_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(generated_cases_give_their_verdicts),
            ARENA_TEST(snp_milan_v3_is_good_and_says_what_it_must),
            ARENA_TEST(snp_milan_v3_with_its_mutations_is_refused),
            ARENA_TEST(snp_milan_v2_is_genuine_but_can_be_debugged),
    };
    return cmocka_run_group_tests_name("attest.snp_corpus", tests, NULL, NULL);
}
