#include "evidence/device.h"
#include "attest/snp_report.h"
#include "attest/take.h"
#include "base/arena.h"
#include "base/try.h"
#include "evidence/bound.h"
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* As the kernel's linux/sev-guest.h and linux/tdx-guest.h number them; not every system has both. */
#define SNP_GET_EXT_REPORT 0xc0205302UL
#define TDX_GET_REPORT0 0xc4405401UL
#define TDX_EXTEND_RTMR 0x80315403UL

enum {
    SNP_MESSAGE_VERSION = 1,
    SNP_RESPONSE_BYTES = 4000,
    SNP_REPORT_AT = 32,
    SNP_STATUS_PARAMETERS = 0x16,
    PAGE_BYTES = 4096,
    CERTIFICATES_MAX = 64 * 1024
};

struct snp_request {
    uint8_t report_data[KERNEL_REPORT_DATA];
    uint32_t vmpl;
    uint8_t reserved[28];
    uint64_t certificates; /* address */
    uint32_t certificates_len;
    uint32_t padding;
};

struct snp_call {
    uint8_t version;
    uint8_t padding[7];
    uint64_t request, response; /* addresses */
    uint64_t firmware_error;
};

struct tdx_report0 {
    uint8_t report_data[KERNEL_REPORT_DATA];
    uint8_t report[TDX_LOCAL_REPORT_BYTES];
};

struct tdx_extend {
    uint8_t digest[KERNEL_DIGEST];
    uint8_t index;
};

_Static_assert(sizeof(struct snp_request) == 112 && sizeof(struct snp_call) == 32, "the kernel's layout");
_Static_assert(sizeof(struct tdx_report0) == 1088 && sizeof(struct tdx_extend) == 49, "the kernel's layout");

static void fd_end(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static void pages_end(uint8_t **pages)
{
    free(*pages);
}

static enum deputy_error device_open(int *fd, struct deputy_refusal *refusal, const char *path)
{
    *fd = open(path, O_RDWR | O_CLOEXEC);
    if (*fd >= 0)
        return DEPUTY_OK;
    bool absent = errno == ENOENT || errno == ENXIO || errno == ENODEV;
    return absent ? DEPUTY_E_SOURCE_NONE : kernel_failed(refusal, path);
}

/* ---- /dev/sev-guest ---- */

struct snp_exchange {
    const struct kernel *kernel;
    int fd;
    struct snp_request request;
    uint8_t response[SNP_RESPONSE_BYTES];
};

static int snp_ask(struct snp_exchange *exchange)
{
    struct snp_call call = {.version = SNP_MESSAGE_VERSION,
            .request = (uint64_t)(uintptr_t)&exchange->request,
            .response = (uint64_t)(uintptr_t)exchange->response};
    return exchange->kernel->ioctl(exchange->fd, SNP_GET_EXT_REPORT, &call);
}

/* A host without certificates answers at once; else the first call fails and says how much room it takes. */
static enum deputy_error snp_ask_twice(
        struct snp_exchange *exchange, struct deputy_refusal *refusal, uint8_t **pages)
{
    struct snp_request *request = &exchange->request;
    if (snp_ask(exchange) == 0)
        return DEPUTY_OK;
    if (request->certificates_len == 0)
        return kernel_failed(refusal, "SNP_GET_EXT_REPORT");
    if (request->certificates_len > CERTIFICATES_MAX)
        return kernel_failed_for(refusal, "SNP_GET_EXT_REPORT", "the certificates are too long");
    request->certificates_len = (request->certificates_len + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    *pages = aligned_alloc(PAGE_BYTES, request->certificates_len);
    ENSURE(*pages != NULL, DEPUTY_E_NOMEM);
    memset(*pages, 0, request->certificates_len);
    request->certificates = (uint64_t)(uintptr_t)*pages;
    return snp_ask(exchange) == 0 ? DEPUTY_OK : kernel_failed(refusal, "SNP_GET_EXT_REPORT");
}

static enum deputy_error snp_response_read(struct deputy_arena *arena, struct kernel_evidence *out,
        struct deputy_refusal *refusal, const struct snp_exchange *exchange)
{
    uint32_t status = le32(exchange->response), size = le32(exchange->response + 4);
    if (status == SNP_STATUS_PARAMETERS)
        return kernel_failed_for(refusal, "SNP_GET_EXT_REPORT", "the firmware refuses the parameters");
    if (status != 0 || size != SNP_REPORT_BYTES)
        return kernel_failed_for(refusal, "SNP_GET_EXT_REPORT", "the firmware gives no report");
    return arena_copy(
            arena, &out->report, deputy_slice_bytes(exchange->response + SNP_REPORT_AT, SNP_REPORT_BYTES));
}

enum deputy_error sev_guest_evidence(struct deputy_arena *arena, struct kernel_evidence *out,
        struct deputy_refusal *refusal, const struct kernel *kernel,
        const uint8_t report_data[KERNEL_REPORT_DATA])
{
    DEFER(fd_end) int fd = -1;
    DEFER(pages_end) uint8_t *pages = NULL;
    struct snp_exchange exchange = {.kernel = kernel};
    *out = (struct kernel_evidence){.quote = {0}};
    TRY(device_open(&fd, refusal, kernel->sev_guest));
    exchange.fd = fd;
    memcpy(exchange.request.report_data, report_data, KERNEL_REPORT_DATA);
    TRY(snp_ask_twice(&exchange, refusal, &pages));
    TRY(snp_response_read(arena, out, refusal, &exchange));
    if (pages != NULL)
        TRY(arena_copy(
                arena, &out->certificates, deputy_slice_bytes(pages, exchange.request.certificates_len)));
    return evidence_is_bound(out, report_data) ? DEPUTY_OK : DEPUTY_E_SOURCE_BINDING;
}

/* ---- /dev/tdx_guest ---- */

enum deputy_error tdx_guest_report(uint8_t out[TDX_LOCAL_REPORT_BYTES], struct deputy_refusal *refusal,
        const struct kernel *kernel, const uint8_t report_data[KERNEL_REPORT_DATA])
{
    DEFER(fd_end) int fd = -1;
    struct tdx_report0 call = {{0}, {0}};
    TRY(device_open(&fd, refusal, kernel->tdx_guest));
    memcpy(call.report_data, report_data, KERNEL_REPORT_DATA);
    if (kernel->ioctl(fd, TDX_GET_REPORT0, &call) != 0)
        return kernel_failed(refusal, "TDX_CMD_GET_REPORT0");
    memcpy(out, call.report, TDX_LOCAL_REPORT_BYTES);
    return DEPUTY_OK;
}

enum deputy_error tdx_guest_extend(struct deputy_refusal *refusal, const struct kernel *kernel, uint8_t index,
        const uint8_t digest[KERNEL_DIGEST])
{
    DEFER(fd_end) int fd = -1;
    struct tdx_extend call = {.index = index};
    TRY(device_open(&fd, refusal, kernel->tdx_guest));
    memcpy(call.digest, digest, KERNEL_DIGEST);
    return kernel->ioctl(fd, TDX_EXTEND_RTMR, &call) == 0 ? DEPUTY_OK
                                                          : kernel_failed(refusal, "extend of an RTMR");
}
