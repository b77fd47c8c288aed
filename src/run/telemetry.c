#include "run/telemetry.h"
#include "base/try.h"
#include <pthread.h>
#include <stdlib.h>

enum { TELEMETRY_MAX = 4 * 1024 * 1024, TELEMETRY_GRACE_MS = 500 };

struct telemetry {
    struct telemetry_source source;
    struct loop *loop;
    struct http_server *server;
    pthread_t thread;
    bool running;
    struct loop_task stop;
};

static uint64_t connections(const struct telemetry_source *source)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < source->server_count; i++)
        sum += http_server_connections(source->servers[i]);
    return sum;
}

static enum http_flow telemetry_answer(struct http_exchange *x, void *app)
{
    const struct telemetry *telemetry = app;
    struct deputy_slice text;
    struct buf out = buf_make(http_arena(x), TELEMETRY_MAX);
    metrics_print(&out, telemetry->source.metrics, telemetry->source.metric_count);
    metrics_print_gauge(
            &out, "deputy_connections", "Connections that are open.", connections(&telemetry->source));
    if (telemetry->source.tell != NULL)
        telemetry->source.tell(telemetry->source.owner, &out);
    if (buf_finish(&out, &text) == DEPUTY_OK)
        http_reply(x, 200, "text/plain; version=0.0.4", text);
    else
        http_reply_error(x, 500);
    return HTTP_DONE;
}

static const struct http_route routes[] = {
        {HTTP_METHOD_GET, "/{path...}", HTTP_BODY_NONE, 0, telemetry_answer},
};

static void *telemetry_main(void *ctx)
{
    loop_run(((struct telemetry *)ctx)->loop);
    return NULL;
}

static enum deputy_error telemetry_open(struct telemetry *telemetry, struct place *place, const char **reason)
{
    static const struct http_config config = {.max_connections = 32};
    *reason = "no memory";
    TRY(loop_create(&telemetry->loop));
    TRY(http_server_create(&telemetry->server, telemetry->loop, &config, routes, 1, telemetry));
    TRY(place_listen(place, telemetry->server, reason));
    *reason = "no thread";
    telemetry->running = pthread_create(&telemetry->thread, NULL, telemetry_main, telemetry) == 0;
    return telemetry->running ? DEPUTY_OK : DEPUTY_E_NOMEM;
}

enum deputy_error telemetry_start(struct telemetry **out, struct place *place,
        const struct telemetry_source *source, const char **reason)
{
    struct telemetry *telemetry = calloc(1, sizeof *telemetry);
    *reason = "no memory";
    ENSURE(telemetry != NULL, DEPUTY_E_NOMEM);
    telemetry->source = *source;
    enum deputy_error error = telemetry_open(telemetry, place, reason);
    if (error != DEPUTY_OK) {
        telemetry_stop(telemetry);
        return error;
    }
    *out = telemetry;
    return DEPUTY_OK;
}

static void telemetry_on_drained(void *ctx)
{
    loop_stop(((struct telemetry *)ctx)->loop);
}

static void telemetry_on_stop(void *ctx)
{
    struct telemetry *telemetry = ctx;
    http_server_drain(telemetry->server, TELEMETRY_GRACE_MS, telemetry_on_drained, telemetry);
}

void telemetry_stop(struct telemetry *telemetry)
{
    if (telemetry == NULL)
        return;
    telemetry->stop = (struct loop_task){.run = telemetry_on_stop, .ctx = telemetry};
    if (telemetry->running) {
        loop_post(telemetry->loop, &telemetry->stop);
        pthread_join(telemetry->thread, NULL);
    }
    http_server_destroy(telemetry->server);
    loop_destroy(telemetry->loop);
    free(telemetry);
}
