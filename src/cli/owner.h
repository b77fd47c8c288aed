/* An Ethereum account as people name it: 0x… on chain 1, or a did:pkh. */
#ifndef CLI_OWNER_H
#define CLI_OWNER_H

#include "cli/cli.h"
#include <deputy/identity.h>

/* Complains when it is neither. */
bool owner_parse(struct cli *cli, struct deputy_account *out, const char *text);

/* The did:pkh of the account; empty when there is no memory. */
struct deputy_slice owner_did(struct cli *cli, const struct deputy_account *account);

#endif
