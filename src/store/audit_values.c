/* The audit of values: events, rows and files. */
#include "base/try.h"
#include "crypto/hash.h"
#include "store/audit_state.h"
#include "store/blob_file.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { AUDIT_READ_BYTES = 256 * 1024 };

/* Columns: key, problem. */
static enum deputy_error event_row(
        struct store_audit *audit, const char *check, const struct statement *row, void *ctx)
{
    struct deputy_slice key;
    (void)ctx;
    TRY(column_bytes(row, 0, &key));
    audit_found(audit, check, AUDIT_KEY, key, "the key's current event is not its newest");
    return DEPUTY_OK;
}

/* Columns: key, hash, size, value. */
static enum deputy_error value_row(
        struct store_audit *audit, const char *check, const struct statement *row, void *ctx)
{
    struct deputy_slice key, hash, value;
    uint8_t actual[STORE_DIGEST_BYTES];
    (void)ctx;
    TRY(column_bytes(row, 0, &key));
    TRY(column_bytes(row, 1, &hash));
    TRY(column_bytes(row, 3, &value));
    blake3(actual, value);
    if (!deputy_slice_equal(hash, digest_slice(actual)) || (int64_t)value.len != column_int(row, 2))
        audit_found(audit, check, AUDIT_KEY, key, "the value is not the one that its hash names");
    return DEPUTY_OK;
}

static enum deputy_error file_hash(int fd, struct blake3_stream *hash, uint8_t *buffer, uint64_t *size)
{
    for (*size = 0;;) {
        ssize_t got = read(fd, buffer, AUDIT_READ_BYTES);
        if (got < 0 && errno == EINTR)
            continue;
        ENSURE(got >= 0, DEPUTY_E_STORE_IO);
        if (got == 0)
            return DEPUTY_OK;
        blake3_stream_update(hash, deputy_slice_bytes(buffer, (size_t)got));
        *size += (uint64_t)got;
    }
}

static enum deputy_error file_digest(int fd, uint8_t out[STORE_DIGEST_BYTES], uint64_t *size)
{
    struct blake3_stream *hash = NULL;
    uint8_t *buffer = malloc(AUDIT_READ_BYTES);
    enum deputy_error error = buffer != NULL ? blake3_stream_create(&hash) : DEPUTY_E_NOMEM;
    if (error == DEPUTY_OK)
        error = file_hash(fd, hash, buffer, size);
    if (error == DEPUTY_OK)
        blake3_stream_finish(hash, out);
    blake3_stream_destroy(hash);
    free(buffer);
    return error;
}

/* What is wrong with the file of a value, or NULL. */
static enum deputy_error file_judge(
        struct store_audit *audit, const char **problem, struct deputy_slice hash, int64_t size)
{
    char name[BLOB_NAME_MAX];
    uint8_t actual[STORE_DIGEST_BYTES];
    uint64_t actual_size = 0;
    *problem = "the file of the value is missing";
    if (hash.len != STORE_DIGEST_BYTES)
        return DEPUTY_OK;
    blob_name(name, hash.ptr);
    int fd = openat(audit->blobs, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return DEPUTY_OK;
    enum deputy_error error = file_digest(fd, actual, &actual_size);
    close(fd);
    *problem = NULL;
    if (error == DEPUTY_E_STORE_IO)
        *problem = "the file of the value cannot be read";
    else if (error == DEPUTY_OK &&
             (!deputy_slice_equal(hash, digest_slice(actual)) || (int64_t)actual_size != size))
        *problem = "the file is not the value that its name says";
    return error == DEPUTY_E_STORE_IO ? DEPUTY_OK : error;
}

/* Columns: key, hash, size. */
static enum deputy_error file_row(
        struct store_audit *audit, const char *check, const struct statement *row, void *ctx)
{
    struct deputy_slice key, hash;
    const char *problem;
    (void)ctx;
    TRY(column_bytes(row, 0, &key));
    TRY(column_bytes(row, 1, &hash));
    TRY(file_judge(audit, &problem, hash, column_int(row, 2)));
    if (problem != NULL)
        audit_found(audit, check, AUDIT_KEY, key, problem);
    return DEPUTY_OK;
}

enum deputy_error store_audit_values(struct store_audit *audit)
{
    TRY(audit_scan(audit, "events",
            "SELECT c.key FROM kv_current c LEFT JOIN kv_event e ON e.id = c.event"
            " WHERE e.id IS NULL OR e.space <> c.space OR e.key <> c.key OR c.live <> (e.hash IS NOT NULL)",
            event_row, NULL));
    TRY(audit_scan(audit, "events",
            "SELECT n.key FROM (SELECT space, key, max(id) AS id FROM kv_event GROUP BY space, key) n"
            " LEFT JOIN kv_current c ON c.space = n.space AND c.key = n.key WHERE c.event IS NOT n.id",
            event_row, NULL));
    TRY(audit_scan(audit, "values",
            "SELECT key, hash, size, value FROM kv_event WHERE value IS NOT NULL ORDER BY id", value_row,
            NULL));
    return audit_scan(audit, "files",
            "SELECT min(c.key), e.hash, e.size FROM kv_current c JOIN kv_event e ON e.id = c.event"
            " WHERE c.live = 1 AND e.value IS NULL GROUP BY e.hash, e.size",
            file_row, NULL);
}

/* --- orphans --- */

static enum deputy_error orphan_count(
        struct store_audit *audit, const char *name, struct statement *find, uint64_t *count)
{
    uint8_t hash[STORE_DIGEST_BYTES];
    bool found;
    if (!blob_name_read(hash, name))
        return DEPUTY_OK;
    bind_blob(find, digest_slice(hash));
    TRY(statement_step(find, &found));
    statement_end(find);
    *count += !found;
    (void)audit;
    return DEPUTY_OK;
}

enum deputy_error store_audit_orphans(struct store_audit *audit, uint64_t *count)
{
    DEFER(statement_drop) struct statement find = {0};
    DIR *listing;
    enum deputy_error error = DEPUTY_OK;
    *count = 0;
    TRY(statement_once(&find, &audit->db,
            "SELECT 1 FROM kv_event e JOIN kv_current c"
            " ON c.space = e.space AND c.key = e.key AND c.event = e.id"
            " WHERE e.value IS NULL AND e.hash IS NOT NULL AND e.hash = ? LIMIT 1"));
    TRY(directory_list(&listing, audit->blobs));
    for (struct dirent *entry = readdir(listing); entry != NULL && error == DEPUTY_OK;
            entry = readdir(listing))
        error = orphan_count(audit, entry->d_name, &find, count);
    closedir(listing);
    return error;
}
