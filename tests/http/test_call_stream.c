/* Calls whose bodies go in parts, both ways: who waits for whom, and what stays where it is meanwhile. */
#include "http/ask_kit.h"
#include "http/serve.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum { BIG = 32 * 1024 * 1024, PART = 64 * 1024 };

/* ---- our own server ---- */

static atomic_ulong served_bytes, taken_bytes;
static _Atomic(struct http_exchange *) held;
static atomic_bool hold;

struct download {
    size_t left;
    uint8_t part[PART];
};

static void download_go_on(struct http_exchange *x, void *ctx)
{
    struct download *download = ctx;
    while (download->left > 0) {
        download->left -= PART;
        atomic_fetch_add(&served_bytes, PART);
        enum http_write result = http_reply_write(x, deputy_slice_bytes(download->part, PART));
        if (result == HTTP_WRITE_WAIT)
            return;
        if (result == HTTP_WRITE_GONE)
            break;
    }
    http_reply_end(x);
}

/* The peer is gone: what waits for it would wait for ever. */
static void is_over(struct http_exchange *x, void *ctx)
{
    struct http_exchange *paused = x;
    (void)ctx;
    atomic_compare_exchange_strong(&held, &paused, NULL);
    http_reply_end(x);
}

static void pattern_fill(uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 251);
}

static enum http_flow answer_download(struct http_exchange *x, void *app)
{
    struct download *download = ARENA_NEW(http_arena(x), struct download);
    (void)app;
    pattern_fill(download->part, PART);
    download->left = BIG;
    http_reply_begin(x, 200);
    if (deputy_slice_present(http_query(x, "length")))
        http_reply_length(x, BIG);
    http_reply_on_drain(x, download_go_on, download);
    http_on_close(x, is_over, NULL);
    download_go_on(x, download);
    return HTTP_LATER;
}

static enum http_flow answer_small(struct http_exchange *x, void *app)
{
    (void)app;
    http_reply_text(x, 200, T("0123456789"));
    return HTTP_DONE;
}

struct upload {
    uint64_t sum, len;
};

static enum http_read upload_on_chunk(struct http_exchange *x, void *ctx, struct deputy_slice part)
{
    struct upload *upload = ctx;
    upload->sum = sum_of(upload->sum, part);
    upload->len += part.len;
    atomic_fetch_add(&taken_bytes, part.len);
    if (!atomic_load(&hold))
        return HTTP_READ_ON;
    atomic_store(&held, x);
    http_on_close(x, is_over, NULL);
    return HTTP_READ_PAUSE;
}

static void upload_on_end(struct http_exchange *x, void *ctx, enum deputy_error result)
{
    const struct upload *upload = ctx;
    char text[64];
    struct deputy_slice copy;
    if (result != DEPUTY_OK)
        return;
    snprintf(
            text, sizeof text, "%llu %llx", (unsigned long long)upload->len, (unsigned long long)upload->sum);
    assert_ok(arena_copy(http_arena(x), &copy, deputy_slice_text(text)));
    http_reply_text(x, 200, copy);
}

static enum http_flow answer_upload(struct http_exchange *x, void *app)
{
    (void)app;
    struct upload *upload = ARENA_NEW(http_arena(x), struct upload);
    http_reply_header(x, "X-Length",
            deputy_slice_present(http_header(x, "content-length")) ? http_header(x, "content-length")
                                                                   : T("-"));
    http_body_stream(x, upload_on_chunk, upload_on_end, upload);
    return HTTP_LATER;
}

static enum http_flow answer_full(struct http_exchange *x, void *app)
{
    (void)app;
    http_reply_error(x, 413);
    return HTTP_DONE;
}

static const struct http_route routes[] = {
        {HTTP_METHOD_GET, "/download", HTTP_BODY_NONE, 0, answer_download},
        {HTTP_METHOD_GET, "/small", HTTP_BODY_NONE, 0, answer_small},
        {HTTP_METHOD_PUT, "/upload", HTTP_BODY_STREAM, 0, answer_upload},
        {HTTP_METHOD_PUT, "/full", HTTP_BODY_STREAM, 0, answer_full},
};

