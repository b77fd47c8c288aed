/* deputy decrypt: opens an envelope with the help of its network's node. */
#include "cli/commands.h"
#include "cli/invocation.h"
#include "cli/io.h"
#include "cli/output.h"
#include "cli/sealing.h"

struct decrypt {
    struct actor_options who;
    const char *node_did;
    const char *output;
};

static int report(struct cli *cli, const struct decrypt *decrypt, const struct deputy_envelope *envelope,
        struct deputy_slice plaintext)
{
    if (decrypt->output != NULL && strcmp(decrypt->output, "-") != 0)
        return io_write_secret(decrypt->output, plaintext) ? CLI_YES : CLI_UNUSABLE;
    if (!cli->json) {
        cli_put_value(plaintext);
        return CLI_YES;
    }
    struct buf text = buf_make(cli->arena, OUTPUT_JSON_MAX);
    struct json_writer json = json_writer_make(&text);
    json_object_begin(&json);
    cli_member_text(&json, "networkId", envelope->network);
    invocation_put_body(cli, &json, plaintext);
    json_object_end(&json);
    return cli_json_end(cli, &text, CLI_YES);
}

static int open_envelope(
        struct cli *cli, const struct decrypt *decrypt, const struct deputy_envelope *envelope)
{
    struct actor actor;
    struct deputy_slice plaintext = {NULL, 0};
    int code = actor_open(cli, &actor, &decrypt->who);
    if (code == CLI_YES)
        code = sealing_open(cli, &plaintext, &actor, envelope, decrypt->node_did);
    actor_close(&actor);
    if (code == CLI_YES)
        code = report(cli, decrypt, envelope, plaintext);
    sealing_wipe(plaintext);
    return code;
}

int cmd_decrypt(struct cli *cli, int argc, char **argv)
{
    struct decrypt decrypt = {0};
    struct option_list arguments;
    struct deputy_slice json;
    struct deputy_envelope envelope;
    const struct option rows[] = {
            SEALING_NODE_OPTION(decrypt.node_did),
            {.name = "output",
                    .value = "FILE",
                    .help = "where the plaintext goes, readable by its owner alone; -o for short",
                    .text = &decrypt.output},
            ACTOR_OPTIONS(decrypt.who),
    };
    const struct option_table table = {"decrypt [FILE] [options]",
            "Opens an envelope that 'deputy encrypt' or an app made, from a file or standard input. The "
            "network's\n"
            "node opens the key for whoever holds decrypt on the network, and never sees the content.",
            rows, sizeof rows / sizeof rows[0]};
    enum option_result result = options_read(&table, argc, argv, &arguments);
    if (result != OPTION_GO_ON)
        return options_exit(result);
    if (arguments.count > 1)
        return cli_complain("decrypt takes one file"), CLI_UNUSABLE;
    if (!io_read(cli, &json, arguments.count > 0 ? arguments.items[0] : "-"))
        return CLI_UNUSABLE;
    enum deputy_error error = deputy_envelope_parse(cli->arena, &envelope, io_trim(json));
    return error == DEPUTY_OK ? open_envelope(cli, &decrypt, &envelope) : cli_fail(cli, "decrypt", error);
}
