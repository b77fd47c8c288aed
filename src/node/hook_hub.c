/*
 * The streams of one loop. Events wait for the loop in a bounded ring; a stream that could miss one is ended,
 * so that its reader knows. Before a stream gets an event, what it stands on is asked again whenever
 * something was revoked in the meantime.
 */
#include "node/hook_hub.h"
#include "base/arena.h"
#include "base/try.h"
#include "http/sse.h"
#include <stdlib.h>

enum {
    HUB_RING = 4096, /* events that wait for the loop */
    HUB_TICK_MS = 1000,
    STREAM_BYTES_MAX = 1024 * 1024,
    STREAM_HEARTBEAT_MS = 30000,
    HUB_ARENA = 64 * 1024 * 1024,
};

struct hook_stream {
    struct hook_hub *hub;
    struct sse *sse;
    struct hook_subscription subscription;
    uint64_t generation; /* of the store, when the authority was asked last */
    struct hook_stream *next, **link;
};

struct hook_hub {
    struct node_loop *on;
    struct loop_timer *tick;
    struct deputy_arena *arena; /* for asking the authority */
    struct hook_stream *streams;
    struct hook_stream *following; /* of the walk over the streams: the next one */
    atomic_size_t count;
    struct loop_task task;
    pthread_mutex_t lock; /* over what follows */
    struct hook_letter *ring[HUB_RING];
    size_t first, waiting;
    bool posted;
    bool missed; /* an event found no room */
};

static const char ended_text[] = "event:end\ndata:{\"type\":\"end\"}\n\n";
static const char missed_text[] = "event:overflow\ndata:{\"type\":\"overflow\"}\n\n";

/* ---- a stream ---- */

static void stream_over(void *ctx)
{
    struct hook_stream *stream = ctx;
    struct hook_hub *hub = stream->hub;
    if (hub->following == stream)
        hub->following = stream->next;
    *stream->link = stream->next;
    if (stream->next != NULL)
        stream->next->link = stream->link;
    atomic_fetch_sub(&hub->count, 1);
    atomic_fetch_sub(&hub->on->node->hooks->streams, 1);
    free(stream);
}

static enum deputy_error stream_ask(struct hook_stream *stream)
{
    struct store_read *read = NULL;
    struct hook_hub *hub = stream->hub;
    uint64_t generation;
    TRY(store_read_begin(&read, hub->on->node->store, &generation));
    deputy_arena_reset(hub->arena);
    enum deputy_error error =
            hook_proofs_stand(hub->arena, &stream->subscription.proofs, read, node_now(hub->on->node));
    store_read_end(read);
    stream->generation = generation;
    return error;
}

/* False when the stream has ended: its ticket is over, or what it stands on is. */
static bool stream_stands(struct hook_stream *stream)
{
    const struct node *node = stream->hub->on->node;
    bool over = node_now(node).sec >= stream->subscription.expires;
    bool changed = stream->generation != store_generation(node->store);
    if (!over && (!changed || stream_ask(stream) == DEPUTY_OK))
        return true;
    sse_finish(stream->sse, deputy_slice_text(ended_text));
    return false;
}

static void stream_tell(struct hook_stream *stream, const void *what)
{
    const struct hook_letter *letter = what;
    const struct hook_subscription *subscription = &stream->subscription;
    for (size_t i = 0; i < subscription->count; i++) {
        if (!hook_scope_matches(
                    &subscription->scopes[i], letter->space, letter->service, letter->ability, letter->path))
            continue;
        if (stream_stands(stream))
            sse_send(stream->sse, letter->text);
        return;
    }
}

/* A stream may be over after this, and so may others: the walk keeps its place in the hub. */
static void hub_each(
        struct hook_hub *hub, void (*tell)(struct hook_stream *stream, const void *what), const void *what)
{
    for (struct hook_stream *stream = hub->streams; stream != NULL; stream = hub->following) {
        hub->following = stream->next;
        tell(stream, what);
    }
}

static void tell_missed(struct hook_stream *stream, const void *what)
{
    (void)what;
    sse_finish(stream->sse, deputy_slice_text(missed_text));
}

static void tell_time(struct hook_stream *stream, const void *what)
{
    (void)what;
    stream_stands(stream);
}

static void hub_on_tick(void *ctx)
{
    hub_each(ctx, tell_time, NULL);
}

/* ---- from the writer ---- */

static struct hook_letter *ring_take(struct hook_hub *hub, bool *missed)
{
    struct hook_letter *letter = NULL;
    pthread_mutex_lock(&hub->lock);
    *missed = hub->missed;
    hub->missed = false;
    if (hub->waiting > 0) {
        letter = hub->ring[hub->first];
        hub->first = (hub->first + 1) % HUB_RING;
        hub->waiting--;
    }
    hub->posted = letter != NULL;
    pthread_mutex_unlock(&hub->lock);
    return letter;
}

