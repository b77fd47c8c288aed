/* The caller: whose turn it is, what runs, and when it ends. */
#include "base/try.h"
#include "http/call_state.h"
#include <stdlib.h>

enum {
    CALLER_MAX_CALLS = 1024,
    CALLER_MAX_CONNECTIONS = 64,
    CALLER_CONNECT_MS = 10 * 1000,
    CALLER_IDLE_MS = 30 * 1000,
    CALL_MEMORY = 2 * 1024 * 1024 /* headers of both directions */
};

/* ---- turns: nothing is told, begun or ended within a call of ours or of libcurl ---- */

static void caller_on_turn(uv_idle_t *idle);

static void turn_soon(struct http_caller *caller)
{
    uv_idle_start(&caller->turn, caller_on_turn);
}

void call_turn_soon(struct http_call *call)
{
    struct http_caller *caller = call->caller;
    if (call->has_turn)
        return;
    call->has_turn = true;
    TAILQ_INSERT_TAIL(&caller->turns, call, turn);
    caller->turn_count++;
    turn_soon(caller);
}

static void turn_take(struct http_call *call)
{
    if (!call->has_turn)
        return;
    call->has_turn = false;
    TAILQ_REMOVE(&call->caller->turns, call, turn);
    call->caller->turn_count--;
}

/* ---- the end of a call ---- */

/* Off the queue or out of libcurl. */
static void call_halt(struct http_call *call)
{
    struct http_caller *caller = call->caller;
    uv_timer_stop(&call->deadline);
    if (call->place == CALL_WAITS)
        TAILQ_REMOVE(&caller->queue, call, queue);
    if (call->place == CALL_RUNS) {
        multi_remove(caller->multi, call->curl);
        caller->running--;
    }
    call->place = CALL_OVER;
}

static void call_end(struct http_call *call)
{
    struct http_caller *caller = call->caller;
    call_halt(call);
    turn_take(call);
    TAILQ_REMOVE(&caller->all, call, all);
    caller->count--;
    call->events.on_end(call->ctx, call->error);
    call_give_back(call);
}

static enum deputy_error call_result(const struct http_call *call, CURLcode code)
{
    ENSURE(call->error == DEPUTY_OK, call->error);
    if (code != CURLE_OK && call->refused != DEPUTY_OK)
        return call->refused;
    TRY(outgoing_error(code));
    return call->answer.told ? DEPUTY_OK : DEPUTY_E_HTTP_SYNTAX;
}

static struct http_call *call_of(CURL *curl)
{
    char *private = NULL;
    curl_easy_getinfo(curl, CURLINFO_PRIVATE, &private);
    return (struct http_call *)(void *)private;
}

/* libcurl sees that the server is gone, or has told all it had to tell, and waits for ever for the part of
 * the body that it has asked for. */
static void caller_on_quiet(void *ctx, CURL *curl)
{
    struct http_call *call = call_of(curl);
    (void)ctx;
    if (call == NULL || call->place != CALL_RUNS || !call->upload.hungry || call->answer.held)
        return;
    call->upload.stopped = true;
    call_turn_soon(call);
}

static void caller_on_done(void *ctx, CURL *curl, CURLcode code)
{
    struct http_caller *caller = ctx;
    struct http_call *call = call_of(curl);
    call->error = call_result(call, code);
    call_halt(call);
    if (!call->answer.paused)
        call_end(call);
    if (!TAILQ_EMPTY(&caller->queue))
        turn_soon(caller);
}

/* ---- a turn ---- */

static void call_fail(struct http_call *call, enum deputy_error error)
{
    if (call->error == DEPUTY_OK)
        call->error = error;
    call_end(call);
}

