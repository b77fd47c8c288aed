/* What is kept of descriptors: for a while, as long as there is room, and until it failed. */
#include "backend/descriptors.h"
#include "support/check.h"
#include <stdio.h>
#include <stdlib.h>

#define ID "urn:tinycloud:encryption:did:pkh:eip155:1:0x00000000000000000000000000000000000000aa:default"

struct shelf {
    struct descriptors *descriptors;
    struct deputy_arena *arena;
};

static struct shelf shelf;

static int setup(void **state)
{
    (void)state;
    shelf.arena = check_arena();
    assert_ok(descriptors_create(&shelf.descriptors));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    descriptors_destroy(shelf.descriptors);
    deputy_arena_destroy(shelf.arena);
    return 0;
}

static struct deputy_slice found(const char *id, uint64_t now_ms)
{
    struct deputy_slice text;
    assert_ok(descriptors_find(shelf.arena, &text, shelf.descriptors, T(id), now_ms));
    return text;
}

static bool is_there(const char *id, uint64_t now_ms)
{
    return deputy_slice_present(found(id, now_ms));
}

static void descriptor_is_there_for_its_life_and_no_longer(void **state)
{
    (void)state;
    assert_false(is_there(ID, 1000));
    descriptors_keep(shelf.descriptors, T(ID), T("{\"a\":1}"), 1000);
    assert_text(found(ID, 1000), "{\"a\":1}");
    assert_text(found(ID, 1000 + DESCRIPTORS_LIFE_MS - 1), "{\"a\":1}");
    assert_false(is_there(ID, 1000 + DESCRIPTORS_LIFE_MS));
    assert_false(is_there(ID "2", 1000));
    descriptors_keep(shelf.descriptors, T(ID), T("{\"a\":2}"), 2000);
    assert_text(found(ID, 1000 + DESCRIPTORS_LIFE_MS), "{\"a\":2}");
}

static void descriptor_that_failed_is_gone_alone(void **state)
{
    (void)state;
    descriptors_keep(shelf.descriptors, T(ID), T("a"), 0);
    descriptors_keep(shelf.descriptors, T(ID "2"), T("b"), 0);
    descriptors_drop(shelf.descriptors, T(ID));
    descriptors_drop(shelf.descriptors, T(ID "3"));
    assert_false(is_there(ID, 0));
    assert_text(found(ID "2", 0), "b");
}

static void descriptor_that_is_too_large_is_not_kept(void **state)
{
    static uint8_t text[DESCRIPTORS_MAX_BYTES + 1];
    (void)state;
    descriptors_keep(shelf.descriptors, T(ID), deputy_slice_bytes(text, DESCRIPTORS_MAX_BYTES + 1), 0);
    assert_false(is_there(ID, 0));
    descriptors_keep(shelf.descriptors, T(ID), deputy_slice_bytes(text, DESCRIPTORS_MAX_BYTES), 0);
    assert_int_equal(found(ID, 0).len, DESCRIPTORS_MAX_BYTES);
}

static void no_more_are_kept_than_there_are_places(void **state)
{
    size_t kept = 0;
    char id[128];
    (void)state;
    for (size_t i = 0; i < 8 * DESCRIPTORS_MAX; i++) {
        snprintf(id, sizeof id, ID "%zu", i);
        descriptors_keep(shelf.descriptors, T(id), T("x"), 0);
    }
    for (size_t i = 0; i < 8 * DESCRIPTORS_MAX; i++) {
        snprintf(id, sizeof id, ID "%zu", i);
        kept += is_there(id, 0);
    }
    assert_in_range(kept, DESCRIPTORS_MAX / 2, DESCRIPTORS_MAX);
    assert_true(is_there(id, 0));
}

#define SHELF_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
            SHELF_TEST(descriptor_is_there_for_its_life_and_no_longer),
            SHELF_TEST(descriptor_that_failed_is_gone_alone),
            SHELF_TEST(descriptor_that_is_too_large_is_not_kept),
            SHELF_TEST(no_more_are_kept_than_there_are_places),
    };
    return cmocka_run_group_tests_name("backend.descriptors", tests, NULL, NULL);
}
