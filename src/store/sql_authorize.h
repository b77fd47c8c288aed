/*
 * What one statement may do, asked by SQLite for each table, column, function and change that it would touch
 * (spec/03 section 9.6). The state is fresh for each statement, and the authorizer stays in place while it
 * runs: some statements prepare others as they go.
 */
#ifndef STORE_SQL_AUTHORIZE_H
#define STORE_SQL_AUTHORIZE_H

#include "store/sql_admit.h"

enum sql_denial {
    SQL_NOT_DENIED,
    SQL_DENIED_OTHER, /* SQLite's own text says enough */
    SQL_DENIED_WRITE, /* a change, under a right to read */
    SQL_DENIED_TABLE, /* the narrowing has no such table */
    SQL_DENIED_COLUMN
};

struct sql_authorizer {
    enum sql_mode mode;
    enum sql_kind kind;
    const struct sql_narrowing *narrowing;
    struct deputy_arena *arena; /* for the names below */
    bool marked;                /* a change to the schema was allowed that reads what is there */
    bool altering;
    struct deputy_slice dropped; /* the object that is being dropped */
    bool inserts;
    enum sql_denial denial; /* the first one */
    struct deputy_slice denied;
    struct deputy_slice written[SQL_TABLES_MAX]; /* tables of the user */
    size_t written_count;
};

/* sqlite3_set_authorizer's callback; context is the authorizer. */
int sql_authorize(void *context, int action, const char *first, const char *second, const char *database,
        const char *source);

#endif
