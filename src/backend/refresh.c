#include "backend/refresh.h"
#include "backend/chore.h"
#include "backend/public.h"
#include "backend/session.h"
#include "base/arena.h"
#include "base/try.h"
#include <stdlib.h>

enum { REFRESH_ARENA = 16 * 1024 * 1024 };

struct sidecar_refresh {
    struct backend_loop *on;
    struct loop_timer *timer;
    struct chore *chore;
    struct deputy_arena *arena; /* of one look */
    struct sidecar_look look;   /* of the pool, then of the loop */
    enum deputy_error looked;
    unsigned failures; /* in a row. Of the loop */
    pthread_mutex_t lock;
    bool posted;             /* under the lock, as what the letter says: */
    enum deputy_error error; /* of the last time that it was taken into use */
    enum backend_blame blame;
    struct loop_task letter;
};

static struct sidecar_state *state_of(const struct sidecar_refresh *refresh)
{
    return &refresh->on->backend->public_of->sidecar;
}

/* ---- when ---- */

static void again_in(struct sidecar_refresh *refresh, uint64_t ms)
{
    loop_timer_start(refresh->timer, ms, 0);
}

static void again_soon(struct sidecar_refresh *refresh)
{
    static const uint64_t waits[] = {5000, 15000, 60000};
    const size_t last = sizeof waits / sizeof waits[0] - 1;
    again_in(refresh, waits[refresh->failures < last ? refresh->failures : last]);
    refresh->failures++;
}

/* ---- what came of it, whoever had it done ---- */

static void letter_read(void *ctx)
{
    struct sidecar_refresh *refresh = ctx;
    pthread_mutex_lock(&refresh->lock);
    enum deputy_error error = refresh->error;
    enum backend_blame blame = refresh->blame;
    refresh->posted = false;
    pthread_mutex_unlock(&refresh->lock);
    if (error != DEPUTY_OK && blame != BLAME_GRANT) {
        again_soon(refresh);
        return;
    }
    refresh->failures = 0;
    again_in(refresh, REFRESH_EVERY_MS);
}

static void heard_begin(void *ctx, const uint8_t owner[20])
{
    const struct sidecar_refresh *refresh = ctx;
    if (sidecar_is_about(state_of(refresh), owner))
        sidecar_note_begin(state_of(refresh), backend_now(refresh->on->backend));
}

static void heard_end(void *ctx, const uint8_t owner[20], enum deputy_error error, enum backend_blame blame)
{
    struct sidecar_refresh *refresh = ctx;
    if (!sidecar_is_about(state_of(refresh), owner))
        return;
    sidecar_note_end(state_of(refresh), error, backend_now(refresh->on->backend));
    pthread_mutex_lock(&refresh->lock);
    refresh->error = error;
    refresh->blame = blame;
    if (!refresh->posted)
        loop_post(refresh->on->loop, &refresh->letter);
    refresh->posted = true;
    pthread_mutex_unlock(&refresh->lock);
}

/* ---- doing it ---- */

static void look(void *ctx)
{
    struct sidecar_refresh *refresh = ctx;
    deputy_arena_reset(refresh->arena);
    refresh->looked = sidecar_look(refresh->arena, &refresh->look, refresh->on->backend, state_of(refresh));
}

/* A letter sets the timer anew when it has been taken into use, or not. */
static void looked(void *ctx)
{
    struct sidecar_refresh *refresh = ctx;
    enum deputy_error result = refresh->looked;
    again_in(refresh, REFRESH_EVERY_MS);
    if (result == DEPUTY_OK && refresh->look.found)
        result = session_renew(refresh->on, refresh->look.owner, NULL, NULL);
    if (result != DEPUTY_OK)
        again_soon(refresh);
}

static void on_timer(void *ctx)
{
    struct sidecar_refresh *refresh = ctx;
    if (!chore_run(refresh->chore))
        again_soon(refresh);
}

/* ---- life ---- */

static enum deputy_error refresh_fill(struct sidecar_refresh *refresh)
{
    TRY(deputy_arena_create(&refresh->arena, REFRESH_ARENA));
    TRY(chore_create(&refresh->chore, refresh->on->loop, look, looked, refresh));
    return loop_timer_create(&refresh->timer, refresh->on->loop, on_timer, refresh);
}

enum deputy_error sidecar_refresh_create(struct sidecar_refresh **out, struct backend_loop *on)
{
    struct sidecar_refresh *refresh = calloc(1, sizeof *refresh);
    ENSURE(refresh != NULL, DEPUTY_E_NOMEM);
    pthread_mutex_init(&refresh->lock, NULL);
    refresh->on = on;
    refresh->letter = (struct loop_task){.run = letter_read, .ctx = refresh};
    enum deputy_error result = refresh_fill(refresh);
    if (result != DEPUTY_OK) {
        sidecar_refresh_destroy(refresh);
        return result;
    }
    sessions_set_ear(on->backend->sessions, (struct sessions_ear){heard_begin, heard_end, refresh});
    again_in(refresh, 0);
    *out = refresh;
    return DEPUTY_OK;
}

void sidecar_refresh_destroy(struct sidecar_refresh *refresh)
{
    if (refresh == NULL)
        return;
    sessions_set_ear(refresh->on->backend->sessions, (struct sessions_ear){NULL, NULL, NULL});
    loop_timer_destroy(refresh->timer);
    chore_destroy(refresh->chore);
    deputy_arena_destroy(refresh->arena);
    pthread_mutex_destroy(&refresh->lock);
    free(refresh);
}
