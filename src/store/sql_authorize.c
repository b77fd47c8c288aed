#include "store/sql_authorize.h"
#include "base/arena.h"
#include "store/sql_functions.h"
#include <sqlite3.h>
#include <string.h>

static bool is_one_of(const char *name, const char *const *list, size_t count)
{
    for (size_t i = 0; name != NULL && i < count; i++) {
        if (sqlite3_stricmp(name, list[i]) == 0)
            return true;
    }
    return false;
}
#define IS_ONE_OF(name, list) is_one_of((name), (list), sizeof(list) / sizeof((list)[0]))

static bool is_schema_table(const char *name)
{
    static const char *const tables[] = {
            "sqlite_master", "sqlite_schema", "sqlite_temp_master", "sqlite_temp_schema"};
    return IS_ONE_OF(name, tables);
}

/* Tables that SQLite keeps for itself. */
static bool is_internal(const char *name)
{
    return name != NULL && sqlite3_strnicmp(name, "sqlite_", 7) == 0;
}

static bool names_include(const struct sql_names *names, const char *name)
{
    for (size_t i = 0; name != NULL && i < names->count; i++) {
        if (deputy_slice_equal(names->names[i], deputy_slice_text(name)))
            return true;
    }
    return !names->given;
}

/* --- saying no --- */

static struct deputy_slice name_keep(struct sql_authorizer *authorizer, const char *name)
{
    struct deputy_slice kept = {0};
    if (name != NULL)
        (void)arena_copy(authorizer->arena, &kept, deputy_slice_text(name));
    return kept;
}

static int deny(struct sql_authorizer *authorizer, enum sql_denial denial, const char *name)
{
    if (authorizer->denial == SQL_NOT_DENIED) {
        authorizer->denial = denial;
        authorizer->denied = name_keep(authorizer, name);
    }
    return SQLITE_DENY;
}

static int deny_other(struct sql_authorizer *authorizer)
{
    return deny(authorizer, SQL_DENIED_OTHER, NULL);
}

static int deny_write(struct sql_authorizer *authorizer)
{
    return deny(authorizer, authorizer->mode == SQL_MODE_READ ? SQL_DENIED_WRITE : SQL_DENIED_OTHER, NULL);
}

/* The narrowing of the invoker, which every access passes at the end. */
static int narrow(struct sql_authorizer *authorizer, const char *table, const char *column)
{
    if (!names_include(&authorizer->narrowing->tables, table))
        return deny(authorizer, SQL_DENIED_TABLE, table);
    if (column != NULL && *column != '\0' && !names_include(&authorizer->narrowing->columns, column))
        return deny(authorizer, SQL_DENIED_COLUMN, column);
    return SQLITE_OK;
}

/* --- reads --- */

static bool only_schema(const struct sql_authorizer *authorizer)
{
    return authorizer->mode == SQL_MODE_SCHEMA;
}

/* A change to the schema reads what it needs; nothing else may be read under that right alone. */
static int authorize_select(struct sql_authorizer *authorizer)
{
    return only_schema(authorizer) && !authorizer->marked ? deny_other(authorizer) : SQLITE_OK;
}

static int authorize_read(struct sql_authorizer *authorizer, const char *table, const char *column)
{
    if (only_schema(authorizer) && !authorizer->marked && !is_schema_table(table))
        return deny_other(authorizer);
    if (authorizer->kind == SQL_KIND_DEFINE && is_internal(table))
        return SQLITE_OK;
    return narrow(authorizer, table, column);
}

static int authorize_function(struct sql_authorizer *authorizer, const char *name)
{
    static const char *const of_alter[] = {"sqlite_rename_column", "sqlite_rename_table",
            "sqlite_rename_test", "sqlite_drop_column", "sqlite_rename_quotefix", "sqlite_fail"};
    if (sql_function_allowed(name) || (authorizer->altering && IS_ONE_OF(name, of_alter)))
        return SQLITE_OK;
    return deny_other(authorizer);
}

/* --- pragmas --- */

/* Those that describe a table, which is their argument. */
static bool pragma_describes(const char *name)
{
    static const char *const pragmas[] = {"table_info", "table_xinfo", "index_list", "foreign_key_list"};
    return IS_ONE_OF(name, pragmas);
}

static bool pragma_lists(const char *name)
{
    static const char *const pragmas[] = {"table_list", "index_info", "index_xinfo"};
    return IS_ONE_OF(name, pragmas);
}

/* For administrators. None of them outlives its request, but user_version, which is theirs to set. */
static bool pragma_is_harmless(const char *name, const char *argument)
{
    static const char *const asked[] = {"foreign_keys", "application_id", "encoding", "page_count",
            "page_size", "freelist_count", "schema_version", "data_version", "collation_list",
            "journal_mode"};
    static const char *const checks[] = {
            "integrity_check", "quick_check", "foreign_key_check", "user_version"};
    return (argument == NULL && IS_ONE_OF(name, asked)) || IS_ONE_OF(name, checks);
}

static int authorize_pragma(struct sql_authorizer *authorizer, const char *name, const char *argument)
{
    bool all = !authorizer->narrowing->tables.given && !authorizer->narrowing->columns.given;
    if (authorizer->altering && sqlite3_stricmp(name, "quick_check") == 0)
        return SQLITE_OK;
    if (only_schema(authorizer))
        return deny_other(authorizer);
    if (pragma_describes(name) && (all || !authorizer->narrowing->columns.given))
        return argument == NULL && !all ? deny_other(authorizer) : narrow(authorizer, argument, NULL);
    if (all && (pragma_lists(name) ||
                       (authorizer->mode == SQL_MODE_ADMIN && pragma_is_harmless(name, argument))))
        return SQLITE_OK;
    return deny_other(authorizer);
}

