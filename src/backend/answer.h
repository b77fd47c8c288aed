/* Answers of the backend's routes: JSON, and errors as {"error": code, "message": text} (spec/07 section
 * A15). */
#ifndef BACKEND_ANSWER_H
#define BACKEND_ANSWER_H

#include "backend/call.h"
#include "base/buf.h"

/* The error's name and text in the error table are what goes out, unless a table of answer.c gives the name
 * that clients know. */
void backend_answer_refusal(struct http_exchange *x, const struct deputy_refusal *refusal);

/* The same, with "fault": who is to blame. For the local API. */
void backend_answer_fault(struct http_exchange *x, const struct backend_fault *fault);

/* Ends the exchange with the JSON that was built; 500 when building it failed. */
void backend_answer_json(struct http_exchange *x, int status, struct buf *built);

#endif
