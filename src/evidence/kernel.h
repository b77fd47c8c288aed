/*
 * The parts of Linux that evidence comes from (spec/08 section 1.5), as one value: where they are, and the
 * calls that a test cannot make on files of its own.
 */
#ifndef EVIDENCE_KERNEL_H
#define EVIDENCE_KERNEL_H

#include <deputy/arena.h>
#include <deputy/error.h>
#include <deputy/slice.h>
#include <errno.h>
#include <string.h>
#include <sys/types.h>

enum { KERNEL_REPORT_DATA = 64, KERNEL_DIGEST = 48, KERNEL_FILE_MAX = 1024 * 1024 };

struct kernel {
    const char *tsm;       /* the directory of configfs-tsm */
    const char *tsm_entry; /* an entry that is there already and stays; NULL: one of our own is made */
    const char *sev_guest; /* devices */
    const char *tdx_guest;
    const char *registers; /* the directory of rtmrN:sha384 */
    const char *ccel;      /* the boot event log */
    int (*ioctl)(int fd, unsigned long request, void *argument);
    ssize_t (*write)(int fd, const void *bytes, size_t len);
    void (*wait_ms)(unsigned int ms);
};

/*
 * The running kernel. DCAP_TDX_QUOTE_CONFIGFS_PATH, DCAP_TDX_RTMR_SYSFS_PATH and DSTACK_CCEL_FILE of the
 * environment name other places, as they do for dstack; one that is no absolute path of less than 240
 * characters is passed over. Points into the environment.
 */
struct kernel kernel_running(char *const *environ);

/* What the kernel gave. Slices live in the arena. */
struct kernel_evidence {
    struct deputy_slice quote;        /* of TDX; absent on SEV-SNP */
    struct deputy_slice report;       /* of SEV-SNP; absent on TDX */
    struct deputy_slice certificates; /* beside a report: the table of spec/08 section 5.5; absent: none */
};

/* Notes what failed and why, and gives DEPUTY_E_SOURCE_FAILED. Static texts. */
static inline enum deputy_error kernel_failed_for(
        struct deputy_refusal *refusal, const char *step, const char *why)
{
    *refusal = (struct deputy_refusal){
            DEPUTY_E_SOURCE_FAILED, {deputy_slice_text(step), deputy_slice_text(why)}};
    return DEPUTY_E_SOURCE_FAILED;
}

/* The same where errno says why. */
static inline enum deputy_error kernel_failed(struct deputy_refusal *refusal, const char *step)
{
    return kernel_failed_for(refusal, step, strerror(errno));
}

/*
 * A file of the kernel to its end, at most max bytes; -1 with errno when it cannot be read (EFBIG: more).
 * Where the kernel says that it is busy, or was interrupted, it is asked again, three times in all.
 */
ssize_t kernel_read(const struct kernel *kernel, int directory, const char *name, uint8_t *out, size_t max);

#endif