static struct served served;
static struct asker asker;

static int server_setup(void **state)
{
    static const struct http_config config = {0};
    (void)state;
    serve(&served, &config, routes, sizeof routes / sizeof routes[0], NULL);
    return 0;
}

static int server_teardown(void **state)
{
    (void)state;
    served_end(&served);
    return 0;
}

static int setup(void **state)
{
    static const struct http_caller_config defaults;
    (void)state;
    asker_begin(&asker, &defaults);
    atomic_store(&served_bytes, 0);
    atomic_store(&taken_bytes, 0);
    atomic_store(&hold, false);
    atomic_store(&held, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    asker_end(&asker);
    return 0;
}

/* ---- answers ---- */

static uint64_t download_sum(void)
{
    static uint8_t part[PART];
    uint64_t sum = 0;
    pattern_fill(part, PART);
    for (size_t i = 0; i < BIG / PART; i++)
        sum = sum_of(sum, deputy_slice_bytes(part, PART));
    return sum;
}

static void ask_download(struct ask *ask, const char *path)
{
    ask_make(ask, &asker, "GET", served.port, path);
    ask->plan.response_max = 0;
}

static void a_long_answer_comes_whole_with_and_without_a_length(void **state)
{
    static const char *const paths[] = {"/download", "/download?length=1"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct ask ask;
        ask_download(&ask, paths[i]);
        ask_begin(&ask);
        asker_run(&asker);
        assert_ok(ask.result);
        assert_int_equal(ask.received, BIG);
        assert_int_equal(ask.sum, download_sum());
        assert_true(ask.parts > 100);
    }
}

static void an_answer_over_the_cap_is_refused(void **state)
{
    struct ask ask;
    (void)state;
    ask_make(&ask, &asker, "GET", served.port, "/small");
    ask.plan.response_max = 9;
    ask_begin(&ask);
    asker_run(&asker);
    assert_int_equal(ask.result, DEPUTY_E_HTTP_TOO_LARGE);
    assert_int_equal(ask.received, 0);
    ask_make(&ask, &asker, "GET", served.port, "/small");
    ask.plan.response_max = 10;
    ask_begin(&ask);
    asker_run(&asker);
    assert_ok(ask.result);
    ask_make(&ask, &asker, "GET", served.port, "/download");
    ask_begin(&ask); /* a million and no more */
    asker_run(&asker);
    assert_int_equal(ask.result, DEPUTY_E_HTTP_TOO_LARGE);
    assert_true(ask.received <= 1000000);
}

/* A reader that stops at every part, and looks at it once more before it goes on. */
struct slow_reader {
    struct ask ask;
    struct loop_task later;
    struct deputy_slice part;
    uint64_t sum_again;
    bool waits;
};

static void slow_go_on(void *ctx)
{
    struct slow_reader *reader = ctx;
    reader->waits = false;
    reader->sum_again = sum_of(reader->sum_again, reader->part);
    http_call_resume(reader->ask.call);
}

static enum http_read slow_on_part(struct ask *ask, struct deputy_slice part)
{
    struct slow_reader *reader = ask->ctx;
    assert_false(reader->waits);
    reader->waits = true;
    reader->part = part;
    reader->later = (struct loop_task){.run = slow_go_on, .ctx = reader};
    loop_post(asker.loop, &reader->later);
    return HTTP_READ_PAUSE;
}

static void slow_on_end(struct ask *ask)
{
    assert_false(((struct slow_reader *)ask->ctx)->waits);
}

static void a_reader_that_pauses_at_every_part_gets_all_of_it(void **state)
{
    static struct slow_reader readers[4];
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct slow_reader *reader = &readers[i];
        ask_download(&reader->ask, i % 2 == 0 ? "/download" : "/download?length=1");
        reader->ask.ctx = reader;
        reader->ask.on_part = slow_on_part;
        reader->ask.on_end = slow_on_end;
        ask_begin(&reader->ask);
    }
    asker_run(&asker);
    for (size_t i = 0; i < 4; i++) {
        assert_ok(readers[i].ask.result);
        assert_int_equal(readers[i].ask.received, BIG);
        assert_int_equal(readers[i].ask.sum, download_sum());
        assert_int_equal(readers[i].sum_again, readers[i].ask.sum);
    }
}

