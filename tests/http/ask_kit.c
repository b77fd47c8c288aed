#include "http/ask_kit.h"

uint64_t sum_of(uint64_t sum, struct deputy_slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        sum = sum * 31 + bytes.ptr[i];
    return sum;
}

void asker_begin(struct asker *asker, const struct http_caller_config *config)
{
    memset(asker, 0, sizeof *asker);
    assert_ok(loop_create(&asker->loop));
    assert_ok(http_caller_create(&asker->caller, asker->loop, config));
}

void asker_end(struct asker *asker)
{
    http_caller_destroy(asker->caller);
    loop_destroy(asker->loop);
    assert_int_equal(asker->open, 0);
}

static void on_head(void *ctx, const struct http_response *head)
{
    struct ask *ask = ctx;
    assert_int_equal(ask->heads++, 0);
    assert_int_equal(ask->ends, 0);
    ask->status = head->status;
    ask->head = head;
    struct deputy_slice value = http_response_header(head, "x-length");
    snprintf(ask->header, sizeof ask->header, "%.*s", (int)value.len, (const char *)value.ptr);
    if (ask->on_head != NULL)
        ask->on_head(ask);
}

static enum http_read on_part(void *ctx, struct deputy_slice part)
{
    struct ask *ask = ctx;
    assert_int_equal(ask->heads, 1);
    assert_int_equal(ask->ends, 0);
    for (size_t i = 0; i < part.len && ask->received + i < sizeof ask->text - 1; i++)
        ask->text[ask->received + i] = (char)part.ptr[i];
    ask->parts++;
    ask->received += part.len;
    ask->sum = sum_of(ask->sum, part);
    return ask->on_part != NULL ? ask->on_part(ask, part) : HTTP_READ_ON;
}

static void on_end(void *ctx, enum deputy_error result)
{
    struct ask *ask = ctx;
    assert_int_equal(ask->ends++, 0);
    assert_non_null(ask->call); /* begin has returned */
    ask->result = result;
    ask->call = NULL;
    if (ask->on_end != NULL)
        ask->on_end(ask);
    if (--ask->asker->open == 0)
        loop_stop(ask->asker->loop);
}

void ask_make(struct ask *ask, struct asker *asker, const char *method, uint16_t port, const char *path)
{
    memset(ask, 0, sizeof *ask);
    ask->asker = asker;
    snprintf(ask->url, sizeof ask->url, "http://127.0.0.1:%u%s", port, path);
    ask->plan = (struct http_call_plan){.method = method,
            .url = ask->url,
            .head_ms = 5000,
            .stall_ms = 5000,
            .response_max = 1000000,
            .events = {on_head, on_part, on_end},
            .ctx = ask};
}

void ask_begin(struct ask *ask)
{
    ask->asker->open++;
    assert_ok(http_call_begin(&ask->call, ask->asker->caller, &ask->plan));
    assert_int_equal(ask->heads + ask->ends, 0);
}

void asker_run(struct asker *asker)
{
    if (asker->open > 0)
        loop_run(asker->loop);
    assert_int_equal(asker->open, 0);
}

static void on_time(void *ctx)
{
    loop_stop(((struct asker *)ctx)->loop);
}

void asker_run_for(struct asker *asker, uint64_t ms)
{
    struct loop_timer *timer;
    assert_ok(loop_timer_create(&timer, asker->loop, on_time, asker));
    loop_timer_start(timer, ms, 0);
    loop_run(asker->loop);
    loop_timer_destroy(timer);
}

enum deputy_error ask_one(
        struct ask *ask, struct asker *asker, const char *method, uint16_t port, const char *path)
{
    ask_make(ask, asker, method, port, path);
    ask_begin(ask);
    asker_run(asker);
    return ask->result;
}
