/* The rows of an SQL answer for people: columns side by side. */
#ifndef CLI_SQL_TABLE_H
#define CLI_SQL_TABLE_H

#include "base/json.h"
#include "cli/cli.h"

/* Prints a query result (spec/03 section 9.4). Texts are shown as texts, NULL as nothing, BLOBs as x'..'. */
int sql_table_show(struct cli *cli, const struct json_value *result);

#endif
