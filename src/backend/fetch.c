#include "backend/fetch.h"
#include "base/arena.h"
#include "base/try.h"

enum { URL_MAX = 8192, PATIENCE = 2 };

enum deputy_error node_url(
        struct deputy_arena *arena, const char **url, const struct backend *backend, struct deputy_slice path)
{
    struct buf text = buf_make(arena, URL_MAX);
    struct deputy_slice whole;
    buf_put(&text, backend->node);
    buf_put(&text, path);
    buf_put_byte(&text, '\0');
    TRY(buf_finish(&text, &whole));
    *url = (const char *)whole.ptr;
    return DEPUTY_OK;
}

static void fetch_on_head(void *ctx, const struct http_response *head)
{
    struct fetch *fetch = ctx;
    fetch->answer.status = head->status;
}

/* A node that keeps sending a little is never silent, and still has to come to an end. */
static enum http_read fetch_on_part(void *ctx, struct deputy_slice part)
{
    struct fetch *fetch = ctx;
    buf_put(&fetch->body, part);
    if (!fetch->gave_up && loop_now_ms(fetch->loop) > fetch->give_up_ms) {
        fetch->gave_up = true;
        http_call_cancel(fetch->call);
    }
    return HTTP_READ_ON;
}

static void fetch_on_end(void *ctx, enum deputy_error result)
{
    struct fetch *fetch = ctx;
    fetch->answer.error = fetch->gave_up ? DEPUTY_E_HTTP_TIMEOUT : result;
    if (fetch->answer.error == DEPUTY_OK)
        fetch->answer.error = buf_finish(&fetch->body, &fetch->answer.body);
    fetch->then(fetch->ctx, &fetch->answer);
}

enum deputy_error fetch_begin(struct fetch *fetch, struct backend_loop *on, struct deputy_arena *arena,
        const struct fetch_order *order, fetch_fn *then, void *ctx)
{
    const struct http_client_header authorization = {
            deputy_slice_text("Authorization"), order->authorization};
    const uint32_t silence_ms = order->silence_ms > 0 ? order->silence_ms : on->backend->node_ms;
    struct http_call_plan plan = {.method = order->method,
            .headers = &authorization,
            .header_count = deputy_slice_present(order->authorization),
            .head_ms = silence_ms,
            .stall_ms = silence_ms,
            .response_max = order->max,
            .events = {fetch_on_head, fetch_on_part, fetch_on_end},
            .ctx = fetch};
    *fetch = (struct fetch){.loop = on->loop, .body = buf_make(arena, order->max), .then = then, .ctx = ctx};
    fetch->give_up_ms = loop_now_ms(on->loop) + PATIENCE * (uint64_t)silence_ms;
    TRY(node_url(arena, &plan.url, on->backend, order->path));
    return http_call_begin(&fetch->call, on->caller, &plan);
}
