/* The stream of news of grants: what it says when some of it was lost. How it goes otherwise is shown end to
 * end (tests/e2e/backend_local.py). */
#include "backend/local.h"
#include "backend/watch.h"
#include "http/serve.h"
#include <semaphore.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

enum { MORE_THAN_IS_KEPT = 1100 };

struct room {
    struct backend backend;
    struct backend_loop on;
    struct served served;
    struct wire wire;
    sem_t held, goes_on;
    struct loop_task hold;
};

static int setup(void **state)
{
    static const struct http_config config;
    static struct room room;
    size_t count;
    const struct http_route *routes = local_routes(&count);
    room = (struct room){.backend.local.bearer = T("the token of this test"), .on.backend = &room.backend};
    assert_ok(grant_watch_create(&room.backend.watch));
    sem_init(&room.held, 0, 0);
    sem_init(&room.goes_on, 0, 0);
    serve(&room.served, &config, routes, count, &room.on);
    room.on.loop = room.served.loop;
    wire_open(&room.wire, room.served.port);
    *state = &room;
    return 0;
}

static int teardown(void **state)
{
    struct room *room = *state;
    wire_close(&room->wire);
    served_end(&room->served);
    grant_watch_destroy(room->backend.watch);
    sem_destroy(&room->held);
    sem_destroy(&room->goes_on);
    return 0;
}

/* ---- a loop that is busy with something else ---- */

static void hold(void *ctx)
{
    struct room *room = ctx;
    sem_post(&room->held);
    sem_wait(&room->goes_on);
}

static void loop_hold(struct room *room)
{
    room->hold = (struct loop_task){.run = hold, .ctx = room};
    loop_post(room->served.loop, &room->hold);
    sem_wait(&room->held);
}

static void tell(struct room *room, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const struct grant_news news = {.change = GRANT_WITHDRAWN, .at = {1000 + i, 0}};
        grant_watch_tell(room->backend.watch, &news);
    }
}

/* Once it is there the stream hears everything. */
static void open_stream(struct room *room)
{
    const char *begins = "\r\n:\n";
    char text[4096] = "";
    size_t len = 0;
    wire_send_text(&room->wire, "GET /v1/events HTTP/1.1\r\nHost: localhost\r\n"
                                "Authorization: Bearer the token of this test\r\n\r\n");
    while (len < sizeof text - 1 && strstr(text, begins) == NULL) {
        ssize_t got = recv(room->wire.fd, text + len, sizeof text - 1 - len, 0);
        assert_true(got > 0);
        len += (size_t)got;
    }
}

/* All that comes until the stream ends or nothing does for a while. */
static size_t read_on(struct room *room, char *text, size_t max)
{
    size_t len = 0;
    const struct timeval patience = {1, 0};
    setsockopt(room->wire.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    while (len < max - 1) {
        ssize_t got = recv(room->wire.fd, text + len, max - 1 - len, 0);
        if (got <= 0)
            break;
        len += (size_t)got;
    }
    text[len] = '\0';
    return len;
}

static unsigned occurrences(const char *text, const char *what)
{
    unsigned count = 0;
    while ((text = strstr(text, what)) != NULL) {
        count++;
        text += strlen(what);
    }
    return count;
}

static void stream_that_misses_something_says_so_and_ends(void **state)
{
    static char text[1 << 20];
    struct room *room = *state;
    open_stream(room);
    loop_hold(room);
    tell(room, MORE_THAN_IS_KEPT);
    sem_post(&room->goes_on);
    read_on(room, text, sizeof text);
    assert_int_equal(occurrences(text, "event:lost\ndata:{}\n\n"), 1);
    assert_int_equal(occurrences(text, "event:grant"), 0); /* the oldest are gone: it begins with that */
    assert_non_null(strstr(text, "\r\n0\r\n\r\n"));
}

static void stream_that_misses_nothing_goes_on(void **state)
{
    static char text[1 << 20];
    struct room *room = *state;
    open_stream(room);
    loop_hold(room);
    tell(room, 200);
    sem_post(&room->goes_on);
    read_on(room, text, sizeof text);
    assert_int_equal(occurrences(text, "event:grant"), 200);
    assert_int_equal(occurrences(text, "event:lost"), 0);
    assert_null(strstr(text, "\r\n0\r\n\r\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test_setup_teardown(stream_that_misses_something_says_so_and_ends, setup, teardown),
            cmocka_unit_test_setup_teardown(stream_that_misses_nothing_goes_on, setup, teardown),
    };
    return cmocka_run_group_tests_name("backend.local_events", tests, NULL, NULL);
}
