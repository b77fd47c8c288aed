/* Grants that are tried before they are kept, and which session an owner's requests use from then on. */
#include "backend/activation.h"
#include "backend/session_table.h"
#include "base/try.h"
#include <stdlib.h>
#include <string.h>

/* An activation of what is not kept yet. */
struct session_trial {
    struct activation activation;
    struct trial *trial;
    session_fn *then;
    void *ctx;
};

/* ---- trying ---- */

static bool trial_goes_on(void *ctx)
{
    (void)ctx; /* whether its grant is kept is decided elsewhere */
    return true;
}

static void trial_ended(void *ctx, struct session *session, struct ending fault)
{
    struct session_trial *on_trial = ctx;
    if (session != NULL)
        session->trial = on_trial->trial;
    else
        trial_end(on_trial->trial);
    session_tell(on_trial->then, on_trial->ctx, session, fault);
    free(on_trial);
}

static void trial_discard(void *ctx)
{
    struct session_trial *on_trial = ctx;
    free(on_trial->trial);
    free(on_trial);
}

enum deputy_error session_try(struct backend_loop *on, const struct intake *taken,
        const struct backend_wants *wants, session_fn *then, void *ctx)
{
    struct session_trial *on_trial = calloc(1, sizeof *on_trial);
    ENSURE(on_trial != NULL, DEPUTY_E_NOMEM);
    *on_trial = (struct session_trial){.activation = {.on = on,
                                               .taken = taken,
                                               .wants = wants,
                                               .goes_on = trial_goes_on,
                                               .ended = trial_ended,
                                               .discard = trial_discard,
                                               .ctx = on_trial},
            .trial = trial_begin(on->backend->sessions, wants->owner.address),
            .then = then,
            .ctx = ctx};
    memcpy(on_trial->activation.owner, wants->owner.address, sizeof wants->owner.address);
    enum deputy_error result = DEPUTY_E_NOMEM;
    if (on_trial->trial != NULL)
        result = activation_begin(&on_trial->activation);
    if (result == DEPUTY_OK)
        return DEPUTY_OK;
    if (on_trial->trial != NULL)
        trial_end(on_trial->trial);
    free(on_trial);
    return result;
}

/* ---- installing and dropping ---- */

/* With the lock: from now on nothing of the owner is at hand, or on its way to be. */
static void owner_forget(struct sessions *sessions, const uint8_t owner[20])
{
    struct session_entry *entry = table_find(sessions, owner);
    trials_overtake(sessions, owner);
    if (entry == NULL)
        return;
    if (entry->running != NULL)
        run_overtake(entry->running);
    table_forget(sessions, entry);
}

/* Where two grants came at once, or one came while one went, the one that is kept is the one to use. */
void session_install(struct sessions *sessions, struct session *session)
{
    struct trial *trial = session->trial;
    pthread_mutex_lock(&sessions->lock);
    bool overtaken = trial != NULL && trial->overtaken;
    owner_forget(sessions, session->owner);
    struct session_entry *entry = overtaken ? NULL : table_use(sessions, session->owner);
    if (entry != NULL)
        table_set(sessions, entry, session_retain(session));
    session->trial = NULL;
    pthread_mutex_unlock(&sessions->lock);
    if (trial != NULL)
        trial_end(trial);
}

void session_drop(struct sessions *sessions, const uint8_t owner[20])
{
    pthread_mutex_lock(&sessions->lock);
    owner_forget(sessions, owner);
    pthread_mutex_unlock(&sessions->lock);
}

/* ---- withdrawing ---- */

bool session_use(struct sessions *sessions, struct session *session, struct session_user *user)
{
    pthread_mutex_lock(&sessions->lock);
    bool good = !session->withdrawn;
    if (good) {
        user->session = session;
        user->told = false;
        user->next = sessions->users;
        user->link = &sessions->users;
        if (user->next != NULL)
            user->next->link = &user->next;
        sessions->users = user;
    }
    pthread_mutex_unlock(&sessions->lock);
    return good;
}

bool session_leave(struct sessions *sessions, struct session_user *user)
{
    pthread_mutex_lock(&sessions->lock);
    *user->link = user->next;
    if (user->next != NULL)
        user->next->link = user->link;
    bool told = user->told;
    pthread_mutex_unlock(&sessions->lock);
    return told;
}

/* With the lock: also those who still use an older session of his. */
static void users_tell(struct sessions *sessions, const uint8_t owner[20])
{
    for (struct session_user *user = sessions->users; user != NULL; user = user->next) {
        if (user->told || memcmp(user->session->owner, owner, sizeof user->session->owner) != 0)
            continue;
        user->told = true;
        loop_post(user->loop, &user->letter);
    }
}

struct session *session_withdraw(struct sessions *sessions, const uint8_t owner[20])
{
    pthread_mutex_lock(&sessions->lock);
    const struct session_entry *entry = table_find(sessions, owner);
    struct session *session = entry != NULL && entry->session != NULL ? session_retain(entry->session) : NULL;
    if (session != NULL)
        session->withdrawn = true;
    users_tell(sessions, owner);
    owner_forget(sessions, owner);
    pthread_mutex_unlock(&sessions->lock);
    return session;
}

void session_drop_this(struct sessions *sessions, const struct session *session)
{
    pthread_mutex_lock(&sessions->lock);
    struct session_entry *entry = table_find(sessions, session->owner);
    if (entry != NULL && entry->session == session) {
        table_set(sessions, entry, NULL);
        table_tidy(sessions, entry);
    }
    pthread_mutex_unlock(&sessions->lock);
}
