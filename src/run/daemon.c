#define _GNU_SOURCE
#include "run/daemon.h"
#include "base/try.h"
#include "run/certificate.h"
#include "run/confine.h"
#include "run/log.h"
#include "run/places.h"
#include "run/systemd.h"
#include "run/telemetry.h"
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    DAEMON_MAX_THREADS = 256,
    DAEMON_GRACE_MS = 2000, /* for running requests (spec/03 section 16.1) */
    DAEMON_HURRY_MS = 1500, /* until what waits for others is given up */
    DAEMON_MERCY_S = 5,     /* for everything; then the process ends as if it had been killed */
};

struct daemon_loop {
    const struct daemon_plan *plan;
    struct loop *loop;
    struct loop_timer *hurry; /* NULL: none is needed */
    struct http_server *servers[DAEMON_MAX_DOORS];
    size_t draining; /* servers that have not drained yet */
    void *app;
    bool opened;
    bool started;
    pthread_t thread;
    struct loop_task stop;
};

struct daemon {
    const struct daemon_plan *plan;
    struct places places;
    struct telemetry *telemetry;
    struct place telemetry_place;
    struct metrics **metrics;     /* of each loop, */
    struct http_server **servers; /* and all its servers: what telemetry reads */
    struct daemon_loop *loops;
    unsigned count;
    bool opened;
    struct sandbox_state sandbox;
};

/* ---- start ---- */

static unsigned thread_count(unsigned wanted)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned count = wanted != 0 ? wanted : (cores > 0 ? (unsigned)cores : 1);
    return count < DAEMON_MAX_THREADS ? count : DAEMON_MAX_THREADS;
}

/* ---- TLS ---- */

static enum deputy_error identity_load(struct tls_identity **out, const struct daemon *daemon)
{
    *out = NULL;
    if (daemon->plan->tls_certificate == NULL)
        return DEPUTY_OK;
    return certificate_load(out, daemon->plan->tls_certificate, daemon->plan->tls_key);
}

static void identity_send_all(const struct daemon *daemon, struct tls_identity *identity)
{
    for (unsigned i = 0; i < daemon->count; i++) {
        for (size_t door = 0; door < daemon->plan->door_count; door++) {
            if (!daemon->plan->doors[door].plain)
                certificate_send(daemon->loops[i].loop, daemon->loops[i].servers[door], identity);
        }
    }
}

static void daemon_reload(const struct daemon *daemon)
{
    struct tls_identity *identity;
    systemd_notify_reloading();
    enum deputy_error error = identity_load(&identity, daemon);
    if (error != DEPUTY_OK)
        log_event(LOG_FAILURE, "tls.kept", LOG_ERROR(error), LOG_END);
    else if (identity == NULL)
        log_event(LOG_INFO, "daemon.nothing-to-reload", LOG_END);
    else
        log_event(LOG_INFO, "tls.reloaded", LOG_END);
    if (identity != NULL)
        identity_send_all(daemon, identity);
    tls_identity_release(identity);
    systemd_notify("READY=1");
}

/* ---- loops ---- */

static enum deputy_error door_open(
        struct daemon *daemon, struct daemon_loop *on, size_t index, struct tls_identity *identity)
{
    const struct daemon_door *door = &daemon->plan->doors[index];
    struct http_server **server = &on->servers[index];
    TRY(http_server_create(server, on->loop, &door->http, door->routes, door->route_count, on->app));
    if (identity != NULL && !door->plain)
        TRY(http_server_secure(*server, identity));
    return places_listen(&daemon->places, index, *server);
}

static void loop_on_hurry(void *ctx)
{
    const struct daemon_loop *on = ctx;
    on->plan->hurry_loop(on->app);
}

static void loop_on_rest(void *ctx)
{
    const struct daemon_loop *on = ctx;
    if (on->opened && on->plan->rest_loop != NULL)
        on->plan->rest_loop(on->app);
    log_flush();
}

static enum deputy_error loop_open(
        struct daemon *daemon, struct daemon_loop *on, struct tls_identity *identity)
{
    const struct daemon_plan *plan = daemon->plan;
    TRY(loop_create(&on->loop));
    loop_before_wait(on->loop, loop_on_rest, on);
    on->plan = plan;
    struct metrics **metrics = &daemon->metrics[on - daemon->loops];
    if (deputy_slice_present(plan->telemetry))
        TRY(metrics_create(metrics));
    on->app = plan->owner;
    if (plan->open_loop != NULL)
        TRY(plan->open_loop(&on->app, plan->owner, on->loop, *metrics));
    on->opened = true;
    if (plan->hurry_loop != NULL)
        TRY(loop_timer_create(&on->hurry, on->loop, loop_on_hurry, on));
    for (size_t i = 0; i < plan->door_count; i++)
        TRY(door_open(daemon, on, i, identity));
    return DEPUTY_OK;
}

