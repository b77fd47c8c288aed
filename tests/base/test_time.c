#include "base/time.h"
#include "support/check.h"
#include <stdio.h>
#include <stdlib.h>

static struct deputy_time parsed(const char *text)
{
    struct deputy_time time = {0, 0};
    assert_ok(time_parse(&time, T(text)));
    return time;
}

static void assert_time(const char *text, int64_t sec, uint32_t nsec)
{
    struct deputy_time time = parsed(text);
    assert_int_equal(time.sec, sec);
    assert_int_equal(time.nsec, nsec);
}

static void iso(struct deputy_arena *arena, struct deputy_time time, const char *expected)
{
    struct buf out = buf_make(arena, 64);
    struct deputy_slice text;
    time_put_iso(&out, time);
    assert_ok(buf_finish(&out, &text));
    assert_text(text, expected);
}

static void known_times_are_read(void **state)
{
    (void)state;
    assert_time("1970-01-01T00:00:00Z", 0, 0);
    assert_time("2021-09-30T16:25:24Z", 1633019124, 0);
    assert_time("2021-09-30T16:25:24.1234567899Z", 1633019124, 123456789);
    assert_time("2021-09-30t16:25:24.5z", 1633019124, 500000000);
    assert_time("2021-09-30 16:25:24-02:00", 1633019124 + 7200, 0);
    assert_time("2021-09-30T16:25:24+23:59", 1633019124 - 86340, 0);
    assert_time("2021-09-30T16:25:24-00:00", 1633019124, 0);
    assert_time("0000-01-01T00:00:00Z", INT64_C(-62167219200), 0);
    assert_time("9999-12-31T23:59:59.999Z", TIME_MAX_SEC, 999000000);
    assert_time("1969-12-31T23:59:59.25Z", -1, 250000000);
    assert_time("2000-02-29T00:00:00Z", 951782400, 0);
    assert_time("2024-02-29T12:00:00Z", 1709208000, 0);
}

static void leap_second_is_read_only_at_the_end_of_a_month_in_utc(void **state)
{
    (void)state;
    struct deputy_time time;
    assert_time("1990-12-31T23:59:60Z", 662687999, 999999999);
    assert_time("1990-12-31T15:59:60.25-08:00", 662687999, 999999999);
    assert_time("2024-02-29T23:59:60Z", 1709251199, 999999999);
    static const char *const refused[] = {"1990-12-30T23:59:60Z", "1990-12-31T22:59:60Z",
            "1990-12-31T23:58:60Z", "1990-12-31T23:59:60-08:00", "2024-02-28T23:59:60Z",
            "9999-12-31T23:59:60Z", "1990-12-31T23:59:61Z"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        assert_int_equal(time_parse(&time, T(refused[i])), DEPUTY_E_TIME);
}

static void what_is_not_rfc_3339_is_refused(void **state)
{
    (void)state;
    static const char *const refused[] = {"", "2021", "2021-09-30", "2021-09-30T16:25Z",
            "2021-09-30T16:25:24", "2021-09-30T16:25:24.Z", "2021-09-30T16:25:24,5Z", "2021-09-30T16:25:24Zx",
            "2021-09-30T16:25:24Z ", " 2021-09-30T16:25:24Z", "2021-9-30T16:25:24Z", "2021-09-30_16:25:24Z",
            "2021-09-30T16:25:24+0200", "2021-09-30T16:25:2402:00", "2021-09-30T16:25:24 02:00",
            "2021-09-30T16:25:24+02", "2021-09-30T16:25:24+24:00", "2021-09-30T16:25:24+02:60",
            "2021-09-30T24:00:00Z", "2021-09-30T16:60:24Z", "2021-00-30T16:25:24Z", "2021-13-30T16:25:24Z",
            "2021-09-00T16:25:24Z", "2021-09-31T16:25:24Z", "2021-02-29T16:25:24Z", "1900-02-29T16:25:24Z",
            "+2021-09-30T16:25:24Z", "02021-09-30T16:25:24Z", "-001-09-30T16:25:24Z",
            "2021-09-30T16:25:24.1x2Z", "2021-09-30T1a:25:24Z", "2021/09/30T16:25:24Z", "20210930T162524Z",
            "2021-09-30TT16:25:24Z", "0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct deputy_time time = {-7, 7};
        if (time_parse(&time, T(refused[i])) != DEPUTY_E_TIME)
            fail_msg("%s is accepted", refused[i]);
        assert_int_equal(time.sec, -7);
    }
}

static void separator_is_one_of_three_bytes(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        char text[] = "2021-09-30T16:25:24Z";
        struct deputy_time time;
        text[10] = (char)byte;
        bool good = byte == 'T' || byte == 't' || byte == ' ';
        struct deputy_slice slice = deputy_slice_bytes(text, sizeof text - 1);
        assert_int_equal(time_parse(&time, slice), good ? DEPUTY_OK : DEPUTY_E_TIME);
    }
}

