/* Calls to servers that are slow, silent, cut off or lie, and calls that are ended early. */
#include "http/ask_kit.h"
#include "http/place.h"
#include "http/rude_kit.h"
#include "http/serve.h"
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct asker asker;
static const struct http_caller_config defaults;

static int setup(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    asker_begin(&asker, &defaults);
    return 0;
}

static void configure(const struct http_caller_config *config)
{
    asker_end(&asker);
    asker_begin(&asker, config);
}

static int teardown(void **state)
{
    (void)state;
    if (asker.caller != NULL)
        asker_end(&asker);
    asker.caller = NULL;
    return 0;
}

/* The caller's connections end first, for the server waits for that. */
static void end_both(struct rude *rude)
{
    teardown(NULL);
    rude_end(rude);
}

/* ---- answers that are none ---- */

static enum deputy_error result_of(const char *says)
{
    struct rude rude;
    struct ask ask;
    rude_begin(&rude, rude_answer_once, (void *)(uintptr_t)says);
    enum deputy_error result = ask_one(&ask, &asker, "GET", rude.port, "/");
    asker_end(&asker);
    rude_end(&rude);
    asker_begin(&asker, &defaults);
    return result;
}

static void what_is_cut_off_is_no_answer(void **state)
{
    static const char *const says[] = {"", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n",
            "HTTP/1.1 100 Continue\r\n\r\n"};
    (void)state;
    for (size_t i = 0; i < sizeof says / sizeof says[0]; i++)
        assert_int_equal(result_of(says[i]), DEPUTY_E_HTTP_CUT_OFF);
}

