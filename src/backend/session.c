/*
 * Requests of one owner share what is at hand, or what is under way. What comes of it is told to each on its
 * own loop; where the owner's grant went or changed meanwhile, those who wait are taken up once more.
 */
#include "backend/activation.h"
#include "backend/session_table.h"
#include "backend/watch.h"
#include "base/time.h"
#include "base/try.h"
#include <stdlib.h>
#include <string.h>

/* So many activations at once keep a node busy, and hold what they post; a crowd of owners waits in line. */
enum { RETRY_FIRST_MS = 1000, RETRY_MAX_MS = 60000, ACTIVE_MAX = 128 };

/* Somebody who waits for a session: a letter to his loop brings it. */
struct waiter {
    struct loop_task task;
    struct backend_loop *on;
    uint8_t owner[20];
    session_fn *then;
    void *ctx;
    struct session *session;
    struct ending fault;
    bool renews; /* what is at hand is not what he asks for */
    bool again;  /* what he waited for was overtaken */
    struct waiter *next;
};

/* An activation of what is kept. */
struct session_run {
    struct activation activation;
    struct session_entry *entry; /* NULL: overtaken. Under the table's lock */
    struct waiter *waiters;      /* under the lock until the run has ended */
    struct session_run *queued;  /* the next in the queue, under the lock */
    struct loop_task turn;       /* tells that it need not wait any longer */
};

static void run_take_turn(struct session_run *run);

/* ---- telling ---- */

void session_tell(session_fn *then, void *ctx, struct session *session, struct ending fault)
{
    const struct backend_fault told = {{.code = fault.code}, fault.blame};
    then(ctx, session == NULL ? &told : NULL, session);
}

static void waiter_read(void *ctx)
{
    struct waiter *waiter = ctx;
    enum deputy_error result = DEPUTY_OK;
    if (waiter->again)
        result = session_open(waiter->on, waiter->owner, waiter->then, waiter->ctx);
    if (result != DEPUTY_OK)
        waiter->fault = (struct ending){result, BLAME_BACKEND};
    if (!waiter->again || result != DEPUTY_OK)
        session_tell(waiter->then, waiter->ctx, waiter->session, waiter->fault);
    free(waiter);
}

static void waiter_post(struct waiter *waiter)
{
    waiter->task = (struct loop_task){.run = waiter_read, .ctx = waiter};
    loop_post(waiter->on->loop, &waiter->task);
}

static void tell_watch(const struct session_run *run, enum grant_change change)
{
    const struct backend *backend = run->activation.on->backend;
    struct grant_news news = {.change = change, .at = backend_now(backend)};
    memcpy(news.owner, run->activation.owner, sizeof news.owner);
    if (backend->watch != NULL)
        grant_watch_tell(backend->watch, &news);
}

/* ---- waiting before the next try ---- */

/* A clock that was set back must not make anybody wait for longer than the longest wait. */
static bool must_wait(const struct session_entry *entry, struct deputy_time now)
{
    return entry->failures > 0 && deputy_time_compare(now, entry->retry) < 0 &&
           deputy_time_compare(entry->retry, time_add_ms(now, RETRY_MAX_MS)) <= 0;
}

static void entry_fail(struct session_entry *entry, struct ending fault, struct deputy_time now)
{
    int64_t wait_ms = RETRY_FIRST_MS;
    for (unsigned i = 0; i < entry->failures && wait_ms < RETRY_MAX_MS; i++)
        wait_ms *= 2;
    entry->failures++;
    entry->fault = fault;
    entry->retry = time_add_ms(now, wait_ms < RETRY_MAX_MS ? wait_ms : RETRY_MAX_MS);
}

/* ---- the end of a run ---- */

/* It was the node that failed, or refused: nothing is gained by asking it at once again. */
static bool is_of_node(struct ending fault)
{
    return fault.blame == BLAME_NODE || fault.code == DEPUTY_E_DELEGATION_REFUSED ||
           fault.code == DEPUTY_E_NODE_BUSY;
}

/* With the lock. True when a refusal is news. */
static bool entry_settle(
        struct sessions *sessions, struct session_run *run, struct session *session, struct ending fault)
{
    struct session_entry *entry = run->entry;
    bool refused = fault.code == DEPUTY_E_DELEGATION_REFUSED;
    bool news = refused && (entry->failures == 0 || entry->fault.code != DEPUTY_E_DELEGATION_REFUSED);
    entry->running = NULL;
    if (session != NULL || fault.blame == BLAME_GRANT)
        table_set(sessions, entry, session);
    if (is_of_node(fault) && session == NULL)
        entry_fail(entry, fault, backend_now(run->activation.on->backend));
    else
        entry->failures = 0;
    table_tidy(sessions, entry);
    return news;
}

