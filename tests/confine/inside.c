/*
 * `deputy backend` with somebody inside of it who tries what a fault in it would let others try, and says
 * what came of that on standard error: "inside: WHAT: done", or why not.
 *
 * It is the backend itself, started as the command starts it. Only two of its seams are used: the clock,
 * which the first request of a page reads, on a loop that serves; and the making of callers, to have the one
 * that the backend made for itself.
 *
 * The environment says at what: INSIDE_FILE, a file outside of what the backend needs; INSIDE_DATA, a file to
 * make within; INSIDE_NODE and INSIDE_OTHER, ports of 127.0.0.1 where somebody listens, the node's and
 * another.
 */
#define _GNU_SOURCE
#include "backend/serve.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

/* ---- what is told ---- */

static void tell(const char *what, const char *outcome)
{
    fprintf(stderr, "inside: %s: %s\n", what, outcome);
}

/* Of a call that gives a negative number when it fails. */
static void tell_call(const char *what, long result)
{
    tell(what, result >= 0 ? "done" : strerrorname_np(errno));
}

/* ---- files ---- */

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value != NULL ? value : "/nonexistent";
}

static void file_try(const char *what, const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);
    tell_call(what, fd);
    if (fd >= 0)
        close(fd);
}

static void files_try(void)
{
    char beside[4096];
    snprintf(beside, sizeof beside, "%s.new", variable("INSIDE_FILE"));
    file_try("read a file outside", variable("INSIDE_FILE"), O_RDONLY);
    file_try("write a file outside", variable("INSIDE_FILE"), O_WRONLY);
    file_try("make a file outside", beside, O_WRONLY | O_CREAT);
    tell_call("remove a file outside", unlink(variable("INSIDE_FILE")));
    file_try("read its own environment", "/proc/self/environ", O_RDONLY);
    file_try("read the accounts", "/etc/passwd", O_RDONLY);
    file_try("make a file inside", variable("INSIDE_DATA"), O_WRONLY | O_CREAT);
}

/* ---- programs ---- */

/* Where a process cannot be made, the program would take our place: then nothing more is told. */
static void programs_try(void)
{
    char *const arguments[] = {(char *)(uintptr_t) "/bin/true", NULL};
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        execv(arguments[0], arguments);
        _exit(1);
    }
    tell_call("make a process", child);
    if (child < 0) {
        tell_call("run a program", execv(arguments[0], arguments));
        return;
    }
    waitpid(child, &status, 0);
    tell("run a program", WIFEXITED(status) && WEXITSTATUS(status) == 0 ? "done" : "failed");
}

/* ---- connections, around the backend's own caller ---- */

static void connection_try(const char *what, const char *port)
{
    const struct sockaddr_in to = {.sin_family = AF_INET,
            .sin_port = htons((uint16_t)atoi(variable(port))),
            .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    tell_call(what, connect(fd, (const struct sockaddr *)&to, sizeof to));
    close(fd);
}

/* ---- connections, through it ---- */

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
    tell(attempt->what, result == DEPUTY_OK ? "done" : deputy_error_info(result)->name);
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
    snprintf(attempt->url, sizeof attempt->url, "http://%s:%d/healthz", to.host, atoi(variable(to.port)));
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

static void everything_try(void)
{
    files_try();
    tell_call("look into a process", ptrace(PTRACE_SEIZE, getppid(), NULL, NULL));
    programs_try();
    connection_try("connect to the node", "INSIDE_NODE");
    connection_try("connect elsewhere", "INSIDE_OTHER");
    request_try("ask another server", callers.own, (struct target){"127.0.0.1", "INSIDE_OTHER"});
    request_try("ask the node by another name", callers.own, (struct target){"localhost", "INSIDE_NODE"});
    request_try("ask another address", callers.cunning, (struct target){"127.0.0.1", "INSIDE_OTHER"});
    request_try("ask another host", callers.cunning, (struct target){"127.0.0.2", "INSIDE_NODE"});
    request_try("ask the node", callers.own, (struct target){"127.0.0.1", "INSIDE_NODE"});
}

static struct deputy_time clock_read(void *ctx)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct timespec now;
    (void)ctx;
    if (gettid() != getpid())
        pthread_once(&once, everything_try);
    clock_gettime(CLOCK_REALTIME, &now);
    return (struct deputy_time){.sec = now.tv_sec, .nsec = (uint32_t)now.tv_nsec};
}

int main(int argc, char **argv)
{
    const struct backend_clock clock = {.now = clock_read};
    return backend_serve(environ, argv + (argc > 1 ? 2 : 1), clock); /* as "deputy backend" is called */
}