/* Those of one loop behind those of the one before. */
static size_t servers_list(struct daemon *daemon)
{
    size_t count = 0;
    for (unsigned i = 0; i < daemon->count; i++) {
        for (size_t door = 0; door < daemon->plan->door_count; door++)
            daemon->servers[count++] = daemon->loops[i].servers[door];
    }
    return count;
}

static enum deputy_error telemetry_begin(struct daemon *daemon)
{
    struct deputy_slice text = daemon->plan->telemetry;
    struct place *place = &daemon->telemetry_place;
    const char *reason;
    if (!deputy_slice_present(text))
        return DEPUTY_OK;
    struct telemetry_source source = {.metrics = daemon->metrics,
            .metric_count = daemon->count,
            .servers = daemon->servers,
            .server_count = servers_list(daemon),
            .tell = daemon->plan->tell,
            .owner = daemon->plan->owner};
    if (place_read(place, text, &reason) != DEPUTY_OK ||
            telemetry_start(&daemon->telemetry, place, &source, &reason) != DEPUTY_OK)
        return place_refused(daemon->plan->name, place, reason);
    return DEPUTY_OK;
}

static enum deputy_error loops_open(struct daemon *daemon)
{
    struct tls_identity *identity;
    TRY(identity_load(&identity, daemon));
    enum deputy_error error = DEPUTY_OK;
    for (unsigned i = 0; i < daemon->count && error == DEPUTY_OK; i++)
        error = loop_open(daemon, &daemon->loops[i], identity);
    tls_identity_release(identity);
    return error;
}

static void *loop_main(void *ctx)
{
    log_gather();
    loop_run(((struct daemon_loop *)ctx)->loop);
    return NULL;
}

static enum deputy_error sandbox_begin(struct daemon *daemon)
{
    const struct daemon_plan *plan = daemon->plan;
    struct confine_paths paths = {.count = 0};
    if (plan->sandbox == NULL)
        return DEPUTY_OK;
    for (size_t i = 0; i < daemon->places.count; i++) {
        const struct place *place = &daemon->places.items[i].place;
        if (place->path[0] == '/' && (place->made || place->fd < 0))
            confine_add_directory(&paths, place->path, place->made ? SANDBOX_REMOVES : SANDBOX_SOCKETS);
    }
    confine_add_directory(&paths, plan->tls_certificate, SANDBOX_READS);
    confine_add_directory(&paths, plan->tls_key, SANDBOX_READS);
    enum deputy_error error = confine_enter(&daemon->sandbox, plan->sandbox, &paths);
    confine_end(&paths);
    if (error == DEPUTY_E_SANDBOX)
        sandbox_log(&daemon->sandbox);
    return error;
}

static enum deputy_error daemon_open(struct daemon *daemon)
{
    const struct daemon_plan *plan = daemon->plan;
    daemon->count = thread_count(plan->threads);
    daemon->loops = calloc(daemon->count, sizeof *daemon->loops);
    daemon->metrics = calloc(daemon->count, sizeof(struct metrics *));
    daemon->servers = calloc(daemon->count * DAEMON_MAX_DOORS, sizeof(struct http_server *));
    ENSURE(daemon->loops != NULL && daemon->metrics != NULL && daemon->servers != NULL, DEPUTY_E_NOMEM);
    TRY(places_read(&daemon->places, plan));
    if (plan->sandbox_first)
        TRY(sandbox_begin(daemon));
    if (plan->open_all != NULL)
        TRY(plan->open_all(plan->owner, daemon->count));
    daemon->opened = true;
    TRY(places_open(&daemon->places));
    TRY(loops_open(daemon));
    if (!plan->sandbox_first)
        TRY(sandbox_begin(daemon));
    if (plan->start_all != NULL)
        TRY(plan->start_all(plan->owner));
    TRY(telemetry_begin(daemon));
    for (unsigned i = 0; i < daemon->count; i++) {
        struct daemon_loop *on = &daemon->loops[i];
        ENSURE(pthread_create(&on->thread, NULL, loop_main, on) == 0, DEPUTY_E_NOMEM);
        on->started = true;
    }
    return DEPUTY_OK;
}

