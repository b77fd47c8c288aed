#include "backend/serve.h"
#include "backend/descriptors.h"
#include "backend/local.h"
#include "backend/measure.h"
#include "backend/probe.h"
#include "backend/refresh.h"
#include "backend/session.h"
#include "backend/setup.h"
#include "backend/sweep.h"
#include "backend/watch.h"
#include "base/arena.h"
#include "base/try.h"
#include "run/daemon.h"
#include "run/place.h"
#include "run/settings_backend.h"
#include "run/start.h"
#include <stdio.h>
#include <stdlib.h>

enum { SERVE_ARENA = 16 * 1024 * 1024 };

struct serve {
    struct setup setup;
    struct daemon_plan plan;
    struct reach_sandbox sandbox;
    struct probe *probe;
    struct serve_loop *loops;
    bool kept_up; /* some loop has what looks after the grants of all */
};

/* The app of a loop's handlers, and what else is on it. */
struct serve_loop {
    struct backend_loop on; /* first: it is what handlers see */
    struct grant_sweep *sweep;
    struct sidecar_refresh *refresh;
    struct serve_loop *next;
};

/* What the refusal is about counts when it is of this failure. */
static void complain_of(
        struct deputy_arena *arena, enum deputy_error code, const struct deputy_refusal *refusal)
{
    const struct deputy_refusal bare = {.code = code};
    struct deputy_slice text;
    if (deputy_refusal_format(arena, &text, refusal->code == code ? refusal : &bare) != DEPUTY_OK)
        text = deputy_slice_text(deputy_error_info(code)->text);
    fprintf(stderr, "deputy backend: %.*s\n", (int)text.len, (const char *)text.ptr);
}

/* ---- what all loops share ---- */

static enum deputy_error serve_open_all(void *owner, unsigned loops)
{
    struct serve *serve = owner;
    struct backend *backend = &serve->setup.backend;
    const char *directory = (const char *)serve->setup.directory.ptr;
    (void)loops;
    TRY(grants_open(&backend->grants, directory, backend->identity));
    TRY(sessions_create(&backend->sessions));
    TRY(descriptors_create(&backend->descriptors));
    return grant_watch_create(&backend->watch);
}

/* It has a thread of its own, and so must not begin before the sandbox does. */
static enum deputy_error serve_start_all(void *owner)
{
    struct serve *serve = owner;
    struct backend *backend = &serve->setup.backend;
    const struct probe_target target = {.node = backend->node,
            .authorities = backend->authorities,
            .guarded = reach_is_guarded(&serve->setup.reach),
            .reached = &backend->public_of->info.node_reached};
    return probe_start(&serve->probe, &target);
}

/* What the pool does for a session knows its loop's app until the sessions have waited for it. */
static void loops_free(struct serve *serve)
{
    for (struct serve_loop *of = serve->loops, *next; of != NULL; of = next) {
        next = of->next;
        free(of);
    }
    serve->loops = NULL;
}

static void serve_close_all(void *owner)
{
    struct serve *serve = owner;
    struct backend *backend = &serve->setup.backend;
    probe_stop(serve->probe);
    grant_watch_destroy(backend->watch);
    descriptors_destroy(backend->descriptors);
    sessions_destroy(backend->sessions);
    loops_free(serve);
    grants_close(backend->grants);
    serve->probe = NULL;
    backend->watch = NULL;
    backend->descriptors = NULL;
    backend->sessions = NULL;
    backend->grants = NULL;
}

static enum deputy_error serve_open_all_or_close(void *owner, unsigned loops)
{
    enum deputy_error result = serve_open_all(owner, loops);
    if (result != DEPUTY_OK)
        serve_close_all(owner);
    return result;
}

static void serve_tell(void *owner, struct buf *out)
{
    const struct serve *serve = owner;
    measure_backend(&serve->setup.backend, out);
}

/* ---- a loop ---- */

