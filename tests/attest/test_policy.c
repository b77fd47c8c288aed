/* spec/08 section 8.1: what is written holds, what is left out is strict, and what is not known is refused.
 */
#include "attest/policy.h"
#include "support/hex.h"
#include <stdio.h>

static struct deputy_attest_policy parsed(struct deputy_arena *arena, struct deputy_slice json)
{
    struct deputy_attest_policy policy;
    struct deputy_refusal refusal;
    assert_ok(deputy_attest_policy_parse(arena, &policy, &refusal, json));
    return policy;
}

static void what_is_left_out_is_strict(void **state)
{
    struct deputy_attest_policy policy = parsed(*state, T("{\"version\":1}"));
    assert_int_equal(policy.max_evidence_age_s, 600);
    assert_true(
            policy.require_nonce && policy.tdx.require_sept_ve_disable && policy.app.require_system_ready);
    assert_false(policy.allow_debug || policy.allow_simulator || policy.tdx.allow_service_td ||
                 policy.tdx.os_unchecked || policy.snp.allow_vlek || policy.snp.permit_provisional_firmware ||
                 policy.snp.require_alias_check);
    assert_int_equal(policy.tdx.tcb_statuses, 1u << DEPUTY_ATTEST_STATUS_UP_TO_DATE);
    assert_false(policy.tdx.tolerated_advisories.present || policy.tdx.images.present ||
                 policy.tdx.os_image_hashes.present || policy.app.compose_hashes.present);
    assert_false(deputy_slice_present(policy.audience));
    struct deputy_attest_policy standard = deputy_attest_policy_default();
    assert_memory_equal(&policy, &standard, sizeof policy);
}

#define H20 "0102030405060708090a0b0c0d0e0f1011121314"
#define H32 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define H33 "02" H32
#define H48 H32 "202122232425262728292a2b2c2d2e2f"

static const char whole[] =
        "{\"version\":1,\"platforms\":[\"tdx\",\"sev-snp\"],\"max_evidence_age_s\":30,\"require_nonce\":"
        "false,"
        "\"audience\":\"https://app.example\",\"allow_debug\":true,\"allow_simulator\":true,"
        "\"tdx\":{\"tcb_statuses\":[\"UpToDate\",\"OutOfDate\"],\"tolerated_advisories\":[\"INTEL-SA-00615\"]"
        ","
        "\"min_tcb_evaluation_data_number\":17,\"require_sept_ve_disable\":false,\"allow_service_td\":true,"
        "\"os_unchecked\":false,\"images\":[{\"name\":\"i\",\"mr_td\":\"" H48 "\",\"rtmr1\":\"" H48
        "\",\"rtmr2\":\"" H48 "\",\"rtmr0\":[\"" H48 "\"]}],\"os_image_hashes\":[\"" H32 "\"]},"
        "\"snp\":{\"products\":[\"Genoa\"],\"measurements\":[\"" H48 "\"],"
        "\"min_tcb\":{\"Milan\":{\"bl\":4,\"tee\":0,\"snp\":23,\"ucode\":213},"
        "\"Turin\":{\"fmc\":1,\"bl\":2,\"tee\":3,\"snp\":4,\"ucode\":255}},"
        "\"allow_vlek\":true,\"permit_provisional_firmware\":true,\"require_alias_check\":true},"
        "\"app\":{\"compose_hashes\":[\"" H32 "\"],\"app_ids\":[\"" H20 "\"],"
        "\"key_providers\":[{\"name\":\"kms\",\"id\":\"3059\"},{\"name\":\"none\"}],"
        "\"kms_k256_public_keys\":[\"" H33 "\"],\"require_system_ready\":false}}";

