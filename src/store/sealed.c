#include "base/arena.h"
#include "base/try.h"
#include "crypto/aead.h"
#include "crypto/random.h"
#include "crypto/secret.h"
#include "store/schema.h"
#include "store/sealed_record.h"
#include "store/state.h"
#include <pthread.h>
#include <stdlib.h>

enum { SEALED_OVERHEAD = AEAD_NONCE_BYTES + AEAD_TAG_BYTES, SEALED_CHECKPOINT_PAGES = 1000 };

struct sealed {
    pthread_mutex_t lock; /* around the connection */
    struct directory directory;
    struct db db;
    uint8_t *key; /* guarded */
};

/* ---- the record ---- */

static enum deputy_error seal(
        uint8_t *record, const struct sealed *sealed, struct deputy_slice name, struct deputy_slice value)
{
    random_bytes(record, AEAD_NONCE_BYTES);
    return aes256gcm_seal(record + AEAD_NONCE_BYTES, sealed->key, record, name, value);
}

enum deputy_error sealed_record_open(struct deputy_arena *arena, struct deputy_slice *value,
        const uint8_t key[SEALED_KEY_BYTES], struct deputy_slice name, struct deputy_slice record)
{
    ENSURE(record.len >= SEALED_OVERHEAD, DEPUTY_E_STORE_SEAL);
    size_t len = record.len - SEALED_OVERHEAD;
    uint8_t *bytes = arena_alloc_bytes(arena, len + 1);
    ENSURE(bytes != NULL, arena_error(arena));
    struct deputy_slice ciphertext =
            deputy_slice_bytes(record.ptr + AEAD_NONCE_BYTES, record.len - AEAD_NONCE_BYTES);
    enum deputy_error result = aes256gcm_open(bytes, key, record.ptr, name, ciphertext);
    ENSURE(result != DEPUTY_E_DECRYPT, DEPUTY_E_STORE_SEAL);
    TRY(result);
    *value = deputy_slice_bytes(bytes, len);
    return DEPUTY_OK;
}

/* ---- the row ---- */

static enum deputy_error row_put(struct sealed *sealed, struct deputy_slice name, struct deputy_slice record)
{
    DEFER(statement_end) struct statement statement = {0};
    TRY(statement_begin(&statement, &sealed->db, DB_SEALED_PUT,
            "INSERT INTO sealed (name, record) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET record = excluded.record"));
    bind_blob(&statement, name);
    bind_blob(&statement, record);
    return statement_run(&statement);
}

static enum deputy_error row_get(struct deputy_arena *arena, struct deputy_slice *value,
        struct sealed *sealed, struct deputy_slice name)
{
    DEFER(statement_end) struct statement statement = {0};
    struct deputy_slice record;
    bool found;
    *value = (struct deputy_slice){NULL, 0};
    TRY(statement_begin(&statement, &sealed->db, DB_SEALED_GET, "SELECT record FROM sealed WHERE name = ?"));
    bind_blob(&statement, name);
    TRY(statement_step(&statement, &found));
    if (!found)
        return DEPUTY_OK;
    TRY(column_bytes(&statement, 0, &record));
    return sealed_record_open(arena, value, sealed->key, name, record);
}

static enum deputy_error row_delete(struct sealed *sealed, struct deputy_slice name)
{
    DEFER(statement_end) struct statement statement = {0};
    TRY(statement_begin(&statement, &sealed->db, DB_SEALED_DELETE, "DELETE FROM sealed WHERE name = ?"));
    bind_blob(&statement, name);
    return statement_run(&statement);
}

static enum deputy_error rows_list(struct deputy_arena *arena, struct deputy_slice *names, size_t *count,
        struct sealed *sealed, const struct deputy_slice bounds[2], size_t limit)
{
    DEFER(statement_end) struct statement statement = {0};
    bool found;
    TRY(statement_begin(&statement, &sealed->db, DB_SEALED_LIST,
            "SELECT name FROM sealed WHERE name > ? AND name < ? ORDER BY name LIMIT ?"));
    bind_blob(&statement, bounds[0]);
    bind_blob(&statement, bounds[1]);
    bind_int(&statement, (int64_t)limit);
    for (*count = 0; *count < limit; (*count)++) {
        TRY(statement_step(&statement, &found));
        if (!found)
            break;
        TRY(column_copy(arena, &names[*count], &statement, 0));
    }
    return DEPUTY_OK;
}

/* After a change; a failure here loses nothing, since the log stays. */
static void log_shorten(struct sealed *sealed)
{
    if (sealed->db.wal_pages >= SEALED_CHECKPOINT_PAGES)
        db_checkpoint(&sealed->db);
}

/* ---- the interface ---- */

static enum deputy_error name_check(struct deputy_slice name)
{
    ENSURE(name.len > 0 && name.len <= SEALED_NAME_MAX, DEPUTY_E_ARGUMENT);
    return DEPUTY_OK;
}

