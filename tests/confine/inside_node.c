/* `deputy node` with somebody inside of it (confine/attempts.h), who is at work when a thread beside the
 * first one reads the clock for the first time. */
#define _GNU_SOURCE
#include "confine/attempts.h"
#include "node/serve.h"
#include <pthread.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static void everything_try(void)
{
    attempt_files_and_programs();
    attempt_tell("all", "told");
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
    const struct node_clock clock = {.now = clock_read};
    return node_serve(environ, argv + (argc > 1 ? 2 : 1), clock); /* as "deputy node" is called */
}
