#include "grant/window.h"
#include "support/check.h"

static const struct deputy_time at = {1000, 5};

static struct deputy_time shifted(int64_t nanoseconds)
{
    return (struct deputy_time){at.sec + (nanoseconds < -5 ? -1 : 0),
            (uint32_t)(nanoseconds < -5 ? 1000000005 + nanoseconds : 5 + nanoseconds)};
}

static struct deputy_token token_until(enum deputy_token_kind kind, int64_t nanoseconds)
{
    return (struct deputy_token){
            .kind = kind, .window = {.has_expiry = true, .expiry = shifted(nanoseconds)}};
}

static struct deputy_token token_from(enum deputy_token_kind kind, int64_t nanoseconds)
{
    return (struct deputy_token){
            .kind = kind, .window = {.has_not_before = true, .not_before = shifted(nanoseconds)}};
}

static bool own_until(enum deputy_token_kind kind, int64_t nanoseconds)
{
    struct deputy_token token = token_until(kind, nanoseconds);
    return window_own(&token, at);
}

static bool own_from(enum deputy_token_kind kind, int64_t nanoseconds)
{
    struct deputy_token token = token_from(kind, nanoseconds);
    return window_own(&token, at);
}

static void own_window_of_a_ucan_has_both_its_ends(void **state)
{
    (void)state;
    assert_true(own_until(DEPUTY_TOKEN_UCAN, 1));
    assert_true(own_until(DEPUTY_TOKEN_UCAN, 0));
    assert_false(own_until(DEPUTY_TOKEN_UCAN, -1));
    assert_true(own_from(DEPUTY_TOKEN_UCAN, -1));
    assert_true(own_from(DEPUTY_TOKEN_UCAN, 0));
    assert_false(own_from(DEPUTY_TOKEN_UCAN, 1));
}

static void own_window_of_a_cacao_begins_after_its_start(void **state)
{
    (void)state;
    assert_true(own_until(DEPUTY_TOKEN_CACAO, 0));
    assert_false(own_until(DEPUTY_TOKEN_CACAO, -1));
    assert_true(own_from(DEPUTY_TOKEN_CACAO, -1));
    assert_false(own_from(DEPUTY_TOKEN_CACAO, 0));
    assert_false(own_from(DEPUTY_TOKEN_CACAO, 1));
}

static void unbounded_window_is_always_open(void **state)
{
    (void)state;
    struct deputy_token token = {.kind = DEPUTY_TOKEN_CACAO};
    assert_true(window_own(&token, at));
    assert_true(window_open(&token.window, at));
    token.window.not_before = shifted(1); /* bounds that it does not have say nothing */
    token.window.expiry = shifted(-1);
    assert_true(window_own(&token, at));
    assert_true(window_open(&token.window, at));
}

static void chain_window_is_half_open(void **state)
{
    (void)state;
    struct deputy_window window = {true, true, at, shifted(10)};
    assert_true(window_open(&window, at));
    assert_true(window_open(&window, shifted(9)));
    assert_false(window_open(&window, shifted(10)));
    assert_false(window_open(&window, shifted(-1)));
}

/* Every pair of bounds of spec/02 section 5.3: absent, earlier, equal, later. */
static void child_bounds_lie_within_the_parents(void **state)
{
    (void)state;
    static const struct {
        bool parent, child;
        int64_t difference; /* of the child, in nanoseconds */
        bool ends, starts;
    } rows[] = {
            {false, false, 0, true, true},
            {false, true, 1, true, true},
            {true, false, 0, false, false},
            {true, true, 0, true, true},
            {true, true, -1, true, false},
            {true, true, 1, false, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct deputy_window parent = {rows[i].parent, rows[i].parent, at, at};
        struct deputy_time moved = shifted(rows[i].difference);
        struct deputy_window child = {rows[i].child, rows[i].child, moved, moved};
        assert_int_equal(window_ends_within(&child, &parent), rows[i].ends);
        assert_int_equal(window_starts_within(&child, &parent), rows[i].starts);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(own_window_of_a_ucan_has_both_its_ends),
            cmocka_unit_test(own_window_of_a_cacao_begins_after_its_start),
            cmocka_unit_test(unbounded_window_is_always_open),
            cmocka_unit_test(chain_window_is_half_open),
            cmocka_unit_test(child_bounds_lie_within_the_parents),
    };
    return cmocka_run_group_tests_name("grant.window", tests, NULL, NULL);
}
