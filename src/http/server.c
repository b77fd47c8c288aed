#include "base/arena.h"
#include "base/try.h"
#include "crypto/tls.h"
#include "http/connection.h"
#include "http/loop_uv.h"
#include <stdlib.h>
#include <time.h>

enum {
    SERVER_TICK_MS = 500,
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
    const size_t mib = (size_t)1024 * 1024;
    config.max_connections = or_default(config.max_connections, 4096);
    config.max_per_peer = or_default(config.max_per_peer, SIZE_MAX);
    config.max_head_memory = or_default(config.max_head_memory, 64 * mib);
    config.max_body_memory = or_default(config.max_body_memory, 256 * mib);
    config.max_exchange_memory = or_default(config.max_exchange_memory, 64 * mib);
    config.head_timeout_ms = or_default32(config.head_timeout_ms, 10000);
    config.idle_timeout_ms = or_default32(config.idle_timeout_ms, 60000);
    config.body_grace_ms = or_default32(config.body_grace_ms, 10000);
    config.body_min_rate = or_default32(config.body_min_rate, 1024);
    config.write_timeout_ms = or_default32(config.write_timeout_ms, 30000);
    return config;
}

/* Spec/03 section 1.2. */
static enum deputy_error fixed_make(struct http_server *server)
{
    const struct http_config *config = &server->config;
    struct buf out = buf_make(server->arena, SERVER_FIXED_MAX);
    ENSURE(config->trace_header == NULL || reply_is_field_name(config->trace_header), DEPUTY_E_ARGUMENT);
    ENSURE(config->trace_header != NULL || !config->trace_ids, DEPUTY_E_ARGUMENT);
    buf_put_text(&out, "X-Content-Type-Options: nosniff\r\n"
                       "X-Frame-Options: SAMEORIGIN\r\n"
                       "Permissions-Policy: interest-cohort=()\r\n");
    if (config->trace_header != NULL && !config->trace_ids) {
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

void server_finish_drain(struct http_server *server)
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

enum deputy_error http_server_secure(struct http_server *server, struct tls_identity *identity)
{
    if (server->wire == NULL)
        server->wire = malloc(SECURE_WIRE);
    ENSURE(server->wire != NULL, DEPUTY_E_NOMEM);
    struct tls_identity *before = server->identity;
    server->identity = tls_identity_hold(identity);
    tls_identity_release(before);
    return DEPUTY_OK;
}

/* ---- connections ---- */

/* Written on the loop's thread alone; others may look. */
static void connections_set(struct http_server *server, size_t count)
{
    __atomic_store_n(&server->connection_count, count, __ATOMIC_RELAXED);
}

size_t http_server_connections(const struct http_server *server)
{
    return __atomic_load_n(&server->connection_count, __ATOMIC_RELAXED);
}

void server_remember(struct http_connection *c)
{
    struct http_server *server = c->server;
    struct http_connection **bucket = server_peers(server, c->peer_key);
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
    connections_set(server, server->connection_count + 1);
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
    connections_set(server, server->connection_count - 1);
    if (server->walking) {
        c->peer_next = server->ended;
        server->ended = c;
    } else {
        free(c);
        server_finish_drain(server);
    }
}

/* ---- the end ---- */

void http_server_drain(struct http_server *server, uint32_t grace_ms, void (*done)(void *ctx), void *ctx)
{
    server->draining = true;
    server->drained = done;
    server->drained_ctx = ctx;
    server->drain_deadline_ms = loop_now_ms(server->loop) + grace_ms;
    server_stop_listening(server);
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
    tls_identity_release(server->identity);
    free(server->wire);
    free(server);
}
