/* A server on a loop in a thread of its own, on a free loopback port. */
#ifndef TESTS_HTTP_SERVE_H
#define TESTS_HTTP_SERVE_H

#include "base/arena.h"
#include "crypto/tls.h"
#include "http/server.h"
#include "support/check.h"
#include "support/wire.h"
#include <pthread.h>
#include <signal.h>

struct served {
    struct loop *loop;
    struct http_server *server;
    pthread_t thread;
    uint16_t port;
    uint32_t grace_ms;
    struct loop_task stop;
};

static void *served_main(void *ctx)
{
    loop_run(((struct served *)ctx)->loop);
    return NULL;
}

/* Shows a certificate of tests/data/tls, whose key is key.pem. */
static inline void served_secure(struct served *served, const char *certificate)
{
    struct deputy_arena *arena;
    struct tls_identity *identity;
    assert_ok(deputy_arena_create(&arena, 1024 * 1024));
    assert_ok(
            tls_identity_create(&identity, check_data(arena, certificate), check_data(arena, "tls/key.pem")));
    assert_ok(http_server_secure(served->server, identity));
    tls_identity_release(identity);
    deputy_arena_destroy(arena);
}

/* With no certificate (NULL) it speaks plain HTTP. */
static inline void serve_with(struct served *served, const struct http_config *config,
        const struct http_route *routes, size_t count, void *app, const char *certificate)
{
    const char *reason;
    signal(SIGPIPE, SIG_IGN); /* as the daemon does */
    assert_ok(loop_create(&served->loop));
    assert_ok(http_server_create(&served->server, served->loop, config, routes, count, app));
    if (certificate != NULL)
        served_secure(served, certificate);
    assert_ok(http_server_listen(served->server, "127.0.0.1", 0, &served->port, &reason));
    served->grace_ms = 1000;
    assert_int_equal(pthread_create(&served->thread, NULL, served_main, served), 0);
}

static inline void serve(struct served *served, const struct http_config *config,
        const struct http_route *routes, size_t count, void *app)
{
    serve_with(served, config, routes, count, app, wire_is_secure() ? "tls/certificate.pem" : NULL);
}

static void served_on_drained(void *ctx)
{
    loop_stop(((struct served *)ctx)->loop);
}

static void served_on_stop(void *ctx)
{
    struct served *served = ctx;
    http_server_drain(served->server, served->grace_ms, served_on_drained, served);
}

/* Asks the server to end, from another thread. */
static inline void served_stop(struct served *served)
{
    served->stop = (struct loop_task){.run = served_on_stop, .ctx = served};
    loop_post(served->loop, &served->stop);
}

/* Waits until it has ended. */
static inline void served_join(struct served *served)
{
    assert_int_equal(pthread_join(served->thread, NULL), 0);
    http_server_destroy(served->server);
    loop_destroy(served->loop);
}

static inline void served_end(struct served *served)
{
    served_stop(served);
    served_join(served);
}

#endif