/* One byte put over another: where no digit replaces a digit, hardly anything is a time still. */
static void every_byte_at_every_place_is_judged(void **state)
{
    (void)state;
    const char *good = "2021-09-30T16:25:24.55+01:30";
    for (size_t at = 0; at < strlen(good); at++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            char text[] = "2021-09-30T16:25:24.55+01:30";
            struct deputy_time time;
            bool digit = byte >= '0' && byte <= '9', was_digit = good[at] >= '0' && good[at] <= '9';
            bool same = text[at] == (char)byte,
                 other = (at == 10 && (byte == 't' || byte == ' ')) || (at == 22 && byte == '-');
            text[at] = (char)byte;
            enum deputy_error error = time_parse(&time, deputy_slice_bytes(text, sizeof text - 1));
            if (!(digit && was_digit))
                assert_int_equal(error, same || other ? DEPUTY_OK : DEPUTY_E_TIME);
        }
    }
}

/* One byte taken out, and the text cut behind it: only a digit of the fraction can be spared. */
static void every_byte_is_needed(void **state)
{
    (void)state;
    const char *good = "2021-09-30T16:25:24.55+01:30";
    size_t len = strlen(good);
    for (size_t at = 0; at < len; at++) {
        struct deputy_time time;
        char *text = malloc(at + (at == 0));
        memcpy(text, good, at);
        assert_int_equal(time_parse(&time, deputy_slice_bytes(text, at)), DEPUTY_E_TIME);
        free(text);
        text = malloc(len - 1); /* exactly, so that a read beyond the end is seen */
        memcpy(text, good, at);
        memcpy(text + at, good + at + 1, len - at - 1);
        bool spare = at == 20 || at == 21;
        assert_int_equal(
                time_parse(&time, deputy_slice_bytes(text, len - 1)), spare ? DEPUTY_OK : DEPUTY_E_TIME);
        free(text);
    }
}

static void utc(struct deputy_arena *arena, uint32_t nsec, const char *expected)
{
    struct buf out = buf_make(arena, 64);
    struct deputy_slice text;
    time_put_utc(&out, (struct deputy_time){1633019124, nsec});
    assert_ok(buf_finish(&out, &text));
    assert_text(text, expected);
}

static void utc_has_as_much_of_the_fraction_as_there_is(void **state)
{
    utc(*state, 0, "2021-09-30T16:25:24Z");
    utc(*state, 123400000, "2021-09-30T16:25:24.1234Z");
    utc(*state, 1, "2021-09-30T16:25:24.000000001Z");
    utc(*state, 999999999, "2021-09-30T16:25:24.999999999Z");
    struct buf out = buf_make(*state, 64);
    time_put_utc(&out, (struct deputy_time){TIME_MAX_SEC + 1, 0});
    assert_int_equal(out.error, DEPUTY_E_TIME);
}

static void iso_is_what_javascript_prints(void **state)
{
    iso(*state, (struct deputy_time){0, 0}, "1970-01-01T00:00:00.000Z");
    iso(*state, (struct deputy_time){1633019124, 999999999}, "2021-09-30T16:25:24.999Z");
    iso(*state, (struct deputy_time){-1, 1000000}, "1969-12-31T23:59:59.001Z");
    iso(*state, (struct deputy_time){INT64_C(-62167219200), 0}, "0000-01-01T00:00:00.000Z");
    iso(*state, (struct deputy_time){TIME_MAX_SEC, 0}, "9999-12-31T23:59:59.000Z");
    iso(*state, (struct deputy_time){951782400, 5000000}, "2000-02-29T00:00:00.005Z");
}

static void times_outside_four_digit_years_are_not_printed(void **state)
{
    const struct deputy_time times[] = {{TIME_MAX_SEC + 1, 0}, {INT64_C(-62167219201), 0}, {INT64_MIN, 0},
            {INT64_MAX, 0}, {0, 1000000000}};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        struct buf out = buf_make(*state, 64);
        struct deputy_slice text;
        time_put_iso(&out, times[i]);
        assert_int_equal(buf_finish(&out, &text), DEPUTY_E_TIME);
    }
}

