#include "cli/commands.h"

const struct cli_command *cli_commands(size_t *count)
{
    static const struct cli_command commands[] = {
            {"node", "runs a data node", cmd_node},
            {"keygen", "makes a private key, or a node's secret", cmd_keygen},
            {"compose", "makes one request out of several manifests", cmd_compose},
            {"inspect", "explains a token, and says what is wrong with it", cmd_inspect},
    };
    *count = sizeof commands / sizeof commands[0];
    return commands;
}
