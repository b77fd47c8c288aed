/*
 * A grant on its way in: judged on a thread, tried at the node, and kept only then (spec/07 section A9). What
 * the node refuses never replaces another one.
 */
#ifndef BACKEND_HANDIN_H
#define BACKEND_HANDIN_H

#include "backend/errand.h"
#include "backend/intake.h"

struct session;

struct handin {
    struct errand errand; /* its owner is whose the grant has to be, unless: */
    bool names_owner;     /* it says itself whose it is, and is one delegation (spec/07 section D1) */
    bool must_activate;   /* a node that cannot be asked is a failure, too */
    struct deputy_slice serialized;
    void (*told)(struct handin *handin); /* once, on the loop: answers */

    enum deputy_error result;
    struct deputy_refusal refusal; /* of judging: what it is about */
    bool ours;                     /* what failed was our own doing, not the owner's */
    bool refused_by_node;          /* or not to be had from it */
    bool pending;                  /* kept, and not tried: the node could not be asked */
    struct intake taken;

    struct backend_wants wants; /* from here on its own */
    struct grant_attempt attempt;
    struct session *session;
};

/* Takes an errand that was begun with this size; ends it after `told`. */
enum http_flow handin_run(struct handin *handin);

/* How the owner stands, on the pool: a grant that is over is removed, told once, and not in use any more. */
enum deputy_error handin_find(struct errand *errand, struct grant *out);

/* Takes the owner's grant back, on the pool. *used is what was in use, to be taken back at the node and
 * released; NULL: nothing was. */
enum deputy_error handin_withdraw(struct errand *errand, struct session **used);

#endif
