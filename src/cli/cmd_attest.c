/* deputy attest: evidence of what runs where. */
#include "cli/attest_verb.h"
#include "cli/commands.h"

static void print_help(void)
{
    printf("usage: deputy attest simulate [options]\n\n"
           "Evidence of what runs where.\n\n"
           "verbs:\n"
           "  simulate   pretends to be the guest agent of a TDX guest, for development\n\n"
           "'deputy attest VERB --help' explains one.\n");
}

int cmd_attest(struct cli *cli, int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "simulate") == 0)
        return cmd_attest_simulate(cli, argc - 1, argv + 1);
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        print_help();
        return CLI_YES;
    }
    cli_complain("attest takes a verb: simulate");
    return CLI_UNUSABLE;
}
