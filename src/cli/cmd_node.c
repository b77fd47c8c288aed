/* deputy node: the data node. Its settings are those of run/settings_node.h. */
#include "cli/commands.h"
#include "cli/upkeep_verb.h"
#include "node/serve.h"

extern char **environ;

static struct deputy_time read_clock(void *ctx)
{
    (void)ctx;
    return cli_now();
}

static void print_help(void)
{
    printf("usage: deputy node [options]\n"
           "       deputy node doctor | backup DIR | restore DIR | gc [options]\n\n"
           "Runs a data node until it is told to end (SIGTERM). It prints \"ready http://...\" once it "
           "serves.\n\n"
           "The verbs look after its data, beside it or while it is down; 'deputy node VERB --help' "
           "explains one.\n\n"
           "options:\n"
           "  --listen HOST:PORT[,...]   where to listen (default 127.0.0.1:8000)\n"
           "  --data DIR                 the directory that holds everything (default ./data)\n"
           "  --config FILE              a TOML file (default tinycloud.toml when it is there)\n"
           "  --threads N                event loops (default: one for each core)\n"
           "  --log-format text|json     how it logs, on standard error\n"
           "  --dev                      take the published sample secret; never in production\n"
           "  --check-config             print every setting and where it comes from, and end\n\n"
           "The node's secret is keys.secret in the file, or TINYCLOUD_KEYS__SECRET; 'deputy keygen --kind "
           "secret' makes\n"
           "one. Exit codes: 0 ended well; 1 could not start or end well; 2 settings that cannot be used.\n");
}

static const struct {
    const char *name;
    int (*run)(struct cli *cli, int argc, char **argv);
} verbs[] = {
        {"doctor", cmd_node_doctor},
        {"backup", cmd_node_backup},
        {"restore", cmd_node_restore},
        {"gc", cmd_node_gc},
};

int cmd_node(struct cli *cli, int argc, char **argv)
{
    struct node_clock clock = {.now = read_clock};
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        print_help();
        return CLI_YES;
    }
    for (size_t i = 0; argc > 1 && i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(argv[1], verbs[i].name) == 0)
            return verbs[i].run(cli, argc - 1, argv + 1);
    }
    return node_serve(environ, argv + 1, clock);
}
