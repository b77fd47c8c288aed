#include "http/rude_kit.h"
#include "support/check.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void *rude_main(void *ctx)
{
    struct rude *rude = ctx;
    for (int number = 0;; number++) {
        int peer = accept(rude->fd, NULL, NULL);
        if (peer < 0)
            return NULL;
        atomic_fetch_add(&rude->peers, 1);
        rude->serve(rude, peer, number);
        close(peer);
    }
}

void rude_begin_on(
        struct rude *rude, int fd, void (*serve)(struct rude *rude, int peer, int number), void *ctx)
{
    memset(rude, 0, sizeof *rude);
    rude->fd = fd;
    rude->serve = serve;
    rude->ctx = ctx;
    assert_int_equal(pthread_create(&rude->thread, NULL, rude_main, rude), 0);
}

void rude_begin(struct rude *rude, void (*serve)(struct rude *rude, int peer, int number), void *ctx)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(fd, 64), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    rude_begin_on(rude, fd, serve, ctx);
    rude->port = ntohs(address.sin_port);
}

void rude_end(struct rude *rude)
{
    shutdown(rude->fd, SHUT_RDWR); /* wakes accept */
    pthread_join(rude->thread, NULL);
    close(rude->fd);
}

int rude_read_head(struct rude *rude, int peer)
{
    uint32_t last = 0;
    for (uint8_t byte; recv(peer, &byte, 1, 0) == 1;) {
        last = last << 8 | byte;
        if (last == 0x0d0a0d0a) {
            atomic_fetch_add(&rude->requests, 1);
            return 1;
        }
    }
    return 0;
}

int rude_read(int peer, size_t len)
{
    static uint8_t away[64 * 1024];
    while (len > 0) {
        ssize_t got = recv(peer, away, len < sizeof away ? len : sizeof away, 0);
        if (got <= 0)
            return 0;
        len -= (size_t)got;
    }
    return 1;
}

void rude_say(int peer, const char *text)
{
    send(peer, text, strlen(text), MSG_NOSIGNAL);
}

void rude_answer_all(struct rude *rude, int peer, int number)
{
    (void)number;
    while (rude_read_head(rude, peer))
        rude_say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

void rude_answer_once(struct rude *rude, int peer, int number)
{
    (void)number;
    if (rude_read_head(rude, peer))
        rude_say(peer, rude->ctx);
}

void rude_say_nothing(struct rude *rude, int peer, int number)
{
    (void)number;
    while (rude_read_head(rude, peer))
        ;
}
