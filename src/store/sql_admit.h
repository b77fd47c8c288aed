/* Which kind of statement a text is, and under which right it would run (spec/03 section 9.5): decided by its
 * first words, before SQLite sees it. What the statement then does is the authorizer's to judge. */
#ifndef STORE_SQL_ADMIT_H
#define STORE_SQL_ADMIT_H

#include "store/sql.h"

enum sql_kind {
    SQL_KIND_EMPTY,
    SQL_KIND_READ, /* SELECT, VALUES */
    SQL_KIND_WITH, /* a read or a write: preparing tells */
    SQL_KIND_WRITE,
    SQL_KIND_DEFINE, /* CREATE, ALTER, DROP */
    SQL_KIND_PRAGMA,
    SQL_KIND_ATTACH,
    SQL_KIND_REFUSED, /* statements of SQLite that nobody may send */
    SQL_KIND_UNKNOWN  /* SQLite will call it a syntax error */
};

/* Under which right a statement runs, from the weakest to the strongest. */
enum sql_mode { SQL_MODE_READ, SQL_MODE_SCHEMA, SQL_MODE_WRITE, SQL_MODE_ADMIN };

enum sql_kind sql_kind_of(struct deputy_slice sql);

/* Does nothing but white space, comments and semicolons follow? */
bool sql_is_blank(struct deputy_slice sql);

/* The right under which a statement of this kind runs; else the refusal. */
enum deputy_error sql_admit(enum sql_mode *out, struct deputy_refusal *refusal, enum sql_kind kind,
        const struct sql_request *request, struct deputy_slice sql);

#endif