static enum http_read pause_on_part(struct ask *ask, struct deputy_slice part)
{
    (void)part;
    return ask->parts == 1 ? HTTP_READ_PAUSE : HTTP_READ_ON;
}

/* Runs until what goes on stands still for a while, in its own time: machines are busy. */
static unsigned long run_to_standstill(unsigned long (*so_far)(const void *ctx), const void *ctx)
{
    unsigned long before, now = so_far(ctx);
    for (int i = 0; i < 50; i++) {
        before = now;
        asker_run_for(&asker, 200);
        now = so_far(ctx);
        if (now == before && now > 0)
            break;
    }
    return now;
}

static unsigned long served_so_far(const void *ctx)
{
    (void)ctx;
    return atomic_load(&served_bytes);
}

static unsigned long received_so_far(const void *ctx)
{
    return ((const struct ask *)ctx)->received;
}

static void a_paused_reader_makes_the_server_wait_and_is_no_stall(void **state)
{
    struct ask ask;
    (void)state;
    ask_download(&ask, "/download");
    ask.plan.stall_ms = 1000;
    ask.on_part = pause_on_part;
    ask_begin(&ask);
    asker_run_for(&asker, 1500);
    assert_true(run_to_standstill(served_so_far, NULL) < BIG / 2);
    assert_int_equal(ask.parts, 1);
    assert_int_equal(ask.ends, 0);
    http_call_resume(ask.call);
    asker_run(&asker);
    assert_ok(ask.result);
    assert_int_equal(ask.sum, download_sum());
}

static void the_end_waits_while_the_last_part_is_paused(void **state)
{
    struct ask ask;
    (void)state;
    ask_make(&ask, &asker, "GET", served.port, "/small");
    ask.on_part = pause_on_part;
    ask_begin(&ask);
    assert_int_equal(run_to_standstill(received_so_far, &ask), 10);
    assert_int_equal(ask.ends, 0);
    http_call_resume(ask.call);
    http_call_resume(ask.call);
    assert_int_equal(ask.ends, 0);
    asker_run(&asker);
    assert_ok(ask.result);
}

static void a_paused_answer_may_be_cancelled(void **state)
{
    static const char *const paths[] = {"/small", "/download"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct ask ask;
        ask_download(&ask, paths[i]);
        ask.on_part = pause_on_part;
        ask_begin(&ask);
        run_to_standstill(received_so_far, &ask);
        assert_int_equal(ask.parts, 1);
        http_call_cancel(ask.call);
        assert_int_equal(ask.ends, 0);
        asker_run(&asker);
        assert_int_equal(ask.result, DEPUTY_E_HTTP_CUT_OFF);
    }
}

/* ---- bodies in parts ---- */

struct sender {
    struct ask ask;
    struct loop_task later;
    size_t len, sent, step; /* of the body; what the next part begins with; bytes a part */
    bool at_once;           /* the next part is sent within on_sent, else at a later turn */
    bool ends_apart;        /* with an empty part */
    bool under_way;
    uint64_t sum;
    uint8_t *part;
    size_t calls;
};

static void sender_send(void *ctx);

static void sender_on_sent(void *ctx)
{
    struct sender *sender = ((struct ask *)ctx)->ctx;
    assert_true(sender->under_way);
    sender->under_way = false;
    memset(sender->part, 0, sender->step); /* it is ours again */
    if (sender->at_once) {
        sender_send(sender);
        return;
    }
    sender->later = (struct loop_task){.run = sender_send, .ctx = sender};
    loop_post(asker.loop, &sender->later);
}

