#include "node/measure.h"
#include "node/hooks.h"
#include "run/log.h"
#include "run/metrics.h"

void measure_answer(void *app, const struct http_exchange *x, int status, uint64_t micros)
{
    const struct node_loop *on = app;
    struct metric_labels labels = {
            http_method_name(http_method(x)), log_route(http_route(x)), (unsigned)status};
    log_answer(app, x, status, micros);
    metrics_observe(on->metrics, METRIC_HTTP_REQUEST, labels, micros);
    if (http_topic(x) != NULL)
        metrics_observe(on->metrics, METRIC_AUTHORIZED_INVOKE, (struct metric_labels){.first = http_topic(x)},
                micros);
}

uint64_t measure_start(const struct node_loop *on)
{
    return on->metrics != NULL ? metrics_clock() : 0;
}

static const char *request_name(enum deputy_use use)
{
    switch (use) {
    case DEPUTY_USE_DELEGATE:
        return "delegate";
    case DEPUTY_USE_REVOKE:
        return "revoke";
    case DEPUTY_USE_STATUS:
        return "status";
    case DEPUTY_USE_DECRYPT:
        return "decrypt";
    case DEPUTY_USE_INVOKE:
    default:
        return "invoke";
    }
}

void measure_authorization(const struct node_loop *on, enum deputy_use use, uint64_t started)
{
    if (on->metrics != NULL)
        metrics_observe(on->metrics, METRIC_AUTHORIZATION, (struct metric_labels){.first = request_name(use)},
                metrics_clock() - started);
}

void measure_untimely(const struct node_loop *on, const struct deputy_token *token, struct deputy_time now)
{
    const struct deputy_window *window = &token->window;
    bool early = window->has_not_before && deputy_time_compare(now, window->not_before) < 0;
    metrics_count(on->metrics, METRIC_TIME_REJECTIONS,
            (struct metric_labels){.first = early ? "not_yet_valid" : "expired"});
}

void measure_use(const struct node_loop *on, enum deputy_error taken)
{
    if (taken == DEPUTY_OK)
        metrics_count(on->metrics, METRIC_REPLAY_INSERTED, (struct metric_labels){.first = NULL});
    else if (taken == DEPUTY_E_STORE_REPLAY)
        metrics_count(on->metrics, METRIC_REPLAY_CONFLICTED, (struct metric_labels){.first = NULL});
}

void measure_node(const struct node *node, struct buf *out)
{
    struct quota_service_counts quota = quota_counts(node->quota);
    metrics_print_counter(out, "deputy_quota_answered_total",
            "Questions that the quota service answered with a limit.", quota.answered);
    metrics_print_counter(out, "deputy_quota_failed_total",
            "Questions to the quota service without an answer: the default limit held.", quota.failed);
    metrics_print_counter(out, "deputy_webhook_dropped_total",
            "Deliveries to webhooks that were dropped because too many waited.", hooks_dropped(node->hooks));
}