static void every_member_is_read(void **state)
{
    struct deputy_attest_policy policy = parsed(*state, T(whole));
    assert_int_equal(policy.platforms, 1u << DEPUTY_ATTEST_TDX | 1u << DEPUTY_ATTEST_SEV_SNP);
    assert_int_equal(policy.max_evidence_age_s, 30);
    assert_text(policy.audience, "https://app.example");
    assert_true(policy.allow_debug && policy.allow_simulator && !policy.require_nonce);
    assert_int_equal(policy.tdx.tcb_statuses,
            1u << DEPUTY_ATTEST_STATUS_UP_TO_DATE | 1u << DEPUTY_ATTEST_STATUS_OUT_OF_DATE);
    assert_true(policy_list_has(&policy.tdx.tolerated_advisories, T("INTEL-SA-00615")));
    assert_false(policy_list_has(&policy.tdx.tolerated_advisories, T("INTEL-SA-0061")));
    assert_int_equal(policy.tdx.min_tcb_evaluation_data_number, 17);
    assert_int_equal(policy.tdx.images.count, 1);
    assert_text(policy.tdx.images.items[0].name, "i");
    assert_hex(policy.tdx.images.items[0].rtmr2.ptr, 48, H48);
    assert_true(policy_list_has(&policy.tdx.images.items[0].rtmr0, check_hex(*state, H48)));
    assert_true(policy_list_has(&policy.tdx.os_image_hashes, check_hex(*state, H32)));
    assert_int_equal(policy.snp.products, 1u << DEPUTY_ATTEST_PRODUCT_GENOA);
    assert_int_equal(policy.snp.min_tcb_products,
            1u << DEPUTY_ATTEST_PRODUCT_MILAN | 1u << DEPUTY_ATTEST_PRODUCT_TURIN);
    assert_int_equal(policy.snp.min_tcb[DEPUTY_ATTEST_PRODUCT_MILAN].ucode, 213);
    assert_int_equal(policy.snp.min_tcb[DEPUTY_ATTEST_PRODUCT_TURIN].fmc, 1);
    assert_true(policy_list_has(&policy.app.app_ids, check_hex(*state, H20)));
    assert_int_equal(policy.app.key_providers.count, 2);
    assert_hex(policy.app.key_providers.items[0].id.ptr, policy.app.key_providers.items[0].id.len, "3059");
    assert_false(deputy_slice_present(policy.app.key_providers.items[1].id));
    assert_true(policy_list_has(&policy.app.kms_k256_public_keys, check_hex(*state, H33)));
    assert_false(policy.app.require_system_ready);
}

static void an_empty_list_of_advisories_is_not_an_absent_one(void **state)
{
    struct deputy_attest_policy policy =
            parsed(*state, T("{\"version\":1,\"tdx\":{\"tolerated_advisories\":[]}}"));
    assert_true(policy.tdx.tolerated_advisories.present);
    assert_int_equal(policy.tdx.tolerated_advisories.count, 0);
}

static void the_policies_of_the_corpus_are_read(void **state)
{
    static const char *const names[] = {"any", "any-production", "debug", "eval-17", "eval-18",
            "hardening-none", "hardening-sa", "no-sept-ve", "service-td", "snp-alias", "snp-milan-only",
            "snp-min-high", "snp-min", "snp-provisional", "snp-vlek", "strict"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[128];
        snprintf(path, sizeof path, "attestation/generated/policy/%s.json", names[i]);
        struct deputy_attest_policy policy = parsed(*state, check_data(*state, path));
        assert_true(policy.tdx.os_unchecked);
        assert_false(policy.require_nonce);
        assert_int_equal(policy.allow_simulator, strcmp(names[i], "any-production") != 0);
        assert_int_equal(policy.allow_debug, strcmp(names[i], "debug") == 0);
        assert_int_equal(policy.tdx.require_sept_ve_disable, strcmp(names[i], "no-sept-ve") != 0);
        assert_int_equal(policy.tdx.allow_service_td, strcmp(names[i], "service-td") == 0);
        assert_int_equal(policy.snp.allow_vlek, strcmp(names[i], "snp-vlek") == 0);
    }
}

