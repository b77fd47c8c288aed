/* The verbs of `deputy attest`, one file each. */
#ifndef CLI_ATTEST_VERB_H
#define CLI_ATTEST_VERB_H

#include "cli/cli.h"

int cmd_attest_verify(struct cli *cli, int argc, char **argv);
int cmd_attest_show(struct cli *cli, int argc, char **argv);
int cmd_attest_quote(struct cli *cli, int argc, char **argv);
int cmd_attest_collateral(struct cli *cli, int argc, char **argv);
int cmd_attest_policy(struct cli *cli, int argc, char **argv);
int cmd_attest_serve(struct cli *cli, int argc, char **argv);
int cmd_attest_simulate(struct cli *cli, int argc, char **argv);

#endif
