#include "backend/keyfile.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/try.h"
#include "crypto/secret.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_DIGITS = 64, READ_ARENA = 32 * 1024 };

#define FILE_START "{\n  \"privateKey\": \"0x"
#define FILE_END "\"\n}"

enum { FILE_BYTES = sizeof FILE_START - 1 + KEY_DIGITS + sizeof FILE_END - 1 };

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static struct deputy_slice trimmed(struct deputy_slice text)
{
    while (text.len > 0 && is_blank(text.ptr[0]))
        text = deputy_slice_bytes(text.ptr + 1, text.len - 1);
    while (text.len > 0 && is_blank(text.ptr[text.len - 1]))
        text.len--;
    return text;
}

static bool has_prefix(struct deputy_slice text)
{
    return text.len >= 2 && text.ptr[0] == '0' && (text.ptr[1] == 'x' || text.ptr[1] == 'X');
}

static enum deputy_error digits_read(uint8_t secret[32], struct deputy_slice text)
{
    if (has_prefix(text))
        text = deputy_slice_bytes(text.ptr + 2, text.len - 2);
    ENSURE(text.len == KEY_DIGITS, DEPUTY_E_IDENTITY_FORM);
    return hex_read_fixed(secret, 32, text) == DEPUTY_OK ? DEPUTY_OK : DEPUTY_E_IDENTITY_FORM;
}

/* Without escapes the reader copies nothing, so that the key stays where it is. */
static enum deputy_error object_read(struct deputy_arena *arena, uint8_t secret[32], struct deputy_slice text)
{
    const struct json_value *root;
    struct deputy_slice key;
    ENSURE(memchr(text.ptr, '\\', text.len) == NULL, DEPUTY_E_IDENTITY_FORM);
    ENSURE(json_parse(arena, &root, text) == DEPUTY_OK &&
                    json_to_text(&key, json_member(root, "privateKey")) == DEPUTY_OK,
            DEPUTY_E_IDENTITY_FORM);
    ENSURE(key.len > 2 && memcmp(key.ptr, "0x", 2) == 0, DEPUTY_E_IDENTITY_FORM);
    return digits_read(secret, key);
}

static void arena_end(struct deputy_arena **arena)
{
    deputy_arena_destroy(*arena);
}

enum deputy_error keyfile_text_read(uint8_t secret[32], struct deputy_slice text)
{
    DEFER(arena_end) struct deputy_arena *arena = NULL;
    struct deputy_slice content = trimmed(text);
    if (content.len == 0 || content.ptr[0] != '{')
        return digits_read(secret, content);
    TRY(deputy_arena_create(&arena, READ_ARENA));
    return object_read(arena, secret, content);
}

static void file_close(const int *file)
{
    if (*file >= 0)
        close(*file);
}

static enum deputy_error file_check(int file)
{
    struct stat status;
    ENSURE(fstat(file, &status) == 0 && S_ISREG(status.st_mode), DEPUTY_E_IDENTITY_FILE);
    ENSURE(status.st_uid == geteuid() || status.st_uid == 0, DEPUTY_E_IDENTITY_FILE);
    ENSURE((status.st_mode & (S_IRWXG | S_IRWXO)) == 0, DEPUTY_E_IDENTITY_OPEN);
    return DEPUTY_OK;
}

/* One byte more than is allowed is read, so that a longer file is noticed. */
static enum deputy_error content_read(uint8_t *content, size_t *len, int file)
{
    *len = 0;
    while (*len <= KEYFILE_MAX_BYTES) {
        ssize_t got = read(file, content + *len, KEYFILE_MAX_BYTES + 1 - *len);
        if (got < 0 && errno == EINTR)
            continue;
        ENSURE(got >= 0, DEPUTY_E_IDENTITY_FILE);
        if (got == 0)
            return DEPUTY_OK;
        *len += (size_t)got;
    }
    return DEPUTY_E_IDENTITY_FORM;
}

static void secret_end(uint8_t **secret)
{
    secret_free(*secret);
}

enum deputy_error keyfile_secret_read(uint8_t secret[32], const char *path)
{
    DEFER(file_close) int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    DEFER(secret_end) uint8_t *content = NULL;
    size_t len;
    ENSURE(file >= 0, DEPUTY_E_IDENTITY_FILE);
    TRY(file_check(file));
    TRY(secret_alloc(&content, KEYFILE_MAX_BYTES + 1));
    TRY(content_read(content, &len, file));
    return keyfile_text_read(secret, deputy_slice_bytes(content, len));
}

static void content_write(uint8_t content[FILE_BYTES], const uint8_t secret[32])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t *at = content;
    memcpy(at, FILE_START, sizeof FILE_START - 1);
    at += sizeof FILE_START - 1;
    for (size_t i = 0; i < 32; i++) {
        *at++ = (uint8_t)digits[secret[i] >> 4];
        *at++ = (uint8_t)digits[secret[i] & 15];
    }
    memcpy(at, FILE_END, sizeof FILE_END - 1);
}

static bool file_fill(int file, const uint8_t secret[32])
{
    uint8_t content[FILE_BYTES];
    content_write(content, secret);
    bool ok = fchmod(file, S_IRUSR | S_IWUSR) == 0 &&
              write(file, content, sizeof content) == (ssize_t)sizeof content && fsync(file) == 0;
    secret_wipe(content, sizeof content);
    return ok;
}

/* Makes the new name durable. */
static bool names_sync(const char *path)
{
    char parent[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path);
    snprintf(parent, sizeof parent, "%.*s", (int)len, path);
    const char *name = slash == NULL ? "." : len == 0 ? "/" : parent;
    DEFER(file_close) int directory = open(name, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
    return directory >= 0 && fsync(directory) == 0;
}

/* A link fails where something is: whoever comes second does not replace the first. */
static enum deputy_error file_publish(const char *temporary, const char *path)
{
    if (link(temporary, path) != 0)
        return errno == EEXIST ? DEPUTY_E_IDENTITY_EXISTS : DEPUTY_E_IDENTITY_WRITE;
    return names_sync(path) ? DEPUTY_OK : DEPUTY_E_IDENTITY_WRITE;
}

enum deputy_error keyfile_secret_write(const char *path, const uint8_t secret[32])
{
    char temporary[PATH_MAX];
    int len = snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    ENSURE(len > 0 && (size_t)len < sizeof temporary, DEPUTY_E_IDENTITY_WRITE);
    DEFER(file_close) int file = mkstemp(temporary);
    ENSURE(file >= 0, DEPUTY_E_IDENTITY_WRITE);
    enum deputy_error result = DEPUTY_E_IDENTITY_WRITE;
    if (file_fill(file, secret))
        result = file_publish(temporary, path);
    unlink(temporary);
    return result;
}
