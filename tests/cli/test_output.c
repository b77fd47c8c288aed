/* What reaches the terminal, and times as people read them. */
#include "base/arena.h"
#include "base/time.h"
#include "cli/output.h"
#include "cli/words.h"
#include "support/check.h"
#include <stdio.h>

static struct deputy_slice printed(struct deputy_arena *arena, struct deputy_slice text, bool lines)
{
    FILE *file = tmpfile();
    uint8_t *out = arena_alloc_bytes(arena, text.len * 3 + 1);
    assert_non_null(file);
    assert_non_null(out);
    if (lines)
        cli_put_lines_safe(file, text);
    else
        cli_put_safe(file, text);
    rewind(file);
    size_t len = fread(out, 1, text.len * 3 + 1, file);
    fclose(file);
    return deputy_slice_bytes(out, len);
}

static void letters_stay_and_what_steers_does_not(void **state)
{
    struct deputy_arena *arena = *state;
    static const struct {
        const char *text, *shown;
    } rows[] = {
            {"plain text, \"quoted\"", "plain text, \"quoted\""},
            {"\xc3\xa4 \xe6\xbc\xa2 \xf0\x9f\x9a\x80", "\xc3\xa4 \xe6\xbc\xa2 \xf0\x9f\x9a\x80"},
            {"\033[31mred\a\b\r\n\t", "?[31mred?????"}, {"\x7f", "?"},
            {"\xc2\x9b"
             "31m",
                    "?31m"}, /* C1 as UTF-8 */
            {"\x9b"
             "31m",
                    "?31m"}, /* C1 as a byte */
            {"\xe2\x80\xae"
             "abc\xe2\x81\xa6",
                    "?abc?"}, /* override and isolate of direction */
            {"a\xe2\x80\x8b"
             "b\xef\xbb\xbf",
                    "a?b?"},                   /* no width */
            {"\xe2\x80\xa8", "?"},             /* a line separator */
            {"cut \xe6\xbc", "cut ??"},        /* not UTF-8 */
            {"\xc0\xaf\xed\xa0\x80", "?????"}, /* overlong, surrogate */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_text(printed(arena, T(rows[i].text), false), rows[i].shown);
}

static void lines_stay_lines_where_they_may(void **state)
{
    assert_text(printed(*state, T("a\nb\033\n"), true), "a\nb?\n");
    assert_text(printed(*state, T("a\nb"), false), "a?b");
}

static void templates_are_filled_and_arguments_are_not_templates(void **state)
{
    struct cli cli = {.arena = *state};
    const struct deputy_slice args[3] = {T("{1}"), T("two"), T("")};
    assert_text(cli_fill(&cli, "{0} and {1}, {2}{3} {", args), "{1} and two, {3} {");
}

static void spans_are_told_in_two_units(void **state)
{
    struct cli cli = {.arena = *state};
    static const struct {
        int64_t seconds;
        const char *text;
    } rows[] = {{0, "0 seconds"}, {1, "1 second"}, {59, "59 seconds"}, {60, "1 minute"},
            {61, "1 minute 1 second"}, {3599, "59 minutes 59 seconds"}, {3600, "1 hour"},
            {7260, "2 hours 1 minute"}, {86400, "1 day"}, {86460, "1 day"},
            {7 * 86400 - 1, "6 days 23 hours"}, {31536000, "1 year"}, {31536000 + 86400, "1 year 1 day"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_text(words_span(&cli, rows[i].seconds), rows[i].text);
}

static void times_are_told_from_now(void **state)
{
    struct cli cli = {.arena = *state};
    struct deputy_time now = {.sec = 1783684800}, later = {.sec = 1783684800 + 5400};
    assert_text(words_time(&cli, now), "2026-07-10 12:00:00 UTC");
    assert_text(words_distance(&cli, later, now), "in 1 hour 30 minutes");
    assert_text(words_distance(&cli, now, later), "1 hour 30 minutes ago");
    assert_text(words_distance(&cli, now, now), "0 seconds ago");
    assert_text(words_distance(&cli, (struct deputy_time){.sec = TIME_MAX_SEC}, (struct deputy_time){0}),
            "in 8035 years 121 days");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(letters_stay_and_what_steers_does_not),
            ARENA_TEST(lines_stay_lines_where_they_may),
            ARENA_TEST(templates_are_filled_and_arguments_are_not_templates),
            ARENA_TEST(spans_are_told_in_two_units),
            ARENA_TEST(times_are_told_from_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
