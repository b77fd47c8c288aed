/* Refusals as HTTP answers. The only place that knows where a status differs from the one in the error table.
 */
#ifndef NODE_ANSWER_H
#define NODE_ANSWER_H

#include "base/buf.h"
#include "http/exchange.h"
#include <deputy/error.h>

/*
 * Where the question was asked: /revoke answers 403 where others answer 401 (spec/02 section 13), and so does
 * /invoke when it is asked to decrypt (spec/04 section 9.7).
 */
enum answer_route { ANSWER_DELEGATE, ANSWER_INVOKE, ANSWER_REVOKE, ANSWER_DECRYPT };

/* Ends the exchange with the refusal's status and its text, bare. */
void answer_refusal(struct http_exchange *x, enum answer_route route, const struct deputy_refusal *refusal);

/* The same for an error without arguments. */
void answer_error(struct http_exchange *x, enum answer_route route, enum deputy_error error);

/* Ends the exchange with the JSON that was built; 500 when building it failed, for whatever reason: what was
 * asked had been done or found by then, so it is the node's fault. */
void answer_json(struct http_exchange *x, int status, struct buf *built);

/* Content-Type: application/json, with or without parameters; else the exchange is answered 415. */
bool answer_json_expected(struct http_exchange *x);

#endif
