#define _GNU_SOURCE
#include "support/wire.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WIRE_PATIENCE_MS = 10000 };

bool wire_is_secure(void)
{
    return getenv("WIRE_TLS") != NULL;
}

static void client_become(int fd, uint16_t port)
{
    char address[32];
    snprintf(address, sizeof address, "127.0.0.1:%u", port);
    dup2(fd, STDIN_FILENO);
    dup2(fd, STDOUT_FILENO);
    dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
    execlp("openssl", "openssl", "s_client", "-quiet", "-connect", address, (char *)NULL);
    _exit(127);
}

static void wire_open_secure(struct wire *wire, uint16_t port)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    wire->client = fork();
    assert_true(wire->client >= 0);
    if (wire->client == 0)
        client_become(ends[1], port);
    close(ends[1]);
    wire->fd = ends[0];
}

static void wire_open_plain(struct wire *wire, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    wire->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(wire->fd, (struct sockaddr *)&address, sizeof address), 0);
    setsockopt(wire->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void wire_open(struct wire *wire, uint16_t port)
{
    *wire = (struct wire){.buffer = malloc(WIRE_BUFFER)};
    assert_non_null(wire->buffer);
    if (wire_is_secure())
        wire_open_secure(wire, port);
    else
        wire_open_plain(wire, port);
}

void wire_close(struct wire *wire)
{
    close(wire->fd);
    free(wire->buffer);
    if (wire->client == 0)
        return;
    kill(wire->client, SIGKILL);
    waitpid(wire->client, NULL, 0);
}

void wire_reset(struct wire *wire)
{
    struct linger linger = {1, 0};
    setsockopt(wire->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    wire_close(wire);
}

void wire_send(struct wire *wire, struct deputy_slice bytes)
{
    while (bytes.len > 0) {
        ssize_t sent = send(wire->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
        if (sent <= 0)
            return; /* the server has closed: its answer tells why */
        bytes.ptr += sent;
        bytes.len -= (size_t)sent;
    }
}

void wire_send_text(struct wire *wire, const char *text)
{
    wire_send(wire, deputy_slice_text(text));
}

bool wire_silent(struct wire *wire, int ms)
{
    struct pollfd ready = {.fd = wire->fd, .events = POLLIN};
    return poll(&ready, 1, ms) == 0;
}

/* More bytes; false at the end of the connection. */
static bool wire_more(struct wire *wire)
{
    if (wire_silent(wire, WIRE_PATIENCE_MS))
        fail_msg("the server says nothing");
    assert_true(wire->len < WIRE_BUFFER);
    ssize_t got = recv(wire->fd, wire->buffer + wire->len, WIRE_BUFFER - wire->len, 0);
    if (got <= 0)
        return false;
    wire->len += (size_t)got;
    return true;
}

bool wire_ended(struct wire *wire)
{
    return wire->len == 0 && !wire_more(wire);
}

static void wire_drop(struct wire *wire, size_t len)
{
    memmove(wire->buffer, wire->buffer + len, wire->len - len);
    wire->len -= len;
}

struct deputy_slice wire_header(const struct wire_reply *reply, const char *name)
{
    size_t name_len = strlen(name);
    const uint8_t *line = reply->head.ptr, *end = line + reply->head.len;
    while (line < end) {
        const uint8_t *next = memchr(line, '\n', (size_t)(end - line));
        size_t len = (size_t)(next - line) - 1;
        if (len > name_len + 1 && line[name_len] == ':' &&
                strncasecmp((const char *)line, name, name_len) == 0)
            return deputy_slice_bytes(line + name_len + 2, len - name_len - 2);
        line = next + 1;
    }
    return (struct deputy_slice){NULL, 0};
}

static size_t text_to_size(struct deputy_slice text, int base)
{
    char digits[32] = "";
    memcpy(digits, text.ptr, text.len < 31 ? text.len : 31);
    return strtoull(digits, NULL, base);
}

/* Position of the first line end at or after `from`, read in if need be. */
static size_t wire_line_end(struct wire *wire, size_t from)
{
    for (;;) {
        uint8_t *end = memmem(wire->buffer + from, wire->len - from, "\r\n", 2);
        if (end != NULL)
            return (size_t)(end - wire->buffer);
        assert_true(wire_more(wire));
    }
}

static void wire_need(struct wire *wire, size_t len)
{
    while (wire->len < len)
        assert_true(wire_more(wire));
}

/* Joins the chunks in place behind the head; returns the length of the body, *used with all framing. */
static size_t wire_chunks(struct wire *wire, size_t start, size_t *used)
{
    size_t at = start, body = 0;
    for (;;) {
        size_t line_end = wire_line_end(wire, at);
        size_t size = text_to_size(deputy_slice_bytes(wire->buffer + at, line_end - at), 16);
        wire_need(wire, line_end + 2 + size + 2);
        memmove(wire->buffer + start + body, wire->buffer + line_end + 2, size);
        body += size;
        at = line_end + 2 + size + 2;
        if (size == 0)
            break;
    }
    *used = at;
    return body;
}

static struct wire_reply wire_take(struct wire *wire, bool head_only)
{
    static uint8_t copy[WIRE_BUFFER];
    struct wire_reply reply = {0};
    const uint8_t *end;
    while ((end = memmem(wire->buffer, wire->len, "\r\n\r\n", 4)) == NULL) {
        if (!wire_more(wire))
            return reply;
    }
    size_t head = (size_t)(end - wire->buffer) + 4, used = head, body = 0;
    reply.head = deputy_slice_bytes(wire->buffer, head);
    reply.status = atoi((const char *)wire->buffer + strlen("HTTP/1.1 "));
    struct deputy_slice length = wire_header(&reply, "content-length");
    if (head_only || reply.status < 200 || reply.status == 204 || reply.status == 304) {
        body = 0;
    } else if (deputy_slice_present(length)) {
        body = text_to_size(length, 10);
        wire_need(wire, head + body);
        used = head + body;
    } else if (deputy_slice_present(wire_header(&reply, "transfer-encoding"))) {
        body = wire_chunks(wire, head, &used);
    } else {
        while (wire_more(wire)) {}
        used = wire->len;
        body = used - head;
    }
    memcpy(copy, wire->buffer, head + body);
    reply.head.ptr = copy;
    reply.body = deputy_slice_bytes(copy + head, body);
    wire_drop(wire, used);
    return reply;
}

struct wire_reply wire_reply(struct wire *wire)
{
    return wire_take(wire, false);
}

struct wire_reply wire_reply_head(struct wire *wire)
{
    return wire_take(wire, true);
}

int wire_status(uint16_t port, struct deputy_slice bytes)
{
    struct wire wire;
    wire_open(&wire, port);
    wire_send(&wire, bytes);
    int status = wire_reply(&wire).status;
    wire_close(&wire);
    return status;
}
