/* What is asked about a genuine report of SEV-SNP beside the report itself (spec/08 sections 5.2
 * to 5.4, 8.1). */
#include "attest/dstack_key.h"
#include "crypto/hash.h"
#include "snp_kit.h"

#define COMPOSE_HASH "86e59625be93207bc2351c4d1bba20037cec8e168da6b18f559af5af657b7a23"

struct asked {
    struct deputy_attest_policy policy;
    struct snp_evidence evidence;
    struct snp_question question;
    struct deputy_attest_verdict verdict;
};

/* A real report with all that belongs to it, and a policy that asks for nothing of its own. */
static void ask(void **state, struct asked *a)
{
    const struct json_value *index;
    assert_ok(json_parse(*state, &index, check_data(*state, "attestation/index.json")));
    const struct json_value *expect =
            json_member(check_vector_named(json_member(index, "tests"), "snp-milan-v3"), "expect");
    memset(a, 0, sizeof *a);
    a->policy = kit_policy();
    a->evidence = kit_real(*state);
    a->evidence.document = check_text_of(expect, "mr_config_document");
    a->question = (struct snp_question){.policy = &a->policy, .now = KIT_REAL_NOW};
}

static enum deputy_attest_code judged(void **state, struct asked *a)
{
    a->question.policy = &a->policy;
    assert_ok(snp_verify(*state, &a->verdict, &a->evidence, &a->question));
    return a->verdict.error;
}

static struct deputy_attest_list list_of(const struct deputy_slice *items, size_t count)
{
    return (struct deputy_attest_list){true, items, count};
}

/* ---- roots ---- */

/* Told by AMD's key server, and the fingerprints that spec/08 section 5.2 names. */
static void pinned_roots_have_the_published_fingerprints(void **state)
{
    static const char *const prints[] = {"69d063b45344d26a2e94e1f4210de49ef555308287d4c174445c95639a540bcd",
            "4c6598d19c18719c5dfd4a7d335f674e5bfe1d8f800cea2cf270c10d103db2f1",
            "1f084161a44bb6d93778a904877d4819cafa5d05ef4193b2ded9dd9c73dd3f6a"};
    static const char *const files[] = {"attestation/snp/ask_ark_milan.pem",
            "attestation/snp/ask_ark_genoa_vlek.pem", "attestation/snp/ask_ark_turin_vlek.pem"};
    static const enum deputy_attest_product products[] = {
            DEPUTY_ATTEST_PRODUCT_MILAN, DEPUTY_ATTEST_PRODUCT_GENOA, DEPUTY_ATTEST_PRODUCT_TURIN};
    for (size_t i = 0; i < 3; i++) {
        uint8_t digest[HASH_BYTES];
        sha256(digest, snp_root(products[i]));
        assert_hex(digest, HASH_BYTES, prints[i]);
        assert_slice(snp_root(products[i]), kit_certificate(*state, files[i], 1));
    }
    assert_false(deputy_slice_present(snp_root(DEPUTY_ATTEST_NO_PRODUCT)));
    assert_false(deputy_slice_present(snp_root(DEPUTY_ATTEST_PRODUCT_END)));
}

static const struct json_value *generated(void **state, const char *name)
{
    const struct json_value *index;
    assert_ok(json_parse(*state, &index, check_data(*state, "attestation/generated/index.json")));
    return check_vector_named(json_member(index, "cases"), name);
}

/* A whole chain of another maker is refused under AMD's roots, whatever root it brings along. */
static void chain_to_a_root_of_its_own_is_refused(void **state)
{
    struct asked a;
    ask(state, &a);
    const struct json_value *row = generated(state, "snp.valid/milan-v3");
    a.evidence = (struct snp_evidence){.report = check_data(*state, kit_path(*state, row, "report")),
            .key = check_data(*state, kit_path(*state, row, "vcek")),
            .intermediate = check_data(*state, kit_path(*state, row, "ask"))};
    a.question.now = 1790000000;
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_CERT_CHAIN);
    assert_false(deputy_slice_present(a.verdict.measurements[DEPUTY_ATTEST_MEASURED_MEASUREMENT]));
    a.question.root = check_data(*state, kit_path(*state, row, "ark"));
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_SIMULATOR);
    a.policy.allow_simulator = true;
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_OK);
    assert_int_equal(a.verdict.warning_count, 1);
    assert_text(a.verdict.warnings[0], "simulator");
}

/* A verdict, not a fault of the one who asks: a root may come from a file that somebody sent. */
static void chain_to_a_root_that_is_no_certificate_is_refused(void **state)
{
    struct asked a;
    ask(state, &a);
    a.question.root = T("no certificate");
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_CERT_CHAIN);
}

static void own_root_that_is_the_makers_is_no_simulator(void **state)
{
    struct asked a;
    ask(state, &a);
    a.question.root = kit_certificate(*state, "attestation/snp/ask_ark_milan.pem", 1);
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_OK);
    assert_int_equal(a.verdict.warning_count, 0);
}