static void waiters_tell(struct waiter *waiter, struct session *session, struct ending fault, bool overtaken)
{
    while (waiter != NULL) {
        struct waiter *next = waiter->next;
        waiter->again = overtaken;
        waiter->fault = fault;
        waiter->session = session != NULL && !overtaken ? session_retain(session) : NULL;
        waiter_post(waiter);
        waiter = next;
    }
}

/* With the lock: who comes next in the place of one that has ended; NULL: nobody waits. */
static struct session_run *queue_next(struct sessions *sessions)
{
    struct session_run *next = sessions->queue_first;
    if (next == NULL) {
        sessions->active--;
        return NULL;
    }
    sessions->queue_first = next->queued;
    if (next->queued == NULL)
        sessions->queue_last = NULL;
    return next;
}

/* With the lock: false when the run has to wait for its turn. */
static bool queue_pass(struct sessions *sessions, struct session_run *run)
{
    if (sessions->active < ACTIVE_MAX) {
        sessions->active++;
        return true;
    }
    if (sessions->queue_last != NULL)
        sessions->queue_last->queued = run;
    else
        sessions->queue_first = run;
    sessions->queue_last = run;
    return false;
}

/* An overtaken one came to nothing for reasons of its own. */
static void tell_ear(const struct session_run *run, struct ending fault, bool overtaken)
{
    const struct sessions_ear *ear = &run->activation.on->backend->sessions->ear;
    if (overtaken && fault.code == DEPUTY_OK)
        fault = (struct ending){DEPUTY_E_GRANT_OVERTAKEN, BLAME_GRANT};
    if (ear->ended != NULL)
        ear->ended(ear->ctx, run->activation.owner, fault.code, fault.blame);
}

static void run_ended(void *ctx, struct session *session, struct ending fault)
{
    struct session_run *run = ctx;
    struct sessions *sessions = run->activation.on->backend->sessions;
    bool refusal_is_news = false;
    pthread_mutex_lock(&sessions->lock);
    bool overtaken = run->entry == NULL;
    if (!overtaken)
        refusal_is_news =
                entry_settle(sessions, run, session != NULL ? session_retain(session) : NULL, fault);
    struct session_run *next = queue_next(sessions);
    pthread_mutex_unlock(&sessions->lock);
    if (next != NULL)
        run_take_turn(next);
    if (fault.code == DEPUTY_E_DELEGATION_EXPIRED || fault.code == DEPUTY_E_DELEGATION_STALE)
        tell_watch(run, GRANT_ENDED);
    if (refusal_is_news)
        tell_watch(run, GRANT_REFUSED);
    tell_ear(run, fault, overtaken);
    waiters_tell(run->waiters, session, fault, overtaken);
    if (session != NULL)
        session_release(session);
    free(run);
}

static bool run_goes_on(void *ctx)
{
    struct session_run *run = ctx;
    struct sessions *sessions = run->activation.on->backend->sessions;
    pthread_mutex_lock(&sessions->lock);
    bool goes_on = run->entry != NULL;
    pthread_mutex_unlock(&sessions->lock);
    return goes_on;
}

static void run_start(void *ctx)
{
    struct session_run *run = ctx;
    const struct sessions_ear *ear = &run->activation.on->backend->sessions->ear;
    if (ear->begun != NULL)
        ear->begun(ear->ctx, run->activation.owner);
    enum deputy_error result = activation_begin(&run->activation);
    if (result != DEPUTY_OK)
        run_ended(run, NULL, (struct ending){result, BLAME_BACKEND});
}

static void run_take_turn(struct session_run *run)
{
    run->turn = (struct loop_task){.run = run_start, .ctx = run};
    loop_post(run->activation.on->loop, &run->turn);
}

static void run_begin(struct session_run *run)
{
    struct sessions *sessions = run->activation.on->backend->sessions;
    pthread_mutex_lock(&sessions->lock);
    bool passes = queue_pass(sessions, run);
    pthread_mutex_unlock(&sessions->lock);
    if (passes)
        run_start(run);
}

static void run_discard(void *ctx)
{
    struct session_run *run = ctx;
    for (struct waiter *waiter = run->waiters, *next; waiter != NULL; waiter = next) {
        next = waiter->next;
        free(waiter);
    }
    free(run);
}

/* ---- opening ---- */

/* With the lock: a run that the entry waits for from now on. */
static struct session_run *run_make(struct backend_loop *on, struct session_entry *entry)
{
    struct session_run *run = calloc(1, sizeof *run);
    if (run == NULL)
        return NULL;
    run->activation = (struct activation){
            .on = on, .goes_on = run_goes_on, .ended = run_ended, .discard = run_discard, .ctx = run};
    memcpy(run->activation.owner, entry->owner, sizeof entry->owner);
    run->entry = entry;
    entry->running = run;
    return run;
}

