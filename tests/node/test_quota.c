#include "base/arena.h"
#include "node/admin.h"
#include "node/quota.h"
#include "support/check.h"
#include <stdio.h>

static const struct deputy_slice space = {(const uint8_t *)"tinycloud:key:zA:default", 24};

static struct quota *make(uint64_t standard, uint64_t public_spaces)
{
    struct quota *quota = NULL;
    const struct quota_config config = {.standard = standard, .public_spaces = public_spaces};
    assert_ok(quota_create(&quota, &config));
    return quota;
}

static enum deputy_error check(uint64_t used, uint64_t limit, uint64_t bytes, const char *text)
{
    struct deputy_arena *arena = check_arena();
    struct deputy_refusal refusal = {.code = DEPUTY_OK};
    struct quota_room room = {.limit = {true, limit}, .used = used};
    enum deputy_error error = quota_room_check(arena, &refusal, &room, bytes);
    if (text != NULL) {
        struct deputy_slice said;
        assert_ok(deputy_refusal_format(arena, &said, &refusal));
        assert_text(said, text);
    }
    deputy_arena_destroy(arena);
    return error;
}

static void write_beyond_the_rest_is_refused_with_the_numbers(void **state)
{
    (void)state;
    assert_int_equal(
            check(1000, 1024, 25, "Write exceeds remaining storage. Used: 1000 bytes, Limit: 1024 bytes"),
            DEPUTY_E_QUOTA_REMAINING);
    assert_ok(check(1000, 1024, 24, NULL));
    assert_int_equal(check(0, 5, UINT64_MAX, NULL), DEPUTY_E_QUOTA_REMAINING);
}

static void write_to_a_full_space_is_refused_whatever_its_size(void **state)
{
    (void)state;
    assert_int_equal(check(1024, 1024, 0, "Storage quota exceeded. Used: 1024 bytes, Limit: 1024 bytes"),
            DEPUTY_E_QUOTA_EXCEEDED);
    assert_int_equal(check(2000, 1024, 1, NULL), DEPUTY_E_QUOTA_EXCEEDED);
    assert_int_equal(check(0, 0, 0, NULL), DEPUTY_E_QUOTA_EXCEEDED);
}

static void standard_limit_of_0_is_none(void **state)
{
    (void)state;
    struct quota *quota = make(0, 7);
    assert_false(quota_effective(quota, space).limited);
    assert_ok(quota_override_set(quota, space, 0));
    assert_true(quota_effective(quota, space).limited);
    assert_int_equal(quota_effective(quota, space).bytes, 0);
    quota_destroy(quota);
}

static void override_wins_until_it_is_cleared(void **state)
{
    (void)state;
    struct quota *quota = make(100, 7);
    assert_int_equal(quota_effective(quota, space).bytes, 100);
    assert_ok(quota_override_set(quota, space, 5));
    assert_ok(quota_override_set(quota, space, 6));
    assert_int_equal(quota_effective(quota, space).bytes, 6);
    assert_int_equal(quota_effective(quota, T("tinycloud:key:zA:defaulu")).bytes, 100);
    quota_override_clear(quota, space);
    quota_override_clear(quota, space);
    assert_int_equal(quota_effective(quota, space).bytes, 100);
    quota_destroy(quota);
}

static void public_space_has_its_own_limit_whatever_was_said(void **state)
{
    (void)state;
    struct quota *quota = make(100, 7);
    assert_ok(quota_override_set(quota, T("tinycloud:key:zA:public"), 5000));
    assert_int_equal(quota_effective(quota, T("tinycloud:key:zA:public")).bytes, 7);
    assert_int_equal(quota_effective(quota, T("tinycloud:key:zA:republic")).bytes, 100);
    quota_destroy(quota);
}

static void overrides_are_kept_apart_and_sorted(void **state)
{
    (void)state;
    enum { COUNT = 300 };
    struct quota *quota = make(0, 0);
    struct deputy_arena *arena = check_arena();
    char name[32];
    for (unsigned i = 0; i < COUNT; i++) {
        snprintf(name, sizeof name, "space %u", i * 7 % COUNT);
        assert_ok(quota_override_set(quota, T(name), i * 7 % COUNT));
    }
    for (unsigned i = 0; i < COUNT; i += 2) {
        snprintf(name, sizeof name, "space %u", i);
        quota_override_clear(quota, T(name));
    }
    struct quota_override *all;
    size_t count;
    assert_ok(quota_overrides(arena, &all, &count, quota));
    assert_int_equal(count, COUNT / 2);
    for (size_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "space %u", (unsigned)all[i].bytes);
        assert_text(all[i].space, name);
        assert_int_equal(all[i].bytes % 2, 1);
        if (i > 0)
            assert_true(deputy_slice_compare(all[i - 1].space, all[i].space) < 0);
    }
    deputy_arena_destroy(arena);
    quota_destroy(quota);
}

static void only_the_secret_makes_an_administrator(void **state)
{
    (void)state;
    struct admin_secret none = admin_secret_make((struct deputy_slice){NULL, 0});
    struct admin_secret secret = admin_secret_make(T("secret"));
    assert_false(none.set);
    assert_false(admin_secret_matches(&none, T("Bearer ")));
    assert_true(admin_secret_matches(&secret, T("Bearer secret")));
    assert_false(admin_secret_matches(&secret, T("Bearer secre")));
    assert_false(admin_secret_matches(&secret, T("Bearer secret ")));
    assert_false(admin_secret_matches(&secret, T("Basic secret")));
    assert_false(admin_secret_matches(&secret, T("secret")));
    assert_false(admin_secret_matches(&secret, (struct deputy_slice){NULL, 0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(write_beyond_the_rest_is_refused_with_the_numbers),
            cmocka_unit_test(write_to_a_full_space_is_refused_whatever_its_size),
            cmocka_unit_test(standard_limit_of_0_is_none),
            cmocka_unit_test(override_wins_until_it_is_cleared),
            cmocka_unit_test(public_space_has_its_own_limit_whatever_was_said),
            cmocka_unit_test(overrides_are_kept_apart_and_sorted),
            cmocka_unit_test(only_the_secret_makes_an_administrator),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
