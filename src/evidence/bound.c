#include "evidence/bound.h"
#include "attest/snp_report.h"
#include "attest/tdx_quote.h"
#include "crypto/hash.h"

static struct deputy_slice bytes_of(const struct kernel_evidence *evidence)
{
    struct tdx_quote quote;
    struct snp_report report;
    const struct deputy_slice none = {NULL, 0};
    if (!deputy_slice_present(evidence->quote))
        return snp_report_parse(&report, evidence->report) == DEPUTY_OK ? report.report_data : none;
    if (tdx_quote_parse(&quote, evidence->quote) != DEPUTY_ATTEST_OK)
        return none;
    return quote.platform == DEPUTY_ATTEST_TDX ? quote.td.report_data : quote.enclave.report_data;
}

bool evidence_is_bound(const struct kernel_evidence *evidence, const uint8_t report_data[KERNEL_REPORT_DATA])
{
    struct deputy_slice bytes = bytes_of(evidence);
    return bytes.len == KERNEL_REPORT_DATA && bytes_equal_secret(bytes.ptr, report_data, KERNEL_REPORT_DATA);
}
