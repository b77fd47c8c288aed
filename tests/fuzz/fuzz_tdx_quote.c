/*
 * Any bytes as a quote: what is read lies inside the input, what stands behind a quote changes nothing, and
 * without collateral no quote is ever accepted.
 */
#include "attest/tdx_quote.h"
#include "property.h"
#include <deputy/attest.h>

enum { NOW = 1752919234, BEHIND = 3 };

static bool lies_in(struct deputy_slice whole, struct deputy_slice part, size_t len)
{
    return part.len == len && part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len;
}

static void quote_is_whole(const struct tdx_quote *quote, struct deputy_slice input)
{
    bool is_tdx = quote->platform == DEPUTY_ATTEST_TDX;
    HOLDS(is_tdx || quote->platform == DEPUTY_ATTEST_SGX);
    HOLDS(quote->signed_part.ptr == input.ptr && quote->signed_part.len < input.len);
    HOLDS(lies_in(input, quote->signature, 64) && lies_in(input, quote->attestation_key, 64));
    HOLDS(lies_in(input, quote->qe_report, ENCLAVE_REPORT_BYTES) && lies_in(input, quote->qe_signature, 64));
    HOLDS(lies_in(input, quote->qe_auth_data, quote->qe_auth_data.len));
    HOLDS(lies_in(input, quote->certification_data, quote->certification_data.len));
    HOLDS(lies_in(quote->qe_report, quote->qe.report_data, QUOTE_REPORT_DATA_BYTES));
    if (is_tdx)
        HOLDS(lies_in(quote->signed_part, quote->td.report_data, QUOTE_REPORT_DATA_BYTES) &&
                lies_in(quote->signed_part, quote->td.rtmr[3], 48));
    else
        HOLDS(lies_in(quote->signed_part, quote->enclave.report_data, QUOTE_REPORT_DATA_BYTES));
}

static void bytes_behind_change_nothing(const struct tdx_quote *quote, struct deputy_slice input)
{
    struct tdx_quote longer;
    uint8_t *bytes = malloc(input.len + BEHIND);
    HOLDS(bytes != NULL);
    memcpy(bytes, input.ptr, input.len);
    memset(bytes + input.len, 0xa5, BEHIND);
    if (input.len + BEHIND <= QUOTE_MAX_BYTES) {
        HOLDS(tdx_quote_parse(&longer, deputy_slice_bytes(bytes, input.len + BEHIND)) == DEPUTY_ATTEST_OK);
        HOLDS(deputy_slice_equal(longer.signed_part, quote->signed_part));
        HOLDS(deputy_slice_equal(longer.certification_data, quote->certification_data));
    }
    free(bytes);
}

static void it_is_not_accepted(struct deputy_slice input)
{
    struct deputy_attest_policy policy = deputy_attest_policy_default();
    struct deputy_attest_verdict v;
    const struct deputy_attest_evidence evidence = {.quote = input};
    const struct deputy_attest_question question = {.now = {.sec = NOW}, .policy = &policy};
    struct deputy_slice json;
    policy.require_nonce = false;
    policy.tdx.os_unchecked = true;
    HOLDS(deputy_attest_verify(fuzz_arena(), &v, &evidence, &question) == DEPUTY_OK);
    HOLDS(!v.ok && v.error != DEPUTY_ATTEST_OK);
    HOLDS(deputy_attest_verdict_json(fuzz_arena_kept(), &json, &v) == DEPUTY_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tdx_quote quote;
    struct deputy_slice input = deputy_slice_bytes(data, size);
    if (tdx_quote_parse(&quote, input) == DEPUTY_ATTEST_OK) {
        quote_is_whole(&quote, input);
        bytes_behind_change_nothing(&quote, input);
    }
    it_is_not_accepted(input);
    return 0;
}
