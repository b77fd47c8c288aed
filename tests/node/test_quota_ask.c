/* 03 14.2: how the quota service is asked, and which of its answers are believed. */
#include "node/quota_ask.h"
#include "support/check.h"

static void setting_must_be_an_address_that_may_be_shown(void **state)
{
    static const char *const good[] = {"https://quota.example", "http://127.0.0.1:8080",
            "https://quota.example/base/", "http://[::1]:9/"};
    static const char *const bad[] = {"", "nonsense", "ftp://quota.example", "https://user@quota.example",
            "https://user:secret@quota.example", "https://quota.example/?key=secret",
            "https://quota.example/#x", "https://", "file:///etc/passwd", "https://quota.example/\nX: y",
            "https://a b/"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_ok(quota_url_check(T(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(quota_url_check(T(bad[i])), DEPUTY_E_GUARD_URL);
}

static void check_url(struct deputy_arena *arena, const char *url, const char *space, const char *expected)
{
    const char *made = NULL;
    assert_ok(quota_url_make(arena, &made, T(url), T(space)));
    assert_string_equal(made, expected);
}

static void space_is_one_segment_of_the_path(void **state)
{
    check_url(*state, "https://q.example", "tinycloud:pkh:eip155:1:0xAb:default",
            "https://q.example/api/quota/tinycloud:pkh:eip155:1:0xAb:default");
    check_url(*state, "http://q.example:1/base//", "a", "http://q.example:1/base/api/quota/a");
    check_url(*state, "http://q", "tinycloud:web:h%3A1:x/../y?z#\x80\xff",
            "http://q/api/quota/tinycloud:web:h%253A1:x%2F..%2Fy%3Fz%23%80%FF");
}

static void whole_number_of_bytes_is_the_limit(void **state)
{
    static const struct {
        const char *body;
        uint64_t bytes;
    } answers[] = {{"{\"storage_limit_bytes\":0}", 0}, {" {\"storage_limit_bytes\" : 10485760 }\n", 10485760},
            {"{\"plan\":{\"storage_limit_bytes\":1},\"storage_limit_bytes\":9223372036854775807}",
                    INT64_MAX}};
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        uint64_t bytes = 1;
        assert_ok(quota_answer_read(*state, &bytes, T(answers[i].body)));
        assert_int_equal(bytes, answers[i].bytes);
    }
}

static void everything_else_is_no_answer(void **state)
{
    static const char *const bodies[] = {"", "null", "5", "[5]", "{}", "nonsense", "<html></html>",
            "{\"storage_limit_bytes\":-1}", "{\"storage_limit_bytes\":-0.5}", "{\"storage_limit_bytes\":1.5}",
            "{\"storage_limit_bytes\":1e3}", "{\"storage_limit_bytes\":NaN}",
            "{\"storage_limit_bytes\":Infinity}", "{\"storage_limit_bytes\":\"5\"}",
            "{\"storage_limit_bytes\":null}", "{\"storage_limit_bytes\":true}",
            "{\"storage_limit_bytes\":[5]}", "{\"storage_limit_bytes\":9223372036854775808}",
            "{\"storage_limit_bytes\":1e400}", "{\"storage_limit_bytes\":5,\"storage_limit_bytes\":6}",
            "{\"storage_limit_bytes\":5} x", "{\"Storage_Limit_Bytes\":5}", "{\"storage_limit_bytes\":5"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        uint64_t bytes = 1;
        assert_int_equal(quota_answer_read(*state, &bytes, T(bodies[i])), DEPUTY_E_QUOTA_ANSWER);
        assert_int_equal(bytes, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(setting_must_be_an_address_that_may_be_shown),
            ARENA_TEST(space_is_one_segment_of_the_path),
            ARENA_TEST(whole_number_of_bytes_is_the_limit),
            ARENA_TEST(everything_else_is_no_answer),
    };
    return cmocka_run_group_tests_name("node.quota_ask", tests, NULL, NULL);
}