/* --- changes to rows --- */

static void note_written(struct sql_authorizer *authorizer, const char *table)
{
    size_t count = authorizer->written_count;
    if (is_internal(table) || authorizer->kind == SQL_KIND_DEFINE)
        return;
    for (size_t i = 0; i < count; i++) {
        if (deputy_slice_equal(authorizer->written[i], deputy_slice_text(table)))
            return;
    }
    if (count < SQL_TABLES_MAX)
        authorizer->written[authorizer->written_count++] = name_keep(authorizer, table);
}

/* What SQLite itself changes when the schema does. */
static bool schema_may_delete(const struct sql_authorizer *authorizer, const char *table)
{
    static const char *const statistics[] = {
            "sqlite_sequence", "sqlite_stat1", "sqlite_stat3", "sqlite_stat4"};
    if (is_schema_table(table))
        return true;
    bool dropping = deputy_slice_present(authorizer->dropped);
    return dropping && (deputy_slice_equal(authorizer->dropped, deputy_slice_text(table)) ||
                               IS_ONE_OF(table, statistics));
}

static bool schema_may_update(const struct sql_authorizer *authorizer, const char *table)
{
    static const char *const internal[] = {"sqlite_sequence", "sqlite_stat1", "sqlite_stat4"};
    return is_schema_table(table) || (authorizer->altering && IS_ONE_OF(table, internal));
}

static bool may_change(const struct sql_authorizer *authorizer, int action, const char *table)
{
    if (authorizer->mode == SQL_MODE_WRITE)
        return true;
    if (!only_schema(authorizer))
        return false;
    if (action == SQLITE_INSERT)
        return is_schema_table(table);
    return action == SQLITE_DELETE ? schema_may_delete(authorizer, table)
                                   : schema_may_update(authorizer, table);
}

static int authorize_change(
        struct sql_authorizer *authorizer, int action, const char *table, const char *column)
{
    /* The module of a table function is being declared; a change that a statement itself makes there is
     * refused by SQLite. */
    if (action == SQLITE_UPDATE && is_schema_table(table) && authorizer->kind != SQL_KIND_DEFINE)
        return SQLITE_OK;
    if (!may_change(authorizer, action, table) || authorizer->narrowing->read_only)
        return deny_write(authorizer);
    if (authorizer->kind == SQL_KIND_DEFINE && is_internal(table))
        return SQLITE_OK;
    int result = narrow(authorizer, table, column);
    if (result == SQLITE_OK) {
        note_written(authorizer, table);
        authorizer->inserts |= action == SQLITE_INSERT;
    }
    return result;
}

/* --- changes to the schema --- */

static bool may_define(const struct sql_authorizer *authorizer)
{
    return (authorizer->mode == SQL_MODE_WRITE || only_schema(authorizer)) &&
           authorizer->kind == SQL_KIND_DEFINE && !authorizer->narrowing->read_only;
}

/* From here on what the change needs may be read. */
static int authorize_define(struct sql_authorizer *authorizer, const char *table)
{
    if (!may_define(authorizer))
        return deny_write(authorizer);
    authorizer->marked = true;
    return narrow(authorizer, table, NULL);
}

static int authorize_drop(struct sql_authorizer *authorizer, const char *name, const char *table)
{
    int result = authorize_define(authorizer, table);
    if (result == SQLITE_OK)
        authorizer->dropped = name_keep(authorizer, name);
    return result;
}

static int authorize_alter(struct sql_authorizer *authorizer, const char *table)
{
    int result = authorize_define(authorizer, table);
    authorizer->altering = result == SQLITE_OK;
    return result;
}

/* What is created is empty, so nothing may be read for it. */
static int authorize_create_table(struct sql_authorizer *authorizer, const char *table)
{
    return may_define(authorizer) ? narrow(authorizer, table, NULL) : deny_write(authorizer);
}

int sql_authorize(void *context, int action, const char *first, const char *second, const char *database,
        const char *source)
{
    struct sql_authorizer *authorizer = context;
    (void)database;
    (void)source;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
        return authorize_select(authorizer);
    case SQLITE_READ:
        return authorize_read(authorizer, first, second);
    case SQLITE_FUNCTION:
        return authorize_function(authorizer, second);
    case SQLITE_PRAGMA:
        return authorize_pragma(authorizer, first, second);
    case SQLITE_INSERT:
    case SQLITE_DELETE:
        return authorize_change(authorizer, action, first, NULL);
    case SQLITE_UPDATE:
        return authorize_change(authorizer, action, first, second);
    case SQLITE_CREATE_TABLE:
        return authorize_create_table(authorizer, first);
    case SQLITE_CREATE_INDEX:
    case SQLITE_REINDEX:
        return authorize_define(authorizer, second);
    case SQLITE_CREATE_VIEW:
        return authorize_define(authorizer, first);
    case SQLITE_DROP_TABLE:
    case SQLITE_DROP_VIEW:
        return authorize_drop(authorizer, first, first);
    case SQLITE_DROP_INDEX:
        return authorize_drop(authorizer, first, second);
    case SQLITE_ALTER_TABLE:
        return authorize_alter(authorizer, second);
    default: /* attaching, temporary objects, triggers, virtual tables, transactions, ANALYZE */
        return deny_other(authorizer);
    }
}