/* Goes on with what libcurl was told to wait with. */
static void call_go_on(struct http_call *call)
{
    bool reads = call->answer.held && !call->answer.paused;
    const struct call_upload *upload = &call->upload;
    bool sends = upload->hungry && (upload->offered || upload->last || upload->stopped);
    if (!reads && !sends)
        return;
    call->answer.held = call->answer.held && !reads;
    call->upload.hungry = call->upload.hungry && !sends;
    int waits = (call->answer.held ? CURLPAUSE_RECV : 0) | (call->upload.hungry ? CURLPAUSE_SEND : 0);
    CURLcode code = curl_easy_pause(call->curl, waits);
    if (code != CURLE_OK)
        call_fail(call, outgoing_error(code));
}

static void call_on_turn(struct http_call *call)
{
    turn_take(call);
    if (call->error != DEPUTY_OK || call->place == CALL_OVER) {
        if (!call->answer.paused)
            call_end(call);
    } else if (call->place == CALL_BEGUN) {
        call->place = CALL_WAITS;
        TAILQ_INSERT_TAIL(&call->caller->queue, call, queue);
    } else if (call->place == CALL_RUNS) {
        call_go_on(call);
    }
}

static void queue_run(struct http_caller *caller)
{
    while (!TAILQ_EMPTY(&caller->queue) && caller->running < caller->config.max_connections) {
        struct http_call *call = TAILQ_FIRST(&caller->queue);
        TAILQ_REMOVE(&caller->queue, call, queue);
        call->place = CALL_RUNS;
        caller->running++;
        enum deputy_error error = multi_add(caller->multi, call->curl);
        if (error != DEPUTY_OK)
            call_fail(call, error);
    }
}

/* What comes to be done in the meantime is done at the next turn. */
static void caller_on_turn(uv_idle_t *idle)
{
    struct http_caller *caller = idle->data;
    uv_idle_stop(idle);
    for (size_t left = caller->turn_count; left > 0 && !TAILQ_EMPTY(&caller->turns); left--)
        call_on_turn(TAILQ_FIRST(&caller->turns));
    queue_run(caller);
    multi_go(caller->multi);
}

/* ---- deadlines ---- */

static uint32_t limit_of(const struct http_call *call)
{
    return call->phase == CALL_ASKS ? call->head_ms : call->stall_ms;
}

static bool waits_for_us(const struct http_call *call)
{
    return call->answer.paused || call->upload.hungry;
}

static void call_on_deadline(uv_timer_t *timer)
{
    struct http_call *call = timer->data;
    uint32_t limit = limit_of(call);
    if (waits_for_us(call))
        call_touch(call);
    uint64_t now = loop_now_ms(call->caller->loop), due = call->since + limit;
    if (now < due) {
        uv_timer_start(timer, call_on_deadline, due - now, 0);
        return;
    }
    if (call->error == DEPUTY_OK)
        call->error = DEPUTY_E_HTTP_TIMEOUT;
    call_turn_soon(call);
}

void call_touch(struct http_call *call)
{
    call->since = loop_now_ms(call->caller->loop);
}

/* Within a phase the timer is left alone: it finds out when it fires that something has moved. */
void call_enter(struct http_call *call, enum call_phase phase)
{
    call->phase = phase;
    call_touch(call);
    if (limit_of(call) > 0)
        uv_timer_start(&call->deadline, call_on_deadline, limit_of(call), 0);
    else
        uv_timer_stop(&call->deadline);
}

/* ---- the calls' memory ---- */

static void call_on_close(uv_handle_t *handle)
{
    free(handle->data);
}

static void call_destroy(struct http_call *call)
{
    curl_easy_cleanup(call->curl);
    deputy_arena_destroy(call->head.arena);
    uv_close((uv_handle_t *)&call->deadline, call_on_close);
}

static enum deputy_error call_make(struct http_call **out, struct http_caller *caller)
{
    struct http_call *call = calloc(1, sizeof *call);
    ENSURE(call != NULL, DEPUTY_E_NOMEM);
    call->caller = caller;
    call->curl = outgoing_handle();
    if (call->curl == NULL || deputy_arena_create(&call->head.arena, CALL_MEMORY) != DEPUTY_OK) {
        curl_easy_cleanup(call->curl);
        free(call);
        return DEPUTY_E_NOMEM;
    }
    uv_timer_init(loop_uv(caller->loop), &call->deadline);
    call->deadline.data = call;
    multi_adopt(caller->multi, call->curl);
    outgoing_trust(call->curl, caller->config.authorities);
    call_wire(call);
    *out = call;
    return DEPUTY_OK;
}