static void every_certificate_is_held_against_the_time(void **state)
{
    struct asked a;
    ask(state, &a);
    a.question.now = 1500000000;
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_CERT_NOT_YET_VALID);
    a.question.now = INT64_MAX;
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_CERT_EXPIRED);
    a.question.now = INT64_MIN;
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_CERT_NOT_YET_VALID);
}

static void each_changed_byte_of_a_certificate_is_refused(void **state)
{
    struct asked a;
    ask(state, &a);
    struct deputy_slice *places[] = {&a.evidence.key, &a.evidence.intermediate};
    for (size_t p = 0; p < 2; p++) {
        struct deputy_slice whole = *places[p];
        uint8_t copy[2048];
        assert_in_range(whole.len, 1, sizeof copy);
        memcpy(copy, whole.ptr, whole.len);
        *places[p] = deputy_slice_bytes(copy, whole.len);
        for (size_t i = 0; i < whole.len; i += 3) {
            copy[i] ^= 1;
            assert_int_not_equal(judged(state, &a), DEPUTY_ATTEST_OK);
            copy[i] ^= 1;
        }
        *places[p] = whole;
    }
}

static void certificates_that_are_absent_are_refused(void **state)
{
    struct asked a;
    ask(state, &a);
    a.evidence.intermediate = (struct deputy_slice){0};
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_CERT_CHAIN);
    ask(state, &a);
    a.evidence.key = (struct deputy_slice){0};
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_CERT_CHAIN);
}

/* ---- binding ---- */

static void report_data_must_be_all_of_what_was_said(void **state)
{
    struct asked a;
    uint8_t expected[64];
    ask(state, &a);
    memcpy(expected, a.evidence.report.ptr + 0x50, sizeof expected);
    a.question.report_data = deputy_slice_bytes(expected, sizeof expected);
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_OK);
    assert_int_equal(a.verdict.checks[DEPUTY_ATTEST_CHECK_REPORT_DATA].state, DEPUTY_ATTEST_PASS);
    for (size_t i = 0; i < sizeof expected; i++) {
        expected[i] ^= 1;
        assert_int_equal(judged(state, &a), DEPUTY_ATTEST_REPORT_DATA);
        expected[i] ^= 1;
    }
    a.question.report_data.len = 63;
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_REPORT_DATA);
    a.question.report_data = (struct deputy_slice){0};
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_OK);
    assert_int_equal(a.verdict.checks[DEPUTY_ATTEST_CHECK_REPORT_DATA].state, DEPUTY_ATTEST_SKIPPED);
}

/* ---- who runs inside ---- */

static void document_that_host_data_does_not_name_is_refused(void **state)
{
    struct asked a;
    ask(state, &a);
    a.evidence.document = joined(*state, a.evidence.document, T(" "));
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_EVENT_LOG);
    assert_false(a.verdict.app.present);
    a.evidence.document = T("");
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_EVENT_LOG);
}

static void app_is_held_against_every_list_of_the_policy(void **state)
{
    struct asked a;
    ask(state, &a);
    struct deputy_slice compose = check_hex(*state, COMPOSE_HASH);
    struct deputy_slice app_id = deputy_slice_bytes(compose.ptr, 20);
    struct deputy_slice wrong_hash = check_hex(*state, "00" COMPOSE_HASH), right[] = {wrong_hash, compose};
    wrong_hash.len = 32;
    a.policy.app.compose_hashes = list_of(right, 2);
    a.policy.app.app_ids = list_of(&app_id, 1);
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_OK);
    assert_int_equal(a.verdict.checks[DEPUTY_ATTEST_CHECK_APP].state, DEPUTY_ATTEST_PASS);
    a.policy.app.compose_hashes = list_of(&wrong_hash, 1);
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_POLICY_COMPOSE_HASHES);
    a.policy.app.compose_hashes = (struct deputy_attest_list){0};
    a.policy.app.app_ids = list_of(&wrong_hash, 1);
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_POLICY_APP_IDS);
    a.policy.app.app_ids = list_of(NULL, 0);
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_POLICY_APP_IDS);
}

static void key_provider_is_held_against_name_and_id(void **state)
{
    struct asked a;
    ask(state, &a);
    struct deputy_attest_key_provider row = {T("kms"), {0}};
    a.policy.app.key_providers = (struct deputy_attest_key_providers){true, &row, 1};
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_OK);
    row.id = a.verdict.app.key_provider_id;
    assert_int_equal(row.id.len, 91);
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_OK);
    row.id.len = 90;
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_POLICY_KEY_PROVIDERS);
    row = (struct deputy_attest_key_provider){T("tpm"), {0}};
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_POLICY_KEY_PROVIDERS);
    a.policy.app.key_providers.count = 0;
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_POLICY_KEY_PROVIDERS);
}

