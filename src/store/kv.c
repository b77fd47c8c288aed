/*
 * Values under keys: a history of events in commit order, and the newest event of each key. A put writes
 * three rows (invocation, event, current), a batch of puts one invocation.
 */
#include "base/arena.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "store/state.h"
#include "store/usage.h"

enum deputy_error store_value_inline(struct store_value *out, struct deputy_slice bytes)
{
    ENSURE(bytes.len <= STORE_INLINE_MAX, DEPUTY_E_LIMIT);
    const void *ptr = bytes.ptr != NULL ? (const void *)bytes.ptr : "";
    *out = (struct store_value){.size = bytes.len, .bytes = deputy_slice_bytes(ptr, bytes.len)};
    blake3(out->hash, out->bytes);
    return DEPUTY_OK;
}

/* --- writing --- */

/* The row of the invocation, written once for all events that one job makes under it. */
static enum deputy_error cause_record(struct store_write *write, struct store_cause cause)
{
    DEFER(statement_end) struct statement statement = {0};
    if (write->cause_id != 0 && memcmp(write->cause, cause.digest, STORE_DIGEST_BYTES) == 0)
        return DEPUTY_OK;
    TRY(statement_begin(&statement, write->view.db, DB_INVOCATION_INSERT,
            "INSERT INTO invocation (digest, bytes, received_at) VALUES (?, ?, ?)"));
    bind_blob(&statement, digest_slice(cause.digest));
    bind_blob(&statement, cause.bytes);
    bind_time(&statement, &write->now);
    TRY(statement_run(&statement));
    write->cause_id = db_last_id(write->view.db);
    memcpy(write->cause, cause.digest, STORE_DIGEST_BYTES);
    return DEPUTY_OK;
}

/* Makes an event the newest of its key. */
static enum deputy_error current_set(
        struct store_write *write, int64_t space, struct deputy_slice key, int64_t event, bool live)
{
    DEFER(statement_end) struct statement statement = {0};
    TRY(statement_begin(&statement, write->view.db, DB_CURRENT_SET,
            "INSERT INTO kv_current (space, key, event, live) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (space, key) DO UPDATE SET event = excluded.event, live = excluded.live"));
    bind_int(&statement, space);
    bind_blob(&statement, key);
    bind_int(&statement, event);
    bind_int(&statement, live);
    return statement_run(&statement);
}

static void bind_value(struct statement *statement, const struct store_value *value)
{
    bind_blob(statement, digest_slice(value->hash));
    bind_int(statement, (int64_t)value->size);
    if (deputy_slice_present(value->bytes))
        bind_blob(statement, value->bytes);
    else
        bind_null(statement);
}

/* An event with the put's value, or a deletion when put is NULL. */
static enum deputy_error event_insert(
        struct store_write *write, int64_t space, struct deputy_slice key, const struct store_put *put)
{
    DEFER(statement_end) struct statement statement = {0};
    TRY(statement_begin(&statement, write->view.db, DB_EVENT_INSERT,
            "INSERT INTO kv_event (space, key, invocation, hash, size, value, metadata)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)"));
    bind_int(&statement, space);
    bind_blob(&statement, key);
    bind_int(&statement, write->cause_id);
    if (put != NULL) {
        bind_value(&statement, &put->value);
        bind_text(&statement, put->metadata);
    }
    TRY(statement_run(&statement));
    return current_set(write, space, key, db_last_id(write->view.db), put != NULL);
}

enum deputy_error store_kv_set(struct store_write *write, const struct store_put *put)
{
    int64_t space;
    const struct store_value *value = &put->value;
    ENSURE(!deputy_slice_present(value->bytes) || value->bytes.len == value->size, DEPUTY_E_ARGUMENT);
    ENSURE(value->bytes.len <= STORE_INLINE_MAX, DEPUTY_E_ARGUMENT);
    TRY(space_find(write->view.db, &space, put->space));
    TRY(cause_record(write, put->cause));
    TRY(usage_add(write->view.db, space, value));
    return event_insert(write, space, put->key, put);
}

