/* The end of a put: its value is here, and goes to the writer. */
#ifndef NODE_KV_WRITE_H
#define NODE_KV_WRITE_H

#include "node/kv.h"

/*
 * Submits the put. writer (may be NULL) holds the value's bytes and is closed afterwards. Ends the exchange
 * and the request's admission, now or later.
 */
enum http_flow kv_put_value(struct http_exchange *x, struct kv_request *request,
        const struct store_value *value, struct blob_writer *writer);

#endif
