/* Reading reports of SEV-SNP (spec/08 section 5.1), and that no byte of one is left to chance. */
#include "snp_kit.h"

enum { AT_CPUID = 0x188, AT_KEY_INFO = 0x48, AT_SIGNATURE = 0x2a0 };

static const uint8_t *copy_of_real(void **state, uint8_t report[SNP_REPORT_BYTES])
{
    struct deputy_slice real = check_data(*state, "attestation/snp/milan_v3_report.bin");
    assert_int_equal(real.len, SNP_REPORT_BYTES);
    return memcpy(report, real.ptr, SNP_REPORT_BYTES);
}

static enum deputy_error parsed(const uint8_t report[SNP_REPORT_BYTES])
{
    struct snp_report out;
    return snp_report_parse(&out, deputy_slice_bytes(report, SNP_REPORT_BYTES));
}

static void fields_of_a_real_report_are_the_known_answers(void **state)
{
    const struct json_value *index;
    struct snp_report r;
    assert_ok(json_parse(*state, &index, check_data(*state, "attestation/index.json")));
    const struct json_value *fields = json_member(
            json_member(check_vector_named(json_member(index, "tests"), "snp-milan-v3"), "expect"), "fields");
    assert_ok(snp_report_parse(&r, check_data(*state, "attestation/snp/milan_v3_report.bin")));
    assert_int_equal(r.version, 3);
    assert_int_equal(r.guest_svn, 0);
    assert_int_equal(r.vmpl, 0);
    assert_int_equal(r.policy, 0x30000);
    assert_int_equal(r.platform_info, 0x25);
    assert_int_equal(r.product, DEPUTY_ATTEST_PRODUCT_MILAN);
    assert_int_equal(r.signer, SNP_SIGNED_BY_VCEK);
    assert_false(r.chip_masked);
    const struct {
        const char *name;
        struct deputy_slice field;
    } rows[] = {{"family_id", r.family_id}, {"image_id", r.image_id}, {"report_data", r.report_data},
            {"measurement", r.measurement}, {"host_data", r.host_data}, {"id_key_digest", r.id_key_digest},
            {"chip_id", r.chip_id}, {"current_tcb", deputy_slice_bytes(r.current_tcb, SNP_TCB_BYTES)},
            {"reported_tcb", deputy_slice_bytes(r.reported_tcb, SNP_TCB_BYTES)},
            {"committed_tcb", deputy_slice_bytes(r.committed_tcb, SNP_TCB_BYTES)},
            {"launch_tcb", deputy_slice_bytes(r.launch_tcb, SNP_TCB_BYTES)}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_slice(rows[i].field, unhex(*state, check_text_of(fields, rows[i].name)));
    assert_int_equal(r.current.build, 29);
    assert_int_equal(r.current.minor, 55);
    assert_int_equal(r.current.major, 1);
    assert_int_equal(r.committed.build, 29);
}

static void report_of_another_length_is_refused(void **state)
{
    struct snp_report r;
    struct deputy_slice real = check_data(*state, "attestation/snp/milan_v3_report.bin");
    for (size_t len = 0; len < real.len; len++)
        assert_int_equal(snp_report_parse(&r, deputy_slice_bytes(real.ptr, len)), DEPUTY_E_EVIDENCE_FORM);
    assert_int_equal(
            snp_report_parse(&r, joined(*state, real, deputy_slice_bytes("", 1))), DEPUTY_E_EVIDENCE_FORM);
}

static void reserved_byte_that_is_set_is_refused(void **state)
{
    static const struct {
        size_t first, last;
    } reserved[] = {{0x04c, 0x04f}, {0x18b, 0x19f}, {0x1eb, 0x1eb}, {0x1ef, 0x1ef}, {0x1f8, 0x29f},
            {AT_SIGNATURE + 48, AT_SIGNATURE + 71}, {AT_SIGNATURE + 72 + 48, AT_SIGNATURE + 143},
            {AT_SIGNATURE + 144, SNP_REPORT_BYTES - 1}, {AT_KEY_INFO + 1, AT_KEY_INFO + 3}};
    uint8_t report[SNP_REPORT_BYTES];
    copy_of_real(state, report);
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
        for (size_t at = reserved[i].first; at <= reserved[i].last; at++) {
            report[at] ^= 0x80;
            assert_int_equal(parsed(report), DEPUTY_E_EVIDENCE_FORM);
            report[at] ^= 0x80;
        }
    assert_ok(parsed(report));
}

static void version_says_which_fields_there_are(void **state)
{
    uint8_t report[SNP_REPORT_BYTES];
    copy_of_real(state, report);
    for (unsigned int version = 0; version < 256; version++) {
        report[0] = (uint8_t)version;
        bool is_known = version >= 3 && version <= 5;
        bool is_v2 = version == 2; /* has no CPUID: those bytes are reserved */
        assert_int_equal(parsed(report), is_known ? DEPUTY_OK
                                         : is_v2  ? DEPUTY_E_EVIDENCE_FORM
                                                  : DEPUTY_E_EVIDENCE_UNSUPPORTED);
    }
    report[0] = 2;
    memset(report + AT_CPUID, 0, 3);
    assert_ok(parsed(report));
    report[0x1f8] = 1; /* mitigations, from version 5 on */
    assert_int_equal(parsed(report), DEPUTY_E_EVIDENCE_FORM);
    copy_of_real(state, report);
    report[0] = 5;
    report[0x1f8] = report[0x207] = 1;
    assert_ok(parsed(report));
}

static void algorithm_and_signing_key_are_known_or_refused(void **state)
{
    uint8_t report[SNP_REPORT_BYTES];
    struct snp_report r;
    copy_of_real(state, report);
    report[0x34] = 2;
    assert_int_equal(parsed(report), DEPUTY_E_EVIDENCE_UNSUPPORTED);
    report[0x34] = 1;
    for (uint8_t signer = 0; signer < 8; signer++) {
        report[AT_KEY_INFO] = (uint8_t)(signer << 2);
        assert_int_equal(parsed(report), signer <= 1 ? DEPUTY_OK : DEPUTY_E_EVIDENCE_UNSUPPORTED);
    }
    report[AT_KEY_INFO] = 0x02;
    assert_ok(snp_report_parse(&r, deputy_slice_bytes(report, sizeof report)));
    assert_true(r.chip_masked);
    report[AT_KEY_INFO] = 0x20;
    assert_int_equal(parsed(report), DEPUTY_E_EVIDENCE_FORM);
}

static void processor_is_told_by_family_and_model(void **state)
{
    uint8_t report[SNP_REPORT_BYTES];
    copy_of_real(state, report);
    for (unsigned int family = 0x18; family <= 0x1b; family++)
        for (unsigned int model = 0; model < 256; model++) {
            struct snp_report r;
            enum deputy_attest_product expected = DEPUTY_ATTEST_NO_PRODUCT;
            if (family == 0x19)
                expected = model <= 0x0f                                       ? DEPUTY_ATTEST_PRODUCT_MILAN
                           : model <= 0x1f || (model >= 0xa0 && model <= 0xaf) ? DEPUTY_ATTEST_PRODUCT_GENOA
                                                                               : DEPUTY_ATTEST_NO_PRODUCT;
            if (family == 0x1a && model <= 0x11)
                expected = DEPUTY_ATTEST_PRODUCT_TURIN;
            report[AT_CPUID] = (uint8_t)family;
            report[AT_CPUID + 1] = (uint8_t)model;
            enum deputy_error error = snp_report_parse(&r, deputy_slice_bytes(report, sizeof report));
            assert_int_equal(
                    error, expected == DEPUTY_ATTEST_NO_PRODUCT ? DEPUTY_E_EVIDENCE_UNSUPPORTED : DEPUTY_OK);
            assert_int_equal(r.product, expected);
        }
}

static void security_versions_are_laid_out_by_product(void **state)
{
    static const uint8_t raw[SNP_TCB_BYTES] = {1, 2, 0, 0, 0, 0, 3, 4};
    static const uint8_t turin[SNP_TCB_BYTES] = {1, 2, 3, 4, 0, 0, 0, 5};
    struct deputy_attest_snp_tcb tcb;
    (void)state;
    assert_ok(snp_tcb_read(&tcb, DEPUTY_ATTEST_PRODUCT_GENOA, raw));
    assert_true(tcb.fmc == 0 && tcb.bl == 1 && tcb.tee == 2 && tcb.snp == 3 && tcb.ucode == 4);
    assert_ok(snp_tcb_read(&tcb, DEPUTY_ATTEST_PRODUCT_TURIN, turin));
    assert_true(tcb.fmc == 1 && tcb.bl == 2 && tcb.tee == 3 && tcb.snp == 4 && tcb.ucode == 5);
    for (size_t i = 0; i < SNP_TCB_BYTES; i++) {
        uint8_t one[SNP_TCB_BYTES] = {0};
        one[i] = 0x80;
        assert_int_equal(snp_tcb_read(&tcb, DEPUTY_ATTEST_PRODUCT_MILAN, one),
                i >= 2 && i <= 5 ? DEPUTY_E_EVIDENCE_FORM : DEPUTY_OK);
        assert_int_equal(snp_tcb_read(&tcb, DEPUTY_ATTEST_PRODUCT_TURIN, one),
                i >= 4 && i <= 6 ? DEPUTY_E_EVIDENCE_FORM : DEPUTY_OK);
    }
}

static void security_versions_are_compared_by_component(void **state)
{
    const struct deputy_attest_snp_tcb low = {1, 1, 1, 1, 1};
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        struct deputy_attest_snp_tcb high = low, other = {2, 2, 2, 2, 2};
        *(uint8_t *[]){&high.fmc, &high.bl, &high.tee, &high.snp, &high.ucode}[i] = 2;
        *(uint8_t *[]){&other.fmc, &other.bl, &other.tee, &other.snp, &other.ucode}[i] = 0;
        assert_true(snp_tcb_at_most(low, high));
        assert_false(snp_tcb_at_most(high, low));
        assert_false(snp_tcb_equal(low, high));
        assert_false(snp_tcb_at_most(low, other)); /* higher in four, lower in one */
    }
    assert_true(snp_tcb_equal(low, low));
}