static void a_member_that_is_not_known_is_refused_with_the_nearest_name(void **state)
{
    static const struct {
        const char *json, *member, *meant;
    } rows[] = {
            {"{\"version\":1,\"requirenonce\":true}", "requirenonce", "require_nonce"},
            {"{\"version\":1,\"tdx\":{\"tcb_status\":[\"UpToDate\"]}}", "tcb_status", "tcb_statuses"},
            {"{\"version\":1,\"snp\":{\"measurement\":[]}}", "measurement", "measurements"},
            {"{\"version\":1,\"app\":{\"compose_hash\":[]}}", "compose_hash", "compose_hashes"},
            {"{\"version\":1,\"tdx\":{\"images\":[{\"mrtd\":\"\"}]}}", "mrtd", "mr_td"},
            {"{\"version\":1,\"snp\":{\"min_tcb\":{\"Milan\":{\"fmc\":1}}}}", "fmc", "tee"},
            {"{\"version\":1,\"app\":{\"key_providers\":[{\"nam\":\"\"}]}}", "nam", "name"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct deputy_attest_policy policy;
        struct deputy_refusal refusal;
        assert_int_equal(deputy_attest_policy_parse(*state, &policy, &refusal, T(rows[i].json)),
                DEPUTY_E_POLICY_MEMBER);
        assert_int_equal(refusal.code, DEPUTY_E_POLICY_MEMBER);
        assert_text(refusal.args[0], rows[i].member);
        if (strcmp(rows[i].member, "fmc") != 0)
            assert_text(refusal.args[1], rows[i].meant);
    }
}

static void values_of_another_form_are_refused_by_name(void **state)
{
    static const struct {
        const char *json, *member;
    } rows[] = {
            {"{}", "version"},
            {"{\"version\":2}", "version"},
            {"{\"version\":\"1\"}", "version"},
            {"{\"version\":1,\"platforms\":[]}", "platforms"},
            {"{\"version\":1,\"platforms\":[\"TDX\"]}", "platforms"},
            {"{\"version\":1,\"platforms\":\"tdx\"}", "platforms"},
            {"{\"version\":1,\"max_evidence_age_s\":-1}", "max_evidence_age_s"},
            {"{\"version\":1,\"max_evidence_age_s\":1.5}", "max_evidence_age_s"},
            {"{\"version\":1,\"require_nonce\":null}", "require_nonce"},
            {"{\"version\":1,\"require_nonce\":0}", "require_nonce"},
            {"{\"version\":1,\"audience\":\"\"}", "audience"},
            {"{\"version\":1,\"tdx\":[]}", "tdx"},
            {"{\"version\":1,\"tdx\":{\"tcb_statuses\":[]}}", "tcb_statuses"},
            {"{\"version\":1,\"tdx\":{\"tcb_statuses\":[\"Revoked\"]}}", "tcb_statuses"},
            {"{\"version\":1,\"tdx\":{\"tcb_statuses\":[\"uptodate\"]}}", "tcb_statuses"},
            {"{\"version\":1,\"tdx\":{\"tolerated_advisories\":[\"\"]}}", "an element"},
            {"{\"version\":1,\"tdx\":{\"tolerated_advisories\":\"INTEL-SA-00615\"}}", "tolerated_advisories"},
            {"{\"version\":1,\"tdx\":{\"images\":[]}}", "images"},
            {"{\"version\":1,\"tdx\":{\"images\":[{\"mr_td\":\"" H48 "\",\"rtmr1\":\"" H48 "\"}]}}", "rtmr2"},
            {"{\"version\":1,\"tdx\":{\"images\":[{\"mr_td\":\"" H32 "\"}]}}", "mr_td"},
            {"{\"version\":1,\"tdx\":{\"os_image_hashes\":[]}}", "os_image_hashes"},
            {"{\"version\":1,\"tdx\":{\"os_image_hashes\":[\"" H48 "\"]}}", "an element"},
            {"{\"version\":1,\"snp\":{\"products\":[\"Naples\"]}}", "products"},
            {"{\"version\":1,\"snp\":{\"min_tcb\":{}}}", "min_tcb"},
            {"{\"version\":1,\"snp\":{\"min_tcb\":{\"Rome\":{}}}}", "min_tcb"},
            {"{\"version\":1,\"snp\":{\"min_tcb\":{\"Milan\":{\"bl\":256}}}}", "bl"},
            {"{\"version\":1,\"snp\":{\"min_tcb\":{\"Milan\":{\"bl\":1,\"tee\":1,\"snp\":1}}}}", "ucode"},
            {"{\"version\":1,\"app\":{\"compose_hashes\":[]}}", "compose_hashes"},
            {"{\"version\":1,\"app\":{\"compose_hashes\":[\"xy\"]}}", "an element"},
            {"{\"version\":1,\"app\":{\"app_ids\":[\"" H32 "\"]}}", "an element"},
            {"{\"version\":1,\"app\":{\"key_providers\":[{\"id\":\"00\"}]}}", "name"},
            {"{\"version\":1,\"app\":{\"key_providers\":[{\"name\":\"kms\",\"id\":\"0\"}]}}", "id"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct deputy_attest_policy policy;
        struct deputy_refusal refusal;
        assert_int_equal(deputy_attest_policy_parse(*state, &policy, &refusal, T(rows[i].json)),
                DEPUTY_E_POLICY_VALUE);
        assert_int_equal(refusal.code, DEPUTY_E_POLICY_VALUE);
        assert_text(refusal.args[0], rows[i].member);
    }
}

static void a_policy_that_is_no_json_is_refused(void **state)
{
    static const char *const texts[] = {"", "{", "{\"version\":1}x", "{\"version\":1,\"version\":1}"};
    struct deputy_attest_policy policy;
    struct deputy_refusal refusal;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_not_equal(deputy_attest_policy_parse(*state, &policy, &refusal, T(texts[i])), DEPUTY_OK);
    assert_int_equal(refusal.code, DEPUTY_E_JSON_DUPLICATE);
    assert_int_equal(deputy_attest_policy_parse(*state, &policy, &refusal, T("[]")), DEPUTY_E_POLICY_VALUE);
}

static void a_policy_beyond_its_limits_is_refused(void **state)
{
    struct deputy_attest_policy policy;
    struct deputy_refusal refusal;
    char *text = test_calloc(DEPUTY_ATTEST_POLICY_MAX + 2, 1);
    memset(text, ' ', DEPUTY_ATTEST_POLICY_MAX + 1);
    memcpy(text, "{\"version\":1}", 13);
    assert_ok(deputy_attest_policy_parse(
            *state, &policy, &refusal, deputy_slice_bytes(text, DEPUTY_ATTEST_POLICY_MAX)));
    assert_int_equal(deputy_attest_policy_parse(*state, &policy, &refusal,
                             deputy_slice_bytes(text, DEPUTY_ATTEST_POLICY_MAX + 1)),
            DEPUTY_E_LIMIT);
    size_t at = (size_t)sprintf(text, "{\"version\":1,\"tdx\":{\"tolerated_advisories\":[\"a\"");
    for (size_t i = 0; i < DEPUTY_ATTEST_POLICY_LIST_MAX; i++)
        at += (size_t)sprintf(text + at, ",\"a\"");
    sprintf(text + at, "]}}");
    assert_int_equal(deputy_attest_policy_parse(*state, &policy, &refusal, T(text)), DEPUTY_E_POLICY_VALUE);
    test_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(what_is_left_out_is_strict),
            ARENA_TEST(every_member_is_read),
            ARENA_TEST(an_empty_list_of_advisories_is_not_an_absent_one),
            ARENA_TEST(the_policies_of_the_corpus_are_read),
            ARENA_TEST(a_member_that_is_not_known_is_refused_with_the_nearest_name),
            ARENA_TEST(values_of_another_form_are_refused_by_name),
            ARENA_TEST(a_policy_that_is_no_json_is_refused),
            ARENA_TEST(a_policy_beyond_its_limits_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