static void telemetry_log(const struct place *place)
{
    char text[64];
    address_print(text, &place->address);
    log_event(LOG_INFO, "telemetry.listening", LOG_ADDRESS("address", deputy_slice_text(text)), LOG_END);
}

static void ready_tell(const struct daemon *daemon)
{
    if (daemon->plan->sandbox != NULL)
        sandbox_log(&daemon->sandbox);
    places_tell(&daemon->places);
    if (daemon->telemetry != NULL)
        telemetry_log(&daemon->telemetry_place);
    systemd_notify("READY=1");
}

/* ---- the end ---- */

static void loop_on_drained(void *ctx)
{
    struct daemon_loop *on = ctx;
    if (--on->draining == 0)
        loop_stop(on->loop);
}

static void loop_on_stop(void *ctx)
{
    struct daemon_loop *on = ctx;
    struct http_server **end = on->servers;
    while (end < on->servers + DAEMON_MAX_DOORS && *end != NULL)
        end++;
    on->draining = (size_t)(end - on->servers);
    if (on->hurry != NULL)
        loop_timer_start(on->hurry, DAEMON_HURRY_MS, 0);
    for (struct http_server **server = on->servers; server < end; server++)
        http_server_drain(*server, DAEMON_GRACE_MS, loop_on_drained, on);
}

/* A commit under way when time is up is finished or rolled back by the store, at the next start. */
static void loops_join(struct daemon *daemon)
{
    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += DAEMON_MERCY_S;
    for (unsigned i = 0; i < daemon->count; i++) {
        struct daemon_loop *on = &daemon->loops[i];
        if (on->started && pthread_timedjoin_np(on->thread, NULL, &deadline) != 0) {
            log_event(LOG_FAILURE, "daemon.cut-off", LOG_END);
            _exit(1);
        }
    }
}

static void loops_stop(struct daemon *daemon)
{
    for (unsigned i = 0; i < daemon->count; i++) {
        struct daemon_loop *on = &daemon->loops[i];
        on->stop = (struct loop_task){.run = loop_on_stop, .ctx = on};
        if (on->started)
            loop_post(on->loop, &on->stop);
    }
    loops_join(daemon);
}

static void loops_end(struct daemon *daemon)
{
    const struct daemon_plan *plan = daemon->plan;
    loops_stop(daemon);
    for (unsigned i = 0; i < daemon->count; i++) {
        struct daemon_loop *on = &daemon->loops[i];
        for (size_t door = 0; door < plan->door_count; door++)
            http_server_destroy(on->servers[door]);
        loop_timer_destroy(on->hurry);
        if (on->opened && plan->close_loop != NULL)
            plan->close_loop(on->app);
        metrics_destroy(daemon->metrics[i]);
    }
    places_close(&daemon->places);
    if (daemon->opened && plan->close_all != NULL)
        plan->close_all(plan->owner);
    for (unsigned i = 0; i < daemon->count; i++)
        loop_destroy(daemon->loops[i].loop);
    free(daemon->loops);
}

static void daemon_close(struct daemon *daemon)
{
    telemetry_stop(daemon->telemetry);
    if (daemon->loops != NULL)
        loops_end(daemon);
    free(daemon->metrics);
    free(daemon->servers);
}

/* Blocked here, so that every thread made later has them blocked, and only daemon_run takes them. */
static void signals_block(sigset_t *ending)
{
    sigemptyset(ending);
    sigaddset(ending, SIGTERM);
    sigaddset(ending, SIGINT);
    sigaddset(ending, SIGHUP);
    pthread_sigmask(SIG_BLOCK, ending, NULL);
    signal(SIGPIPE, SIG_IGN);
}

int daemon_run(const struct daemon_plan *plan)
{
    struct daemon daemon = {.plan = plan};
    sigset_t ending;
    int signal_number;
    signals_block(&ending);
    enum deputy_error error = daemon_open(&daemon);
    if (error == DEPUTY_OK) {
        ready_tell(&daemon);
        while (sigwait(&ending, &signal_number) == 0 && signal_number == SIGHUP)
            daemon_reload(&daemon);
        log_event(LOG_INFO, "daemon.ending", LOG_END);
        systemd_notify("STOPPING=1");
    } else if (error != DEPUTY_E_LISTEN) {
        fprintf(stderr, "deputy %s: %s\n", plan->name, deputy_error_info(error)->text);
    }
    daemon_close(&daemon);
    return error == DEPUTY_OK ? 0 : 1;
}
