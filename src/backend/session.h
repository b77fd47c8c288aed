/*
 * Grants in use. A grant is taken into use at the node ("activated") by the backend's identity, which hands
 * each delegation of it to the backend's session key, for at most an hour and for what the policy asks for
 * and nothing else (spec/07 section A11, E15 and E17). What came of it is kept for the owner's next requests,
 * taken into use again before it ends, and forgotten when the grant goes.
 *
 * Requests of one owner that come together share one activation, whichever loops they are on.
 */
#ifndef BACKEND_SESSION_H
#define BACKEND_SESSION_H

#include "backend/call.h"

enum { SESSIONS_MAX = 10000, SESSION_LIFE_S = 3600, SESSION_RENEW_S = 3000 };

/* An owner's grant in use; counted, and never changed once it is made. */
struct session;

enum deputy_error sessions_create(struct sessions **out);
/*
 * When no loop runs any more, their callers to the node are destroyed, and before grants, identity and loops
 * are. What a thread of the pool is doing for an activation is waited for; nobody is told of it. NULL is
 * allowed.
 */
void sessions_destroy(struct sessions *sessions);

/* Told once, on the loop. Without a fault `session` is the callee's to release. */
typedef void session_fn(void *ctx, const struct backend_fault *fault, struct session *session);

/*
 * The owner's session: the one at hand, or the grant that is kept is taken into use. Faults: no grant,
 * expired, stale, refused by the node (BLAME_GRANT); the node does not answer (BLAME_NODE); our store
 * (BLAME_BACKEND).
 */
enum deputy_error session_open(struct backend_loop *on, const uint8_t owner[20], session_fn *then, void *ctx);

/*
 * Takes the grant that is kept into use anew, or waits for that to end where it is under way: what is at hand
 * is used until then, and afterwards where the node could not be asked. Told as by session_open; `then` NULL:
 * nobody waits.
 */
enum deputy_error session_renew(
        struct backend_loop *on, const uint8_t owner[20], session_fn *then, void *ctx);

/* Who hears of every kept grant that is being taken into use, whoever had that done. On any loop. */
struct sessions_ear {
    void (*begun)(void *ctx, const uint8_t owner[20]);
    void (*ended)(void *ctx, const uint8_t owner[20], enum deputy_error error, enum backend_blame blame);
    void *ctx;
};

/* Before the loops run, and once; {0} after they have stopped. */
void sessions_set_ear(struct sessions *sessions, struct sessions_ear ear);

/*
 * Takes a grant into use that is not kept yet, so that one which the node refuses never replaces a good one
 * (spec/07 sections A9 and E13). A fault of BLAME_GRANT is the node's definite no. Nothing is kept: see
 * session_install. `taken` must live until then.
 */
enum deputy_error session_try(struct backend_loop *on, const struct intake *taken,
        const struct backend_wants *wants, session_fn *then, void *ctx);

/*
 * From now on the owner's requests use this one; the caller still releases his own reference. Where another
 * grant of the owner came or his went since the session was tried, his next request takes what is kept into
 * use instead.
 */
void session_install(struct sessions *sessions, struct session *session);

/* Forgets the owner's session, and what is being activated for him: his next request begins anew. */
void session_drop(struct sessions *sessions, const uint8_t owner[20]);

/*
 * The same when the owner has withdrawn: whoever uses a session of his is told so, and what was at hand is
 * handed over, retained, to be taken back at the node; NULL: nothing was.
 */
struct session *session_withdraw(struct sessions *sessions, const uint8_t owner[20]);

void session_release(struct session *session);

/* How many are at hand, for telemetry. */
size_t sessions_count(struct sessions *sessions);

#endif
