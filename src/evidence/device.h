/*
 * The devices of guests (spec/08 section 1.5): /dev/sev-guest gives reports of SEV-SNP where the kernel has
 * no configfs-tsm; /dev/tdx_guest gives a report that only the same machine can check, and, where the
 * kernel is patched, extends registers.
 */
#ifndef EVIDENCE_DEVICE_H
#define EVIDENCE_DEVICE_H

#include "evidence/kernel.h"

enum { TDX_LOCAL_REPORT_BYTES = 1024 };

/*
 * A report that is bound to these bytes, and the certificates that the host has for it. SOURCE_NONE when
 * there is no such device; SOURCE_FAILED and SOURCE_BINDING as those of tsm.h.
 */
enum deputy_error sev_guest_evidence(struct deputy_arena *arena, struct kernel_evidence *out,
        struct deputy_refusal *refusal, const struct kernel *kernel,
        const uint8_t report_data[KERNEL_REPORT_DATA]);

/* The TDREPORT: who this guest is, told to itself. No evidence for anybody else. Errors as above. */
enum deputy_error tdx_guest_report(uint8_t out[TDX_LOCAL_REPORT_BYTES], struct deputy_refusal *refusal,
        const struct kernel *kernel, const uint8_t report_data[KERNEL_REPORT_DATA]);

/* RTMR := SHA-384(RTMR, digest), by the ioctl of dstack's kernels. Errors as above. */
enum deputy_error tdx_guest_extend(struct deputy_refusal *refusal, const struct kernel *kernel, uint8_t index,
        const uint8_t digest[KERNEL_DIGEST]);

#endif
