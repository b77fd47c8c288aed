/* 03 14.2: what is remembered of the quota service's answers, who waits for one, and how much is asked at
 * once. */
#include "http/serve.h"
#include "node/quota_service.h"
#include "run/log.h"
#include "run/metrics.h"
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

enum { HELD_MAX = 64, LONG_S = 1000 };

/* The service: answers what it is told to, or holds the questions. */
static struct script {
    struct served served;
    _Atomic(const char *) body;
    atomic_int status;
    atomic_bool holds;
    atomic_int asked, open, most_open;
    struct http_exchange *held[HELD_MAX]; /* only touched on the loop */
    size_t held_count;
} script;

static void answer_now(struct http_exchange *x)
{
    atomic_fetch_sub(&script.open, 1);
    if (script.status == 302)
        http_reply_header(x, "Location", T("/api/quota/elsewhere"));
    http_reply(x, script.status, "application/json", T(atomic_load(&script.body)));
}

static enum http_flow answer(struct http_exchange *x, void *app)
{
    (void)app;
    int open = atomic_fetch_add(&script.open, 1) + 1;
    atomic_fetch_add(&script.asked, 1);
    if (open > script.most_open)
        script.most_open = open;
    assert_text(http_header(x, "accept"), "application/json");
    assert_false(deputy_slice_present(http_header(x, "authorization")));
    if (script.holds) {
        script.held[script.held_count++] = x;
        return HTTP_LATER;
    }
    answer_now(x);
    return HTTP_DONE;
}

static const struct http_route routes[] = {
        {HTTP_METHOD_GET, "/base/api/quota/{space}", HTTP_BODY_NONE, 0, answer}};

static void release(void *ctx)
{
    (void)ctx;
    script.holds = false;
    while (script.held_count > 0)
        answer_now(script.held[--script.held_count]);
}

static void let_go(void)
{
    static struct loop_task task;
    task = (struct loop_task){.run = release};
    loop_post(script.served.loop, &task);
}

static void eventually(bool (*is)(void))
{
    for (int i = 0; i < 1000 && !is(); i++)
        usleep(10000);
    assert_true(is());
}

static int setup(void **state)
{
    static const struct http_config config = {0};
    memset(&script, 0, sizeof script);
    script.status = 200;
    script.body = "{\"storage_limit_bytes\":10}";
    log_start(LOG_NONE, LOG_AS_TEXT);
    serve(&script.served, &config, routes, 1, NULL);
    *state = NULL;
    return 0;
}

static int teardown(void **state)
{
    quota_service_destroy(*state);
    let_go();
    served_end(&script.served);
    return 0;
}

#define SERVICE_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static struct quota_service *service_of(void **state, int64_t fresh_s, int64_t retry_s)
{
    char url[64];
    struct quota_service *service = NULL;
    snprintf(url, sizeof url, "http://127.0.0.1:%u/base/", script.served.port);
    const struct quota_service_config config = {.url = T(url), .fresh_s = fresh_s, .retry_s = retry_s};
    assert_ok(quota_service_create(&service, &config));
    *state = service;
    return service;
}

static atomic_int told;

static void on_told(void *ctx)
{
    (void)ctx;
    atomic_fetch_add(&told, 1);
}

static struct quota_wait waiter(void)
{
    return (struct quota_wait){.letter = {.run = on_told}, .loop = script.served.loop};
}

static bool one_is_told(void)
{
    return told == 1;
}

/* Asks about a space of which nothing is known, and waits for it. */
static struct quota_limit first_sight(struct quota_service *service, const char *space)
{
    struct quota_wait wait = waiter();
    told = 0;
    assert_true(quota_service_need(service, T(space), &wait));
    eventually(one_is_told);
    return quota_service_said(service, T(space));
}

static void first_write_waits_and_the_next_does_not(void **state)
{
    struct quota_service *service = service_of(state, LONG_S, LONG_S);
    assert_false(quota_service_said(service, T("s")).limited);
    struct quota_limit limit = first_sight(service, "s");
    assert_true(limit.limited);
    assert_int_equal(limit.bytes, 10);
    for (int i = 0; i < 100; i++)
        assert_false(quota_service_need(service, T("s"), NULL));
    assert_int_equal(script.asked, 1);
    assert_false(quota_service_said(service, T("t")).limited);
    assert_int_equal(quota_service_count(service).answered, 1);
}