static enum deputy_error loop_fill(struct serve *serve, struct serve_loop *of)
{
    struct http_caller_config caller = reach_caller(&serve->setup.reach, serve->setup.backend.node);
    caller.authorities = serve->setup.backend.authorities;
    TRY(http_caller_create(&of->on.caller, of->on.loop, &caller));
    if (serve->kept_up)
        return DEPUTY_OK;
    serve->kept_up = true;
    TRY(grant_sweep_create(&of->sweep, &of->on));
    return serve->setup.public_of.sidecar_intake ? sidecar_refresh_create(&of->refresh, &of->on) : DEPUTY_OK;
}

/* What looks after the grants uses what is closed after the loops, and the loop's app. */
static void serve_close_loop(void *app)
{
    struct serve_loop *of = app;
    grant_sweep_destroy(of->sweep);
    sidecar_refresh_destroy(of->refresh);
    http_caller_destroy(of->on.caller);
}

static enum deputy_error serve_open_loop(void **app, void *owner, struct loop *loop, struct metrics *metrics)
{
    struct serve *serve = owner;
    struct serve_loop *of = calloc(1, sizeof *of);
    ENSURE(of != NULL, DEPUTY_E_NOMEM);
    of->on = (struct backend_loop){.backend = &serve->setup.backend, .loop = loop, .metrics = metrics};
    of->next = serve->loops;
    serve->loops = of;
    enum deputy_error result = loop_fill(serve, of);
    if (result != DEPUTY_OK) {
        serve_close_loop(of);
        return result;
    }
    *app = of;
    return DEPUTY_OK;
}

/* A node that is silent does not hold up the end. */
static void serve_hurry_loop(void *app)
{
    http_caller_end(((struct serve_loop *)app)->on.caller);
}

/* ---- the plan ---- */

static void serve_confine(struct serve *serve)
{
    const struct setup *setup = &serve->setup;
    reach_sandbox_fill(&serve->sandbox, &setup->reach, (const char *)setup->directory.ptr, &setup->evidence);
    serve->sandbox.plan.mode = start_sandbox(setup->config, "sandbox");
    serve->plan.sandbox = &serve->sandbox.plan;
}

static enum deputy_error serve_listen(struct serve *serve, struct daemon_door *door)
{
    const struct config *config = serve->setup.config;
    TRY(start_listen(door, config, "listen"));
    if (door->listen_count > 0)
        return DEPUTY_OK;
    door->listen_count = 1;
    return start_address(serve->setup.arena, &door->listen[0], config, "port");
}

/* Without one, nothing is asked locally. */
static enum deputy_error serve_local(struct serve *serve)
{
    const struct config *config = serve->setup.config;
    struct daemon_door *door = &serve->plan.doors[1];
    TRY(start_listen(door, config, "local.listen"));
    if (door->listen_count == 0)
        return DEPUTY_OK;
    serve->plan.door_count = 2;
    door->plain = true;
    door->routes = local_routes(&door->route_count);
    door->http = (struct http_config){.max_connections = (size_t)config_integer(config, "max_connections"),
            .on_error = local_on_error,
            .on_answer = measure_answer_of_backend};
    return place_mode_read(&door->socket_mode, config_text(config, "local.socket_mode"));
}

static void door_fill(struct serve *serve, struct daemon_door *door)
{
    const struct config *config = serve->setup.config;
    door->routes = frame_http_routes(serve->setup.backend.public_of->frame, &door->route_count);
    door->http = (struct http_config){.max_connections = (size_t)config_integer(config, "max_connections"),
            .max_per_peer = (size_t)config_integer(config, "max_connections_per_address"),
            .on_error = frame_on_error,
            .on_answer = measure_answer_of_backend};
}

