/* Evidence in one piece, as dstack packs it (spec/08 section 6.4), through the one entry. */
#include "snp_kit.h"
#include <deputy/attest.h>

struct asked {
    struct deputy_attest_policy policy;
    struct deputy_attest_evidence evidence;
    struct deputy_attest_question question;
    struct deputy_attest_verdict verdict;
};

static struct deputy_slice piece_of(void **state, const char *file)
{
    const struct json_value *object;
    assert_ok(json_parse(*state, &object, check_data(*state, file)));
    return unhex(*state, check_text_of(object, "attestation"));
}

/* dstack's own example of SEV-SNP, which its verifier accepts. */
static void ask(void **state, struct asked *a)
{
    memset(a, 0, sizeof *a);
    a->policy = kit_policy();
    a->evidence.attestation = piece_of(state, "attestation/dstack/verifier_sev_snp.json");
    a->question.now.sec = KIT_REAL_NOW;
}

static enum deputy_attest_code judged(void **state, struct asked *a)
{
    a->question.policy = &a->policy;
    assert_ok(deputy_attest_verify(*state, &a->verdict, &a->evidence, &a->question));
    assert_int_equal(a->verdict.ok, a->verdict.error == DEPUTY_ATTEST_OK);
    return a->verdict.error;
}

static void snp_piece_brings_report_chain_and_app(void **state)
{
    struct asked a;
    ask(state, &a);
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_OK);
    assert_int_equal(a.verdict.platform, DEPUTY_ATTEST_SEV_SNP);
    assert_hex(
            a.verdict.app.app_id.ptr, a.verdict.app.app_id.len, "86e59625be93207bc2351c4d1bba20037cec8e16");
}

/* Without a chain inside, the one that was fetched elsewhere is taken. */
static void snp_piece_without_a_chain_takes_the_given_one(void **state)
{
    struct asked a;
    ask(state, &a);
    struct snp_evidence real = kit_real(*state);
    a.evidence.attestation = check_data(*state, "attestation/snp/dstack_v0_attestation.bin");
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_CERT_CHAIN);
    a.evidence.vek = real.key;
    a.evidence.ask = real.intermediate;
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_OK);
}

/* What stands beside the report says another report_data: the 64 bytes before the configuration. */
static void piece_that_contradicts_its_report_is_refused(void **state)
{
    struct asked a;
    ask(state, &a);
    struct deputy_slice whole = a.evidence.attestation;
    uint8_t copy[16384];
    assert_in_range(whole.len, 1, sizeof copy);
    memcpy(copy, whole.ptr, whole.len);
    const uint8_t marker[] = "attest-test-fixture-2026";
    size_t last = 0;
    for (size_t i = 0; i + sizeof marker < whole.len; i++)
        if (memcmp(copy + i, marker, sizeof marker - 1) == 0)
            last = i;
    assert_true(last > 0x50 + SNP_REPORT_BYTES);
    copy[last] ^= 1;
    a.evidence.attestation = deputy_slice_bytes(copy, whole.len);
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_REPORT_DATA);
}

static void what_is_no_piece_is_refused(void **state)
{
    struct asked a;
    ask(state, &a);
    a.evidence.attestation.len--;
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_PARSE);
    assert_int_equal(a.verdict.platform, DEPUTY_ATTEST_NO_PLATFORM);
    a.evidence.attestation = T("");
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_PARSE);
    a.evidence.attestation = check_hex(*state, "0002"); /* of a Nitro enclave */
    assert_int_equal(judged(state, &a), DEPUTY_ATTEST_UNSUPPORTED);
}

static void piece_beside_a_quote_or_report_is_a_mistake_of_the_caller(void **state)
{
    struct asked a;
    ask(state, &a);
    a.question.policy = &a.policy;
    a.evidence.quote = T("x");
    assert_int_equal(deputy_attest_verify(*state, &a.verdict, &a.evidence, &a.question), DEPUTY_E_ARGUMENT);
    a.evidence.quote = (struct deputy_slice){0};
    a.evidence.report = T("x");
    assert_int_equal(deputy_attest_verify(*state, &a.verdict, &a.evidence, &a.question), DEPUTY_E_ARGUMENT);
}

/* A real TDX guest: without collateral its platform is not known to be up to date, all else is answered. */
static void tdx_piece_without_collateral_is_refused(void **state)
{
    struct asked a;
    ask(state, &a);
    a.evidence.attestation = piece_of(state, "attestation/dstack/verifier_tdx_lite.json");
    assert_int_not_equal(judged(state, &a), DEPUTY_ATTEST_OK);
    assert_int_equal(a.verdict.platform, DEPUTY_ATTEST_TDX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(snp_piece_brings_report_chain_and_app),
            ARENA_TEST(snp_piece_without_a_chain_takes_the_given_one),
            ARENA_TEST(piece_that_contradicts_its_report_is_refused),
            ARENA_TEST(what_is_no_piece_is_refused),
            ARENA_TEST(piece_beside_a_quote_or_report_is_a_mistake_of_the_caller),
            ARENA_TEST(tdx_piece_without_collateral_is_refused),
    };
    return cmocka_run_group_tests_name("attest.unpack", tests, NULL, NULL);
}