static void what_is_not_http_is_no_answer(void **state)
{
    static const char *const says[] = {"SSH-2.0-OpenSSH\r\n", "hello\n\n", "HTTP/1.1 abc OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "HTTP/7.0 200 OK\r\n\r\n"};
    (void)state;
    for (size_t i = 0; i < sizeof says / sizeof says[0]; i++)
        assert_int_equal(result_of(says[i]), DEPUTY_E_HTTP_SYNTAX);
}

static void a_head_beyond_the_limits_is_refused(void **state)
{
    static char many[4096] = "HTTP/1.1 200 OK\r\n", large[80 * 1024] = "HTTP/1.1 200 OK\r\n";
    (void)state;
    for (int i = 0; i < 101; i++)
        strcat(many, "A: b\r\n");
    strcat(many, "\r\n");
    assert_int_equal(result_of(many), DEPUTY_E_HTTP_TOO_LARGE);
    for (int i = 0; i < 70; i++) {
        char *at = large + strlen(large);
        memcpy(at, "A: ", 3);
        memset(at + 3, 'b', 1000);
        memcpy(at + 1003, "\r\n", 3);
    }
    strcat(large, "\r\n");
    assert_int_equal(result_of(large), DEPUTY_E_HTTP_TOO_LARGE);
}

static void a_continue_is_not_the_answer_and_a_trailer_no_header(void **state)
{
    struct rude rude;
    struct ask ask;
    (void)state;
    rude_begin(&rude, rude_answer_once,
            (void *)(uintptr_t) "HTTP/1.1 100 Continue\r\nX-Length: no\r\n\r\nHTTP/1.1 200 OK\r\nX-Length: "
                                "yes\r\nTransfer-Encoding: "
                                "chunked\r\n\r\n2\r\nab\r\n0\r\nX-Length: trailer\r\n\r\n");
    assert_ok(ask_one(&ask, &asker, "GET", rude.port, "/"));
    assert_int_equal(ask.status, 200);
    assert_string_equal(ask.header, "yes");
    assert_string_equal(ask.text, "ab");
    end_both(&rude);
}

/* ---- time ---- */

static uint64_t ms_since(uint64_t start)
{
    return loop_now_ms(asker.loop) - start;
}

static void silence_ends_at_the_deadline_of_the_head(void **state)
{
    struct rude rude;
    struct ask ask;
    (void)state;
    rude_begin(&rude, rude_say_nothing, NULL);
    ask_make(&ask, &asker, "GET", rude.port, "/");
    ask.plan.head_ms = 200;
    uint64_t start = loop_now_ms(asker.loop);
    ask_begin(&ask);
    asker_run(&asker);
    assert_int_equal(ask.result, DEPUTY_E_HTTP_TIMEOUT);
    assert_true(ms_since(start) >= 200 && ms_since(start) < 2000);
    end_both(&rude);
}

static void say_slowly(struct rude *rude, int peer, int number)
{
    (void)number;
    if (!rude_read_head(rude, peer))
        return;
    for (const char *at = rude->ctx; *at != '\0'; at++) {
        char text[2] = {*at, '\0'};
        rude_say(peer, text);
        usleep(30 * 1000);
    }
    rude_read_head(rude, peer);
}

static void a_head_that_drips_ends_at_its_deadline(void **state)
{
    struct rude rude;
    struct ask ask;
    (void)state;
    rude_begin(&rude, say_slowly, (void *)(uintptr_t) "HTTP/1.1 200 OK\r\n\r\n");
    ask_make(&ask, &asker, "GET", rude.port, "/");
    ask.plan.head_ms = 200;
    ask_begin(&ask);
    asker_run(&asker);
    assert_int_equal(ask.result, DEPUTY_E_HTTP_TIMEOUT);
    assert_int_equal(ask.heads, 0);
    end_both(&rude);
}

static void say_head_then_drip(struct rude *rude, int peer, int number)
{
    (void)number;
    if (!rude_read_head(rude, peer))
        return;
    rude_say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
    for (int i = 0; i < *(int *)rude->ctx; i++) {
        rude_say(peer, "a");
        usleep(120 * 1000);
    }
    rude_read_head(rude, peer);
}

static void a_body_may_drip_but_not_stall(void **state)
{
    struct rude rude;
    struct ask ask;
    int bytes = 10;
    (void)state;
    rude_begin(&rude, say_head_then_drip, &bytes);
    ask_make(&ask, &asker, "GET", rude.port, "/");
    ask.plan.head_ms = 1000; /* the whole takes longer */
    ask.plan.stall_ms = 1000;
    ask_begin(&ask);
    asker_run(&asker);
    assert_ok(ask.result);
    assert_int_equal(ask.received, 10);
    end_both(&rude);
    setup(NULL);
    bytes = 3;
    rude_begin(&rude, say_head_then_drip, &bytes);
    ask_make(&ask, &asker, "GET", rude.port, "/");
    ask.plan.stall_ms = 500;
    ask_begin(&ask);
    asker_run(&asker);
    assert_int_equal(ask.result, DEPUTY_E_HTTP_TIMEOUT);
    assert_int_equal(ask.received, 3);
    end_both(&rude);
}

/* ---- connections that go ---- */

/* Answers one request and goes: at once, or (ctx) when it has read the next one. */
static void close_after_one(struct rude *rude, int peer, int number)
{
    bool reads_second = rude->ctx != NULL;
    (void)number;
    if (!rude_read_head(rude, peer))
        return;
    rude_say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    if (reads_second)
        rude_read_head(rude, peer);
}

static void a_request_on_a_closed_connection_is_sent_once_more(void **state)
{
    (void)state;
    for (int way = 0; way < 3; way++) {
        struct rude rude;
        struct ask ask;
        rude_begin(&rude, close_after_one, way > 0 ? &way : NULL);
        for (int i = 0; i < 6; i++) {
            ask_make(&ask, &asker, way == 2 ? "PUT" : "GET", rude.port, "/");
            if (way == 2)
                ask.plan.body = T("whole");
            ask_begin(&ask);
            asker_run(&asker);
            assert_ok(ask.result);
            assert_string_equal(ask.text, "ok");
        }
        assert_int_equal(atomic_load(&rude.peers), 6);
        end_both(&rude);
        setup(NULL);
    }
}

/* Takes one whole request, answers; of the second it takes what there is, and goes. */
static void close_in_the_body(struct rude *rude, int peer, int number)
{
    (void)number;
    if (!rude_read_head(rude, peer))
        return;
    rude_say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    if (rude_read_head(rude, peer))
        rude_read(peer, 4);
}

static void a_body_in_parts_is_never_sent_twice(void **state)
{
    static const uint64_t lengths[] = {4, UINT64_MAX, 8};
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct rude rude;
        struct ask ask;
        rude_begin(&rude, close_in_the_body, NULL);
        assert_ok(ask_one(&ask, &asker, "GET", rude.port, "/"));
        ask_make(&ask, &asker, "PUT", rude.port, "/");
        ask.plan.sends_parts = true;
        ask.plan.body_length = lengths[i];
        ask_begin(&ask);
        http_call_send(ask.call, T("part"), i < 2, NULL);
        asker_run(&asker);
        assert_int_equal(ask.result, DEPUTY_E_HTTP_CUT_OFF);
        assert_int_equal(atomic_load(&rude.requests), 2);
        end_both(&rude);
        setup(NULL);
    }
}

