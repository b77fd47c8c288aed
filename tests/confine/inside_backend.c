/*
 * `deputy backend` with somebody inside of it who tries what a fault in it would let others try
 * (confine/attempts.h); INSIDE_NODE and INSIDE_OTHER are ports, the node's and another.
 *
 * It is the backend itself, started as the command starts it. Only two of its seams are used: the clock,
 * which the first request of a page reads, on a loop that serves; and the making of callers, to have the one
 * that the backend made for itself.
 */
#define _GNU_SOURCE
#include "backend/serve.h"
#include "confine/attempts.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

extern char **environ;

/* ---- connections, through the backend's own caller ---- */

static struct {
    struct http_caller *own;     /* the backend's */
    struct http_caller *cunning; /* the same, but that URLs are not looked at */
} callers;

enum deputy_error __real_http_caller_create(
        struct http_caller **out, struct loop *loop, const struct http_caller_config *config);
enum deputy_error __wrap_http_caller_create(
        struct http_caller **out, struct loop *loop, const struct http_caller_config *config);
void __real_http_caller_destroy(struct http_caller *caller);
void __wrap_http_caller_destroy(struct http_caller *caller);

enum deputy_error __wrap_http_caller_create(
        struct http_caller **out, struct loop *loop, const struct http_caller_config *config)
{
    struct http_caller_config any_url = *config;
    enum deputy_error error = __real_http_caller_create(out, loop, config);
    any_url.server = NULL;
    if (error == DEPUTY_OK)
        error = __real_http_caller_create(&callers.cunning, loop, &any_url);
    callers.own = *out;
    return error;
}

void __wrap_http_caller_destroy(struct http_caller *caller)
{
    __real_http_caller_destroy(callers.cunning);
    __real_http_caller_destroy(caller);
    callers.cunning = NULL;
}

struct attempt {
    const char *what;
    char url[64];
};

static void attempt_on_head(void *ctx, const struct http_response *head)
{
    (void)ctx;
    (void)head;
}

static enum http_read attempt_on_part(void *ctx, struct deputy_slice part)
{
    (void)ctx;
    (void)part;
    return HTTP_READ_ON;
}

static void attempt_on_end(void *ctx, enum deputy_error result)
{
    struct attempt *attempt = ctx;
    attempt_tell(attempt->what, result == DEPUTY_OK ? "done" : deputy_error_info(result)->name);
    free(attempt);
}

struct target {
    const char *host, *port; /* the port by its variable */
};

static void request_try(const char *what, struct http_caller *caller, struct target to)
{
    struct attempt *attempt = calloc(1, sizeof *attempt);
    struct http_call *call;
    attempt->what = what;
    snprintf(attempt->url, sizeof attempt->url, "http://%s:%d/healthz", to.host,
            atoi(attempt_variable(to.port)));
    const struct http_call_plan plan = {.method = "GET",
            .url = attempt->url,
            .head_ms = 5000,
            .events = {attempt_on_head, attempt_on_part, attempt_on_end},
            .ctx = attempt};
    enum deputy_error error = http_call_begin(&call, caller, &plan);
    if (error != DEPUTY_OK)
        attempt_on_end(attempt, error);
}

/* ---- the backend ---- */

void attempt_everything(void)
{
    attempt_files_and_programs();
    attempt_connection("connect to the node", "INSIDE_NODE");
    attempt_connection("connect elsewhere", "INSIDE_OTHER");
    request_try("ask another server", callers.own, (struct target){"127.0.0.1", "INSIDE_OTHER"});
    request_try("ask the node by another name", callers.own, (struct target){"localhost", "INSIDE_NODE"});
    request_try("ask another address", callers.cunning, (struct target){"127.0.0.1", "INSIDE_OTHER"});
    request_try("ask another host", callers.cunning, (struct target){"127.0.0.2", "INSIDE_NODE"});
    request_try("ask the node", callers.own, (struct target){"127.0.0.1", "INSIDE_NODE"});
}

int main(int argc, char **argv)
{
    const struct backend_clock clock = {.now = attempt_clock};
    return backend_serve(environ, argv + (argc > 1 ? 2 : 1), clock); /* as "deputy backend" is called */
}
