/* News of grants: told from any thread, heard in order on the loop of each listener. */
#include "backend/watch.h"
#include "support/check.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { TELLERS = 4, PIECES = 300, RING = 1024 };

struct ear {
    struct grant_listener *listener;
    struct loop *loop;
    unsigned heard;
    unsigned ends_after; /* pieces of news after which the loop stops */
    bool leaves;         /* ends itself with the first piece */
    int64_t at[2 * RING];
    bool lost[2 * RING];
    uint8_t owner[2 * RING];
};

struct room {
    struct loop *loop;
    struct grant_watch *watch;
    struct ear ear;
};

static void hear(void *ctx, const struct grant_news *news, bool lost)
{
    struct ear *ear = ctx;
    assert_true(ear->heard < 2 * RING);
    ear->at[ear->heard] = news->at.sec;
    ear->owner[ear->heard] = news->owner[0];
    ear->lost[ear->heard++] = lost;
    if (ear->leaves) {
        grant_listener_destroy(ear->listener);
        ear->listener = NULL;
    }
    if (ear->heard == ear->ends_after)
        loop_stop(ear->loop);
}

static struct room *room_make(void)
{
    struct room *room = calloc(1, sizeof *room);
    assert_non_null(room);
    assert_ok(loop_create(&room->loop));
    assert_ok(grant_watch_create(&room->watch));
    room->ear.loop = room->loop;
    assert_ok(grant_listener_create(&room->ear.listener, room->watch, room->loop, hear, &room->ear));
    return room;
}

static int setup(void **state)
{
    *state = room_make();
    return 0;
}

static int teardown(void **state)
{
    struct room *room = *state;
    grant_listener_destroy(room->ear.listener);
    grant_watch_destroy(room->watch);
    loop_destroy(room->loop);
    free(room);
    return 0;
}

static void tell(struct grant_watch *watch, uint8_t owner, int64_t at)
{
    struct grant_news news = {.change = GRANT_GIVEN, .at = {at, 0}};
    memset(news.owner, owner, sizeof news.owner);
    grant_watch_tell(watch, &news);
}

/* ---- order ---- */

struct teller {
    struct grant_watch *watch;
    pthread_t thread;
    uint8_t owner;
};

static void *teller_main(void *ctx)
{
    const struct teller *teller = ctx;
    for (int64_t i = 0; i < PIECES / 2; i++)
        tell(teller->watch, teller->owner, i);
    return NULL;
}

static void news_of_every_thread_is_heard_in_its_order(void **state)
{
    struct room *room = *state;
    struct teller tellers[TELLERS];
    int64_t next[TELLERS] = {0};
    room->ear.ends_after = TELLERS * (PIECES / 2);
    for (uint8_t i = 0; i < TELLERS; i++) {
        tellers[i] = (struct teller){.watch = room->watch, .owner = i};
        assert_int_equal(pthread_create(&tellers[i].thread, NULL, teller_main, &tellers[i]), 0);
    }
    loop_run(room->loop);
    for (size_t i = 0; i < TELLERS; i++)
        pthread_join(tellers[i].thread, NULL);
    for (unsigned i = 0; i < room->ear.heard; i++) {
        assert_int_equal(room->ear.at[i], next[room->ear.owner[i]]++);
        assert_false(room->ear.lost[i]);
    }
}

static void stop_later(void *ctx)
{
    loop_stop(ctx);
}

/* Runs until all letters so far are read. */
static void run_once(struct room *room)
{
    struct loop_task task = {.run = stop_later, .ctx = room->loop};
    loop_post(room->loop, &task);
    loop_run(room->loop);
}

static void every_member_of_the_news_arrives(void **state)
{
    struct room *room = *state;
    tell(room->watch, 7, 42);
    run_once(room);
    assert_int_equal(room->ear.heard, 1);
    assert_int_equal(room->ear.owner[0], 7);
    assert_int_equal(room->ear.at[0], 42);
}

/* ---- a slow listener ---- */

static void slow_listener_keeps_the_newest_and_is_told_once(void **state)
{
    struct room *room = *state;
    for (int64_t i = 0; i < RING + 5; i++)
        tell(room->watch, 1, i);
    run_once(room);
    assert_int_equal(room->ear.heard, RING);
    for (unsigned i = 0; i < RING; i++) {
        assert_int_equal(room->ear.at[i], i + 5);
        assert_int_equal(room->ear.lost[i], i == 0);
    }
    tell(room->watch, 1, 0);
    run_once(room);
    assert_false(room->ear.lost[RING]);
}

static void full_ring_alone_loses_nothing(void **state)
{
    struct room *room = *state;
    for (int64_t i = 0; i < RING; i++)
        tell(room->watch, 1, i);
    run_once(room);
    assert_int_equal(room->ear.heard, RING);
    assert_false(room->ear.lost[0]);
}

/* ---- coming and going ---- */

static void listener_hears_nothing_of_before_and_after(void **state)
{
    struct room *room = *state;
    struct ear late = {.loop = room->loop};
    tell(room->watch, 1, 1);
    assert_ok(grant_listener_create(&late.listener, room->watch, room->loop, hear, &late));
    tell(room->watch, 1, 2);
    run_once(room);
    grant_listener_destroy(late.listener);
    tell(room->watch, 1, 3);
    run_once(room);
    assert_int_equal(late.heard, 1);
    assert_int_equal(late.at[0], 2);
    assert_int_equal(room->ear.heard, 3);
}

static void listener_that_is_ended_with_news_waiting_hears_none(void **state)
{
    struct room *room = *state;
    tell(room->watch, 1, 1);
    grant_listener_destroy(room->ear.listener);
    room->ear.listener = NULL;
    run_once(room);
    assert_int_equal(room->ear.heard, 0);
}

static void listener_may_end_itself_while_it_hears(void **state)
{
    struct room *room = *state;
    room->ear.leaves = true;
    tell(room->watch, 1, 1);
    tell(room->watch, 1, 2);
    run_once(room);
    assert_int_equal(room->ear.heard, 1);
}

/* The letter is lost with its loop; the address sanitizer sees whether the listener is. */
static void listener_whose_loop_is_over_is_freed(void **state)
{
    struct room *room = *state;
    tell(room->watch, 1, 1);
    grant_listener_destroy(room->ear.listener);
    room->ear.listener = NULL;
    assert_int_equal(room->ear.heard, 0);
}

#define WATCH_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
            WATCH_TEST(news_of_every_thread_is_heard_in_its_order),
            WATCH_TEST(every_member_of_the_news_arrives),
            WATCH_TEST(slow_listener_keeps_the_newest_and_is_told_once),
            WATCH_TEST(full_ring_alone_loses_nothing),
            WATCH_TEST(listener_hears_nothing_of_before_and_after),
            WATCH_TEST(listener_that_is_ended_with_news_waiting_hears_none),
            WATCH_TEST(listener_may_end_itself_while_it_hears),
            WATCH_TEST(listener_whose_loop_is_over_is_freed),
    };
    return cmocka_run_group_tests_name("backend.watch", tests, NULL, NULL);
}
