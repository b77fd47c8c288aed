/*
 * A place to listen on, as settings name it: "host:port", "unix:/path", or a socket that the service manager
 * passed ("systemd" stands for all of those).
 */
#ifndef RUN_PLACE_H
#define RUN_PLACE_H

#include "http/server.h"
#include "run/address.h"
#include <sys/types.h>

enum { PLACE_PATH_MAX = 108, PLACE_TEXT_MAX = 128 };

struct place {
    struct address address;
    char path[PLACE_PATH_MAX]; /* of a Unix socket; empty for TCP */
    int fd;                    /* a socket that all loops share; -1: each opens its own */
    bool made;                 /* the path is ours to remove: */
    dev_t device;
    ino_t inode;
};

/* "host:port" or "unix:/absolute/path". DEPUTY_E_ARGUMENT with *reason, static text, as everywhere here. */
enum deputy_error place_read(struct place *out, struct deputy_slice text, const char **reason);

/* "0660": permission bits of a Unix socket, in octal. DEPUTY_E_ARGUMENT. */
enum deputy_error place_mode_read(mode_t *out, struct deputy_slice text);

/* The sockets that were passed, at most max. DEPUTY_E_LISTEN when there are none or more. */
enum deputy_error place_read_passed(struct place *out, size_t max, size_t *count, const char **reason);

/*
 * Makes a Unix socket with that mode; nothing to do for the others. A socket at the path on which nobody
 * listens any more is replaced; anything else there is left alone: DEPUTY_E_LISTEN.
 */
enum deputy_error place_open(struct place *place, mode_t mode, const char **reason);

/* Has a server listen there. A port 0 is chosen by the first and shared by the others. */
enum deputy_error place_listen(struct place *place, struct http_server *server, const char **reason);

/* Removes what place_open made, unless another process has put its own socket there. */
void place_close(struct place *place);

/* "http://host:port", "https://host:port" or "unix:/path". The buffer takes PLACE_TEXT_MAX bytes. */
void place_print(char *out, const struct place *place, bool secure);

#endif
