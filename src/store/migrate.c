#include "base/try.h"
#include "store/schema.h"
#include "store/state.h"
#include <stdio.h>

/* Marks the file as ours (file(1) and SQLite's own magic list read it): "Dpty". */
enum { SCHEMA_APPLICATION_ID = 0x44707479 };

/* A file without tables and without a mark is a new one; anything else must carry our mark. */
static enum deputy_error schema_check_owner(struct db *db)
{
    int64_t id, tables;
    TRY(db_query_int(db, &id, "PRAGMA application_id"));
    TRY(db_query_int(db, &tables, "SELECT count(*) FROM sqlite_schema"));
    ENSURE(id == SCHEMA_APPLICATION_ID || (id == 0 && tables == 0), DEPUTY_E_STORE_FOREIGN);
    return DEPUTY_OK;
}

/* The steps from that version on, all or none of them: a new database waits for one sync instead of one a
 * step. */
static enum deputy_error schema_apply(struct db *db, const struct schema *schema, size_t version)
{
    char mark[128];
    snprintf(mark, sizeof mark, "PRAGMA application_id = %d; PRAGMA user_version = %zu; COMMIT",
            SCHEMA_APPLICATION_ID, schema->count);
    TRY(db_exec(db, "BEGIN IMMEDIATE"));
    for (size_t i = version; i < schema->count; i++)
        TRY(db_exec(db, schema->steps[i]));
    return db_exec(db, mark);
}

enum deputy_error schema_migrate(struct db *db, const struct schema *schema)
{
    int64_t version;
    TRY(schema_check_owner(db));
    TRY(db_query_int(db, &version, "PRAGMA user_version"));
    ENSURE(version >= 0, DEPUTY_E_STORE_CORRUPT);
    ENSURE((size_t)version <= schema->count, DEPUTY_E_STORE_NEWER);
    return (size_t)version < schema->count ? schema_apply(db, schema, (size_t)version) : DEPUTY_OK;
}

enum deputy_error schema_check(struct db *db, const struct schema *schema)
{
    int64_t version;
    TRY(schema_check_owner(db));
    TRY(db_query_int(db, &version, "PRAGMA user_version"));
    ENSURE(version >= 0, DEPUTY_E_STORE_CORRUPT);
    ENSURE((size_t)version <= schema->count, DEPUTY_E_STORE_NEWER);
    ENSURE((size_t)version == schema->count, DEPUTY_E_STORE_OLDER);
    return DEPUTY_OK;
}
