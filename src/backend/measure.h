/* What a backend counts and measures. Nothing is done without telemetry. */
#ifndef BACKEND_MEASURE_H
#define BACKEND_MEASURE_H

#include "backend/backend.h"
#include "base/buf.h"

/* The log line of an answer and its duration: http_config.on_answer. */
void measure_answer_of_backend(void *app, const struct http_exchange *x, int status, uint64_t micros);

/* What the backend counts beside its loops, as metrics. On any thread. */
void measure_backend(const struct backend *backend, struct buf *out);

#endif
