/* Hosted spaces as a loop remembers them: only what was seen, however full it gets. */
#include "node/hosted.h"
#include "support/check.h"
#include <stdio.h>

static struct deputy_space space_of(const char *text)
{
    struct deputy_space space;
    assert_ok(deputy_space_parse(&space, T(text)));
    return space;
}

static struct hosted *make(void)
{
    struct hosted *hosted = NULL;
    assert_ok(hosted_create(&hosted));
    return hosted;
}

#define OWNER "tinycloud:pkh:eip155:1:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
#define OWNER_LOWER "tinycloud:pkh:eip155:1:0x7e5f4552091a69125d5dfcb7b8c2659029395bdf"
#define OTHER "tinycloud:key:z6MkqGC3nWZhYieEVTVDKW5v588CiGfsDSmRVG9ZwwWTvLSK"

static void see(struct hosted *hosted, const struct deputy_space *space)
{
    struct deputy_arena *arena = NULL;
    struct deputy_slice id;
    assert_ok(deputy_arena_create(&arena, 4096));
    assert_ok(deputy_space_format(arena, &id, space));
    hosted_see(hosted, space, id);
    deputy_arena_destroy(arena);
}

static void only_what_was_seen_is_known(void **state)
{
    (void)state;
    struct hosted *hosted = make();
    struct deputy_space seen = space_of(OWNER ":default"), name = space_of(OWNER ":defaulT"),
                        chain = space_of(
                                "tinycloud:pkh:eip155:2:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf:default"),
                        owner = space_of(OTHER ":default");
    assert_false(hosted_seen(hosted, &seen));
    see(hosted, &seen);
    assert_true(hosted_seen(hosted, &seen));
    assert_false(hosted_seen(hosted, &name));
    assert_false(deputy_slice_present(hosted_id(hosted, &name)));
    assert_false(hosted_seen(hosted, &chain));
    assert_false(hosted_seen(hosted, &owner));
    hosted_destroy(hosted);
}

static void letter_case_of_an_address_makes_no_other_space(void **state)
{
    (void)state;
    struct hosted *hosted = make();
    struct deputy_space checksummed = space_of(OWNER ":a"), lower = space_of(OWNER_LOWER ":a");
    see(hosted, &lower);
    assert_true(hosted_seen(hosted, &checksummed));
    assert_true(deputy_slice_equal(hosted_id(hosted, &checksummed), T(OWNER ":a"))); /* whoever came first */
    hosted_destroy(hosted);
}

static void what_is_known_does_not_rest_on_the_request(void **state)
{
    (void)state;
    struct hosted *hosted = make();
    char text[] = OTHER ":a";
    struct deputy_space space = space_of(text), again = space_of(OTHER ":a");
    see(hosted, &space);
    memset(text, 'x', sizeof text - 1);
    assert_true(hosted_seen(hosted, &again));
    assert_true(deputy_slice_equal(hosted_id(hosted, &again), T(OTHER ":a")));
    hosted_destroy(hosted);
}

/* One that shares a slot pushes the other out, and is never taken for it. */
static void many_spaces_are_never_mistaken_for_each_other(void **state)
{
    (void)state;
    struct hosted *hosted = make();
    char text[2 * HOSTED_SLOTS][128];
    for (size_t i = 0; i < 2 * HOSTED_SLOTS; i++) {
        snprintf(text[i], sizeof text[i], OTHER ":s%zu", i);
        struct deputy_space space = space_of(text[i]);
        assert_false(hosted_seen(hosted, &space));
        see(hosted, &space);
        assert_true(hosted_seen(hosted, &space));
        assert_true(deputy_slice_equal(hosted_id(hosted, &space), T(text[i])));
    }
    hosted_destroy(hosted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(only_what_was_seen_is_known),
            cmocka_unit_test(letter_case_of_an_address_makes_no_other_space),
            cmocka_unit_test(what_is_known_does_not_rest_on_the_request),
            cmocka_unit_test(many_spaces_are_never_mistaken_for_each_other),
    };
    return cmocka_run_group_tests_name("node.hosted", tests, NULL, NULL);
}
