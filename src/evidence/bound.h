/* Whether evidence is bound to what was asked for. That says nothing of its signature. */
#ifndef EVIDENCE_BOUND_H
#define EVIDENCE_BOUND_H

#include "evidence/kernel.h"

/* The quote, or else the report, is readable and its report_data are these bytes. */
bool evidence_is_bound(const struct kernel_evidence *evidence, const uint8_t report_data[KERNEL_REPORT_DATA]);

#endif
