/* Certificates beside a report (spec/08 section 5.5): the kernel's table, and dstack's list. */
#include "snp_kit.h"

#define VCEK "63da758de6644564adc5f4b93be8accd"
#define VLEK "a8074bc2a25a483eaae639c045a0b8a1"
#define ASK "4ab7b379bbac4fe4a02f05aef327c782"
#define ARK                                                                                                  \
    "c0b406a4a80349529743"                                                                                   \
    "3fb6014cd0ae"
#define OTHER "00112233445566778899aabbccddeeff"
#define END                                                                                                  \
    "00000000000000000000000000000000"                                                                       \
    "0000000000000000"

static enum deputy_error table_error(void **state, const char *hex)
{
    struct snp_certificates out;
    return snp_table_parse(&out, check_hex(*state, hex));
}

static void table_holds_what_its_entries_point_to(void **state)
{
    struct snp_certificates out;
    /* two entries and the end take 72 = 0x48 bytes */
    assert_ok(snp_table_parse(&out, check_hex(*state, VCEK "48000000"
                                                           "02000000" ASK "4a000000"
                                                           "01000000" END "aabbcc")));
    assert_hex(out.vcek.ptr, out.vcek.len, "aabb");
    assert_hex(out.intermediate.ptr, out.intermediate.len, "cc");
    assert_false(deputy_slice_present(out.vlek));
    assert_ok(snp_table_parse(&out, check_hex(*state, VLEK "30000000"
                                                           "01000000" END "aa")));
    assert_hex(out.vlek.ptr, out.vlek.len, "aa");
    assert_false(deputy_slice_present(out.vcek));
}

static void root_of_a_table_and_unknown_entries_are_passed_over(void **state)
{
    struct snp_certificates out;
    assert_ok(snp_table_parse(&out, check_hex(*state, ARK "48000000"
                                                          "01000000" OTHER "48000000"
                                                          "01000000" END "aa")));
    assert_false(deputy_slice_present(out.vcek) || deputy_slice_present(out.vlek) ||
                 deputy_slice_present(out.intermediate));
    assert_ok(table_error(state, END));
}

static void entry_outside_the_table_is_refused(void **state)
{
    static const char *const wrong[] = {VCEK "30000000"
                                             "02000000" END "aa",
            VCEK "31000000"
                 "01000000" END "aa",
            VCEK "32000000"
                 "01000000" END "aa",
            VCEK "30000000"
                 "00000000" END "aa",
            VCEK "00000000"
                 "01000000" END "aa",
            VCEK "17000000"
                 "01000000" END "aa",
            VCEK "30000000"
                 "ffffffff" END "aa",
            VCEK "ffffffff"
                 "01000000" END "aa",
            VCEK "ffffffff"
                 "ffffffff" END "aa",
            OTHER "30000000"
                  "02000000" END "aa"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(table_error(state, wrong[i]), DEPUTY_E_EVIDENCE_FORM);
}

static void table_without_an_end_is_refused(void **state)
{
    assert_int_equal(table_error(state, ""), DEPUTY_E_EVIDENCE_FORM);
    assert_int_equal(table_error(state, "00"), DEPUTY_E_EVIDENCE_FORM);
    assert_int_equal(table_error(state, VCEK "18000000"
                                             "01000000"
                                             "aa"),
            DEPUTY_E_EVIDENCE_FORM);
    assert_int_equal(table_error(state, VCEK "18000000"
                                             "01000000"
                                             "00000000000000000000000000000000"
                                             "00000000000000"),
            DEPUTY_E_EVIDENCE_FORM);
}

static void certificate_twice_in_a_table_is_refused(void **state)
{
    assert_int_equal(table_error(state, VCEK "48000000"
                                             "01000000" VCEK "48000000"
                                             "01000000" END "aa"),
            DEPUTY_E_EVIDENCE_FORM);
}

/* ---- dstack's list ---- */

static void list_is_empty_a_table_or_intermediate_and_key(void **state)
{
    struct snp_certificates out;
    struct deputy_slice table = check_hex(*state, VCEK "30000000"
                                                       "01000000" END "aa");
    assert_ok(snp_certificates_read(*state, &out, NULL, 0));
    assert_false(deputy_slice_present(out.vcek));
    assert_ok(snp_certificates_read(*state, &out, &table, 1));
    assert_hex(out.vcek.ptr, out.vcek.len, "aa");
    struct deputy_slice pem[] = {check_data(*state, "attestation/snp/milan_v3_ask.pem"),
            check_data(*state, "attestation/snp/milan_v3_vcek.pem")};
    struct snp_evidence real = kit_real(*state);
    assert_ok(snp_certificates_read(*state, &out, pem, 2));
    assert_slice(out.intermediate, real.intermediate);
    assert_slice(out.vcek, real.key);
    struct deputy_slice der[] = {real.intermediate, pem[1]};
    assert_ok(snp_certificates_read(*state, &out, der, 2));
    assert_slice(out.intermediate, real.intermediate);
    assert_slice(out.vcek, real.key);
}

static void list_of_another_form_is_refused(void **state)
{
    struct snp_certificates out;
    struct deputy_slice two = check_data(*state, "attestation/snp/ask_ark_milan.pem");
    struct deputy_slice list[] = {two, two, two};
    assert_int_equal(snp_certificates_read(*state, &out, list, 3), DEPUTY_E_EVIDENCE_FORM);
    assert_int_equal(snp_certificates_read(*state, &out, list, 2), DEPUTY_E_EVIDENCE_FORM);
    list[0] = T("-----BEGIN nothing");
    assert_int_equal(snp_certificates_read(*state, &out, list, 2), DEPUTY_E_EVIDENCE_FORM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(table_holds_what_its_entries_point_to),
            ARENA_TEST(root_of_a_table_and_unknown_entries_are_passed_over),
            ARENA_TEST(entry_outside_the_table_is_refused),
            ARENA_TEST(table_without_an_end_is_refused),
            ARENA_TEST(certificate_twice_in_a_table_is_refused),
            ARENA_TEST(list_is_empty_a_table_or_intermediate_and_key),
            ARENA_TEST(list_of_another_form_is_refused),
    };
    return cmocka_run_group_tests_name("attest.snp_table", tests, NULL, NULL);
}
