#include "store/usage.h"
#include "base/arena.h"
#include "base/try.h"
#include "store/state.h"

/* *added is false when the space holds this content already. */
static enum deputy_error content_insert(
        struct db *db, bool *added, int64_t space, const struct store_value *value)
{
    DEFER(statement_end) struct statement statement = {0};
    TRY(statement_begin(&statement, db, DB_CONTENT_INSERT,
            "INSERT INTO content (space, hash, size) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"));
    bind_int(&statement, space);
    bind_blob(&statement, digest_slice(value->hash));
    bind_int(&statement, (int64_t)value->size);
    TRY(statement_run(&statement));
    *added = db_changes(db) > 0;
    return DEPUTY_OK;
}

enum deputy_error usage_add(struct db *db, int64_t space, const struct store_value *value)
{
    DEFER(statement_end) struct statement statement = {0};
    bool added;
    TRY(content_insert(db, &added, space, value));
    if (!added)
        return DEPUTY_OK;
    TRY(statement_begin(&statement, db, DB_USAGE_ADD, "UPDATE space SET used = used + ? WHERE id = ?"));
    bind_int(&statement, (int64_t)value->size);
    bind_int(&statement, space);
    return statement_run(&statement);
}

enum deputy_error store_usage(struct store_read *read, uint64_t *out, struct deputy_slice space)
{
    DEFER(statement_end) struct statement statement = {0};
    bool found;
    TRY(statement_begin(&statement, read->db, DB_USAGE, "SELECT used FROM space WHERE name = ?"));
    bind_text(&statement, space);
    TRY(statement_step(&statement, &found));
    ENSURE(found, DEPUTY_E_STORE_SPACE);
    *out = (uint64_t)column_int(&statement, 0);
    return DEPUTY_OK;
}

static enum deputy_error usage_take(
        struct deputy_arena *arena, struct store_usage *out, const struct statement *statement)
{
    struct deputy_slice space;
    TRY(column_bytes(statement, 0, &space));
    out->used = (uint64_t)column_int(statement, 1);
    return arena_copy(arena, &out->space, space);
}

enum deputy_error store_usage_list(
        struct deputy_arena *arena, struct store_usage **out, size_t *count, struct store_read *read)
{
    DEFER(statement_end) struct statement statement = {0};
    bool row;
    *out = ARENA_ARRAY(arena, struct store_usage, STORE_USAGE_MAX);
    ENSURE(*out != NULL, arena_error(arena));
    TRY(statement_begin(&statement, read->db, DB_USAGE_LIST,
            "SELECT name, used FROM space ORDER BY used DESC, name LIMIT ?"));
    bind_int(&statement, STORE_USAGE_MAX);
    for (*count = 0;; (*count)++) {
        TRY(statement_step(&statement, &row));
        if (!row)
            return DEPUTY_OK;
        ENSURE(*count < STORE_USAGE_MAX, DEPUTY_E_INTERNAL);
        TRY(usage_take(arena, &(*out)[*count], &statement));
    }
}
