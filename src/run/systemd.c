#include "run/systemd.h"
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { SYSTEMD_FIRST = 3, SYSTEMD_MAX_SOCKETS = 64 };

/* A decimal number in a variable; 0 when it is missing or anything else. */
static unsigned long variable_number(const char *name)
{
    const char *text = getenv(name);
    char *end = NULL;
    if (text == NULL || text[0] < '0' || text[0] > '9')
        return 0;
    unsigned long number = strtoul(text, &end, 10);
    return *end == '\0' ? number : 0;
}

int systemd_sockets(size_t *count)
{
    unsigned long sockets = variable_number("LISTEN_FDS");
    *count = 0;
    if (variable_number("LISTEN_PID") != (unsigned long)getpid() || sockets > SYSTEMD_MAX_SOCKETS)
        return SYSTEMD_FIRST;
    for (int fd = SYSTEMD_FIRST; fd < SYSTEMD_FIRST + (int)sockets; fd++) {
        if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
            return SYSTEMD_FIRST;
    }
    *count = sockets;
    return SYSTEMD_FIRST;
}

/* A path, or with an @ in front a name in the abstract space. 0 when it is neither. */
static socklen_t address_make(struct sockaddr_un *out, const char *name)
{
    size_t len = strlen(name);
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    if ((name[0] != '/' && name[0] != '@') || len < 2 || len >= sizeof out->sun_path)
        return 0;
    memcpy(out->sun_path, name, len);
    if (name[0] == '@')
        out->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

void systemd_notify(const char *state)
{
    struct sockaddr_un address;
    const char *name = getenv("NOTIFY_SOCKET");
    socklen_t size = name != NULL ? address_make(&address, name) : 0;
    int fd = size > 0 ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
    if (fd < 0)
        return;
    if (sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&address, size) < 0)
        fprintf(stderr, "deputy: the service manager cannot be told %s\n", state);
    close(fd);
}

void systemd_notify_reloading(void)
{
    char state[80];
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t micros = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
    snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long)micros);
    systemd_notify(state);
}
