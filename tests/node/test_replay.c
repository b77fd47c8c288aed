#include "node/replay.h"
#include "support/check.h"

static struct replay_set *make(void)
{
    static const uint8_t key[32] = {1};
    struct replay_set *set = NULL;
    assert_ok(replay_create(&set, key));
    return set;
}

static void number(uint8_t fingerprint[REPLAY_FINGERPRINT_BYTES], uint64_t n)
{
    memset(fingerprint, 0, REPLAY_FINGERPRINT_BYTES);
    uint64_t spread = n * UINT64_C(0x9e3779b97f4a7c15);
    memcpy(fingerprint, &spread, sizeof spread);
    memcpy(fingerprint + 8, &n, sizeof n);
}

static void I18_used_fingerprint_is_refused(void **state)
{
    (void)state;
    struct replay_set *set = make();
    uint8_t fingerprint[REPLAY_FINGERPRINT_BYTES];
    number(fingerprint, 7);
    assert_ok(replay_take(set, fingerprint, 1060, 1000));
    assert_int_equal(replay_take(set, fingerprint, 1060, 1000), DEPUTY_E_STORE_REPLAY);
    number(fingerprint, 8);
    assert_ok(replay_take(set, fingerprint, 1060, 1000));
    replay_destroy(set);
}

static void every_live_fingerprint_survives_growth(void **state)
{
    (void)state;
    struct replay_set *set = make();
    uint8_t fingerprint[REPLAY_FINGERPRINT_BYTES];
    for (uint64_t n = 0; n < 50000; n++) {
        number(fingerprint, n);
        assert_ok(replay_take(set, fingerprint, n % 2 == 0 ? 5000 : 1001, 1000));
    }
    for (uint64_t n = 0; n < 50000; n += 2) {
        number(fingerprint, n);
        assert_int_equal(replay_take(set, fingerprint, 5000, 2000), DEPUTY_E_STORE_REPLAY);
    }
    replay_destroy(set);
}

static void full_set_refuses_and_recovers_when_entries_expire(void **state)
{
    (void)state;
    struct replay_set *set = make();
    uint8_t fingerprint[REPLAY_FINGERPRINT_BYTES];
    uint64_t n = 0;
    enum deputy_error error = DEPUTY_OK;
    while (error == DEPUTY_OK) {
        number(fingerprint, n++);
        error = replay_take(set, fingerprint, 1060, 1000);
    }
    assert_int_equal(error, DEPUTY_E_REPLAY_FULL);
    assert_in_range(n, REPLAY_MAX_ENTRIES / 2, REPLAY_MAX_ENTRIES + 1);
    assert_ok(replay_take(set, fingerprint, 3000, 2000));
    replay_destroy(set);
}

static void clock_that_is_set_back_forgets_nothing(void **state)
{
    (void)state;
    struct replay_set *set = make();
    uint8_t fingerprint[REPLAY_FINGERPRINT_BYTES];
    number(fingerprint, 1);
    assert_ok(replay_take(set, fingerprint, 100060, 100000));
    for (uint64_t n = 2; n < 20000; n++) { /* as many as make it sweep */
        number(fingerprint, n);
        assert_ok(replay_take(set, fingerprint, 1060, 1000));
    }
    for (uint64_t n = 1; n < 20000; n++) {
        number(fingerprint, n);
        assert_int_equal(replay_take(set, fingerprint, 1060, 1000), DEPUTY_E_STORE_REPLAY);
    }
    replay_destroy(set);
}

static void last_second_of_the_calendar_is_a_long_time(void **state)
{
    (void)state;
    struct replay_set *set = make();
    uint8_t fingerprint[REPLAY_FINGERPRINT_BYTES];
    for (uint64_t n = 0; n < 20000; n++) {
        number(fingerprint, n);
        assert_ok(replay_take(set, fingerprint, INT64_C(253402300799), 1000));
    }
    number(fingerprint, 0);
    assert_int_equal(replay_take(set, fingerprint, 1060, INT64_C(4000000000)), DEPUTY_E_STORE_REPLAY);
    replay_destroy(set);
}

static void expiry_is_the_token_end_or_the_lifetime_plus_a_minute(void **state)
{
    (void)state;
    struct deputy_token token = {.window = {.has_expiry = true, .expiry = {1100, 0}}};
    assert_int_equal(replay_expiry(&token, 300, 1000), 1160);
    token.window.expiry.sec = 9000;
    assert_int_equal(replay_expiry(&token, 300, 1000), 1360);
    token.window.expiry.sec = INT64_C(253402300799);
    assert_int_equal(replay_expiry(&token, INT64_MAX / 2, 1000), INT64_C(253402300799));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(I18_used_fingerprint_is_refused),
            cmocka_unit_test(every_live_fingerprint_survives_growth),
            cmocka_unit_test(full_set_refuses_and_recovers_when_entries_expire),
            cmocka_unit_test(clock_that_is_set_back_forgets_nothing),
            cmocka_unit_test(last_second_of_the_calendar_is_a_long_time),
            cmocka_unit_test(expiry_is_the_token_end_or_the_lifetime_plus_a_minute),
    };
    return cmocka_run_group_tests_name("node.replay", tests, NULL, NULL);
}
