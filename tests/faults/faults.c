/*
 * Loaded before a node (LD_PRELOAD): makes its writes, syncs and renames fail on demand, and keeps a trace of
 * them and of what it sends; makes syncs of users' SQL databases slow. A test controls it, and reads the
 * trace, through a shared file that FAULTS_CONTROL names; tests/kit/faults.py has the same layout. Without
 * that variable it does nothing.
 *
 * Only files and directories can fail, not sockets, pipes, the standard streams or users' SQL databases.
 */
#define _GNU_SOURCE
#include "control.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { TRACE_MAX = 1 << 16 };

struct event {
    uint8_t call; /* w(rite), s(ync), t(runcate), r(ename), S(end) */
    uint8_t file; /* w(al), d(atabase), q: an SQL database, Q: its wal, b(lob), D(irectory), k: socket,
                     o(ther) */
    uint8_t failed;
};

struct control {
    _Atomic int32_t armed;
    _Atomic int32_t countdown; /* the call that brings it to zero fails */
    _Atomic int32_t lasting;   /* and those behind it */
    _Atomic int32_t error;
    _Atomic int32_t hits;
    _Atomic int32_t traced; /* events so far; those beyond TRACE_MAX are lost */
    _Atomic int32_t slow_sql_ms;
    struct event trace[TRACE_MAX];
};

static struct control *control;

__attribute__((constructor)) static void faults_start(void)
{
    control = control_map("FAULTS_CONTROL", sizeof *control);
}

static bool ends_with(const char *text, size_t len, const char *end)
{
    return len >= strlen(end) && memcmp(text + len - strlen(end), end, strlen(end)) == 0;
}

static char file_kind(int fd)
{
    struct stat about;
    char link[64], path[PATH_MAX];
    if (fd <= STDERR_FILENO || fstat(fd, &about) != 0)
        return 'o';
    if (S_ISSOCK(about.st_mode))
        return 'k';
    if (S_ISDIR(about.st_mode))
        return 'D';
    if (!S_ISREG(about.st_mode))
        return 'o';
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof path - 1);
    if (len < 0)
        return 'o';
    path[len] = '\0';
    if (ends_with(path, (size_t)len, "deputy.db-wal"))
        return 'w';
    if (ends_with(path, (size_t)len, "deputy.db") || strstr(path, "/backend.db") != NULL)
        return 'd';
    if (ends_with(path, (size_t)len, "-shm")) /* shared memory, made anew at each start */
        return 'o';
    if (strstr(path, "/sql/") != NULL)
        return ends_with(path, (size_t)len, "-wal") ? 'Q' : 'q';
    return strstr(path, "/blobs/") != NULL ? 'b' : 'o';
}

static void trace(char call, char file, bool failed)
{
    int32_t at = atomic_fetch_add(&control->traced, 1);
    if (at < TRACE_MAX)
        control->trace[at] = (struct event){(uint8_t)call, (uint8_t)file, failed};
}

/* Shall this call fail? Counts it. */
static bool fails(char call, int fd)
{
    if (control == NULL)
        return false;
    char file = file_kind(fd);
    if (file == 'o' || file == 'k')
        return false;
    int32_t left = atomic_load(&control->armed) != 0 ? atomic_fetch_sub(&control->countdown, 1) - 1 : 1;
    bool failed = left == 0 || (left < 0 && atomic_load(&control->lasting) != 0);
    trace(call, file, failed);
    if (!failed)
        return false;
    atomic_fetch_add(&control->hits, 1);
    errno = atomic_load(&control->error);
    return true;
}

/* What goes to a socket is traced before it goes. */
static void sends(int fd)
{
    if (control != NULL && file_kind(fd) == 'k')
        trace('S', 'k', false);
}

static void sync_slowly(int fd)
{
    int32_t milliseconds = control != NULL ? atomic_load(&control->slow_sql_ms) : 0;
    struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    char file = milliseconds > 0 ? file_kind(fd) : 'o';
    if (file == 'q' || file == 'Q')
        nanosleep(&pause, NULL);
}

ssize_t write(int fd, const void *bytes, size_t len)
{
    sends(fd);
    return fails('w', fd) ? -1 : syscall(SYS_write, fd, bytes, len);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    sends(fd);
    return fails('w', fd) ? -1 : syscall(SYS_writev, fd, parts, count);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    sends(fd);
    return syscall(SYS_sendmsg, fd, message, flags);
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t offset)
{
    return fails('w', fd) ? -1 : syscall(SYS_pwrite64, fd, bytes, len, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
    return pwrite64(fd, bytes, len, offset);
}

int fsync(int fd)
{
    sync_slowly(fd);
    return fails('s', fd) ? -1 : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    sync_slowly(fd);
    return fails('s', fd) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int ftruncate64(int fd, off64_t len)
{
    return fails('t', fd) ? -1 : (int)syscall(SYS_ftruncate, fd, len);
}

int ftruncate(int fd, off_t len)
{
    return ftruncate64(fd, len);
}

int renameat(int from, const char *old, int to, const char *new)
{
    return fails('r', to) ? -1 : (int)syscall(SYS_renameat, from, old, to, new);
}
