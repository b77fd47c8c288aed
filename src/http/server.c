#include "base/arena.h"
#include "base/try.h"
#include "http/connection.h"
#include "http/loop_uv.h"
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    SERVER_TICK_MS = 500,
    SERVER_BACKLOG = 1024,
    SERVER_FIXED_MAX = 4096, /* bytes of the header lines of every answer */
    SERVER_MEMORY_MAX = 64 * 1024,
};

/* ---- making one ---- */

static size_t or_default(size_t value, size_t standard)
{
    return value != 0 ? value : standard;
}

static uint32_t or_default32(uint32_t value, uint32_t standard)
{
    return value != 0 ? value : standard;
}

static struct http_config config_complete(struct http_config config)
{
    const size_t mib = 1024 * 1024;
    config.max_connections = or_default(config.max_connections, 4096);
    config.max_per_peer = or_default(config.max_per_peer, SIZE_MAX);
    config.max_head_memory = or_default(config.max_head_memory, 64 * mib);
    config.max_exchange_memory = or_default(config.max_exchange_memory, 64 * mib);
    config.head_timeout_ms = or_default32(config.head_timeout_ms, 10000);
    config.idle_timeout_ms = or_default32(config.idle_timeout_ms, 60000);
    config.body_grace_ms = or_default32(config.body_grace_ms, 10000);
    config.body_min_rate = or_default32(config.body_min_rate, 1024);
    config.write_timeout_ms = or_default32(config.write_timeout_ms, 30000);
    return config;
}

/* Spec/03 section 1.2. There is no tracing yet whose id could stand in the trace header. */
static enum deputy_error fixed_make(struct http_server *server)
{
    const struct http_config *config = &server->config;
    struct buf out = buf_make(server->arena, SERVER_FIXED_MAX);
    buf_put_text(&out, "X-Content-Type-Options: nosniff\r\n"
                       "X-Frame-Options: SAMEORIGIN\r\n"
                       "Permissions-Policy: interest-cohort=()\r\n");
    if (config->trace_header != NULL) {
        buf_put_text(&out, config->trace_header);
        buf_put_text(&out, ": 00000000000000000000000000000000\r\n");
    }
    if (config->cors) {
        buf_put_text(&out, "Access-Control-Allow-Origin: *\r\n"
                           "Access-Control-Allow-Methods: POST, PUT, GET, OPTIONS, DELETE\r\n"
                           "Access-Control-Allow-Headers: *, Authorization\r\n"
                           "Access-Control-Allow-Credentials: true\r\n"
                           "Access-Control-Expose-Headers: *, Authorization");
        buf_put_text(&out, config->cors_expose != NULL ? ", " : "");
        buf_put_text(&out, config->cors_expose != NULL ? config->cors_expose : "");
        buf_put_text(&out, "\r\n");
    }
    return buf_finish(&out, &server->fixed);
}

static void date_make(struct http_server *server)
{
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(server->date, sizeof server->date, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &utc);
}

static void server_finish_drain(struct http_server *server)
{
    if (!server->draining || server->connection_count > 0 || server->listener_count > 0)
        return;
    server->draining = false;
    loop_timer_stop(server->tick);
    server->drained(server->drained_ctx);
}

static void server_walk_end(struct http_server *server)
{
    server->walking = false;
    for (struct http_connection *c; (c = server->ended) != NULL;) {
        server->ended = c->peer_next;
        free(c);
    }
    server_finish_drain(server);
}

static void server_on_tick(void *ctx)
{
    struct http_server *server = ctx;
    uint64_t now_ms = loop_now_ms(server->loop);
    bool cut_off = server->draining && now_ms >= server->drain_deadline_ms;
    date_make(server);
    server->walking = true;
    for (struct http_connection *c = server->connections; c != NULL; c = c->next) {
        if (cut_off)
            connection_lost(c);
        else
            connection_tick(c, now_ms);
    }
    server_walk_end(server);
}

static enum deputy_error server_init(struct http_server *server)
{
    TRY(deputy_arena_create(&server->arena, SERVER_MEMORY_MAX));
    TRY(fixed_make(server));
    TRY(loop_timer_create(&server->tick, server->loop, server_on_tick, server));
    date_make(server);
    loop_timer_start(server->tick, SERVER_TICK_MS, SERVER_TICK_MS);
    return DEPUTY_OK;
}

enum deputy_error http_server_create(struct http_server **out, struct loop *loop,
        const struct http_config *config, const struct http_route *routes, size_t count, void *app)
{
    struct http_server *server = calloc(1, sizeof *server);
    ENSURE(server != NULL, DEPUTY_E_NOMEM);
    server->loop = loop;
    server->config = config_complete(*config);
    server->router = (struct http_router){routes, count};
    server->app = app;
    enum deputy_error error = server_init(server);
    if (error != DEPUTY_OK) {
        http_server_destroy(server);
        return error;
    }
    *out = server;
    return DEPUTY_OK;
}

/* ---- connections ---- */

