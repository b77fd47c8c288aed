/* Requests to the data node, and what to say when it refuses. */
#ifndef CLI_REMOTE_H
#define CLI_REMOTE_H

#include "cli/cli.h"
#include "http/client.h"

/* The longest value that is read at once. */
enum { REMOTE_BODY_MAX = 64 * 1024 * 1024, REMOTE_HEADERS_MAX = 32 };

struct remote_call {
    const char *method;
    struct deputy_slice path;
    struct deputy_slice authorization; /* absent for none */
    const struct http_client_header *headers;
    size_t header_count;
    struct deputy_slice body; /* absent for none */
};

/* CLI_YES when the node answered, whatever it said; else it was complained about. */
int remote_send(struct cli *cli, struct http_response *out, const struct remote_call *call);

/* The node's URL without a slash at its end, as delegations name it. */
struct deputy_slice remote_host(const struct cli *cli);

bool remote_is_yes(const struct http_response *response);

/* Says what the node said and what to do; gives CLI_NO. */
int remote_refused(struct cli *cli, const char *about, const struct http_response *response);

/* What the node said to POST /delegate. */
struct remote_registered {
    struct deputy_slice cid;
    const struct deputy_slice *skipped; /* ids of spaces that it does not host */
    size_t skipped_count;
    const struct deputy_slice *activated;
    size_t activated_count;
};

/* Sends a delegation to the node; anything but a yes is complained about. */
int remote_delegate(
        struct cli *cli, struct remote_registered *out, const char *about, struct deputy_slice header);

/* What the node says of itself. CLI_NO when it speaks another protocol. */
int remote_info(struct cli *cli, struct deputy_slice *did);

/* The key with which the node hosts a space. */
int remote_peer(struct cli *cli, struct deputy_slice *did, struct deputy_slice space);

#endif