static void limit_of_nothing_is_a_limit(void **state)
{
    struct quota_service *service = service_of(state, LONG_S, LONG_S);
    script.body = "{\"storage_limit_bytes\":0}";
    struct quota_limit limit = first_sight(service, "s");
    assert_true(limit.limited && limit.bytes == 0);
}

static bool all_are_told(void)
{
    return told == HELD_MAX;
}

static void many_who_wait_for_one_space_ask_once(void **state)
{
    static struct quota_wait waits[HELD_MAX];
    struct quota_service *service = service_of(state, LONG_S, LONG_S);
    told = 0;
    script.holds = true;
    for (size_t i = 0; i < HELD_MAX; i++) {
        waits[i] = waiter();
        assert_true(quota_service_need(service, T("s"), &waits[i]));
    }
    assert_int_equal(told, 0);
    let_go();
    eventually(all_are_told);
    assert_int_equal(script.asked, 1);
    assert_int_equal(quota_service_said(service, T("s")).bytes, 10);
}

static void no_usable_answer_leaves_the_default_for_a_while(void **state)
{
    static const struct {
        int status;
        const char *body;
    } answers[] = {{500, "{\"storage_limit_bytes\":10}"}, {404, ""}, {302, ""},
            {201, "{\"storage_limit_bytes\":10}"}, {200, ""}, {200, "{\"storage_limit_bytes\":-1}"}};
    struct quota_service *service = service_of(state, LONG_S, LONG_S);
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        char space[16];
        snprintf(space, sizeof space, "s%zu", i);
        script.status = answers[i].status;
        script.body = answers[i].body;
        assert_false(first_sight(service, space).limited);
        assert_false(quota_service_need(service, T(space), NULL));
    }
    assert_int_equal(
            script.asked, sizeof answers / sizeof answers[0]); /* a redirect is not followed either */
    assert_int_equal(quota_service_count(service).failed, sizeof answers / sizeof answers[0]);
    assert_int_equal(quota_service_count(service).answered, 0);
}

static void answer_beyond_its_bound_is_none(void **state)
{
    static char large[64 * 1024];
    struct quota_service *service = service_of(state, LONG_S, LONG_S);
    snprintf(large, sizeof large, "{\"storage_limit_bytes\":10,\"x\":\"%060000d\"}", 0);
    script.body = large;
    assert_false(first_sight(service, "s").limited);
}

static void space_that_is_too_long_is_not_asked_about(void **state)
{
    static char space[4096];
    struct quota_service *service = service_of(state, LONG_S, LONG_S);
    struct quota_wait wait = waiter();
    memset(space, 's', sizeof space - 1);
    assert_false(quota_service_need(service, T(space), &wait));
    assert_false(quota_service_said(service, T(space)).limited);
    assert_int_equal(script.asked, 0);
    assert_int_equal(quota_service_count(service).failed, 1);
}

static struct quota_service *looked_at;

static bool is_twenty(void)
{
    return quota_service_said(looked_at, T("s")).bytes == 20;
}

static void stale_answer_holds_until_the_next_one(void **state)
{
    looked_at = service_of(state, 0, LONG_S);
    first_sight(looked_at, "s");
    script.body = "{\"storage_limit_bytes\":20}";
    script.holds = true;
    assert_false(quota_service_need(looked_at, T("s"), NULL)); /* behind the back of whoever writes */
    assert_int_equal(quota_service_said(looked_at, T("s")).bytes, 10);
    assert_false(quota_service_need(looked_at, T("s"), NULL));
    let_go();
    eventually(is_twenty);
    assert_int_equal(script.asked, 2);
}

static bool is_unsaid(void)
{
    return !quota_service_said(looked_at, T("s")).limited;
}

static void failure_ends_what_was_said_and_the_next_answer_that(void **state)
{
    looked_at = service_of(state, 0, 0);
    assert_true(first_sight(looked_at, "s").limited);
    script.status = 503;
    assert_false(quota_service_need(looked_at, T("s"), NULL));
    eventually(is_unsaid);
    script.status = 200;
    script.body = "{\"storage_limit_bytes\":20}";
    assert_false(quota_service_need(looked_at, T("s"), NULL)); /* known to fail: nobody waits again */
    eventually(is_twenty);
}

