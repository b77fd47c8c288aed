/* `deputy node` with somebody inside of it (confine/attempts.h), who is at work when a thread beside the
 * first one reads the clock for the first time. */
#include "confine/attempts.h"
#include "node/serve.h"
#include <unistd.h>

extern char **environ;

void attempt_everything(void)
{
    attempt_files_and_programs();
    attempt_tell("all", "told");
}

int main(int argc, char **argv)
{
    const struct node_clock clock = {.now = attempt_clock};
    return node_serve(environ, argv + (argc > 1 ? 2 : 1), clock); /* as "deputy node" is called */
}
