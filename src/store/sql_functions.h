/* The functions that statements may call, and those that we stand in for (spec/03 section 9.6). */
#ifndef STORE_SQL_FUNCTIONS_H
#define STORE_SQL_FUNCTIONS_H

#include <deputy/error.h>
#include <stdint.h>

struct sqlite3;
struct sqlite3_stmt;

bool sql_function_allowed(const char *name);

enum { SQL_GUARDED = 6 };

/*
 * Built-in functions whose time grows with the product of their arguments' lengths, where no time limit can
 * stop them: instr, replace, trim, ltrim, rtrim and json_patch. A connection's own ones look at the product
 * first, then ask the built-in ones of a second connection without any data, one a thread.
 */
struct sql_guards {
    struct sqlite3 *handle;
    struct sqlite3_stmt *calls[SQL_GUARDED];
};
enum deputy_error sql_guards_open(struct sql_guards *guards);
void sql_guards_close(struct sql_guards *guards);

/* What changes() and total_changes() count from: the beginning of the request. */
struct sql_counts {
    int64_t before;
};

/* Puts the guards in place, and changes and total_changes that tell of this request alone. Both outlive the
 * connection. */
enum deputy_error sql_functions_install(
        struct sqlite3 *handle, struct sql_guards *guards, const struct sql_counts *counts);

#endif
