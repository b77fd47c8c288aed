/* One request to the data node by somebody who acts. */
#ifndef CLI_INVOCATION_H
#define CLI_INVOCATION_H

#include "base/json_write.h"
#include "cli/actor.h"
#include "cli/remote.h"

struct invocation {
    struct deputy_action action; /* its space absent: the actor's */
    int64_t ttl;                 /* seconds; 0 is a minute */
    struct deputy_slice body;    /* absent for none */
    struct http_client_header headers[REMOTE_HEADERS_MAX];
    size_t header_count;
};

/* Complains, and returns false, when there are too many. */
bool invocation_header(struct invocation *invocation, struct deputy_slice name, struct deputy_slice value);

/* CLI_YES when the node answered, whatever it said. */
int invocation_send(struct cli *cli, struct http_response *out, const struct actor *actor,
        const struct invocation *invocation);

/* The member "body" for UTF-8, else "bodyBase64" with the standard alphabet. */
void invocation_put_body(struct cli *cli, struct json_writer *json, struct deputy_slice body);

#endif