static void note_end(struct rude *rude, int peer, int number)
{
    rude_answer_all(rude, peer, number);
    atomic_store((atomic_int *)rude->ctx, 1);
}

static void an_idle_connection_is_closed(void **state)
{
    const struct http_caller_config config = {.idle_ms = 100};
    struct rude rude;
    struct ask ask;
    atomic_int closed = 0;
    (void)state;
    configure(&config);
    rude_begin(&rude, note_end, &closed);
    for (int i = 0; i < 2; i++) {
        atomic_store(&closed, 0);
        assert_ok(ask_one(&ask, &asker, "GET", rude.port, "/"));
        assert_int_equal(atomic_load(&closed), 0);
        asker_run_for(&asker, 500);
        assert_int_equal(atomic_load(&closed), 1);
    }
    end_both(&rude);
}

/* ---- limits and guards ---- */

static void calls_beyond_the_limit_are_refused_and_connections_waited_for(void **state)
{
    const struct http_caller_config config = {.max_calls = 20, .max_connections = 1};
    struct rude rude;
    struct ask asks[20], more;
    (void)state;
    configure(&config);
    rude_begin(&rude, rude_answer_all, NULL);
    for (size_t i = 0; i < 20; i++) {
        ask_make(&asks[i], &asker, "GET", rude.port, "/");
        ask_begin(&asks[i]);
    }
    ask_make(&more, &asker, "GET", rude.port, "/");
    assert_int_equal(http_call_begin(&more.call, asker.caller, &more.plan), DEPUTY_E_HTTP_BUSY);
    asker_run(&asker);
    for (size_t i = 0; i < 20; i++)
        assert_ok(asks[i].result);
    assert_int_equal(atomic_load(&rude.peers), 1);
    assert_ok(ask_one(&more, &asker, "GET", rude.port, "/"));
    end_both(&rude);
}

static void a_guarded_caller_stays_out_of_our_network(void **state)
{
    const struct http_caller_config config = {.guarded = true};
    struct rude rude;
    struct ask ask;
    (void)state;
    configure(&config);
    rude_begin(&rude, rude_answer_all, NULL);
    assert_int_equal(ask_one(&ask, &asker, "GET", rude.port, "/"), DEPUTY_E_GUARD_RESERVED);
    assert_int_equal(atomic_load(&rude.peers), 0);
    end_both(&rude);
}

static void a_caller_of_one_server_connects_to_no_other(void **state)
{
    struct rude rude, other;
    struct ask ask;
    struct sockaddr_storage allowed[8];
    struct http_caller_config config = {.allowed = allowed};
    char port[8];
    (void)state;
    rude_begin(&rude, rude_answer_all, NULL);
    rude_begin(&other, rude_answer_all, NULL);
    snprintf(port, sizeof port, "%u", rude.port);
    assert_ok(http_addresses_find(allowed, 8, &config.allowed_count, "127.0.0.1", port));
    configure(&config);
    assert_ok(ask_one(&ask, &asker, "GET", rude.port, "/"));
    assert_int_equal(ask_one(&ask, &asker, "GET", other.port, "/"), DEPUTY_E_HTTP_ADDRESS);
    ask_make(&ask, &asker, "GET", rude.port, "/");
    snprintf(ask.url, sizeof ask.url, "http://127.0.0.2:%u/", rude.port);
    ask_begin(&ask);
    asker_run(&asker);
    assert_int_equal(ask.result, DEPUTY_E_HTTP_ADDRESS);
    config.allowed_count = 0;
    configure(&config);
    assert_int_equal(ask_one(&ask, &asker, "GET", rude.port, "/"), DEPUTY_E_HTTP_ADDRESS);
    assert_int_equal(atomic_load(&other.peers), 0);
    assert_int_equal(http_addresses_find(allowed, 8, &config.allowed_count, "", port), DEPUTY_E_HTTP_CONNECT);
    end_both(&rude);
    rude_end(&other);
}

