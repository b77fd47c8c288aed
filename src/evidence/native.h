/* Evidence from the kernel of this guest, whichever way it has. */
#ifndef EVIDENCE_NATIVE_H
#define EVIDENCE_NATIVE_H

#include "evidence/kernel.h"

/*
 * Evidence that is bound to these bytes: by configfs-tsm, else by /dev/sev-guest. DEPUTY_E_SOURCE_NONE where
 * there is neither, and only there: a guest that has one and gets nothing from it, or that is a TDX guest
 * without one, is told with SOURCE_FAILED or SOURCE_BINDING, so that nobody takes it for no guest at all.
 */
enum deputy_error native_evidence(struct deputy_arena *arena, struct kernel_evidence *out,
        struct deputy_refusal *refusal, const struct kernel *kernel,
        const uint8_t report_data[KERNEL_REPORT_DATA]);

#endif
