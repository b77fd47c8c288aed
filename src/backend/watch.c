/*
 * Each listener has a ring of its own, which a letter to its loop empties. When it is full the oldest goes:
 * the newest say how things stand.
 */
#include "backend/watch.h"
#include "base/try.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

enum { LISTENER_RING = 1024 };

struct heard_news {
    struct grant_news news;
    bool lost; /* something before it found no room */
};

struct grant_listener {
    struct grant_watch *watch;
    struct loop *loop;
    void (*heard)(void *ctx, const struct grant_news *news, bool lost);
    void *ctx;
    struct loop_task task;
    bool ended; /* on its loop only */
    struct grant_listener *next, **link;
    struct heard_news ring[LISTENER_RING];
    size_t first, waiting;
    bool posted; /* the letter is on its way, or being read */
};

struct grant_watch {
    pthread_mutex_t lock; /* over the lists, and over the rings of all listeners */
    struct grant_listener *listeners;
    struct grant_listener *leaving; /* ended while their letter was on its way */
};

static void list_add(struct grant_listener **list, struct grant_listener *listener)
{
    listener->next = *list;
    listener->link = list;
    if (listener->next != NULL)
        listener->next->link = &listener->next;
    *list = listener;
}

static void list_remove(struct grant_listener *listener)
{
    *listener->link = listener->next;
    if (listener->next != NULL)
        listener->next->link = listener->link;
}

/* ---- hearing ---- */

/* False when there is nothing more to hear: the letter is read. */
static bool ring_take(struct grant_listener *listener, struct heard_news *out)
{
    struct grant_watch *watch = listener->watch;
    pthread_mutex_lock(&watch->lock);
    bool taken = !listener->ended && listener->waiting > 0;
    if (taken) {
        *out = listener->ring[listener->first];
        listener->first = (listener->first + 1) % LISTENER_RING;
        listener->waiting--;
    } else if (listener->ended) {
        list_remove(listener);
    }
    listener->posted = taken;
    pthread_mutex_unlock(&watch->lock);
    return taken;
}

/* Whoever hears may end the listener: it is freed here then, when nothing points to it any more. */
static void listener_read(void *ctx)
{
    struct grant_listener *listener = ctx;
    struct heard_news next;
    while (ring_take(listener, &next))
        listener->heard(listener->ctx, &next.news, next.lost);
    if (listener->ended)
        free(listener);
}

/* ---- telling ---- */

static void ring_put(struct grant_listener *listener, const struct grant_news *news)
{
    bool lost = listener->waiting == LISTENER_RING;
    if (lost) {
        listener->first = (listener->first + 1) % LISTENER_RING;
        listener->waiting--;
        listener->ring[listener->first].lost = true;
    }
    listener->ring[(listener->first + listener->waiting++) % LISTENER_RING] =
            (struct heard_news){.news = *news};
    if (listener->posted)
        return;
    listener->posted = true;
    listener->task = (struct loop_task){.run = listener_read, .ctx = listener};
    loop_post(listener->loop, &listener->task);
}

void grant_watch_tell(struct grant_watch *watch, const struct grant_news *news)
{
    pthread_mutex_lock(&watch->lock);
    for (struct grant_listener *listener = watch->listeners; listener != NULL; listener = listener->next)
        ring_put(listener, news);
    pthread_mutex_unlock(&watch->lock);
}

/* ---- life ---- */

enum deputy_error grant_watch_create(struct grant_watch **out)
{
    struct grant_watch *watch = calloc(1, sizeof *watch);
    ENSURE(watch != NULL, DEPUTY_E_NOMEM);
    pthread_mutex_init(&watch->lock, NULL);
    *out = watch;
    return DEPUTY_OK;
}

/* A letter that its loop did not live to read holds a listener until here. */
void grant_watch_destroy(struct grant_watch *watch)
{
    if (watch == NULL)
        return;
    while (watch->leaving != NULL) {
        struct grant_listener *listener = watch->leaving;
        watch->leaving = listener->next;
        free(listener);
    }
    pthread_mutex_destroy(&watch->lock);
    free(watch);
}

enum deputy_error grant_listener_create(struct grant_listener **out, struct grant_watch *watch,
        struct loop *loop, void (*heard)(void *ctx, const struct grant_news *news, bool lost), void *ctx)
{
    struct grant_listener *listener = calloc(1, sizeof *listener);
    ENSURE(listener != NULL, DEPUTY_E_NOMEM);
    listener->watch = watch;
    listener->loop = loop;
    listener->heard = heard;
    listener->ctx = ctx;
    pthread_mutex_lock(&watch->lock);
    list_add(&watch->listeners, listener);
    pthread_mutex_unlock(&watch->lock);
    *out = listener;
    return DEPUTY_OK;
}

void grant_listener_destroy(struct grant_listener *listener)
{
    if (listener == NULL)
        return;
    struct grant_watch *watch = listener->watch;
    pthread_mutex_lock(&watch->lock);
    list_remove(listener);
    bool posted = listener->posted;
    listener->ended = true;
    if (posted)
        list_add(&watch->leaving, listener);
    pthread_mutex_unlock(&watch->lock);
    if (!posted)
        free(listener);
}
