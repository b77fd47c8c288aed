/* Content that arrives in parts: small ones stay in memory and become rows, large ones are files named by
 * hash. */
#include "base/codec.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "store/blob_file.h"
#include "store/state.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BLOB_FILE_MODE = 0600 };

struct blob_writer {
    struct directory *directory;
    struct blake3_stream *hash;
    uint64_t size;
    int file; /* -1 while everything fits into the buffer */
    char tmp_name[BLOB_NAME_MAX];
    enum deputy_error failed; /* the first failure; then nothing works but close */
    size_t used;
    uint8_t buffer[STORE_INLINE_MAX];
};

void blob_name(char out[BLOB_NAME_MAX], const uint8_t hash[STORE_DIGEST_BYTES])
{
    for (size_t i = 0; i < STORE_DIGEST_BYTES; i++)
        snprintf(out + 2 * i, 3, "%02x", hash[i]);
}

bool blob_name_read(uint8_t out[STORE_DIGEST_BYTES], const char *name)
{
    char again[BLOB_NAME_MAX];
    if (hex_read_fixed(out, STORE_DIGEST_BYTES, deputy_slice_text(name)) != DEPUTY_OK)
        return false;
    blob_name(again, out); /* one hash, one name */
    return strcmp(again, name) == 0;
}

enum deputy_error blob_writer_open(struct blob_writer **out, struct store *store)
{
    struct blob_writer *writer = malloc(sizeof *writer);
    ENSURE(writer != NULL, DEPUTY_E_NOMEM);
    writer->directory = &store->directory;
    writer->hash = NULL;
    writer->size = 0;
    writer->file = -1;
    writer->failed = DEPUTY_OK;
    writer->used = 0;
    enum deputy_error result = blake3_stream_create(&writer->hash);
    if (result == DEPUTY_OK)
        *out = writer;
    else
        blob_writer_close(writer);
    return result;
}

/* Names in blobs/tmp need only differ within this process: the directory is ours alone, and swept at start.
 */
static enum deputy_error blob_create_file(struct blob_writer *writer)
{
    uint64_t number = atomic_fetch_add(&writer->directory->tmp_count, 1);
    snprintf(writer->tmp_name, sizeof writer->tmp_name, "%llu", (unsigned long long)number);
    writer->file = openat(writer->directory->tmp, writer->tmp_name,
            O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, BLOB_FILE_MODE);
    ENSURE(writer->file >= 0, directory_error());
    return DEPUTY_OK;
}

static enum deputy_error blob_flush(struct blob_writer *writer)
{
    if (writer->file < 0)
        TRY(blob_create_file(writer));
    for (size_t at = 0; at < writer->used;) {
        ssize_t wrote = write(writer->file, writer->buffer + at, writer->used - at);
        if (wrote < 0 && errno == EINTR)
            continue;
        ENSURE(wrote > 0, directory_error());
        at += (size_t)wrote;
    }
    writer->used = 0;
    return DEPUTY_OK;
}

/* Takes as much of the part as the buffer has room for. */
static enum deputy_error blob_fill(struct blob_writer *writer, struct deputy_slice *part)
{
    if (writer->used == sizeof writer->buffer)
        TRY(blob_flush(writer));
    size_t room = sizeof writer->buffer - writer->used;
    size_t taken = part->len < room ? part->len : room;
    memcpy(writer->buffer + writer->used, part->ptr, taken);
    writer->used += taken;
    *part = deputy_slice_bytes(part->ptr + taken, part->len - taken);
    return DEPUTY_OK;
}

enum deputy_error blob_writer_append(struct blob_writer *writer, struct deputy_slice part)
{
    TRY(writer->failed);
    blake3_stream_update(writer->hash, part);
    writer->size += part.len;
    while (part.len > 0 && writer->failed == DEPUTY_OK)
        writer->failed = blob_fill(writer, &part);
    return writer->failed;
}

/* No collection looks at the name and removes it while the file behind it changes (store/collect.h). */
static enum deputy_error blob_rename(const struct blob_writer *writer, const char *name)
{
    int lock;
    TRY(directory_lock_names(&lock, writer->directory->blobs, DIRECTORY_SHARED));
    bool renamed = renameat(writer->directory->tmp, writer->tmp_name, writer->directory->blobs, name) == 0;
    enum deputy_error error = renamed ? DEPUTY_OK : directory_error();
    close(lock);
    return error;
}

/* The content is on the disk before its name is, and the name before any row refers to it. */
static enum deputy_error blob_publish(struct blob_writer *writer, const uint8_t hash[STORE_DIGEST_BYTES])
{
    char name[BLOB_NAME_MAX];
    blob_name(name, hash);
    TRY(blob_flush(writer));
    ENSURE(fsync(writer->file) == 0, directory_error());
    TRY(blob_rename(writer, name));
    close(writer->file);
    writer->file = -1;
    return directory_sync(writer->directory->blobs);
}

enum deputy_error blob_writer_spill(struct blob_writer *writer)
{
    TRY(writer->failed);
    if (writer->file < 0)
        writer->failed = blob_create_file(writer);
    return writer->failed;
}

enum deputy_error blob_writer_finish(struct blob_writer *writer, struct store_value *out)
{
    TRY(writer->failed);
    *out = (struct store_value){.size = writer->size};
    blake3_stream_finish(writer->hash, out->hash);
    if (writer->file < 0)
        out->bytes = deputy_slice_bytes(writer->buffer, writer->used);
    else
        writer->failed = blob_publish(writer, out->hash);
    return writer->failed;
}

void blob_writer_close(struct blob_writer *writer)
{
    if (writer == NULL)
        return;
    if (writer->file >= 0) {
        close(writer->file);
        unlinkat(writer->directory->tmp, writer->tmp_name, 0);
    }
    blake3_stream_destroy(writer->hash);
    free(writer);
}

static enum deputy_error blob_pread(int fd, uint64_t offset, uint8_t *out, size_t len, size_t *got)
{
    for (*got = 0; *got < len;) {
        ssize_t count = pread(fd, out + *got, len - *got, (off_t)(offset + *got));
        if (count < 0 && errno == EINTR)
            continue;
        ENSURE(count >= 0, DEPUTY_E_STORE_IO);
        if (count == 0)
            return DEPUTY_OK;
        *got += (size_t)count;
    }
    return DEPUTY_OK;
}

enum deputy_error blob_read_at(struct store *store, const uint8_t hash[STORE_DIGEST_BYTES], uint64_t offset,
        uint8_t *out, size_t len, size_t *got)
{
    char name[BLOB_NAME_MAX];
    blob_name(name, hash);
    int fd = openat(store->directory.blobs, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? DEPUTY_E_STORE_BLOB : directory_error();
    enum deputy_error result = blob_pread(fd, offset, out, len, got);
    close(fd);
    return result;
}
