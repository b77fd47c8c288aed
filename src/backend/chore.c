#include "backend/chore.h"
#include "base/try.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct chore {
    struct loop *loop;
    void (*work)(void *ctx);
    void (*done)(void *ctx);
    void *ctx;
    bool running; /* on the loop: until it is heard that it has run */
    bool ending;  /* is to be freed then */
    pthread_mutex_t lock;
    pthread_cond_t idle;
    bool working; /* under the lock: until it has run */
};

static void set_working(struct chore *chore, bool working)
{
    pthread_mutex_lock(&chore->lock);
    chore->working = working;
    pthread_cond_signal(&chore->idle);
    pthread_mutex_unlock(&chore->lock);
}

static void on_pool(void *ctx)
{
    struct chore *chore = ctx;
    chore->work(chore->ctx);
    set_working(chore, false);
}

static void chore_free(struct chore *chore)
{
    pthread_cond_destroy(&chore->idle);
    pthread_mutex_destroy(&chore->lock);
    free(chore);
}

static void on_loop(void *ctx)
{
    struct chore *chore = ctx;
    chore->running = false;
    if (chore->ending)
        chore_free(chore);
    else if (chore->done != NULL)
        chore->done(chore->ctx);
}

bool chore_run(struct chore *chore)
{
    if (chore->running)
        return true;
    set_working(chore, true);
    chore->running = loop_offload(chore->loop, on_pool, on_loop, chore) == DEPUTY_OK;
    if (!chore->running)
        set_working(chore, false);
    return chore->running;
}

enum deputy_error chore_create(
        struct chore **out, struct loop *loop, void (*work)(void *ctx), void (*done)(void *ctx), void *ctx)
{
    struct chore *chore = calloc(1, sizeof *chore);
    ENSURE(chore != NULL, DEPUTY_E_NOMEM);
    pthread_mutex_init(&chore->lock, NULL);
    pthread_cond_init(&chore->idle, NULL);
    chore->loop = loop;
    chore->work = work;
    chore->done = done;
    chore->ctx = ctx;
    *out = chore;
    return DEPUTY_OK;
}

void chore_destroy(struct chore *chore)
{
    if (chore == NULL)
        return;
    chore->ending = true;
    pthread_mutex_lock(&chore->lock);
    while (chore->working)
        pthread_cond_wait(&chore->idle, &chore->lock);
    pthread_mutex_unlock(&chore->lock);
    if (!chore->running)
        chore_free(chore);
}
