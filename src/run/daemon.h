/*
 * The frame of a daemon: event loops in threads of their own, each with a server for each door that shares
 * its ports; signals; the end.
 *
 * SIGHUP reads the certificate of TLS again: new connections use it; one that is not usable changes nothing.
 * SIGTERM and SIGINT end it: no more connections are taken, what runs is answered within the grace, and what
 * an owner has begun to write is finished by its close().
 */
#ifndef RUN_DAEMON_H
#define RUN_DAEMON_H

#include "http/server.h"
#include "run/metrics.h"
#include "run/sandbox.h"
#include <sys/types.h>

enum { DAEMON_MAX_DOORS = 2, DAEMON_MAX_LISTEN = 8 };

/* Where one set of routes is reached: what is behind one door is not behind another. */
struct daemon_door {
    /* "host:port" with IPv6 in brackets and port 0 for a free one, "unix:/path", "systemd". */
    struct deputy_slice listen[DAEMON_MAX_LISTEN];
    size_t listen_count;
    mode_t socket_mode; /* of Unix sockets */
    bool plain;         /* no TLS here, also when the daemon has a certificate */
    struct http_config http;
    const struct http_route *routes;
    size_t route_count;
};

struct daemon_plan {
    const char *name; /* "node" */
    struct daemon_door doors[DAEMON_MAX_DOORS];
    size_t door_count;
    struct deputy_slice telemetry; /* "host:port" where metrics are read; absent: nothing is measured */
    const char *tls_certificate, *tls_key; /* files; NULL: no TLS. Read again on SIGHUP */
    unsigned threads;                      /* 0: one for each core */
    /* Entered once everything is open and before the first connection is served; NULL: never. open_all must
     * not have made threads then: start_all may. The daemon's own Unix sockets are removed at the end, and
     * the files of TLS are read again, without being among its paths. */
    const struct sandbox_plan *sandbox;
    bool sandbox_first; /* entered before anything is open: what open_all opens has to be among the paths,
                           and it may make threads */
    /*
     * Called once before anything else with the number of loops, then for each loop before it runs: makes the
     * app of that loop's handlers, of all doors. metrics is that loop's, NULL without telemetry. start_all()
     * comes last, inside the sandbox and before the loops run. A failure ends the daemon. close() undoes
     * open_loop() after the loop has stopped, and close_all() ends what open_all() and start_all() began.
     * Each may be NULL: nothing begins or ends then, and without open_loop the owner is the app of every
     * handler.
     */
    enum deputy_error (*open_all)(void *owner, unsigned loops);
    enum deputy_error (*start_all)(void *owner);
    enum deputy_error (*open_loop)(void **app, void *owner, struct loop *loop, struct metrics *metrics);
    void (*close_loop)(void *app);
    /* On the loop, when it ends and most of the grace is over: what waits for others is given up, so that
     * what is left can still be answered. NULL: nothing waits for others. */
    void (*hurry_loop)(void *app);
    /* On the loop, whenever it has nothing more to do. NULL: nothing. */
    void (*rest_loop)(void *app);
    void (*close_all)(void *owner);
    /* What telemetry tells beside the loops' metrics, put with metrics_print_gauge and metrics_print_counter:
     * on a thread of its own, between open_all and close_all. NULL: nothing. */
    void (*tell)(void *owner, struct buf *out);
    void *owner;
};

/*
 * Runs until a signal. Once all ports are open, one line "ready http://host:port ..." goes to standard
 * output, and the service manager is told. Returns the exit status: 0, or 1 with a message on standard error.
 */
int daemon_run(const struct daemon_plan *plan);

#endif
