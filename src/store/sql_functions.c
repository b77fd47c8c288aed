#include "store/sql_functions.h"
#include "base/try.h"
#include "store/sql.h"
#include <sqlite3.h>
#include <stdlib.h>

/* --- what may be called --- */

/* Sorted by their bytes. */
static const char *const allowed[] = {"->", "->>", "abs", "acos", "acosh", "asin", "asinh", "atan", "atan2",
        "atanh", "avg", "ceil", "ceiling", "changes", "char", "coalesce", "concat", "concat_ws", "cos",
        "cosh", "count", "cume_dist", "current_date", "current_time", "current_timestamp", "date", "datetime",
        "degrees", "dense_rank", "exp", "first_value", "floor", "format", "glob", "group_concat", "hex",
        "ifnull", "iif", "instr", "json", "json_array", "json_array_length", "json_each", "json_extract",
        "json_group_array", "json_group_object", "json_insert", "json_object", "json_patch", "json_quote",
        "json_remove", "json_replace", "json_set", "json_tree", "json_type", "json_valid", "julianday", "lag",
        "last_insert_rowid", "last_value", "lead", "length", "like", "likelihood", "likely", "ln", "log",
        "log10", "log2", "lower", "ltrim", "max", "min", "mod", "nth_value", "ntile", "nullif",
        "octet_length", "percent_rank", "pi", "pow", "power", "printf", "quote", "radians", "random",
        "randomblob", "rank", "replace", "round", "row_number", "rtrim", "sign", "sin", "sinh", "soundex",
        "sqrt", "strftime", "string_agg", "substr", "substring", "sum", "tan", "tanh", "time", "timediff",
        "total", "total_changes", "trim", "trunc", "typeof", "unhex", "unicode", "unixepoch", "unlikely",
        "upper", "zeroblob"};

static int by_name(const void *a, const void *b)
{
    return sqlite3_stricmp(*(const char *const *)a, *(const char *const *)b);
}

bool sql_function_allowed(const char *name)
{
    return name != NULL &&
           bsearch(&name, allowed, sizeof allowed / sizeof allowed[0], sizeof allowed[0], by_name) != NULL;
}

/* --- guards --- */

/* The product of two lengths up to which a call takes about a second. */
#define GUARD_PRODUCT (INT64_C(1) << 31)

enum { JSON_SUBTYPE = 'J' }; /* how SQLite marks a text that is JSON already */

#ifndef SQLITE_RESULT_SUBTYPE /* from 3.45 on a function must say that it sets one */
#define SQLITE_RESULT_SUBTYPE 0
#endif

static const struct {
    const char *name;
    int arguments;
    const char *call;
} guarded[SQL_GUARDED] = {
        {"instr", 2, "SELECT instr(?, ?)"},
        {"replace", 3, "SELECT replace(?, ?, ?)"},
        {"trim", 2, "SELECT trim(?, ?)"},
        {"ltrim", 2, "SELECT ltrim(?, ?)"},
        {"rtrim", 2, "SELECT rtrim(?, ?)"},
        {"json_patch", 2, "SELECT json_patch(?, ?)"},
};

enum deputy_error sql_guards_open(struct sql_guards *guards)
{
    *guards = (struct sql_guards){0};
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    ENSURE(sqlite3_open_v2(":memory:", &guards->handle, flags, NULL) == SQLITE_OK, DEPUTY_E_NOMEM);
    sqlite3_limit(guards->handle, SQLITE_LIMIT_LENGTH, SQL_LENGTH_MAX);
    for (size_t i = 0; i < SQL_GUARDED; i++) {
        int result = sqlite3_prepare_v3(
                guards->handle, guarded[i].call, -1, SQLITE_PREPARE_PERSISTENT, &guards->calls[i], NULL);
        ENSURE(result == SQLITE_OK, DEPUTY_E_NOMEM);
    }
    return DEPUTY_OK;
}