/* ---- no byte is left to chance ---- */

/*
 * Which bytes may be anything: none. The signature covers the first 0x2a0, and the rest is the signature or
 * zero. Every stride-th byte from the first on is changed.
 */
static void check_bytes(
        const struct snp_evidence *evidence, const struct snp_question *question, size_t first, size_t stride)
{
    uint8_t report[SNP_REPORT_BYTES];
    struct snp_evidence changed = *evidence;
    memcpy(report, evidence->report.ptr, sizeof report);
    changed.report = deputy_slice_bytes(report, sizeof report);
    for (size_t at = first; at < sizeof report; at += stride) {
        struct deputy_arena *arena = check_arena();
        report[at] ^= (uint8_t)(1U << at % 8);
        if (kit_code(arena, &changed, question) == DEPUTY_ATTEST_OK)
            fail_msg("byte 0x%zx may be changed", at);
        report[at] ^= (uint8_t)(1U << at % 8);
        deputy_arena_destroy(arena);
    }
}

static void every_changed_byte_of_a_real_report_is_refused(void **state)
{
    struct deputy_attest_policy policy = kit_policy();
    struct snp_evidence evidence = kit_real(*state);
    struct snp_question question = {.policy = &policy, .now = KIT_REAL_NOW};
    assert_int_equal(kit_code(*state, &evidence, &question), DEPUTY_ATTEST_OK);
    check_bytes(&evidence, &question, 0, 1);
}

