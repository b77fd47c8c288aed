/* The named cases of SEV-SNP in index.json (the generated ones are in test_corpus.c). */
#include "snp_kit.h"

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
    struct snp_question question = {.policy = &policy, .now = KIT_REAL_NOW};
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
    struct snp_question question = {.policy = &policy};
    assert_ok(json_to_int64(&question.now, json_member(named(state, "snp-milan-v2-debug-policy"), "now")));
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
            ARENA_TEST(snp_milan_v3_is_good_and_says_what_it_must),
            ARENA_TEST(snp_milan_v3_with_its_mutations_is_refused),
            ARENA_TEST(snp_milan_v2_is_genuine_but_can_be_debugged),
    };
    return cmocka_run_group_tests_name("attest.snp_vectors", tests, NULL, NULL);
}