static void sender_send(void *ctx)
{
    struct sender *sender = ctx;
    size_t left = sender->len - sender->sent, len = left < sender->step ? left : sender->step;
    bool last = sender->ends_apart ? len == 0 : len == left;
    if (sender->ask.ends > 0 || sender->under_way || sender->calls > sender->len / sender->step + 2)
        return;
    for (size_t i = 0; i < len; i++)
        sender->part[i] = (uint8_t)(sender->sent + i);
    struct deputy_slice part = deputy_slice_bytes(sender->part, len);
    sender->sum = sum_of(sender->sum, part);
    sender->sent += len;
    sender->under_way = true;
    sender->calls++;
    http_call_send(sender->ask.call, part, last, last ? NULL : sender_on_sent);
    if (!last)
        assert_true(sender->under_way); /* on_sent does not come before http_call_send returns */
}

static void sender_make(struct sender *sender, const char *path, size_t len, size_t step, bool at_once)
{
    memset(sender, 0, sizeof *sender);
    ask_make(&sender->ask, &asker, "PUT", served.port, path);
    sender->ask.plan.sends_parts = true;
    sender->ask.plan.body_length = UINT64_MAX;
    sender->ask.ctx = sender;
    sender->len = len;
    sender->step = step;
    sender->at_once = at_once;
    sender->part = malloc(step);
    assert_non_null(sender->part);
}

static void sender_begin(struct sender *sender)
{
    ask_begin(&sender->ask);
    sender_send(sender);
}

static void sender_check(struct sender *sender)
{
    char expected[64];
    snprintf(expected, sizeof expected, "%llu %llx", (unsigned long long)sender->len,
            (unsigned long long)sender->sum);
    assert_ok(sender->ask.result);
    assert_int_equal(sender->ask.status, 200);
    assert_string_equal(sender->ask.text, expected);
    free(sender->part);
}

static void bodies_in_parts_arrive_whole(void **state)
{
    static const size_t lens[] = {0, 1, 1000, 65536, 1000000, 8 * 1024 * 1024};
    static const size_t steps[] = {777, 65536, 300000};
    (void)state;
    for (size_t i = 0; i < 6 * 3 * 8; i++) {
        struct sender sender;
        size_t len = lens[i % 6], step = steps[i / 6 % 3], ways = i / 18;
        sender_make(&sender, "/upload", len, step, ways & 1);
        sender.ends_apart = ways & 2;
        if (ways & 4)
            sender.ask.plan.body_length = len;
        sender_begin(&sender);
        asker_run(&asker);
        char length[32] = "-";
        if (ways & 4)
            snprintf(length, sizeof length, "%zu", len);
        assert_string_equal(sender.ask.header, length);
        sender_check(&sender);
    }
}

static struct loop_task held_task;

static void held_resume(void *ctx)
{
    (void)ctx;
    if (atomic_load(&held) != NULL)
        http_body_resume(atomic_load(&held));
}

static unsigned long sent_so_far(const void *ctx)
{
    return ((const struct sender *)ctx)->sent;
}

static void a_server_that_does_not_read_makes_the_sender_wait(void **state)
{
    struct sender sender;
    (void)state;
    atomic_store(&hold, true);
    sender_make(&sender, "/upload", BIG, PART, true);
    sender_begin(&sender);
    assert_true(run_to_standstill(sent_so_far, &sender) < BIG / 2);
    assert_non_null(atomic_load(&held));
    atomic_store(&hold, false);
    held_task = (struct loop_task){.run = held_resume};
    loop_post(served.loop, &held_task);
    asker_run(&asker);
    sender_check(&sender);
}

static void a_server_that_does_not_read_for_long_is_a_stall(void **state)
{
    struct sender sender;
    (void)state;
    atomic_store(&hold, true);
    sender_make(&sender, "/upload", BIG, PART, true);
    sender.ask.plan.stall_ms = 150;
    sender_begin(&sender);
    asker_run(&asker);
    assert_int_equal(sender.ask.result, DEPUTY_E_HTTP_TIMEOUT);
    free(sender.part);
    atomic_store(&hold, false);
    held_task = (struct loop_task){.run = held_resume};
    loop_post(served.loop, &held_task); /* the server finds out that nobody is there any more */
}

