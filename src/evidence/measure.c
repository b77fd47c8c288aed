#include "evidence/measure.h"
#include "base/arena.h"
#include "base/try.h"
#include "evidence/device.h"
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { FIRST_REGISTER = 2, LAST_REGISTER = 3, PATH_BYTES = 288 };

enum deputy_error boot_log_read(struct deputy_arena *arena, struct deputy_slice *out,
        struct deputy_refusal *refusal, const struct kernel *kernel)
{
    uint8_t *bytes = arena_alloc_bytes(arena, KERNEL_FILE_MAX);
    ENSURE(bytes != NULL, arena_error(arena));
    ssize_t len = kernel_read(kernel, AT_FDCWD, kernel->ccel, bytes, KERNEL_FILE_MAX);
    ENSURE(len >= 0 || errno != ENOENT, DEPUTY_E_SOURCE_NONE);
    if (len < 0)
        return kernel_failed(refusal, "CCEL");
    *out = deputy_slice_bytes(bytes, (size_t)len);
    return DEPUTY_OK;
}

static enum deputy_error digest_write(struct deputy_refusal *refusal, const struct kernel *kernel, int fd,
        const uint8_t digest[KERNEL_DIGEST])
{
    ssize_t put = kernel->write(fd, digest, KERNEL_DIGEST);
    int why = errno;
    close(fd);
    errno = why;
    if (put >= 0 && put != KERNEL_DIGEST)
        return kernel_failed_for(refusal, "extend of an RTMR", "not all bytes were taken");
    return put == KERNEL_DIGEST ? DEPUTY_OK : kernel_failed(refusal, "extend of an RTMR");
}

enum deputy_error register_extend(struct deputy_refusal *refusal, const struct kernel *kernel, uint8_t index,
        const uint8_t digest[KERNEL_DIGEST])
{
    char path[PATH_BYTES];
    ENSURE(index >= FIRST_REGISTER && index <= LAST_REGISTER, DEPUTY_E_ARGUMENT);
    int len = snprintf(path, sizeof path, "%s/rtmr%u:sha384", kernel->registers, index);
    ENSURE(len > 0 && len < PATH_BYTES, DEPUTY_E_ARGUMENT);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd >= 0)
        return digest_write(refusal, kernel, fd, digest);
    if (errno != ENOENT)
        return kernel_failed(refusal, "extend of an RTMR");
    return tdx_guest_extend(refusal, kernel, index, digest);
}
