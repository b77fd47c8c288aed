#include "http/multi.h"
#include "base/try.h"
#include "http/loop_uv.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * What is watched for on a socket. Asking the kernel costs two system calls, and libcurl changes its mind
 * with every request of a kept connection: so what it no longer wants to read is unwatched only when it
 * comes. That needs to know when a socket is closed, which libcurl tells of sockets that we made (`ours`)
 * and not of those with which it wakes itself.
 */
struct watch {
    uv_poll_t uv;
    struct multi *multi;
    int fd;
    int wanted;  /* UV_READABLE, UV_WRITABLE: by libcurl */
    int watched; /* by libuv */
    bool ours;
};

struct multi {
    CURLM *curl;
    struct loop *loop;
    uv_timer_t clock;       /* libcurl's */
    struct watch **watches; /* by descriptor */
    size_t watch_room;
    size_t max_connections;
    struct multi_events events;
};

/* ---- what came of it ---- */

static void multi_collect(struct multi *multi)
{
    int left;
    for (CURLMsg *message; (message = curl_multi_info_read(multi->curl, &left)) != NULL;) {
        if (message->msg == CURLMSG_DONE)
            multi->events.on_done(multi->events.ctx, message->easy_handle, message->data.result);
    }
}

static void multi_act(struct multi *multi, int fd, int what)
{
    int running;
    curl_multi_socket_action(multi->curl, fd, what, &running);
    multi_collect(multi);
}

void multi_go(struct multi *multi)
{
    multi_act(multi, CURL_SOCKET_TIMEOUT, 0);
}

/* ---- sockets ---- */

static struct watch *watch_of(const struct multi *multi, int fd)
{
    return (size_t)fd < multi->watch_room ? multi->watches[fd] : NULL;
}

static void watch_on_close(uv_handle_t *handle)
{
    free(handle->data);
}

static void watch_end(struct watch *watch)
{
    watch->multi->watches[watch->fd] = NULL;
    uv_close((uv_handle_t *)&watch->uv, watch_on_close);
}

static void watch_on_event(uv_poll_t *uv, int status, int events);

static void watch_set(struct watch *watch, int events)
{
    if (events == watch->watched)
        return;
    watch->watched = events;
    if (events == 0)
        uv_poll_stop(&watch->uv);
    else
        uv_poll_start(&watch->uv, events, watch_on_event);
}

static void watch_on_event(uv_poll_t *uv, int status, int events)
{
    struct watch *watch = uv->data;
    struct multi *multi = watch->multi;
    int fd = watch->fd, what = 0;
    if (status < 0) {
        watch->watched = 0; /* libuv has let go of it */
        events = watch->wanted;
        what = CURL_CSELECT_ERR;
    }
    if ((events & watch->wanted) == 0) {
        watch_set(watch, watch->wanted);
        return;
    }
    /* After an error there may still be an answer to be read, such as why a body was not taken. */
    what |= events & UV_READABLE ? CURL_CSELECT_IN : 0;
    what |= events & UV_WRITABLE ? CURL_CSELECT_OUT : 0;
    multi_act(multi, fd, what);
    if (status < 0 && watch_of(multi, fd) == watch)
        watch_set(watch, watch->wanted);
}

static bool watches_reach(struct multi *multi, int fd)
{
    size_t room = multi->watch_room == 0 ? 64 : multi->watch_room;
    while (room <= (size_t)fd)
        room *= 2;
    if (room == multi->watch_room)
        return true;
    struct watch **more = realloc(multi->watches, room * sizeof(struct watch *));
    if (more == NULL)
        return false;
    memset(more + multi->watch_room, 0, (room - multi->watch_room) * sizeof(struct watch *));
    multi->watches = more;
    multi->watch_room = room;
    return true;
}

static struct watch *watch_make(struct multi *multi, int fd)
{
    struct watch *watch = watches_reach(multi, fd) ? calloc(1, sizeof *watch) : NULL;
    if (watch == NULL)
        return NULL;
    if (uv_poll_init(loop_uv(multi->loop), &watch->uv, fd) != 0) {
        free(watch);
        return NULL;
    }
    watch->uv.data = watch;
    watch->multi = multi;
    watch->fd = fd;
    multi->watches[fd] = watch;
    return watch;
}

void multi_socket_made(struct multi *multi, int fd)
{
    struct watch *watch = fd >= 0 ? watch_make(multi, fd) : NULL;
    if (watch != NULL)
        watch->ours = true;
}

