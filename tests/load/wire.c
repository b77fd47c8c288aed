#define _GNU_SOURCE
#include "load/wire.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { WIRE_ANSWER_MAX = 256 * 1024, WIRE_EVENTS = 64, WIRE_PAUSE_MS = 1 };

enum line_phase { LINE_IDLE, LINE_SENDING, LINE_RECEIVING, LINE_LEFT };

struct line {
    int fd; /* -1: closed */
    enum line_phase phase;
    struct wire_request request;
    size_t sent;
    uint64_t sent_ns;
    uint8_t *buffer;
    size_t held;
    uint32_t events; /* asked of epoll */
};

struct wire {
    struct sockaddr_in address;
    int epoll;
    struct line *lines;
    size_t count;
    size_t left;
    size_t idle;
    const struct wire_driver *driver;
};

static void wire_fail(const char *what)
{
    perror(what);
    exit(1);
}

uint64_t wire_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

struct wire *wire_open(uint16_t port, size_t connections)
{
    struct wire *wire = calloc(1, sizeof *wire);
    struct line *lines = calloc(connections, sizeof *lines);
    if (wire == NULL || lines == NULL)
        wire_fail("memory");
    wire->address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
    wire->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    wire->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (wire->epoll < 0)
        wire_fail("epoll");
    wire->lines = lines;
    wire->count = connections;
    for (size_t i = 0; i < connections; i++) {
        lines[i].fd = -1;
        lines[i].buffer = malloc(WIRE_ANSWER_MAX);
        if (lines[i].buffer == NULL)
            wire_fail("memory");
    }
    return wire;
}

static void line_close(struct line *line)
{
    if (line->fd >= 0)
        close(line->fd);
    line->fd = -1;
    line->held = 0;
}

void wire_close(struct wire *wire)
{
    for (size_t i = 0; i < wire->count; i++) {
        line_close(&wire->lines[i]);
        free(wire->lines[i].buffer);
    }
    close(wire->epoll);
    free(wire->lines);
    free(wire);
}

static void line_watch(struct wire *wire, struct line *line, uint32_t events, int operation)
{
    struct epoll_event event = {.events = events, .data.ptr = line};
    if (operation == EPOLL_CTL_MOD && line->events == events)
        return;
    line->events = events;
    if (epoll_ctl(wire->epoll, operation, line->fd, &event) != 0)
        wire_fail("epoll");
}