/* Whoever made the URL: it is held against the server's before anything is looked up. */
static void a_caller_of_one_server_asks_for_nothing_else(void **state)
{
    struct rude rude;
    struct ask ask;
    char server[64];
    struct http_caller_config config = {.server = server};
    (void)state;
    rude_begin(&rude, rude_answer_all, NULL);
    snprintf(server, sizeof server, "http://127.0.0.1:%u", rude.port);
    configure(&config);
    static const char *const below[] = {"", "/", "?a=b", "/path"};
    for (size_t i = 0; i < sizeof below / sizeof below[0]; i++) {
        ask_make(&ask, &asker, "GET", rude.port, "/");
        snprintf(ask.url, sizeof ask.url, "%s%s", server, below[i]);
        ask_begin(&ask);
        asker_run(&asker);
        assert_ok(ask.result);
    }
    static const char *const elsewhere[] = {"http://127.0.0.1:1/", "http://127.0.0.1:%u0/",
            "http://127.0.0.1:%u@other/", "http://127.0.0.1:%u.other/", "http://127.0.0.1:%u#/",
            "http://127.0.0.1:%u\\/", "https://127.0.0.1:%u/", "HTTP://127.0.0.1:%u/",
            "http://x@127.0.0.1:%u/", "http://127.1:%u/", "http://localhost:%u/"};
    for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++) {
        ask_make(&ask, &asker, "GET", rude.port, "/");
        const char *port = strstr(elsewhere[i], "%u");
        int before = port != NULL ? (int)(port - elsewhere[i]) : (int)strlen(elsewhere[i]);
        char number[8] = "";
        if (port != NULL)
            snprintf(number, sizeof number, "%u", rude.port);
        snprintf(ask.url, sizeof ask.url, "%.*s%s%s", before, elsewhere[i], number,
                port != NULL ? port + 2 : "");
        assert_int_equal(http_call_begin(&ask.call, asker.caller, &ask.plan), DEPUTY_E_HTTP_ADDRESS);
    }
    end_both(&rude);
}

static void a_url_says_where_its_server_is_or_names_it(void **state)
{
    static const struct {
        const char *url;
        uint16_t port;
        bool named;
        size_t count;
    } rows[] = {{"http://127.0.0.1:8000", 8000, false, 1}, {"https://[::1]", 443, false, 1},
            {"http://localhost:81/x", 81, false, 2}, {"http://LOCALHOST", 80, false, 2},
            {"https://node.example", 443, true, 0}, {"https://node.example:8443/a/b", 8443, true, 0},
            {"https://localhost.example", 443, true, 0}, {"https://127.0.0.1.example", 443, true, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct http_place place;
        assert_ok(http_place_read(&place, rows[i].url));
        assert_int_equal(place.port, rows[i].port);
        assert_int_equal(place.named, rows[i].named);
        assert_int_equal(place.count, rows[i].count);
    }
    static const char *const bad[] = {
            "", "node.example", "ftp://node.example", "https://", "https://a b", "http://a:99999"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct http_place place;
        assert_int_equal(http_place_read(&place, bad[i]), DEPUTY_E_HTTP_URL);
    }
}

static void names_are_looked_up(void **state)
{
    struct rude rude;
    struct ask ask;
    (void)state;
    rude_begin(&rude, rude_answer_all, NULL);
    ask_make(&ask, &asker, "GET", rude.port, "/");
    snprintf(ask.url, sizeof ask.url, "http://localhost:%u/", rude.port);
    ask_begin(&ask);
    asker_run(&asker);
    assert_ok(ask.result);
    ask_make(&ask, &asker, "GET", rude.port, "/");
    snprintf(ask.url, sizeof ask.url, "http://name.invalid:%u/", rude.port);
    ask_begin(&ask);
    asker_run(&asker);
    assert_true(ask.result == DEPUTY_E_HTTP_CONNECT || ask.result == DEPUTY_E_HTTP_TIMEOUT);
    end_both(&rude);
}

static void a_unix_socket_is_connected_to(void **state)
{
    struct rude rude;
    struct ask ask;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char directory[] = "/tmp/deputy-call-XXXXXX";
    (void)state;
    assert_non_null(mkdtemp(directory));
    snprintf(address.sun_path, sizeof address.sun_path, "%s/s", directory);
    rude_begin(&rude, rude_answer_all, NULL);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 8), 0);
    struct rude local;
    rude_begin_on(&local, fd, rude_answer_all, NULL);
    for (int i = 0; i < 4; i++) { /* the same handle goes to and fro */
        ask_make(&ask, &asker, "GET", rude.port, "/");
        ask.plan.unix_socket = i % 2 == 0 ? address.sun_path : NULL;
        ask_begin(&ask);
        asker_run(&asker);
        assert_ok(ask.result);
        assert_int_equal(atomic_load(&local.requests), i / 2 + 1);
        assert_int_equal(atomic_load(&rude.requests), (i + 1) / 2);
    }
    teardown(NULL);
    rude_end(&local);
    rude_end(&rude);
    unlink(address.sun_path);
    rmdir(directory);
}

