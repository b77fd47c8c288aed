/* What TCB info says of a platform, and that it counts only as it was signed (spec/08 section 3.5). */
#include "intel_kit.h"

#define NOMATCH INTEL_FOLDER "tdx_v5_90c06f_nomatch"

/*
 * The vector tdx-v5-permissive-override is of a verifier with a hook for tests: after the signature over TCB
 * info is checked, the hook puts other levels in place of those that were signed. There is no such hook here,
 * and must be none. So the levels are changed where a platform gets them from: in the text, which the test
 * signs under a root of its own; and the same text without that signature is refused.
 */
#define OVERRIDE "tdx-v5-permissive-override"

#define FIVE_ZEROS "{\"svn\":0},{\"svn\":0},{\"svn\":0},{\"svn\":0},{\"svn\":0},"
#define ZEROS FIVE_ZEROS FIVE_ZEROS FIVE_ZEROS "{\"svn\":0}"
#define LEVEL_OF_ZEROS                                                                                       \
    "{\"tcb\":{\"sgxtcbcomponents\":[" ZEROS "],\"pcesvn\":0,\"tdxtcbcomponents\":[" ZEROS "]},"             \
    "\"tcbDate\":\"2020-01-01T00:00:00Z\",\"tcbStatus\":\"OutOfDate\"},"
#define FIRST_LEVEL "{\"tcb\":{\"sgxtcbcomponents\":"

static const struct json_value *override_vector(struct deputy_arena *arena)
{
    const struct json_value *index;
    assert_ok(json_parse(arena, &index, check_data(arena, "attestation/index.json")));
    return check_vector_named(json_member(index, "tests"), OVERRIDE);
}

/* A quote of version 5 that no level of its collateral covers. */
static struct intel below_every_level(struct deputy_arena *arena)
{
    int64_t now;
    assert_ok(json_to_int64(&now, json_member(override_vector(arena), "now")));
    return intel_begin_with(arena, NOMATCH ".quote.bin", NOMATCH ".collateral.json", now);
}

static struct deputy_slice with_a_level_for_all(struct deputy_arena *arena, struct deputy_slice tcb_info)
{
    return edited(arena, tcb_info, T("\"tcbLevels\":[" FIRST_LEVEL),
            T("\"tcbLevels\":[" LEVEL_OF_ZEROS FIRST_LEVEL));
}

static struct deputy_slice all_up_to_date(struct deputy_arena *arena, struct deputy_slice tcb_info)
{
    return intel_replaced(arena, tcb_info, "OutOfDate", "UpToDate");
}

static void levels_of_tdx_v5_permissive_override_give_its_verdict_when_they_are_signed(void **state)
{
    const struct json_value *expect = json_member(override_vector(*state), "expect");
    struct intel intel = below_every_level(*state);
    intel_assert_refused(&intel, DEPUTY_ATTEST_CHECK_TCB, DEPUTY_ATTEST_TCB_NOT_SUPPORTED);
    intel.tcb_info = with_a_level_for_all(*state, intel.tcb_info);
    intel_assert_refused(&intel, DEPUTY_ATTEST_CHECK_TCB, DEPUTY_ATTEST_TCB_STATUS);
    intel.tcb_info = all_up_to_date(*state, intel.tcb_info);
    struct deputy_attest_verdict v = intel_judged(&intel);
    assert_int_equal(v.ok, check_bool_of(expect, "ok"));
    assert_true(json_text_is(json_member(expect, "status"), deputy_attest_status_name(v.tcb.status)));
}

/* Intel's collateral, signatures and all, but for the text of TCB info. */
static struct deputy_slice intels_with_text(struct deputy_arena *arena, struct deputy_slice tcb_info)
{
    struct buf out = buf_make(arena, INTEL_FILE_MAX);
    struct json_writer json = json_writer_make(&out);
    json_object_begin(&json);
    JSON_EACH (member, intel_collateral(arena, NOMATCH ".collateral.json")) {
        bool is_text = deputy_slice_equal(member->key, T("tcb_info"));
        json_key_slice(&json, member->key);
        if (json_is(member, JSON_NULL))
            json_null(&json);
        else
            json_text(&json, is_text ? tcb_info : member->text);
    }
    json_object_end(&json);
    return intel_finish(&out);
}

static void levels_of_tdx_v5_permissive_override_are_refused_under_the_signature_of_others(void **state)
{
    struct intel intel = below_every_level(*state);
    struct deputy_attest_policy policy = intel_policy();
    struct deputy_attest_verdict v;
    const struct deputy_attest_question question = {.now = {.sec = intel.now}, .policy = &policy};
    struct deputy_attest_evidence evidence = {.quote = check_data(*state, NOMATCH ".quote.bin"),
            .collateral = intels_with_text(*state, intel.tcb_info)};
    assert_ok(deputy_attest_verify(*state, &v, &evidence, &question));
    assert_int_equal(v.error, DEPUTY_ATTEST_TCB_NOT_SUPPORTED);
    intel.tcb_info = all_up_to_date(*state, with_a_level_for_all(*state, intel.tcb_info));
    evidence.collateral = intels_with_text(*state, intel.tcb_info);
    assert_ok(deputy_attest_verify(*state, &v, &evidence, &question));
    assert_false(v.ok);
    assert_int_equal(v.error, DEPUTY_ATTEST_COLLATERAL_SIGNATURE);
    assert_int_equal(v.tcb.status, DEPUTY_ATTEST_NO_STATUS);
}

