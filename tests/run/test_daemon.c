/* A daemon in a process of its own: its ready line, its threads, its end. */
#include "base/arena.h"
#include "run/daemon.h"
#include "run/log.h"
#include "support/check.h"
#include "support/wire.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the daemon's side ---- */

struct part {
    struct loop_timer *timer;
    struct http_exchange *waiting;
};

static void part_answer(void *ctx)
{
    struct part *part = ctx;
    http_reply_text(part->waiting, 200, T("late"));
}

static enum deputy_error part_open(void **app, void *owner, struct loop *loop, struct metrics *metrics)
{
    (void)owner;
    (void)metrics;
    struct part *part = calloc(1, sizeof *part);
    *app = part;
    return loop_timer_create(&part->timer, loop, part_answer, part);
}

static void part_close(void *app)
{
    struct part *part = app;
    loop_timer_destroy(part->timer);
    free(part);
}

static enum deputy_error owner_open(void *owner, unsigned loops)
{
    (void)owner;
    return loops == 2 ? DEPUTY_OK : DEPUTY_E_ARGUMENT;
}

static void owner_close(void *owner)
{
    (void)owner;
    fprintf(stderr, "closed\n");
}

static enum deputy_error owner_refuse(void *owner, unsigned loops)
{
    (void)owner;
    (void)loops;
    return DEPUTY_E_STORE_LOCKED;
}

static enum http_flow answer_hello(struct http_exchange *x, void *app)
{
    (void)app;
    http_reply_text(x, 200, T("hello"));
    return HTTP_DONE;
}

static enum http_flow answer_late(struct http_exchange *x, void *app)
{
    struct part *part = app;
    part->waiting = x;
    loop_timer_start(part->timer, 300, 0);
    return HTTP_LATER;
}

static const struct http_route routes[] = {
        {HTTP_METHOD_GET, "/hello", HTTP_BODY_NONE, 0, answer_hello},
        {HTTP_METHOD_GET, "/late", HTTP_BODY_NONE, 0, answer_late},
};

static struct daemon_plan plan_make(const char *listen)
{
    return (struct daemon_plan){.name = "test",
            .doors = {{.listen = {T(listen)},
                    .listen_count = 1,
                    .http = {.on_answer = log_answer},
                    .routes = routes,
                    .route_count = 2}},
            .door_count = 1,
            .threads = 2,
            .open_all = owner_open,
            .open_loop = part_open,
            .close_loop = part_close,
            .close_all = owner_close};
}

/* ---- the test's side ---- */

struct child {
    pid_t pid;
    uint16_t port;
    FILE *out, *err;
};

static struct child child_start(const struct daemon_plan *plan)
{
    struct child child = {0};
    int out[2], err[2];
    assert_int_equal(pipe(out) + pipe(err), 0);
    fflush(NULL);
    child.pid = fork();
    assert_true(child.pid >= 0);
    if (child.pid == 0) {
        dup2(out[1], STDOUT_FILENO);
        dup2(err[1], STDERR_FILENO);
        exit(daemon_run(plan));
    }
    close(out[1]);
    close(err[1]);
    child.out = fdopen(out[0], "r");
    child.err = fdopen(err[0], "r");
    return child;
}

static struct child child_ready(const struct daemon_plan *plan)
{
    struct child child = child_start(plan);
    char line[256] = "";
    unsigned port = 0;
    assert_non_null(fgets(line, sizeof line, child.out));
    assert_int_equal(sscanf(line, "ready http://127.0.0.1:%u", &port), 1);
    child.port = (uint16_t)port;
    return child;
}

/* The exit status; errors of the sanitizers are failures, too. */
static int child_end(struct child *child, char *said, size_t size)
{
    int status = 0;
    size_t len = fread(said, 1, size - 1, child->err);
    said[len] = '\0';
    assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
    fclose(child->out);
    fclose(child->err);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void requests_are_answered_until_the_signal(void **state)
{
    static const int signals[] = {SIGTERM, SIGINT};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct daemon_plan plan = plan_make("127.0.0.1:0");
        struct child child = child_ready(&plan);
        char said[8192];
        for (int n = 0; n < 20; n++)
            assert_int_equal(wire_status(child.port, T("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")), 200);
        kill(child.pid, signals[i]);
        assert_int_equal(child_end(&child, said, sizeof said), 0);
        assert_non_null(strstr(said, "daemon.listening address=127.0.0.1:"));
        assert_non_null(strstr(said, "http.answered method=GET route=/hello status=200 micros="));
        assert_non_null(strstr(said, "daemon.ending\nclosed\n"));
    }
}

