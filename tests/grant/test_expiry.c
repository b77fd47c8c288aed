/* Durations in words: the whole grammar at its edges. */
#include "base/arena.h"
#include "support/check.h"
#include "support/vectors.h"
#include <deputy/manifest.h>
#include <stdio.h>

static const struct {
    double ms;
    const char *names[5];
} UNITS[] = {
        {31557600000.0, {"years", "year", "yrs", "yr", "y"}},
        {604800000.0, {"weeks", "week", "w", NULL, NULL}},
        {86400000.0, {"days", "day", "d", NULL, NULL}},
        {3600000.0, {"hours", "hour", "hrs", "hr", "h"}},
        {60000.0, {"minutes", "minute", "mins", "min", "m"}},
        {1000.0, {"seconds", "second", "secs", "sec", "s"}},
        {1.0, {"milliseconds", "millisecond", "msecs", "msec", "ms"}},
};

static double parsed(void **state, struct deputy_slice text)
{
    struct deputy_refusal refusal;
    double ms;
    if (deputy_expiry_parse(*state, &ms, &refusal, text) == DEPUTY_OK)
        return ms;
    assert_true(refusal.code == DEPUTY_E_EXPIRY_DURATION || refusal.code == DEPUTY_E_EXPIRY_TYPE);
    return -1;
}

/* Each letter in both cases, one at a time and all together. */
static void expect_in_every_case(void **state, const char *number, const char *unit, double ms)
{
    for (size_t flip = 0; flip <= strlen(unit) + 1; flip++) {
        char text[64];
        int at = snprintf(text, sizeof text, "%s%s", number, unit);
        size_t start = strlen(number);
        for (size_t i = 0; i < strlen(unit); i++) {
            if (i == flip || flip == strlen(unit) + 1)
                text[start + i] = (char)(text[start + i] - 32);
        }
        assert_true(at > 0);
        assert_true(parsed(state, T(text)) == ms);
    }
}

static void every_unit_in_every_case_and_spacing(void **state)
{
    for (size_t i = 0; i < sizeof UNITS / sizeof UNITS[0]; i++) {
        for (size_t j = 0; j < 5 && UNITS[i].names[j] != NULL; j++) {
            expect_in_every_case(state, "3", UNITS[i].names[j], 3 * UNITS[i].ms);
            expect_in_every_case(state, "3 ", UNITS[i].names[j], 3 * UNITS[i].ms);
            expect_in_every_case(state, "0003   ", UNITS[i].names[j], 3 * UNITS[i].ms);
            expect_in_every_case(state, "2.5", UNITS[i].names[j], 2.5 * UNITS[i].ms);
            expect_in_every_case(state, ".5", UNITS[i].names[j], 0.5 * UNITS[i].ms);
        }
    }
}

/* No other word of up to three letters is a unit. */
static bool is_unit(const char *word)
{
    for (size_t i = 0; i < sizeof UNITS / sizeof UNITS[0]; i++) {
        for (size_t j = 0; j < 5 && UNITS[i].names[j] != NULL; j++) {
            if (strcmp(word, UNITS[i].names[j]) == 0)
                return true;
        }
    }
    return false;
}

static void every_word_of_up_to_three_letters_is_a_unit_or_not(void **state)
{
    for (int a = 'a'; a <= 'z'; a++) {
        for (int b = 'a' - 1; b <= 'z'; b++) {
            for (int c = 'a' - 1; c <= 'z'; c++) {
                char word[4] = {(char)a, (char)(b < 'a' ? 0 : b), (char)(b < 'a' || c < 'a' ? 0 : c), 0};
                char text[8];
                snprintf(text, sizeof text, "1%s", word);
                if ((parsed(state, T(text)) > 0) != is_unit(word))
                    fail_msg("%s", text);
            }
        }
        deputy_arena_reset(*state);
    }
}

/* Whether "1.5h" with another byte in that place is a duration. */
static bool valid_with(size_t place, unsigned byte)
{
    bool digit = byte >= '0' && byte <= '9';
    if (place == 0 || place == 2)
        return digit;
    if (place == 1)
        return digit || byte == '.';
    return digit || byte == ' ' || (byte != 0 && strchr("yYwWdDhHmMsS", (int)byte) != NULL);
}

static void every_byte_in_every_place(void **state)
{
    for (size_t place = 0; place < 4; place++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            uint8_t text[] = {'1', '.', '5', 'h'};
            text[place] = (uint8_t)byte;
            if ((parsed(state, deputy_slice_bytes(text, 4)) > 0) != valid_with(place, byte))
                fail_msg("place %zu byte %u", place, byte);
        }
    }
}

static void edges_of_length_and_size(void **state)
{
    char text[102];
    memset(text, '1', sizeof text);
    assert_true(parsed(state, deputy_slice_bytes(text, 100)) > 1e99);
    assert_true(parsed(state, deputy_slice_bytes(text, 101)) < 0);
    memset(text, '0', sizeof text);
    assert_true(parsed(state, deputy_slice_bytes(text, 100)) < 0);
    text[99] = '1';
    assert_true(parsed(state, deputy_slice_bytes(text, 100)) == 1);
    assert_true(parsed(state, T("")) < 0);
    assert_true(parsed(state, T("0.0000001ms")) == 1e-7);
    assert_true(parsed(state, T("1.1h")) == 3960000.0000000005);
}

static void vectors_of_the_reference(void **state)
{
    size_t count = 0;
    const struct json_value *file;
    assert_ok(json_parse(*state, &file, check_data(*state, "compose.json")));
    JSON_EACH (vector, json_member(file, "vectors")) {
        double expected;
        if (!json_text_is(json_member(vector, "function"), "parseExpiry"))
            continue;
        const struct json_value *input = json_member(vector, "input");
        if (json_to_double(&expected, json_member(vector, "expected")) != DEPUTY_OK)
            expected = -1;
        assert_true(parsed(state, input->text) == expected);
        count++;
    }
    assert_int_equal(count, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(every_unit_in_every_case_and_spacing),
            ARENA_TEST(every_word_of_up_to_three_letters_is_a_unit_or_not),
            ARENA_TEST(every_byte_in_every_place),
            ARENA_TEST(edges_of_length_and_size),
            ARENA_TEST(vectors_of_the_reference),
    };
    return cmocka_run_group_tests_name("grant.expiry", tests, NULL, NULL);
}