static void hub_arrive(void *ctx)
{
    struct hook_hub *hub = ctx;
    struct hook_letter *letter;
    bool missed;
    do {
        letter = ring_take(hub, &missed);
        if (missed)
            hub_each(hub, tell_missed, NULL);
        if (letter != NULL)
            hub_each(hub, stream_tell, letter);
        hook_letter_release(letter);
    } while (letter != NULL);
}

void hook_hub_deliver(struct hook_hub *hub, struct hook_letter *letter)
{
    if (atomic_load(&hub->count) == 0)
        return;
    pthread_mutex_lock(&hub->lock);
    if (letter != NULL && hub->waiting < HUB_RING) {
        atomic_fetch_add(&letter->references, 1);
        hub->ring[(hub->first + hub->waiting++) % HUB_RING] = letter;
    } else {
        hub->missed = true;
    }
    bool post = !hub->posted;
    hub->posted = true;
    pthread_mutex_unlock(&hub->lock);
    if (!post)
        return;
    hub->task = (struct loop_task){.run = hub_arrive, .ctx = hub};
    loop_post(hub->on->loop, &hub->task);
}

/* ---- life ---- */

static enum deputy_error hub_fill(struct hook_hub *hub)
{
    struct hooks *hooks = hub->on->node->hooks;
    TRY(deputy_arena_create(&hub->arena, HUB_ARENA));
    TRY(loop_timer_create(&hub->tick, hub->on->loop, hub_on_tick, hub));
    ENSURE(hooks->count < hooks->room, DEPUTY_E_INTERNAL);
    loop_timer_start(hub->tick, HUB_TICK_MS, HUB_TICK_MS);
    pthread_mutex_lock(&hooks->lock);
    hooks->hubs[hooks->count++] = hub;
    pthread_mutex_unlock(&hooks->lock);
    return DEPUTY_OK;
}

enum deputy_error hook_hub_create(struct hook_hub **out, struct node_loop *on)
{
    struct hook_hub *hub = calloc(1, sizeof *hub);
    ENSURE(hub != NULL, DEPUTY_E_NOMEM);
    hub->on = on;
    pthread_mutex_init(&hub->lock, NULL);
    enum deputy_error error = hub_fill(hub);
    if (error != DEPUTY_OK) {
        hook_hub_destroy(hub);
        return error;
    }
    *out = hub;
    return DEPUTY_OK;
}

static void hub_leave(struct hook_hub *hub)
{
    struct hooks *hooks = hub->on->node->hooks;
    pthread_mutex_lock(&hooks->lock);
    for (size_t i = 0; i < hooks->count; i++) {
        if (hooks->hubs[i] == hub)
            hooks->hubs[i] = hooks->hubs[--hooks->count];
    }
    pthread_mutex_unlock(&hooks->lock);
}

void hook_hub_destroy(struct hook_hub *hub)
{
    if (hub == NULL)
        return;
    hub_leave(hub);
    for (; hub->waiting > 0; hub->waiting--, hub->first = (hub->first + 1) % HUB_RING)
        hook_letter_release(hub->ring[hub->first]);
    loop_timer_destroy(hub->tick);
    deputy_arena_destroy(hub->arena);
    pthread_mutex_destroy(&hub->lock);
    free(hub);
}

static enum deputy_error stream_begin(struct hook_stream *stream, struct http_exchange *x)
{
    struct hook_hub *hub = stream->hub;
    const struct sse_config config = {
            .max_events = hub->on->node->hooks->limits.stream_events,
            .max_bytes = STREAM_BYTES_MAX,
            .heartbeat_ms = STREAM_HEARTBEAT_MS,
            .over = stream_over,
            .ctx = stream,
    };
    TRY(stream_ask(stream));
    TRY(sse_begin(&stream->sse, x, &config));
    stream->next = hub->streams;
    stream->link = &hub->streams;
    if (stream->next != NULL)
        stream->next->link = &stream->next;
    hub->streams = stream;
    atomic_fetch_add(&hub->count, 1);
    return DEPUTY_OK;
}

enum deputy_error hook_stream_open(
        struct hook_hub *hub, struct http_exchange *x, const struct hook_subscription *subscription)
{
    struct hooks *hooks = hub->on->node->hooks;
    struct hook_stream *stream = NULL;
    enum deputy_error error = DEPUTY_E_HOOK_STREAMS;
    if (atomic_fetch_add(&hooks->streams, 1) < hooks->limits.streams) {
        stream = calloc(1, sizeof *stream);
        error = stream == NULL ? DEPUTY_E_NOMEM : DEPUTY_OK;
    }
    if (error == DEPUTY_OK) {
        *stream = (struct hook_stream){.hub = hub, .subscription = *subscription};
        error = stream_begin(stream, x);
    }
    if (error != DEPUTY_OK) {
        atomic_fetch_sub(&hooks->streams, 1);
        free(stream);
    }
    return error;
}