/* What the key's newest event is, and the hash of its value when it is live. */
static enum deputy_error current_find(struct db *db, enum store_deleted *out,
        uint8_t hash[STORE_DIGEST_BYTES], int64_t space, struct deputy_slice key)
{
    DEFER(statement_end) struct statement statement = {0};
    struct deputy_slice bytes;
    bool found;
    TRY(statement_begin(&statement, db, DB_CURRENT_FIND,
            "SELECT e.hash FROM kv_current c JOIN kv_event e ON e.id = c.event"
            " WHERE c.space = ? AND c.key = ?"));
    bind_int(&statement, space);
    bind_blob(&statement, key);
    TRY(statement_step(&statement, &found));
    *out = !found ? STORE_NEVER_WRITTEN : column_null(&statement, 0) ? STORE_WAS_DELETED : STORE_DELETED;
    if (*out != STORE_DELETED)
        return DEPUTY_OK;
    TRY(column_bytes(&statement, 0, &bytes));
    ENSURE(bytes.len == STORE_DIGEST_BYTES, DEPUTY_E_STORE_CORRUPT);
    memcpy(hash, bytes.ptr, STORE_DIGEST_BYTES);
    return DEPUTY_OK;
}

enum deputy_error store_kv_delete(struct store_write *write, enum store_deleted *out,
        uint8_t hash[STORE_DIGEST_BYTES], struct deputy_slice space, struct deputy_slice key,
        struct store_cause cause)
{
    int64_t id;
    TRY(space_find(write->view.db, &id, space));
    TRY(current_find(write->view.db, out, hash, id, key));
    if (*out != STORE_DELETED)
        return DEPUTY_OK;
    TRY(cause_record(write, cause));
    return event_insert(write, id, key, NULL);
}

/* --- reading --- */

/* Columns: hash, size, metadata, and where the value was asked for, value. */
static enum deputy_error object_take(
        struct deputy_arena *arena, struct store_object *out, const struct statement *statement)
{
    struct deputy_slice hash, metadata;
    TRY(column_bytes(statement, 0, &hash));
    ENSURE(hash.len == STORE_DIGEST_BYTES, DEPUTY_E_STORE_CORRUPT);
    memcpy(out->value.hash, hash.ptr, STORE_DIGEST_BYTES);
    out->value.size = (uint64_t)column_int(statement, 1);
    TRY(column_bytes(statement, 2, &metadata));
    return arena_copy(arena, &out->metadata, metadata);
}

/* The hash is what the ETag promises: a value that was damaged or exchanged is not handed out under it. */
static enum deputy_error value_take(
        struct deputy_arena *arena, struct store_object *out, const struct statement *statement)
{
    struct deputy_slice value;
    uint8_t hash[STORE_DIGEST_BYTES];
    if (column_null(statement, 3))
        return DEPUTY_OK;
    TRY(column_bytes(statement, 3, &value));
    blake3(hash, value);
    ENSURE(memcmp(hash, out->value.hash, sizeof hash) == 0, DEPUTY_E_STORE_CORRUPT);
    ENSURE(value.len == out->value.size, DEPUTY_E_STORE_CORRUPT);
    return arena_copy(arena, &out->value.bytes, value);
}

/* Finds the live event of a key. */
static enum deputy_error object_find(
        struct statement *statement, bool *found, struct deputy_slice space, struct deputy_slice key)
{
    bind_text(statement, space);
    bind_blob(statement, key);
    return statement_step(statement, found);
}

#define KV_OBJECT_FROM                                                                                       \
    " FROM space s JOIN kv_current c ON c.space = s.id JOIN kv_event e ON e.id = c.event"                    \
    " WHERE s.name = ? AND c.key = ? AND c.live = 1"