/* Our own source may be slower than any limit: it is not the other side that waits. */
static void a_sender_that_is_slow_is_no_stall(void **state)
{
    struct sender sender;
    (void)state;
    sender_make(&sender, "/upload", 300, 100, false);
    sender.ask.plan.stall_ms = 500;
    sender.ask.plan.head_ms = 1000;
    ask_begin(&sender.ask);
    for (int i = 0; i < 3; i++) {
        asker_run_for(&asker, 700);
        assert_int_equal(sender.ask.ends, 0);
        assert_int_equal(sender.sent, i * 100);
        sender.part[0] = 'a';
        sender.sum = sum_of(sender.sum, deputy_slice_bytes(sender.part, 1));
        sender.sent += 100;
        http_call_send(sender.ask.call, deputy_slice_bytes(sender.part, 1), i == 2, NULL);
    }
    sender.len = 3;
    asker_run(&asker);
    sender_check(&sender);
}

static void a_body_that_is_not_as_long_as_it_said_ends_the_call(void **state)
{
    static const size_t said[] = {999, 1001, 1, 100000};
    (void)state;
    for (size_t i = 0; i < 16; i++) {
        struct sender sender;
        sender_make(&sender, "/upload", 1000, i & 4 ? 1000 : 300, i & 8);
        sender.ask.plan.body_length = said[i % 4];
        sender_begin(&sender);
        asker_run(&asker);
        assert_int_equal(sender.ask.result, DEPUTY_E_ARGUMENT);
        free(sender.part);
    }
}

/* The server reads some of such a body away, and then resets the connection: not more than that is sent. */
static void a_refusal_midway_is_the_answer(void **state)
{
    const size_t len = 15 * PART;
    (void)state;
    for (size_t i = 0; i < 200; i++) {
        struct sender sender;
        sender_make(&sender, "/full", len, PART / 8, i & 1);
        if (i & 2)
            sender.ask.plan.body_length = len;
        sender_begin(&sender);
        asker_run(&asker);
        assert_ok(sender.ask.result);
        assert_int_equal(sender.ask.status, 413);
        free(sender.part);
    }
}

/* The answer comes while nothing more is offered. */
static void a_refusal_is_told_while_the_sender_has_nothing(void **state)
{
    struct ask ask;
    (void)state;
    ask_make(&ask, &asker, "PUT", served.port, "/full");
    ask.plan.sends_parts = true;
    ask.plan.body_length = 10;
    ask_begin(&ask);
    asker_run(&asker);
    assert_ok(ask.result);
    assert_int_equal(ask.status, 413);
}

#define CALL_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
            CALL_TEST(a_long_answer_comes_whole_with_and_without_a_length),
            CALL_TEST(an_answer_over_the_cap_is_refused),
            CALL_TEST(a_reader_that_pauses_at_every_part_gets_all_of_it),
            CALL_TEST(a_paused_reader_makes_the_server_wait_and_is_no_stall),
            CALL_TEST(the_end_waits_while_the_last_part_is_paused),
            CALL_TEST(a_paused_answer_may_be_cancelled),
            CALL_TEST(bodies_in_parts_arrive_whole),
            CALL_TEST(a_server_that_does_not_read_makes_the_sender_wait),
            CALL_TEST(a_server_that_does_not_read_for_long_is_a_stall),
            CALL_TEST(a_sender_that_is_slow_is_no_stall),
            CALL_TEST(a_body_that_is_not_as_long_as_it_said_ends_the_call),
            CALL_TEST(a_refusal_midway_is_the_answer),
            CALL_TEST(a_refusal_is_told_while_the_sender_has_nothing),
    };
    return cmocka_run_group_tests_name("http.call-stream", tests, server_setup, server_teardown);
}