static void a_running_request_is_answered_before_the_end(void **state)
{
    (void)state;
    struct daemon_plan plan = plan_make("127.0.0.1:0");
    struct child child = child_ready(&plan);
    struct wire wire, idle;
    char said[8192];
    wire_open(&idle, child.port);
    wire_open(&wire, child.port);
    wire_send_text(&wire, "GET /late HTTP/1.1\r\nHost: a\r\n\r\n");
    usleep(100000);
    kill(child.pid, SIGTERM);
    assert_true(wire_ended(&idle));
    struct wire_reply reply = wire_reply(&wire);
    assert_text(reply.body, "late");
    assert_text(wire_header(&reply, "connection"), "close");
    assert_true(wire_ended(&wire));
    wire_close(&wire);
    wire_close(&idle);
    assert_int_equal(child_end(&child, said, sizeof said), 0);
}

static enum http_flow answer_inside(struct http_exchange *x, void *app)
{
    (void)app;
    http_reply_text(x, 200, T("inside"));
    return HTTP_DONE;
}

static const struct http_route inner_routes[] = {
        {HTTP_METHOD_GET, "/inside", HTTP_BODY_NONE, 0, answer_inside},
        {HTTP_METHOD_GET, "/late", HTTP_BODY_NONE, 0, answer_late},
};

static void what_is_behind_one_door_is_not_behind_another(void **state)
{
    (void)state;
    struct daemon_plan plan = plan_make("127.0.0.1:0");
    plan.door_count = 2;
    plan.doors[1] = (struct daemon_door){.listen = {T("127.0.0.1:0")},
            .listen_count = 1,
            .http = {.on_answer = log_answer},
            .routes = inner_routes,
            .route_count = 2};
    struct child child = child_start(&plan);
    char line[256] = "", said[8192];
    unsigned outer = 0, inner = 0;
    assert_non_null(fgets(line, sizeof line, child.out));
    assert_int_equal(sscanf(line, "ready http://127.0.0.1:%u http://127.0.0.1:%u", &outer, &inner), 2);
    for (int n = 0; n < 8; n++) { /* on both loops */
        assert_int_equal(wire_status((uint16_t)outer, T("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")), 200);
        assert_int_equal(wire_status((uint16_t)inner, T("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")), 404);
        assert_int_equal(wire_status((uint16_t)outer, T("GET /inside HTTP/1.1\r\nHost: a\r\n\r\n")), 404);
        assert_int_equal(wire_status((uint16_t)inner, T("GET /inside HTTP/1.1\r\nHost: a\r\n\r\n")), 200);
    }
    struct wire wire;
    wire_open(&wire, (uint16_t)inner);
    wire_send_text(&wire, "GET /late HTTP/1.1\r\nHost: a\r\n\r\n");
    usleep(100000);
    kill(child.pid, SIGTERM);
    struct wire_reply reply = wire_reply(&wire); /* both doors drain before the loop ends */
    assert_text(reply.body, "late");
    wire_close(&wire);
    assert_int_equal(child_end(&child, said, sizeof said), 0);
}

static void what_prevents_the_start_is_said(void **state)
{
    (void)state;
    char said[8192];
    struct daemon_plan plan = plan_make("256.0.0.1:0");
    struct child child = child_start(&plan);
    assert_int_equal(child_end(&child, said, sizeof said), 1);
    assert_string_equal(
            said, "deputy test: cannot listen on 256.0.0.1:0: an IP address and a port are expected\n");

    plan = plan_make("192.0.2.1:80");
    child = child_start(&plan);
    assert_int_equal(child_end(&child, said, sizeof said), 1);
    assert_non_null(strstr(said, "deputy test: cannot listen on 192.0.2.1:80: "));
    assert_non_null(strstr(said, "closed\n"));

    plan = plan_make("127.0.0.1:0");
    plan.open_all = owner_refuse;
    child = child_start(&plan);
    assert_int_equal(child_end(&child, said, sizeof said), 1);
    assert_non_null(strstr(said, "another process uses this data directory"));
    assert_null(strstr(said, "closed"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(requests_are_answered_until_the_signal),
            cmocka_unit_test(a_running_request_is_answered_before_the_end),
            cmocka_unit_test(what_is_behind_one_door_is_not_behind_another),
            cmocka_unit_test(what_prevents_the_start_is_said),
    };
    return cmocka_run_group_tests_name("run.daemon", tests, NULL, NULL);
}
