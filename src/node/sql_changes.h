/*
 * SQL changes between their two commits (sql.c): what the store has decided and recorded, and the database
 * has not committed yet. A value is changed in the transaction that decides about it, so that whatever is
 * revoked behind it is acknowledged behind it; a database is another file. So the acknowledgement of a
 * revocation waits here for the changes that were decided before it. No thread waits: who ends the last of
 * them goes on with it.
 *
 * Safe from every thread.
 */
#ifndef NODE_SQL_CHANGES_H
#define NODE_SQL_CHANGES_H

#include <deputy/error.h>
#include <stdbool.h>
#include <stdint.h>

struct sql_changes;

/* A change under way. Memory of whoever makes it, zero before the first begin. */
struct sql_change_mark {
    struct sql_change_mark *before, *behind;
    uint64_t number;
    bool begun;
};

/* Something that waits. Memory of the waiter, its own again as soon as run is called. */
struct sql_changes_waiter {
    void (*run)(void *ctx); /* never waits, and calls nothing of this header */
    void *ctx;
    uint64_t number; /* it waits for changes up to this one */
    struct sql_changes_waiter *next;
};

enum deputy_error sql_changes_create(struct sql_changes **out);

/* Nothing is under way or waits. NULL is allowed. */
void sql_changes_destroy(struct sql_changes *changes);

/* Before the store decides about the change. */
void sql_change_begin(struct sql_changes *changes, struct sql_change_mark *mark);

/* Behind its commit, or once it will never be made. Does nothing for a change that was not begun. */
void sql_change_end(struct sql_changes *changes, struct sql_change_mark *mark);

/* Runs the waiter once every change has ended that is under way now: at once, or where the last one ends. */
void sql_changes_await(struct sql_changes *changes, struct sql_changes_waiter *waiter);

#endif