static void line_connect(struct wire *wire, struct line *line)
{
    const int yes = 1;
    line->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (line->fd < 0 || connect(line->fd, (struct sockaddr *)&wire->address, sizeof wire->address) != 0)
        wire_fail("connect");
    setsockopt(line->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    line_watch(wire, line, EPOLLIN, EPOLL_CTL_ADD);
}

static void line_answered(struct wire *wire, struct line *line, const struct wire_answer *answer)
{
    line->phase = LINE_IDLE;
    wire->idle++;
    wire->driver->answered(wire->driver->ctx, (size_t)(line - wire->lines), answer);
}

static void line_broken(struct wire *wire, struct line *line)
{
    const struct wire_answer none = {.sent_ns = line->sent_ns, .received_ns = wire_now_ns()};
    line_close(line);
    line_answered(wire, line, &none);
}

static void line_send(struct wire *wire, struct line *line)
{
    const struct deputy_slice bytes = line->request.bytes;
    ssize_t sent =
            send(line->fd, bytes.ptr + line->sent, bytes.len - line->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN) {
        line_broken(wire, line);
        return;
    }
    line->sent += sent > 0 ? (size_t)sent : 0;
    bool all = line->sent == bytes.len;
    if (all && line->request.cut_off) {
        line_broken(wire, line);
        return;
    }
    line->phase = all ? LINE_RECEIVING : LINE_SENDING;
    line_watch(wire, line, all ? EPOLLIN : EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
}

/* Asks what is to be done, and begins with it. */
static void line_turn(struct wire *wire, struct line *line)
{
    line->request.cut_off = false;
    switch (wire->driver->next(wire->driver->ctx, (size_t)(line - wire->lines), &line->request)) {
    case WIRE_SEND:
        if (line->fd < 0)
            line_connect(wire, line);
        line->sent = 0;
        line->sent_ns = wire_now_ns();
        wire->idle--;
        line_send(wire, line);
        break;
    case WIRE_LEAVE:
        line->phase = LINE_LEFT;
        wire->idle--;
        wire->left++;
        break;
    case WIRE_WAIT:
        break;
    }
}

struct deputy_slice wire_header(const struct wire_answer *answer, const char *name)
{
    size_t len = strlen(name);
    const char *at = (const char *)answer->head.ptr, *end = at + answer->head.len;
    while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL && ++at + len + 1 < end) {
        if (strncasecmp(at, name, len) != 0 || at[len] != ':')
            continue;
        const char *value = at + len + 1 + strspn(at + len + 1, " ");
        const char *stop = memchr(value, '\r', (size_t)(end - value));
        return deputy_slice_bytes(value, (size_t)((stop != NULL ? stop : end) - value));
    }
    return (struct deputy_slice){NULL, 0};
}

static size_t body_length(const struct wire_answer *answer)
{
    struct deputy_slice length = wire_header(answer, "content-length");
    return deputy_slice_present(length) ? strtoul((const char *)length.ptr, NULL, 10) : 0;
}

/* Is the answer whole? Then it is delivered. */
static bool line_deliver(struct wire *wire, struct line *line)
{
    struct wire_answer answer = {.sent_ns = line->sent_ns};
    uint8_t *end = memmem(line->buffer, line->held, "\r\n\r\n", 4);
    if (end == NULL)
        return false;
    answer.head = deputy_slice_bytes(line->buffer, (size_t)(end - line->buffer) + 2);
    answer.body = deputy_slice_bytes(end + 4, body_length(&answer));
    if (line->held < answer.head.len + 2 + answer.body.len)
        return false;
    answer.status = (int)strtol((const char *)line->buffer + strlen("HTTP/1.1 "), NULL, 10);
    answer.received_ns = wire_now_ns();
    struct deputy_slice connection = wire_header(&answer, "connection");
    bool ends = deputy_slice_equal(connection, deputy_slice_text("close"));
    line->held = 0;
    if (ends)
        line_close(line);
    line_answered(wire, line, &answer);
    return true;
}

static void line_receive(struct wire *wire, struct line *line)
{
    ssize_t got = recv(line->fd, line->buffer + line->held, WIRE_ANSWER_MAX - line->held, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0 && (line->phase == LINE_IDLE || line->phase == LINE_LEFT)) {
        line_close(line);
    } else if (got <= 0) {
        line_broken(wire, line);
    } else {
        line->held += (size_t)got;
        if (line_deliver(wire, line))
            line_turn(wire, line);
        else if (line->held == WIRE_ANSWER_MAX)
            line_broken(wire, line);
    }
}

static void line_event(struct wire *wire, struct line *line, uint32_t events)
{
    if (line->fd < 0)
        return;
    if ((events & ~(uint32_t)EPOLLOUT) != 0)
        line_receive(wire, line);
    else if (line->phase == LINE_SENDING)
        line_send(wire, line);
}

static void wire_wake_idle(struct wire *wire)
{
    for (size_t i = 0; i < wire->count && wire->idle > 0; i++) {
        if (wire->lines[i].phase == LINE_IDLE)
            line_turn(wire, &wire->lines[i]);
    }
}

void wire_run(struct wire *wire, const struct wire_driver *driver)
{
    struct epoll_event events[WIRE_EVENTS];
    wire->driver = driver;
    wire->left = 0;
    wire->idle = wire->count;
    for (size_t i = 0; i < wire->count; i++)
        wire->lines[i].phase = LINE_IDLE;
    while (wire->left < wire->count) {
        wire_wake_idle(wire);
        if (wire->left == wire->count)
            break;
        int ready = epoll_wait(wire->epoll, events, WIRE_EVENTS, wire->idle > 0 ? WIRE_PAUSE_MS : -1);
        for (int i = 0; i < ready; i++)
            line_event(wire, events[i].data.ptr, events[i].events);
    }
}
