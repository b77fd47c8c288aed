/* What a session is made of, for those who make, keep and use sessions. */
#ifndef BACKEND_SESSION_PARTS_H
#define BACKEND_SESSION_PARTS_H

#include "backend/session.h"
#include "backend/shape.h"

/* A fault that is told by its code alone. */
struct ending {
    enum deputy_error code; /* DEPUTY_OK: none */
    enum backend_blame blame;
};

struct trial;

struct session {
    atomic_size_t references;
    uint8_t owner[20];
    struct shape *shape;
    struct deputy_time renews; /* from then on the next request has it renewed */
    struct deputy_time ends;
    struct trial *trial; /* until it is installed or given up; NULL: it was never tried */
    bool withdrawn;      /* by its owner. Under the lock of the sessions */
    size_t count;        /* delegations that give something: their CIDs at the node */
    uint8_t rest[];      /* the CIDs, then for each action of the shape which of them gives it */
};

/* An empty session with one reference: holds the shape. NULL when there is no memory. */
struct session *session_make(const uint8_t owner[20], struct shape *shape, size_t count);

static inline uint8_t *session_given(struct session *session)
{
    return session->rest + session->count * sizeof(struct deputy_cid);
}

static inline struct deputy_cid *session_cid(struct session *session, size_t index)
{
    return (struct deputy_cid *)(void *)(session->rest + index * sizeof(struct deputy_cid));
}

struct session *session_retain(struct session *session);

/*
 * The session that is at hand, retained, or NULL: session_open may find one then. On a loop, as session_open,
 * and has it renewed in the same way.
 */
struct session *session_at_hand(struct backend_loop *on, const uint8_t owner[20]);

/* As session_drop, but only while it is this session that the owner's requests use: what is being activated
 * meanwhile is newer than what was found useless, and stays. */
void session_drop_this(struct sessions *sessions, const struct session *session);

/* Somebody who uses a session just now, and hears of it when the owner withdraws. */
struct session_user {
    struct session_user *next, **link; /* under the lock of the sessions, as `told` */
    struct session *session;
    struct loop *loop;
    struct loop_task letter; /* the user's: what is run on the loop then */
    bool told;               /* the letter was sent */
};

/* On the user's loop. False, and nothing follows: its owner has withdrawn already. */
bool session_use(struct sessions *sessions, struct session *session, struct session_user *user);
/* True when the letter was sent: the user has to live until it is read, if it has not been yet. */
bool session_leave(struct sessions *sessions, struct session_user *user);

/* The shape of what is wanted, retained; the sessions keep the first one. From any thread. */
enum deputy_error sessions_shape(
        struct shape **out, struct sessions *sessions, const struct backend_wants *wants);

#endif
