/* Fixed windows: counted by key, ended by time, in a table that never grows. */
#include "backend/limit.h"
#include "support/check.h"
#include <stdio.h>

static struct limit_state take_at(struct limit *limit, const char *key, int64_t sec)
{
    return limit_take(limit, T(key), (struct deputy_time){.sec = sec});
}

static void check_state(struct limit_state state, bool allowed, int64_t remaining, int64_t reset_s)
{
    assert_int_equal(state.allowed, allowed);
    assert_int_equal(state.remaining, remaining);
    assert_int_equal(state.reset_s, reset_s);
}

static void a_window_lets_so_many_through_and_no_more(void **state)
{
    (void)state;
    struct limit *limit;
    assert_ok(limit_create(&limit, 3, 900));
    check_state(take_at(limit, "a", 1000), true, 2, 900);
    check_state(take_at(limit, "a", 1001), true, 1, 899);
    check_state(take_at(limit, "a", 1899), true, 0, 1);
    check_state(take_at(limit, "a", 1899), false, 0, 1);
    check_state(take_at(limit, "b", 1899), true, 2, 900);
    check_state(take_at(limit, "a", 1900), true, 2, 900);
    limit_destroy(limit);
}

static void a_clock_that_is_set_back_locks_nobody_out(void **state)
{
    (void)state;
    struct limit *limit;
    assert_ok(limit_create(&limit, 1, 900));
    check_state(take_at(limit, "a", 100000), true, 0, 900);
    check_state(take_at(limit, "a", 1000), true, 0, 900);
    check_state(take_at(limit, "a", 1001), false, 0, 899);
    limit_destroy(limit);
}

/* More keys than there are places: each is still counted while it asks again at once. */
static void many_keys_do_not_grow_it(void **state)
{
    (void)state;
    struct limit *limit;
    char key[32];
    assert_ok(limit_create(&limit, 2, 900));
    for (int i = 0; i < 200000; i++) {
        snprintf(key, sizeof key, "%d", i);
        assert_true(take_at(limit, key, 1000 + i / 1000).allowed);
        assert_int_equal(take_at(limit, key, 1000 + i / 1000).remaining, 0);
    }
    assert_false(take_at(limit, "199999", 1199).allowed);
    limit_destroy(limit);
}

static void numbers_that_let_nothing_through_are_refused(void **state)
{
    (void)state;
    struct limit *limit = NULL;
    assert_int_equal(limit_create(&limit, 0, 900), DEPUTY_E_ARGUMENT);
    assert_int_equal(limit_create(&limit, 1, 0), DEPUTY_E_ARGUMENT);
    assert_null(limit);
    limit_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_window_lets_so_many_through_and_no_more),
            cmocka_unit_test(a_clock_that_is_set_back_locks_nobody_out),
            cmocka_unit_test(many_keys_do_not_grow_it),
            cmocka_unit_test(numbers_that_let_nothing_through_are_refused),
    };
    return cmocka_run_group_tests_name("backend.limit", tests, NULL, NULL);
}