static int on_close_socket(void *ctx, curl_socket_t fd)
{
    struct watch *watch = watch_of(ctx, fd);
    if (watch != NULL)
        watch_end(watch);
    return close(fd);
}

static int events_of(int what)
{
    if (what == CURL_POLL_REMOVE)
        return 0;
    return (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
}

/* -1 ends the transfer. */
static int on_want(CURL *transfer, curl_socket_t fd, int what, void *ctx, void *unused)
{
    struct multi *multi = ctx;
    struct watch *watch = watch_of(multi, fd);
    (void)unused;
    if (watch == NULL && what != CURL_POLL_REMOVE)
        watch = watch_make(multi, fd);
    if (watch == NULL)
        return what == CURL_POLL_REMOVE ? 0 : -1;
    watch->wanted = events_of(what);
    if (watch->wanted == 0 && watch->ours)
        multi->events.on_quiet(multi->events.ctx, transfer);
    if (what == CURL_POLL_REMOVE && !watch->ours)
        watch_end(watch);
    else
        watch_set(watch, watch->wanted | (watch->ours ? watch->watched & UV_READABLE : 0));
    return 0;
}

/* ---- time ---- */

static void clock_on_fire(uv_timer_t *clock)
{
    multi_go(clock->data);
}

static int on_wait(CURLM *curl, long ms, void *ctx)
{
    struct multi *multi = ctx;
    (void)curl;
    if (ms < 0)
        uv_timer_stop(&multi->clock);
    else
        uv_timer_start(&multi->clock, clock_on_fire, (uint64_t)ms, 0);
    return 0;
}

/* ---- transfers ---- */

void multi_adopt(const struct multi *multi, CURL *transfer)
{
    curl_easy_setopt(transfer, CURLOPT_CLOSESOCKETFUNCTION, on_close_socket);
    curl_easy_setopt(transfer, CURLOPT_CLOSESOCKETDATA, multi);
}

enum deputy_error multi_add(struct multi *multi, CURL *transfer)
{
    return curl_multi_add_handle(multi->curl, transfer) == CURLM_OK ? DEPUTY_OK : DEPUTY_E_NOMEM;
}

void multi_remove(struct multi *multi, CURL *transfer)
{
    curl_multi_remove_handle(multi->curl, transfer);
}

/* ---- beginning and end ---- */

static enum deputy_error curl_open(struct multi *multi)
{
    multi->curl = curl_multi_init();
    ENSURE(multi->curl != NULL, DEPUTY_E_NOMEM);
    curl_multi_setopt(multi->curl, CURLMOPT_SOCKETFUNCTION, on_want);
    curl_multi_setopt(multi->curl, CURLMOPT_SOCKETDATA, multi);
    curl_multi_setopt(multi->curl, CURLMOPT_TIMERFUNCTION, on_wait);
    curl_multi_setopt(multi->curl, CURLMOPT_TIMERDATA, multi);
    curl_multi_setopt(multi->curl, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)multi->max_connections);
    curl_multi_setopt(multi->curl, CURLMOPT_MAXCONNECTS, (long)multi->max_connections);
    curl_multi_setopt(multi->curl, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    return DEPUTY_OK;
}

enum deputy_error multi_open(
        struct multi **out, struct loop *loop, size_t max_connections, const struct multi_events *events)
{
    struct multi *multi = calloc(1, sizeof *multi);
    ENSURE(multi != NULL, DEPUTY_E_NOMEM);
    *multi = (struct multi){.loop = loop, .max_connections = max_connections, .events = *events};
    enum deputy_error error = curl_open(multi);
    if (error != DEPUTY_OK) {
        free(multi);
        return error;
    }
    uv_timer_init(loop_uv(loop), &multi->clock);
    multi->clock.data = multi;
    *out = multi;
    return DEPUTY_OK;
}

/* The old one closes its connections; without memory for a new one they stay. */
void multi_forget(struct multi *multi)
{
    CURLM *old = multi->curl;
    if (curl_open(multi) == DEPUTY_OK)
        curl_multi_cleanup(old);
    else
        multi->curl = old;
}

static void clock_on_close(uv_handle_t *handle)
{
    free(handle->data);
}

void multi_close(struct multi *multi)
{
    if (multi == NULL)
        return;
    curl_multi_cleanup(multi->curl);
    for (size_t fd = 0; fd < multi->watch_room; fd++) {
        if (multi->watches[fd] != NULL)
            watch_end(multi->watches[fd]);
    }
    free(multi->watches);
    multi->watches = NULL;
    multi->watch_room = 0;
    uv_close((uv_handle_t *)&multi->clock, clock_on_close);
}
