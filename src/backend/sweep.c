#include "backend/sweep.h"
#include "backend/chore.h"
#include "backend/session.h"
#include "backend/watch.h"
#include "base/try.h"
#include <stdlib.h>
#include <string.h>

enum { SWEEP_ARENA = 16 * 1024 * 1024, SWEEP_PAGE = 200 };

struct grant_sweep {
    struct backend_loop *on;
    struct loop_timer *timer;
    struct chore *chore;
    /* of the thread that runs it */
    bool before; /* it has run */
    struct deputy_time since, now;
    struct deputy_arena *owners, *records;
};

/* ---- one owner ---- */

static bool has_ended(const struct grant_sweep *sweep, const struct grant *grant)
{
    if (grant->state == GRANT_STALE)
        return !sweep->before; /* the policy does not change while the backend runs */
    return grant->state == GRANT_EXPIRED && deputy_time_compare(grant->expires, sweep->since) > 0;
}

/* The clock was ahead, and somebody heard that it had ended: from its owner's request, or from this sweep. */
static bool has_returned(const struct grant_sweep *sweep, const struct grant *grant)
{
    return grant->state == GRANT_ACTIVE &&
           (grant->returned || deputy_time_compare(grant->expires, sweep->since) <= 0);
}

/* Told at once, before another grant of the owner can be told of. */
static enum deputy_error owner_sweep(struct grant_sweep *sweep, const uint8_t owner[20])
{
    const struct backend *backend = sweep->on->backend;
    struct grant_news news = {.change = GRANT_ENDED, .at = sweep->now};
    struct backend_wants wants;
    struct deputy_refusal refusal;
    struct grant grant;
    TRY(backend_policy_for(sweep->records, &wants, &refusal, &backend->policy, owner));
    TRY(grants_tidy(sweep->records, &grant, backend->grants, &wants, sweep->now));
    if (has_returned(sweep, &grant))
        news.change = GRANT_GIVEN;
    else if (!has_ended(sweep, &grant))
        return DEPUTY_OK;
    memcpy(news.owner, owner, sizeof news.owner);
    news.expires = grant.expires;
    if (news.change == GRANT_ENDED)
        session_drop(backend->sessions, owner);
    grant_watch_tell(backend->watch, &news);
    return DEPUTY_OK;
}

/* ---- all of them ---- */

/* A record that cannot be read says nothing, and keeps no other from being read. */
static enum deputy_error page_sweep(struct grant_sweep *sweep, uint8_t after[20], bool first, bool *more)
{
    const uint8_t(*owners)[20];
    size_t count = 0;
    deputy_arena_reset(sweep->owners);
    TRY(grants_list(
            sweep->owners, &owners, &count, sweep->on->backend->grants, first ? NULL : after, SWEEP_PAGE));
    for (size_t i = 0; i < count; i++) {
        deputy_arena_reset(sweep->records);
        owner_sweep(sweep, owners[i]);
    }
    if (count > 0)
        memcpy(after, owners[count - 1], 20);
    *more = count == SWEEP_PAGE;
    return DEPUTY_OK;
}

/* What could not be looked at is looked at the next time. */
static void sweep_all(struct grant_sweep *sweep)
{
    uint8_t after[20] = {0};
    bool more = true;
    sweep->now = backend_now(sweep->on->backend);
    for (bool first = true; more; first = false) {
        if (page_sweep(sweep, after, first, &more) != DEPUTY_OK)
            return;
    }
    sweep->since = sweep->now;
    sweep->before = true;
}

/* ---- life ---- */

static void sweep_work(void *ctx)
{
    sweep_all(ctx);
}

void grant_sweep_run(struct grant_sweep *sweep)
{
    chore_run(sweep->chore);
}

static void sweep_on_timer(void *ctx)
{
    grant_sweep_run(ctx);
}

static enum deputy_error sweep_fill(struct grant_sweep *sweep)
{
    TRY(deputy_arena_create(&sweep->owners, SWEEP_ARENA));
    TRY(deputy_arena_create(&sweep->records, SWEEP_ARENA));
    TRY(chore_create(&sweep->chore, sweep->on->loop, sweep_work, NULL, sweep));
    TRY(loop_timer_create(&sweep->timer, sweep->on->loop, sweep_on_timer, sweep));
    loop_timer_start(sweep->timer, SWEEP_EVERY_MS, SWEEP_EVERY_MS);
    return DEPUTY_OK;
}

enum deputy_error grant_sweep_create(struct grant_sweep **out, struct backend_loop *on)
{
    struct grant_sweep *sweep = calloc(1, sizeof *sweep);
    ENSURE(sweep != NULL, DEPUTY_E_NOMEM);
    sweep->on = on;
    sweep->since = backend_now(on->backend);
    enum deputy_error result = sweep_fill(sweep);
    if (result != DEPUTY_OK) {
        grant_sweep_destroy(sweep);
        return result;
    }
    *out = sweep;
    return DEPUTY_OK;
}

void grant_sweep_destroy(struct grant_sweep *sweep)
{
    if (sweep == NULL)
        return;
    loop_timer_destroy(sweep->timer);
    chore_destroy(sweep->chore);
    deputy_arena_destroy(sweep->owners);
    deputy_arena_destroy(sweep->records);
    free(sweep);
}
