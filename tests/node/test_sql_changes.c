/* Who waits for which changes, and when it goes on. */
#include "node/sql_changes.h"
#include "support/check.h"

struct probe {
    struct sql_changes_waiter waiter;
    unsigned runs;
};

static void probe_run(void *ctx)
{
    ((struct probe *)ctx)->runs++;
}

static void await(struct sql_changes *changes, struct probe *probe)
{
    probe->waiter = (struct sql_changes_waiter){.run = probe_run, .ctx = probe};
    sql_changes_await(changes, &probe->waiter);
}

static struct sql_changes *changes_make(void)
{
    struct sql_changes *changes = NULL;
    assert_ok(sql_changes_create(&changes));
    return changes;
}

static void nothing_under_way_is_not_waited_for(void **state)
{
    struct sql_changes *changes = changes_make();
    struct probe probe = {0};
    (void)state;
    await(changes, &probe);
    assert_int_equal(probe.runs, 1);
    sql_changes_destroy(changes);
}

static void waiter_goes_on_behind_the_last_change_before_it(void **state)
{
    struct sql_changes *changes = changes_make();
    struct sql_change_mark marks[3] = {0};
    struct probe probe = {0};
    (void)state;
    for (size_t i = 0; i < 3; i++)
        sql_change_begin(changes, &marks[i]);
    await(changes, &probe);
    sql_change_end(changes, &marks[1]);
    sql_change_end(changes, &marks[2]);
    assert_int_equal(probe.runs, 0);
    sql_change_end(changes, &marks[0]);
    assert_int_equal(probe.runs, 1);
    sql_changes_destroy(changes);
}

static void change_begun_behind_it_does_not_hold_it_up(void **state)
{
    struct sql_changes *changes = changes_make();
    struct sql_change_mark before = {0}, behind = {0};
    struct probe first = {0}, second = {0};
    (void)state;
    sql_change_begin(changes, &before);
    await(changes, &first);
    sql_change_begin(changes, &behind);
    await(changes, &second);
    sql_change_end(changes, &before);
    assert_int_equal(first.runs, 1);
    assert_int_equal(second.runs, 0);
    sql_change_end(changes, &behind);
    assert_int_equal(first.runs, 1);
    assert_int_equal(second.runs, 1);
    sql_changes_destroy(changes);
}

static void waiters_behind_one_change_all_go_on(void **state)
{
    struct sql_changes *changes = changes_make();
    struct sql_change_mark mark = {0};
    struct probe probes[3] = {0};
    (void)state;
    sql_change_begin(changes, &mark);
    for (size_t i = 0; i < 3; i++)
        await(changes, &probes[i]);
    sql_change_end(changes, &mark);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(probes[i].runs, 1);
    await(changes, &probes[0]); /* a waiter serves again */
    assert_int_equal(probes[0].runs, 2);
    sql_changes_destroy(changes);
}

static void change_that_was_not_begun_or_has_ended_is_ended_for_nothing(void **state)
{
    struct sql_changes *changes = changes_make();
    struct sql_change_mark never = {0}, other = {0};
    struct probe probe = {0};
    (void)state;
    sql_change_begin(changes, &other);
    await(changes, &probe);
    sql_change_end(changes, &never);
    assert_int_equal(probe.runs, 0);
    sql_change_end(changes, &other);
    sql_change_end(changes, &other);
    assert_int_equal(probe.runs, 1);
    sql_change_begin(changes, &never); /* and a mark serves again */
    await(changes, &probe);
    assert_int_equal(probe.runs, 1);
    sql_change_end(changes, &never);
    assert_int_equal(probe.runs, 2);
    sql_changes_destroy(changes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(nothing_under_way_is_not_waited_for),
            cmocka_unit_test(waiter_goes_on_behind_the_last_change_before_it),
            cmocka_unit_test(change_begun_behind_it_does_not_hold_it_up),
            cmocka_unit_test(waiters_behind_one_change_all_go_on),
            cmocka_unit_test(change_that_was_not_begun_or_has_ended_is_ended_for_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