void sql_guards_close(struct sql_guards *guards)
{
    for (size_t i = 0; i < SQL_GUARDED; i++)
        sqlite3_finalize(guards->calls[i]);
    sqlite3_close(guards->handle);
}

static bool guard_passes(sqlite3_value **values)
{
    int64_t subject = sqlite3_value_bytes(values[0]), sought = sqlite3_value_bytes(values[1]);
    return subject * sought <= GUARD_PRODUCT;
}

static void guard_call(sqlite3_context *context, int count, sqlite3_value **values, size_t which)
{
    const struct sql_guards *guards = sqlite3_user_data(context);
    struct sqlite3_stmt *call = guards->calls[which];
    if (!guard_passes(values)) {
        sqlite3_result_error_toobig(context);
        return;
    }
    for (int i = 0; i < count; i++)
        sqlite3_bind_value(call, i + 1, values[i]);
    int result = sqlite3_step(call);
    if (result == SQLITE_ROW)
        sqlite3_result_value(context, sqlite3_column_value(call, 0));
    else
        sqlite3_result_error(context, sqlite3_errmsg(guards->handle), -1);
    sqlite3_reset(call);
    sqlite3_clear_bindings(call);
}

#define GUARD(name, which)                                                                                   \
    static void guard_##name(sqlite3_context *context, int count, sqlite3_value **values)                    \
    {                                                                                                        \
        guard_call(context, count, values, which);                                                           \
    }
GUARD(instr, 0)
GUARD(replace, 1)
GUARD(trim, 2)
GUARD(ltrim, 3)
GUARD(rtrim, 4)
static void guard_json_patch(sqlite3_context *context, int count, sqlite3_value **values)
{
    guard_call(context, count, values, 5);
    sqlite3_result_subtype(context, JSON_SUBTYPE);
}

/* --- counts --- */

static void count_total(sqlite3_context *context, int count, sqlite3_value **values)
{
    const struct sql_counts *counts = sqlite3_user_data(context);
    (void)count;
    (void)values;
    sqlite3_result_int64(
            context, sqlite3_total_changes64(sqlite3_context_db_handle(context)) - counts->before);
}

static void count_last(sqlite3_context *context, int count, sqlite3_value **values)
{
    const struct sql_counts *counts = sqlite3_user_data(context);
    struct sqlite3 *handle = sqlite3_context_db_handle(context);
    (void)count;
    (void)values;
    bool changed = sqlite3_total_changes64(handle) != counts->before;
    sqlite3_result_int64(context, changed ? sqlite3_changes64(handle) : 0);
}

/* --- putting them in place --- */

typedef void function(sqlite3_context *context, int count, sqlite3_value **values);

/* Innocuous: views and indexes may use it, as they may the built-in one. */
static int put(
        struct sqlite3 *handle, const char *name, int arguments, int flags, const void *data, function *call)
{
    return sqlite3_create_function_v2(handle, name, arguments, SQLITE_UTF8 | SQLITE_INNOCUOUS | flags,
            (void *)(uintptr_t)data, call, NULL, NULL, NULL);
}

enum deputy_error sql_functions_install(
        struct sqlite3 *handle, struct sql_guards *guards, const struct sql_counts *counts)
{
    static function *const calls[SQL_GUARDED] = {
            guard_instr, guard_replace, guard_trim, guard_ltrim, guard_rtrim, guard_json_patch};
    int result = put(handle, "changes", 0, 0, counts, count_last);
    result |= put(handle, "total_changes", 0, 0, counts, count_total);
    for (size_t i = 0; i < SQL_GUARDED; i++)
        result |= put(handle, guarded[i].name, guarded[i].arguments,
                SQLITE_DETERMINISTIC | SQLITE_RESULT_SUBTYPE, guards, calls[i]);
    return result == SQLITE_OK ? DEPUTY_OK : DEPUTY_E_NOMEM;
}