enum deputy_error store_kv_get(struct deputy_arena *arena, struct store_object *out, struct store_read *read,
        struct deputy_slice space, struct deputy_slice key)
{
    DEFER(statement_end) struct statement statement = {0};
    *out = (struct store_object){0};
    TRY(statement_begin(
            &statement, read->db, DB_KV_GET, "SELECT e.hash, e.size, e.metadata, e.value" KV_OBJECT_FROM));
    TRY(object_find(&statement, &out->found, space, key));
    if (!out->found)
        return DEPUTY_OK;
    TRY(object_take(arena, out, &statement));
    return value_take(arena, out, &statement);
}

enum deputy_error store_kv_head(struct deputy_arena *arena, struct store_object *out, struct store_read *read,
        struct deputy_slice space, struct deputy_slice key)
{
    DEFER(statement_end) struct statement statement = {0};
    *out = (struct store_object){0};
    TRY(statement_begin(
            &statement, read->db, DB_KV_HEAD, "SELECT e.hash, e.size, e.metadata" KV_OBJECT_FROM));
    TRY(object_find(&statement, &out->found, space, key));
    return out->found ? object_take(arena, out, &statement) : DEPUTY_OK;
}

/* --- lists --- */

static bool begins_with(struct deputy_slice key, struct deputy_slice prefix)
{
    return key.len >= prefix.len && (prefix.len == 0 || memcmp(key.ptr, prefix.ptr, prefix.len) == 0);
}

/* The least key that the page may hold: the prefix, or what comes directly behind `after`. */
static enum deputy_error list_first(struct deputy_arena *arena, struct deputy_slice *out,
        struct deputy_slice prefix, struct deputy_slice after)
{
    *out = prefix;
    if (!deputy_slice_present(after) || deputy_slice_compare(after, prefix) < 0)
        return DEPUTY_OK;
    uint8_t *next = arena_alloc_bytes(arena, after.len + 1);
    ENSURE(next != NULL, arena_error(arena));
    if (after.len > 0)
        memcpy(next, after.ptr, after.len);
    next[after.len] = 0;
    *out = deputy_slice_bytes(next, after.len + 1);
    return DEPUTY_OK;
}

/* Steps over the keys from the first one on, deleted ones too, while they begin with the prefix. */
static enum deputy_error list_take(struct deputy_arena *arena, struct store_keys *out,
        struct statement *statement, struct deputy_slice prefix, size_t limit)
{
    for (;;) {
        struct deputy_slice key;
        bool row;
        TRY(statement_step(statement, &row));
        if (!row)
            return DEPUTY_OK;
        TRY(column_bytes(statement, 0, &key));
        if (!begins_with(key, prefix))
            return DEPUTY_OK;
        if (column_int(statement, 1) == 0)
            continue;
        out->more = out->count == limit;
        if (out->more)
            return DEPUTY_OK;
        TRY(arena_copy(arena, &out->keys[out->count++], key));
    }
}

enum deputy_error store_kv_list(struct deputy_arena *arena, struct store_keys *out, struct store_read *read,
        struct deputy_slice space, struct deputy_slice prefix, struct deputy_slice after, size_t limit)
{
    DEFER(statement_end) struct statement statement = {0};
    struct deputy_slice first;
    *out = (struct store_keys){0};
    ENSURE(limit >= 1 && limit <= STORE_LIST_MAX, DEPUTY_E_ARGUMENT);
    out->keys = ARENA_ARRAY(arena, struct deputy_slice, limit);
    ENSURE(out->keys != NULL, arena_error(arena));
    TRY(list_first(arena, &first, prefix, after));
    TRY(statement_begin(&statement, read->db, DB_KV_LIST,
            "SELECT key, live FROM kv_current"
            " WHERE space = (SELECT id FROM space WHERE name = ?) AND key >= ? ORDER BY key"));
    bind_text(&statement, space);
    bind_blob(&statement, first);
    return list_take(arena, out, &statement, prefix, limit);
}
