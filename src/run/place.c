#include "run/place.h"
#include "base/try.h"
#include "run/systemd.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- reading ---- */

enum deputy_error place_mode_read(mode_t *out, struct deputy_slice text)
{
    ENSURE(text.len >= 3 && text.len <= 4, DEPUTY_E_ARGUMENT);
    *out = 0;
    for (size_t i = 0; i < text.len; i++) {
        ENSURE(text.ptr[i] >= '0' && text.ptr[i] <= '7', DEPUTY_E_ARGUMENT);
        *out = *out * 8 + (mode_t)(text.ptr[i] - '0');
    }
    return *out <= 0777 ? DEPUTY_OK : DEPUTY_E_ARGUMENT;
}

static enum deputy_error path_read(struct place *out, struct deputy_slice path, const char **reason)
{
    *reason = "an absolute path of at most 107 bytes is expected";
    ENSURE(path.len > 1 && path.len < sizeof out->path && path.ptr[0] == '/', DEPUTY_E_ARGUMENT);
    ENSURE(memchr(path.ptr, '\0', path.len) == NULL, DEPUTY_E_ARGUMENT);
    memcpy(out->path, path.ptr, path.len);
    return DEPUTY_OK;
}

enum deputy_error place_read(struct place *out, struct deputy_slice text, const char **reason)
{
    static const char prefix[] = "unix:";
    const size_t len = sizeof prefix - 1;
    *out = (struct place){.fd = -1};
    if (text.len >= len && memcmp(text.ptr, prefix, len) == 0)
        return path_read(out, deputy_slice_bytes(text.ptr + len, text.len - len), reason);
    *reason = "an IP address and a port are expected";
    return address_read(&out->address, text);
}

static bool is_stream(int fd)
{
    int type = 0;
    socklen_t size = sizeof type;
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

/* Where a passed socket is bound: a stream socket of TCP or of Unix. */
static bool place_of_socket(struct place *out, int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un local;
    } at = {.any.sa_family = AF_UNSPEC};
    socklen_t size = sizeof at;
    *out = (struct place){.fd = fd};
    if (!is_stream(fd) || getsockname(fd, &at.any, &size) != 0)
        return false;
    if (at.any.sa_family == AF_UNIX) {
        bool named = size > offsetof(struct sockaddr_un, sun_path) && at.local.sun_path[0] == '/';
        snprintf(out->path, sizeof out->path, "%.*s", (int)sizeof out->path - 1,
                named ? at.local.sun_path : "(passed)");
        return true;
    }
    if (at.any.sa_family != AF_INET && at.any.sa_family != AF_INET6)
        return false;
    bool v6 = at.any.sa_family == AF_INET6;
    out->address.port = ntohs(v6 ? at.v6.sin6_port : at.v4.sin_port);
    return inet_ntop(at.any.sa_family, v6 ? (void *)&at.v6.sin6_addr : (void *)&at.v4.sin_addr,
                   out->address.host, sizeof out->address.host) != NULL;
}

enum deputy_error place_read_passed(struct place *out, size_t max, size_t *count, const char **reason)
{
    int first = systemd_sockets(count);
    *reason = "the service manager passed no socket";
    ENSURE(*count > 0, DEPUTY_E_LISTEN);
    *reason = "the service manager passed too many sockets";
    ENSURE(*count <= max, DEPUTY_E_LISTEN);
    *reason = "the service manager passed something else than stream sockets";
    for (size_t i = 0; i < *count; i++)
        ENSURE(place_of_socket(&out[i], first + (int)i), DEPUTY_E_LISTEN);
    return DEPUTY_OK;
}

/* ---- a Unix socket ---- */

static struct sockaddr_un path_address(const struct place *place)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, place->path, sizeof address.sun_path);
    return address;
}

/* Whether somebody listens there: only a refused connection shows that nobody does. */
static bool path_is_alive(const struct place *place)
{
    struct sockaddr_un address = path_address(place);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool dead =
            fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0 && errno == ECONNREFUSED;
    if (fd >= 0)
        close(fd);
    return !dead;
}

static enum deputy_error path_clear(const struct place *place, const char **reason)
{
    struct stat status;
    if (lstat(place->path, &status) != 0) {
        *reason = strerror(errno);
        return errno == ENOENT ? DEPUTY_OK : DEPUTY_E_LISTEN;
    }
    *reason = "something that is not a socket is there";
    ENSURE(S_ISSOCK(status.st_mode), DEPUTY_E_LISTEN);
    *reason = "another process listens there";
    ENSURE(!path_is_alive(place), DEPUTY_E_LISTEN);
    int removed = unlink(place->path);
    *reason = strerror(errno);
    return removed == 0 ? DEPUTY_OK : DEPUTY_E_LISTEN;
}

/* The mode is set before anybody can connect: nobody listens yet. */
static bool path_bind(struct place *place, mode_t mode)
{
    struct stat status;
    struct sockaddr_un address = path_address(place);
    if (bind(place->fd, (struct sockaddr *)&address, sizeof address) != 0)
        return false;
    if (lstat(place->path, &status) != 0)
        return false;
    place->made = true;
    place->device = status.st_dev;
    place->inode = status.st_ino;
    return chmod(place->path, mode) == 0;
}

enum deputy_error place_open(struct place *place, mode_t mode, const char **reason)
{
    if (place->path[0] == '\0' || place->fd >= 0)
        return DEPUTY_OK;
    TRY(path_clear(place, reason));
    place->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool open = place->fd >= 0 && path_bind(place, mode);
    *reason = strerror(errno);
    return open ? DEPUTY_OK : DEPUTY_E_LISTEN;
}

/* ---- listening ---- */

enum deputy_error place_listen(struct place *place, struct http_server *server, const char **reason)
{
    struct address *address = &place->address;
    if (place->fd < 0)
        return http_server_listen(server, address->host, address->port, &address->port, reason);
    int shared = fcntl(place->fd, F_DUPFD_CLOEXEC, 0);
    *reason = strerror(errno);
    ENSURE(shared >= 0, DEPUTY_E_LISTEN);
    return http_server_adopt(server, shared, reason);
}

void place_close(struct place *place)
{
    struct stat status;
    if (place->made && lstat(place->path, &status) == 0 && status.st_dev == place->device &&
            status.st_ino == place->inode)
        unlink(place->path);
    if (place->fd >= 0)
        close(place->fd);
    place->fd = -1;
}

void place_print(char *out, const struct place *place, bool secure)
{
    char text[64];
    if (place->path[0] != '\0') {
        snprintf(out, PLACE_TEXT_MAX, "unix:%s", place->path);
        return;
    }
    address_print(text, &place->address);
    snprintf(out, PLACE_TEXT_MAX, "%s://%s", secure ? "https" : "http", text);
}
