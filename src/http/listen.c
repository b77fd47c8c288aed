#include "base/try.h"
#include "http/connection.h"
#include "http/loop_uv.h"
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LISTEN_BACKLOG = 1024 };

/* ---- who connects ---- */

/* An IPv4 address, or the /64 of an IPv6 address: what one customer of a provider has. Absent for a Unix
 * socket. */
static void peer_read(struct http_connection *c)
{
    struct sockaddr_storage storage = {0};
    int len = sizeof storage;
    uv_tcp_getpeername(&c->socket.tcp, (struct sockaddr *)&storage, &len);
    if (storage.ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)&storage;
        memcpy(c->peer_key + 12, &v4->sin_addr, 4);
        uv_ip4_name(v4, c->peer, sizeof c->peer);
    } else if (storage.ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&storage;
        memcpy(c->peer_key, &v6->sin6_addr, 8);
        uv_ip6_name(v6, c->peer, sizeof c->peer);
    }
}

struct http_connection **server_peers(struct http_server *server, const uint8_t key[16])
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < 16; i++)
        hash = (hash ^ key[i]) * 16777619u;
    return &server->peers[hash % HTTP_PEER_BUCKETS];
}

static size_t peer_count(struct http_server *server, const struct http_connection *like)
{
    size_t count = 0;
    for (const struct http_connection *c = *server_peers(server, like->peer_key); c != NULL; c = c->peer_next)
        count += memcmp(c->peer_key, like->peer_key, sizeof like->peer_key) == 0;
    return count;
}

static void server_on_rejected(uv_handle_t *handle)
{
    free(handle->data);
}

static int socket_init(union http_socket *socket, struct loop *loop, bool local)
{
    return local ? uv_pipe_init(loop_uv(loop), &socket->pipe, 0) : uv_tcp_init(loop_uv(loop), &socket->tcp);
}

static struct http_connection *server_accept(struct http_server *server, struct http_listener *listener)
{
    struct http_connection *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->server = server;
    c->x.connection = c;
    c->socket.stream.data = c;
    c->window = &c->head_buffer;
    socket_init(&c->socket, server->loop, listener->local);
    if (uv_accept(&listener->socket.stream, &c->socket.stream) != 0) {
        uv_close((uv_handle_t *)&c->socket.stream, server_on_rejected);
        return NULL;
    }
    if (listener->local)
        return c;
    uv_tcp_nodelay(&c->socket.tcp, 1);
    peer_read(c);
    return c;
}

/* Some connections over the limit are told so; many more, and those that would cost a handshake first, are
 * dropped without a word. */
static void server_on_connection(uv_stream_t *stream, int status)
{
    struct http_listener *listener = stream->data;
    struct http_server *server = listener->server;
    struct http_connection *c = status == 0 ? server_accept(server, listener) : NULL;
    if (c == NULL)
        return;
    size_t limit = server->config.max_connections;
    bool crowded = server->connection_count >= limit;
    bool greedy = !listener->local && peer_count(server, c) >= server->config.max_per_peer;
    bool secure = server->identity != NULL && !listener->local;
    bool silent = server->connection_count >= limit + limit / 8 + 1 || (secure && (crowded || greedy));
    if (silent || (secure && !secure_create(c, server->identity))) {
        secure_destroy(c->secure);
        uv_close((uv_handle_t *)&c->socket.stream, server_on_rejected);
        return;
    }
    server_remember(c);
    if (crowded || greedy)
        connection_refuse(c, crowded ? 503 : 429);
    else
        connection_start(c);
}

/* ---- listening ---- */

static int address_parse(struct sockaddr_storage *out, const char *address, uint16_t port)
{
    if (uv_ip4_addr(address, port, (struct sockaddr_in *)out) == 0)
        return 0;
    return uv_ip6_addr(address, port, (struct sockaddr_in6 *)out);
}

static socklen_t address_size(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

/* A bound socket, or -1 with errno. */
static int socket_open(struct sockaddr_storage *address)
{
    int on = 1;
    socklen_t size = address_size(address);
    int fd = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
            setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0 ||
            bind(fd, (struct sockaddr *)address, size) != 0 ||
            getsockname(fd, (struct sockaddr *)address, &size) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

static uint16_t address_port(const struct sockaddr_storage *address)
{
    return ntohs(address->ss_family == AF_INET ? ((const struct sockaddr_in *)address)->sin_port
                                               : ((const struct sockaddr_in6 *)address)->sin6_port);
}

static bool is_local(int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    return getsockname(fd, (struct sockaddr *)&address, &size) == 0 && address.ss_family == AF_UNIX;
}

static int listener_start(struct http_server *server, int fd)
{
    struct http_listener *listener = calloc(1, sizeof *listener);
    if (listener == NULL) {
        close(fd);
        return UV_ENOMEM;
    }
    listener->server = server;
    listener->socket.stream.data = listener;
    listener->local = is_local(fd);
    listener->next = server->listeners;
    server->listeners = listener;
    server->listener_count++;
    socket_init(&listener->socket, server->loop, listener->local);
    int result = listener->local ? uv_pipe_open(&listener->socket.pipe, fd)
                                 : uv_tcp_open(&listener->socket.tcp, fd);
    if (result != 0) {
        close(fd);
        return result;
    }
    return uv_listen(&listener->socket.stream, LISTEN_BACKLOG, server_on_connection);
}

enum deputy_error http_server_listen(
        struct http_server *server, const char *address, uint16_t port, uint16_t *bound, const char **reason)
{
    struct sockaddr_storage storage = {0};
    *reason = "not an IP address";
    ENSURE(address_parse(&storage, address, port) == 0, DEPUTY_E_LISTEN);
    int fd = socket_open(&storage);
    int result = fd < 0 ? -errno : listener_start(server, fd);
    *reason = result != 0 ? uv_strerror(result) : NULL;
    ENSURE(result == 0, DEPUTY_E_LISTEN);
    *bound = address_port(&storage);
    return DEPUTY_OK;
}

enum deputy_error http_server_adopt(struct http_server *server, int fd, const char **reason)
{
    int result = listener_start(server, fd);
    *reason = result != 0 ? uv_strerror(result) : NULL;
    ENSURE(result == 0, DEPUTY_E_LISTEN);
    return DEPUTY_OK;
}

static void listener_on_closed(uv_handle_t *handle)
{
    struct http_listener *listener = handle->data;
    struct http_server *server = listener->server;
    free(listener);
    server->listener_count--;
    server_finish_drain(server);
}

void server_stop_listening(struct http_server *server)
{
    for (struct http_listener *listener; (listener = server->listeners) != NULL;) {
        server->listeners = listener->next;
        uv_close((uv_handle_t *)&listener->socket.stream, listener_on_closed);
    }
}