/* ---- ended early ---- */

static void cancel_on_head(struct ask *ask)
{
    http_call_cancel(ask->call);
}

static enum http_read cancel_on_part(struct ask *ask, struct deputy_slice part)
{
    (void)part;
    http_call_cancel(ask->call);
    return ask->ctx != NULL ? HTTP_READ_PAUSE : HTTP_READ_ON;
}

static void a_call_may_be_cancelled_within_its_events(void **state)
{
    struct rude rude;
    (void)state;
    rude_begin(&rude, rude_answer_once,
            (void *)(uintptr_t) "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n");
    for (int i = 0; i < 3; i++) {
        struct ask ask;
        ask_make(&ask, &asker, "GET", rude.port, "/");
        ask.on_head = i == 0 ? cancel_on_head : NULL;
        ask.on_part = i == 0 ? NULL : cancel_on_part;
        ask.ctx = i == 2 ? &rude : NULL;
        ask_begin(&ask);
        asker_run(&asker);
        assert_int_equal(ask.result, DEPUTY_E_HTTP_CUT_OFF);
        assert_int_equal(ask.parts, i > 0);
    }
    end_both(&rude);
}

/* Calls in every state: not looked at yet, waiting for a connection, in the handshake of TLS, waiting for
 * the head, sending, paused. */
struct phases {
    struct rude silent, answering;
    struct ask asks[12];
};

static enum http_read pause_always(struct ask *ask, struct deputy_slice part)
{
    (void)ask;
    (void)part;
    return HTTP_READ_PAUSE;
}

static void phases_begin(struct phases *phases)
{
    const struct http_caller_config config = {.max_connections = 4};
    configure(&config);
    rude_begin(&phases->silent, rude_say_nothing, NULL);
    rude_begin(&phases->answering, rude_answer_all, NULL);
    for (size_t i = 0; i < 12; i++) {
        struct ask *ask = &phases->asks[i];
        ask_make(ask, &asker, "GET", i == 3 ? phases->answering.port : phases->silent.port, "/");
        ask->on_part = pause_always;
        if (i == 0)
            snprintf(ask->url, sizeof ask->url, "https://127.0.0.1:%u/", phases->silent.port);
        ask->plan.sends_parts = i == 2;
        ask->plan.body_length = UINT64_MAX;
        for (int turns = 0; i == 10 && turns < 100 && phases->asks[3].parts == 0; turns++)
            asker_run_for(&asker, 50);
        ask_begin(ask);
        if (i == 2)
            http_call_send(ask->call, T("part"), false, NULL);
    }
    assert_int_equal(phases->asks[3].parts, 1);
}

static void phases_check(struct phases *phases)
{
    for (size_t i = 0; i < 12; i++) {
        assert_int_equal(phases->asks[i].ends, 1);
        assert_int_equal(phases->asks[i].result, DEPUTY_E_HTTP_CUT_OFF);
    }
    end_both(&phases->silent);
    rude_end(&phases->answering);
}

