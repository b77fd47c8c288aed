/* deputy encrypt: an envelope to a network, which needs nobody's leave. */
#include "cli/commands.h"
#include "cli/io.h"
#include "cli/output.h"
#include "cli/sealing.h"

struct encrypt {
    struct actor_options who;
    const char *network;
    const char *node_did;
    const char *output;
};

/* Only a network that is named and not given by its id needs somebody whose it is. */
static int find_network(struct cli *cli, struct deputy_slice *id, const struct encrypt *encrypt)
{
    struct actor actor = {0};
    int code = CLI_YES;
    bool by_id = encrypt->network != NULL && strncmp(encrypt->network, "urn:", strlen("urn:")) == 0;
    if (!by_id)
        code = actor_open(cli, &actor, &encrypt->who);
    if (code == CLI_YES && !sealing_network_id(cli, id, by_id ? NULL : &actor, encrypt->network))
        code = CLI_UNUSABLE;
    actor_close(&actor);
    return code;
}

static int seal(struct cli *cli, const struct encrypt *encrypt, const char *file,
        const struct deputy_network_descriptor *network)
{
    struct deputy_slice plaintext, envelope;
    if (!sealing_read_secret(cli, &plaintext, file))
        return CLI_UNUSABLE;
    int code = sealing_seal(cli, &envelope, network, plaintext);
    sealing_wipe(plaintext);
    if (code != CLI_YES)
        return code;
    if (encrypt->output != NULL && strcmp(encrypt->output, "-") != 0)
        return io_write(encrypt->output, envelope) ? CLI_YES : CLI_UNUSABLE;
    cli_put_json(envelope);
    return CLI_YES;
}

int cmd_encrypt(struct cli *cli, int argc, char **argv)
{
    struct encrypt encrypt = {0};
    struct option_list arguments;
    struct deputy_slice id;
    struct deputy_network_descriptor network;
    const struct option rows[] = {
            {.name = "network",
                    .value = "NAME|ID",
                    .help = "encrypt to this network (default)",
                    .text = &encrypt.network},
            SEALING_NODE_OPTION(encrypt.node_did),
            {.name = "output",
                    .value = "FILE",
                    .help = "where the envelope goes; -o for short",
                    .text = &encrypt.output},
            ACTOR_OPTIONS(encrypt.who),
    };
    const struct option_table table = {"encrypt [FILE] [options]",
            "Encrypts a file, or standard input, to an encryption network: the one of whoever signed in, or "
            "the\n"
            "one that is named. Nobody's leave is needed for that; 'deputy decrypt' needs the network's.",
            rows, sizeof rows / sizeof rows[0]};
    enum option_result result = options_read(&table, argc, argv, &arguments);
    if (result != OPTION_GO_ON)
        return options_exit(result);
    if (arguments.count > 1)
        return cli_complain("encrypt takes one file"), CLI_UNUSABLE;
    int code = find_network(cli, &id, &encrypt);
    if (code == CLI_YES)
        code = sealing_network(cli, &network, id, encrypt.node_did);
    if (code == CLI_YES)
        code = seal(cli, &encrypt, arguments.count > 0 ? arguments.items[0] : NULL, &network);
    return code;
}
