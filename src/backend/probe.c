#include "backend/probe.h"
#include "base/buf.h"
#include "base/try.h"
#include "http/client.h"
#include "run/log.h"
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum {
    PROBE_ARENA = 256 * 1024,
    PROBE_URL_MAX = 4096,
    PROBE_TIMEOUT_MS = 5000,
    PROBE_FIRST_MS = 250, /* doubled after each failure, up to: */
    PROBE_LAST_MS = 30000
};

struct probe {
    struct probe_target target;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t stopped;
    atomic_bool stop; /* set under the lock */
};

static enum deputy_error url_make(
        struct deputy_arena *arena, struct deputy_slice *url, struct deputy_slice node)
{
    struct buf text = buf_make(arena, PROBE_URL_MAX);
    buf_put(&text, node);
    buf_put_text(&text, "/healthz");
    buf_put_byte(&text, '\0');
    return buf_finish(&text, url);
}

static enum deputy_error ask_with(struct deputy_arena *arena, const struct probe *probe)
{
    struct http_response response;
    struct deputy_slice url;
    TRY(url_make(arena, &url, probe->target.node));
    const struct http_request request = {.method = "GET",
            .url = (const char *)url.ptr,
            .timeout_ms = PROBE_TIMEOUT_MS,
            .guarded = probe->target.guarded,
            .cancel = &probe->stop,
            .authorities = probe->target.authorities,
            .response_max = PROBE_ARENA / 4};
    TRY(http_fetch(arena, &response, &request));
    return response.status == 200 ? DEPUTY_OK : DEPUTY_E_HTTP_CONNECT;
}

static enum deputy_error ask(const struct probe *probe)
{
    struct deputy_arena *arena;
    TRY(deputy_arena_create(&arena, PROBE_ARENA));
    enum deputy_error result = ask_with(arena, probe);
    deputy_arena_destroy(arena);
    return result;
}

/* False when it is time to stop. */
static bool pause_for(struct probe *probe, int64_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    until.tv_sec += (time_t)(ms / 1000) + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&probe->lock);
    while (!atomic_load(&probe->stop) && pthread_cond_timedwait(&probe->stopped, &probe->lock, &until) == 0)
        ;
    pthread_mutex_unlock(&probe->lock);
    return !atomic_load(&probe->stop);
}

static void *probe_main(void *ctx)
{
    struct probe *probe = ctx;
    int64_t wait_ms = PROBE_FIRST_MS;
    enum deputy_error result = ask(probe);
    while (result != DEPUTY_OK && !atomic_load(&probe->stop)) {
        log_event(LOG_WARNING, "backend.node-unreached", LOG_ERROR(result), LOG_END);
        if (!pause_for(probe, wait_ms))
            return NULL;
        wait_ms = wait_ms * 2 < PROBE_LAST_MS ? wait_ms * 2 : PROBE_LAST_MS;
        result = ask(probe);
    }
    if (result == DEPUTY_OK) {
        atomic_store(probe->target.reached, true);
        log_event(LOG_INFO, "backend.node-reached", LOG_END);
    }
    return NULL;
}

/* Whose waits do not change when the wall clock is set. */
static void condition_init(pthread_cond_t *condition)
{
    pthread_condattr_t about;
    pthread_condattr_init(&about);
    pthread_condattr_setclock(&about, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &about);
    pthread_condattr_destroy(&about);
}

enum deputy_error probe_start(struct probe **out, const struct probe_target *target)
{
    struct probe *probe = calloc(1, sizeof *probe);
    ENSURE(probe != NULL, DEPUTY_E_NOMEM);
    probe->target = *target;
    pthread_mutex_init(&probe->lock, NULL);
    condition_init(&probe->stopped);
    if (pthread_create(&probe->thread, NULL, probe_main, probe) != 0) {
        free(probe);
        return DEPUTY_E_NOMEM;
    }
    *out = probe;
    return DEPUTY_OK;
}

void probe_stop(struct probe *probe)
{
    if (probe == NULL)
        return;
    pthread_mutex_lock(&probe->lock);
    atomic_store(&probe->stop, true);
    pthread_cond_signal(&probe->stopped);
    pthread_mutex_unlock(&probe->lock);
    pthread_join(probe->thread, NULL);
    pthread_mutex_destroy(&probe->lock);
    pthread_cond_destroy(&probe->stopped);
    free(probe);
}
