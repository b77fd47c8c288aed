#include "cli/commands.h"

const struct cli_command *cli_commands(size_t *count)
{
    static const struct cli_command commands[] = {
            {"node", "runs a data node", cmd_node},
            {"backend", "runs a backend that acts for its users, as far as they grant it", cmd_backend},
            {"keygen", "makes a private key, or a node's secret", cmd_keygen},
            {"compose", "makes one request out of several manifests", cmd_compose},
            {"sign-in", "has a wallet sign one message, and keeps a session", cmd_sign_in},
            {"delegate", "passes a part of the session on, without the wallet", cmd_delegate},
            {"inspect", "explains a token, and says what is wrong with it", cmd_inspect},
            {"invoke", "makes one request to a data node", cmd_invoke},
            {"kv", "reads, writes, lists and removes values", cmd_kv},
            {"sql", "runs SQL in a database of a space", cmd_sql},
            {"network", "makes, shows and revokes encryption networks", cmd_network},
            {"encrypt", "encrypts to an encryption network", cmd_encrypt},
            {"decrypt", "opens an envelope with the help of its network's node", cmd_decrypt},
            {"secret", "keeps secrets, encrypted, with the data of their owner", cmd_secret},
            {"attest", "verifies evidence of what runs where, asks for it, pretends it", cmd_attest},
            {"revoke", "takes a delegation back", cmd_revoke},
    };
    *count = sizeof commands / sizeof commands[0];
    return commands;
}
