#include "store/sql_registry.h"
#include "base/arena.h"
#include "base/try.h"
#include "store/state.h"

/* --- databases --- */

static enum deputy_error size_find(struct db *db, uint64_t *bytes, bool *found, const struct sql_name *name)
{
    DEFER(statement_end) struct statement statement = {0};
    TRY(statement_begin(&statement, db, DB_SQL_FIND, "SELECT bytes FROM sql_database WHERE name = ?"));
    bind_blob(&statement, digest_slice(name->bytes));
    TRY(statement_step(&statement, found));
    *bytes = *found ? (uint64_t)column_int(&statement, 0) : 0;
    return DEPUTY_OK;
}

static enum deputy_error database_set(struct db *db, int64_t space, const struct sql_record *record)
{
    DEFER(statement_end) struct statement statement = {0};
    TRY(statement_begin(&statement, db, DB_SQL_SET,
            "INSERT INTO sql_database (space, path, name, bytes) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET bytes = excluded.bytes"));
    bind_int(&statement, space);
    bind_text(&statement, record->path);
    bind_blob(&statement, digest_slice(record->name.bytes));
    bind_int(&statement, (int64_t)record->bytes);
    return statement_run(&statement);
}

static enum deputy_error used_add(struct db *db, int64_t space, uint64_t bytes)
{
    DEFER(statement_end) struct statement statement = {0};
    TRY(statement_begin(&statement, db, DB_USAGE_ADD, "UPDATE space SET used = used + ? WHERE id = ?"));
    bind_int(&statement, (int64_t)bytes);
    bind_int(&statement, space);
    return statement_run(&statement);
}

enum deputy_error store_sql_record(struct store_write *write, const struct sql_record *record)
{
    struct db *db = write->view.db;
    int64_t space;
    uint64_t before;
    bool found;
    TRY(space_find(db, &space, record->space));
    TRY(size_find(db, &before, &found, &record->name));
    if (found && record->bytes <= before)
        return DEPUTY_OK;
    TRY(database_set(db, space, record));
    return used_add(db, space, record->bytes - before);
}

/* --- intents --- */

enum deputy_error store_sql_intent_insert(struct store_write *write, struct sql_intent *intent)
{
    DEFER(statement_end) struct statement statement = {0};
    TRY(statement_begin(&statement, write->view.db, DB_SQL_INTENT_INSERT,
            "INSERT INTO sql_intent (name, space, paths, invocation) VALUES (?, ?, ?, ?)"));
    bind_blob(&statement, digest_slice(intent->name.bytes));
    bind_text(&statement, intent->space);
    bind_text(&statement, intent->paths);
    bind_blob(&statement, intent->invocation);
    TRY(statement_run(&statement));
    intent->id = db_last_id(write->view.db);
    return DEPUTY_OK;
}

enum deputy_error store_sql_intent_end(struct store_write *write, int64_t id)
{
    DEFER(statement_end) struct statement statement = {0};
    TRY(statement_begin(
            &statement, write->view.db, DB_SQL_INTENT_END, "DELETE FROM sql_intent WHERE id = ?"));
    bind_int(&statement, id);
    return statement_run(&statement);
}

/* Columns: id, name, space, paths, invocation. */
static enum deputy_error intent_take(
        struct deputy_arena *arena, struct sql_intent *out, const struct statement *statement)
{
    struct deputy_slice name, *const texts[] = {&out->space, &out->paths, &out->invocation};
    out->id = column_int(statement, 0);
    TRY(column_bytes(statement, 1, &name));
    ENSURE(name.len == SQL_NAME_BYTES, DEPUTY_E_STORE_CORRUPT);
    memcpy(out->name.bytes, name.ptr, SQL_NAME_BYTES);
    for (int i = 0; i < 3; i++) {
        struct deputy_slice bytes;
        TRY(column_bytes(statement, 2 + i, &bytes));
        TRY(arena_copy(arena, texts[i], bytes));
    }
    return DEPUTY_OK;
}

enum deputy_error store_sql_intent_next(struct deputy_arena *arena, struct sql_intent *out, bool *found,
        struct store_read *read, int64_t after)
{
    DEFER(statement_end) struct statement statement = {0};
    TRY(statement_begin(&statement, read->db, DB_SQL_INTENT_NEXT,
            "SELECT id, name, space, paths, invocation FROM sql_intent WHERE id > ? ORDER BY id LIMIT 1"));
    bind_int(&statement, after);
    TRY(statement_step(&statement, found));
    return *found ? intent_take(arena, out, &statement) : DEPUTY_OK;
}
