#include "node/sql_changes.h"
#include "base/try.h"
#include <pthread.h>
#include <stdlib.h>

struct sql_changes {
    pthread_mutex_t lock;
    struct sql_change_mark *first, *last; /* under way, by number */
    struct sql_changes_waiter *waiting;   /* by number */
    struct sql_changes_waiter **waiting_end;
    uint64_t number; /* of the change that was begun last */
};

enum deputy_error sql_changes_create(struct sql_changes **out)
{
    struct sql_changes *changes = calloc(1, sizeof *changes);
    ENSURE(changes != NULL, DEPUTY_E_NOMEM);
    pthread_mutex_init(&changes->lock, NULL);
    changes->waiting_end = &changes->waiting;
    *out = changes;
    return DEPUTY_OK;
}

void sql_changes_destroy(struct sql_changes *changes)
{
    if (changes == NULL)
        return;
    pthread_mutex_destroy(&changes->lock);
    free(changes);
}

void sql_change_begin(struct sql_changes *changes, struct sql_change_mark *mark)
{
    pthread_mutex_lock(&changes->lock);
    *mark = (struct sql_change_mark){.before = changes->last, .number = ++changes->number, .begun = true};
    if (changes->last != NULL)
        changes->last->behind = mark;
    else
        changes->first = mark;
    changes->last = mark;
    pthread_mutex_unlock(&changes->lock);
}

/* With the lock held. */
static void mark_remove(struct sql_changes *changes, struct sql_change_mark *mark)
{
    if (mark->before != NULL)
        mark->before->behind = mark->behind;
    else
        changes->first = mark->behind;
    if (mark->behind != NULL)
        mark->behind->before = mark->before;
    else
        changes->last = mark->before;
    mark->begun = false;
}

/* Takes those off that wait for nothing any more. With the lock held. */
static struct sql_changes_waiter *waiters_take(struct sql_changes *changes)
{
    struct sql_changes_waiter *taken = changes->waiting, **end = &taken;
    while (*end != NULL && (changes->first == NULL || (*end)->number < changes->first->number))
        end = &(*end)->next;
    changes->waiting = *end;
    if (changes->waiting == NULL)
        changes->waiting_end = &changes->waiting;
    *end = NULL;
    return taken;
}

static void waiters_run(struct sql_changes_waiter *waiter)
{
    for (struct sql_changes_waiter *next; waiter != NULL; waiter = next) {
        next = waiter->next;
        waiter->run(waiter->ctx);
    }
}

void sql_change_end(struct sql_changes *changes, struct sql_change_mark *mark)
{
    if (!mark->begun)
        return;
    pthread_mutex_lock(&changes->lock);
    mark_remove(changes, mark);
    struct sql_changes_waiter *over = waiters_take(changes);
    pthread_mutex_unlock(&changes->lock);
    waiters_run(over);
}

void sql_changes_await(struct sql_changes *changes, struct sql_changes_waiter *waiter)
{
    pthread_mutex_lock(&changes->lock);
    waiter->number = changes->number;
    waiter->next = NULL;
    *changes->waiting_end = waiter;
    changes->waiting_end = &waiter->next;
    struct sql_changes_waiter *over = waiters_take(changes);
    pthread_mutex_unlock(&changes->lock);
    waiters_run(over);
}