static void a_call_may_be_cancelled_in_every_phase(void **state)
{
    struct phases phases;
    (void)state;
    phases_begin(&phases);
    for (size_t i = 0; i < 12; i++) {
        http_call_cancel(phases.asks[i].call);
        http_call_cancel(phases.asks[i].call);
        assert_int_equal(phases.asks[i].ends, 0);
    }
    asker_run(&asker);
    phases_check(&phases);
}

static void refuse_more(struct ask *ask)
{
    struct http_call *call;
    assert_int_equal(http_call_begin(&call, asker.caller, &ask->plan), DEPUTY_E_HTTP_BUSY);
}

static void the_end_of_the_caller_ends_all_calls(void **state)
{
    struct phases phases;
    (void)state;
    phases_begin(&phases);
    for (size_t i = 0; i < 12; i++)
        phases.asks[i].on_end = refuse_more;
    teardown(NULL);
    phases_check(&phases);
}

/* ---- many ---- */

static struct ask many[1000];
static size_t begun;

static void begin_another(struct ask *ask)
{
    (void)ask;
    if (begun < 1000)
        ask_begin(&many[begun++]);
}

static void think(void *ctx)
{
    (void)ctx;
    usleep(100);
}

static void answer_then(void *ctx)
{
    http_reply_text(ctx, 200, T("thought"));
}

static enum http_flow answer_late(struct http_exchange *x, void *app)
{
    (void)app;
    http_offload(x, think, answer_then, x);
    return HTTP_LATER;
}

static void a_thousand_calls_at_once_all_end_well(void **state)
{
    static const struct http_route routes[] = {{HTTP_METHOD_GET, "/late", HTTP_BODY_NONE, 0, answer_late}};
    static const size_t at_once[] = {1000, 200}, connections[] = {64, 300};
    (void)state;
    for (size_t way = 0; way < 2; way++) {
        const struct http_caller_config config = {.max_connections = connections[way]};
        static const struct http_config server = {0};
        struct served served;
        configure(&config);
        serve(&served, &server, routes, 1, NULL);
        for (size_t i = 0; i < 1000; i++) {
            ask_make(&many[i], &asker, "GET", served.port, "/late");
            many[i].plan.head_ms = 60000;
            many[i].on_end = begin_another;
        }
        for (begun = 0; begun < at_once[way];)
            ask_begin(&many[begun++]);
        asker_run(&asker);
        for (size_t i = 0; i < 1000; i++) {
            assert_ok(many[i].result);
            assert_string_equal(many[i].text, "thought");
        }
        configure(&defaults);
        served_end(&served);
    }
}

#define CALL_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
            CALL_TEST(what_is_cut_off_is_no_answer),
            CALL_TEST(what_is_not_http_is_no_answer),
            CALL_TEST(a_head_beyond_the_limits_is_refused),
            CALL_TEST(a_continue_is_not_the_answer_and_a_trailer_no_header),
            CALL_TEST(silence_ends_at_the_deadline_of_the_head),
            CALL_TEST(a_head_that_drips_ends_at_its_deadline),
            CALL_TEST(a_body_may_drip_but_not_stall),
            CALL_TEST(a_request_on_a_closed_connection_is_sent_once_more),
            CALL_TEST(a_body_in_parts_is_never_sent_twice),
            CALL_TEST(an_idle_connection_is_closed),
            CALL_TEST(calls_beyond_the_limit_are_refused_and_connections_waited_for),
            CALL_TEST(a_guarded_caller_stays_out_of_our_network),
            CALL_TEST(a_caller_of_one_server_connects_to_no_other),
            CALL_TEST(a_caller_of_one_server_asks_for_nothing_else),
            CALL_TEST(a_url_says_where_its_server_is_or_names_it),
            CALL_TEST(names_are_looked_up),
            CALL_TEST(a_unix_socket_is_connected_to),
            CALL_TEST(a_call_may_be_cancelled_within_its_events),
            CALL_TEST(a_call_may_be_cancelled_in_every_phase),
            CALL_TEST(the_end_of_the_caller_ends_all_calls),
            CALL_TEST(a_thousand_calls_at_once_all_end_well),
    };
    return cmocka_run_group_tests_name("http.call-faults", tests, NULL, NULL);
}