/* ---- where the platform's certificates are ---- */

static void certificates_that_the_quote_does_not_carry_come_with_the_collateral(void **state)
{
    for (uint16_t type = CERTIFICATION_FIRST; type < CERTIFICATION_CHAIN; type++) {
        struct intel intel = intel_begin(*state);
        intel.certification = type;
        intel_assert_refused(&intel, DEPUTY_ATTEST_CHECK_PCK_CHAIN, DEPUTY_ATTEST_UNSUPPORTED);
        struct deputy_attest_verdict v = intel_judged_with(&intel, intel_quote(&intel), T(""));
        assert_false(v.ok);
        intel.chain_in_collateral = true;
        intel_assert_accepted(&intel);
        const struct deputy_slice none = {0};
        v = intel_judged_with(&intel, intel_quote(&intel), none);
        assert_int_equal(v.error, DEPUTY_ATTEST_UNSUPPORTED);
        assert_int_equal(v.checks[DEPUTY_ATTEST_CHECK_PCK_CHAIN].code, DEPUTY_ATTEST_UNSUPPORTED);
    }
}

/* The quote's own chain is the platform's, whatever else the collateral brings. */
static void certificates_of_the_quote_go_before_those_of_the_collateral(void **state)
{
    struct intel intel = intel_begin(*state);
    struct deputy_slice quote = intel_quote(&intel);
    intel.chain_in_collateral = true;
    intel.leaf = edited(*state, intel.leaf, T("SGX PCK Certificate"), T("SGX PCK certificate"));
    assert_true(intel_judged_with(&intel, quote, intel_collateral_of(&intel)).ok);
}

/* Some write null for what is not there. */
static void chain_of_the_collateral_may_be_null(void **state)
{
    struct intel intel = intel_begin(*state);
    struct deputy_slice collateral = intel_collateral_of(&intel);
    collateral.len--;
    struct deputy_slice null = joined(*state, collateral, T(",\"pck_certificate_chain\":null}"));
    assert_true(intel_judged_with(&intel, intel_quote(&intel), null).ok);
    struct deputy_slice number = joined(*state, collateral, T(",\"pck_certificate_chain\":0}"));
    assert_int_equal(intel_judged_with(&intel, intel_quote(&intel), number).error, DEPUTY_ATTEST_PARSE);
}

/* ---- what is told ---- */

/* Section 8.2: what a quote says is not told before it is proven, and nothing is asked on the way there. */
static void assert_nothing_told(
        const struct deputy_attest_verdict *v, enum deputy_attest_code code, enum deputy_attest_check_name at)
{
    assert_string_equal(deputy_attest_code_name(v->error), deputy_attest_code_name(code));
    assert_int_equal(v->checks[at].state, DEPUTY_ATTEST_FAIL);
    assert_false(v->tcb.present);
    assert_int_equal(v->tcb.status, DEPUTY_ATTEST_NO_STATUS);
    for (size_t i = 0; i < DEPUTY_ATTEST_MEASUREMENT_COUNT; i++)
        assert_false(deputy_slice_present(v->measurements[i]));
    static const enum deputy_attest_check_name later[] = {DEPUTY_ATTEST_CHECK_QE_IDENTITY,
            DEPUTY_ATTEST_CHECK_TCB, DEPUTY_ATTEST_CHECK_ATTRIBUTES, DEPUTY_ATTEST_CHECK_REPORT_DATA};
    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++)
        if (later[i] != at)
            assert_int_not_equal(v->checks[later[i]].state, DEPUTY_ATTEST_PASS);
}

static struct deputy_attest_verdict with_byte_changed(const struct intel *intel, size_t at)
{
    struct deputy_slice quote = joined(intel->arena, intel_quote(intel), T(""));
    ((uint8_t *)quote.ptr)[at] ^= 1;
    return intel_judged_with(intel, quote, intel_collateral_of(intel));
}

static void nothing_is_told_of_a_quote_that_is_not_proven(void **state)
{
    enum { BODY = 200, AUTH = 632 + 4, QE_REPORT = AUTH + 128 + 6, QE_SIGNATURE = QE_REPORT + 384 };
    static const struct {
        size_t at;
        enum deputy_attest_code code;
    } cases[] = {{BODY, DEPUTY_ATTEST_QUOTE_SIGNATURE}, {AUTH + 5, DEPUTY_ATTEST_QUOTE_SIGNATURE},
            {AUTH + 64 + 5, DEPUTY_ATTEST_QE_REPORT_DATA}, {QE_REPORT + 5, DEPUTY_ATTEST_QE_REPORT_SIGNATURE},
            {QE_SIGNATURE + 5, DEPUTY_ATTEST_QE_REPORT_SIGNATURE}};
    struct intel intel = intel_begin(*state);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct deputy_attest_verdict v = with_byte_changed(&intel, cases[i].at);
        assert_nothing_told(&v, cases[i].code, DEPUTY_ATTEST_CHECK_QUOTE_SIGNATURE);
    }
}

