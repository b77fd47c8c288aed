/* What a TDX guest measured: its boot event log, and the registers that it may extend (spec/08 section 1.5).
 */
#ifndef EVIDENCE_MEASURE_H
#define EVIDENCE_MEASURE_H

#include "evidence/kernel.h"

/*
 * The boot event log (CCEL) as it stands in the tables of the firmware; attest/event_log.h reads it. At most
 * KERNEL_FILE_MAX bytes. SOURCE_NONE when there is none, SOURCE_FAILED when it cannot be read.
 */
enum deputy_error boot_log_read(struct deputy_arena *arena, struct deputy_slice *out,
        struct deputy_refusal *refusal, const struct kernel *kernel);

/*
 * RTMR := SHA-384(RTMR, digest), through sysfs, or else by the ioctl of dstack's kernels. DEPUTY_E_ARGUMENT
 * for another register than 2 and 3: the others are the firmware's. It cannot be undone before the next boot.
 * SOURCE_NONE when this is no TDX guest, SOURCE_FAILED when the kernel refuses.
 */
enum deputy_error register_extend(struct deputy_refusal *refusal, const struct kernel *kernel, uint8_t index,
        const uint8_t digest[KERNEL_DIGEST]);

#endif
