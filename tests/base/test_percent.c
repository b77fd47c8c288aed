#include "base/codec.h"
#include "support/check.h"
#include <stdio.h>

static struct deputy_slice encoded(struct deputy_arena *arena, struct deputy_slice text, const char *plain)
{
    struct buf out = buf_make(arena, 4096);
    struct deputy_slice result;
    percent_put(&out, text, plain);
    assert_ok(buf_finish(&out, &result));
    return result;
}

static void letters_digits_and_what_is_named_stand_for_themselves(void **state)
{
    assert_text(encoded(*state, T("azAZ09"), ""), "azAZ09");
    assert_text(encoded(*state, T("-._~:"), ""), "%2D%2E%5F%7E%3A");
    assert_text(encoded(*state, T("-._~:"), "-._~:"), "-._~:");
    assert_text(encoded(*state, T("a/b c%\n"), "-"), "a%2Fb%20c%25%0A");
}

static void every_other_byte_is_escaped_the_end_of_a_text_too(void **state)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        uint8_t one = (uint8_t)byte;
        char expected[4];
        bool plain =
                (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
        snprintf(expected, sizeof expected, plain ? "%c" : "%%%02X", byte);
        assert_text(encoded(*state, deputy_slice_bytes(&one, 1), ""), expected);
    }
}

static void bound_of_the_buffer_is_kept(void **state)
{
    struct deputy_slice result;
    struct buf out = buf_make(*state, 5);
    percent_put(&out, T("//"), "");
    assert_int_equal(buf_finish(&out, &result), DEPUTY_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(letters_digits_and_what_is_named_stand_for_themselves),
            ARENA_TEST(every_other_byte_is_escaped_the_end_of_a_text_too),
            ARENA_TEST(bound_of_the_buffer_is_kept),
    };
    return cmocka_run_group_tests_name("base.percent", tests, NULL, NULL);
}