/* Every day from 0000 to 9999 once, beside a calendar that only counts. */
static void every_day_reads_as_it_prints(void **state)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = 0, month = 1, day = 1;
    for (int64_t sec = INT64_C(-62167219200); sec <= TIME_MAX_SEC; sec += 86400) {
        char expected[64];
        snprintf(expected, sizeof expected, "%04d-%02d-%02dT00:00:00.000Z", year, month, day);
        assert_time(expected, sec, 0);
        iso(*state, (struct deputy_time){sec, 0}, expected);
        deputy_arena_reset(*state);
        bool leap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0);
        if (++day > lengths[month - 1] + (month == 2 && leap)) {
            day = 1;
            year += month == 12;
            month = month % 12 + 1;
        }
    }
    assert_int_equal(year, 10000);
}

static void milliseconds_are_added_and_saturate(void **state)
{
    (void)state;
    struct deputy_time sum = time_add_ms((struct deputy_time){10, 999500000}, 1);
    assert_int_equal(sum.sec, 11);
    assert_int_equal(sum.nsec, 500000);
    sum = time_add_ms((struct deputy_time){10, 500000}, -1);
    assert_int_equal(sum.sec, 9);
    assert_int_equal(sum.nsec, 999500000);
    sum = time_add_ms((struct deputy_time){10, 0}, -12345);
    assert_int_equal(sum.sec, -3);
    assert_int_equal(sum.nsec, 655000000);
    sum = time_add_ms((struct deputy_time){10, 0}, 12345);
    assert_int_equal(sum.sec, 22);
    assert_int_equal(sum.nsec, 345000000);
    sum = time_add_ms((struct deputy_time){TIME_MAX_SEC, 999999999}, 0);
    assert_int_equal(sum.sec, TIME_MAX_SEC);
    assert_int_equal(sum.nsec, 999999999);
}

static void sums_beyond_the_years_0000_and_9999_saturate(void **state)
{
    (void)state;
    const int64_t from[] = {0, TIME_MAX_SEC, INT64_MAX, INT64_C(-62167219200), INT64_MIN};
    for (size_t i = 0; i < sizeof from / sizeof from[0]; i++) {
        struct deputy_time up = time_add_ms((struct deputy_time){from[i], 999999999}, INT64_MAX);
        struct deputy_time down = time_add_ms((struct deputy_time){from[i], 0}, INT64_MIN);
        if (from[i] >= 0) {
            assert_int_equal(up.sec, TIME_MAX_SEC);
            assert_int_equal(up.nsec, 999999999);
        }
        if (from[i] <= 0) {
            assert_int_equal(down.sec, INT64_C(-62167219200));
            assert_int_equal(down.nsec, 0);
        }
    }
}

static void double_seconds_are_cut_to_nanoseconds(void **state)
{
    (void)state;
    static const struct {
        double seconds;
        int64_t sec;
        uint32_t nsec;
    } cases[] = {
            {0, 0, 0},
            {-0.0, 0, 0},
            {0.5, 0, 500000000},
            {1e-9, 0, 1},
            {0.9e-9, 0, 0},
            {1633019124.25, 1633019124, 249999872}, /* 1.63301912425e18 is no double */
            {4294967295.0, 4294967295, 0},
            {1.9999999999, 1, 999999999},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct deputy_time time;
        assert_ok(time_from_double(&time, cases[i].seconds));
        assert_int_equal(time.sec, cases[i].sec);
        assert_int_equal(time.nsec, cases[i].nsec);
    }
}

static void H12_double_outside_the_years_of_time_is_refused(void **state)
{
    (void)state;
    struct deputy_time time;
    assert_ok(time_from_double(&time, 253402300799.0));
    const double refused[] = {-1, -5e-324, 253402300799.5, 253402300800.0, 1e300, __builtin_inf(),
            -__builtin_inf(), __builtin_nan("")};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        assert_int_equal(time_from_double(&time, refused[i]), DEPUTY_E_TIME);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(known_times_are_read),
            cmocka_unit_test(leap_second_is_read_only_at_the_end_of_a_month_in_utc),
            cmocka_unit_test(what_is_not_rfc_3339_is_refused),
            cmocka_unit_test(separator_is_one_of_three_bytes),
            cmocka_unit_test(every_byte_at_every_place_is_judged),
            cmocka_unit_test(every_byte_is_needed),
            ARENA_TEST(utc_has_as_much_of_the_fraction_as_there_is),
            ARENA_TEST(iso_is_what_javascript_prints),
            ARENA_TEST(times_outside_four_digit_years_are_not_printed),
            ARENA_TEST(every_day_reads_as_it_prints),
            cmocka_unit_test(milliseconds_are_added_and_saturate),
            cmocka_unit_test(sums_beyond_the_years_0000_and_9999_saturate),
            cmocka_unit_test(double_seconds_are_cut_to_nanoseconds),
            cmocka_unit_test(H12_double_outside_the_years_of_time_is_refused),
    };
    return cmocka_run_group_tests_name("base.time", tests, NULL, NULL);
}
