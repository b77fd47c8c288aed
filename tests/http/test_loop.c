/* A loop's mailbox, timers and pool, with several threads at once. */
#include "http/loop.h"
#include "support/check.h"
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum { SENDERS = 4, LETTERS = 2000 };

static int setup(void **state)
{
    struct loop *loop;
    assert_ok(loop_create(&loop));
    *state = loop;
    return 0;
}

static int teardown(void **state)
{
    loop_destroy(*state);
    return 0;
}

/* ---- the mailbox ---- */

struct sender {
    struct loop *loop;
    pthread_t thread;
    unsigned next; /* only touched on the loop */
    struct loop_task tasks[LETTERS];
    struct letter {
        struct sender *sender;
        unsigned number;
    } letters[LETTERS];
};

static unsigned letters_left; /* only touched on the loop */

static void letter_read(void *ctx)
{
    struct letter *letter = ctx;
    assert_int_equal(letter->number, letter->sender->next);
    letter->sender->next++;
    if (--letters_left == 0)
        loop_stop(letter->sender->loop);
}

static void *sender_main(void *ctx)
{
    struct sender *sender = ctx;
    for (unsigned i = 0; i < LETTERS; i++) {
        sender->letters[i] = (struct letter){sender, i};
        sender->tasks[i] = (struct loop_task){.run = letter_read, .ctx = &sender->letters[i]};
        loop_post(sender->loop, &sender->tasks[i]);
    }
    return NULL;
}

static void letters_of_every_thread_arrive_in_its_order(void **state)
{
    static struct sender senders[SENDERS];
    letters_left = SENDERS * LETTERS;
    for (size_t i = 0; i < SENDERS; i++) {
        senders[i].loop = *state;
        assert_int_equal(pthread_create(&senders[i].thread, NULL, sender_main, &senders[i]), 0);
    }
    loop_run(*state);
    for (size_t i = 0; i < SENDERS; i++) {
        pthread_join(senders[i].thread, NULL);
        assert_int_equal(senders[i].next, LETTERS);
    }
}

static void count_up(void *ctx)
{
    ++*(int *)ctx;
}

static void letters_before_the_stop_are_read(void **state)
{
    int count = 0;
    struct loop_task tasks[3];
    for (size_t i = 0; i < 3; i++) {
        tasks[i] = (struct loop_task){.run = count_up, .ctx = &count};
        loop_post(*state, &tasks[i]);
    }
    loop_stop(*state);
    loop_run(*state);
    assert_int_equal(count, 3);
}

struct again {
    struct loop *loop;
    struct loop_task task;
    int left;
};

static void send_again(void *ctx)
{
    struct again *again = ctx;
    if (again->left-- > 0)
        loop_post(again->loop, &again->task);
    else
        loop_stop(again->loop);
}

static void a_letter_may_be_sent_again_from_within(void **state)
{
    struct again again = {.loop = *state, .left = 100};
    again.task = (struct loop_task){.run = send_again, .ctx = &again};
    loop_post(*state, &again.task);
    loop_run(*state);
    assert_int_equal(again.left, -1);
}

/* ---- timers ---- */

struct ticking {
    struct loop *loop;
    struct loop_timer *timer;
    int count, end;
};

static void tick(void *ctx)
{
    struct ticking *ticking = ctx;
    if (++ticking->count < ticking->end)
        return;
    loop_timer_stop(ticking->timer);
    loop_stop(ticking->loop);
}

static void timers_fire_once_or_again(void **state)
{
    struct ticking once = {.loop = *state, .end = 1}, again = {.loop = *state, .end = 3};
    struct ticking never = {.loop = *state, .end = 1};
    assert_ok(loop_timer_create(&once.timer, *state, tick, &once));
    assert_ok(loop_timer_create(&again.timer, *state, tick, &again));
    assert_ok(loop_timer_create(&never.timer, *state, tick, &never));
    loop_timer_start(never.timer, 1, 0);
    loop_timer_stop(never.timer);
    uint64_t before = loop_now_ms(*state);
    loop_timer_start(once.timer, 20, 0);
    loop_run(*state);
    assert_int_equal(once.count, 1);
    assert_true(loop_now_ms(*state) - before >= 20);
    loop_timer_start(again.timer, 1, 1);
    loop_run(*state);
    assert_int_equal(again.count, 3);
    assert_int_equal(never.count, 0);
    loop_timer_destroy(once.timer);
    loop_timer_destroy(again.timer);
    loop_timer_destroy(never.timer);
    loop_timer_destroy(NULL);
}

/* ---- the pool ---- */

struct job {
    struct loop *loop;
    pthread_t loop_thread;
    unsigned *left;
    int result;
};

static void job_work(void *ctx)
{
    struct job *job = ctx;
    usleep(1000);
    job->result = pthread_equal(pthread_self(), job->loop_thread) ? -1 : 1;
}

static void job_then(void *ctx)
{
    struct job *job = ctx;
    if (!pthread_equal(pthread_self(), job->loop_thread))
        job->result = -1;
    if (--*job->left == 0)
        loop_stop(job->loop);
}

static void work_runs_elsewhere_and_comes_back(void **state)
{
    struct job jobs[20];
    unsigned left = 20;
    for (size_t i = 0; i < 20; i++) {
        jobs[i] = (struct job){.loop = *state, .loop_thread = pthread_self(), .left = &left};
        assert_ok(loop_offload(*state, job_work, job_then, &jobs[i]));
    }
    loop_run(*state);
    for (size_t i = 0; i < 20; i++)
        assert_int_equal(jobs[i].result, 1);
}

/* ---- before it waits ---- */

static unsigned waits, letters_read;

static void count_wait(void *ctx)
{
    assert_ptr_equal(ctx, &waits);
    waits += letters_read > 0; /* the letter that was there is read before the loop waits again */
}

static void stop_on_letter(void *ctx)
{
    letters_read++;
    loop_stop(ctx);
}

static void hook_runs_behind_what_was_done_even_at_the_end(void **state)
{
    struct loop_task task = {.run = stop_on_letter, .ctx = *state};
    loop_before_wait(*state, count_wait, &waits);
    loop_post(*state, &task);
    loop_run(*state);
    assert_int_equal(letters_read, 1);
    assert_true(waits > 0);
}

#define LOOP_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
            LOOP_TEST(letters_of_every_thread_arrive_in_its_order),
            LOOP_TEST(letters_before_the_stop_are_read),
            LOOP_TEST(a_letter_may_be_sent_again_from_within),
            LOOP_TEST(timers_fire_once_or_again),
            LOOP_TEST(work_runs_elsewhere_and_comes_back),
            LOOP_TEST(hook_runs_behind_what_was_done_even_at_the_end),
    };
    return cmocka_run_group_tests_name("http.loop", tests, NULL, NULL);
}
