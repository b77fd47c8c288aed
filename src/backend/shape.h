/*
 * What the sessions of all owners allow: the policy without the owner, kept once. A session says for each
 * action of it which of its delegations gives it.
 */
#ifndef BACKEND_SHAPE_H
#define BACKEND_SHAPE_H

#include "backend/policy.h"
#include <stdatomic.h>

struct shape {
    atomic_size_t references;
    struct deputy_arena *arena;
    struct deputy_permissions entries; /* as wanted; an absent path is the owner's default network */
    size_t actions;                    /* of all entries */
};

/* Made with one reference. */
enum deputy_error shape_make(struct shape **out, const struct backend_wants *wants);
/* Whether what is wanted is just this, for whomever. */
bool shape_fits(const struct shape *shape, const struct backend_wants *wants);
void shape_release(struct shape *shape);

/* What somebody wants to do for an owner. Names are short. */
struct shape_question {
    const struct deputy_account *owner;
    struct deputy_slice space;
    struct deputy_slice service;
    struct deputy_slice path;
    struct deputy_slice action;
};

/* Found nothing: such a place is not given out. */
enum { SHAPE_NONE = 255 };

/*
 * The place of the action that allows it, among those whose `given` is not SHAPE_NONE: an index below
 * shape->actions, or SIZE_MAX. `given` has shape->actions bytes.
 */
size_t shape_find(const struct shape *shape, const uint8_t *given, const struct shape_question *question);

/* The space of the first entry that has one; absent when there are only networks. */
struct deputy_slice shape_first_space(const struct shape *shape);

#endif
