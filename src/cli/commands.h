/* One function a command; each lives in cmd_<name>.c. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/cli.h"

int cmd_node(struct cli *cli, int argc, char **argv);
int cmd_backend(struct cli *cli, int argc, char **argv);
int cmd_keygen(struct cli *cli, int argc, char **argv);
int cmd_compose(struct cli *cli, int argc, char **argv);
int cmd_sign_in(struct cli *cli, int argc, char **argv);
int cmd_delegate(struct cli *cli, int argc, char **argv);
int cmd_inspect(struct cli *cli, int argc, char **argv);
int cmd_invoke(struct cli *cli, int argc, char **argv);
int cmd_kv(struct cli *cli, int argc, char **argv);
int cmd_sql(struct cli *cli, int argc, char **argv);
int cmd_attest(struct cli *cli, int argc, char **argv);
int cmd_revoke(struct cli *cli, int argc, char **argv);
int cmd_network(struct cli *cli, int argc, char **argv);
int cmd_encrypt(struct cli *cli, int argc, char **argv);
int cmd_decrypt(struct cli *cli, int argc, char **argv);
int cmd_secret(struct cli *cli, int argc, char **argv);

#endif
