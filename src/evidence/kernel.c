#include "evidence/kernel.h"
#include <fcntl.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { PATH_MAX_BYTES = 240, TRIES = 3, AGAIN_MS = 100 };

static int ioctl_real(int fd, unsigned long request, void *argument)
{
    return ioctl(fd, request, argument);
}

static void wait_real(unsigned int ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        continue;
}

/* The value of a variable when it is a path that may stand for another; else the other. */
static const char *path_of(char *const *environ, const char *name, const char *otherwise)
{
    size_t len = strlen(name);
    for (; *environ != NULL; environ++) {
        const char *value = *environ + len + 1;
        if (strncmp(*environ, name, len) == 0 && (*environ)[len] == '=' && value[0] == '/' &&
                strlen(value) < PATH_MAX_BYTES)
            return value;
    }
    return otherwise;
}

struct kernel kernel_running(char *const *environ)
{
    return (struct kernel){
            .tsm = "/sys/kernel/config/tsm/report",
            .tsm_entry = path_of(environ, "DCAP_TDX_QUOTE_CONFIGFS_PATH", NULL),
            .sev_guest = "/dev/sev-guest",
            .tdx_guest = "/dev/tdx_guest",
            .registers = path_of(
                    environ, "DCAP_TDX_RTMR_SYSFS_PATH", "/sys/devices/virtual/misc/tdx_guest/measurements"),
            .ccel = path_of(environ, "DSTACK_CCEL_FILE", "/sys/firmware/acpi/tables/data/CCEL"),
            .ioctl = ioctl_real,
            .write = write,
            .wait_ms = wait_real,
    };
}

/* To the end of the file, in as many reads as it takes; one byte more than max says that it is too long. */
static ssize_t read_whole(int fd, uint8_t *out, size_t max)
{
    size_t len = 0;
    for (;;) {
        uint8_t beyond;
        bool full = len == max;
        ssize_t got = read(fd, full ? &beyond : out + len, full ? 1 : max - len);
        if (got < 0)
            return -1;
        if (got == 0)
            return (ssize_t)len;
        if (full)
            return errno = EFBIG, -1;
        len += (size_t)got;
    }
}

static ssize_t read_once(int directory, const char *name, uint8_t *out, size_t max)
{
    int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t len = read_whole(fd, out, max);
    int why = errno;
    close(fd);
    errno = why;
    return len;
}

ssize_t kernel_read(const struct kernel *kernel, int directory, const char *name, uint8_t *out, size_t max)
{
    for (unsigned int try = 1;; try++) {
        ssize_t len = read_once(directory, name, out, max);
        bool passes = errno == EBUSY || errno == EINTR || errno == ETIMEDOUT;
        if (len >= 0 || !passes || try == TRIES)
            return len;
        kernel->wait_ms(AGAIN_MS);
    }
}
