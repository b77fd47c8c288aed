#include "cli/io.h"
#include "base/buf.h"
#include "cli/output.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool read_all(struct cli *cli, struct deputy_slice *out, int file, const char *name)
{
    struct buf content = buf_make(cli->arena, IO_MAX_BYTES);
    uint8_t part[16 * 1024];
    ssize_t got;
    while ((got = read(file, part, sizeof part)) > 0)
        buf_put(&content, deputy_slice_bytes(part, (size_t)got));
    if (got < 0) {
        cli_complain("%s: %s", name, strerror(errno));
        return false;
    }
    if (buf_finish(&content, out) != DEPUTY_OK) {
        cli_complain("%s: larger than %d bytes", name, IO_MAX_BYTES);
        return false;
    }
    return true;
}

static bool read_path(struct cli *cli, struct deputy_slice *out, const char *path, bool secret)
{
    struct stat status;
    if (strcmp(path, "-") == 0)
        return read_all(cli, out, STDIN_FILENO, "standard input");
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &status) != 0) {
        cli_complain("%s: %s", path, strerror(errno));
        if (file >= 0)
            close(file);
        return false;
    }
    bool exposed = secret && S_ISREG(status.st_mode) && (status.st_mode & 077) != 0;
    if (exposed)
        cli_complain("%s: others may read it; 'chmod 600 %s' first", path, path);
    bool ok = !exposed && read_all(cli, out, file, path);
    close(file);
    return ok;
}

bool io_read(struct cli *cli, struct deputy_slice *out, const char *path)
{
    return read_path(cli, out, path, false);
}

bool io_read_secret(struct cli *cli, struct deputy_slice *out, const char *path)
{
    return read_path(cli, out, path, true);
}

bool io_read_argument(struct cli *cli, struct deputy_slice *out, const char *argument)
{
    struct stat status;
    if (argument == NULL || strcmp(argument, "-") == 0)
        return io_read(cli, out, "-");
    if (stat(argument, &status) == 0)
        return io_read(cli, out, argument);
    *out = deputy_slice_text(argument);
    return true;
}

static bool write_all(int file, struct deputy_slice content)
{
    while (content.len > 0) {
        ssize_t put = write(file, content.ptr, content.len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        content.ptr += put;
        content.len -= (size_t)put;
    }
    return true;
}

static bool write_path(const char *path, struct deputy_slice content, mode_t mode)
{
    char temporary[4096];
    if (path == NULL || strcmp(path, "-") == 0) {
        cli_put(content);
        return true;
    }
    int length = snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    int file = length > 0 && (size_t)length < sizeof temporary ? mkstemp(temporary) : -1;
    bool ok = file >= 0 && fchmod(file, mode) == 0 && write_all(file, content) && fsync(file) == 0;
    if (file >= 0 && close(file) != 0)
        ok = false;
    if (ok && rename(temporary, path) == 0)
        return true;
    cli_complain("%s: %s", path, strerror(errno));
    if (file >= 0)
        unlink(temporary);
    return false;
}

bool io_write(const char *path, struct deputy_slice content)
{
    return write_path(path, content, 0644);
}

bool io_write_secret(const char *path, struct deputy_slice content)
{
    return write_path(path, content, 0600);
}

struct deputy_slice io_trim(struct deputy_slice text)
{
    while (text.len > 0 && text.ptr[0] <= ' ') {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && text.ptr[text.len - 1] <= ' ')
        text.len--;
    return text;
}
