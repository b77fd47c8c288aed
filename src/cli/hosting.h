/*
 * Taking a session into use at the data node. Spaces that the node does not host yet are hosted, all with one
 * more message for the wallet (spec/05 section 6, spec/03 section 5).
 */
#ifndef CLI_HOSTING_H
#define CLI_HOSTING_H

#include "cli/remote.h"
#include "cli/wallet.h"

struct hosting {
    const struct wallet *wallet;
    bool yes; /* sign without asking */
    struct deputy_slice domain;
    const struct deputy_session *session;
    struct deputy_slice node_did;    /* of the node itself; absent when it does not say */
    struct deputy_slice message;     /* the second message; absent when none was needed */
    struct remote_registered result; /* what the node said at last */
};

/* Gives the exit code, and complains unless it is CLI_YES. */
int hosting_run(struct cli *cli, struct hosting *hosting);

#endif