/* With the lock: the session, retained. One that is due is renewed, and is good until it ends. */
static struct session *entry_at_hand(
        struct backend_loop *on, struct session_entry *entry, struct session_run **begins)
{
    struct deputy_time now = backend_now(on->backend);
    struct session *session = entry->session;
    if (session == NULL || deputy_time_compare(now, session->ends) >= 0)
        return NULL;
    bool due = deputy_time_compare(now, session->renews) >= 0;
    if (due && entry->running == NULL && !must_wait(entry, now))
        *begins = run_make(on, entry);
    return session_retain(session);
}

/* With the lock: answers the waiter, has it wait, or gives a run to begin. */
static enum deputy_error entry_serve(
        struct session_entry *entry, struct waiter *waiter, struct session_run **begins, bool *answered)
{
    if (!waiter->renews)
        waiter->session = entry_at_hand(waiter->on, entry, begins);
    *answered = waiter->session != NULL;
    if (*answered)
        return DEPUTY_OK;
    if (!waiter->renews && entry->running == NULL && must_wait(entry, backend_now(waiter->on->backend))) {
        waiter->fault = entry->fault;
        *answered = true;
        return DEPUTY_OK;
    }
    if (entry->running == NULL)
        *begins = run_make(waiter->on, entry);
    ENSURE(entry->running != NULL, DEPUTY_E_NOMEM);
    waiter->next = entry->running->waiters;
    entry->running->waiters = waiter;
    return DEPUTY_OK;
}

static enum deputy_error open_locked(
        struct sessions *sessions, struct waiter *waiter, struct session_run **begins, bool *answered)
{
    struct session_entry *entry = table_use(sessions, waiter->owner);
    ENSURE(entry != NULL, DEPUTY_E_NOMEM);
    enum deputy_error result = entry_serve(entry, waiter, begins, answered);
    table_tidy(sessions, entry);
    return result;
}

static enum deputy_error open_for(const struct waiter *asks)
{
    struct sessions *sessions = asks->on->backend->sessions;
    struct session_run *begins = NULL;
    struct waiter *waiter = calloc(1, sizeof *waiter);
    bool answered = false;
    ENSURE(waiter != NULL, DEPUTY_E_NOMEM);
    *waiter = *asks;
    pthread_mutex_lock(&sessions->lock);
    enum deputy_error result = open_locked(sessions, waiter, &begins, &answered);
    pthread_mutex_unlock(&sessions->lock);
    if (result != DEPUTY_OK)
        free(waiter);
    if (answered)
        waiter_post(waiter);
    if (begins != NULL)
        run_begin(begins);
    return result;
}

enum deputy_error session_open(struct backend_loop *on, const uint8_t owner[20], session_fn *then, void *ctx)
{
    struct waiter waiter = {.on = on, .then = then, .ctx = ctx};
    memcpy(waiter.owner, owner, sizeof waiter.owner);
    return open_for(&waiter);
}

/* What is under way already is as good. */
static enum deputy_error renew_alone(struct backend_loop *on, const uint8_t owner[20])
{
    struct sessions *sessions = on->backend->sessions;
    struct session_run *begins = NULL;
    enum deputy_error result = DEPUTY_E_NOMEM;
    pthread_mutex_lock(&sessions->lock);
    struct session_entry *entry = table_use(sessions, owner);
    if (entry != NULL && entry->running == NULL)
        begins = run_make(on, entry);
    if (entry != NULL && entry->running != NULL)
        result = DEPUTY_OK;
    if (entry != NULL)
        table_tidy(sessions, entry);
    pthread_mutex_unlock(&sessions->lock);
    if (begins != NULL)
        run_begin(begins);
    return result;
}

enum deputy_error session_renew(struct backend_loop *on, const uint8_t owner[20], session_fn *then, void *ctx)
{
    struct waiter waiter = {.on = on, .renews = true, .then = then, .ctx = ctx};
    if (then == NULL)
        return renew_alone(on, owner);
    memcpy(waiter.owner, owner, sizeof waiter.owner);
    return open_for(&waiter);
}

struct session *session_at_hand(struct backend_loop *on, const uint8_t owner[20])
{
    struct sessions *sessions = on->backend->sessions;
    struct session_run *begins = NULL;
    struct session *session = NULL;
    pthread_mutex_lock(&sessions->lock);
    struct session_entry *entry = table_find(sessions, owner);
    if (entry != NULL && entry->session != NULL)
        session = entry_at_hand(on, table_use(sessions, owner), &begins);
    pthread_mutex_unlock(&sessions->lock);
    if (begins != NULL)
        run_begin(begins);
    return session;
}

void run_overtake(struct session_run *run)
{
    run->entry = NULL;
}
