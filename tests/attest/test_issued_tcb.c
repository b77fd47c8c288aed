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

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(levels_of_tdx_v5_permissive_override_give_its_verdict_when_they_are_signed),
            ARENA_TEST(levels_of_tdx_v5_permissive_override_are_refused_under_the_signature_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
