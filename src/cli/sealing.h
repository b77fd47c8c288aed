/* Encrypting to a network, and having its node decrypt: what network, encrypt, decrypt and secret share. */
#ifndef CLI_SEALING_H
#define CLI_SEALING_H

#include "cli/actor.h"
#include "cli/remote.h"
#include <deputy/envelope.h>

/* The row of an option table with which somebody insists on a node. */
#define SEALING_NODE_OPTION(target)                                                                          \
    {                                                                                                        \
        .name = "node-did", .value = "DID", .help = "refuse any other node than this one", .text = &(target) \
    }

/*
 * The id of a network: the text itself when it is an id, else the network of that name (NULL: "default") of
 * whoever owns the space that the actor works in. Complains otherwise.
 */
bool sealing_network_id(
        struct cli *cli, struct deputy_slice *id, const struct actor *actor, const char *text);

/*
 * What the node says of the network; CLI_NO when it knows none. With `node_did` (NULL: any) a network of
 * another node is refused.
 */
int sealing_network(
        struct cli *cli, struct deputy_network_descriptor *out, struct deputy_slice id, const char *node_did);

/* One request about a network, made out to its node. */
struct sealing_request {
    struct deputy_slice network;
    struct deputy_slice node; /* DID */
    const char *ability;
    struct deputy_slice facts;
    struct deputy_slice path;
    struct deputy_slice body; /* absent for none */
};

/* CLI_YES when the node answered, whatever it said; *header is what was sent. */
int sealing_send(struct cli *cli, struct http_response *out, struct deputy_slice *header,
        const struct actor *actor, const struct sealing_request *request);

/* /encryption/networks/<id> and what follows. */
bool sealing_path(struct cli *cli, struct deputy_slice *path, struct deputy_slice network, const char *rest);

/* An envelope to the network. */
int sealing_seal(struct cli *cli, struct deputy_slice *json, const struct deputy_network_descriptor *network,
        struct deputy_slice plaintext);

/* Has the envelope's key opened by the node and opens the envelope; the caller wipes the plaintext. */
int sealing_open(struct cli *cli, struct deputy_slice *plaintext, const struct actor *actor,
        const struct deputy_envelope *envelope, const char *node_did);

/* Overwrites a plaintext that was read into the arena. */
void sealing_wipe(struct deputy_slice plaintext);

/* Reads what is to be kept secret: the file, or standard input; on a terminal it is asked for and not shown.
 */
bool sealing_read_secret(struct cli *cli, struct deputy_slice *out, const char *file);

#endif