enum deputy_error call_take(struct http_call **out, struct http_caller *caller)
{
    struct http_call *call = TAILQ_FIRST(&caller->spare);
    if (call == NULL)
        return call_make(out, caller);
    TAILQ_REMOVE(&caller->spare, call, all);
    caller->spare_count--;
    *out = call;
    return DEPUTY_OK;
}

void call_give_back(struct http_call *call)
{
    struct http_caller *caller = call->caller;
    if (caller->ends || caller->spare_count >= caller->config.max_connections) {
        call_destroy(call);
        return;
    }
    deputy_arena_reset(call->head.arena);
    TAILQ_INSERT_HEAD(&caller->spare, call, all);
    caller->spare_count++;
}

/* ---- the caller ---- */

/* Ends what is kept for nothing; looks again while there are calls. */
static void caller_on_rest(void *ctx)
{
    struct http_caller *caller = ctx;
    if (caller->count > 0 || caller->used) {
        caller->used = false;
        return;
    }
    loop_timer_stop(caller->rest);
    caller->rest_runs = false;
    multi_forget(caller->multi);
}

static struct http_caller_config config_of(const struct http_caller_config *given)
{
    struct http_caller_config config = *given;
    if (config.max_calls == 0)
        config.max_calls = CALLER_MAX_CALLS;
    if (config.max_connections == 0)
        config.max_connections = CALLER_MAX_CONNECTIONS;
    if (config.connect_ms == 0)
        config.connect_ms = CALLER_CONNECT_MS;
    if (config.idle_ms == 0)
        config.idle_ms = CALLER_IDLE_MS;
    return config;
}

static enum deputy_error caller_open(struct http_caller *caller)
{
    const struct multi_events events = {caller_on_done, caller_on_quiet, caller};
    outgoing_start();
    TRY(multi_open(&caller->multi, caller->loop, caller->config.max_connections, &events));
    return loop_timer_create(&caller->rest, caller->loop, caller_on_rest, caller);
}

enum deputy_error http_caller_create(
        struct http_caller **out, struct loop *loop, const struct http_caller_config *config)
{
    struct http_caller *caller = calloc(1, sizeof *caller);
    ENSURE(caller != NULL, DEPUTY_E_NOMEM);
    caller->loop = loop;
    caller->config = config_of(config);
    TAILQ_INIT(&caller->all);
    TAILQ_INIT(&caller->spare);
    TAILQ_INIT(&caller->queue);
    TAILQ_INIT(&caller->turns);
    uv_idle_init(loop_uv(loop), &caller->turn);
    caller->turn.data = caller;
    enum deputy_error error = caller_open(caller);
    if (error != DEPUTY_OK)
        http_caller_destroy(caller);
    else
        *out = caller;
    return error;
}

static void caller_on_close(uv_handle_t *handle)
{
    free(handle->data);
}

void http_caller_end(struct http_caller *caller)
{
    caller->ends = true;
    while (!TAILQ_EMPTY(&caller->all)) {
        struct http_call *call = TAILQ_FIRST(&caller->all);
        call->error = DEPUTY_E_HTTP_CUT_OFF;
        call_end(call);
    }
}

void http_caller_destroy(struct http_caller *caller)
{
    if (caller == NULL)
        return;
    http_caller_end(caller);
    while (!TAILQ_EMPTY(&caller->spare)) {
        struct http_call *call = TAILQ_FIRST(&caller->spare);
        TAILQ_REMOVE(&caller->spare, call, all);
        call_destroy(call);
    }
    multi_close(caller->multi);
    loop_timer_destroy(caller->rest);
    uv_close((uv_handle_t *)&caller->turn, caller_on_close);
}
