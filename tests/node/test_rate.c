/* Buckets of tokens: how many at once, how soon again, and what a full table does. */
#include "node/rate.h"
#include "support/check.h"

static const uint8_t key[32] = {7};

static struct rate_limit *limit_of(int64_t per_minute, int64_t burst)
{
    struct rate_limit *limit = NULL;
    assert_ok(rate_create(&limit, per_minute, burst, key));
    return limit;
}

static bool take(struct rate_limit *limit, uint8_t who, int64_t ms, int64_t *wait_s)
{
    uint8_t address[CLIENT_ADDRESS_BYTES] = {who};
    return rate_take(
            limit, address, (struct deputy_time){1000 + ms / 1000, (uint32_t)(ms % 1000) * 1000000}, wait_s);
}

static void burst_and_a_seconds_share_are_there_at_once(void **state)
{
    (void)state;
    int64_t wait_s = 0;
    struct rate_limit *limit = limit_of(60, 10);
    for (int i = 0; i < 11; i++)
        assert_true(take(limit, 1, 0, &wait_s));
    assert_false(take(limit, 1, 0, &wait_s));
    assert_int_equal(wait_s, 1);
    assert_false(take(limit, 1, 999, &wait_s));
    assert_int_equal(wait_s, 1);
    assert_true(take(limit, 1, 1000, &wait_s));
    assert_false(take(limit, 1, 1000, &wait_s));
    rate_destroy(limit);
}

static void addresses_have_buckets_of_their_own(void **state)
{
    (void)state;
    int64_t wait_s;
    struct rate_limit *limit = limit_of(60, 0);
    assert_true(take(limit, 1, 0, &wait_s));
    assert_false(take(limit, 1, 0, &wait_s));
    assert_true(take(limit, 2, 0, &wait_s));
    rate_destroy(limit);
}

static void silence_fills_no_more_than_the_bucket(void **state)
{
    (void)state;
    int64_t wait_s;
    struct rate_limit *limit = limit_of(60, 1);
    assert_true(take(limit, 1, 0, &wait_s));
    assert_true(take(limit, 1, 1000000000, &wait_s));
    assert_true(take(limit, 1, 1000000000, &wait_s));
    assert_false(take(limit, 1, 1000000000, &wait_s));
    rate_destroy(limit);
}

static void clock_that_is_set_back_gives_nothing(void **state)
{
    (void)state;
    int64_t wait_s;
    struct rate_limit *limit = limit_of(60, 0);
    assert_true(take(limit, 1, 100000, &wait_s));
    assert_false(take(limit, 1, 0, &wait_s));
    assert_true(take(limit, 1, 1000, &wait_s));
    rate_destroy(limit);
}

static void slow_rates_say_how_long_to_wait(void **state)
{
    (void)state;
    int64_t wait_s = 0;
    struct rate_limit *limit = limit_of(1, 1);
    assert_true(take(limit, 1, 0, &wait_s));
    assert_false(take(limit, 1, 0, &wait_s));
    assert_int_equal(wait_s, 60);
    rate_destroy(limit);
    limit = limit_of(0, 0);
    assert_false(take(limit, 1, 0, &wait_s));
    assert_int_equal(wait_s, 3600);
    rate_destroy(limit);
}

static void largest_settings_do_not_overflow(void **state)
{
    (void)state;
    int64_t wait_s;
    struct rate_limit *limit = limit_of(INT64_MAX, INT64_MAX);
    assert_true(take(limit, 1, 0, &wait_s));
    assert_true(take(limit, 1, 1000000000, &wait_s));
    rate_destroy(limit);
}

static void full_table_forgets_the_silent_first(void **state)
{
    (void)state;
    int64_t wait_s;
    uint8_t address[CLIENT_ADDRESS_BYTES] = {0};
    struct rate_limit *limit = limit_of(60, 0);
    assert_true(take(limit, 1, 0, &wait_s));
    for (uint32_t i = 0; i < 100000; i++) {
        struct deputy_time now = {1000, 1000 * (i + 1)};
        memcpy(address + 4, &i, sizeof i);
        assert_true(rate_take(limit, address, now, &wait_s));
        assert_false(rate_take(limit, address, now, &wait_s)); /* who came last is known */
    }
    assert_true(take(limit, 1, 101, &wait_s)); /* who was silent is not */
    rate_destroy(limit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(burst_and_a_seconds_share_are_there_at_once),
            cmocka_unit_test(addresses_have_buckets_of_their_own),
            cmocka_unit_test(silence_fills_no_more_than_the_bucket),
            cmocka_unit_test(clock_that_is_set_back_gives_nothing),
            cmocka_unit_test(slow_rates_say_how_long_to_wait),
            cmocka_unit_test(largest_settings_do_not_overflow),
            cmocka_unit_test(full_table_forgets_the_silent_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
