/*
 * SEV-SNP: an input is a report, and behind it a kernel certificate table. A report that nobody signed is
 * never good, and no verdict on it says anything of the app.
 */
#include "attest/snp_verify.h"
#include "property.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct deputy_slice input = deputy_slice_bytes(data, size);
    struct snp_certificates certificates;
    struct deputy_attest_policy policy = deputy_attest_policy_default();
    struct deputy_attest_verdict verdict;
    size_t len = size < SNP_REPORT_BYTES ? size : SNP_REPORT_BYTES;
    struct deputy_slice table = deputy_slice_bytes(data + len, size - len);
    struct snp_evidence evidence = {.report = deputy_slice_bytes(input.ptr, len)};
    if (snp_table_parse(&certificates, table) == DEPUTY_OK) {
        HOLDS(certificates.vcek.len <= table.len && certificates.intermediate.len <= table.len);
        evidence.key = deputy_slice_present(certificates.vcek) ? certificates.vcek : certificates.vlek;
        evidence.intermediate = certificates.intermediate;
    }
    struct snp_question question = {.policy = &policy, .now = 1781740800};
    HOLDS(snp_verify(fuzz_arena(), &verdict, &evidence, &question) == DEPUTY_OK);
    HOLDS(verdict.ok == (verdict.error == DEPUTY_ATTEST_OK));
    HOLDS(!verdict.ok || verdict.checks[DEPUTY_ATTEST_CHECK_SNP_SIGNATURE].state == DEPUTY_ATTEST_PASS);
    HOLDS(!verdict.app.present);
    return 0;
}
