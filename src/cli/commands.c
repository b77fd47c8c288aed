#include "cli/commands.h"

const struct cli_command *cli_commands(size_t *count)
{
    static const struct cli_command commands[] = {
            {"keygen", "makes a private key, or a node's secret", cmd_keygen},
    };
    *count = sizeof commands / sizeof commands[0];
    return commands;
}
