#include "store/collect.h"
#include "base/try.h"
#include "crypto/secret.h"
#include "store/blob_file.h"
#include "store/schema.h"
#include "store/sql_upkeep.h"
#include "store/state.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct collector {
    struct db db;
    int root;
    int blobs;
    int lock;
    struct deputy_time before; /* what ended by then goes */
    struct store_collected *out;
};

/* Runs a statement that removes one batch, in a transaction of its own, until it removes nothing. Its first
 * argument is a time, its second the size of a batch. */
static enum deputy_error collect_batches(
        struct collector *collector, uint64_t *removed, const char *sql, int64_t time)
{
    DEFER(statement_drop) struct statement statement = {0};
    TRY(statement_once(&statement, &collector->db, sql));
    for (int64_t changes = 1; changes > 0; *removed += (uint64_t)changes) {
        statement_end(&statement);
        bind_int(&statement, time);
        bind_int(&statement, STORE_COLLECT_BATCH);
        TRY(statement_run(&statement));
        changes = db_changes(&collector->db);
    }
    return DEPUTY_OK;
}

static enum deputy_error collect_replays(struct collector *collector)
{
    TRY(collect_batches(collector, &collector->out->replays,
            "DELETE FROM replay WHERE fingerprint IN"
            " (SELECT fingerprint FROM replay WHERE expires <= ? LIMIT ?)",
            collector->before.sec));
    return collect_batches(collector, &collector->out->replays,
            "DELETE FROM replay_page WHERE id IN (SELECT id FROM replay_page WHERE expires <= ? LIMIT ?)",
            collector->before.sec);
}

/* When a key got its newest event stands with the invocation that caused it. */
static enum deputy_error collect_values(struct collector *collector)
{
    return collect_batches(collector, &collector->out->values,
            "UPDATE kv_event SET value = NULL WHERE id IN (SELECT e.id FROM kv_event e"
            " JOIN kv_current c ON c.space = e.space AND c.key = e.key AND c.event <> e.id"
            " JOIN kv_event n ON n.id = c.event JOIN invocation i ON i.id = n.invocation"
            " WHERE e.value IS NOT NULL AND i.received_at <= ? LIMIT ?)",
            db_time(&collector->before));
}

/* --- delegations --- */

/* Notes what delegations and webhooks rest on in a table of this connection alone. */
static enum deputy_error cited_note(struct db *db, struct deputy_slice parents)
{
    DEFER(statement_end) struct statement insert = {0};
    TRY(statement_begin(&insert, db, DB_CITED_INSERT,
            "INSERT INTO temp.cited (digest) VALUES (?) ON CONFLICT DO NOTHING"));
    for (size_t at = 0; at + STORE_DIGEST_BYTES <= parents.len; at += STORE_DIGEST_BYTES) {
        statement_end(&insert);
        bind_blob(&insert, deputy_slice_bytes(parents.ptr + at, STORE_DIGEST_BYTES));
        TRY(statement_run(&insert));
    }
    return DEPUTY_OK;
}

static enum deputy_error cited_fill(struct db *db)
{
    DEFER(statement_drop) struct statement rows = {0};
    TRY(db_exec(db, "DELETE FROM temp.cited"));
    TRY(statement_once(&rows, db,
            "SELECT parents FROM delegation WHERE length(parents) > 0"
            " UNION ALL SELECT proofs FROM webhook"));
    for (bool row = true;;) {
        struct deputy_slice parents;
        TRY(statement_step(&rows, &row));
        if (!row)
            return DEPUTY_OK;
        TRY(column_bytes(&rows, 0, &parents));
        TRY(cited_note(db, parents));
    }
}

/* The next batch of expired leaves; *count is how many. */
static enum deputy_error leaves_choose(struct collector *collector, int64_t *count)
{
    DEFER(statement_drop) struct statement statement = {0};
    TRY(db_exec(&collector->db, "DELETE FROM temp.leaf"));
    TRY(statement_once(&statement, &collector->db,
            "INSERT INTO temp.leaf (id) SELECT id FROM delegation WHERE expires <= ?"
            " AND digest NOT IN (SELECT digest FROM temp.cited) LIMIT ?"));
    bind_time(&statement, &collector->before);
    bind_int(&statement, STORE_COLLECT_BATCH);
    TRY(statement_run(&statement));
    *count = db_changes(&collector->db);
    return DEPUTY_OK;
}

/* Removes all expired leaves, with what lists them. */
static enum deputy_error leaves_remove(struct collector *collector, uint64_t *removed)
{
    for (int64_t count = 1; count > 0; *removed += (uint64_t)count) {
        TRY(leaves_choose(collector, &count));
        TRY(db_exec(&collector->db,
                "BEGIN IMMEDIATE;"
                "DELETE FROM delegation_space WHERE delegation IN (SELECT id FROM temp.leaf);"
                "DELETE FROM delegation WHERE id IN (SELECT id FROM temp.leaf);"
                "COMMIT"));
    }
    return DEPUTY_OK;
}

/*
 * Removes expired leaves, then those that became leaves by it. None can get a child meanwhile: an expired
 * parent is refused. A revocation of a removed delegation stays.
 */
