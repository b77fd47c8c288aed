#include "backend/measure.h"
#include "backend/public.h"
#include "backend/session.h"
#include "run/log.h"
#include "run/metrics.h"

void measure_answer_of_backend(void *app, const struct http_exchange *x, int status, uint64_t micros)
{
    const struct backend_loop *on = app;
    struct metric_labels labels = {
            http_method_name(http_method(x)), log_route(http_route(x)), (unsigned)status};
    log_answer(app, x, status, micros);
    metrics_observe(on->metrics, METRIC_BACKEND_REQUEST, labels, micros);
}

void measure_backend(const struct backend *backend, struct buf *out)
{
    metrics_print_gauge(out, "deputy_backend_grants_in_use", "Owners whose grants are in use.",
            sessions_count(backend->sessions));
    metrics_print_gauge(out, "deputy_backend_node_reached", "1 once the data node was reached.",
            atomic_load(&backend->public_of->info.node_reached) ? 1 : 0);
}