enum deputy_error sealed_put(struct sealed *sealed, struct deputy_slice name, struct deputy_slice value)
{
    TRY(name_check(name));
    ENSURE(value.len <= SEALED_VALUE_MAX, DEPUTY_E_LIMIT);
    uint8_t *record = malloc(value.len + SEALED_OVERHEAD);
    ENSURE(record != NULL, DEPUTY_E_NOMEM);
    enum deputy_error result = seal(record, sealed, name, value);
    pthread_mutex_lock(&sealed->lock);
    if (result == DEPUTY_OK)
        result = row_put(sealed, name, deputy_slice_bytes(record, value.len + SEALED_OVERHEAD));
    log_shorten(sealed);
    pthread_mutex_unlock(&sealed->lock);
    free(record);
    return result;
}

enum deputy_error sealed_get(struct deputy_arena *arena, struct deputy_slice *value, struct sealed *sealed,
        struct deputy_slice name)
{
    TRY(name_check(name));
    pthread_mutex_lock(&sealed->lock);
    enum deputy_error result = row_get(arena, value, sealed, name);
    pthread_mutex_unlock(&sealed->lock);
    return result;
}

enum deputy_error sealed_list(struct deputy_arena *arena, struct deputy_slice *names, size_t *count,
        struct sealed *sealed, struct deputy_slice prefix, struct deputy_slice after, size_t limit)
{
    uint8_t end[SEALED_NAME_MAX]; /* the first name that is behind all that begin with the prefix */
    *count = 0;
    TRY(name_check(prefix));
    ENSURE(prefix.ptr[prefix.len - 1] < UINT8_MAX && limit <= SEALED_LIST_MAX, DEPUTY_E_ARGUMENT);
    memcpy(end, prefix.ptr, prefix.len);
    end[prefix.len - 1]++;
    bool begins_later = deputy_slice_present(after) && deputy_slice_compare(after, prefix) > 0;
    const struct deputy_slice bounds[2] = {
            begins_later ? after : prefix, deputy_slice_bytes(end, prefix.len)};
    pthread_mutex_lock(&sealed->lock);
    enum deputy_error result = rows_list(arena, names, count, sealed, bounds, limit);
    pthread_mutex_unlock(&sealed->lock);
    return result;
}

enum deputy_error sealed_delete(struct sealed *sealed, struct deputy_slice name)
{
    TRY(name_check(name));
    pthread_mutex_lock(&sealed->lock);
    enum deputy_error result = row_delete(sealed, name);
    log_shorten(sealed);
    pthread_mutex_unlock(&sealed->lock);
    return result;
}

/* ---- life ---- */

static void arena_end(struct deputy_arena **arena)
{
    deputy_arena_destroy(*arena);
}

/* A key that does not open the mark would not open any record: that is told at the start. */
static enum deputy_error mark_check(struct sealed *sealed)
{
    DEFER(arena_end) struct deputy_arena *arena = NULL;
    struct deputy_slice name = deputy_slice_text(SEALED_MARK);
    struct deputy_slice mark;
    TRY(deputy_arena_create(&arena, 4096));
    enum deputy_error result = sealed_get(arena, &mark, sealed, name);
    ENSURE(result != DEPUTY_E_STORE_SEAL, DEPUTY_E_STORE_SECRET);
    TRY(result);
    return deputy_slice_present(mark) ? DEPUTY_OK : sealed_put(sealed, name, name);
}

/* What is deleted is also overwritten in the file. */
static enum deputy_error sealed_start(struct sealed *sealed, const char *directory, const uint8_t *key)
{
    TRY(directory_open_database(&sealed->directory, directory, "backend.db"));
    TRY(secret_alloc(&sealed->key, SEALED_KEY_BYTES));
    memcpy(sealed->key, key, SEALED_KEY_BYTES);
    TRY(secret_freeze(sealed->key));
    TRY(db_open(&sealed->db, sealed->directory.database, DB_WRITER));
    TRY(db_exec(&sealed->db, "PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY"));
    TRY(schema_migrate(&sealed->db, &schema_backend));
    TRY(mark_check(sealed));
    return directory_sync(sealed->directory.root);
}

enum deputy_error sealed_open(struct sealed **out, const char *directory, const uint8_t key[SEALED_KEY_BYTES])
{
    struct sealed *sealed = calloc(1, sizeof *sealed);
    ENSURE(sealed != NULL, DEPUTY_E_NOMEM);
    pthread_mutex_init(&sealed->lock, NULL);
    enum deputy_error result = sealed_start(sealed, directory, key);
    if (result == DEPUTY_OK)
        *out = sealed;
    else
        sealed_close(sealed);
    return result;
}

void sealed_close(struct sealed *sealed)
{
    if (sealed == NULL)
        return;
    db_close(&sealed->db);
    directory_close(&sealed->directory);
    secret_free(sealed->key);
    pthread_mutex_destroy(&sealed->lock);
    free(sealed);
}
