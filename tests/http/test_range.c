/* Ranges: what counts as one, and what is sent for it. The rows named as vectors are those of node-http.json.
 */
#include "http/range.h"
#include "support/check.h"

#define ETAG "\"e\""

struct row {
    const char *header;
    uint64_t size;
    enum range_kind kind;
    uint64_t first, length;
};

static const struct row rows[] = {
        {"bytes=2-4", 10, RANGE_PART, 2, 3},
        {"bytes=0-0", 10, RANGE_PART, 0, 1},
        {"bytes=0-", 10, RANGE_PART, 0, 10},
        {"bytes=9-", 10, RANGE_PART, 9, 1},
        {"bytes=8-99", 10, RANGE_PART, 8, 2},
        {"bytes=0-18446744073709551615", 10, RANGE_PART, 0, 10},
        {"bytes=0-99999999999999999999999", 10, RANGE_PART, 0, 10},
        {"bytes=-3", 10, RANGE_PART, 7, 3},
        {"bytes=-10", 10, RANGE_PART, 0, 10},
        {"bytes=-11", 10, RANGE_PART, 0, 10},
        {"bytes=-99999999999999999999999", 10, RANGE_PART, 0, 10},
        {"BYTES=1-1", 10, RANGE_PART, 1, 1},
        {"bytes=6-10", 11, RANGE_PART, 6, 5},    /* signed-kv-partial-response */
        {"bytes=10-19", 30, RANGE_PART, 10, 10}, /* byte-range-bytes=10-19 */
        {"bytes=10-", 30, RANGE_PART, 10, 20},   /* byte-range-bytes=10- */
        {"bytes=-10", 30, RANGE_PART, 20, 10},   /* byte-range-bytes=-10 */
        {"bytes=10-", 10, RANGE_UNSATISFIABLE, 0, 0},
        {"bytes=10-20", 10, RANGE_UNSATISFIABLE, 0, 0},
        {"bytes=99999999999999999999999-", 10, RANGE_UNSATISFIABLE, 0, 0},
        {"bytes=0-", 0, RANGE_UNSATISFIABLE, 0, 0},
        {"bytes=-1", 0, RANGE_UNSATISFIABLE, 0, 0},
        /* not understood: everything is sent */
        {"", 10, RANGE_WHOLE, 0, 10},
        {"bytes", 10, RANGE_WHOLE, 0, 10},
        {"bytes=", 10, RANGE_WHOLE, 0, 10},
        {"bytes=-", 10, RANGE_WHOLE, 0, 10},
        {"bytes=-0", 10, RANGE_WHOLE, 0, 10},
        {"bytes=x", 10, RANGE_WHOLE, 0, 10},
        {"bytes=1", 10, RANGE_WHOLE, 0, 10},
        {"bytes=1-x", 10, RANGE_WHOLE, 0, 10},
        {"bytes=1-2x", 10, RANGE_WHOLE, 0, 10},
        {"bytes= 1-2", 10, RANGE_WHOLE, 0, 10},
        {"bytes=1-2 ", 10, RANGE_WHOLE, 0, 10},
        {"bytes=+1-2", 10, RANGE_WHOLE, 0, 10},
        {"bytes=--2", 10, RANGE_WHOLE, 0, 10},
        {"bytes=4-2", 10, RANGE_WHOLE, 0, 10},
        {"bytes=20-10", 30, RANGE_WHOLE, 0, 30},   /* byte-range-bytes=20-10 */
        {"items=0-1", 10, RANGE_WHOLE, 0, 10},     /* byte-range-items=0-1 */
        {"bytes=0-1,4-5", 10, RANGE_WHOLE, 0, 10}, /* byte-range-bytes=0-1,4-5 */
        {"bytes=-1,4-5", 10, RANGE_WHOLE, 0, 10},
};

static void check_range(struct range actual, const struct row *row)
{
    if (actual.kind != row->kind || actual.first != row->first || actual.length != row->length)
        fail_msg("\"%s\" of %llu: kind %d, %llu and %llu", row->header, (unsigned long long)row->size,
                (int)actual.kind, (unsigned long long)actual.first, (unsigned long long)actual.length);
}

static void ranges_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_range(range_read(T(rows[i].header), (struct deputy_slice){0}, T(ETAG), rows[i].size), &rows[i]);
}

static void absent_header_is_no_range(void **state)
{
    (void)state;
    const struct deputy_slice absent = {0};
    assert_int_equal(range_read(absent, absent, T(ETAG), 10).kind, RANGE_WHOLE);
}

/* if-range-absent, if-range-equal, if-range-different, if-range-no-ticket-etag */
static void range_counts_only_for_the_etag_it_was_made_for(void **state)
{
    (void)state;
    const struct deputy_slice absent = {0};
    assert_int_equal(range_read(T("bytes=0-1"), absent, T(ETAG), 10).kind, RANGE_PART);
    assert_int_equal(range_read(T("bytes=0-1"), T(ETAG), T(ETAG), 10).kind, RANGE_PART);
    assert_int_equal(range_read(T("bytes=0-1"), T("\"other\""), T(ETAG), 10).kind, RANGE_WHOLE);
    assert_int_equal(range_read(T("bytes=0-1"), T("W/" ETAG), T(ETAG), 10).kind, RANGE_WHOLE);
    assert_int_equal(range_read(T("bytes=0-1"), T(ETAG), absent, 10).kind, RANGE_WHOLE);
    assert_int_equal(range_read(T("bytes=99-"), T("\"other\""), T(ETAG), 10).kind, RANGE_WHOLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(ranges_are_read),
            cmocka_unit_test(absent_header_is_no_range),
            cmocka_unit_test(range_counts_only_for_the_etag_it_was_made_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
