/* What every unit test includes: cmocka with its prerequisites, and a few assertions on slices. */
#ifndef SUPPORT_CHECK_H
#define SUPPORT_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <deputy/arena.h>
#include <deputy/error.h>
#include <deputy/slice.h>

#define T(text) deputy_slice_text(text)

#define assert_ok(call) assert_int_equal((call), DEPUTY_OK)

/* Fails with both texts when they differ. */
void check_slice(struct deputy_slice actual, struct deputy_slice expected, const char *file, int line);
#define assert_slice(actual, expected) check_slice((actual), (expected), __FILE__, __LINE__)
#define assert_text(actual, expected) check_slice((actual), deputy_slice_text(expected), __FILE__, __LINE__)

/* An arena for tests, large enough for any vector file; ended with deputy_arena_destroy. */
struct deputy_arena *check_arena(void);

/* cmocka setup and teardown that keep an arena in *state. */
int check_arena_setup(void **state);
int check_arena_teardown(void **state);
#define ARENA_TEST(function)                                                                                 \
    cmocka_unit_test_setup_teardown(function, check_arena_setup, check_arena_teardown)

/* A file below tests/data, whole, in the arena; the test fails when it is not there. */
struct deputy_slice check_data(struct deputy_arena *arena, const char *name);

#endif
