/* The shell of `deputy sql`: lines become statements. */
#ifndef CLI_SQL_SHELL_H
#define CLI_SQL_SHELL_H

#include "cli/sql_session.h"

/*
 * Reads statements from standard input and runs each. At a terminal lines are edited, and a refusal does not
 * end the shell; else the first refusal ends it, with its exit code.
 */
int sql_shell_run(struct sql_session *session, bool terminal);

/* Is the text a whole statement: does it end in a semicolon outside quotes and comments? */
bool sql_is_complete(struct deputy_slice text);

#endif
