#include "http/loop.h"
#include "base/try.h"
#include "http/loop_uv.h"
#include <stdatomic.h>
#include <stdlib.h>

struct loop {
    uv_loop_t uv;
    uv_async_t wake;
    _Atomic(struct loop_task *) mail; /* newest first */
    atomic_bool stop;
    uv_prepare_t prepare;
    void (*before_wait)(void *ctx); /* NULL: nothing */
    void *before_wait_ctx;
};

struct loop_timer {
    uv_timer_t uv;
    void (*fire)(void *ctx);
    void *ctx;
};

struct loop_job {
    uv_work_t uv;
    void (*work)(void *ctx);
    void (*then)(void *ctx);
    void *ctx;
};

uv_loop_t *loop_uv(struct loop *loop)
{
    return &loop->uv;
}

static struct loop_task *mail_oldest_first(struct loop_task *newest)
{
    struct loop_task *oldest = NULL;
    while (newest != NULL) {
        struct loop_task *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}

static void loop_on_wake(uv_async_t *wake)
{
    struct loop *loop = wake->data;
    /* The flag is read first: what was posted before loop_stop is then in the mailbox already. */
    bool stop = atomic_exchange(&loop->stop, false);
    struct loop_task *task = mail_oldest_first(atomic_exchange(&loop->mail, NULL));
    while (task != NULL) {
        struct loop_task *next = task->next;
        task->run(task->ctx);
        task = next;
    }
    if (stop)
        uv_stop(&loop->uv);
}

enum deputy_error loop_create(struct loop **out)
{
    struct loop *loop = calloc(1, sizeof *loop);
    ENSURE(loop != NULL, DEPUTY_E_NOMEM);
    if (uv_loop_init(&loop->uv) != 0) {
        free(loop);
        return DEPUTY_E_NOMEM;
    }
    if (uv_async_init(&loop->uv, &loop->wake, loop_on_wake) != 0) {
        uv_loop_close(&loop->uv);
        free(loop);
        return DEPUTY_E_NOMEM;
    }
    loop->wake.data = loop;
    uv_prepare_init(&loop->uv, &loop->prepare);
    loop->prepare.data = loop;
    *out = loop;
    return DEPUTY_OK;
}

void loop_destroy(struct loop *loop)
{
    if (loop == NULL)
        return;
    uv_close((uv_handle_t *)&loop->wake, NULL);
    uv_close((uv_handle_t *)&loop->prepare, NULL);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    uv_loop_close(&loop->uv);
    free(loop);
}

static void loop_on_prepare(uv_prepare_t *prepare)
{
    struct loop *loop = prepare->data;
    loop->before_wait(loop->before_wait_ctx);
}

void loop_before_wait(struct loop *loop, void (*fn)(void *ctx), void *ctx)
{
    loop->before_wait = fn;
    loop->before_wait_ctx = ctx;
    uv_prepare_start(&loop->prepare, loop_on_prepare);
}

void loop_run(struct loop *loop)
{
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    if (loop->before_wait != NULL)
        loop->before_wait(loop->before_wait_ctx);
}

void loop_stop(struct loop *loop)
{
    atomic_store(&loop->stop, true);
    uv_async_send(&loop->wake);
}

void loop_post(struct loop *loop, struct loop_task *task)
{
    struct loop_task *newest = atomic_load(&loop->mail);
    do {
        task->next = newest;
    } while (!atomic_compare_exchange_weak(&loop->mail, &newest, task));
    uv_async_send(&loop->wake);
}

uint64_t loop_now_ms(const struct loop *loop)
{
    return uv_now(&loop->uv);
}

static void timer_on_fire(uv_timer_t *uv)
{
    struct loop_timer *timer = uv->data;
    timer->fire(timer->ctx);
}

enum deputy_error loop_timer_create(
        struct loop_timer **out, struct loop *loop, void (*fire)(void *ctx), void *ctx)
{
    struct loop_timer *timer = calloc(1, sizeof *timer);
    ENSURE(timer != NULL, DEPUTY_E_NOMEM);
    uv_timer_init(&loop->uv, &timer->uv);
    timer->uv.data = timer;
    timer->fire = fire;
    timer->ctx = ctx;
    *out = timer;
    return DEPUTY_OK;
}

void loop_timer_start(struct loop_timer *timer, uint64_t after_ms, uint64_t repeat_ms)
{
    uv_update_time(timer->uv.loop);
    uv_timer_start(&timer->uv, timer_on_fire, after_ms, repeat_ms);
}

void loop_timer_stop(struct loop_timer *timer)
{
    uv_timer_stop(&timer->uv);
}

static void timer_on_close(uv_handle_t *handle)
{
    free(handle->data);
}

void loop_timer_destroy(struct loop_timer *timer)
{
    if (timer != NULL)
        uv_close((uv_handle_t *)&timer->uv, timer_on_close);
}

static void job_work(uv_work_t *uv)
{
    struct loop_job *job = uv->data;
    job->work(job->ctx);
}

static void job_then(uv_work_t *uv, int status)
{
    (void)status; /* nobody cancels */
    struct loop_job *job = uv->data;
    void (*then)(void *ctx) = job->then;
    void *ctx = job->ctx;
    free(job);
    then(ctx);
}

enum deputy_error loop_offload(struct loop *loop, void (*work)(void *ctx), void (*then)(void *ctx), void *ctx)
{
    struct loop_job *job = calloc(1, sizeof *job);
    ENSURE(job != NULL, DEPUTY_E_NOMEM);
    *job = (struct loop_job){.work = work, .then = then, .ctx = ctx};
    job->uv.data = job;
    if (uv_queue_work(&loop->uv, &job->uv, job_work, job_then) != 0) {
        free(job);
        return DEPUTY_E_NOMEM;
    }
    return DEPUTY_OK;
}
