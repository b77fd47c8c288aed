/* deputy attest: evidence of what runs where. */
#include "cli/attest_verb.h"
#include "cli/commands.h"

static void print_help(void)
{
    printf("usage: deputy attest verify | show | quote | collateral | policy | serve | simulate [options]\n\n"
           "Evidence of what runs where.\n\n"
           "verbs:\n"
           "  verify     judges evidence under a policy, question by question\n"
           "  show       prints what a quote or report says, and verifies nothing of it\n"
           "  quote      gets evidence of this guest, from its guest agent or the kernel\n"
           "  collateral fetches what the makers publish of a platform\n"
           "  policy     makes a policy of what evidence shows, or checks one\n"
           "  serve      answers over HTTP as dstack's verifier service does\n"
           "  simulate   pretends to be the guest agent of a TDX guest, for development\n\n"
           "'deputy attest VERB --help' explains one.\n");
}

static const struct {
    const char *name;
    int (*run)(struct cli *cli, int argc, char **argv);
} verbs[] = {
        {"verify", cmd_attest_verify},
        {"show", cmd_attest_show},
        {"quote", cmd_attest_quote},
        {"collateral", cmd_attest_collateral},
        {"policy", cmd_attest_policy},
        {"serve", cmd_attest_serve},
        {"simulate", cmd_attest_simulate},
};

int cmd_attest(struct cli *cli, int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(argv[1], verbs[i].name) == 0)
            return verbs[i].run(cli, argc - 1, argv + 1);
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        print_help();
        return CLI_YES;
    }
    cli_complain("attest takes a verb: verify, show, quote, collateral, policy, serve or simulate");
    return CLI_UNUSABLE;
}
