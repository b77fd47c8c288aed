/*
 * configfs-tsm, the kernel's own way to evidence (Linux 6.7 and later): a directory is made, 64 bytes go into
 * one of its files, a quote of TDX or a report of SEV-SNP comes out of another (spec/08 section 1.5).
 */
#ifndef EVIDENCE_TSM_H
#define EVIDENCE_TSM_H

#include "evidence/kernel.h"

enum { TSM_QUOTE_MIN = 1020, TSM_BLOB_MAX = 64 * 1024 };

/*
 * Evidence that is bound to these bytes, checked to be. DEPUTY_E_SOURCE_NONE when this kernel has no
 * configfs-tsm, or one of another platform; DEPUTY_E_SOURCE_FAILED, with what failed and why, when it has one
 * and gives nothing; DEPUTY_E_SOURCE_BINDING when what it gives is bound to something else. May wait for half
 * a minute.
 */
enum deputy_error tsm_evidence(struct deputy_arena *arena, struct kernel_evidence *out,
        struct deputy_refusal *refusal, const struct kernel *kernel,
        const uint8_t report_data[KERNEL_REPORT_DATA]);

#endif
