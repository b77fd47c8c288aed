/* Answers of the local API: JSON, and errors as {"error": code, "message": text, "fault": who is to blame}
 * (spec/07 sections A15 and E18). Those of the public routes are frame.h's. */
#ifndef BACKEND_ANSWER_H
#define BACKEND_ANSWER_H

#include "backend/call.h"
#include "base/buf.h"

/*
 * The error's name, text and status in the error table are what goes out, unless a table of answer.c gives
 * what clients know: 401 is only what it says of a token or of a delegation that is over.
 */
void backend_answer_fault(struct http_exchange *x, const struct backend_fault *fault);

/* The same in other words. The message is UTF-8. */
void backend_answer_error(struct http_exchange *x, int status, const char *name, struct deputy_slice message,
        enum backend_blame blame);

/* Ends the exchange with the JSON that was built; 500 when building it failed. */
void backend_answer_json(struct http_exchange *x, int status, struct buf *built);

/* Its text. What it is about may be any bytes that somebody sent: where they are no UTF-8 the text does
 * without. */
struct deputy_slice backend_refusal_text(struct deputy_arena *arena, const struct deputy_refusal *refusal);

/* "request", "grant", "node", "data" or "backend". */
const char *backend_blame_name(enum backend_blame blame);

#endif
