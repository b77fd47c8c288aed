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

/* What one more use may add: less than a page more for each shard in hand, and never twice what is there. */
static void set_grows_in_small_steps(void **state)
{
    (void)state;
    struct replay_set *set = make();
    uint8_t fingerprint[REPLAY_FINGERPRINT_BYTES];
    size_t held = replay_held(set), most = 0;
    for (uint64_t n = 0; n < 1000000; n++) {
        number(fingerprint, n);
        assert_ok(replay_take(set, fingerprint, 1060, 1000));
        if (n % 64 != 0)
            continue;
        size_t now = replay_held(set);
        assert_true(now >= held);
        most = now - held > most ? now - held : most;
        held = now;
    }
    assert_in_range(most, 1, 64 * 32768);
    assert_in_range(held, 12 * 1000000, 17 * 1000000);
    replay_destroy(set);
}

/* A use counts from before a shard is copied to after it: every one is asked again as soon as it was taken.
 */
static void no_use_is_forgotten_while_a_shard_is_copied(void **state)
{
    (void)state;
    struct replay_set *set = make();
    uint8_t fingerprint[REPLAY_FINGERPRINT_BYTES], earlier[REPLAY_FINGERPRINT_BYTES];
    for (uint64_t n = 0; n < 300000; n++) {
        number(fingerprint, n);
        assert_ok(replay_take(set, fingerprint, 1060, 1000));
        assert_int_equal(replay_take(set, fingerprint, 1060, 1000), DEPUTY_E_STORE_REPLAY);
        number(earlier, n * 7919 % (n + 1));
        assert_int_equal(replay_take(set, earlier, 1060, 1000), DEPUTY_E_STORE_REPLAY);
    }
    replay_destroy(set);
}

/* A minute of uses is held at a time, for an hour: the memory of the tenth minute is that of the last. */
static void set_that_forgets_what_expired_stays_flat(void **state)
{
    (void)state;
    enum { A_SECOND = 500 };
    struct replay_set *set = make();
    uint8_t fingerprint[REPLAY_FINGERPRINT_BYTES];
    size_t most = 0;
    uint64_t n = 0;
    for (int64_t now = 1000; now < 1000 + 3600; now++) {
        for (int i = 0; i < A_SECOND; i++) {
            number(fingerprint, n++);
            assert_ok(replay_take(set, fingerprint, now + 60, now));
        }
        size_t held = replay_held(set);
        if (now < 1600)
            most = held > most ? held : most;
        assert_true(held <= most + most / 16 || now < 1600);
    }
    assert_in_range(most, A_SECOND * 60 * 12, A_SECOND * 60 * 24 + 128 * 4096);
    replay_destroy(set);
}

static void set_of_which_most_expired_shrinks(void **state)
{
    (void)state;
    struct replay_set *set = make();
    uint8_t fingerprint[REPLAY_FINGERPRINT_BYTES];
    uint64_t n = 0;
    for (; n < 1000000; n++) {
        number(fingerprint, n);
        assert_ok(replay_take(set, fingerprint, 1060, 1000));
    }
    for (; n < 1300000; n++) {
        number(fingerprint, n);
        assert_ok(replay_take(set, fingerprint, 3000, 2000));
    }
    assert_true(replay_held(set) < 6 * 1000000);
    replay_destroy(set);
}

/* While nothing in the set can have expired it is not searched for what did. */
static void full_set_refuses_until_the_first_of_it_expires(void **state)
{
    enum { SHARDS = 128 }; /* numbers that follow each other go to each in turn */
    (void)state;
    struct replay_set *set = make();
    uint8_t fingerprint[REPLAY_FINGERPRINT_BYTES];
    for (uint64_t n = 0; n < REPLAY_MAX_ENTRIES; n++) {
        number(fingerprint, n);
        assert_ok(replay_take(set, fingerprint, n < SHARDS ? 1030 : 1060, 1000));
    }
    for (uint64_t n = REPLAY_MAX_ENTRIES; n < REPLAY_MAX_ENTRIES + SHARDS; n++) {
        number(fingerprint, n);
        assert_int_equal(replay_take(set, fingerprint, 1090, 1029), DEPUTY_E_REPLAY_FULL);
        assert_ok(replay_take(set, fingerprint, 1090, 1030));
        assert_int_equal(replay_take(set, fingerprint, 1090, 1030), DEPUTY_E_STORE_REPLAY);
    }
    number(fingerprint, REPLAY_MAX_ENTRIES + SHARDS);
    assert_int_equal(replay_take(set, fingerprint, 1090, 1031), DEPUTY_E_REPLAY_FULL);
    number(fingerprint, SHARDS);
    assert_int_equal(replay_take(set, fingerprint, 1090, 1031), DEPUTY_E_STORE_REPLAY);
    assert_true(replay_held(set) <= (size_t)24 * 1024 * 1024 + 65536);
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
            cmocka_unit_test(set_grows_in_small_steps),
            cmocka_unit_test(no_use_is_forgotten_while_a_shard_is_copied),
            cmocka_unit_test(set_that_forgets_what_expired_stays_flat),
            cmocka_unit_test(set_of_which_most_expired_shrinks),
            cmocka_unit_test(full_set_refuses_until_the_first_of_it_expires),
            cmocka_unit_test(full_set_refuses_and_recovers_when_entries_expire),
            cmocka_unit_test(clock_that_is_set_back_forgets_nothing),
            cmocka_unit_test(last_second_of_the_calendar_is_a_long_time),
            cmocka_unit_test(expiry_is_the_token_end_or_the_lifetime_plus_a_minute),
    };
    return cmocka_run_group_tests_name("node.replay", tests, NULL, NULL);
}
