/* A client that puts exactly the bytes it is told on a TCP connection, and reads answers one by one. */
#ifndef SUPPORT_WIRE_H
#define SUPPORT_WIRE_H

#include "support/check.h"
#include <sys/types.h>

enum { WIRE_BUFFER = 16 * 1024 * 1024 }; /* more than the kernel keeps for both ends of a connection */

struct wire {
    int fd;
    pid_t client; /* that speaks TLS for us; 0: none */
    size_t len;   /* received and not yet taken */
    uint8_t *buffer;
};

struct wire_reply {
    int status; /* 0: the connection ended instead */
    struct deputy_slice head;
    struct deputy_slice body; /* chunks are joined */
};

/* Whether this program was asked to speak TLS, with WIRE_TLS in its environment: then `openssl s_client`
 * stands between the test and the server, and passes bytes on as they are. */
bool wire_is_secure(void);

void wire_open(struct wire *wire, uint16_t port);
void wire_close(struct wire *wire);
/* Closes with a reset, as a peer that dies does. */
void wire_reset(struct wire *wire);
void wire_send(struct wire *wire, struct deputy_slice bytes);
void wire_send_text(struct wire *wire, const char *text);

/* The next answer; its slices last until the next call. Fails the test after ten seconds of silence. */
struct wire_reply wire_reply(struct wire *wire);
/* The same for an answer to HEAD. */
struct wire_reply wire_reply_head(struct wire *wire);

/* Whether the peer has closed and sent nothing more. */
bool wire_ended(struct wire *wire);

/* Whether nothing comes for so many milliseconds. */
bool wire_silent(struct wire *wire, int ms);

/* A header of an answer, or absent. */
struct deputy_slice wire_header(const struct wire_reply *reply, const char *name);

/* Opens, sends, takes one answer's status, closes. */
int wire_status(uint16_t port, struct deputy_slice bytes);

#endif
