/* Grants that come, change and go, told while a stream is open (server-sent events). */
#include "backend/answer.h"
#include "backend/local_gate.h"
#include "backend/local_handlers.h"
#include "backend/local_standing.h"
#include "backend/watch.h"
#include "base/try.h"
#include "http/sse.h"
#include <stdlib.h>

enum { EVENT_ARENA = 16 * 1024, EVENT_MAX = 1024, HEARTBEAT_MS = 15000 };

struct stream {
    struct backend_loop *on;
    struct sse *sse; /* NULL: it is over */
    struct grant_listener *listener;
    struct deputy_arena *arena; /* of one event at a time */
    bool of_one;
    uint8_t owner[20]; /* whose, when it is of one */
    uint64_t count;    /* of events so far */
};

static void stream_free(struct stream *stream)
{
    grant_listener_destroy(stream->listener);
    deputy_arena_destroy(stream->arena);
    free(stream);
}

static void stream_over(void *ctx)
{
    stream_free(ctx);
}

/* ---- events ---- */

static const char *change_name(enum grant_change change)
{
    static const char *const names[] = {
            [GRANT_GIVEN] = "given",
            [GRANT_REPLACED] = "replaced",
            [GRANT_WITHDRAWN] = "withdrawn",
            [GRANT_ENDED] = "ended",
            [GRANT_REFUSED] = "refused",
    };
    return names[change];
}

/* Time and number: a later event has another id. Nothing can be had again by it. */
static void put_id(struct buf *out, struct stream *stream, struct deputy_time at)
{
    buf_put_text(out, "id:");
    buf_put_decimal(out, (uint64_t)at.sec * 1000 + at.nsec / 1000000);
    buf_put_byte(out, '-');
    buf_put_decimal(out, ++stream->count);
}

static void put_news(struct buf *out, const struct grant_news *news)
{
    bool stands = news->change == GRANT_GIVEN || news->change == GRANT_REPLACED;
    struct json_writer json = json_writer_make(out);
    buf_put_text(out, "\nevent:grant\ndata:");
    json_object_begin(&json);
    local_put_owner(&json, "owner", news->owner);
    json_key(&json, "change");
    json_text_z(&json, change_name(news->change));
    local_put_time(&json, "at", &news->at);
    local_put_time(&json, "expiresAt", stands ? &news->expires : NULL);
    json_object_end(&json);
}

/* One that cannot be made ends the stream: what is missing in it would not be seen. */
static void stream_send(struct stream *stream, const struct grant_news *news)
{
    struct buf out = buf_make(stream->arena, EVENT_MAX);
    struct deputy_slice event;
    put_id(&out, stream, news->at);
    put_news(&out, news);
    buf_put_text(&out, "\n\n");
    if (buf_finish(&out, &event) == DEPUTY_OK)
        sse_send(stream->sse, event);
    else
        sse_finish(stream->sse, (struct deputy_slice){NULL, 0});
}

/* Sending may end the stream. What is lost may have been about anybody. */
static void stream_heard(void *ctx, const struct grant_news *news, bool lost)
{
    struct stream *stream = ctx;
    deputy_arena_reset(stream->arena);
    if (lost) {
        sse_finish(stream->sse, deputy_slice_text("event:lost\ndata:{}\n\n"));
        return;
    }
    if (!stream->of_one || memcmp(stream->owner, news->owner, sizeof news->owner) == 0)
        stream_send(stream, news);
}

/* ---- the beginning ---- */

static enum deputy_error stream_begin(struct stream *stream, struct http_exchange *x)
{
    const struct sse_config config = {.max_events = 256,
            .max_bytes = 256 * 1024,
            .heartbeat_ms = HEARTBEAT_MS,
            .over = stream_over,
            .ctx = stream};
    TRY(deputy_arena_create(&stream->arena, EVENT_ARENA));
    TRY(grant_listener_create(
            &stream->listener, stream->on->backend->watch, stream->on->loop, stream_heard, stream));
    return sse_begin(&stream->sse, x, &config);
}

static enum http_flow stream_open(struct http_exchange *x, struct backend_loop *on, const uint8_t *owner)
{
    struct stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL)
        return local_refuse(x, DEPUTY_E_NOMEM, BLAME_BACKEND);
    stream->on = on;
    stream->of_one = owner != NULL;
    if (owner != NULL)
        memcpy(stream->owner, owner, sizeof stream->owner);
    enum deputy_error error = stream_begin(stream, x);
    if (error == DEPUTY_OK)
        return HTTP_LATER;
    stream_free(stream);
    return local_refuse(x, error, BLAME_BACKEND);
}

enum http_flow local_events(struct http_exchange *x, void *app)
{
    return local_admits(x, app) ? stream_open(x, app, NULL) : HTTP_DONE;
}

enum http_flow local_owner_events(struct http_exchange *x, void *app)
{
    uint8_t owner[20];
    return local_admits_owner(x, app, owner) ? stream_open(x, app, owner) : HTTP_DONE;
}