/* Section 3.6: what is signed and fits in every other way. */
static void guest_with_an_owner_is_refused(void **state)
{
    enum { OWNER = 280, OWNER_CONFIG = 328 };
    static const size_t places[] = {OWNER, OWNER + 47, OWNER_CONFIG, OWNER_CONFIG + 47};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct intel intel = intel_begin(*state);
        uint8_t *body = (uint8_t *)joined(*state, intel.header_and_body, T("")).ptr;
        body[places[i]] = 1;
        intel.header_and_body = deputy_slice_bytes(body, intel.header_and_body.len);
        intel_assert_refused(&intel, DEPUTY_ATTEST_CHECK_ATTRIBUTES, DEPUTY_ATTEST_TD_ATTRIBUTES);
    }
}

/* ---- how long it holds ---- */

#define TCB_UNTIL "\"nextUpdate\":\"2025-07-19T10:16:03Z\""
#define QE_UNTIL "\"nextUpdate\":\"2025-07-19T10:32:27Z\""
#define ROOT_LIST_FROM "250320112157Z\x17\x0d"
#define PCK_LIST_FROM "250619100035Z\x17\x0d"

/* As Intel issued it, it was the list of platforms that expired first. */
static void collateral_expires_with_the_first_of_its_parts(void **state)
{
    struct intel intel = intel_begin(*state);
    assert_int_equal(intel_judged(&intel).tcb.collateral_expires_at, INTEL_NOW + 1);
    struct deputy_slice long_list =
            edited(*state, intel.pck_crl, T(PCK_LIST_FROM "250719100035Z"), T(PCK_LIST_FROM "250720100035Z"));
    intel.pck_crl = long_list;
    assert_int_equal(intel_judged(&intel).tcb.collateral_expires_at, INTEL_NOW + 929);
    intel.qe_identity =
            edited(*state, intel.qe_identity, T(QE_UNTIL), T("\"nextUpdate\":\"2025-07-19T10:01:00Z\""));
    assert_int_equal(intel_judged(&intel).tcb.collateral_expires_at, INTEL_NOW + 26);
    intel.root_crl = edited(
            *state, intel.root_crl, T(ROOT_LIST_FROM "260403112157Z"), T(ROOT_LIST_FROM "250719100050Z"));
    assert_int_equal(intel_judged(&intel).tcb.collateral_expires_at, INTEL_NOW + 16);
    intel.tcb_info =
            edited(*state, intel.tcb_info, T(TCB_UNTIL), T("\"nextUpdate\":\"2025-07-19T10:00:34Z\""));
    assert_int_equal(intel_judged(&intel).tcb.collateral_expires_at, INTEL_NOW);
}

#define NUMBER(n) "\"tcbEvaluationDataNumber\":" #n ","

/* Of the two texts the older one says how old the collateral is. */
static void lower_evaluation_number_of_the_two_counts(void **state)
{
    struct intel intel = intel_begin(*state);
    assert_int_equal(intel_judged(&intel).tcb.evaluation_data_number, 17);
    intel.qe_identity = edited(*state, intel.qe_identity, T(NUMBER(17)), T(NUMBER(16)));
    assert_int_equal(intel_judged(&intel).tcb.evaluation_data_number, 16);
    intel.tcb_info = edited(*state, intel.tcb_info, T(NUMBER(17)), T(NUMBER(15)));
    assert_int_equal(intel_judged(&intel).tcb.evaluation_data_number, 15);
    intel.qe_identity = edited(*state, intel.qe_identity, T(NUMBER(16)), T(NUMBER(18)));
    assert_int_equal(intel_judged(&intel).tcb.evaluation_data_number, 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(certificates_that_the_quote_does_not_carry_come_with_the_collateral),
            ARENA_TEST(certificates_of_the_quote_go_before_those_of_the_collateral),
            ARENA_TEST(chain_of_the_collateral_may_be_null),
            ARENA_TEST(nothing_is_told_of_a_quote_that_is_not_proven),
            ARENA_TEST(guest_with_an_owner_is_refused),
            ARENA_TEST(lower_evaluation_number_of_the_two_counts),
            ARENA_TEST(collateral_expires_with_the_first_of_its_parts),
            ARENA_TEST(levels_of_tdx_v5_permissive_override_give_its_verdict_when_they_are_signed),
            ARENA_TEST(levels_of_tdx_v5_permissive_override_are_refused_under_the_signature_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