static bool threads_are_busy(void)
{
    return script.open == QUOTA_THREADS;
}

static void few_questions_at_once(void **state)
{
    static struct quota_wait waits[HELD_MAX];
    struct quota_service *service = service_of(state, LONG_S, LONG_S);
    told = 0;
    script.holds = true;
    for (size_t i = 0; i < HELD_MAX; i++) {
        char space[16];
        snprintf(space, sizeof space, "s%zu", i);
        waits[i] = waiter();
        assert_true(quota_service_need(service, T(space), &waits[i]));
    }
    eventually(threads_are_busy);
    usleep(200000);
    assert_int_equal(script.open, QUOTA_THREADS);
    let_go();
    eventually(all_are_told);
    assert_int_equal(script.most_open, QUOTA_THREADS);
    assert_int_equal(script.asked, HELD_MAX);
}

static void service_that_never_answers_costs_three_seconds(void **state)
{
    static struct quota_wait waits[HELD_MAX];
    struct quota_service *service = service_of(state, LONG_S, LONG_S);
    uint64_t began = metrics_clock();
    told = 0;
    script.holds = true;
    for (size_t i = 0; i < HELD_MAX; i++) {
        char space[16];
        snprintf(space, sizeof space, "s%zu", i);
        waits[i] = waiter();
        assert_true(quota_service_need(service, T(space), &waits[i]));
    }
    eventually(all_are_told); /* those behind the threads too: their time runs while they wait */
    assert_in_range(metrics_clock() - began, 2900000, 4500000);
    assert_int_equal(quota_service_count(service).failed, HELD_MAX);
    /* Who came a moment later than the first has a moment left when the first have none. */
    assert_in_range(script.asked, QUOTA_THREADS, HELD_MAX / 2);
}

static bool busy_ones_are_told(void)
{
    return told == QUOTA_THREADS;
}

static void answer_that_waits_for_its_turn_to_be_renewed_holds(void **state)
{
    static struct quota_wait waits[QUOTA_THREADS];
    looked_at = service_of(state, 0, LONG_S);
    first_sight(looked_at, "s");
    told = 0;
    script.holds = true;
    for (size_t i = 0; i < QUOTA_THREADS; i++) {
        char space[16];
        snprintf(space, sizeof space, "busy%zu", i);
        waits[i] = waiter();
        assert_true(quota_service_need(looked_at, T(space), &waits[i]));
    }
    eventually(threads_are_busy);
    script.body = "{\"storage_limit_bytes\":20}";
    assert_false(quota_service_need(looked_at, T("s"), NULL));
    eventually(busy_ones_are_told); /* after three seconds: now it is its turn */
    usleep(200000);
    assert_int_equal(quota_service_said(looked_at, T("s")).bytes, 10);
    let_go();
    eventually(is_twenty);
}

static void end_does_not_wait_for_an_answer(void **state)
{
    struct quota_service *service = service_of(state, LONG_S, LONG_S);
    script.holds = true;
    assert_true(quota_service_need(service, T("s"), NULL));
    while (script.asked == 0)
        usleep(1000);
    uint64_t began = metrics_clock();
    quota_service_destroy(service);
    *state = NULL;
    assert_in_range(metrics_clock() - began, 0, 2000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            SERVICE_TEST(first_write_waits_and_the_next_does_not),
            SERVICE_TEST(limit_of_nothing_is_a_limit),
            SERVICE_TEST(many_who_wait_for_one_space_ask_once),
            SERVICE_TEST(no_usable_answer_leaves_the_default_for_a_while),
            SERVICE_TEST(answer_beyond_its_bound_is_none),
            SERVICE_TEST(space_that_is_too_long_is_not_asked_about),
            SERVICE_TEST(stale_answer_holds_until_the_next_one),
            SERVICE_TEST(failure_ends_what_was_said_and_the_next_answer_that),
            SERVICE_TEST(few_questions_at_once),
            SERVICE_TEST(service_that_never_answers_costs_three_seconds),
            SERVICE_TEST(answer_that_waits_for_its_turn_to_be_renewed_holds),
            SERVICE_TEST(end_does_not_wait_for_an_answer),
    };
    return cmocka_run_group_tests_name("node.quota_service", tests, NULL, NULL);
}