/* An IPv4 address, or the /64 of an IPv6 address: what one customer of a provider has. */
static void peer_read(struct http_connection *c)
{
    struct sockaddr_storage storage = {0};
    int len = sizeof storage;
    uv_tcp_getpeername(&c->tcp, (struct sockaddr *)&storage, &len);
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

static struct http_connection **peer_bucket(struct http_server *server, const uint8_t key[16])
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < 16; i++)
        hash = (hash ^ key[i]) * 16777619u;
    return &server->peers[hash % HTTP_PEER_BUCKETS];
}

static size_t peer_count(struct http_server *server, const struct http_connection *like)
{
    size_t count = 0;
    for (const struct http_connection *c = *peer_bucket(server, like->peer_key); c != NULL; c = c->peer_next)
        count += memcmp(c->peer_key, like->peer_key, sizeof like->peer_key) == 0;
    return count;
}

static void server_remember(struct http_connection *c)
{
    struct http_server *server = c->server;
    struct http_connection **bucket = peer_bucket(server, c->peer_key);
    c->next = server->connections;
    c->link = &server->connections;
    if (c->next != NULL)
        c->next->link = &c->next;
    server->connections = c;
    c->peer_next = *bucket;
    c->peer_link = bucket;
    if (c->peer_next != NULL)
        c->peer_next->peer_link = &c->peer_next;
    *bucket = c;
    server->connection_count++;
}

/* The walk over the connections may stand on this one: its `next` stays, and its memory until the walk is
 * over. */
void server_forget(struct http_connection *c)
{
    struct http_server *server = c->server;
    *c->link = c->next;
    if (c->next != NULL)
        c->next->link = c->link;
    *c->peer_link = c->peer_next;
    if (c->peer_next != NULL)
        c->peer_next->peer_link = c->peer_link;
    server->connection_count--;
    if (server->walking) {
        c->peer_next = server->ended;
        server->ended = c;
    } else {
        free(c);
        server_finish_drain(server);
    }
}

static void server_on_rejected(uv_handle_t *handle)
{
    free(handle->data);
}

static struct http_connection *server_accept(struct http_server *server, uv_stream_t *listener)
{
    struct http_connection *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->server = server;
    c->x.connection = c;
    c->tcp.data = c;
    c->window = &c->head_buffer;
    uv_tcp_init(loop_uv(server->loop), &c->tcp);
    if (uv_accept(listener, (uv_stream_t *)&c->tcp) != 0) {
        uv_close((uv_handle_t *)&c->tcp, server_on_rejected);
        return NULL;
    }
    uv_tcp_nodelay(&c->tcp, 1);
    peer_read(c);
    return c;
}

/* Some connections over the limit are told so; many more are dropped without a word. */
static void server_on_connection(uv_stream_t *listener, int status)
{
    struct http_server *server = ((struct http_listener *)listener->data)->server;
    struct http_connection *c = status == 0 ? server_accept(server, listener) : NULL;
    if (c == NULL)
        return;
    size_t limit = server->config.max_connections;
    bool crowded = server->connection_count >= limit;
    bool greedy = peer_count(server, c) >= server->config.max_per_peer;
    if (server->connection_count >= limit + limit / 8 + 1) {
        uv_close((uv_handle_t *)&c->tcp, server_on_rejected);
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

static int listener_start(struct http_server *server, int fd)
{
    struct http_listener *listener = calloc(1, sizeof *listener);
    if (listener == NULL) {
        close(fd);
        return UV_ENOMEM;
    }
    listener->server = server;
    listener->tcp.data = listener;
    listener->next = server->listeners;
    server->listeners = listener;
    server->listener_count++;
    uv_tcp_init(loop_uv(server->loop), &listener->tcp);
    int result = uv_tcp_open(&listener->tcp, fd);
    if (result != 0) {
        close(fd);
        return result;
    }
    return uv_listen((uv_stream_t *)&listener->tcp, SERVER_BACKLOG, server_on_connection);
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

static void listener_on_closed(uv_handle_t *handle)
{
    struct http_listener *listener = handle->data;
    struct http_server *server = listener->server;
    free(listener);
    server->listener_count--;
    server_finish_drain(server);
}

static void listeners_close(struct http_server *server)
{
    for (struct http_listener *listener; (listener = server->listeners) != NULL;) {
        server->listeners = listener->next;
        uv_close((uv_handle_t *)&listener->tcp, listener_on_closed);
    }
}

/* ---- the end ---- */

void http_server_drain(struct http_server *server, uint32_t grace_ms, void (*done)(void *ctx), void *ctx)
{
    server->draining = true;
    server->drained = done;
    server->drained_ctx = ctx;
    server->drain_deadline_ms = loop_now_ms(server->loop) + grace_ms;
    listeners_close(server);
    server->walking = true;
    for (struct http_connection *c = server->connections; c != NULL; c = c->next)
        connection_retire(c);
    server_walk_end(server);
}

static void server_on_nothing(void *ctx)
{
    (void)ctx;
}

void http_server_destroy(struct http_server *server)
{
    if (server == NULL)
        return;
    if (server->listener_count > 0 || server->connection_count > 0) {
        http_server_drain(server, 0, server_on_nothing, NULL);
        while (server->draining)
            uv_run(loop_uv(server->loop), UV_RUN_ONCE);
    }
    spare_free(server);
    loop_timer_destroy(server->tick);
    deputy_arena_destroy(server->arena);
    free(server);
}