/* One report of each version, product and kind of key, whole; of all others that must be good, bytes in turn.
 */
static bool is_first_of_its_kind(const struct json_value *row)
{
    static const char *const names[] = {"snp.valid/milan-v2", "snp.valid/milan-v5", "snp.valid/genoa-v3",
            "snp.valid/turin-v3", "snp.vlek/allowed"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (json_text_is(json_member(row, "name"), names[i]))
            return true;
    return false;
}

static void changed_bytes_of_every_good_report_are_refused(void **state)
{
    enum { STRIDE = 11 };
    const struct json_value *index;
    size_t good = 0;
    assert_ok(json_parse(*state, &index, check_data(*state, "attestation/generated/index.json")));
    JSON_EACH (row, json_member(index, "cases")) {
        if (!json_text_is(json_member(row, "platform"), "snp") ||
                !json_is(json_member(json_member(row, "expect"), "ok"), JSON_TRUE))
            continue;
        struct deputy_arena *arena = check_arena();
        struct kit_case c;
        kit_case_read(arena, &c, row);
        assert_int_equal(kit_code(arena, &c.evidence, &c.question), DEPUTY_ATTEST_OK);
        bool whole = is_first_of_its_kind(row);
        check_bytes(&c.evidence, &c.question, whole ? 0 : good % STRIDE, whole ? 1 : STRIDE);
        good++;
        deputy_arena_destroy(arena);
    }
    assert_int_equal(good, 38);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(fields_of_a_real_report_are_the_known_answers),
            ARENA_TEST(report_of_another_length_is_refused),
            ARENA_TEST(reserved_byte_that_is_set_is_refused),
            ARENA_TEST(version_says_which_fields_there_are),
            ARENA_TEST(algorithm_and_signing_key_are_known_or_refused),
            ARENA_TEST(processor_is_told_by_family_and_model),
            ARENA_TEST(security_versions_are_laid_out_by_product),
            ARENA_TEST(security_versions_are_compared_by_component),
            ARENA_TEST(every_changed_byte_of_a_real_report_is_refused),
            ARENA_TEST(changed_bytes_of_every_good_report_are_refused),
    };
    return cmocka_run_group_tests_name("attest.snp_report", tests, NULL, NULL);
}