static enum deputy_error collect_delegations(struct collector *collector)
{
    TRY(db_exec(&collector->db, "PRAGMA temp_store = MEMORY;"
                                "CREATE TEMP TABLE cited (digest BLOB PRIMARY KEY) WITHOUT ROWID;"
                                "CREATE TEMP TABLE leaf (id INTEGER PRIMARY KEY)"));
    for (uint64_t removed = 1; removed > 0; collector->out->delegations += removed) {
        removed = 0;
        TRY(cited_fill(&collector->db));
        TRY(leaves_remove(collector, &removed));
    }
    return DEPUTY_OK;
}

/* --- files --- */

/* Does a value need the file: the newest of its key, or the one before while somebody may still read it? */
static enum deputy_error file_is_needed(
        struct collector *collector, bool *out, const uint8_t hash[STORE_DIGEST_BYTES])
{
    DEFER(statement_end) struct statement statement = {0};
    TRY(statement_begin(&statement, &collector->db, DB_FILE_NEEDED,
            "SELECT 1 FROM kv_event e JOIN kv_current c ON c.space = e.space AND c.key = e.key"
            " JOIN kv_event n ON n.id = c.event JOIN invocation i ON i.id = n.invocation"
            " WHERE e.value IS NULL AND e.hash IS NOT NULL AND e.hash = ?"
            " AND (n.id = e.id OR i.received_at > ?) LIMIT 1"));
    bind_blob(&statement, digest_slice(hash));
    bind_time(&statement, &collector->before);
    return statement_step(&statement, out);
}

static enum deputy_error file_judge(
        struct collector *collector, const char *name, const uint8_t hash[STORE_DIGEST_BYTES])
{
    struct stat about;
    bool needed;
    if (fstatat(collector->blobs, name, &about, AT_SYMLINK_NOFOLLOW) != 0 ||
            about.st_mtim.tv_sec > collector->before.sec)
        return DEPUTY_OK;
    TRY(file_is_needed(collector, &needed, hash));
    if (needed)
        return DEPUTY_OK;
    ENSURE(unlinkat(collector->blobs, name, 0) == 0, directory_error());
    collector->out->files++;
    collector->out->bytes += (uint64_t)about.st_size;
    return DEPUTY_OK;
}

static enum deputy_error collect_file(struct collector *collector, const char *name)
{
    uint8_t hash[STORE_DIGEST_BYTES];
    int lock;
    if (!blob_name_read(hash, name))
        return DEPUTY_OK;
    TRY(directory_lock_names(&lock, collector->blobs, DIRECTORY_EXCLUSIVE));
    enum deputy_error error = file_judge(collector, name, hash);
    close(lock);
    return error;
}

static enum deputy_error collect_files(struct collector *collector)
{
    DIR *listing;
    enum deputy_error error = DEPUTY_OK;
    TRY(directory_list(&listing, collector->blobs));
    for (struct dirent *entry = readdir(listing); entry != NULL && error == DEPUTY_OK;
            entry = readdir(listing))
        error = collect_file(collector, entry->d_name);
    closedir(listing);
    return error;
}

/* --- all --- */

static enum deputy_error collector_open(struct collector *collector, const char *directory)
{
    char database[PATH_MAX];
    int len = snprintf(database, sizeof database, "%s/deputy.db", directory);
    ENSURE(len > 0 && (size_t)len < sizeof database, DEPUTY_E_STORE_DIRECTORY);
    collector->root = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ENSURE(collector->root >= 0, directory_error());
    collector->blobs = openat(collector->root, "blobs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ENSURE(collector->blobs >= 0, directory_error());
    TRY(directory_lock_upkeep(&collector->lock, collector->root, DIRECTORY_EXCLUSIVE));
    TRY(db_open(&collector->db, database, DB_WRITER));
    return schema_check(&collector->db, &schema_node);
}

static enum deputy_error collector_run(struct collector *collector, const uint8_t *seal_key)
{
    TRY(seal_check_mark(&collector->db, seal_key));
    TRY(collect_replays(collector));
    TRY(collect_values(collector));
    TRY(collect_delegations(collector));
    TRY(sql_collect(&collector->db, collector->root, collector->before.sec, &collector->out->files,
            &collector->out->bytes));
    return collect_files(collector);
}

static void collector_close(struct collector *collector)
{
    const int files[] = {collector->lock, collector->blobs, collector->root};
    db_close(&collector->db);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (files[i] >= 0)
            close(files[i]);
    }
}

enum deputy_error store_collect(struct store_collected *out, const char *directory,
        const uint8_t seal_key[STORE_SEAL_KEY_BYTES], struct deputy_time now, int64_t grace_s)
{
    struct collector collector = {.root = -1, .blobs = -1, .lock = -1, .before = now, .out = out};
    *out = (struct store_collected){0};
    collector.before.sec -= grace_s;
    enum deputy_error error = collector_open(&collector, directory);
    if (error == DEPUTY_OK)
        error = collector_run(&collector, seal_key);
    collector_close(&collector);
    return error;
}
