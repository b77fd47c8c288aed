/* What passes between the app and the data node: which headers, and what the node says when it refuses. */
#ifndef BACKEND_LOCAL_NODE_H
#define BACKEND_LOCAL_NODE_H

#include "backend/local_transfer.h"

/* The headers of the app's request that go to the node, and those of the request itself. In the arena. */
enum deputy_error local_node_request(struct deputy_arena *arena, const struct http_client_header **headers,
        size_t *count, const struct http_exchange *x, const struct local_request *request);

/* Puts the headers of a value on the answer: what is kept with it, and its ETag. */
void local_node_headers(struct http_exchange *x, const struct http_response *head);

/* How long the node says the body is; UINT64_MAX when it does not say. */
uint64_t local_node_length(const struct http_response *head);

/* Ends the exchange with a refusal of the node: its status, and its words as far as they are text. */
void local_node_refusal(struct http_exchange *x, int status, struct deputy_slice said);

#endif
