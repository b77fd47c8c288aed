/* The end of a put: its values are here, and go to the writer. */
#ifndef NODE_KV_WRITE_H
#define NODE_KV_WRITE_H

#include "node/kv.h"
#include "node/mutation.h"

/*
 * Submits the put. writer (may be NULL) holds the value's bytes and is closed afterwards. Ends the exchange
 * and the request's admission, now or later.
 */
enum http_flow kv_put_value(struct http_exchange *x, struct kv_request *request,
        const struct store_value *value, struct blob_writer *writer);

/*
 * What every change does first, on the writer: decide again, look at the preconditions, and use the
 * invocation up. Compare and write are one step: nothing comes between, since there is one writer.
 */
enum deputy_error kv_change_begin(
        struct mutation *mutation, struct store_write *write, const struct kv_request *request);

static inline struct store_cause kv_cause(const struct deputy_token *token)
{
    return (struct store_cause){.digest = token->cid.digest, .bytes = token->bytes};
}

#endif
