/*
 * Every byte of a quote and of its collateral counts: changed, it is refused, unless it stands in a range
 * that no signature covers and that nothing is read from (spec/08 sections 3.1, 3.4 and 11). The ranges are
 * listed here; a byte outside of them that could be changed is a finding, and so is a range of which no byte
 * can.
 */
#include "base/json.h"
#include "support/check.h"
#include <deputy/attest.h>
#include <stdio.h>
#include <stdlib.h>

#define QUOTE "attestation/intel/tdx_v4_b0c06f.quote.bin"
#define COLLATERAL "attestation/intel/tdx_v4_b0c06f.collateral.json"
enum { NOW = 1752919234, RANGES_MAX = 4 };

/* Bytes that may change: first, and one behind the last. */
struct range {
    size_t begin, end;
    bool met;
};

struct subject {
    struct deputy_arena *arena; /* of one verdict */
    struct deputy_attest_policy policy;
    struct deputy_attest_evidence evidence;
    struct range ranges[RANGES_MAX];
    size_t range_count;
};

static struct subject subject_make(struct deputy_arena *arena)
{
    struct subject subject = {.policy = deputy_attest_policy_default(),
            .evidence = {.quote = check_data(arena, QUOTE), .collateral = check_data(arena, COLLATERAL)}};
    subject.policy.require_nonce = false;
    subject.policy.tdx.os_unchecked = true;
    assert_ok(deputy_arena_create(&subject.arena, DEPUTY_ATTEST_ARENA_BYTES));
    return subject;
}

static bool is_accepted(const struct subject *subject)
{
    struct deputy_attest_verdict v;
    const struct deputy_attest_question question = {.now = {.sec = NOW}, .policy = &subject->policy};
    deputy_arena_reset(subject->arena);
    assert_ok(deputy_attest_verify(subject->arena, &v, &subject->evidence, &question));
    return v.ok;
}

static struct range *range_of(struct subject *subject, size_t at)
{
    for (size_t i = 0; i < subject->range_count; i++)
        if (at >= subject->ranges[i].begin && at < subject->ranges[i].end)
            return &subject->ranges[i];
    return NULL;
}

/* Changes one byte after the other of what the slice points to, `step` bytes apart. */
static void change_each(struct subject *subject, struct deputy_slice *whole, uint8_t mask, size_t step)
{
    uint8_t *bytes = test_malloc(whole->len);
    struct deputy_slice original = *whole;
    memcpy(bytes, original.ptr, original.len);
    *whole = deputy_slice_bytes(bytes, original.len);
    assert_true(is_accepted(subject));
    for (size_t i = mask % step; i < original.len; i += step) {
        bytes[i] ^= mask;
        struct range *range = range_of(subject, i);
        if (is_accepted(subject)) {
            if (range == NULL)
                fail_msg("byte %zu may be changed by %02x", i, mask);
            range->met = true;
        }
        bytes[i] ^= mask;
    }
    for (size_t i = 0; i < subject->range_count; i++)
        assert_true(subject->ranges[i].met);
    *whole = original;
    test_free(bytes);
}

/* Every byte, or a sample of them where all would take long: ATTEST_MUTATIONS=all. */
static size_t sampled(size_t step)
{
    return getenv("ATTEST_MUTATIONS") != NULL ? 1 : step;
}

static void every_byte_of_a_quote_counts_but_those_behind_it(void **state)
{
    enum { BEHIND = 70, SAMPLE = 5 };
    struct subject subject = subject_make(*state);
    size_t len = subject.evidence.quote.len;
    subject.ranges[0] = (struct range){len - BEHIND, len, false};
    subject.range_count = 1;
    change_each(&subject, &subject.evidence.quote, 0x01, 1);
    change_each(&subject, &subject.evidence.quote, 0x80, sampled(SAMPLE));
    deputy_arena_destroy(subject.arena);
}

/* The name and the value of a member. */
static struct range member_range(struct deputy_arena *arena, struct deputy_slice json, const char *name)
{
    const struct json_value *object;
    assert_ok(json_parse(arena, &object, json));
    const struct json_value *member = json_member(object, name);
    assert_non_null(member);
    size_t begin = (size_t)(member->key.ptr - json.ptr);
    return (struct range){begin, (size_t)(member->raw.ptr - json.ptr) + member->raw.len, false};
}

/* The chain of the PCK list is not looked at: the authority comes with the platform's certificates. */
static void every_byte_of_collateral_counts_but_the_chain_of_the_pck_list(void **state)
{
    enum { SAMPLE = 5 };
    struct subject subject = subject_make(*state);
    struct range unread = member_range(*state, subject.evidence.collateral, "pck_crl_issuer_chain");
    subject.ranges[0] = unread;
    subject.range_count = 1;
    change_each(&subject, &subject.evidence.collateral, 0x01, sampled(SAMPLE));
    /* outside ASCII no byte is valid JSON or UTF-8 here, not even one that is not read */
    subject.range_count = 0;
    change_each(&subject, &subject.evidence.collateral, 0x80, sampled(SAMPLE));
    deputy_arena_destroy(subject.arena);
}

static void no_prefix_of_a_quote_is_accepted_but_that_without_what_stands_behind(void **state)
{
    enum { BEHIND = 70 };
    struct subject subject = subject_make(*state);
    struct deputy_slice whole = subject.evidence.quote;
    for (size_t len = 0; len < whole.len; len++) {
        subject.evidence.quote = deputy_slice_bytes(whole.ptr, len);
        assert_int_equal(is_accepted(&subject), len >= whole.len - BEHIND);
    }
    deputy_arena_destroy(subject.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(every_byte_of_a_quote_counts_but_those_behind_it),
            ARENA_TEST(every_byte_of_collateral_counts_but_the_chain_of_the_pck_list),
            ARENA_TEST(no_prefix_of_a_quote_is_accepted_but_that_without_what_stands_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
