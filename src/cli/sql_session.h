/* Statements sent to one database, and their answers shown. */
#ifndef CLI_SQL_SESSION_H
#define CLI_SQL_SESSION_H

#include "cli/invocation.h"

struct sql_session {
    struct cli *cli;
    struct actor actor;
    const char *db;             /* NULL: the default one */
    const char *ability;        /* NULL: as the statement needs */
    struct deputy_slice params; /* JSON array, for the next statement */
    struct deputy_arena *arena; /* of one request; made when it is needed */
};

/* Runs one statement and prints what it gives. The parameters are used up. */
int sql_session_run(struct sql_session *session, struct deputy_slice sql);

/* The database as a file; lives until the next request. */
int sql_session_export(struct sql_session *session, struct deputy_slice *image);

void sql_session_end(struct sql_session *session);

#endif
