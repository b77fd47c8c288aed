#define _GNU_SOURCE
#include "confine/attempts.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- what is told ---- */

void attempt_tell(const char *what, const char *outcome)
{
    fprintf(stderr, "inside: %s: %s\n", what, outcome);
}

/* Of a call that gives a negative number when it fails. */
static void tell_call(const char *what, long result)
{
    attempt_tell(what, result >= 0 ? "done" : strerrorname_np(errno));
}

/* ---- when ---- */

struct deputy_time attempt_clock(void *ctx)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct timespec now;
    (void)ctx;
    if (gettid() != getpid())
        pthread_once(&once, attempt_everything);
    clock_gettime(CLOCK_REALTIME, &now);
    return (struct deputy_time){.sec = now.tv_sec, .nsec = (uint32_t)now.tv_nsec};
}

/* ---- files ---- */

const char *attempt_variable(const char *name)
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
    snprintf(beside, sizeof beside, "%s.new", attempt_variable("INSIDE_FILE"));
    file_try("read a file outside", attempt_variable("INSIDE_FILE"), O_RDONLY);
    file_try("write a file outside", attempt_variable("INSIDE_FILE"), O_WRONLY);
    file_try("make a file outside", beside, O_WRONLY | O_CREAT);
    tell_call("remove a file outside", unlink(attempt_variable("INSIDE_FILE")));
    file_try("read its own environment", "/proc/self/environ", O_RDONLY);
    file_try("read the accounts", "/etc/passwd", O_RDONLY);
    file_try("make a file inside", attempt_variable("INSIDE_DATA"), O_WRONLY | O_CREAT);
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
    attempt_tell("run a program", WIFEXITED(status) && WEXITSTATUS(status) == 0 ? "done" : "failed");
}

/* ---- connections ---- */

void attempt_connection(const char *what, const char *port)
{
    const struct sockaddr_in to = {.sin_family = AF_INET,
            .sin_port = htons((uint16_t)atoi(attempt_variable(port))),
            .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    tell_call(what, connect(fd, (const struct sockaddr *)&to, sizeof to));
    close(fd);
}

/* ---- all of it ---- */

void attempt_files_and_programs(void)
{
    files_try();
    tell_call("look into a process", ptrace(PTRACE_SEIZE, getppid(), NULL, NULL));
    programs_try();
}