static void app_that_says_nothing_is_on_no_list(void **state)
{
    struct asked a;
    ask(state, &a);
    struct deputy_slice compose = check_hex(*state, COMPOSE_HASH);
    struct deputy_attest_key_provider row = {T("kms"), {0}};
    a.evidence.document = (struct deputy_slice){0};
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_OK);
    assert_int_equal(a.verdict.checks[DEPUTY_ATTEST_CHECK_APP].state, DEPUTY_ATTEST_SKIPPED);
    a.policy.app.compose_hashes = list_of(&compose, 1);
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_POLICY_COMPOSE_HASHES);
    a.policy.app.compose_hashes = (struct deputy_attest_list){0};
    a.policy.app.app_ids = list_of(&compose, 1);
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_POLICY_APP_IDS);
    a.policy.app.app_ids = (struct deputy_attest_list){0};
    a.policy.app.key_providers = (struct deputy_attest_key_providers){true, &row, 1};
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_POLICY_KEY_PROVIDERS);
}

/* A chain for the app of the document, by a KMS that the policy pins. */
static void key_of_the_app_is_held_against_the_kms_of_the_policy(void **state)
{
    struct asked a;
    uint8_t app_secret[DSTACK_KEY_BYTES], kms_secret[DSTACK_KEY_BYTES], app[DSTACK_ROOT_BYTES],
            kms[DSTACK_ROOT_BYTES];
    uint8_t digest[HASH_BYTES], first[DSTACK_SIGNATURE_BYTES], second[DSTACK_SIGNATURE_BYTES];
    ask(state, &a);
    struct deputy_slice app_id = deputy_slice_bytes(check_hex(*state, COMPOSE_HASH).ptr, DSTACK_APP_ID_BYTES);
    memset(app_secret, 3, sizeof app_secret);
    memset(kms_secret, 5, sizeof kms_secret);
    assert_ok(dstack_public_key(app, DSTACK_SECP256K1, app_secret));
    assert_ok(dstack_public_key(kms, DSTACK_SECP256K1, kms_secret));
    struct deputy_slice key = deputy_slice_bytes(app, sizeof app), pin = deputy_slice_bytes(kms, sizeof kms);
    assert_ok(dstack_purpose_digest(*state, digest, T("p"), key));
    assert_ok(secp256k1_sign_recoverable(first, digest, app_secret));
    dstack_issue_digest(digest, app_id.ptr, app);
    assert_ok(secp256k1_sign_recoverable(second, digest, kms_secret));
    a.policy.app.kms_k256_public_keys = list_of(&pin, 1);
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_POLICY_KMS_K256_PUBLIC_KEYS);
    a.evidence.app_key = (struct deputy_attest_app_key){.public_key = key,
            .purpose = T("p"),
            .app_signature = deputy_slice_bytes(first, sizeof first),
            .kms_signature = deputy_slice_bytes(second, sizeof second)};
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_OK);
    a.evidence.document = (struct deputy_slice){0}; /* then it is nobody's key */
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_KEYS);
}

/* ---- lists of platforms and measurements ---- */

static void measurement_and_platform_are_held_against_the_policy(void **state)
{
    struct asked a;
    ask(state, &a);
    uint8_t measurement[SNP_MEASUREMENT_BYTES];
    struct deputy_slice item = deputy_slice_bytes(measurement, sizeof measurement);
    memcpy(measurement, a.evidence.report.ptr + 0x90, sizeof measurement);
    a.policy.snp.measurements = list_of(&item, 1);
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_OK);
    measurement[0] ^= 1;
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_POLICY_MEASUREMENTS);
    ask(state, &a);
    a.policy.platforms = 1U << DEPUTY_ATTEST_TDX;
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_POLICY_PLATFORMS);
    a.policy.platforms = 1U << DEPUTY_ATTEST_SEV_SNP;
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_OK);
    a.policy.snp.products = 1U << DEPUTY_ATTEST_PRODUCT_GENOA;
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_POLICY_PRODUCTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(pinned_roots_have_the_published_fingerprints),
            ARENA_TEST(chain_to_a_root_of_its_own_is_refused),
            ARENA_TEST(chain_to_a_root_that_is_no_certificate_is_refused),
            ARENA_TEST(own_root_that_is_the_makers_is_no_simulator),
            ARENA_TEST(every_certificate_is_held_against_the_time),
            ARENA_TEST(each_changed_byte_of_a_certificate_is_refused),
            ARENA_TEST(certificates_that_are_absent_are_refused),
            ARENA_TEST(report_data_must_be_all_of_what_was_said),
            ARENA_TEST(document_that_host_data_does_not_name_is_refused),
            ARENA_TEST(app_is_held_against_every_list_of_the_policy),
            ARENA_TEST(key_provider_is_held_against_name_and_id),
            ARENA_TEST(app_that_says_nothing_is_on_no_list),
            ARENA_TEST(key_of_the_app_is_held_against_the_kms_of_the_policy),
            ARENA_TEST(measurement_and_platform_are_held_against_the_policy),
    };
    return cmocka_run_group_tests_name("attest.snp_verify", tests, NULL, NULL);
}
