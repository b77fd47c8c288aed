/* The end of a put: its values are here, and go to the writer. */
#ifndef NODE_KV_WRITE_H
#define NODE_KV_WRITE_H

#include "node/hooks.h"
#include "node/kv.h"
#include "node/mutation.h"

/* There is no memory for a change: ends the request's admission, and answers 503. */
enum http_flow kv_no_memory(struct http_exchange *x, struct kv_request *request);

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

/* May so many bytes be added to the space, as this transaction has it? On the writer. */
enum deputy_error kv_change_room(
        struct mutation *mutation, struct store_write *write, struct deputy_slice space, uint64_t bytes);

/* The same before the body of a put is read, into the request's room; bytes that are not known yet count as
 * none. */
enum deputy_error kv_put_room(
        struct http_exchange *x, struct deputy_refusal *refusal, struct kv_request *request, uint64_t bytes);

/* Tells whoever subscribed, once all is durable. On the writer. */
enum deputy_error kv_change_tell(struct mutation *mutation, struct store_write *write,
        const struct kv_item *item, enum hook_ability ability);

static inline struct store_cause kv_cause(const struct deputy_token *token)
{
    return (struct store_cause){.digest = token->cid.digest, .bytes = token->bytes};
}

#endif
