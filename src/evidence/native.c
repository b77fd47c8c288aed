#include "evidence/native.h"
#include "evidence/device.h"
#include "evidence/tsm.h"
#include <unistd.h>

enum deputy_error native_evidence(struct deputy_arena *arena, struct kernel_evidence *out,
        struct deputy_refusal *refusal, const struct kernel *kernel,
        const uint8_t report_data[KERNEL_REPORT_DATA])
{
    enum deputy_error error = tsm_evidence(arena, out, refusal, kernel, report_data);
    if (error == DEPUTY_E_SOURCE_NONE)
        error = sev_guest_evidence(arena, out, refusal, kernel, report_data);
    if (error == DEPUTY_E_SOURCE_NONE && access(kernel->tdx_guest, F_OK) == 0)
        return kernel_failed_for(
                refusal, kernel->tdx_guest, "this kernel has no configfs-tsm, which Linux has from 6.7 on");
    return error;
}