/* Exit status 2 with a message, or 0. */
static int plan_fill(struct serve *serve)
{
    const struct config *config = serve->setup.config;
    struct daemon_door *door = &serve->plan.doors[0];
    serve->plan = (struct daemon_plan){.name = "backend",
            .door_count = 1,
            .telemetry = config_text(config, "telemetry"),
            .tls_certificate = (const char *)config_text(config, "tls.cert").ptr,
            .tls_key = (const char *)config_text(config, "tls.key").ptr,
            .threads = (unsigned)config_integer(config, "threads"),
            .open_all = serve_open_all_or_close,
            .start_all = serve_start_all,
            .open_loop = serve_open_loop,
            .close_loop = serve_close_loop,
            .hurry_loop = serve_hurry_loop,
            .close_all = serve_close_all,
            .tell = serve_tell,
            .owner = serve};
    if (serve_listen(serve, door) != DEPUTY_OK)
        return fprintf(stderr, "deputy backend: at most %d addresses to listen on\n", DAEMON_MAX_LISTEN), 2;
    if (serve_local(serve) != DEPUTY_OK)
        return fprintf(stderr,
                       "deputy backend: local.listen takes at most %d places, and local.socket_mode octal "
                       "digits such as 0660\n",
                       DAEMON_MAX_LISTEN),
               2;
    if (place_mode_read(&door->socket_mode, config_text(config, "socket_mode")) != DEPUTY_OK)
        return fprintf(stderr, "deputy backend: socket_mode: expected octal digits such as 0660\n"), 2;
    if ((serve->plan.tls_certificate == NULL) != (serve->plan.tls_key == NULL))
        return fprintf(stderr, "deputy backend: tls.cert and tls.key belong together\n"), 2;
    door_fill(serve, door);
    serve_confine(serve);
    return 0;
}

/* ---- the start ---- */

/* Who it is: people compare it with what a page shows before they grant anything. */
static void tell_identity(const struct serve *serve)
{
    struct deputy_slice did = backend_identity_did(serve->setup.backend.identity);
    fprintf(stderr, "deputy backend: %.*s (key: %s)\n", (int)did.len, (const char *)did.ptr,
            setup_key_source(&serve->setup));
    if (config_boolean(serve->setup.config, "dev"))
        fprintf(stderr, "deputy backend: --dev: pages of localhost may ask, and the node may be anywhere; "
                        "use this for development only\n");
    if (serve->setup.public_of.simulated)
        fprintf(stderr, "deputy backend: the guest agent is a simulator: its keys are known, and its "
                        "evidence proves nothing\n");
}

static int serve_run(struct serve *serve)
{
    struct backend *backend = &serve->setup.backend;
    struct deputy_refusal refusal = {.code = DEPUTY_OK};
    start_log(serve->setup.config);
    enum deputy_error result = setup_identify(&serve->setup, &refusal);
    if (result == DEPUTY_OK)
        result = public_create(&backend->public_of, backend, &serve->setup.public_of);
    if (result != DEPUTY_OK)
        return complain_of(serve->setup.arena, result, &refusal), 1;
    int status = plan_fill(serve);
    if (status == 0) {
        tell_identity(serve);
        status = daemon_run(&serve->plan);
    }
    public_destroy(backend->public_of);
    return status;
}

/* A policy that exceeds the manifest is no misspelt setting, but no backend to run either. */
static int serve_with(struct serve *serve, char *const *arguments)
{
    struct setup *setup = &serve->setup;
    struct deputy_refusal refusal = {.code = DEPUTY_OK};
    enum deputy_error result = config_read(
            setup->arena, &setup->config, &refusal, &settings_backend, setup->environment, arguments);
    if (result == DEPUTY_OK)
        result = setup_read(setup, &refusal);
    if (result == DEPUTY_OK && config_check_only(setup->config))
        return start_print_settings(setup->arena, setup->config);
    if (result == DEPUTY_OK)
        return serve_run(serve);
    complain_of(setup->arena, result, &refusal);
    return result == DEPUTY_E_POLICY_EXCEEDS ? 1 : 2;
}

int backend_serve(char *const *environment, char *const *arguments, struct backend_clock clock)
{
    struct serve serve = {.setup = {.environment = environment, .backend = {.clock = clock}}};
    enum deputy_error result = deputy_arena_create(&serve.setup.arena, SERVE_ARENA);
    if (result != DEPUTY_OK) {
        fprintf(stderr, "deputy backend: %s\n", deputy_error_info(result)->text);
        return 1;
    }
    int status = serve_with(&serve, arguments);
    setup_end(&serve.setup);
    deputy_arena_destroy(serve.setup.arena);
    return status;
}
